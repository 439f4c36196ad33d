"""Proof of the shared secret, both ways: each side signs what the other made up, under a label of its own.

The labels differ so that one side's proof cannot be sent back to it as the other's.
"""

import hashlib
import hmac

from wire import records
from wire.enums import BRIDGE_LABEL, PROTOCOL_VERSION, TERMINAL_LABEL
from wire.messages import Challenge, Hello


def challenge_for(secret: bytes, hello: Hello, bridge_nonce: bytes) -> Challenge:
    """What a bridge that knows `secret` answers to `hello`; its proof is HMAC-SHA256 (RFC 2104) of WireBridgeProof.

    Raises:
        WireError: for a nonce that is not 16 bytes, or all zero.
    """
    signed = records.BRIDGE_PROOF.write(
        {
            "label": BRIDGE_LABEL,
            "version": PROTOCOL_VERSION,
            "client_nonce": hello.client_nonce,
            "bridge_nonce": bridge_nonce,
            "login": hello.login,
            "server": hello.server,
        }
    )
    proof = hmac.digest(secret, signed, hashlib.sha256)
    return Challenge(version=PROTOCOL_VERSION, bridge_nonce=bridge_nonce, proof=proof)


def terminal_proof(secret: bytes, hello: Hello, challenge: Challenge) -> bytes:
    """What a terminal that said `hello` answers to `challenge`: HMAC-SHA256 of WireTerminalProof [32 bytes]."""
    signed = records.TERMINAL_PROOF.write(
        {
            "label": TERMINAL_LABEL,
            "version": challenge.version,
            "client_nonce": hello.client_nonce,
            "bridge_nonce": challenge.bridge_nonce,
            "login": hello.login,
            "server": hello.server,
            "terminal_id": hello.terminal_id,
            "trade_mode": hello.trade_mode,
        }
    )
    return hmac.digest(secret, signed, hashlib.sha256)


def is_proof(expected: bytes, given: bytes) -> bool:
    """Whether the two are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(expected, given)
