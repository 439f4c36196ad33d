"""A job as a compiled run, or the reason why only `exact` can do it."""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from advisor.executor import ExecutorGuards
from backtest.compiled.tables import (
    BOOKS_DTYPE,
    DEAL_DTYPE,
    FILE_DTYPE,
    POINT_DTYPE,
    PROGRESS_DTYPE,
    SEGMENT_DTYPE,
    Books,
    Broker,
    Floats,
    Ints,
    Run,
    Trail,
)
from backtest.compiled.terms import broker_of
from backtest.exact import terminal_of
from backtest.job import Job
from domain.intents import Intent
from domain.pricing import symbol_money
from domain.symbols import SwapMode, SymbolSpec
from domain.trading import MarginMode
from marketdata.tape import Tape
from signals.models import SignalModel
from sim.conversion import conversions
from sim.runner import WINDOW_TICKS, Runner
from sim.terminal import SimTerminal
from strategy.charts import Chart, Scored, merged
from strategy.engine import Engine
from strategy.kernel import first_unusable
from strategy.params import EngineSettings
from strategy.tables import DECISION_DTYPE, MAX_POSITIONS, MAX_TIERS, Table
from strategy.tally import EPISODE_DTYPE, empty_tally
from strategy.views import Closes, World

_RECORDS: Final = 32  # beside the most that one tick can write; so few that they stay in the processor's cache
_FIRST_ROWS: Final = 1024
_NS_PER_S: Final = 1_000_000_000
_GROWTH: Final = 4
_SIGNALS_KEPT: Final = 2


class NotCompiled(msgspec.Struct, frozen=True):
    """Why a job cannot be run compiled; `backtest.exact` runs it."""

    reason: str


class OpenedEngine(Engine):
    """The live engine after its session was opened: its tables and its charts go on without it."""

    @property
    def tables(self) -> World:
        """The tables as they stand."""
        return self._world.tables

    def closes_of(self, symbol: str, ticks: Table, shared: "Shared") -> Closes:
        """All bars that `ticks` close on the charts of `symbol`, scored."""
        point, parts = self._world.point_of(self._world.row_of(symbol)), []
        entry = self.settings.entry
        for chart in self._charts_of.get(symbol, ()):
            at, bars = shared.bars(chart, ticks, point)
            if len(at):
                volatility = shared.volatility(chart, bars, (entry.atr_period, entry.atr_baseline_period))
                parts.append((chart.row, at, Scored(bars, *chart.judged(bars), volatility)))
        return merged(parts)

    def intent_of(self, decision: Table) -> Intent:
        """The intent that `decision` (DECISION_DTYPE, one row) asks for; its numbers go into the decision, too."""
        self._records[:1] = decision
        intent = self._intent_of(0)
        decision[0]["signal_id"], decision[0]["intent_id"] = intent.signal_id, intent.intent_id
        return intent


class OpenedRun(Runner):
    """The runner of `job` up to its first tick."""

    def __init__(self, job: Job, engine: OpenedEngine, terminal: SimTerminal, tape: Tape) -> None:
        super().__init__(engine, terminal, tape, warm_up=job.warm_up, board=job.news)
        self._open_session()


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A compiled run of `job`. `run` is what kernels take; `engine` knows how intents are numbered."""

    job: Job
    engine: OpenedEngine
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What does not depend on a setting: ticks of all symbols one after the other, and the order of the tape."""

    tape: Tape
    ticks: Table
    first_tick: Ints
    segments: Table
    span_msc: tuple[int, int]


