"""Decides a recorded window again, with the same core, and lists every difference: there must be none."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from account.booking import issued
from account.events import AccountEvent, EquityTracked, EventAhead, GuardChanged, IntentIssued, kind_of
from account.journal import JournalReader
from bridge.config import Places
from bridge.inputs import Booked, Decided, Fed, Informed, Input, Lost, Started, Warmed
from bridge.review import Review, time_of
from bridge.trader import decision_layout
from domain import jit
from domain.intents import Intent
from strategy.engine import Engine
from strategy.events import AccountChanged, NewsChanged, Quotes, WarmUp
from strategy.gates import GATE_SEATS, DecisionKind, gate_name
from strategy.tables import DECISION_DTYPE, Table, empty_decisions

MOST_DIFFERENCES: Final = 1000
_NEWS: Final = (GuardChanged, EquityTracked, EventAhead)
_GATE_PARTS: Final = ("value", "threshold", "verdict")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One number that came out otherwise. `seq` is the batch that was decided on, `time_ns` its last tick [UTC ns]."""

    seq: int
    time_ns: int
    symbol: str
    what: str
    field: str
    recorded: str
    decided: str


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit found. `problems` are reasons why a part of the window could not be decided again."""

    account: str
    from_ns: int
    to_ns: int
    engine_starts: int
    batches: int
    ticks: int
    decisions: int
    intents: int
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether the whole window was decided again, and everything came out as recorded."""
        return not self.differences and not self.problems


def audit(data_dir: Path, account: str, from_ns: int, to_ns: int) -> AuditReport:
    """Decide again what `account` decided from `from_ns` to `to_ns` [UTC ns, the ticks' clock], both included.

    The engine is rebuilt from the journal as it was at its last start before the window, and fed with everything it was
    fed with since, with the settings it was started with.
    """
    review = Review(data_dir)
    start_seq = review.start_before(account, from_ns, to_ns)
    auditor = _Auditor(data_dir, account, from_ns, to_ns)
    for one in review.inputs(account, start_seq):
        if one.seq >= start_seq:
            auditor.take(one)
    return auditor.report()


class _Auditor:
    """Feeds a fresh engine and compares. A batch is compared when all that was recorded of it has been read."""

    def __init__(self, data_dir: Path, account: str, from_ns: int, to_ns: int) -> None:
        self._data_dir = data_dir
        self._account = account
        self._from_ns = from_ns
        self._to_ns = to_ns
        self._engine: Engine | None = None
        self._batch: Fed | None = None
        self._decided: tuple[tuple[Intent, ...], Table, tuple[AccountEvent, ...]] = ((), empty_decisions(), ())
        self._recorded_rows: list[Table] = []
        self._recorded_intents: list[Intent] = []
        self._recorded_news: list[AccountEvent] = []
        self._differences: list[Difference] = []
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._starts = self._batches = self._ticks = self._decisions = self._intents = 0

    def take(self, one: Input) -> None:
        """The next thing on record."""
        match one:
            case Started():
                self._compare(may_be_cut=True)
                self._engine = self._rebuilt(one)
            case Lost():
                self._compare()
                self._engine = None
                self._problems.append(f"{one.reason}; not audited from there to the next start of the engine")
            case Fed() if one.consumed:
                self._compare()
                self._feed(one)
            case Decided():
                self._recorded_rows.append(one.rows)
            case Booked():
                self._book(one)
            case Warmed() if self._engine is not None:
                self._compare()
                self._engine.on_event(WarmUp(one.symbol, one.timeframe, one.bars))
            case Informed() if self._engine is not None:
                self._compare()
                self._engine.on_event(NewsChanged(one.board))

    def report(self) -> AuditReport:
        """What was found."""
        self._compare()
        if not self._batches and not self._problems:
            self._problems.append("nothing of this window is on record")
        return AuditReport(
            account=self._account,
            from_ns=self._from_ns,
            to_ns=self._to_ns,
            engine_starts=self._starts,
            batches=self._batches,
            ticks=self._ticks,
            decisions=self._decisions,
            intents=self._intents,
            differences=tuple(self._differences),
            problems=tuple(self._problems),
            notes=tuple(dict.fromkeys(self._notes)),
        )

    def _rebuilt(self, started: Started) -> Engine | None:
        start = started.start
        if start.decision_layout != decision_layout():
            self._problems.append("recorded by a version whose decision records have another form")
            return None
        if start.kernels != jit.kernel_fingerprint():
            self._notes.append("recorded with other kernels: a difference may come from a change of the program")
        self._starts += 1
        engine = Engine(start.settings)
        with JournalReader.open(Places(self._data_dir).journal) as journal:
            rows = itertools.takewhile(lambda row: row[0] <= start.journal_seq, journal.read(self._account))
            engine.on_event(AccountChanged(tuple(event for _, _, event in rows)))
        if engine.account.digest() != start.account_digest:
            self._problems.append(f"the journal up to {start.journal_seq} gives another account than there was")
        return engine

    def _feed(self, batch: Fed) -> None:
        if self._engine is None:
            return
        self._batch = batch
        intents = self._engine.on_event(Quotes(batch.symbol, batch.ticks, batch.server_offset_s, batch.money))
        account = self._engine.account
        fresh = tuple(intent for intent in intents if issued(account, intent, intent.decided_ns))
        self._decided = fresh, self._engine.take_decisions(), self._engine.take_news()

    def _book(self, booked: Booked) -> None:
        self._recorded_intents.extend(event.intent for event in booked.events if isinstance(event, IntentIssued))
        self._recorded_news.extend(event for event in booked.events if isinstance(event, _NEWS))
        if self._engine is not None:
            self._engine.on_event(AccountChanged(booked.events))

    def _compare(self, *, may_be_cut: bool = False) -> None:
        """Compare the last batch, if it is inside the window, with all that was recorded since.

        `may_be_cut`: a new engine follows, so the process may have been killed while it wrote down what was decided.
        """
        batch, rows, intents, news = self._batch, self._recorded_rows, self._recorded_intents, self._recorded_news
        self._batch, self._recorded_rows, self._recorded_intents, self._recorded_news = None, [], [], []
        if batch is None or not self._from_ns <= time_of(batch) <= self._to_ns:
            return
        recorded = np.concatenate(rows) if rows else np.zeros(0, DECISION_DTYPE)
        decided_intents, decided, decided_news = self._decided
        self._batches += 1
        self._ticks += len(batch.ticks)
        self._decisions += len(recorded)
        self._intents += len(intents)
        if may_be_cut and _is_cut(recorded, decided, intents, decided_intents):
            self._notes.append(f"batch {batch.seq}: the process was killed while it wrote down what was decided")
            return
        found = [*_differing_rows(recorded, decided), *_differing_intents(intents, decided_intents)]
        found += _differing_news(news, decided_news)
        room = MOST_DIFFERENCES - len(self._differences)
        self._differences.extend(
            Difference(seq=batch.seq, time_ns=time_of(batch), symbol=batch.symbol, **difference)
            for difference in found[:room]
        )


