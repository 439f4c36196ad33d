"""What a simulated terminal plays: an invented market, or quotes from files, on the clock of an invented broker."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.dtypes import RATES_DTYPE
from domain.serverclock import Daylight, ServerClock
from domain.symbols import SymbolSpec, SymbolSpecError
from domain.timeframes import DAY_S, HOUR_S, Timeframe
from marketdata import (
    DEMO_START_UTC_S,
    DEMO_SYMBOLS,
    CrossedQuotes,
    QuoteFile,
    Tape,
    TickModel,
    load_quotes,
    synthetic_market,
    ticks_of_bars,
)
from marketdata.quotes import ImportNote
from signals.fold import closed_capacity, fold_ticks, new_fold
from sim.conversion import conversions
from sim.faults.news import with_news
from sim.faults.plan import FaultPlan
from sim.profiles import (
    JUSTMARKETS_BASES,
    AccountProfile,
    JustMarketsAccount,
    justmarkets_account,
    justmarkets_symbol,
)
from sim.session_host import EaKind
from strategy.naming import base_of

Rows = NDArray[np.void]
Charts = dict[tuple[str, Timeframe], Rows]

DEMO_NAMES: Final = tuple(symbol.name for symbol in DEMO_SYMBOLS)
DEMO_SERVER_OFFSET_S: Final = 3 * HOUR_S
"""New York closes at the broker's midnight, as it does in June on most brokers' clocks."""

_CURRENCY: Final = "USD"
_HISTORY_BARS: Final = 300
_TRADING_PART: Final = 5 / 7
_LONGEST_HISTORY_DAYS: Final = 90
_NEW_YORK_CLOSES_H: Final = 17
_SUMMER_H: Final = 4
_WINTER_H: Final = 5


class PlaybackError(ValueError):
    """Quotes that cannot be played as asked; names what and the remedy."""


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be played, as it travels to the terminal's process.

    Without `files`, `days` of the invented market of `seed`. `symbol` and `timeframe` say what a file does not tell;
    `ticks` is how ticks are made of bars; `server_offset_s` [s] sets the broker's clock where the files leave it open.
    `charts` need a history before the first tick. `batch_ms` 0 sends tick by tick; `ticks_per_second` 0 as fast as the
    answers come. `ea` is what plays, `faults` is what goes wrong between terminal and broker. `calendars` are files of
    events beside the quotes.
    """

    symbols: tuple[str, ...] = DEMO_NAMES
    seed: int = 1
    days: int = 7
    ticks_per_minute: int = 3
    files: tuple[str, ...] = ()
    symbol: str | None = None
    timeframe: Timeframe | None = None
    crossed: CrossedQuotes = CrossedQuotes.DROP
    ticks: TickModel = TickModel.OHLC
    server_offset_s: int | None = None
    charts: tuple[Timeframe, ...] = (Timeframe.M15,)
    deposit: float = 10_000.0
    batch_ms: int = 0
    max_ticks: int = 512
    ticks_per_second: float = 0.0
    ea: EaKind = EaKind.TWIN
    faults: FaultPlan = FaultPlan()
    calendars: tuple[str, ...] = ()


class Market(NamedTuple):
    """Everything a simulated broker needs; ticks by symbol, on a clock `server_offset_s` [s] ahead of UTC.

    `read` is what reading each file took, which `notes` tell in words, with what else there is to know.
    """

    ticks: dict[str, Rows]
    history: Charts
    specs: tuple[SymbolSpec, ...]
    server_offset_s: int
    notes: tuple[str, ...]
    read: tuple[tuple[str, ImportNote], ...] = ()

    @property
    def tape(self) -> Tape:
        """The ticks in the order of time."""
        return Tape(tuple(self.ticks), self.ticks)


def market_of(playback: Playback) -> Market:
    """The quotes to be played.

    Raises:
        PlaybackError: for symbols that are not simulated, or files that do not fit together.
        QuoteFileError: for a file that cannot be used.
    """
    market = _market_of_files(playback) if playback.files else _invented_market(playback)
    return _with_news(market, playback.faults)


def _with_news(market: Market, faults: FaultPlan) -> Market:
    """With the spreads around releases that the fault plan asks for."""
    fixed = ServerClock(winter_offset_s=market.server_offset_s, daylight=Daylight.NONE)
    clock, ticks = faults.clock or fixed, {}
    for spec in market.specs:
        ticks[spec.name] = with_news(market.ticks[spec.name], spec, faults.news, clock)
    return market._replace(ticks=ticks)


def account_of(playback: Playback) -> AccountProfile:
    """The simulated account: a JustMarkets Standard demo account in USD."""
    return justmarkets_account(JustMarketsAccount.STANDARD, deposit=playback.deposit)


