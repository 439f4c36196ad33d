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
from quick_terminal import QuickTerminal, Talk, compiled
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


class Answered(NamedTuple):
    """One batch: when its TICKS had been sent and its DECISION had been read [ns of the performance counter]."""

    number: int
    sent_ns: int
    heard_ns: int


class Conversation:
    """What an EA and its bridge say; `open` are the batches without an answer, and when they were sent."""

    def __init__(self) -> None:
        self.open: dict[int, int] = {}
        self._ends = (FrameReader(), FrameReader())

    def greet(self, what: int, data: bytes) -> None:
        """Pass over something of the handshake."""
        if what in (Traffic.SENT, Traffic.HEARD):
            self._ends[what].take(data)

    def read(self, talk: list[Talk]) -> list[Answered]:
        """The batches that were answered in `talk`, in that order.

        Raises:
            AssertionError: for an answer nobody asked for, or a message that must not come in between.
        """
        found = []
        for what, data, at_ns in talk:
            assert what in (Traffic.SENT, Traffic.HEARD), "the connection broke: what was timed is no round trip"
            for frame in self._ends[what].take(data):
                kind = frame[TYPE_AT]
                if what == Traffic.SENT and kind == MessageType.TICKS:
                    self.open[_number(frame, TICKS_BATCH_AT)] = at_ns
                elif what == Traffic.HEARD and kind == MessageType.DECISION:
                    number = _number(frame, BATCH_AT)
                    assert number in self.open, f"answer to batch {number}; asked were {sorted(self.open)}"
                    found.append(Answered(number, self.open.pop(number), at_ns))
                else:
                    assert kind == MessageType.HEARTBEAT, f"message {kind} is no part of what is timed"
        return found


class Chart:
    """One EA, connected to `endpoint` when it is entered. Trading is switched off, as for `RawTerminal`."""

    def __init__(
        self, built: Built, folder: Path, endpoint: str, found: Market, *, login: int, lock_step: bool = False
    ) -> None:
        self._talk = Conversation()
        self._quick: QuickTerminal | None = None
        profile = msgspec.structs.replace(PROFILE, login=login)
        self._ticks = found.ticks
        tape = Tape((found.spec.name,), {found.spec.name: found.ticks})
        self._terminal = SimTerminal(profile, (found.spec,), start_msc=int(found.ticks["time_msc"][0]))
        self._terminal.autotrading = False
        feed = Feed(self._terminal, tape, max_ticks=HISTORY_TICKS)
        while feed.played < HISTORY_TICKS:
            feed.play()
        assert feed.played == HISTORY_TICKS
        self._now_msc = self._terminal.now_msc
        where = urlsplit(endpoint)
        inputs = {"InpHost": where.hostname or "", "InpPort": str(where.port), "InpSecret": SECRET.decode()}
        inputs |= {"InpSymbols": found.spec.name, "InpLockStep": str(lock_step).lower()}
        inputs["InpDecisionWaitMs"] = str(_WAIT_INPUT)
        folder.mkdir(exist_ok=True)
        self.host = EaHost(
            built.copied(folder / "companion.so"),
            Desk(self._terminal, feed, tape),
            inputs=inputs,
            files_dir=folder,
            symbol=found.spec.name,
            heard=self._talk.greet,
        )
        self._answers = compiled(folder)
        self._begun_ns = time.monotonic_ns()

    def __enter__(self) -> Self:
        """The EA in a live session."""
        self.host.start()
        until_s = time.monotonic() + _LONGEST_S
        while "SESSION_LIVE" not in self.host.comment:
            assert time.monotonic() < until_s, f"no session: {self.host.comment} {self.host.logged}"
            self.call(TIMER)
            time.sleep(_WAIT_MS / 1000.0)
        self._quick = QuickTerminal(self._answers, self.host, self._ticks, self._terminal.account())
        self.show(HISTORY_TICKS)
        return self

    def __exit__(self, *_: object) -> None:
        self.host.stop(0)

    def show(self, count: int) -> None:
        """The next `count` ticks lie in the terminal; the EA has not been called yet."""
        self._now_msc = self._quicker.show(count)

    def prepare(self) -> None:
        """The terminal's clocks are set to this machine's, and to the last tick shown."""
        host = self.host.host
        host.machine_us = max(host.machine_us, (time.monotonic_ns() - self._begun_ns) // _NS_PER_US)
        self.host.quoted(self._now_msc)

    def call(self, event: Event) -> None:
        """One handler, at this machine's time."""
        self.prepare()
        self.host.handle(event)

    def proven(self) -> list[Answered]:
        """The batches answered since the last time.

        Raises:
            AssertionError: something else was said, or a batch has no answer.
        """
        answered = self._talk.read(self._quicker.heard())
        assert not self._talk.open, f"no answers to {sorted(self._talk.open)}: what was timed is no round trip"
        return answered

    def settle(self) -> None:
        """Call OnTick, then OnTimer whenever something can be read, until every batch is answered."""
        self.call(TICK)
        self._talk.read(self._quicker.heard())
        while self._talk.open:
            assert self.host.wait_readable(int(_LONGEST_S * 1000)), "the bridge owes answers and says nothing"
            self.call(TIMER)
            self._talk.read(self._quicker.heard())

    @property
    def _quicker(self) -> QuickTerminal:
        assert self._quick is not None, "the chart has not been entered"
        return self._quick


def _number(frame: bytes, at: int) -> int:
    return int.from_bytes(frame[at : at + 4], "little")
