"""When what happened is written: events to the journal, everything to the capture.

An intent leaves only after its events are in the journal (and, unless configured otherwise, on the disk). All other
events are gathered and committed when the service is idle, every 200 ms at the latest: the terminal tells them again.
"""

from collections.abc import Sequence
from typing import Final

from account.journal import Journal, JournalWriteError
from bridge.capture import CaptureWriter
from bridge.records import STRANGER, EntryFlag, EntryKind
from bridge.trader import Record, Trader

_COMMIT_NS: Final = 200_000_000
_RETRY_NS: Final = 1_000_000_000
_STRANGER_FRAMES: Final = 50
_STRANGER_BYTES: Final = 4096
_SECOND_NS: Final = 1_000_000_000


class Books:
    """Journal and capture of one service. `problem` says why the journal cannot be written, while it cannot."""

    def __init__(self, journal: Journal, capture: CaptureWriter) -> None:
        self.journal = journal
        self.capture = capture
        self.problem = ""
        self._waiting = False
        self._tried_ns = 0
        self._strangers = 0
        self._strangers_since_ns = 0

    # -- journal ------------------------------------------------------------------------------------------------------

    def secure(self, trader: Trader, now_ns: int) -> bool:
        """Put all that happened on `trader` into the journal now; False where the disk refuses."""
        self.keep(trader)
        return self._commit(now_ns)

    def keep(self, trader: Trader) -> None:
        """Remember what happened on `trader` for the next commit."""
        for event in trader.take_unsaved():
            self.journal.append(trader.key, event)
            self._waiting = True

    def commit_if_due(self, now_ns: int, *, idle: bool) -> None:
        """Write what was kept, when idle or overdue; after a refusal once a second."""
        wait_ns = _RETRY_NS if self.problem else 0 if idle else _COMMIT_NS
        if self._waiting and now_ns - self._tried_ns >= wait_ns:
            self._commit(now_ns)

    def _commit(self, now_ns: int) -> bool:
        self._tried_ns = now_ns
        try:
            self.journal.commit()
        except JournalWriteError as refused:
            self.problem = str(refused)
            return False
        self._waiting = False
        self.problem = ""
        return True

    # -- capture ------------------------------------------------------------------------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Whether something is to be written when there is time."""
        return self._waiting or self.capture.is_waiting

    def note_inbound(self, terminal: int, frame: bytes, flags: EntryFlag, now_ns: int, utc_ns: int) -> None:
        """Record a frame that came. Those of strangers are cut and limited: they must not fill the disk."""
        if terminal == STRANGER:
            if not self._stranger_may(now_ns):
                return
            frame = frame[:_STRANGER_BYTES]
        self.capture.append(EntryKind.INBOUND, terminal, frame, now_ns, utc_ns, flags)

    def note_exchange(self, terminal: int, frame: bytes, answer: bytes, now_ns: int, utc_ns: int) -> None:
        """Record a frame that the engine was fed with, and the one that answered it."""
        append = self.capture.append
        append(EntryKind.INBOUND, terminal, frame, now_ns, utc_ns, EntryFlag.CONSUMED)
        append(EntryKind.OUTBOUND, terminal, answer, now_ns, utc_ns)

    def note_outbound(self, terminal: int, frames: Sequence[bytes], now_ns: int, utc_ns: int) -> None:
        """Record frames that left."""
        if terminal == STRANGER and self._strangers > _STRANGER_FRAMES:
            return
        for frame in frames:
            self.capture.append(EntryKind.OUTBOUND, terminal, frame, now_ns, utc_ns)

    def note_records(self, terminal: int, records: list[Record], now_ns: int, utc_ns: int) -> None:
        """Record what an engine consumed and produced."""
        for record in records:
            self.capture.append(record.kind, terminal, record.payload, now_ns, utc_ns, record.flags)

    def _stranger_may(self, now_ns: int) -> bool:
        if now_ns - self._strangers_since_ns >= _SECOND_NS:
            self._strangers, self._strangers_since_ns = 0, now_ns
        self._strangers += 1
        return self._strangers <= _STRANGER_FRAMES

    def close(self, now_ns: int, utc_ns: int) -> None:
        """Write everything that is left, and let go of the files."""
        try:
            self.journal.close()
        finally:
            self.capture.close(now_ns, utc_ns)
