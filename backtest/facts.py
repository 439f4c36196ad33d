"""What a backtest was made of: quotes, account, clock, calendar, and the settings that are not the built-in ones."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from backtest.job import Job
from domain.serverclock import Daylight, ServerClock
from domain.timeframes import HOUR_S
from marketdata import is_made_of_bars
from marketdata.quotes import Ints
from marketdata.sessions import holes, local_times, week_of
from strategy.params import EngineSettings

_NS_PER_S: Final = 1_000_000_000
_MS_PER_S: Final = 1000
_FEWEST_WEEKS: Final = 4
_OF_THE_RUN: Final = frozenset({"symbols", "timeframes"})


class ReadNote(msgspec.Struct, frozen=True, kw_only=True):
    """What reading `file` repaired or left out, or had to take for granted, of one `kind`; `rows` 0: the whole file."""

    file: str
    kind: str
    rows: int
    detail: str
    repaired: bool


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run comes from, for its report: who made it, the names of its files, and what reading them took."""

    version: str = ""
    quotes: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    notes: tuple[ReadNote, ...] = ()


class QuoteFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Quotes of one symbol. Times [UTC ns]; swaps are those of the simulated broker.

    `missing_h` are hours without any in which the market is usually open, `longest_hole_h` the most of them in a row,
    from `longest_hole_ns` on.
    """

    symbol: str
    ticks: int
    first_ns: int
    last_ns: int
    made_of_bars: bool
    digits: int
    contract_size: float
    swap_long: float
    swap_short: float
    missing_h: int = 0
    longest_hole_h: int = 0
    longest_hole_ns: int = 0


class Changed(msgspec.Struct, frozen=True):
    """A setting that is not the built-in one, both as people write them."""

    name: str
    value: str
    default: str


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was run. `events` are those of the calendar that concern the symbols, None where nobody told of news.

    `leverage` 1:n is the account's at the deposit.
    """

    origin: Origin
    server: str
    deposit: float
    currency: str
    leverage: float
    margin_mode: str
    clock: str
    model: str
    quotes: tuple[QuoteFacts, ...]
    changed: tuple[Changed, ...]
    events: int | None = None


def facts_of(job: Job, origin: Origin) -> RunFacts:
    """The facts of `job`."""
    profile, news = job.profile, job.news
    return RunFacts(
        origin=origin,
        server=profile.server,
        deposit=profile.deposit,
        currency=profile.currency,
        leverage=float(profile.leverage_at(profile.deposit)),
        margin_mode=profile.margin_mode.name.lower().replace("_", " "),
        clock=clock_told(job.clock),
        model=job.settings.model,
        quotes=tuple(_quote_facts(job, symbol) for symbol, ticks in job.ticks.items() if len(ticks)),
        changed=tuple(changed_settings(job.settings)),
        events=None if news is None else len(news.events) + len(news.days),
    )


def clock_told(clock: ServerClock) -> str:
    """A broker's clock in words."""
    hours = f"UTC{clock.winter_offset_s / HOUR_S:+g}" if clock.winter_offset_s else "UTC"
    saving = {Daylight.EU: ", European daylight saving", Daylight.US: ", daylight saving of New York"}
    return hours + saving.get(clock.daylight, ", no daylight saving")


def changed_settings(settings: EngineSettings) -> Iterator[Changed]:
    """Settings that are not the built-in ones, without the symbols and charts that every run chooses."""
    yield from _changed("", msgspec.to_builtins(settings), msgspec.to_builtins(EngineSettings()))


def _changed(group: str, values: dict[str, Any], defaults: dict[str, Any]) -> Iterator[Changed]:
    for name, value in values.items():
        default = defaults.get(name)
        if value == default or name in _OF_THE_RUN:
            continue
        if isinstance(value, dict) and isinstance(default, dict) and not group:
            yield from _changed(f"{name}.", value, default)
        else:
            yield Changed(f"{group}{name}", _written(value), "" if default is None else _written(default))


def _written(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _quote_facts(job: Job, symbol: str) -> QuoteFacts:
    ticks, spec = job.ticks[symbol], job.spec_of(symbol)
    server_s = ticks["time_msc"] // _MS_PER_S
    missing_h, longest_h, from_ns = _holes(server_s - job.clock.offsets_at(server_s))
    return QuoteFacts(
        symbol=symbol,
        ticks=len(ticks),
        first_ns=job.utc_ns(int(ticks[0]["time_msc"])),
        last_ns=job.utc_ns(int(ticks[-1]["time_msc"])),
        made_of_bars=is_made_of_bars(ticks),
        digits=spec.digits,
        contract_size=spec.contract_size,
        swap_long=spec.swap_long,
        swap_short=spec.swap_short,
        missing_h=missing_h,
        longest_hole_h=longest_h,
        longest_hole_ns=from_ns,
    )


def _holes(utc_s: Ints) -> tuple[int, int, int]:
    """Hours without quotes in a market that is usually open: all, the most in a row, and where those begin [UTC ns].

    Quotes further apart than an hour tell nothing of it, nor do those of less than four weeks.
    """
    each = utc_s // HOUR_S
    hours = each[np.concatenate(([True], each[1:] != each[:-1]))] * HOUR_S
    week = week_of(local_times(hours), HOUR_S)
    found = holes(week) if week.weeks >= _FEWEST_WEEKS else []
    if not found:
        return 0, 0, 0
    longest = max(found, key=lambda hole: hole.slots)
    local = local_times(hours)
    before = int(np.searchsorted(local, longest.first_s)) - 1
    return sum(hole.slots for hole in found), longest.slots, int(hours[before] + HOUR_S) * _NS_PER_S
