"""The EA's own source and its Python twin say the same to the same bridge, frame by frame and byte by byte.

Taken from what the bridge itself recorded. Left out is what must differ: clocks, random numbers and what is signed with
them, how often a heartbeat was due on either side's clock, and with that the count of frames.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from bridge.records import EntryKind
from bridge.segments import entries_in
from sim.mql5.hosted import build_companion, run_compiled
from sim.session_host import EaKind, run_terminal
from tests.bridge.floor import Market
from tests.bridge.running import a_config, a_terminal, serving
from tests.strategy.markets import a_spec
from wire import records
from wire.codec import HEADER_BYTES, frame_type
from wire.enums import MessageType
from wire.layout import Record

pytestmark = pytest.mark.integration

MARKET: Final = Market(ticks=600)
ALL_WEEK: Final = tuple((day * 86_400, (day + 1) * 86_400) for day in range(7))
SPEC: Final = a_spec(sessions=ALL_WEEK)
DIFFERS: Final[dict[Record, tuple[str, ...]]] = {
    records.HEADER: ("seq", "ack", "session", "time_ns"),
    records.HELLO: ("client_nonce", "terminal_id", "terminal_build", "ea_build", "company"),
    records.CHALLENGE: ("bridge_nonce", "proof"),
    records.AUTH: ("proof",),
}


def without(record: Record, at: int, frame: bytearray) -> None:
    """Blank what differs in `record`, which begins at `at`."""
    starts = list(record.offsets().values())
    for name, start, end in zip(record.offsets(), starts, [*starts[1:], record.size], strict=True):
        if name in DIFFERS[record]:
            frame[at + start : at + end] = bytes(end - start)


def comparable(frame: bytes) -> bytes:
    """`frame` without what must differ."""
    blanked = bytearray(frame)
    without(records.HEADER, 0, blanked)
    body = {MessageType.HELLO: records.HELLO, MessageType.CHALLENGE: records.CHALLENGE, MessageType.AUTH: records.AUTH}
    record = body.get(MessageType(frame_type(frame)))
    if record is not None:
        without(record, HEADER_BYTES, blanked)
    return bytes(blanked)


def traffic(folder: Path, ea: EaKind) -> dict[EntryKind, list[bytes]]:
    """What was said in each direction in one session over the whole market."""
    config = a_config(folder)
    with serving(config) as served:
        terminal = replace(a_terminal(folder, served.endpoint, MARKET), specs=(SPEC,))
        if ea is EaKind.TWIN:
            statistics = run_terminal(terminal)
        else:
            terminal.state_dir.mkdir(parents=True)
            statistics = run_compiled(terminal, built=build_companion().copied(terminal.state_dir / "companion.so"))
    assert (statistics.ticks, statistics.sessions) == (len(MARKET.ticks), 1)
    said: dict[EntryKind, list[bytes]] = {EntryKind.INBOUND: [], EntryKind.OUTBOUND: []}
    for entry in entries_in(config.places.capture):
        kind = EntryKind(entry.kind)
        if kind in said and frame_type(entry.payload) != MessageType.HEARTBEAT:
            said[kind].append(comparable(entry.payload))
    return said


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[EntryKind, list[bytes]], ...]:
    return tuple(traffic(tmp_path_factory.mktemp(ea.value), ea) for ea in (EaKind.TWIN, EaKind.MQL5))


@pytest.mark.parametrize("direction", [EntryKind.INBOUND, EntryKind.OUTBOUND], ids=["to the bridge", "to the terminal"])
def test_every_frame_is_the_same(both: tuple[dict[EntryKind, list[bytes]], ...], direction: EntryKind) -> None:
    twin, ea = (said[direction] for said in both)
    names = [[MessageType(frame_type(frame)).name for frame in frames] for frames in (twin, ea)]
    assert names[1] == names[0]
    different = [(place, names[0][place]) for place in range(len(twin)) if twin[place] != ea[place]]
    assert different == []


def test_there_was_much_to_say(both: tuple[dict[EntryKind, list[bytes]], ...]) -> None:
    names = {MessageType(frame_type(frame)) for said in both[1].values() for frame in said}
    assert names >= {
        MessageType.HELLO,
        MessageType.AUTH,
        MessageType.WELCOME,
        MessageType.SYMBOLS,
        MessageType.SNAPSHOT,
        MessageType.HISTORY,
        MessageType.TICKS,
        MessageType.DECISION,
        MessageType.INTENT,
        MessageType.REPORT,
    }
    intents = sum(frame_type(frame) == MessageType.INTENT for frame in both[1][EntryKind.OUTBOUND])
    assert intents > 10
