"""The live wire as JSON lines, without a secret on any of them."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.introductions import TerminalInfo
from bridge.records import Entry, EntryKind
from bridge.tap import line_of, tap_lines
from sim.session_host import run_terminal
from tests.bridge.floor import HELLO, MONEY, SECRET, Market, some_ticks
from tests.bridge.running import a_config, a_terminal, serving
from wire.codec import encode
from wire.enums import MessageType
from wire.messages import Auth, Heartbeat, Ticks

pytestmark = pytest.mark.integration

MARKET = Market(ticks=300)
INFO = TerminalInfo(account="a:1", terminal_id="7", session=3, symbols=("EURUSD",), names=("EURUSD",))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    config = a_config(folder)
    with serving(config) as served:
        run_terminal(a_terminal(folder, served.endpoint, MARKET))
    return config.data_dir


def lines(data_dir: Path, from_seq: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tap_lines(data_dir, from_seq=from_seq)]


def an_entry(payload: bytes, kind: EntryKind = EntryKind.INBOUND) -> Entry:
    return Entry(kind, 0, 1, 9, 5, 1_700_000_000_123_456_789, payload)


def test_every_frame_is_a_line(data_dir: Path) -> None:
    found = lines(data_dir)
    types = {line["type"] for line in found}
    assert {"HELLO", "CHALLENGE", "AUTH", "WELCOME", "SYMBOLS", "SNAPSHOT", "HISTORY", "TICKS", "DECISION"} <= types
    assert {"INTENT", "REPORT", "BYE"} <= types
    assert [line["seq"] for line in found] == sorted(line["seq"] for line in found)
    assert all("unreadable" not in line for line in found)
    intent = next(line for line in found if line["type"] == "INTENT")
    assert intent["direction"] == "out"
    assert intent["fields"]["intent"]["symbol"] == "EURUSD"
    assert intent["account"] == "Test-Demo:5000001"


def test_no_secret_is_on_any_line(data_dir: Path) -> None:
    whole = "".join(tap_lines(data_dir))
    assert SECRET.decode() not in whole
    for line in lines(data_dir):
        for name in ("proof", "client_nonce", "bridge_nonce"):
            assert line["fields"].get(name, "redacted") == "redacted"


@pytest.mark.parametrize("kind", ["AUTH", "HELLO", "CHALLENGE"])
def test_handshakes_are_shown_without_proofs(data_dir: Path, kind: str) -> None:
    line = next(line for line in lines(data_dir) if line["type"] == kind)
    assert "redacted" in line["fields"].values()


def test_it_begins_where_it_is_told(data_dir: Path) -> None:
    assert lines(data_dir, from_seq=50)[0]["seq"] >= 50


def test_it_follows_until_it_is_told_to_stop(data_dir: Path) -> None:
    stop = threading.Event()
    found = 0
    for _ in tap_lines(data_dir, follow=True, stop=stop):
        found += 1
        if found == 10:
            stop.set()
    assert found == len(lines(data_dir))


def test_ticks_are_rows_with_names() -> None:
    ticks = some_ticks(0, 5)
    message = Ticks(symbol_index=0, batch=4, server_offset_s=0, wants_decision=True, money=MONEY, ticks=ticks)
    line = json.loads(line_of(an_entry(encode(message)), INFO))
    assert line["symbol"] == "EURUSD"
    assert line["time"] == "2023-11-14T22:13:20.123456789"
    assert [row["bid"] for row in line["fields"]["ticks"]] == ticks["bid"].tolist()
    assert line["fields"]["money"]["equity"] == MONEY.equity


@pytest.mark.parametrize(
    ("payload", "kind"), [(b"noise", "UNKNOWN"), (encode(Heartbeat())[:-3], "HEARTBEAT"), (b"", "UNKNOWN")]
)
def test_what_cannot_be_read_says_why(payload: bytes, kind: str) -> None:
    line = json.loads(line_of(an_entry(payload), None))
    assert line["type"] == kind
    assert line["unreadable"]


def test_proofs_of_strangers_are_not_shown_either() -> None:
    line = json.loads(line_of(an_entry(encode(Auth(proof=bytes(range(32))))), None))
    assert line["fields"] == {"proof": "redacted"}
    line = json.loads(line_of(an_entry(encode(HELLO)), None))
    assert line["fields"]["client_nonce"] == "redacted"
    assert line["fields"]["login"] == HELLO.login


def test_every_type_has_a_name() -> None:
    assert {json.loads(line_of(an_entry(encode(Heartbeat())), INFO))["type"]} <= {kind.name for kind in MessageType}
    assert np.datetime64(0, "ns") == np.datetime64("1970-01-01")
