"""A backtest from files or from the store of market history: the market, the account, and the settings as live."""

from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from app.console import CommandError, ExitCode
from app.moments import span_of
from app.playback import Market, Playback, market_of, spec_of
from backtest.job import Job
from domain.serverclock import Daylight, ServerClock, clock_named
from domain.timeframes import Timeframe
from marketdata import MarketStore, TickModel, is_made_of_bars, ticks_of_bars
from marketdata.quotes import ImportNote, Ticks
from marketdata.series import SeriesKey
from sim.profiles import JustMarketsAccount, justmarkets_account
from strategy.params import EngineSettings

TICKS: Final = "ticks"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be read from the store: `symbols` by `timeframe` (None: ticks) of `source`, between two times."""

    root: Path
    symbols: tuple[str, ...]
    timeframe: Timeframe | None
    source: str | None = None
    first: str = ""
    last: str = ""
    ticks: TickModel = TickModel.OHLC


class Loaded(NamedTuple):
    """A backtest, and what reading its files took: names of files with their notes."""

    job: Job
    read: tuple[tuple[str, ImportNote], ...] = ()


def job_from_files(playback: Playback, settings: EngineSettings, clock: str | None, deposit: float) -> Loaded:
    """A backtest of the quotes in files, by `settings` on the files' symbols.

    `clock` says which clock the files are on, where the import cannot tell.

    Raises:
        CommandError: for an unknown clock.
        PlaybackError: for files that do not fit together.
    """
    market = market_of(playback)
    fixed = ServerClock(winter_offset_s=market.server_offset_s, daylight=Daylight.NONE)
    return Loaded(_job(market, settings, fixed if clock is None else _clock(clock), deposit), market.read)


def _clock(name: str) -> ServerClock:
    try:
        return clock_named(name)
    except ValueError as unknown:
        raise CommandError(f"--clock: {unknown}", code=ExitCode.USAGE) from None


def job_from_store(wanted: Wanted, settings: EngineSettings, clock: str | None, deposit: float) -> Loaded:
    """A backtest of stored quotes, by `settings` on their symbols.

    The quotes are put on `clock`; without one on the clock they were exported on, which has to be one for all.

    Raises:
        CommandError: where they are on different clocks, or on one that only an offset is known of.
        StoreError: for what is not stored.
    """
    store = MarketStore(wanted.root)
    keys = [store.find(symbol, wanted.timeframe, wanted.source) for symbol in wanted.symbols]
    on = _clock_of(store, keys) if clock is None else _clock(clock)
    ticks, specs = {}, []
    for key in keys:
        rows, digits = _stored(store, key, wanted, on)
        ticks[key.symbol] = rows
        specs.append(spec_of(key.symbol, digits))
    return Loaded(_job(Market(ticks, {}, tuple(specs), on.winter_offset_s, ()), settings, on, deposit))


def _clock_of(store: MarketStore, keys: list[SeriesKey]) -> ServerClock:
    """The clock that all of `keys` fit."""
    fitting = [facts.clocks if (facts := store.facts(key)) is not None else () for key in keys]
    shared = [clock for clock in fitting[0] if all(clock in clocks for clocks in fitting)]
    if not shared:
        problem = "the stored quotes are on no clock that all of them share"
        raise CommandError(problem, "name the clock they shall be put on: --clock us, eu, utc+3, ...")
    return shared[0]


def _stored(store: MarketStore, key: SeriesKey, wanted: Wanted, clock: ServerClock) -> tuple[Ticks, int]:
    """Ticks of one symbol, real or made of bars, and the decimals of its prices."""
    first = span_of(wanted.first, None).start_ns if wanted.first else None
    last = span_of(wanted.last, None).start_ns if wanted.last else None
    if key.timeframe is None:
        quotes = store.ticks(key.symbol, first, last, source=key.source, clock=clock)
        return quotes.rows, quotes.digits
    quotes = store.bars(key.symbol, key.timeframe, first, last, source=key.source, clock=clock)
    return ticks_of_bars(quotes.rows, key.timeframe, quotes.point, wanted.ticks), quotes.digits


def _job(market: Market, settings: EngineSettings, clock: ServerClock, deposit: float) -> Job:
    own = msgspec.structs.replace(settings, symbols=tuple(market.ticks))
    return Job(
        settings=own.on_made_ticks() if any(map(is_made_of_bars, market.ticks.values())) else own,
        profile=justmarkets_account(JustMarketsAccount.STANDARD, deposit=deposit),
        specs=market.specs,
        ticks=market.ticks,
        clock=clock,
    )