def _is_cut(
    recorded: Table, decided: Table, recorded_intents: list[Intent], decided_intents: tuple[Intent, ...]
) -> bool:
    """Whether the record is the beginning of what was decided again, and not all of it."""
    begins_so = recorded.tobytes() == decided[: len(recorded)].tobytes()
    begins_so = begins_so and tuple(recorded_intents) == decided_intents[: len(recorded_intents)]
    return begins_so and (len(recorded), len(recorded_intents)) != (len(decided), len(decided_intents))


def _differing_rows(recorded: Table, decided: Table) -> Iterator[dict[str, str]]:
    if len(recorded) != len(decided):
        yield _difference("decisions", "number of them", len(recorded), len(decided))
    for number, (was, is_now) in enumerate(zip(recorded, decided, strict=False)):
        if was.tobytes() != is_now.tobytes():
            yield from _differing_fields(f"decision {number}", was, is_now)


def _differing_fields(what: str, was: np.void, is_now: np.void) -> Iterator[dict[str, str]]:
    """Fields whose bits differ: two NaN of different bits differ, too."""
    for name in DECISION_DTYPE.names or ():
        if name == "gates":
            yield from _differing_gates(what, was, is_now)
        elif np.asarray(was[name]).tobytes() != np.asarray(is_now[name]).tobytes():
            yield _difference(what, name, was[name], is_now[name])


def _differing_gates(what: str, was: np.void, is_now: np.void) -> Iterator[dict[str, str]]:
    kind = DecisionKind(int(was["kind"]))
    for seat in range(GATE_SEATS):
        for place, part in enumerate(_GATE_PARTS):
            before, after = was["gates"][seat, place], is_now["gates"][seat, place]
            if before.tobytes() != after.tobytes():
                yield _difference(what, f"{_seat_name(kind, seat)} {part}", before, after)


def _seat_name(kind: DecisionKind, seat: int) -> str:
    try:
        return gate_name(kind, seat)
    except ValueError:  # a seat that no gate has taken yet
        return f"gate {seat}"


def _differing_intents(recorded: list[Intent], decided: tuple[Intent, ...]) -> Iterator[dict[str, str]]:
    if len(recorded) != len(decided):
        yield _difference("intents", "number of them", len(recorded), len(decided))
    for was, is_now in zip(recorded, decided, strict=False):
        for name in Intent.__struct_fields__:
            before, after = getattr(was, name), getattr(is_now, name)
            if before != after:
                yield _difference(f"intent {was.intent_id:016x}", name, before, after)


def _differing_news(recorded: list[AccountEvent], decided: tuple[AccountEvent, ...]) -> Iterator[dict[str, str]]:
    if len(recorded) != len(decided):
        yield _difference("guards, marks and events ahead", "number of them", len(recorded), len(decided))
    for was, is_now in zip(recorded, decided, strict=False):
        if was != is_now:
            yield _difference(kind_of(was), "event", was, is_now)


def _difference(what: str, field: str, recorded: object, decided: object) -> dict[str, str]:
    return {"what": what, "field": field, "recorded": str(recorded), "decided": str(decided)}
