import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.trading import AccountTradeMode
from tests.wire.samples import BRIDGE_NONCE, HELLO
from tests.wire.strategies import MESSAGES, NONCES
from wire.authentication import challenge_for, is_proof, terminal_proof
from wire.errors import WireError
from wire.messages import Challenge, Hello

SECRET = b"shared"
CHALLENGE = challenge_for(SECRET, HELLO, BRIDGE_NONCE)


def hmac_by_hand(secret: bytes, message: bytes) -> bytes:
    """RFC 2104 written out, as the EA has to do it with CRYPT_HASH_SHA256."""
    key = hashlib.sha256(secret).digest() if len(secret) > 64 else secret
    key = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def test_by_hand_it_is_rfc_4231_case_2() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_by_hand(b"Jefe", b"what do ya want for nothing?").hex() == expected


@given(secret=st.binary(min_size=1, max_size=100), hello=MESSAGES[Hello], nonce=NONCES)
def test_the_bridge_signs_label_version_nonces_login_and_server(secret: bytes, hello: Hello, nonce: bytes) -> None:
    signed = struct.pack(
        "<18sB16s16sq64s", b"companion bridge", 1, hello.client_nonce, nonce, hello.login, hello.server.encode()
    )
    challenge = challenge_for(secret, hello, nonce)
    assert challenge == Challenge(version=1, bridge_nonce=nonce, proof=hmac_by_hand(secret, signed))


@given(secret=st.binary(min_size=1, max_size=100), hello=MESSAGES[Hello], nonce=NONCES)
def test_the_terminal_signs_its_own_id_and_trade_mode_as_well(secret: bytes, hello: Hello, nonce: bytes) -> None:
    signed = struct.pack(
        "<18sB16s16sq64sQB",
        b"companion terminal",
        1,
        hello.client_nonce,
        nonce,
        hello.login,
        hello.server.encode(),
        hello.terminal_id,
        hello.trade_mode,
    )
    challenge = Challenge(version=1, bridge_nonce=nonce, proof=bytes(32))
    assert terminal_proof(secret, hello, challenge) == hmac_by_hand(secret, signed)


@pytest.mark.parametrize(
    "changes",
    [
        {"login": 1},
        {"server": "JustMarkets-Live"},
        {"client_nonce": bytes(range(2, 18))},
        {"terminal_id": 1},
        {"trade_mode": AccountTradeMode.REAL},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_terminals_proof_is_for_one_account_and_one_terminal(changes: dict[str, object]) -> None:
    other = replace(HELLO, **changes)
    assert terminal_proof(SECRET, other, CHALLENGE) != terminal_proof(SECRET, HELLO, CHALLENGE)


def test_neither_proof_stands_for_the_other_nor_for_another_nonce_or_secret() -> None:
    proofs = {
        CHALLENGE.proof,
        challenge_for(SECRET, HELLO, bytes(range(16))).proof,
        challenge_for(b"Shared", HELLO, BRIDGE_NONCE).proof,
        terminal_proof(SECRET, HELLO, CHALLENGE),
        terminal_proof(b"Shared", HELLO, CHALLENGE),
        terminal_proof(SECRET, HELLO, replace(CHALLENGE, bridge_nonce=bytes(range(16)))),
    }
    assert len(proofs) == 6


def test_a_proof_is_all_of_its_bytes() -> None:
    proof = CHALLENGE.proof
    assert is_proof(proof, bytes(proof))
    for place in range(32):
        assert not is_proof(proof, proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :])
    assert not is_proof(proof, proof[:31])
    assert not is_proof(proof, b"")


def test_a_nonce_of_zeros_is_refused() -> None:
    with pytest.raises(WireError, match="random"):
        challenge_for(SECRET, HELLO, bytes(16))
