import hashlib
import re
import struct

import pytest

from tests.architecture.tree import ROOT
from wire import header
from wire.enums import ErrorCode, MessageType
from wire.reference import DOCUMENT_PATH, with_tables
from wire.states import ENDS, OVER, TRANSITIONS, SessionState

DOCUMENT = (ROOT / DOCUMENT_PATH).read_text(encoding="utf-8")


def test_the_tables_in_the_protocol_document_are_current() -> None:
    assert with_tables(DOCUMENT) == DOCUMENT, "run scripts/generate-wire-header"


def test_writing_the_tables_twice_changes_nothing_more() -> None:
    emptied = re.sub(r"(<!-- generated: \w+ -->\n).*?(<!-- end -->)", r"\1\2", DOCUMENT, flags=re.DOTALL)
    assert len(emptied) < len(DOCUMENT) / 2
    assert with_tables(emptied) == DOCUMENT


@pytest.mark.parametrize("mark", ["<!-- generated: states -->", "<!-- generated: layouts -->"])
def test_a_document_without_a_mark_is_refused(mark: str) -> None:
    with pytest.raises(ValueError, match="must hold the marks"):
        with_tables(DOCUMENT.replace(mark, ""))


@pytest.mark.parametrize("numbers", [MessageType, ErrorCode])
def test_every_number_is_documented(numbers: type[MessageType | ErrorCode]) -> None:
    for number in numbers:
        assert f"| {int(number)} | `{number.name}` |" in DOCUMENT


def test_every_step_is_documented() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.+?) \| `(\w+)` \|$", DOCUMENT, re.MULTILINE)
    documented = {
        (state, sender, trigger, target)
        for state, sender, triggers, target in rows
        for trigger in re.findall(r"`(\w+)`", triggers)
    }
    assert documented == {
        (state.name, sender.name.lower(), trigger.name, target.name)
        for state in SessionState
        if state not in OVER
        for (sender, trigger), target in TRANSITIONS[state].items()
        if trigger not in ENDS
    }


def test_every_offset_is_documented() -> None:
    for record in header.declared():
        assert f"#### {record.name}, {record.size} bytes" in DOCUMENT
        section = DOCUMENT.partition(f"#### {record.name}, ")[2].partition("####")[0]
        for field, offset in record.offsets().items():
            assert f"| {offset} | `{field}` |" in section


def hmac_sha256(secret: bytes, message: bytes) -> str:
    key = secret.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def test_the_example_can_be_worked_out_from_what_is_documented() -> None:
    section = DOCUMENT.partition("<!-- generated: example -->")[2].partition("<!-- end -->")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    values = {name.strip("`"): value.strip('"').removesuffix(" (demo)") for name, value in rows}
    nonces = bytes.fromhex(values["client_nonce"]) + bytes.fromhex(values["bridge_nonce"])
    account = struct.pack("<q64s", int(values["login"]), values["server"].encode())
    secret = values["secret"].encode()
    bridge = b"companion bridge".ljust(18, b"\0") + b"\1" + nonces + account
    assert hmac_sha256(secret, bridge) == values["proof of the bridge"]
    identity = struct.pack("<QB", int(values["terminal_id"]), int(values["trade_mode"]))
    terminal = b"companion terminal" + b"\1" + nonces + account + identity
    assert hmac_sha256(secret, terminal) == values["proof of the terminal"]


@pytest.mark.parametrize(
    "word", [code.name for code in ErrorCode] + ["WANTS_DECISION", "SNAPSHOT_WANTED", "4294967295"]
)
def test_the_prose_explains(word: str) -> None:
    prose = re.sub(r"<!-- generated: .*?<!-- end -->", "", DOCUMENT, flags=re.DOTALL)
    if word != "DUPLICATE_LOGIN":
        assert word in prose
    assert "DUPLICATE_LOGIN" in prose
