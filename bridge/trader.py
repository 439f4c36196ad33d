"""One account's engine, and what it still owes to the journal and to the record.

A trader outlives connections: when a terminal comes back, the same engine goes on.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from account.events import AccountEvent, EventAhead, SymbolsSeen, encoded
from account.state import AccountState
from bridge.config import NewsRules
from bridge.histories import Chart
from bridge.records import EntryFlag, EntryKind, warm_up_payload
from bridge.stream import Stream
from bridge.terminal_calendar import TerminalCalendar
from domain import jit
from domain.intents import Intent
from domain.updates import Money
from newsfilter.board import NewsBoard, board_of
from newsfilter.bulletin import Bulletin
from newsfilter.wording import utc_minute
from signals.models import parameters_array, parameters_from
from strategy.engine import Engine
from strategy.events import AccountChanged, NewsChanged, Quotes, WarmUp
from strategy.gates import NO_GATE, Action, gate_name
from strategy.params import EngineSettings
from strategy.tables import DECISION_DTYPE, Table

_LOG: Final = logging.getLogger("companion.bridge")
_HISTORY_BARS: Final = 1000  # EMA and Wilder averages of the usual periods have forgotten their seed, to the last bit


class Record(msgspec.Struct, frozen=True):
    """Something to be captured."""

    kind: EntryKind
    payload: bytes
    flags: EntryFlag = EntryFlag.NONE


class EngineStart(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine began: its settings, and the events of `account` up to `journal_seq` that it was rebuilt from."""

    account: str
    journal_seq: int
    account_digest: str
    kernels: str
    decision_layout: str
    settings: EngineSettings


def decision_layout() -> str:
    """Hash of the form of a decision record [hex, 16 characters]; raw records of another form cannot be read."""
    return hashlib.sha256(repr(DECISION_DTYPE.descr).encode()).hexdigest()[:16]


def account_key(server: str, login: int) -> str:
    """Name of an account in the journal and in the recordings."""
    return f"{server}:{login}"


def verdict_name(kind: int, action: int, decided_by: int) -> str:
    """What a decision came to, for people."""
    if action != Action.HOLD or decided_by == NO_GATE:
        return Action(action).name.lower().replace("_", " ")
    return f"refused: {gate_name(kind, decided_by)}"


def _ahead(event: EventAhead) -> str:
    concerned = ", ".join(event.symbols)
    return f"{event.currency} {event.name} ({event.impact}) at {utc_minute(event.event_ns)}: {concerned}"


