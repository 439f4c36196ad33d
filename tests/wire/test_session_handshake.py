import pytest
from msgspec.structs import replace

from tests.wire.link import RUNNING, Link, broken, in_place, linked, refusal_in
from tests.wire.samples import BRIDGE_NONCE, HEARTBEAT, HELLO, SAMPLES
from wire import codec
from wire.enums import ErrorCode
from wire.errors import LocalProtocolError
from wire.messages import Auth, Challenge
from wire.session import NOT_PROVEN, BridgeSession, TerminalSession
from wire.states import Sender, SessionState, Trigger

TERMINAL, BRIDGE = Sender.TERMINAL, Sender.BRIDGE


# ------------------------------------------------------------------------------------------------------ authentication


def test_a_wrong_secret_is_noticed_by_the_terminal() -> None:
    link = Link(bridge_secret=b"another")
    link.say(TERMINAL, HELLO)
    problem = broken(link, BRIDGE, link.bridge.challenge(BRIDGE_NONCE, link.now_ns))
    assert problem.code is ErrorCode.BAD_SECRET


def test_a_wrong_proof_is_noticed_by_the_bridge_and_always_told_the_same() -> None:
    texts = set()
    for proof in (bytes(32), b"\xff" * 32, bytes(range(32))):
        link = linked(SessionState.CHALLENGED)
        problem = broken(link, TERMINAL, in_place(link, TERMINAL, Auth(proof=proof)))
        assert problem.code is ErrorCode.BAD_SECRET
        texts.add(refusal_in(problem).text)
    assert texts == {NOT_PROVEN}


def test_a_proof_for_another_account_is_no_proof() -> None:
    link = Link()
    liar = replace(HELLO, login=HELLO.login + 1)
    link.say(TERMINAL, HELLO)
    link.step(Trigger.CHALLENGE)
    link.terminal.hello = liar
    assert broken(link, TERMINAL, link.terminal.authenticate(link.now_ns)).code is ErrorCode.BAD_SECRET


def test_a_recorded_handshake_cannot_be_replayed() -> None:
    first = Link()
    hello = first.frame(TERMINAL, HELLO)
    first.deliver(TERMINAL, hello)
    first.deliver(BRIDGE, first.bridge.challenge(BRIDGE_NONCE, first.now_ns))
    auth = first.terminal.authenticate(first.now_ns)
    first.deliver(TERMINAL, auth)
    assert first.bridge.state is SessionState.PROVEN

    second = Link()
    second.deliver(TERMINAL, hello)
    second.bridge.challenge(bytes(range(50, 66)), second.now_ns)
    assert broken(second, TERMINAL, auth).code is ErrorCode.BAD_SECRET


def test_a_proof_sent_twice_is_out_of_sequence() -> None:
    link = linked(SessionState.CHALLENGED)
    auth = link.terminal.authenticate(link.now_ns)
    link.deliver(TERMINAL, auth)
    assert broken(link, TERMINAL, auth).code is ErrorCode.OUT_OF_SEQUENCE


def test_the_bridge_s_proof_sent_back_is_no_proof() -> None:
    link = Link()
    link.say(TERMINAL, HELLO)
    _, challenge = codec.decode(link.bridge.challenge(BRIDGE_NONCE, link.now_ns))
    assert isinstance(challenge, Challenge)
    mirrored = Auth(proof=challenge.proof)
    frame = codec.encode(mirrored, seq=2, ack=1)
    assert broken(link, TERMINAL, frame).code is ErrorCode.BAD_SECRET


@pytest.mark.parametrize("end", [BridgeSession, TerminalSession])
def test_an_empty_secret_is_refused(end: type[BridgeSession | TerminalSession]) -> None:
    with pytest.raises(ValueError, match="secret"):
        end(b"", 0)


def test_handshake_answers_need_their_question() -> None:
    link = Link()
    with pytest.raises(LocalProtocolError, match="HELLO"):
        link.bridge.challenge(BRIDGE_NONCE, link.now_ns)
    with pytest.raises(LocalProtocolError, match="CHALLENGE"):
        link.terminal.authenticate(link.now_ns)


@pytest.mark.parametrize("nonce", [b"", b"short", bytes(16), bytes(17)])
def test_a_nonce_must_be_sixteen_bytes_and_not_all_zero(nonce: bytes) -> None:
    link = linked(SessionState.GREETED)
    with pytest.raises(LocalProtocolError, match="nonce"):
        link.bridge.challenge(nonce, link.now_ns)
    link.step(Trigger.CHALLENGE)


def test_a_challenge_nobody_asked_for_is_unexpected() -> None:
    link = Link()
    frame = in_place(link, BRIDGE, SAMPLES[Trigger.CHALLENGE])
    assert broken(link, BRIDGE, frame).code is ErrorCode.UNEXPECTED


# ------------------------------------------------------------------------------------------------------------ versions


@pytest.mark.parametrize(("oldest", "newest"), [(2, 3), (0, 0), (3, 2)])
def test_an_ea_that_speaks_other_versions_is_refused(oldest: int, newest: int) -> None:
    link = Link()
    problem = broken(link, TERMINAL, link.frame(TERMINAL, replace(HELLO, version_min=oldest, version_max=newest)))
    assert problem.code is ErrorCode.BAD_VERSION
    assert "update" in refusal_in(problem).text


def test_an_ea_that_also_speaks_newer_versions_is_welcome() -> None:
    link = Link()
    link.say(TERMINAL, replace(HELLO, version_min=0, version_max=9))
    _, challenge = codec.decode(link.bridge.challenge(BRIDGE_NONCE, link.now_ns))
    assert isinstance(challenge, Challenge)
    assert challenge.version == 1


def test_a_bridge_that_chooses_another_version_is_refused() -> None:
    link = linked(SessionState.GREETED)
    chosen = Challenge(version=2, bridge_nonce=BRIDGE_NONCE, proof=bytes(32))
    assert broken(link, BRIDGE, in_place(link, BRIDGE, chosen)).code is ErrorCode.BAD_VERSION


def test_a_frame_of_another_version_is_refused_in_any_state() -> None:
    for state in RUNNING:
        link = linked(state)
        frame = bytearray(in_place(link, TERMINAL, HEARTBEAT))
        frame[2] = 2
        assert broken(link, TERMINAL, bytes(frame)).code is ErrorCode.BAD_VERSION