class Shared:
    """What runs over the quotes of `job` have in common, whatever their settings: made once, and only read.

    `refusal` is why they need `exact`; None where they do not, as far as can be told before a run.
    """

    def __init__(self, job: Job) -> None:
        self.refusal = refusal_of(job)
        self.market = market_of(job) if self.refusal is None else None
        self._signals: dict[object, tuple[Closes, list[int]]] = {}
        self._bars: dict[object, tuple[Ints, Table]] = {}
        self._volatility: dict[object, Floats] = {}

    def bars(self, chart: Chart, ticks: Table, point: float) -> tuple[Ints, Table]:
        """Bars that all quotes of its symbol close on `chart`, and their ticks: the same whatever the settings."""
        key = chart.symbol, chart.timeframe
        if key not in self._bars:
            self._bars[key] = chart.folded(ticks, point)
        return self._bars[key]

    def volatility(self, chart: Chart, bars: Table, periods: tuple[int, int]) -> Floats:
        """What `chart` says of the volatility at `bars`; of the periods of the ATR only the latest are remembered."""
        key = chart.symbol, chart.timeframe, periods
        known = self._volatility.pop(key, None)
        values = chart.volatility_of(bars) if known is None else known
        if len(self._volatility) >= _SIGNALS_KEPT * len(self._bars):
            del self._volatility[next(iter(self._volatility))]
        self._volatility[key] = values
        return values

    def signals(self, key: object) -> tuple[Closes, list[int]] | None:
        """Closed bars with their scores, and where each symbol's begin, of runs with the same signals."""
        return self._signals.get(key)

    def keep_signals(self, key: object, closes: Closes, first: list[int]) -> None:
        """Remember those of one run; the oldest are let go of."""
        if len(self._signals) == _SIGNALS_KEPT:
            del self._signals[next(iter(self._signals))]
        self._signals[key] = closes, first


def refusal_of(job: Job) -> NotCompiled | None:
    """Why `job` needs `exact`; None where it does not, as far as can be told before it is run."""
    profile = job.profile
    if profile.margin_mode is not MarginMode.RETAIL_HEDGING:
        return NotCompiled("the account is not a hedging one")
    if len(profile.tiers) > MAX_TIERS:
        return NotCompiled(f"the account has more than {MAX_TIERS} tiers of leverage")
    chains = conversions(job.specs, profile.currency, frozenset(profile.fixed_rates) | {profile.currency})
    for index, spec in enumerate(job.specs):
        if index in chains.profit or index in chains.margin:
            return NotCompiled(f"{spec.name}: its profit or margin is converted at the quotes of another symbol")
        problem = _problem_of(spec)
        if problem:
            return NotCompiled(f"{spec.name}: {problem}")
    for symbol, ticks in job.ticks.items():
        if len(ticks) and first_unusable(ticks, 0) < len(ticks):
            return NotCompiled(f"{symbol}: some of its ticks are no quotes")
    return _refusal_of_history(job)


def _problem_of(spec: SymbolSpec) -> str:
    charges = bool(spec.swap_long or spec.swap_short)
    if charges and spec.swap_mode not in (SwapMode.POINTS, SwapMode.DISABLED):
        return f"its swap is {spec.swap_mode.name.lower()}, not in points"
    if spec.margin_initial > 0.0 and spec.margin_maintenance not in (0.0, spec.margin_initial):
        return "its margin changes once a position is open"
    return ""


def _refusal_of_history(job: Job) -> NotCompiled | None:
    for warm in job.warm_up:
        if len(warm.bars) > 1 and warm.bars["time"][-2] + warm.timeframe.seconds > job.start_msc // 1000:
            return NotCompiled(f"{warm.symbol}: its history reaches beyond the first tick")
    return None


def market_of(job: Job) -> Market:
    """The quotes of `job`, laid out."""
    tape, places = job.tape, {spec.name: place for place, spec in enumerate(job.specs)}
    by_place = sorted(zip((places[symbol] for symbol in tape.symbols), tape.ticks, strict=True), key=lambda it: it[0])
    counts = np.zeros(len(job.specs) + 1, np.int64)
    for place, ticks in by_place:
        counts[place + 1] = len(ticks)
    ticks = by_place[0][1] if len(by_place) == 1 else np.concatenate([ticks for _, ticks in by_place])
    return Market(
        tape=tape,
        ticks=ticks,
        first_tick=np.cumsum(counts),
        segments=_segments(job, tape, [places[symbol] for symbol in tape.symbols]),
        span_msc=(job.start_msc, job.end_msc),
    )