class Trader:
    """Engine and account of one login. `unsaved` are events for the journal, `records` entries for the capture."""

    def __init__(
        self, key: str, settings: EngineSettings, events: Iterable[AccountEvent] = (), journal_seq: int = 0
    ) -> None:
        self.key = key
        self.engine = Engine(settings)
        past = tuple(events)
        self.engine.on_event(AccountChanged(past))
        self.clock_ns = max((event.time_ns for event in past), default=0)
        self.unsaved: list[AccountEvent] = []
        self.records: list[Record] = []
        self.warm: set[Chart] = set()
        self.stream = Stream()
        self.calendar = TerminalCalendar()
        self._bulletin: tuple[Bulletin, NewsRules] | None = None
        self._board: NewsBoard | None = None
        self._tallied: dict[str, int] = {}
        self._bookings = 0
        self._counted_bookings = -1
        self._intent_counts: dict[str, int] = {}
        self._untallied: list[Table] = []
        self.start = EngineStart(
            account=key,
            journal_seq=journal_seq,
            account_digest=self.account.digest(),
            kernels=jit.kernel_fingerprint(),
            decision_layout=decision_layout(),
            settings=settings,
        )
        self.records.append(Record(EntryKind.ENGINE_START, msgspec.json.encode(self.start)))

    @property
    def account(self) -> AccountState:
        """The account as the engine sees it."""
        return self.engine.account

    @property
    def bars_wanted(self) -> int:
        """Bars of history with which every chart is warm, and its averages no longer depend on where they began."""
        model, settings = self.engine.model, self.engine.settings
        needed = model.warmup_bars(parameters_array(parameters_from(model, settings.model_parameters)))
        return max(_HISTORY_BARS, needed + 1, settings.entry.atr_period + settings.entry.atr_baseline_period + 1)

    def book(self, events: Sequence[AccountEvent]) -> None:
        """Let `events` happen: to the engine now, to the journal with the next commit."""
        body = b"[" + b",".join(map(encoded, events)) + b"]"
        self.engine.on_event(AccountChanged(events))
        self._bookings += 1
        self.unsaved.extend(events)
        self.records.append(Record(EntryKind.EVENTS, body))
        if any(isinstance(event, SymbolsSeen) for event in events):
            self._put_up_board()

    def hear_news(self, bulletin: Bulletin, rules: NewsRules) -> None:
        """Let the engine know the calendar from now on; symbols that it meets later find their windows there, too."""
        self._bulletin = bulletin, rules
        self._put_up_board()

    def _put_up_board(self) -> None:
        if self._bulletin is None:
            return
        bulletin, rules = self._bulletin
        symbols = tuple(dict.fromkeys(chart.symbol for chart in self.engine.wanted_charts))
        board = board_of(bulletin, symbols, required=rules.required, chosen=rules.currencies)
        if board == self._board:
            return
        self._board = board
        self.engine.on_event(NewsChanged(board))
        if self.records and self.records[-1].kind == EntryKind.NEWS:
            self.records.pop()  # nothing was decided by that one: without a terminal they would pile up
        self.records.append(Record(EntryKind.NEWS, msgspec.json.encode(board)))

    def warm_up(self, chart: Chart, bars: Table) -> None:
        """Give one chart its history of closed bars; what it knew before is forgotten."""
        symbol, timeframe = chart
        self.records.append(Record(EntryKind.WARM_UP, warm_up_payload(symbol, timeframe, bars.tobytes())))
        self.engine.on_event(WarmUp(symbol, timeframe, bars))
        self.warm.add(chart)

    def quote(
        self, symbol: str, ticks: Table, server_offset_s: int, money: Money | None
    ) -> tuple[tuple[Intent, ...], Table]:
        """Let the engine decide on a batch; the intents and the decision records it led to."""
        intents = self.engine.on_event(Quotes(symbol, ticks, server_offset_s, money))
        decisions = self.engine.take_decisions()
        if len(decisions):
            self._untallied.append(decisions)
            self.records.append(Record(EntryKind.DECISIONS, decisions.tobytes()))
        return intents, decisions

    def book_news(self) -> None:
        """Let what guards and calendar have told be journaled; the engine acts on it already."""
        news = self.engine.take_news()
        if news:
            self.book(news)
            for event in news:
                if isinstance(event, EventAhead):
                    _LOG.warning("%s: %s", self.key, _ahead(event))

    def decision_counts(self) -> dict[str, int]:
        """How many decisions there were by what they came to: an action, or what refused an entry."""
        untallied, self._untallied = self._untallied, []
        for decisions in untallied:
            for kind, action, decided_by in decisions[["kind", "action", "decided_by"]].tolist():
                name = verdict_name(kind, action, decided_by)
                self._tallied[name] = self._tallied.get(name, 0) + 1
        return dict(sorted(self._tallied.items()))

    def intent_counts(self) -> dict[str, int]:
        """How many intents there are by state."""
        if self._counted_bookings != self._bookings:
            self._counted_bookings = self._bookings
            counts = Counter(record.state.name.lower() for record in self.account.intents.values())
            self._intent_counts = dict(sorted(counts.items()))
        return self._intent_counts

    def take_records(self) -> list[Record]:
        """Everything to be captured since the last call."""
        taken, self.records = self.records, []
        return taken

    def take_unsaved(self) -> list[AccountEvent]:
        """Every event the journal has not been given yet."""
        taken, self.unsaved = self.unsaved, []
        return taken