# -- an invented market -----------------------------------------------------------------------------------------------


def _invented_market(playback: Playback) -> Market:
    pace = playback.ticks_per_minute
    wanted = [
        msgspec.structs.replace(symbol, ticks_per_minute=pace)
        for symbol in DEMO_SYMBOLS
        if symbol.name in playback.symbols
    ]
    unknown = sorted(set(playback.symbols) - set(DEMO_NAMES))
    if unknown or not wanted:
        raise PlaybackError(f"{', '.join(unknown)}: not in the invented market, which has {', '.join(DEMO_NAMES)}")
    (start_s, days), clock = invented_span(playback), playback.faults.clock
    offset_s = DEMO_SERVER_OFFSET_S if clock is None else clock.offset_at_utc(DEMO_START_UTC_S)
    made = synthetic_market(playback.seed, wanted, start_s, days, server_offset_s=offset_s)
    begin_msc = (DEMO_START_UTC_S + offset_s) * 1000
    specs = tuple(justmarkets_symbol(symbol.name) for symbol in wanted)
    ticks, history = {}, {}
    for spec in specs:
        whole = made[spec.name]
        first = int(np.searchsorted(whole["time_msc"], begin_msc))
        ticks[spec.name] = whole[first:]
        for timeframe in playback.charts:
            history[spec.name, timeframe] = bars_of(whole[:first], timeframe, spec.point)
    return Market(ticks, history, specs, offset_s, ())


def invented_span(playback: Playback) -> tuple[int, int]:
    """Where the invented market begins [s UTC] and how many days it has: a history, and the days that are played."""
    before = _history_days(playback.charts)
    return DEMO_START_UTC_S - before * DAY_S, before + playback.days


def _history_days(charts: tuple[Timeframe, ...]) -> int:
    """Days of the invented market that hold enough bars for the slowest chart."""
    seconds = _HISTORY_BARS * max(timeframe.seconds for timeframe in charts)
    return min(_LONGEST_HISTORY_DAYS, int(seconds / _TRADING_PART / DAY_S) + 3)


def bars_of(ticks: Rows, timeframe: Timeframe, point: float) -> Rows:
    """Closed bars of `ticks`; the last one is taken for closed."""
    if not len(ticks):
        return np.zeros(0, RATES_DTYPE)
    fold, period_s = new_fold(), timeframe.seconds
    capacity = int(closed_capacity(fold, period_s, ticks, 0, len(ticks)))
    bars, at = np.zeros(capacity + 1, RATES_DTYPE), np.zeros(capacity + 1, np.int64)
    count = int(fold_ticks(fold, period_s, point, ticks, 0, len(ticks), bars, at))
    bars[count]["time"] = fold[0]["open_time"]
    for field in ("open", "high", "low", "close", "tick_volume", "spread"):
        bars[count][field] = fold[0][field]
    return bars[: count + 1]


# -- quotes from files ------------------------------------------------------------------------------------------------


def _market_of_files(playback: Playback) -> Market:
    files = [
        load_quotes(Path(name), symbol=playback.symbol, timeframe=playback.timeframe, crossed=playback.crossed)
        for name in playback.files
    ]
    read = tuple((file.path.name, note) for file in files for note in file.notes)
    notes = [f"{name}: {note}" for name, note in read]
    notes += _notes_on_bars(files, playback.ticks)
    ticks, offset_s = _on_one_clock(files, playback, notes)
    specs = tuple(spec_of(symbol, _digits_of(symbol, files)) for symbol in ticks)
    try:
        conversions(specs, _CURRENCY)
    except SymbolSpecError as problem:
        raise PlaybackError(f"{problem}: replay files of those symbols beside it") from problem
    return Market(ticks, {}, specs, offset_s, tuple(notes), read)


def _on_one_clock(files: list[QuoteFile], playback: Playback, notes: list[str]) -> tuple[dict[str, Rows], int]:
    """Ticks by symbol on the broker's clock, and how far that is ahead of UTC [s]."""
    told = {file.server_offset_s for file in files}
    if len(told) > 1:
        listed = ", ".join(f"{file.path.name} {_clock_name(file.server_offset_s)}" for file in files)
        raise PlaybackError(f"the files are on different clocks ({listed}); replay them one by one")
    told_s, asked_s = told.pop(), playback.server_offset_s
    parts: dict[str, list[Rows]] = {}
    for file in files:
        parts.setdefault(file.symbol, []).append(_ticks_of(file, playback.ticks))
    ticks = {symbol: _joined(symbol, pieces) for symbol, pieces in parts.items()}
    first_s, clock = min(int(rows[0]["time"]) for rows in ticks.values()), playback.faults.clock
    if clock is not None:
        if told_s != 0 or asked_s is not None:
            raise PlaybackError("the faults' clock needs quotes in UTC and no --server-offset; leave one of them out")
        return {symbol: clock.shown(rows) for symbol, rows in ticks.items()}, clock.offset_at_utc(first_s)
    offset_s, shift_s = _clock(told_s, asked_s, first_s)
    if told_s is None and asked_s is None:
        notes.append("the files do not say how far the broker's clock is from UTC: times are shown as they stand there")
    return {symbol: _shifted(rows, shift_s) for symbol, rows in ticks.items()}, offset_s


