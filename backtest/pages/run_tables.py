"""A backtest's tables: round trips by what they have in common, months, gates, settings, quotes."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np

from backtest.comparison import Comparison
from backtest.facts import RunFacts
from backtest.groups import Group
from backtest.hindsight import Followed
from backtest.pages.content import Column, Pair, Pairs, Table
from backtest.pages.wording import NOTHING, length, moment, money, number, percent, signed_money, signed_percent
from backtest.recorded import DailyReturns
from backtest.report import Report
from backtest.trips import Trip

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STRONG: Final = 0.9
_EXTREMES: Final = 10
_UNFOLDED: Final = frozenset({"symbol", "side", "exit", "news"})

_GROUP_COLUMNS: Final = (
    Column("trips"),
    Column("won"),
    Column("lost"),
    Column("part won"),
    Column("profit", signed=True),
    Column("a trip", signed=True),
    Column("R a trip", signed=True),
    Column("profit factor"),
    Column("SQN"),
    Column("held"),
)


def group_tables(report: Report) -> tuple[Table, ...]:
    """One table for each thing that round trips are told apart by."""
    return tuple(_group_table(by, list(own)) for by, own in groupby(report.groups, key=lambda group: group.by))


def _group_table(by: str, groups: Sequence[Group]) -> Table:
    columns = (Column(by, is_number=False), *_GROUP_COLUMNS)
    return Table(f"By {by}", columns, tuple(map(_group_row, groups)), is_folded=by not in _UNFOLDED)


def _group_row(group: Group) -> tuple[str, ...]:
    found = group.figures
    return (
        group.label,
        f"{found.number:,}",
        f"{found.won:,}",
        f"{found.lost:,}",
        percent(found.win_rate, 0),
        signed_money(found.profit),
        signed_money(found.expectancy),
        number(found.expectancy_r, "+.2f"),
        number(found.profit_factor, ".2f"),
        number(found.sqn, ".2f"),
        length(found.held_s),
    )


def months_table(daily: DailyReturns) -> Table:
    """The return of each month and year, of the broker's days."""
    months = daily.day.astype("datetime64[M]").astype(np.int64)
    found = {int(month): _compound(daily.returns[months == month]) for month in np.unique(months)}
    strongest = max((abs(value) for value in found.values()), default=0.0) * _STRONG
    years = sorted({1970 + month // 12 for month in found})
    rows, heat = [], []
    for year in years:
        own = [found.get((year - 1970) * 12 + place, math.nan) for place in range(12)]
        whole = _compound(np.array([value for value in own if not math.isnan(value)]))
        rows.append(
            (str(year), *("" if math.isnan(one) else signed_percent(one) for one in own), signed_percent(whole))
        )
        heat.append((*(_warmth(value, strongest) for value in own), math.nan))
    columns = (Column("year", is_number=False), *map(Column, _MONTHS), Column("year's", signed=True))
    return Table("Return by month", columns, tuple(rows), heat=tuple(heat))


def _compound(returns: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(np.prod(1.0 + returns) - 1.0)


def _warmth(value: float, strongest: float) -> float:
    if math.isnan(value) or strongest <= 0.0:
        return math.nan
    return max(-1.0, min(1.0, value / strongest))


def gates_table(report: Report) -> Table:
    """Each gate that was ever in the way, and what the entries that it alone refused would have come to."""
    later = {one.gate: one.alone for one in report.hindsight.gates}
    stood = sorted(
        (one for one in report.gates if one.refused or one.unknown or one.first),
        key=lambda one: (-(one.refused + one.unknown), one.gate),
    )
    columns = (
        Column("gate", is_number=False),
        *map(Column, ("asked", "refused", "of bars", "did not know", "first", "alone", "signals")),
        Column("R a signal", signed=True),
        Column("R in all", signed=True),
        Column("won"),
    )
    rows = [
        (
            one.gate.replace("_", " "),
            f"{one.asked:,}",
            f"{one.refused:,}",
            percent(one.refused / report.bars) if report.bars else NOTHING,
            f"{one.unknown:,}",
            f"{one.first:,}",
            f"{one.alone:,}",
            *_followed(later.get(one.gate)),
        )
        for one in stood
    ]
    made = ("entries made", *[""] * 6, *_followed(report.hindsight.made))
    return Table("What stood in the way of an entry", columns, (*rows, made), _GATE_WORDS)


_GATE_WORDS: Final = (
    "Asked, refused, first, alone: bars on which the gate was asked, said no, was the first to, the only one to. "
    "Signals: runs of bars it alone refused; each is followed from its first bar to its first stop or target, costs "
    "counted, as if it were all there is. To be compared with the entries made, followed in the same way; no profit "
    "that was missed."
)


def _followed(entries: Followed | None) -> tuple[str, str, str, str]:
    if entries is None or not entries.number:
        return "0", NOTHING, NOTHING, NOTHING
    mean = f"{number(entries.mean_r, '+.2f')} ± {number(entries.error_r, '.2f')}"
    return f"{entries.number:,}", mean, number(entries.sum_r, "+,.1f"), percent(entries.won, 0)


_TRIP_COLUMNS: Final = (
    Column("opened, UTC", is_number=False),
    Column("symbol", is_number=False),
    Column("side", is_number=False),
    Column("lots"),
    Column("open"),
    Column("close"),
    Column("exit", is_number=False),
    Column("held"),
    Column("MAE [R]"),
    Column("MFE [R]"),
    Column("R", signed=True),
    Column("profit", signed=True),
)


def extreme_trips(trips: Iterable[Trip], report: Report) -> tuple[Table, ...]:
    """The best and the worst round trips, and those still open."""
    every, digits = list(trips), {one.symbol: one.digits for one in report.facts.quotes}
    closed = sorted((trip for trip in every if trip.is_closed), key=lambda trip: trip.profit)
    worst = [trip for trip in closed[:_EXTREMES] if trip.profit < 0.0]
    best = [trip for trip in reversed(closed[-_EXTREMES:]) if trip.profit > 0.0]
    still_open = [trip for trip in every if not trip.is_closed]
    found = (("Best round trips", best), ("Worst round trips", worst), ("Still open at the end", still_open))
    return tuple(
        Table(title, _TRIP_COLUMNS, tuple(_trip_row(trip, digits.get(trip.symbol, 5)) for trip in own))
        for title, own in found
        if own
    )


def _trip_row(trip: Trip, digits: int) -> tuple[str, ...]:
    return (
        moment(trip.opened_ns),
        trip.symbol,
        "buy" if trip.side > 0 else "sell",
        f"{trip.lots:.2f}",
        f"{trip.price_open:.{digits}f}",
        number(trip.price_close, f".{digits}f"),
        trip.exit,
        length((trip.closed_ns - trip.opened_ns) / 1e9) if trip.is_closed else "-",
        number(trip.worst_r, ".2f"),
        number(trip.best_r, ".2f"),
        number(trip.r_multiple, "+.2f"),
        signed_money(trip.profit),
    )


def run_parts(report: Report) -> tuple[Pairs | Table, ...]:
    """What was run."""
    pairs = Pairs(
        "When and where",
        (
            Pair("Span", f"{moment(report.start_ns)} to {moment(report.end_ns)} UTC"),
            Pair("Charts", ", ".join(report.charts)),
        ),
    )
    return pairs, *facts_parts(report.facts)


def vectorbt_parts(found: Comparison | None) -> tuple[Pairs, ...]:
    """Whether the same run inside vectorbt agrees; nothing where it was not asked for."""
    if found is None:
        return ()
    same = {True: "the same", False: "different"}
    pairs = (
        Pair("Agrees", "yes" if found.agrees else "no"),
        Pair("Decisions compared", f"{found.decisions:,}", f"{found.decisions_apart:,} of them different"),
        Pair("Deals", same[found.same_deals]),
        Pair("Largest difference of equity", money(found.apart.largest), "each with its cause in the comparison"),
        Pair("of that without a cause", money(found.rest.largest), f"rounding to cents allows {money(found.bound)}"),
        Pair("Difference at the end", money(found.final_apart)),
    )
    return (Pairs("Inside vectorbt", pairs),)


def facts_parts(facts: RunFacts) -> tuple[Pairs | Table, ...]:
    """What a run or a search was made of."""
    calendar = "none" if facts.events is None else f"{facts.events:,} events"
    if facts.origin.calendars:
        calendar += f" of {', '.join(facts.origin.calendars)}"
    account = f"{facts.server}, {facts.margin_mode}, 1:{facts.leverage:g}, {money(facts.deposit, facts.currency)}"
    pairs = Pairs(
        "The run",
        (
            Pair("Model", facts.model),
            Pair("Account", account),
            Pair("Broker's clock", facts.clock),
            Pair("Calendar", calendar),
            Pair("Quotes from", ", ".join(facts.origin.quotes) or NOTHING),
            Pair("Companion", facts.origin.version or NOTHING),
        ),
    )
    return pairs, _quotes_table(facts), _settings_table(facts)


def _quotes_table(facts: RunFacts) -> Table:
    columns = (
        Column("symbol", is_number=False),
        Column("ticks"),
        Column("from, UTC", is_number=False),
        Column("to, UTC", is_number=False),
        Column("made of bars", is_number=False),
        Column("hours missing"),
        Column("swap long"),
        Column("swap short"),
    )
    rows = tuple(
        (
            one.symbol,
            f"{one.ticks:,}",
            moment(one.first_ns),
            moment(one.last_ns),
            "yes" if one.made_of_bars else "no",
            f"{one.missing_h:,}",
            f"{one.swap_long:g}",
            f"{one.swap_short:g}",
        )
        for one in facts.quotes
    )
    return Table("Quotes", columns, rows)


def _settings_table(facts: RunFacts) -> Table:
    columns = (
        Column("setting", is_number=False),
        Column("value", is_number=False),
        Column("built in", is_number=False),
    )
    rows = tuple((one.name, one.value, one.default or "-") for one in facts.changed)
    words = "" if rows else "All settings are the built-in ones."
    return Table("Settings that are not the built-in ones", columns, rows, words)
