"""The declaration against what it must agree with: the protocol's fixed numbers and the domain's own types."""

import msgspec
import pytest

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.intents import Intent, LocalCare
from domain.symbols import SymbolSpec
from domain.trading import AccountSnapshot, Deal, Order, Position
from domain.updates import IntentResult, Money, TradeUpdate
from wire import items, records
from wire.enums import MessageType
from wire.layout import Record
from wire.messages import Bye, CalendarValue, Challenge, Decision, ErrorMessage, Hello, Welcome

SIZES = {
    "WireHeader": 32,
    "WireHello": 198,
    "WireChallenge": 49,
    "WireAuth": 32,
    "WireWelcome": 80,
    "WireSymbols": 0,
    "WireHistory": 14,
    "WireTicks": 42,
    "WireAsk": 42,
    "WireDecision": 97,
    "WireIntent": 168,
    "WireReport": 52,
    "WireSnapshot": 148,
    "WireCalendar": 16,
    "WireHeartbeat": 64,
    "WireError": 135,
    "WireBye": 66,
    "WireSymbol": 335,
    "WireResult": 125,
    "WireDeal": 155,
    "WirePosition": 153,
    "WireOrder": 146,
    "WireGone": 8,
    "WireCalendarValue": 152,
    "WireBridgeProof": 123,
    "WireTerminalProof": 132,
}
"""Added up by hand; a change here is a new protocol version."""

EVERY = (records.HEADER, *records.BODIES.values(), *items.ITEMS, *records.SIGNED)


def names(record: Record) -> set[str]:
    return {field.name for field in record.fields}


def fields(struct: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(struct)}


def test_sizes_are_those_of_version_1() -> None:
    assert {record.name: record.size for record in EVERY} == SIZES


def test_the_header_lies_as_written_in_the_protocol() -> None:
    assert records.HEADER.offsets() == {
        "magic": 0,
        "version": 2,
        "type": 3,
        "flags": 4,
        "items": 6,
        "seq": 8,
        "ack": 12,
        "session": 16,
        "reserved": 20,
        "time_ns": 24,
    }


def test_every_type_has_a_body() -> None:
    assert set(records.BODIES) == set(MessageType)


def test_ask_is_ticks_without_ticks() -> None:
    assert records.ASK.offsets() == records.TICKS.offsets()


def test_metatraders_own_structures_have_sixty_bytes_without_gaps() -> None:
    for dtype in (TICK_DTYPE, RATES_DTYPE):
        assert dtype.itemsize == 60 == sum(dtype[name].itemsize for name in dtype.names or ())
    assert (items.TICK_BYTES, items.RATES_BYTES) == (60, 60)


@pytest.mark.parametrize(
    ("record", "struct"),
    [
        (items.SYMBOL, SymbolSpec),
        (items.RESULT, IntentResult),
        (items.DEAL, Deal),
        (items.POSITION, Position),
        (items.ORDER, Order),
        (items.CALENDAR_VALUE, CalendarValue),
        (records.HELLO, Hello),
        (records.CHALLENGE, Challenge),
        (records.WELCOME, Welcome),
        (records.DECISION, Decision),
        (records.ERROR, ErrorMessage),
        (records.BYE, Bye),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_record_holds_exactly_the_fields_of_its_type(record: Record, struct: type[msgspec.Struct]) -> None:
    assert names(record) == fields(struct)


def test_an_intent_is_all_there_with_its_symbol_as_an_index() -> None:
    assert names(records.INTENT) == fields(Intent) - {"symbol", "care"} | {"symbol_index", "comment"} | fields(
        LocalCare
    )


def test_a_report_counts_every_list_of_an_update() -> None:
    lists = fields(TradeUpdate) - {"money", "complete"}
    assert names(records.REPORT) == lists | fields(Money) | {"time_msc"}
    assert names(records.SNAPSHOT) == {name for name in lists if not name.endswith("gone")} | fields(
        AccountSnapshot
    ) | {
        "part",
        "parts",
    }


@pytest.mark.parametrize("record", EVERY, ids=lambda record: record.name)
def test_every_record_says_what_it_is_for(record: Record) -> None:
    assert record.purpose.endswith(".")
    assert record.name.startswith("Wire")
