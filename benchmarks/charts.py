"""The compiled EA on a chart whose clock is this machine's: nothing around its handlers waits or leaps.

What the EA says and hears is only kept while it runs, and read when it has come to rest.
"""

import time
from pathlib import Path
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

import msgspec
from answering import TICKS_BATCH_AT
from contenders import SECRET
from quotes import PROFILE, Market
from terminals import BATCH_AT, TYPE_AT

from marketdata.tape import Tape
from sim.feed import Feed
from sim.mql5.abi import Traffic
from sim.mql5.build import Built
from sim.mql5.desk import Desk
from sim.mql5.events import Event, EventKind
from sim.mql5.host import EaHost
from sim.mql5.observer import FrameReader
from sim.terminal import SimTerminal
from wire.enums import MessageType

TICK: Final = Event(EventKind.TICK)
TIMER: Final = Event(EventKind.TIMER)
HISTORY_TICKS: Final = 20_000
_LONGEST_S: Final = 60.0
_WAIT_MS: Final = 20
_NS_PER_US: Final = 1000
_WAIT_INPUT: Final = 10_000  # an answer that comes late is late, and not left for the timer


class Talk(NamedTuple):
    """Something that happened on the EA's connection, and when [ns of the performance counter]."""

    what: int
    data: bytes
    at_ns: int


class Conversation:
    """What an EA and its bridge have said; `unread` is what nobody has looked at yet."""

    def __init__(self) -> None:
        self.unread: list[Talk] = []
        self._ends = (FrameReader(), FrameReader())
        self.open: set[int] = set()

    def hear(self, what: int, data: bytes) -> None:
        """Called by the EA's host, inside of what is timed: as little as possible."""
        self.unread.append(Talk(what, data, time.perf_counter_ns()))

    def read(self) -> tuple[list[int], list[int]]:
        """Batches sent and batches answered since the last time.

        Raises:
            AssertionError: for an answer nobody asked for, or a message that must not come in between.
        """
        talk, self.unread = self.unread, []
        sent, answered = [], []
        for what, data, _ in talk:
            assert what in (Traffic.SENT, Traffic.HEARD), "the connection broke: what was timed is no round trip"
            for frame in self._ends[what].take(data):
                kind = frame[TYPE_AT]
                if what == Traffic.SENT and kind == MessageType.TICKS:
                    sent.append(_number(frame, TICKS_BATCH_AT))
                elif what == Traffic.HEARD and kind == MessageType.DECISION:
                    answered.append(_number(frame, BATCH_AT))
                else:
                    assert kind == MessageType.HEARTBEAT, f"message {kind} is no part of what is timed"
        self.open.update(sent)
        assert self.open.issuperset(answered), f"answers {answered} to batches {sorted(self.open)}"
        self.open.difference_update(answered)
        return sent, answered

    def skip(self) -> None:
        """Pass over the handshake."""
        talk, self.unread = self.unread, []
        for what, data, _ in talk:
            if what in (Traffic.SENT, Traffic.HEARD):
                self._ends[what].take(data)


class Chart:
    """One EA, connected to `endpoint` when it is entered. Trading is switched off, as for `RawTerminal`."""

    def __init__(
        self, built: Built, folder: Path, endpoint: str, found: Market, *, login: int, lock_step: bool = False
    ) -> None:
        self.talk = Conversation()
        profile = msgspec.structs.replace(PROFILE, login=login)
        tape = Tape((found.spec.name,), {found.spec.name: found.ticks})
        self._terminal = SimTerminal(profile, (found.spec,), start_msc=int(found.ticks["time_msc"][0]))
        self._terminal.autotrading = False
        self._feed = Feed(self._terminal, tape)
        self._desk = Desk(self._terminal, self._feed, tape)
        self.show(HISTORY_TICKS)
        where = urlsplit(endpoint)
        inputs = {"InpHost": where.hostname or "", "InpPort": str(where.port), "InpSecret": SECRET.decode()}
        inputs |= {"InpSymbols": found.spec.name, "InpLockStep": str(lock_step).lower()}
        inputs["InpDecisionWaitMs"] = str(_WAIT_INPUT)
        folder.mkdir(exist_ok=True)
        self.host = EaHost(
            built.copied(folder / "companion.so"),
            self._desk,
            inputs=inputs,
            files_dir=folder,
            symbol=found.spec.name,
            heard=self.talk.hear,
        )
        self._begun_ns = time.monotonic_ns()

    def __enter__(self) -> Self:
        """The EA in a live session."""
        self.host.start()
        until_s = time.monotonic() + _LONGEST_S
        while "SESSION_LIVE" not in self.host.comment:
            assert time.monotonic() < until_s, f"no session: {self.host.comment} {self.host.logged}"
            self.call(TIMER)
            time.sleep(_WAIT_MS / 1000.0)
        self.talk.skip()
        return self

    def __exit__(self, *_: object) -> None:
        self.host.stop(0)

    def show(self, count: int) -> None:
        """The next `count` ticks lie in the terminal; the EA has not been called yet."""
        until = self._feed.played + count
        while self._feed.played < until:
            self._feed.max_ticks = until - self._feed.played
            self._feed.play()
        self._desk.touch()
        self._now_msc = self._terminal.now_msc

    def call(self, event: Event) -> None:
        """One handler, at this machine's time."""
        host = self.host.host
        host.machine_us = max(host.machine_us, (time.monotonic_ns() - self._begun_ns) // _NS_PER_US)
        self.host.quoted(self._now_msc)
        self.host.handle(event)

    def tick(self) -> None:
        """OnTick."""
        self.call(TICK)

    def proven(self) -> list[Talk]:
        """What was said since the last time, if it is one batch and its answer.

        Raises:
            AssertionError: it is something else; what was timed is no round trip.
        """
        talk = self.talk.unread
        sent, answered = self.talk.read()
        assert len(sent) == 1, sent
        assert answered == sent, f"asked {sent}, answered {answered}: OnTick returned without its answer"
        return talk

    def settle(self) -> None:
        """Call OnTick, then OnTimer whenever something can be read, until every batch is answered."""
        self.call(TICK)
        self.talk.read()
        while self.talk.open:
            assert self.host.wait_readable(int(_LONGEST_S * 1000)), "the bridge owes answers and says nothing"
            self.call(TIMER)
            self.talk.read()


def _number(frame: bytes, at: int) -> int:
    return int.from_bytes(frame[at : at + 4], "little")
