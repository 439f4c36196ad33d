"""Moments at which a bridge can be made to die, and the service that passes through them."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import msgspec

import bridge.capture
from bridge.config import BridgeConfig
from bridge.desk import Desk
from bridge.service import BridgeService
from bridge.status import STOPPED
from wire.codec import frame_type
from wire.enums import MessageType

if TYPE_CHECKING:
    import zmq


class Point(StrEnum):
    """Where a bridge dies."""

    STARTING = "journal open, not listening yet"
    DECIDED = "intent decided, nothing in the journal"
    INTENT_WRITTEN = "intent written, transaction not committed"
    INTENT_COMMITTED = "intent committed, nothing sent"
    DECISION_SENT = "DECISION sent, INTENT not"
    INTENT_SENT = "INTENT handed to the socket"
    BEFORE_SENDING_AGAIN = "INTENT about to be sent again"
    SENT_AGAIN = "INTENT sent again"
    REPORT_CAME = "REPORT came, not handled"
    REPORT_HANDLED = "REPORT handled, not in the journal"
    REPORT_WRITTEN = "REPORT written, transaction not committed"
    REPORT_COMMITTED = "REPORT committed"
    SNAPSHOT_CAME = "SNAPSHOT came, not reconciled"
    RECONCILED = "reconciled, not in the journal"
    OTHERS_WRITTEN = "other events written, transaction not committed"
    CAPTURE = "half of a stretch of capture written"
    CLOSING = "closing: good-bye said, files open"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Die when `point` is reached for the `nth` time, or `delay_s` [s] after that."""

    point: Point
    nth: int = 1
    delay_s: float = 0.0


class Fate(Protocol):
    """Who decides whether it is time to die."""

    def reach(self, point: Point) -> None:
        """`point` is reached; may not return."""


class Immortal:
    """Never dies."""

    def reach(self, point: Point) -> None:
        """Go on."""


_WRITE_ALL: Final = bridge.capture._write_all
_AROUND_FRAME: Final = {
    MessageType.REPORT: (Point.REPORT_CAME, Point.REPORT_HANDLED),
    MessageType.SNAPSHOT: (Point.SNAPSHOT_CAME, Point.RECONCILED),
}
_AROUND_COMMIT: Final = (
    ("intent_issued", Point.INTENT_WRITTEN, Point.INTENT_COMMITTED),
    ("intent_reported", Point.REPORT_WRITTEN, Point.REPORT_COMMITTED),
)


class DoomedService(BridgeService):
    """A bridge as it is, told by `fate` when to die."""

    def __init__(self, config: BridgeConfig, calm: Callable[[int], None] = lambda _: None, *, fate: Fate) -> None:
        super().__init__(config, calm)
        self._fate = fate
        self._announced = False

    def _listening(self, opened: contextlib.ExitStack) -> "zmq.Socket[bytes]":
        self._watch_journal()
        return super()._listening(opened)

    def _watch_journal(self) -> None:
        self._fate.reach(Point.STARTING)
        journal = self._books.journal
        journal._connection = cast("sqlite3.Connection", WatchedConnection(journal._connection, self._fate))

    def _handle(self, peer: bytes, frame: bytes, now_ns: int) -> None:
        around = _AROUND_FRAME.get(MessageType(frame_type(frame) or MessageType.HEARTBEAT))
        if around:
            self._fate.reach(around[0])
        super()._handle(peer, frame, now_ns)
        if around:
            self._fate.reach(around[1])

    def _send_released(self, peer: bytes, desk: Desk, now_ns: int, utc_ns: int) -> list[bytes]:
        self._announced = False
        if desk.needs_journal:
            self._fate.reach(Point.DECIDED)
        return super()._send_released(peer, desk, now_ns, utc_ns)

    def _sent(self, peer: bytes, frame: bytes) -> bool:
        is_intent = frame_type(frame) == MessageType.INTENT
        if is_intent:
            self._fate.reach(Point.DECISION_SENT if self._announced else Point.BEFORE_SENDING_AGAIN)
        sent = super()._sent(peer, frame)
        self._announced = self._announced or frame_type(frame) == MessageType.DECISION
        if is_intent:
            self._fate.reach(Point.INTENT_SENT if self._announced else Point.SENT_AGAIN)
        return sent

    def _write_status(self, state: str) -> None:
        if state == STOPPED:
            self._fate.reach(Point.CLOSING)
        super()._write_status(state)


class WatchedConnection:
    """A journal's connection on which a transaction may stay unfinished."""

    def __init__(self, connection: sqlite3.Connection, fate: Fate) -> None:
        self._connection = connection
        self._fate = fate
        self._around: tuple[Point, Point | None] | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a connection has
        return getattr(self._connection, name)

    def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> object:
        """Write rows; what they are decides which points their commit passes."""
        kinds = {row[3] for row in rows}
        found = [(before, after) for kind, before, after in _AROUND_COMMIT if kind in kinds]
        self._around = found[0] if found else (Point.OTHERS_WRITTEN, None)
        return self._connection.executemany(sql, rows)

    def execute(self, sql: str, values: Iterable[Any] = ()) -> object:
        """Any statement."""
        if sql != "COMMIT" or self._around is None:
            return self._connection.execute(sql, tuple(values))
        (before, after), self._around = self._around, None
        self._fate.reach(before)
        answer = self._connection.execute(sql)
        if after is not None:
            self._fate.reach(after)
        return answer


def tearing_captures(fate: Fate) -> Callable[[int, bytes], None]:
    """In place of `bridge.capture._write_all`: with a point in its middle."""

    def write_in_two(descriptor: int, data: bytes) -> None:
        half = len(data) // 2
        _WRITE_ALL(descriptor, data[:half])
        fate.reach(Point.CAPTURE)
        _WRITE_ALL(descriptor, data[half:])

    return write_in_two