def _segments(job: Job, tape: Tape, places: list[int]) -> Table:
    """The tape in windows of the runner, each under one offset of the clock."""
    rows: list[tuple[int, int, int, int]] = []
    columns = [np.ascontiguousarray(ticks["time_msc"]) for ticks in tape.ticks]
    for symbol, start, stop in tape:
        times = columns[symbol]
        for window in range(start, stop, WINDOW_TICKS):
            at, end = window, min(window + WINDOW_TICKS, stop)
            while at < end:
                time_msc = int(times[at])
                cut = min(end, int(np.searchsorted(times, job.clock.next_change(time_msc))))
                rows.append((places[symbol], at, cut, job.clock.offset_at(time_msc)))
                at = cut
    return np.array(rows, SEGMENT_DTYPE)


def _books(settings: EngineSettings) -> Books:
    row, guards = np.zeros(1, BOOKS_DTYPE), ExecutorGuards()
    line, slippage = row[0], settings.slippage
    line["pause_ns"] = round(settings.care.retry_pause_s * _NS_PER_S)
    line["kelly_window"], line["proof_trips"] = settings.kelly.window_trips, settings.leverage.proof_trips
    line["proof_quantile"] = settings.leverage.proof_quantile
    line["measures"], line["quantile"] = slippage.measured, slippage.quantile
    line["window_fills"], line["min_fills"] = slippage.window_fills, slippage.min_fills
    line["orders_per_minute"], line["max_lots"] = guards.orders_per_minute, guards.max_lots
    line["max_spread_points"] = guards.max_spread_points
    return Books(row, np.zeros(MAX_POSITIONS, FILE_DTYPE))


def prepared(
    job: Job,
    *,
    model: SignalModel | None = None,
    keep_decisions: bool = False,
    keep_acts: bool = True,
    count_gates: bool = True,
    shared: Shared | None = None,
) -> Prepared | NotCompiled:
    """`job` before its first tick, or why it cannot be run compiled.

    `model` goes before the one the settings name. `keep_acts` keeps the decisions that wanted something done,
    `keep_decisions` all of them (1.4 kB each). Without `count_gates` bars are passed over on which nothing can come of
    the score: deals, money and curve are the same, the gates are counted on the other bars alone. `shared` is what
    other runs over the same quotes have made already.

    Raises:
        SymbolSpecError: for a symbol that cannot be priced.
    """
    shared = Shared(job) if shared is None else shared
    market = shared.market
    if market is None:
        return shared.refusal or NotCompiled("it has no quotes")
    engine, terminal = OpenedEngine(job.settings, model), terminal_of(job)
    OpenedRun(job, engine, terminal, market.tape)
    broker = _broker(job, terminal, market)
    closes = _closes(job, engine, market, broker, shared)
    world = engine.tables
    world.guard["warns_ns"] = 0  # to be told of an event changes nothing that is decided
    records = np.zeros(len(world.charts) + MAX_POSITIONS + _RECORDS, DECISION_DTYPE)
    progress = _first_progress(market, keep_decisions=keep_decisions, keep_acts=keep_acts)
    progress["skips"], progress["least_score"] = not (count_gates or keep_decisions), _least_score(job.settings)
    world.account["brief"] = not keep_decisions
    world.account["quiet_below"] = progress["least_score"] * progress["skips"]
    run = Run(
        world,
        broker,
        _books(job.settings),
        _first_trail(len(closes.at), len(records), len(world.charts), keep_decisions, keep_acts),
        progress,
        market.segments,
        market.ticks,
        closes,
        records,
    )
    return Prepared(job=job, engine=engine, run=run)


