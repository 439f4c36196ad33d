"""The sans-I/O engine: events in, intents out, every decision on record.

The live bridge, the simulated terminal, the backtest and the audit all drive this one class. It reads no clock, file or
socket; after the same events it has made the same decisions, bit for bit.
"""

import struct
from collections.abc import Sequence
from math import inf
from typing import Final

import msgspec
import numpy as np

from account.events import (
    AccountEvent,
    DealBooked,
    EquityTracked,
    IntentEnded,
    IntentIssued,
    IntentReported,
    SymbolsSeen,
)
from account.state import NO_DAY, AccountState
from domain.intents import Intent, IntentKind, LocalCare
from domain.pricing import rounded_money
from domain.servertime import utc_ns_from_server_msc
from domain.timeframes import Timeframe
from domain.updates import Money
from signals.models import SignalModel, parameters_array, parameters_from, signal_model
from strategy.care import care_after
from strategy.charts import Chart, merged
from strategy.events import AccountChanged, EngineEvent, NewsChanged, Quotes, WarmUp
from strategy.gates import Action, DecisionKind
from strategy.identity import intent_id_of, signal_id_of
from strategy.kernel import Progress, first_unusable, usable_ticks, walk
from strategy.params import EngineSettings
from strategy.safekeeping import guard_changes
from strategy.tables import DECISION_DTYPE, MAX_SETUPS, Indices, Table, empty_decisions
from strategy.views import Batch, Closes, equity_of
from strategy.watch import begin_day, is_priced, watch
from strategy.world import WorldTables

_RECORD_CAPACITY: Final = 1024
_NO_DECISIONS: Final = empty_decisions()
_INTENT_COLUMNS: Final = (
    "time_ns",
    "symbol",
    "timeframe",
    "kind",
    "action",
    "side",
    "setup",
    "intent_id",
    "signal_id",
    "position_ticket",
    "lots",
    "price",
    "sl",
    "tp",
)
_NS_PER_MS: Final = 1_000_000
_MS_PER_S: Final = 1000
_MS_PER_DAY: Final = 86_400_000
_QUOTE: Final = struct.Struct("<8xdd16xq12x")  # bid, ask and time_msc of a raw TICK_DTYPE
_KINDS: Final = {
    Action.BUY: IntentKind.OPEN,
    Action.SELL: IntentKind.OPEN,
    Action.MODIFY: IntentKind.MODIFY,
    Action.PARTIAL_CLOSE: IntentKind.PARTIAL_CLOSE,
    Action.CLOSE: IntentKind.CLOSE,
}


class BatchError(RuntimeError):
    """A new batch was begun although the last one had not been walked to its end: ticks would have been lost."""


class WantedChart(msgspec.Struct, frozen=True):
    """A chart the engine trades and the bars it needs before it may."""

    symbol: str
    timeframe: Timeframe
    bars: int


