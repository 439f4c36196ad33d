"""The tunnel itself, between pyzmq's DEALER and ROUTER: what a scenario says happens is what happens."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
import zmq

from tests.mql5.scenarios.tunnel import TO_TERMINAL, Arrival, Cutter, Dribbled, Lengthy, Torn, Tunnel, packed

pytestmark = pytest.mark.integration

PATIENCE_MS = 5_000
A_MOMENT_MS = 60


class Ends:
    """A DEALER and a ROUTER that have found each other through a tunnel."""

    def __init__(self, dealer: "zmq.Socket[bytes]", router: "zmq.Socket[bytes]", tunnel: Tunnel) -> None:
        self.dealer = dealer
        self.router = router
        self.tunnel = tunnel
        dealer.send(b"hello")
        assert router.poll(PATIENCE_MS)
        self.peer, heard = router.recv_multipart()
        assert heard == b"hello"

    def up(self, *frames: bytes) -> None:
        for frame in frames:
            self.dealer.send(frame)

    def down(self, *frames: bytes) -> None:
        for frame in frames:
            self.router.send_multipart([self.peer, frame])

    def heard_up(self, wait_ms: int = PATIENCE_MS) -> bytes | None:
        return self.router.recv_multipart()[1] if self.router.poll(wait_ms) else None

    def heard_down(self, wait_ms: int = PATIENCE_MS) -> bytes | None:
        return self.dealer.recv() if self.dealer.poll(wait_ms) else None


@contextmanager
def joined() -> Iterator[Ends]:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router, context.socket(zmq.DEALER) as dealer:
        router.linger = dealer.linger = 0
        with Tunnel(router.bind_to_random_port("tcp://127.0.0.1")) as tunnel:
            dealer.connect(f"tcp://127.0.0.1:{tunnel.port}")
            yield Ends(dealer, router, tunnel)


@pytest.mark.parametrize("size", [1, 255, 256, 100_000])
def test_frames_pass_whole_in_both_directions(size: int) -> None:
    frames = [bytes((number,)) * size for number in range(3)]
    with joined() as ends:
        ends.up(*frames)
        ends.down(*frames)
        assert [ends.heard_up() for _ in frames] == frames
        assert [ends.heard_down() for _ in frames] == frames


def test_a_frame_can_be_lost_or_doubled_or_changed() -> None:
    becomes: dict[bytes, tuple[Arrival, ...]] = {b"lost": (), b"twice": (b"twice", b"twice"), b"old": (b"new",)}
    with joined() as ends:
        ends.tunnel.post = lambda direction, frame: becomes[frame] if direction == TO_TERMINAL else (frame,)
        ends.down(b"lost", b"twice", b"old")
        assert [ends.heard_down() for _ in range(3)] == [b"twice", b"twice", b"new"]
        assert ends.heard_down(A_MOMENT_MS) is None


@pytest.mark.parametrize("how", [Dribbled, Lengthy])
def test_a_frame_that_comes_in_another_way_is_the_same_frame(how: type[Dribbled | Lengthy]) -> None:
    with joined() as ends:
        ends.tunnel.post = lambda _direction, frame: (how(frame),)
        ends.down(b"x" * 300)
        assert ends.heard_down() == b"x" * 300


def test_a_torn_frame_ends_the_connection() -> None:
    torn: list[bytes] = []

    def tear(direction: str, frame: bytes) -> Iterable[Arrival]:
        if direction == TO_TERMINAL and not torn:
            torn.append(frame)
            return (Torn(frame, 2),)
        return (frame,)

    with joined() as ends:
        ends.tunnel.post = tear
        ends.down(b"never whole")
        assert ends.heard_down(A_MOMENT_MS) is None
        assert torn == [b"never whole"]
        ends.up(b"again")
        assert ends.heard_up() == b"again"
        assert ends.tunnel.connections == 2


def test_what_is_held_arrives_later_in_its_order() -> None:
    with joined() as ends:
        ends.tunnel.hold(TO_TERMINAL)
        ends.down(b"1", b"2")
        ends.up(b"3")
        assert ends.heard_up() == b"3"
        assert ends.heard_down(A_MOMENT_MS) is None
        ends.tunnel.release()
        assert (ends.heard_down(), ends.heard_down()) == (b"1", b"2")


def test_cut_ends_every_connection_and_lets_a_new_one_through() -> None:
    with joined() as ends:
        ends.tunnel.cut()
        ends.up(b"again")
        assert ends.heard_up() == b"again"
        assert (ends.tunnel.connections, ends.tunnel.open_now) == (2, 1)


def test_a_word_can_be_put_in() -> None:
    with joined() as ends:
        ends.tunnel.say(TO_TERMINAL, b"forged")
        assert ends.heard_down() == b"forged"


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_the_cutter_finds_the_same_pieces_however_bytes_come(step: int) -> None:
    greeting, command = b"\xff" + b"\0" * 63, b"\x04\x03abc"
    stream = greeting + command + packed(b"short") + packed(b"y" * 400) + packed(b"z")
    cutter, found = Cutter(), []
    for at in range(0, len(stream), step):
        found += list(cutter.take(stream[at : at + step]))
    passed = b"".join(piece for piece, is_frame in found if not is_frame)
    assert passed == greeting + command
    assert [piece for piece, is_frame in found if is_frame] == [b"short", b"y" * 400, b"z"]


def test_no_port_or_thread_is_left() -> None:
    with Tunnel(1) as tunnel:
        port = tunnel.port
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.bind(f"tcp://127.0.0.1:{port}")