def _broker(job: Job, terminal: SimTerminal, market: Market) -> Broker:
    profile = job.profile
    leverage = profile.leverage_at(profile.deposit)
    monies = [terminal.pricing(spec.name) for spec in job.specs]
    monies += [symbol_money(spec, profile.currency, profile.currency_digits, leverage) for spec in job.specs]
    broker = broker_of(profile, job.specs, monies, job.settings, market.span_msc)
    broker.terms["first_tick"], broker.terms["last_tick"] = market.first_tick[:-1], market.first_tick[1:]
    return broker


def _first_progress(market: Market, *, keep_decisions: bool, keep_acts: bool) -> Table:
    progress, first = np.zeros(1, PROGRESS_DTYPE), market.segments[0]
    progress["tick"] = progress["until"] = first["start"]
    progress["news"], progress["offset_s"] = 1, first["offset_s"]
    progress["keeps_decisions"], progress["keeps_acts"] = keep_decisions, keep_acts
    return progress


def _least_score(settings: EngineSettings) -> float:
    """What every threshold of `strategy.decide.score_threshold_for` is at least."""
    return min(settings.entry.score_threshold, settings.entry.score_threshold_max)


def _first_trail(bars: int, records: int, charts: int, keep_decisions: bool, keep_acts: bool) -> Trail:
    return Trail(
        np.zeros(_FIRST_ROWS, DEAL_DTYPE),
        np.zeros(_FIRST_ROWS + records if keep_acts else 0, DECISION_DTYPE),
        np.zeros(bars + bars // 4 + records if keep_decisions else 0, DECISION_DTYPE),
        np.zeros(bars + records, POINT_DTYPE),
        np.zeros(_FIRST_ROWS + records, EPISODE_DTYPE),
        empty_tally(charts),
    )


def _closes(job: Job, engine: OpenedEngine, market: Market, broker: Broker, shared: Shared) -> Closes:
    """Closed bars of all symbols one after the other; the terms of `broker` learn where each symbol's begin."""
    key = _signals_key(engine)
    known = shared.signals(key)
    if known is None:
        known = _scored_bars(job, engine, market, shared)
        shared.keep_signals(key, *known)
    closes, first = known
    broker.terms["first_close"], broker.terms["last_close"] = first[:-1], first[1:]
    return closes


def _signals_key(engine: OpenedEngine) -> object:
    """What bars and scores depend on, beside quotes and history."""
    settings, entry = engine.settings, engine.settings.entry
    parameters = tuple(sorted(settings.model_parameters.items()))
    periods = entry.atr_period, entry.atr_baseline_period
    return id(engine.model.steps), parameters, settings.symbols, settings.timeframes, periods


def _scored_bars(job: Job, engine: OpenedEngine, market: Market, shared: Shared) -> tuple[Closes, list[int]]:
    parts, first = [], [0]
    for place, spec in enumerate(job.specs):
        own = market.ticks[market.first_tick[place] : market.first_tick[place + 1]]
        parts.append(engine.closes_of(spec.name, own, shared))
        first.append(first[-1] + len(parts[-1].at))
    if len(parts) == 1:
        return parts[0], first
    return Closes(*(np.concatenate(columns) for columns in zip(*parts, strict=True))), first


def grown(run: Run) -> Run:
    """`run` with a trail that has room again."""
    trail, progress, records = run.trail, run.progress[0], len(run.records)
    acts, decisions = trail.acts, trail.decisions
    if progress["keeps_acts"]:
        acts = _longer(acts, int(progress["acts"]) + records)
    if progress["keeps_decisions"]:
        decisions = _longer(decisions, int(progress["decisions"]) + records)
    deals = _longer(trail.deals, int(progress["deals"]) + 2 * MAX_POSITIONS)
    episodes = _longer(trail.episodes, int(progress["episodes"]) + records)
    return run._replace(trail=trail._replace(deals=deals, acts=acts, decisions=decisions, episodes=episodes))


def _longer(rows: Table, needed: int) -> Table:
    if needed <= len(rows):
        return rows
    longer = np.zeros(max(_GROWTH * len(rows), needed), rows.dtype)
    longer[: len(rows)] = rows
    return longer
