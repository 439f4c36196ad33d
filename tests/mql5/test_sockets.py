"""MQL5's sockets on real TCP, well-behaved and with each bad habit a host can ask for."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sim.mql5.abi import SocketFault, Traffic
from sim.mql5.build import Built
from sim.mql5.host import EaHost
from tests.mql5.programs import built, place, ticked

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).with_name("sockets.mq5")
LONG_S = 20.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(SOURCE.read_text(encoding="utf-8"), tmp_path_factory.mktemp("sockets"), "Sockets")


class Peer:
    """Listens on a free port; `line` is the connection that came."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LONG_S)
        self.port: int = self._listener.getsockname()[1]
        self._line: socket.socket | None = None

    @property
    def line(self) -> socket.socket:
        if self._line is None:
            self._line, _ = self._listener.accept()
            self._line.settimeout(LONG_S)
        return self._line

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._listener.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    one = Peer()
    yield one
    one.close()


@pytest.fixture
def chart(program: Built, tmp_path: Path, peer: Peer) -> Callable[..., EaHost]:
    def start(
        doing: str, faults: SocketFault = SocketFault.NONE, *, port: int | None = None, **heard: object
    ) -> EaHost:
        ea = EaHost(
            program.copied(tmp_path / "sockets.so"),
            place().desk,
            inputs={"InpDo": doing, "InpPort": str(peer.port if port is None else port)},
            files_dir=tmp_path,
            symbol="EURUSD",
            **heard,  # type: ignore[arg-type]  # `heard` alone
        )
        ea.host.faults = faults
        ea.start()
        return ea

    return start


def told(ea: EaHost) -> list[str]:
    """What the last tick printed."""
    ea.logged.clear()
    ticked(ea)
    return list(ea.logged)


def test_a_word_there_and_back(chart: Callable[..., EaHost], peer: Peer) -> None:
    seen: list[tuple[int, bytes]] = []
    ea = chart("echo", heard=lambda what, data: seen.append((what, data)))
    echo = threading.Thread(target=lambda: peer.line.sendall(peer.line.recv(5)))
    echo.start()
    assert told(ea) == ["send 5 0", "read 5 0", "text hello", "took 0", "connected 1 0"]
    echo.join(LONG_S)
    assert seen == [(Traffic.CONNECTED, b""), (Traffic.SENT, b"hello"), (Traffic.HEARD, b"hello")]


def test_a_read_gives_what_is_there(chart: Callable[..., EaHost], peer: Peer) -> None:
    ea = chart("read5")
    peer.line.sendall(b"abc")
    assert told(ea)[:2] == ["read 3 0", "text abc"]


def test_a_read_that_comes_to_nothing_takes_its_timeout_on_the_eas_clock(chart: Callable[..., EaHost]) -> None:
    ea = chart("read5")
    before_us = ea.host.machine_us
    assert told(ea) == ["read -1 5273", "text ", "took 50", "connected 1 0"]
    assert ea.host.machine_us - before_us == 50_000 + 2


def test_an_owed_answer_is_waited_for_without_time_passing(chart: Callable[..., EaHost], peer: Peer) -> None:
    ea = chart("read5")
    ea.host.patience_ms = 10_000

    def answer_late() -> None:
        time.sleep(0.3)
        peer.line.sendall(b"late!")

    late = threading.Thread(target=answer_late)
    late.start()
    assert told(ea)[:3] == ["read 5 0", "text late!", "took 0"]
    late.join(LONG_S)


def test_patience_is_used_up_once(chart: Callable[..., EaHost]) -> None:
    ea = chart("read5")
    ea.host.patience_ms = 200
    assert told(ea)[2] == "took 50"
    assert ea.host.patience_ms == 0


def test_a_read_that_waits_for_all(chart: Callable[..., EaHost], peer: Peer) -> None:
    ea = chart("read5", SocketFault.READ_WAITS_FOR_ALL)
    ea.host.patience_ms = 10_000
    peer.line.sendall(b"abc")

    def rest() -> None:
        time.sleep(0.1)
        peer.line.sendall(b"de")

    later = threading.Thread(target=rest)
    later.start()
    assert told(ea)[:2] == ["read 5 0", "text abcde"]
    later.join(LONG_S)


def test_a_read_that_waits_for_all_gives_what_came_in_the_end(chart: Callable[..., EaHost], peer: Peer) -> None:
    ea = chart("read5", SocketFault.READ_WAITS_FOR_ALL)
    peer.line.sendall(b"abc")
    assert told(ea)[:3] == ["read 3 0", "text abc", "took 50"]


def test_a_dribble_of_bytes(chart: Callable[..., EaHost], peer: Peer) -> None:
    ea = chart("read5", SocketFault.READ_DRIBBLES)
    peer.line.sendall(b"ab")
    assert [told(ea)[1], told(ea)[1]] == ["text a", "text b"]


@pytest.mark.parametrize(("faults", "guess"), [(SocketFault.NONE, 0), (SocketFault.IS_READABLE_GUESSES, 1)])
def test_readable_may_be_a_guess(chart: Callable[..., EaHost], peer: Peer, faults: SocketFault, guess: int) -> None:
    ea = chart("readable", faults)
    assert told(ea)[0] == f"readable {guess} 0"
    peer.line.sendall(b"abc")
    assert ea.wait_readable(10_000)
    assert told(ea)[0] == "readable 3 0"


def test_the_peer_hangs_up(chart: Callable[..., EaHost], peer: Peer) -> None:
    seen: list[int] = []
    ea = chart("read5", heard=lambda what, _data: seen.append(what))
    peer.line.close()
    assert told(ea) == ["read -1 5273", "text ", "took 0", "connected 0 0"]
    assert told(ea) == ["read -1 5273", "text ", "took 0", "connected 0 0"]
    assert seen == [Traffic.CONNECTED, Traffic.ENDED]


def test_a_connection_that_breaks_inside_a_frame(chart: Callable[..., EaHost], peer: Peer) -> None:
    ea = chart("read5")
    ea.host.drop_after = 3
    peer.line.sendall(b"abcdefgh")
    assert told(ea)[:2] == ["read 3 0", "text abc"]
    assert told(ea) == ["read -1 5273", "text ", "took 0", "connected 0 0"]


def test_refused_by_the_allow_list(chart: Callable[..., EaHost]) -> None:
    assert chart("readable", SocketFault.REFUSED_BY_LIST).logged == ["connect 0 4014"]


def test_refused_by_the_peer(chart: Callable[..., EaHost]) -> None:
    assert chart("readable", SocketFault.REFUSED_BY_PEER).logged == ["connect 0 5272"]


def test_nobody_listens(chart: Callable[..., EaHost]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        assert chart("readable", port=probe.getsockname()[1]).logged == ["connect 0 5272"]


def test_misuse_is_told(chart: Callable[..., EaHost]) -> None:
    assert told(chart("misuse")) == ["length -1 4003", "handle -1 5270", "nothing -1 4003", "connected 1 0"]


def test_there_are_128_sockets(chart: Callable[..., EaHost]) -> None:
    assert told(chart("many"))[0] == "created 128 5271"