class Engine:
    """Decides for one account over several symbols and timeframes."""

    def __init__(self, settings: EngineSettings, model: SignalModel | None = None) -> None:
        self.settings = settings
        self.account = AccountState()
        self.model = model or signal_model(settings.model)
        self._parameters = parameters_array(parameters_from(self.model, settings.model_parameters))
        self._care_rules = settings.care.rules()
        self._world = WorldTables(settings)
        self._charts: list[Chart] = []
        self._charts_of: dict[str, list[Chart]] = {}
        self._signals: dict[int, tuple[int, int, int]] = {}
        self._records = np.zeros(_RECORD_CAPACITY, DECISION_DTYPE)
        self._columns = {name: self._records[name] for name in _INTENT_COLUMNS}
        self._kept: list[Table] = []
        self._last_msc: dict[str, int] = {}
        self._kept_at: Indices | None = None
        self._batch: tuple[Quotes, Batch, Closes] | None = None
        self._progress = Progress(0, 0, 0, False)
        self._news: list[AccountEvent] = []
        self._now_ns = 0
        self._unsettled = True  # the tables do not show yet what the account has been told
        self.ignored_ticks = 0

    # -- what is asked of the engine ------------------------------------------------------------------------------

    @property
    def wanted_charts(self) -> tuple[WantedChart, ...]:
        """Charts the engine trades, under the broker's symbol names; empty until the symbols are known."""
        return tuple(WantedChart(chart.symbol, chart.timeframe, chart.bars_needed) for chart in self._charts)

    @property
    def missing_symbols(self) -> tuple[str, ...]:
        """Symbols of the settings that the terminal does not offer, or offers ambiguously."""
        return self._world.missing

    @property
    def symbol_names(self) -> tuple[str, ...]:
        """Broker's names by the symbol index of a decision record."""
        return self._world.names

    @property
    def now_ns(self) -> int:
        """Time of the newest tick [UTC ns]; 0 before the first one."""
        return self._now_ns

    def known_equity(self) -> float:
        """Equity at the last quotes; the last one on record while a position has no quote [account money]."""
        tables = self._world.tables
        return float(equity_of(tables)) if is_priced(tables) else self.account.last_equity

    def own_money(self) -> Money:
        """The account's money by our own figures, at the last quotes."""
        equity = float(equity_of(self._world.tables))
        account = self._world.tables.account[0]
        margin = float(rounded_money(account["margin"] + account["margin_adjustment"], int(account["money_digits"])))
        return Money(balance=self.account.balance, equity=equity, margin=margin, margin_free=equity - margin)

    def adopt_money(self, money: Money) -> None:
        """Take the terminal's equity and margin as the truth, as a batch that carries its money does at its end."""
        self._world.adopt_money(money)
        tables = self._world.tables
        if money.balance == self.account.balance and tables.guard[0]["broker_day"] >= 0:
            if watch(tables, equity_of(tables)):
                self._note_guards(self._now_ns)
            self._note_marks()

    def take_news(self) -> tuple[AccountEvent, ...]:
        """What guards and calendar have told since the last call, to be booked as it is; the engine knows it."""
        news, self._news = self._news, []
        return tuple(news)

    def care_after(self, decision: Table) -> LocalCare:
        """What the intent of `decision` (DECISION_DTYPE, one row) tells a terminal that no longer hears from us."""
        return LocalCare(**care_after(decision, self._care_rules, self._world.symbols)._asdict())

    def take_decisions(self) -> Table:
        """Decision records (DECISION_DTYPE) since the last call, in order."""
        self._keep_written()
        kept, self._kept = self._kept, []
        if not kept:
            return _NO_DECISIONS
        return kept[0] if len(kept) == 1 else _joined(kept)

    def on_event(self, event: EngineEvent) -> tuple[Intent, ...]:
        """Take one event in whole; the intents it led to."""
        if isinstance(event, Quotes):
            return self._take_quotes(event)
        if isinstance(event, AccountChanged):
            self._take_account_events(event)
        elif isinstance(event, NewsChanged):
            self._world.meet_news(event.board, self.account.told)
        else:
            self._warm_up(event)
        return ()

    def advance(self, quotes: Quotes, start: int, stop: int | None = None) -> tuple[int, tuple[Intent, ...]]:
        """Walk from tick `start` of `quotes` to `stop` (default: the end), or just past the first tick with intents.

        The next call must name the same `quotes` object and begin where this one ended. A simulated terminal executes
        the intents in between, at the quote of the tick that made them.

        Raises:
            BatchError: where ticks of an earlier batch have not been walked.
        """
        ticks = quotes.ticks
        # several symbols make slices of one tick each
        if len(ticks) == 1 and self.pass_over(quotes.symbol, ticks.tobytes(), quotes.server_offset_s, quotes.money):
            return 1, ()
        batch, closes = self._open_batch(quotes)
        stop = len(ticks) if stop is None else stop
        if self._walked_to(start) != self._progress.tick:
            raise BatchError(f"the batch of {quotes.symbol} does not go on at tick {start}")
        intents = self._walk(batch, closes, self._walked_to(stop))
        reached = self._tick_before_cleaning() if intents else stop
        self._end_walk(batch)
        if self._progress.tick >= len(batch.ticks):
            self._end(quotes)
        return reached, intents

    def _walked_to(self, tick: int) -> int:
        """Index in the usable ticks of the first that is at or after `tick` of the batch as it was given."""
        return tick if self._kept_at is None else int(np.searchsorted(self._kept_at, tick))

    def _tick_before_cleaning(self) -> int:
        """Index just past the tick walked last, in the batch as it was given."""
        walked = self._progress.tick
        return walked if self._kept_at is None else int(self._kept_at[walked - 1]) + 1

    def pass_over(self, symbol: str, tick: bytes, server_offset_s: int, money: Money | None) -> bool:
        """Take a lone `tick` (one raw TICK_DTYPE) at which nothing can be decided, as nearly all live ones are.

        What it comes to is what `on_event` would come to, in less time. False leaves it to `on_event`, untouched.
        """
        world, charts = self._world, self._charts_of.get(symbol, ())
        bid, ask, time_msc = _QUOTE.unpack(tick)
        if not (0.0 < bid < inf and 0.0 < ask < inf and time_msc >= self._last_msc.get(symbol, 0)):
            return False
        for chart in charts:
            if not chart.runs_at(time_msc):
                return False
        row = world.row_of(symbol)
        if self._batch is not None or world.wants_a_look(row, bid, ask, time_msc, server_offset_s, money):
            return False
        for chart in charts:
            chart.extend(tick, world.point_of(row))
        world.note_quote(row, bid, ask, money)
        self._last_msc[symbol] = time_msc
        self._now_ns = (time_msc - server_offset_s * _MS_PER_S) * _NS_PER_MS
        return True

    # -- account --------------------------------------------------------------------------------------------------

    def _take_account_events(self, event: AccountChanged) -> None:
        self._begin_day_of(event.events)
        for change in event.events:
            self.account.apply(change)
            if isinstance(change, SymbolsSeen):
                self._meet_symbols()
            elif isinstance(change, IntentIssued):
                self._note_signal(change.intent)
            elif isinstance(change, (IntentReported, IntentEnded)):
                self._note_outcome(change)
        self._unsettled = self._unsettled or not all(isinstance(change, EquityTracked) for change in event.events)
        if not self._unsettled:
            self._world.sync_marks(self.account)
        elif not event.more:
            self._unsettled = False
            self._world.sync(self.account, self._chart_row_of_intent, self._setup_of_signal, self._now_ns)

    def _begin_day_of(self, events: Sequence[AccountEvent]) -> None:
        """Begin the broker's day of a deal that comes before the day's first tick: what it lost was lost that day."""
        day = max((it.deal.time_msc // _MS_PER_DAY for it in events if isinstance(it, DealBooked)), default=NO_DAY)
        if day != NO_DAY and 0 <= self._world.tables.guard[0]["broker_day"] < day:
            begin_day(self._world.tables, day)
            self._note_guards(self._now_ns)
            self._note_marks()

    def _meet_symbols(self) -> None:
        names_before = self._world.names
        self._world.meet_symbols(self.account)
        if self._world.names == names_before:
            return
        self._charts = []
        self._charts_of = {}
        for symbol in self._world.traded:
            for timeframe in self.settings.timeframes:
                self._add_chart(symbol, timeframe)
        self._world.meet_charts(self._charts)

    def _add_chart(self, symbol: str, timeframe: Timeframe) -> None:
        chart = Chart(len(self._charts), symbol, timeframe, self.model, self._parameters, self.settings.entry)
        self._charts.append(chart)
        self._charts_of.setdefault(symbol, []).append(chart)
        for setup in range(MAX_SETUPS):
            for side in (1, -1):
                signal_id = signal_id_of(self.settings.model, symbol, timeframe, side, setup)
                self._signals[signal_id] = chart.row, side, setup

    def _note_signal(self, intent: Intent) -> None:
        signal = self._signals.get(intent.signal_id)
        if intent.kind == IntentKind.OPEN and signal is not None:
            self._world.note_entry(*signal, intent.decided_ns)

    def _note_outcome(self, change: IntentReported | IntentEnded) -> None:
        intent_id = change.result.intent_id if isinstance(change, IntentReported) else change.intent_id
        record = self.account.intents.get(intent_id)
        if record is not None:
            self._world.pauses.note(record)

    def _setup_of_signal(self, signal_id: int) -> int | None:
        signal = self._signals.get(signal_id)
        return signal[2] if signal is not None else None

    def _chart_row_of_intent(self, intent: Intent | None, symbol: str) -> int:
        """Chart that looks after a position of ours: the one that opened it, else the symbol's first; -1 for none."""
        signal = self._signals.get(intent.signal_id) if intent is not None else None
        if signal is not None:
            return signal[0]
        charts = self._charts_of.get(symbol)
        return charts[0].row if charts else -1

    # -- market ---------------------------------------------------------------------------------------------------

    def _warm_up(self, event: WarmUp) -> None:
        for chart in self._charts_of.get(event.symbol, ()):
            if chart.timeframe == event.timeframe:
                scored = chart.warm_up(event.bars)
                atr = float(scored.volatility[-1, 0]) if len(scored.bars) else np.nan
                self._world.note_history(chart.row, scored.bars, atr)

    def _take_quotes(self, quotes: Quotes) -> tuple[Intent, ...]:
        ticks = quotes.ticks
        if len(ticks) == 1 and self.pass_over(quotes.symbol, ticks.tobytes(), quotes.server_offset_s, quotes.money):
            return ()
        batch, closes = self._open_batch(quotes)
        made: list[Intent] = []
        while self._progress.tick < len(batch.ticks):
            made.extend(self._walk(batch, closes, len(batch.ticks)))
        self._end_walk(batch)
        self._end(quotes)
        return tuple(made)

    def _open_batch(self, quotes: Quotes) -> tuple[Batch, Closes]:
        """The batch of `quotes`, folded once however often it is gone on with."""
        if self._batch is not None and self._batch[0] is quotes:
            return self._batch[1:]
        if self._batch is not None:
            raise BatchError(f"ticks of {self._batch[0].symbol} from {self._progress.tick} on have not been walked")
        batch, closes = self._folded(quotes)
        self._batch = (quotes, batch, closes)
        self._progress = Progress(0, 0, self._progress.written, False)
        return batch, closes

    def _folded(self, quotes: Quotes) -> tuple[Batch, Closes]:
        row = self._world.row_of(quotes.symbol)
        ticks = self._usable_ticks(quotes)
        point = self._world.point_of(row)
        parts = []
        for chart in self._charts_of.get(quotes.symbol, ()):
            closed = chart.closes(ticks, point)
            if closed is not None:
                parts.append((chart.row, *closed))
        return Batch(ticks, row, quotes.server_offset_s), merged(parts)

    def _usable_ticks(self, quotes: Quotes) -> Table:
        ticks, last_msc = quotes.ticks, self._last_msc.get(quotes.symbol, 0)
        self._kept_at = None
        if first_unusable(ticks, last_msc) < len(ticks):
            usable = np.empty(len(ticks), np.bool_)
            self.ignored_ticks += len(ticks) - usable_ticks(ticks, last_msc, usable)
            self._kept_at = np.flatnonzero(usable)
            ticks = ticks[usable]
        if len(ticks):
            self._last_msc[quotes.symbol] = int(ticks["time_msc"][-1])
        return ticks

    def _walk(self, batch: Batch, closes: Closes, stop: int) -> tuple[Intent, ...]:
        last = batch.ticks[stop - 1] if stop else None
        if not len(closes.at) and (last is None or self._is_quiet(batch, last)):
            if last is not None:
                self._world.note_quote(batch.symbol, last["bid"], last["ask"], None)
            self._progress = self._progress._replace(tick=stop)
            return ()
        self._world.forget_alarms()
        while self._progress.tick < stop:
            first = self._progress.written
            self._progress = walk(self._world.tables, batch, closes, self._progress, stop, self._records)
            if self._progress.acted:
                self._note_guards(_time_of(batch, self._progress.tick - 1))
                intents = self._intents_from(first)
                if intents:
                    return intents
            elif self._progress.tick < stop and not self._keep_appointments(_time_of(batch, self._progress.tick)):
                self._keep_written()
        return ()

    def _is_quiet(self, batch: Batch, last: np.void) -> bool:
        return self._world.is_quiet(batch.symbol, int(last["time_msc"]), batch.server_offset_s)

    def _keep_appointments(self, now_ns: int) -> bool:
        """Do what the clock asks for at `now_ns` [UTC ns]; whether there was anything."""
        told = 0 < self._world.tables.guard[0]["warns_ns"] <= now_ns
        if told:
            for ahead in self._world.take_warnings(now_ns, self.account.told):
                self._make_news(ahead)
        return self._end_overrides(now_ns) or told

    def _end_overrides(self, now_ns: int) -> bool:
        """Let go of overrides that have ended at `now_ns`; whether there were any."""
        if not 0 < self._world.tables.guard[0]["expires_ns"] <= now_ns:
            return False
        self._world.impose(self.account, now_ns)
        return True

    def _end_walk(self, batch: Batch) -> None:
        if self._progress.tick:
            self._now_ns = _time_of(batch, self._progress.tick - 1)
            self._note_marks()

    # -- guards ---------------------------------------------------------------------------------------------------

    def _note_guards(self, time_ns: int) -> None:
        for change in guard_changes(self._world.tables, self.account, time_ns):
            self._make_news(change)

    def _note_marks(self) -> None:
        """Put the marks on record that have moved."""
        tables = self._world.tables
        guard = tables.guard[0]
        if not guard["moved"]:
            return
        guard["moved"] = 0
        self._make_news(
            EquityTracked(
                time_ns=self._now_ns,
                equity=float(equity_of(tables)),
                peak_equity=float(tables.account[0]["peak_equity"]),
                day_start_equity=float(guard["day_start_equity"]),
                broker_day=int(guard["broker_day"]),
            )
        )

    def _make_news(self, event: AccountEvent) -> None:
        # known at once: the next tick of the same batch is decided with it; to be told again changes nothing
        self.account.apply(event)
        self._news.append(event)

    def _end(self, quotes: Quotes) -> None:
        self._batch = None
        if quotes.money is not None:
            self.adopt_money(quotes.money)

    def _keep_written(self) -> None:
        written = self._progress.written
        if written:
            self._kept.append(_joined([self._records[:written]]))
            self._progress = self._progress._replace(written=0)

    # -- intents --------------------------------------------------------------------------------------------------

    def _intents_from(self, first: int) -> tuple[Intent, ...]:
        written, actions = range(first, self._progress.written), self._columns["action"]
        return tuple(self._intent_of(row) for row in written if actions[row])

    def _intent_of(self, row: int) -> Intent:
        """The intent the decision on `row` of the records asks for; its numbers go into the record, too."""
        decided = {name: column.item(row) for name, column in self._columns.items()}
        symbol = self._world.names[decided["symbol"]]
        action, timeframe, decided_ns = Action(decided["action"]), decided["timeframe"], decided["time_ns"]
        figures = decided["lots"], decided["sl"], decided["tp"]
        ticket = decided["position_ticket"]
        signal_id = 0
        if decided["kind"] == DecisionKind.ENTRY:
            model = self.settings.model
            signal_id = signal_id_of(model, symbol, timeframe, decided["side"], decided["setup"])
        intent_id = intent_id_of(
            self.account.login, self.settings.magic, symbol, timeframe, decided_ns, action, ticket, figures
        )
        self._columns["signal_id"][row] = signal_id
        self._columns["intent_id"][row] = intent_id
        return Intent(
            intent_id=intent_id,
            kind=_KINDS[action],
            symbol=symbol,
            side=decided["side"],
            volume=decided["lots"],
            price=decided["price"],
            sl=decided["sl"],
            tp=decided["tp"],
            position_ticket=ticket,
            order_ticket=0,
            magic=self.settings.magic,
            deviation_points=self.settings.deviation_points,
            signal_id=signal_id,
            decided_ns=decided_ns,
            expires_ns=decided_ns + self.settings.intent_valid_ms * _NS_PER_MS,
            care=self.care_after(self._records[row : row + 1]),
        )


def _time_of(batch: Batch, tick: int) -> int:
    """Time of a tick of `batch` [UTC ns]."""
    return utc_ns_from_server_msc(int(batch.ticks[tick]["time_msc"]), batch.server_offset_s)


def _joined(parts: list[Table]) -> Table:
    """A copy of all `parts`. As bytes: numpy copies records with arrays inside ten times slower, field by field."""
    return np.concatenate([part.view(np.uint8) for part in parts]).view(DECISION_DTYPE)
