import gc
import struct
import sys
import tracemalloc
from collections.abc import Iterator
from types import FrameType
from typing import Self

import msgspec
import numpy as np
import pytest

from tests.wire.samples import NAMES, SAMPLES
from wire import codec, records
from wire.enums import MAGIC, MessageType
from wire.errors import WireError
from wire.messages import Message

pytestmark = pytest.mark.fuzz

FRAMES = 100_000
HEADER_BYTES = records.HEADER.size
EXTREMES = (
    b"\0" * 8,
    b"\xff" * 8,
    b"\xff" * 7 + b"\x7f",
    b"\0" * 6 + b"\xf8\x7f",
    b"\0" * 6 + b"\xf0\x7f",
    b"\0\0\0\x80" * 2,
)
REPLACEMENT_MARK = "\ufffd"


def framed() -> list[bytes]:
    return [codec.encode(sample, seq=3, symbols=NAMES) for sample in SAMPLES.values()]


def random_frame(rng: np.random.Generator) -> bytes:
    return rng.bytes(int(rng.integers(0, 400)))


def frame_with_a_header(rng: np.random.Generator) -> bytes:
    kind, items, flags = int(rng.integers(0, 20)), int(rng.integers(0, 4)), int(rng.integers(0, 3))
    head = struct.pack("<HBBHHIIIIq", MAGIC, 1, kind, flags, items, 1, 0, 0, 0, 0)
    body = records.BODIES[MessageType(kind)].size if 1 <= kind <= 16 else 50
    return head + rng.bytes(body + 60 * items)


def mutated(frame: bytes, rng: np.random.Generator) -> bytes:
    buffer = bytearray(frame)
    for _ in range(int(rng.integers(1, 5))):
        mutate(buffer, rng)
    return bytes(buffer)


def mutate(buffer: bytearray, rng: np.random.Generator) -> None:
    kind = int(rng.integers(0, 6))
    place = int(rng.integers(0, len(buffer) + 1))
    if kind == 0:
        del buffer[place:]
    elif kind == 1:
        buffer[place:place] = rng.bytes(int(rng.integers(1, 20)))
    elif kind == 2:
        buffer[place : place + 8] = EXTREMES[int(rng.integers(len(EXTREMES)))]
    elif place < len(buffer):
        buffer[place] = int(rng.integers(256))


def frames(count: int, seed: int) -> Iterator[bytes]:
    rng = np.random.default_rng(seed)
    sound = framed()
    for _ in range(count):
        choice = rng.random()
        if choice < 0.1:
            yield random_frame(rng)
        elif choice < 0.25:
            yield frame_with_a_header(rng)
        else:
            yield mutated(sound[int(rng.integers(len(sound)))], rng)


def read(frame: bytes) -> Message | None:
    """The message, or None for a frame that is refused; every other exception escapes."""
    try:
        return codec.decode(frame, NAMES)[1]
    except WireError:
        return None


def says_only_what_can_be_said(frame: bytes, message: Message) -> bool:
    """Whether writing what was read gives the frame again; only a text with half a character in it may differ."""
    header = codec.read_header(frame)
    again = codec.encode(
        message, seq=header.seq, ack=header.ack, session=header.session, time_ns=header.time_ns, symbols=NAMES
    )
    return again == frame or REPLACEMENT_MARK in repr(message)


def test_a_hundred_thousand_frames_are_read_or_refused() -> None:
    read_well = 0
    for frame in frames(FRAMES, seed=2):
        message = read(frame)
        if message is not None:
            read_well += 1
            assert says_only_what_can_be_said(frame, message), frame.hex()
    assert 0.05 * FRAMES < read_well < 0.8 * FRAMES


def traced_after_reading(batch: list[bytes]) -> int:
    for frame in batch:
        read(frame)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_memory_does_not_grow() -> None:
    batch = list(frames(4_000, seed=3))
    for frame in batch:
        read(frame)
    tracemalloc.start()
    traced = [traced_after_reading(batch) for _ in range(4)]
    tracemalloc.stop()
    assert traced[-1] - traced[0] < 2_000


def test_a_refused_frame_is_not_kept_alive() -> None:
    frame = bytearray(codec.encode(SAMPLES[next(iter(SAMPLES))]))
    frame[-1] = 7
    with pytest.raises(WireError):
        codec.decode(memoryview(frame), NAMES)
    frame.extend(b"x")  # a buffer that somebody still looks at cannot grow


class Calls:
    """Counts calls while it is entered: work, without a clock."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.count += event == "call"

    def __enter__(self) -> Self:
        sys.setprofile(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


@pytest.mark.parametrize("kind", MessageType)
def test_a_short_frame_that_claims_the_most_items_costs_little(kind: MessageType) -> None:
    head = struct.pack("<HBBHHIIIIq", MAGIC, 1, kind, 0, 0xFFFF, 1, 0, 0, 0, 0)
    with Calls() as calls:
        for filling in (b"\xff", b"\0", b"\1"):
            assert read(head + filling * 4000) is None
    assert calls.count < 300


@pytest.mark.parametrize("kind", MessageType)
def test_a_long_frame_of_nothing_costs_little(kind: MessageType) -> None:
    head = struct.pack("<HBBHHIIIIq", MAGIC, 1, kind, 0, 0xFFFF, 1, 0, 0, 0, 0)
    frame = head + bytes(1 << 20)
    with Calls() as calls:
        assert read(frame) is None
    assert calls.count < 100


def test_the_fuzzing_reaches_every_type() -> None:
    reached = {type(message) for message in map(read, frames(20_000, seed=4)) if message is not None}
    assert reached == {type(sample) for sample in SAMPLES.values()}
    assert msgspec.structs.fields(next(iter(reached)))
