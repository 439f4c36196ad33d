"""A client written from docs/wire-protocol.md alone, with `struct` and numbers from there, against our bridge."""

import hashlib
import hmac
import struct
from collections.abc import Iterator

import pytest

from domain.timeframes import Timeframe
from tests.wire.link import SECRET
from tests.wire.samples import BRIDGE_NONCE, DECISION, INTENT_MESSAGE, WELCOME
from wire.errors import RemoteProtocolError
from wire.messages import Ask, Auth, Bye, Heartbeat, Hello, History, Message, Report, Snapshot, Symbols, Ticks
from wire.session import BridgeSession
from wire.states import SessionState

NOW = 5_000_000_000
NONCE = bytes.fromhex("00112233445566778899aabbccddeeff")
LOGIN, SERVER, TERMINAL_ID = 700_700, b"Broker-Demo", 0x0102030405060708
MONEY = (5000.0, 5001.5, 10.0, 4991.5)
NOON_S = 1_767_960_000


class BookClient:
    """Counts, and puts a header before a body."""

    def __init__(self) -> None:
        self.seq = 0
        self.ack = 0
        self.session = 0

    def frame(self, kind: int, body: bytes, items: int = 0, flags: int = 0) -> bytes:
        self.seq += 1
        head = struct.pack("<HBBHHIIIIq", 0x4D43, 1, kind, flags, items, self.seq, self.ack, self.session, 0, 0)
        return head + body

    def heard(self, frame: bytes, unaccepted: int = 0) -> tuple[int, bytes]:
        magic, version, kind, _, _, seq, ack, session, reserved, _ = struct.unpack_from("<HBBHHIIIIq", frame)
        assert (magic, version, reserved) == (0x4D43, 1, 0)
        assert (seq, ack, session) == (self.ack + 1, self.seq - unaccepted, self.session)
        self.ack = seq
        return kind, frame[32:]


def hello() -> bytes:
    numbers = struct.pack("<6B3IiqqQ", 1, 1, 2, 0, 1, 2, 1, 5000, 500, 7200, LOGIN, 77, TERMINAL_ID)
    return numbers + NONCE + struct.pack("<64s64s8s", SERVER, b"Broker Ltd.", b"USD")


def signed(label: bytes, bridge_nonce: bytes, more: bytes = b"") -> bytes:
    content = struct.pack("<18sB16s16sq64s", label, 1, NONCE, bridge_nonce, LOGIN, SERVER) + more
    return hmac.new(SECRET, content, hashlib.sha256).digest()


def symbol(name: bytes) -> bytes:
    names = struct.pack("<32s8s8s8s", name, b"EUR", b"USD", b"EUR")
    amounts = struct.pack("<6d", 1e-5, 1e-5, 1.0, 1.0, 1.0, 100_000.0)
    volumes = struct.pack("<4d", 0.01, 100.0, 0.01, 0.0)
    swaps_and_margins = struct.pack("<7d", -7.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0)
    modes = struct.pack("<2I7B", 0, 0, 5, 0, 4, 2, 1, 1, 3)
    return names + amounts + volumes + swaps_and_margins + modes + struct.pack("<32I", 86_400, 172_800, *[0] * 30)


def deal() -> bytes:
    tickets = struct.pack("<3Qqq", 11, 12, 13, 77, NOON_S * 1000)
    return tickets + struct.pack(
        "<6d3B32s32s", 0.1, 1.1, 0.0, 0.0, -0.3, 0.0, 0, 0, 3, b"EURUSD", b"CMP0000000000000005"
    )


def position() -> bytes:
    tickets = struct.pack("<2Q3q", 12, 13, 77, NOON_S * 1000, NOON_S * 1000)
    return tickets + struct.pack("<6dB32s32s", 0.1, 1.1, 1.09, 1.12, 0.0, 1.5, 0, b"EURUSD", b"CMP0000000000000005")


def snapshot() -> bytes:
    amounts = struct.pack("<q5dq", LOGIN, 5000.0, 0.0, 5001.5, 10.0, 4991.5, NOON_S * 1000)
    counts = struct.pack("<I6H4B", 500, 0, 1, 1, 0, 1, 1, 2, 0, 1, 2)
    return amounts + counts + struct.pack("<64s8s", SERVER, b"USD") + deal() + position()


def bar(number: int) -> bytes:
    return struct.pack("<q4dQiQ", NOON_S + 60 * number, 1.1, 1.2, 1.0, 1.15, 40, 9, 0)


def tick(number: int) -> bytes:
    return struct.pack("<q3dQqId", NOON_S, 1.1, 1.10002, 0.0, 0, NOON_S * 1000 + number, 6, 0.0)


def heartbeat() -> bytes:
    return struct.pack("<2q4dQiI", NOON_S, NOON_S - 7200, *MONEY, 3, 7200, 12)


def report() -> bytes:
    body = struct.pack("<q4d6H", NOON_S * 1000, *MONEY, 1, 0, 0, 1, 0, 0)
    text = b"Request executed"
    result = struct.pack("<4Q2dqIB64s", 0xABCDEF0123456789, 21, 22, 23, 0.1, 1.10002, NOON_S * 1000, 10009, 3, text)
    return body + result + struct.pack("<Q", 499)


@pytest.fixture
def bridge() -> BridgeSession:
    return BridgeSession(SECRET, NOW)


