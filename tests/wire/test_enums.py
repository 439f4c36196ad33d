"""Numbers that are on the wire, and so on disks and in other people's clients: they may be added to, never changed."""

from enum import IntEnum

import pytest

from domain.intents import IntentKind
from domain.updates import ResultPhase
from wire import enums, records

NUMBERS: dict[type[IntEnum], dict[str, int]] = {
    enums.MessageType: {
        "HELLO": 1,
        "CHALLENGE": 2,
        "AUTH": 3,
        "WELCOME": 4,
        "SYMBOLS": 5,
        "HISTORY": 6,
        "TICKS": 7,
        "ASK": 8,
        "DECISION": 9,
        "INTENT": 10,
        "REPORT": 11,
        "SNAPSHOT": 12,
        "CALENDAR": 13,
        "HEARTBEAT": 14,
        "ERROR": 15,
        "BYE": 16,
    },
    enums.ErrorCode: {
        "BAD_SECRET": 1,
        "BAD_VERSION": 2,
        "DUPLICATE_LOGIN": 3,
        "BAD_FRAME": 4,
        "TOO_LARGE": 5,
        "TOO_FAST": 6,
        "OUT_OF_SEQUENCE": 7,
        "UNKNOWN_SYMBOL": 8,
        "NOT_READY": 9,
        "UNEXPECTED": 10,
        "SILENT": 11,
        "REFUSED": 12,
        "INTERNAL": 13,
    },
    enums.ByeReason: {"STOPPING": 1, "RESTARTING": 2, "REMOVED": 3},
    IntentKind: {"OPEN": 1, "CLOSE": 2, "PARTIAL_CLOSE": 3, "MODIFY": 4, "CANCEL": 5},
    ResultPhase: {"RECEIVED": 1, "EXECUTING": 2, "FINAL": 3},
}


@pytest.mark.parametrize("numbers", NUMBERS, ids=lambda numbers: numbers.__name__)
def test_numbers_are_those_of_version_1(numbers: type[IntEnum]) -> None:
    assert {member.name: int(member) for member in numbers} == NUMBERS[numbers]


def test_flags_are_single_bits_of_the_header_field() -> None:
    flags = {flag.name: int(flag) for flag in enums.FrameFlag}
    assert flags == {"WANTS_DECISION": 1, "READY": 2, "SNAPSHOT_WANTED": 4, "TRADE_ALLOWED": 8, "CONNECTED": 16}


def test_the_magic_number_reads_as_two_letters_from_its_other_end() -> None:
    assert enums.MAGIC == 0x4D43
    assert enums.MAGIC.to_bytes(2, "big") == b"MC"
    assert enums.MAGIC.to_bytes(2, "little") == b"CM"


def test_labels_fit_their_field_and_differ() -> None:
    labels = {enums.BRIDGE_LABEL, enums.TERMINAL_LABEL}
    assert labels == {"companion bridge", "companion terminal"}
    for signed in records.SIGNED:
        assert max(map(len, labels)) == signed.offsets()["version"]
