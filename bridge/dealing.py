"""What a terminal that was let in tells about market and account, and what its engine has to say to it."""

from collections.abc import Callable
from typing import ClassVar, Final

from account.booking import booked, issued, reconciled
from account.events import AccountEvent, AccountSeen, EquityMarked, IntentEnded, IntentSent, SessionOpened, SymbolsSeen
from bridge.answers import DECIDED_BEFORE, WATCHING, deciding, holding
from bridge.config import DeskRules
from bridge.histories import MAX_PARTS
from bridge.schooling import Schooling
from bridge.stream import Place
from bridge.trader import Trader
from bridge.watch import ClockWatch, IntentWatch, MoneyWatch
from domain.intents import Intent, IntentState, comment_of
from domain.pricing import symbol_money
from domain.servertime import NS_PER_S, utc_ns_from_server_msc
from domain.symbols import SymbolSpec, SymbolSpecError
from domain.trading import AccountSnapshot
from domain.updates import Money
from strategy.tables import Table
from wire.enums import ErrorCode
from wire.kinds import MAX_TIME_NS
from wire.messages import (
    Ask,
    Calendar,
    Decision,
    ErrorMessage,
    Heartbeat,
    Hello,
    History,
    IntentMessage,
    Message,
    Report,
    Snapshot,
    Symbols,
    Ticks,
)
from wire.parts import joined_snapshot
from wire.quotes import LoneTick
from wire.session import BridgeSession
from wire.states import SessionState

_MINUTE_NS: Final = 60 * NS_PER_S
_LOOK_EVERY_NS: Final = 200_000_000
_MS_PER_S: Final = 1000


class DealingCounts:
    """What one terminal sent, and what became of it."""

    def __init__(self) -> None:
        self.batches = 0
        self.ticks = 0
        self.held_batches = 0
        self.ignored_ticks = 0
        self.intents = 0
        self.reports = 0
        self.calendar_values = 0