@pytest.fixture
def client(bridge: BridgeSession) -> BookClient:
    """A client that has been welcomed."""
    book = BookClient()
    assert isinstance(said(bridge, book.frame(1, hello())), Hello)
    kind, challenge = book.heard(bridge.challenge(BRIDGE_NONCE, NOW))
    assert (kind, len(challenge), challenge[0]) == (2, 49, 1)
    assert challenge[17:] == signed(b"companion bridge", challenge[1:17])
    identity = struct.pack("<QB", TERMINAL_ID, 0)
    auth = book.frame(3, signed(b"companion terminal", challenge[1:17], identity))
    assert isinstance(said(bridge, auth), Auth)
    kind, welcome = book.heard(bridge.send(WELCOME, NOW))
    assert (kind, len(welcome)) == (4, 80)
    book.session, heartbeat_ms, silence_ms = struct.unpack_from("<3I", welcome)
    assert (book.session, heartbeat_ms, silence_ms) == (41, 1000, 5000)
    assert struct.unpack_from("<8i", welcome, 48) == (1, 0x4001, 0, 0, 0, 0, 0, 0)
    return book


def said(bridge: BridgeSession, frame: bytes) -> Message:
    (message,) = bridge.receive(frame, NOW)
    return message


def warm_up(book: BookClient) -> Iterator[bytes]:
    yield book.frame(5, symbol(b"EURUSD") + symbol(b"EURUSD.x"), items=2)
    yield book.frame(12, snapshot(), items=2)
    yield book.frame(6, struct.pack("<3HiI", 1, 1, 1, 0x4001, 2) + bar(0) + bar(60), items=2)
    yield book.frame(14, heartbeat(), flags=2 | 8 | 16)


def test_the_book_leads_a_client_into_a_live_session(bridge: BridgeSession, client: BookClient) -> None:
    symbols, whole, history, ready = [said(bridge, frame) for frame in warm_up(client)]
    assert isinstance(symbols, Symbols)
    assert [spec.name for spec in symbols.specs] == ["EURUSD", "EURUSD.x"]
    assert symbols.specs[0].sessions == ((86_400, 172_800),)
    assert isinstance(whole, Snapshot)
    assert whole.account.equity == 5001.5
    assert (whole.update.deals[0].commission, whole.update.positions[0].tp) == (-0.3, 1.12)
    assert isinstance(history, History)
    assert (history.timeframe, list(history.rates["time"])) == (Timeframe.H1, [NOON_S, NOON_S + 3600])
    assert isinstance(ready, Heartbeat)
    assert (ready.ready, ready.connected, ready.snapshot_wanted, ready.ping_ms) == (True, True, False, 12)
    assert bridge.state is SessionState.LIVE


def test_the_book_explains_quotes_questions_and_reports(bridge: BridgeSession, client: BookClient) -> None:
    for frame in warm_up(client):
        said(bridge, frame)
    batch = struct.pack("<HiI4d", 0, 7200, 1, *MONEY)
    quotes = said(bridge, client.frame(7, batch + tick(0) + tick(1), items=2, flags=1))
    assert isinstance(quotes, Ticks)
    assert (quotes.wants_decision, list(quotes.ticks["ask"])) == (True, [1.10002, 1.10002])
    assert isinstance(said(bridge, client.frame(8, batch)), Ask)
    changes = said(bridge, client.frame(11, report(), items=2))
    assert isinstance(changes, Report)
    assert changes.update.results[0].text == "Request executed"
    assert changes.update.positions_gone == (499,)
    assert isinstance(said(bridge, client.frame(16, struct.pack("<H64s", 3, b"removed"))), Bye)


def test_the_book_explains_decisions_and_intents(bridge: BridgeSession, client: BookClient) -> None:
    for frame in [client.frame(5, symbol(b"EURUSD.m"), items=1), client.frame(12, snapshot(), items=2)]:
        said(bridge, frame)
    said(bridge, client.frame(14, heartbeat(), flags=2))
    kind, decision = client.heard(bridge.send(DECISION, NOW))
    assert (kind, len(decision)) == (9, 97)
    score, _, batch, timeframe, *_ = struct.unpack_from("<dqIi", decision)
    assert (score, batch, timeframe, decision[33:].rstrip(b"\0")) == (-0.31, 7, 15, b"confluence 0.31 < 0.50")
    kind, intent = client.heard(bridge.send(INTENT_MESSAGE, NOW))
    assert (kind, len(intent)) == (10, 168)
    assert struct.unpack_from("<Q", intent)[0] == INTENT_MESSAGE.intent.intent_id
    assert struct.unpack_from("<4d", intent, 56) == (0.1, 1.10001, 1.098, 1.104)
    assert struct.unpack_from("<5d", intent, 88) == (0.002, 0.0001, 0.003, 0.0025, 0.00012)
    assert struct.unpack_from("<IHBb", intent, 128) == (20, 0, 1, 1)
    assert intent[136:].rstrip(b"\0") == INTENT_MESSAGE.comment.encode()


def test_the_book_says_how_a_stranger_is_turned_away(bridge: BridgeSession) -> None:
    book = BookClient()
    said(bridge, book.frame(1, hello()))
    book.heard(bridge.challenge(BRIDGE_NONCE, NOW))
    with pytest.raises(RemoteProtocolError) as caught:
        bridge.receive(book.frame(3, bytes(32)), NOW)
    kind, error = book.heard(caught.value.answer, unaccepted=1)
    code, fatal, ref_seq = struct.unpack_from("<HBI", error)
    assert (kind, code, fatal, ref_seq) == (15, 1, 1, 2)
    assert b"secret" in error[7:]
