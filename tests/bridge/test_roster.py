"""Who is connected, who is let in, and who is not listened to."""

import os
from pathlib import Path

import msgspec
import pytest

from bridge.config import BridgeConfig
from bridge.desk import Desk
from bridge.roster import Roster
from bridge.trader import Trader
from tests.bridge.floor import EAGER, HELLO, NONCE, SECOND, SECRET
from tests.bridge.running import a_config
from wire.enums import ErrorCode
from wire.messages import Hello
from wire.session import TerminalSession


@pytest.fixture
def config(tmp_path: Path) -> BridgeConfig:
    return a_config(tmp_path)


def a_roster(config: BridgeConfig) -> Roster:
    return Roster(config, lambda: os.urandom(16), lambda key: Trader(key, EAGER))


def knocking(roster: Roster, peer: bytes, hello: Hello = HELLO, now_ns: int = SECOND) -> Desk:
    """A peer that has proven that it knows the secret."""
    desk = roster.greet(peer, now_ns)
    assert desk is not None
    session = TerminalSession(SECRET, now_ns)
    desk.receive(session.send(msgspec.structs.replace(hello, client_nonce=NONCE), now_ns), now_ns, 0)
    session.receive(desk.release(now_ns, 0)[0], now_ns)
    desk.receive(session.authenticate(now_ns), now_ns, 0)
    assert desk.wants_admission
    return desk


def let_in(roster: Roster, peer: bytes, hello: Hello = HELLO) -> tuple[Desk, bytes | None]:
    desk = knocking(roster, peer, hello)
    return desk, roster.admit(peer, desk, SECOND, 0)


def test_a_terminal_gets_the_trader_of_its_account(config: BridgeConfig) -> None:
    roster = a_roster(config)
    desk, former = let_in(roster, b"one")
    assert former is None
    assert desk.dealing is not None
    assert desk.dealing.trader is roster.trader("Test-Demo:5000001")
    assert roster.desk_for("Test-Demo:5000001") is desk
    assert roster.sessions == 1
    assert [held for _, held in roster] == [desk]


def test_the_same_terminal_takes_over(config: BridgeConfig) -> None:
    roster = a_roster(config)
    first, _ = let_in(roster, b"one")
    second, former = let_in(roster, b"two")
    assert former == b"one"
    assert first.is_over
    roster.forget(b"one", SECOND)
    assert roster.desk_for("Test-Demo:5000001") is second
    assert second.dealing is not None
    assert first.dealing is not None
    assert second.dealing.trader is first.dealing.trader


def test_another_terminal_is_refused_while_the_first_lives(config: BridgeConfig) -> None:
    roster = a_roster(config)
    first, _ = let_in(roster, b"one")
    second, former = let_in(roster, b"two", msgspec.structs.replace(HELLO, terminal_id=8))
    assert former is None
    assert second.is_over
    assert second.dealing is None
    assert not first.is_over
    roster.forget(b"one", SECOND)
    third, _ = let_in(roster, b"three", msgspec.structs.replace(HELLO, terminal_id=8))
    assert third.dealing is not None


def test_the_number_of_terminals_is_limited(config: BridgeConfig) -> None:
    roster = a_roster(msgspec.structs.replace(config, max_terminals=2))
    for login in (1, 2):
        assert let_in(roster, bytes([login]), msgspec.structs.replace(HELLO, login=login))[0].dealing is not None
    refused, _ = let_in(roster, b"three", msgspec.structs.replace(HELLO, login=3))
    assert "2 terminals are connected" in refused.all_alerts()["refused"]
    again, _ = let_in(roster, b"four", msgspec.structs.replace(HELLO, login=2))
    assert again.dealing is not None


def test_a_peer_that_was_sent_away_is_not_listened_to_for_a_second(config: BridgeConfig) -> None:
    roster = a_roster(config)
    assert roster.greet(b"noise", SECOND) is not None
    roster.forget(b"noise", SECOND)
    assert roster.greet(b"noise", 2 * SECOND - 1) is None
    assert roster.greet(b"noise", 2 * SECOND) is not None


def test_strangers_are_limited_and_terminals_are_not_counted_among_them(config: BridgeConfig) -> None:
    roster = a_roster(config)
    let_in(roster, b"one")
    greeted = [roster.greet(b"stranger %d" % number, SECOND) for number in range(70)]
    assert sum(desk is not None for desk in greeted) == 64
    assert roster.refusals == {"too many connections": 6}


def test_memory_of_those_sent_away_is_bounded(config: BridgeConfig) -> None:
    roster = a_roster(config)
    for number in range(5000):
        roster.greet(b"%d" % number, SECOND)
        roster.forget(b"%d" % number, SECOND)
    assert len(roster._ignored) <= 4096
    roster.forget(b"never seen", SECOND)


def test_refusals_are_counted_by_reason(config: BridgeConfig) -> None:
    roster = a_roster(config)
    for frame in (b"noise", bytes(5000)):
        desk = roster.greet(frame[:8], SECOND)
        assert desk is not None
        desk.receive(frame, SECOND, 0)
        roster.count_refusal(desk)
    turned_away = knocking(roster, b"peer")
    turned_away.turn_away(ErrorCode.REFUSED, "no", SECOND, 0)
    roster.count_refusal(turned_away)
    assert roster.refusals == {"BAD_FRAME": 1, "TOO_LARGE": 1, "REFUSED": 1}