class Dealing:
    """One admitted session. Messages for the terminal go to `say`."""

    def __init__(
        self, session: BridgeSession, hello: Hello, trader: Trader, rules: DeskRules, say: Callable[[Message], None]
    ) -> None:
        self.trader = trader
        self.counts = DealingCounts()
        self.alerts: dict[str, str] = {}
        self.server_ns = 0
        self._session = session
        self._hello = hello
        self._terminal_id = f"{hello.terminal_id:016x}"
        self._is_other = False
        self._say = say
        self._met_ns = 0
        self._halted = ""
        self._fed_at: int | None = None
        self._resend: list[int] = []
        self._parts: list[Snapshot] = []
        self._schooling = Schooling(session, trader, say)
        self._open_symbols: set[str] = set()
        self._quoted: set[str] = set()
        self._intents = IntentWatch(rules)
        self._money = MoneyWatch(rules)
        self._clock = ClockWatch(rules)
        self._minute = -1
        self._marks: list[AccountEvent] = []
        self._ignored_before = trader.engine.ignored_ticks
        self._looked_ns = 0
        self._tells_calendar = False
        self._by_wall_clock = rules.clock_check

    # -- from outside -------------------------------------------------------------------------------------------------

    def takes(self, message: Message) -> bool:
        """Whether `message` is about market or account."""
        return type(message) in self._ON

    def take(self, message: Message, now_ns: int, utc_ns: int) -> int | None:
        """Take one message in; before which of the trader's records the engine was fed with it, None if it was not."""
        self._fed_at = None
        self._ON[type(message)](self, message, now_ns, utc_ns)
        return self._fed_at

    def pass_over(self, tick: LoneTick, raw: bytes, utc_ns: int) -> bool:
        """Take a lone tick (`raw` as it lies in its frame) in the shorter way; False leaves it to `take`, untouched.

        This is what `take` does with a tick between two minutes at which the engine sees nothing to decide.
        """
        name, trader = self._session.symbols[tick.symbol_index], self.trader
        clock_ns = utc_ns_from_server_msc(tick.time_msc, tick.server_offset_s)
        server_ns = max(self.server_ns, clock_ns)
        if (
            name not in self._open_symbols
            or not trader.stream.goes_on_with(tick.batch)
            or server_ns // _MINUTE_NS != self._minute
            or server_ns > MAX_TIME_NS
            or tick.equity > trader.account.peak_equity
            or self._clock.is_ahead(clock_ns, utc_ns)
        ):
            return False
        money = Money(balance=tick.balance, equity=tick.equity, margin=tick.margin, margin_free=tick.margin_free)
        if not trader.engine.pass_over(name, raw, tick.server_offset_s, money):
            return False
        self.server_ns = server_ns
        self.counts.batches += 1
        self.counts.ticks += 1
        trader.stream.fed(tick.batch, 1, tick.time_msc)
        self._quoted.add(name)
        return True

    def obstacle(self) -> str:
        """What stands between this terminal and trading; empty when nothing does."""
        if self._session.state != SessionState.LIVE:
            return f"session is {self._session.state.name.lower()}"
        cold = self._schooling.cold()
        return self._obstacle_of_all() or (f"no history of {cold[0][0]} {cold[0][1].name}" if cold else "")

    def all_alerts(self) -> dict[str, str]:
        """What a person should know, by subject."""
        return self.alerts | ({"clock": self._clock.alert} if self._clock.alert else {})

    def halt(self, reason: str) -> None:
        """Decide nothing until `resume`."""
        self._halted = reason
        self._open_symbols.clear()

    def resume(self, now_ns: int) -> None:
        """Go on after a halt: ticks were left out, so every chart is warmed up again."""
        self._halted = ""
        self._miss_ticks(now_ns)

    def settle(self) -> None:
        """Do what can wait until the answer has left: equity marks, late ticks."""
        if self._marks:
            marks, self._marks = self._marks, []
            self.trader.book(marks)
        late = self.trader.engine.ignored_ticks - self._ignored_before
        if late != self.counts.ignored_ticks:
            self.counts.ignored_ticks = late
            self.alerts["ticks"] = f"{late} ticks were ignored: older than those before them, or without a price"

    def on_time(self, now_ns: int) -> None:
        """Look after intents without a word."""
        if now_ns - self._looked_ns < _LOOK_EVERY_NS:
            return
        self._looked_ns = now_ns
        overdue = self._intents.overdue(self.trader.account, now_ns, self.server_ns)
        if overdue:
            self.trader.book(overdue)
        if self._session.state == SessionState.LIVE and self._intents.wants_snapshot(self.trader.account, now_ns):
            self._say(Heartbeat(snapshot_wanted=True))

    # -- who is there -------------------------------------------------------------------------------------------------

    def open_session(self, number: int, met_ns: int) -> None:
        """The terminal has been let in; `met_ns` [UTC ns] stands in for its clock until it has told it."""
        self._met_ns = met_ns
        self._is_other = self.trader.account.terminal_id not in ("", self._terminal_id)
        self._book_session(number, self._hello.server_offset_s, trade_allowed=self._hello.trade_allowed)

    def _book_session(self, number: int, server_offset_s: int, *, trade_allowed: bool) -> None:
        hello = self._hello
        opened = SessionOpened(
            time_ns=self._event_ns,
            login=hello.login,
            server=hello.server,
            session=number,
            terminal_id=self._terminal_id,
            currency=hello.currency,
            currency_digits=hello.currency_digits,
            leverage=hello.leverage,
            margin_mode=hello.margin_mode,
            trade_mode=hello.trade_mode,
            trade_allowed=trade_allowed,
            server_offset_s=server_offset_s,
            magic=hello.magic,
        )
        self.trader.book([opened])

    @property
    def _event_ns(self) -> int:
        return self.server_ns or self._met_ns

    def _hear_time(self, time_ns: int) -> None:
        self.server_ns = max(self.server_ns, time_ns)

    def _on_heartbeat(self, beat: Heartbeat, now_ns: int, utc_ns: int) -> None:
        if self._tells_calendar:
            self.trader.calendar.confirm(utc_ns)
        if beat.server_time_s:
            self._hear_time(utc_ns_from_server_msc(beat.server_time_s * _MS_PER_S, beat.server_offset_s))
        if not beat.ready:
            return
        account = self.trader.account
        if (beat.trade_allowed, beat.server_offset_s) != (account.trade_allowed, account.server_offset_s):
            self._book_session(account.session, beat.server_offset_s, trade_allowed=beat.trade_allowed)
        self._send_again(now_ns)
        self._schooling.ask(now_ns)
        if self._money.balance_is_off(account, beat.money, now_ns):
            self._say(Heartbeat(snapshot_wanted=True))

    # -- symbols and history ------------------------------------------------------------------------------------------

    def _on_symbols(self, message: Symbols, _now_ns: int, _utc_ns: int) -> None:
        specs = tuple(spec for spec in message.specs if self._can_be_priced(spec))
        names_before = self.trader.engine.symbol_names
        self.trader.book([SymbolsSeen(time_ns=self._event_ns, specs=specs)])
        if self.trader.engine.symbol_names != names_before:
            self.trader.warm.clear()  # the engine has laid out its charts anew
            self.trader.stream.broken()
        self._open_symbols.clear()
        missing = self.trader.engine.missing_symbols
        if missing:
            self.alerts["symbols"] = f"not offered by the terminal: {', '.join(missing)}"

    def _can_be_priced(self, spec: SymbolSpec) -> bool:
        hello = self._hello
        try:
            symbol_money(spec, hello.currency, hello.currency_digits, hello.leverage)
        except SymbolSpecError as problem:
            self.alerts[f"symbol {spec.name}"] = str(problem)
            return False
        return True

    def _on_history(self, part: History, _now_ns: int, _utc_ns: int) -> None:
        self._schooling.learn(part)

    def _miss_ticks(self, now_ns: int) -> None:
        """Ticks were left out in the middle of a session: every chart is warmed up again before it is traded."""
        self._schooling.forget()
        self._open_symbols.clear()
        if self._session.state == SessionState.LIVE:
            self._schooling.ask(now_ns)

    # -- the account --------------------------------------------------------------------------------------------------

    def _on_snapshot(self, part: Snapshot, now_ns: int, _utc_ns: int) -> None:
        if part.parts > MAX_PARTS:
            text = f"a snapshot has at most {MAX_PARTS} parts; ask for deals of a shorter time"
            self._say(ErrorMessage(code=ErrorCode.TOO_LARGE, fatal=True, ref_seq=self._session.heard_seq, text=text))
            return
        self._parts.append(part)
        if part.part == part.parts:
            snapshot = joined_snapshot(self._parts)
            self._parts.clear()
            self._reconcile(snapshot, now_ns)

    def _reconcile(self, snapshot: Snapshot, now_ns: int) -> None:
        told, account = snapshot.account, self.trader.account
        self._hear_time(utc_ns_from_server_msc(told.time_msc, account.server_offset_s))
        update = snapshot.update
        events, again = reconciled(account, update, update.results, self._session.session, self._event_ns)
        self.trader.book(events)
        if told.credit != self.trader.account.credit:
            self.trader.book([self._account_seen(told)])
        self._money.start_over()
        self._open_symbols.clear()
        self._resend = self._not_of_another_terminal(again)
        self._send_again(now_ns)

    def _not_of_another_terminal(self, again: list[int]) -> list[int]:
        """What may go out again: not what went to another terminal, which may execute it yet and tell nobody here."""
        if not self._is_other:
            return again
        self._is_other = False
        reason = "it was sent to another terminal, and this one does not know it"
        unknown = IntentState.UNKNOWN
        self.trader.book(
            [IntentEnded(time_ns=self._event_ns, intent_id=it, state=unknown, reason=reason) for it in again]
        )
        return []

    def _account_seen(self, told: AccountSnapshot) -> AccountSeen:
        return AccountSeen(
            time_ns=self._event_ns,
            balance=told.balance,
            credit=told.credit,
            equity=told.equity,
            margin=told.margin,
            margin_free=told.margin_free,
        )

    def _send_again(self, now_ns: int) -> None:
        """Send again what the terminal never got, once it is live and unless its time is over."""
        if not self._resend or self._session.state != SessionState.LIVE:
            return
        records = [self.trader.account.intents[intent_id] for intent_id in self._resend]
        self._resend = []
        for record in records:
            if record.is_open and record.intent.expires_ns > self.server_ns:
                self._say_intent(record.intent, record.attempts + 1, [], now_ns)

    def _on_report(self, message: Report, now_ns: int, _utc_ns: int) -> None:
        self.counts.reports += 1
        account = self.trader.account
        self._hear_time(utc_ns_from_server_msc(message.time_msc, account.server_offset_s))
        events = booked(account, message.update, self._event_ns)
        if events:
            self.trader.book(events)
        if self._money.balance_is_off(account, message.update.money, now_ns):
            self._say(Heartbeat(snapshot_wanted=True))

    # -- the market ---------------------------------------------------------------------------------------------------

    def _on_ticks(self, message: Ticks, now_ns: int, utc_ns: int) -> None:
        name = self._session.symbols[message.symbol_index]
        last_msc = int(message.ticks["time_msc"][-1])
        clock_ns = utc_ns_from_server_msc(last_msc, message.server_offset_s)
        counts = self.counts
        counts.batches += 1
        counts.ticks += len(message.ticks)
        stream, seen = self.trader.stream, (message.batch, len(message.ticks), last_msc)
        place = stream.place_of(*seen)
        if not self._schooling.streams:
            self._schooling.begin_stream(place)
        elif place == Place.ELSEWHERE and name in self._open_symbols:
            self._miss_ticks(now_ns)
        if place == Place.AGAIN:
            self._answer(message, holding(message.batch, message.symbol_index, clock_ns, DECIDED_BEFORE))
            return
        obstacle = "" if name in self._open_symbols else self._obstacle_of(name)
        if self._clock.is_ahead(clock_ns, utc_ns):
            obstacle = "clock: ticks from the future"
        if obstacle:
            counts.held_batches += 1
            stream.broken()
            self._answer(message, holding(message.batch, message.symbol_index, clock_ns, f"not ready: {obstacle}"))
            return
        self._hear_time(clock_ns)
        self._fed_at = len(self.trader.records)
        stream.fed(*seen)
        intents, decisions = self._decided(message, name)
        self._tell(message, intents, decisions, now_ns)

    def _decided(self, message: Ticks, name: str) -> tuple[tuple[Intent, ...], Table]:
        trader, money, offset_s = self.trader, message.money, message.server_offset_s
        minute = self.server_ns // _MINUTE_NS
        if minute == self._minute:
            decided = trader.quote(name, message.ticks, offset_s, money)
            trader.book_news()
            if money.equity > trader.account.peak_equity:
                self._marks = [self._mark_of(money)]
            self._quoted.add(name)
            return decided
        self._minute = minute
        is_priced = self._is_priced()
        self._quoted.add(name)
        decided = trader.quote(name, message.ticks, offset_s, None)
        own = trader.engine.own_money()
        trader.engine.adopt_money(money)
        trader.book_news()
        flags = self._money.equity_flags(trader.account, own, money, self.server_ns) if is_priced else []
        self._marks = [self._mark_of(money), *flags]
        return decided

    def _is_priced(self) -> bool:
        """Whether every open position had a quote in this session: without one our own equity proves nothing."""
        return all(position.symbol in self._quoted for position in self.trader.account.positions.values())

    def _mark_of(self, money: Money) -> EquityMarked:
        return EquityMarked(time_ns=self.server_ns, equity=money.equity, balance=money.balance, margin=money.margin)

    def _tell(self, message: Ticks, intents: tuple[Intent, ...], decisions: Table, now_ns: int) -> None:
        if not len(decisions):
            self._answer(message, holding(message.batch, message.symbol_index, self.server_ns))
            return
        fresh = [(intent, issued(self.trader.account, intent, self.server_ns)) for intent in intents]
        count = sum(1 for _, events in fresh if events)
        self._answer(message, deciding(message.batch, message.symbol_index, decisions, count))
        for intent, events in fresh:
            if events:
                self._say_intent(intent, 1, events, now_ns)
        if intents and not count:
            self.trader.book([])  # all were known already: the engine lets go of the room it had reserved for them

    def _say_intent(self, intent: Intent, attempt: int, events: list[AccountEvent], now_ns: int) -> None:
        sent = IntentSent(time_ns=self._event_ns, intent_id=intent.intent_id, attempt=attempt)
        self.trader.book([*events, sent])
        self._intents.sent(intent, now_ns)
        self._say(IntentMessage(intent=intent, comment=comment_of(intent.intent_id)))
        self.counts.intents += 1

    def _on_ask(self, message: Ask, _now_ns: int, _utc_ns: int) -> None:
        obstacle = self._obstacle_of(self._session.symbols[message.symbol_index])
        text = f"not ready: {obstacle}" if obstacle else WATCHING
        self._say(holding(message.batch, message.symbol_index, self.server_ns, text))

    def _answer(self, message: Ticks, decision: Decision) -> None:
        if message.wants_decision:
            self._say(decision)

    def _obstacle_of_all(self) -> str:
        if self._halted:
            return self._halted
        if self.trader.account.reconciled_session != self._session.session:
            return "not reconciled yet"
        return ""

    def _obstacle_of(self, name: str) -> str:
        """What keeps the engine from being fed with ticks of `name`; empty when nothing does."""
        obstacle = self._obstacle_of_all()
        if obstacle:
            return obstacle
        if name not in self.trader.engine.symbol_names:
            return self.alerts.get(f"symbol {name}", f"{name} is not known")
        cold = [timeframe.name for chart, timeframe in self._schooling.cold() if chart == name]
        if cold:
            return f"no history of {cold[0]}"
        self._open_symbols.add(name)
        return ""

    def _on_calendar(self, message: Calendar, _now_ns: int, utc_ns: int) -> None:
        whole = message.change_id == 0 or not self.counts.calendar_values
        self.counts.calendar_values += len(message.values)
        offset_s = self.trader.account.server_offset_s
        now_ns = utc_ns if self._by_wall_clock else self._event_ns
        problem = self.trader.calendar.hear(message, offset_s, now_ns, whole=whole)
        self._tells_calendar = not problem
        self.alerts.pop("calendar", None)
        if problem:
            self.alerts["calendar"] = problem

    _ON: ClassVar[dict[type, Callable[..., None]]] = {
        Symbols: _on_symbols,
        Snapshot: _on_snapshot,
        History: _on_history,
        Heartbeat: _on_heartbeat,
        Ticks: _on_ticks,
        Ask: _on_ask,
        Report: _on_report,
        Calendar: _on_calendar,
    }