def _clock_name(offset_s: int | None) -> str:
    return "on the broker's own clock" if offset_s is None else f"on UTC{offset_s / HOUR_S:+g}"


def _clock(told_s: int | None, asked_s: int | None, first_s: int) -> tuple[int, int]:
    """The broker's offset [s], and by how much the quotes have to be shifted to be on that clock [s].

    Quotes in UTC are put on a clock with New York's close at midnight: only there do a broker's trade sessions fit.
    """
    if told_s == 0:
        offset_s = new_york_close_offset_s(first_s) if asked_s is None else asked_s
        return offset_s, offset_s
    return (asked_s or 0, 0) if told_s is None else (told_s, 0)


def new_york_close_offset_s(utc_s: int) -> int:
    """Lead over UTC [s] of the clock that shows midnight when New York closes, at `utc_s` (rule of 2007)."""
    moment = datetime.fromtimestamp(utc_s, tz=UTC)
    summer = _sunday(moment.year, 3, 2) <= moment < _sunday(moment.year, 11, 1)
    return (24 - _NEW_YORK_CLOSES_H - (_SUMMER_H if summer else _WINTER_H)) * HOUR_S


def _sunday(year: int, month: int, number: int) -> datetime:
    """The `number`-th Sunday of a month, about when clocks change in New York."""
    first = datetime(year, month, 1, 7, tzinfo=UTC)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))


def _notes_on_bars(files: list[QuoteFile], model: TickModel) -> list[str]:
    """What a reader of the result should know of ticks that never were."""
    notes = [
        f"{file.path.name}: four quotes a bar of {file.timeframe.name}: what happened first inside a bar is a guess"
        for file in files
        if file.timeframe is not None and file.timeframe is not Timeframe.M1
    ]
    if model is not TickModel.OHLC and all(file.ticks is not None for file in files):
        notes.append(f"{model} is for bars; the files hold real ticks, which are played as they are")
    return notes


def _ticks_of(file: QuoteFile, model: TickModel) -> Rows:
    if file.ticks is not None:
        return file.ticks
    if file.bars is None or file.timeframe is None:
        raise PlaybackError(f"{file.path.name} holds neither ticks nor bars")
    try:
        return ticks_of_bars(file.bars, file.timeframe, file.point, model)
    except ValueError as error:
        raise PlaybackError(f"{file.path.name}: {error}") from error


def _joined(symbol: str, pieces: list[Rows]) -> Rows:
    pieces = [rows for rows in pieces if len(rows)]
    if not pieces:
        raise PlaybackError(f"the files hold no quotes of {symbol} that can be used")
    pieces.sort(key=lambda rows: int(rows[0]["time_msc"]))
    for before, after in itertools.pairwise(pieces):
        if before[-1]["time_msc"] > after[0]["time_msc"]:
            raise PlaybackError(f"the files of {symbol} overlap in time; replay one of them")
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _shifted(ticks: Rows, shift_s: int) -> Rows:
    if not shift_s:
        return ticks
    moved = ticks.copy()
    moved["time"] += shift_s
    moved["time_msc"] += shift_s * 1000
    return moved


def _digits_of(symbol: str, files: list[QuoteFile]) -> int:
    return max(file.digits for file in files if file.symbol == symbol)


def spec_of(symbol: str, digits: int) -> SymbolSpec:
    """The simulated broker's specification, under the file's name and with its digits."""
    base = base_of(symbol.upper(), JUSTMARKETS_BASES) or base_of(symbol, JUSTMARKETS_BASES)
    if base is None:
        raise PlaybackError(f"{symbol} is not simulated; known are {', '.join(JUSTMARKETS_BASES)} (see --symbol)")
    spec = justmarkets_symbol(base, symbol)
    if spec.digits == digits:
        return spec
    point = round(10.0**-digits, digits)
    value = spec.tick_value * point / spec.tick_size
    return msgspec.structs.replace(
        spec,
        digits=digits,
        point=point,
        tick_size=point,
        tick_value=value,
        tick_value_profit=value,
        tick_value_loss=value,
    )
