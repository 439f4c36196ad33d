import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict, replace

from domain.intents import NO_CARE, Intent, IntentKind, LocalCare
from tests.wire.samples import (
    CALENDAR_VALUE,
    DEAL,
    INTENT,
    INTENT_MESSAGE,
    MONEY,
    NAMES,
    NOON_MSC,
    ORDER,
    POSITION,
    REPORT,
    RESULT,
    SAMPLES,
    SNAPSHOT,
    SPEC,
    SYMBOLS,
    UPDATE,
    rates_array,
    same,
)
from wire import codec, items, records
from wire.enums import ErrorCode
from wire.errors import WireError
from wire.layout import Record
from wire.messages import Calendar, History, HistoryRequest, IntentMessage, Message, Report, Snapshot, Symbols
from wire.states import Trigger

BODY_AT = 32


def patched(message: Message, record: Record, **fields: float) -> bytes:
    """The frame of `message` with fields of its body (record given) or of its header overwritten."""
    frame = bytearray(codec.encode(message, symbols=NAMES))
    offset = 0 if record is records.HEADER else BODY_AT
    codes = {field.name: field.kind.code for field in record.fields}
    for name, value in fields.items():
        struct.pack_into("<" + codes[name], frame, offset + record.offsets()[name], value)
    return bytes(frame)


def refused(frame: bytes, match: str) -> WireError:
    with pytest.raises(WireError, match=match) as caught:
        codec.decode(frame, NAMES)
    return caught.value


# ------------------------------------------------------------------------------------------------- symbols, calendar


def test_a_list_of_symbols_must_not_be_empty_nor_name_one_twice() -> None:
    nothing = codec.encode(SYMBOLS)[:BODY_AT]
    refused(nothing[:6] + b"\0\0" + nothing[8:], "name")
    refused(codec.encode(Symbols(specs=(SPEC, SPEC))), "once only")


@pytest.mark.parametrize(
    ("field", "value"),
    [("digits", 9), ("volume_min", 1e9), ("tick_value", 0.0), ("point", 0.1), ("margin_rate_buy", -1.0)],
)
def test_a_symbol_that_cannot_be_traded_on_is_refused_by_name(field: str, value: float) -> None:
    raw = items.SYMBOL.write(asdict(SPEC) | {field: value})
    frame = codec.encode(SYMBOLS)[:BODY_AT] + raw + items.SYMBOL.write(asdict(SYMBOLS.specs[1]))
    problem = refused(frame, field)
    assert problem.code is ErrorCode.BAD_FRAME
    assert SPEC.name in problem.detail


def test_a_calendar_may_be_empty() -> None:
    message = Calendar(server_time_s=5, change_id=6, values=())
    assert codec.decode(codec.encode(message))[1] == message


def test_a_calendar_keeps_its_order() -> None:
    values = tuple(replace(CALENDAR_VALUE, value_id=number) for number in (3, 1, 2))
    message = Calendar(server_time_s=5, change_id=6, values=values)
    assert codec.decode(codec.encode(message))[1] == message


# ----------------------------------------------------------------------------------------------------------- history


@pytest.mark.parametrize(("part", "parts"), [(0, 1), (2, 1), (9, 3)])
def test_parts_of_bars_count_from_one(part: int, parts: int) -> None:
    message = SAMPLES[Trigger.HISTORY]
    refused(patched(message, records.HISTORY, part=part, parts=parts), "part")
    with pytest.raises(WireError, match="part"):
        codec.encode(replace(message, part=part, parts=parts))


def test_an_answer_says_how_many_bars_follow() -> None:
    refused(patched(SAMPLES[Trigger.HISTORY], records.HISTORY, bars=2), "items follow")


def test_an_answer_without_bars_is_an_answer() -> None:
    message = replace(SAMPLES[Trigger.HISTORY], rates=rates_array(0))
    _, heard = codec.decode(codec.encode(message))
    assert same(heard, message)


def test_a_request_asks_for_bars_and_brings_none() -> None:
    request = SAMPLES[Trigger.HISTORY_REQUEST]
    refused(patched(request, records.HISTORY, bars=0), "ask for bars")
    refused(patched(request, records.HISTORY, part=1), "ask for bars")
    refused(patched(SAMPLES[Trigger.HISTORY], records.HISTORY, part=0, parts=0), "send none")
    with pytest.raises(WireError, match="at least one"):
        codec.encode(replace(request, bars=0))


def test_request_and_answer_share_a_type_and_nothing_else() -> None:
    request, answer = SAMPLES[Trigger.HISTORY_REQUEST], SAMPLES[Trigger.HISTORY]
    assert request.type is answer.type
    assert isinstance(codec.decode(codec.encode(request))[1], HistoryRequest)
    assert isinstance(codec.decode(codec.encode(answer))[1], History)


# ----------------------------------------------------------------------------------------------------------- intents

NEEDED = [
    (IntentKind.OPEN, {"side": 1, "volume": 0.1}),
    (IntentKind.CLOSE, {"position_ticket": 5, "volume": 0.1}),
    (IntentKind.PARTIAL_CLOSE, {"position_ticket": 5, "volume": 0.1}),
    (IntentKind.MODIFY, {"position_ticket": 5}),
    (IntentKind.MODIFY, {"order_ticket": 5}),
    (IntentKind.CANCEL, {"order_ticket": 5}),
]
NOTHING = {"side": 0, "volume": 0.0, "position_ticket": 0, "order_ticket": 0}


def bare(kind: IntentKind, fields: dict[str, float]) -> IntentMessage:
    return IntentMessage(intent=replace(INTENT, kind=kind, **(NOTHING | fields)), comment="")


@pytest.mark.parametrize(("kind", "fields"), NEEDED)
def test_an_intent_with_what_it_needs_goes_over_the_wire(kind: IntentKind, fields: dict[str, float]) -> None:
    message = bare(kind, fields)
    assert codec.decode(codec.encode(message, symbols=NAMES), NAMES)[1] == message


@pytest.mark.parametrize(("kind", "fields"), NEEDED)
def test_an_intent_without_what_it_needs_is_refused_both_ways(kind: IntentKind, fields: dict[str, float]) -> None:
    for missing in fields:
        ambiguous = bare(kind, {name: value for name, value in fields.items() if name != missing})
        with pytest.raises(WireError, match=kind.name):
            codec.encode(ambiguous, symbols=NAMES)
        zero = {missing: 0}
        frame = patched(bare(kind, fields), records.INTENT, **zero)
        refused(frame, missing)


def test_an_intent_for_an_index_beyond_the_list_is_refused() -> None:
    frame = codec.encode(INTENT_MESSAGE, symbols=("A", "B", "C", NAMES[0]))
    assert refused(frame, "3 of 2 symbols").code is ErrorCode.UNKNOWN_SYMBOL
    with pytest.raises(WireError, match="0 symbols"):
        codec.decode(frame)


def test_the_index_is_the_place_in_the_list() -> None:
    frame = codec.encode(INTENT_MESSAGE, symbols=("A", "B", NAMES[0]))
    offset = BODY_AT + records.INTENT.offsets()["symbol_index"]
    assert frame[offset : offset + 2] == b"\2\0"
    _, heard = codec.decode(frame, ("A", "B", "C"))
    assert isinstance(heard, IntentMessage)
    assert heard.intent.symbol == "C"


@pytest.mark.parametrize("field", ["price", "sl", "tp", "volume"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
def test_an_intent_with_an_impossible_number_is_refused(field: str, value: float) -> None:
    wrong: Intent = replace(INTENT, **{field: value})
    with pytest.raises(WireError, match=rf"WireIntent\.{field}"):
        codec.encode(IntentMessage(intent=wrong, comment=""), symbols=NAMES)


@pytest.mark.parametrize("field", LocalCare.__struct_fields__)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
def test_instructions_that_could_loosen_a_stop_are_refused_both_ways(field: str, value: float) -> None:
    wrong: Intent = replace(INTENT, care=replace(LocalCare(), **{field: value}))
    with pytest.raises(WireError, match=rf"WireIntent\.{field}"):
        codec.encode(IntentMessage(intent=wrong, comment=""), symbols=NAMES)
    refused(patched(INTENT_MESSAGE, records.INTENT, **{field: value}), field)


def test_an_intent_without_instructions_says_never() -> None:
    message = IntentMessage(intent=replace(INTENT, care=NO_CARE), comment="")
    frame = codec.encode(message, symbols=NAMES)
    assert frame[BODY_AT + 88 : BODY_AT + 128] == bytes(40)
    assert codec.decode(frame, NAMES)[1] == message


# ---------------------------------------------------------------------------------------------- reports and snapshots

REPORTED = ("results", "deals", "positions", "positions_gone", "orders", "orders_gone")


@pytest.mark.parametrize("field", REPORTED)
def test_counts_of_a_report_must_add_up(field: str) -> None:
    refused(patched(REPORT, records.REPORT, **{field: 3}), "add up")


def test_counts_that_add_up_but_fit_other_items_are_refused_by_length() -> None:
    swapped = patched(REPORT, records.REPORT, results=0, deals=2)
    refused(swapped, "length")
    refused(patched(SNAPSHOT, records.SNAPSHOT, orders=0, deals=2), "length")


@pytest.mark.parametrize("field", ["results", "deals", "positions", "orders"])
def test_counts_of_a_snapshot_must_add_up(field: str) -> None:
    refused(patched(SNAPSHOT, records.SNAPSHOT, **{field: 0}), "add up")


def test_a_report_of_nothing_is_a_report() -> None:
    message = Report(time_msc=NOON_MSC, update=replace(UPDATE, results=(), deals=(), positions=(), orders=()))
    frame = codec.encode(message)
    assert len(frame) == BODY_AT + records.REPORT.size
    assert codec.decode(frame)[1] == message


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_positions_and_orders_that_are_gone_are_not_mixed_up(positions: list[int], orders: list[int]) -> None:
    message = replace(REPORT, update=replace(UPDATE, positions_gone=tuple(positions), orders_gone=tuple(orders)))
    assert codec.decode(codec.encode(message))[1] == message


def test_a_report_is_not_complete_and_a_snapshot_is() -> None:
    with pytest.raises(WireError, match="SNAPSHOT"):
        codec.encode(Report(time_msc=1, update=replace(UPDATE, complete=True)))
    with pytest.raises(WireError, match="complete"):
        codec.encode(replace(SNAPSHOT, update=UPDATE))
    with pytest.raises(WireError, match="complete"):
        codec.encode(replace(SNAPSHOT, parts=2))


@pytest.mark.parametrize("gone", ["positions_gone", "orders_gone"])
def test_nothing_is_gone_in_a_snapshot(gone: str) -> None:
    with pytest.raises(WireError, match="gone"):
        codec.encode(replace(SNAPSHOT, update=replace(SNAPSHOT.update, **{gone: (1,)})))


def test_a_snapshot_has_one_balance() -> None:
    with pytest.raises(WireError, match="balance"):
        codec.encode(replace(SNAPSHOT, update=replace(SNAPSHOT.update, money=replace(MONEY, balance=1.0))))


@pytest.mark.parametrize(("part", "parts"), [(0, 0), (0, 1), (2, 1)])
def test_parts_of_a_snapshot_count_from_one(part: int, parts: int) -> None:
    refused(patched(SNAPSHOT, records.SNAPSHOT, part=part, parts=parts), "part")


def test_a_part_is_not_complete() -> None:
    _, heard = codec.decode(codec.encode(SAMPLES[Trigger.SNAPSHOT_PART]))
    assert isinstance(heard, Snapshot)
    assert not heard.update.complete
    assert heard.update.money == MONEY


def test_a_balance_operation_has_no_symbol() -> None:
    deposit = replace(DEAL, symbol="", comment="Deposit \u20ac 500")
    message = replace(REPORT, update=replace(UPDATE, deals=(deposit,)))
    assert codec.decode(codec.encode(message))[1] == message


@pytest.mark.parametrize(
    ("name", "item", "field", "value"),
    [
        ("results", RESULT, "price", float("nan")),
        ("results", RESULT, "phase", 0),
        ("deals", DEAL, "profit", float("inf")),
        ("deals", DEAL, "type", 99),
        ("deals", DEAL, "symbol", "x" * 33),
        ("positions", POSITION, "volume", -1.0),
        ("positions", POSITION, "time_msc", -1),
        ("orders", ORDER, "state", 10),
        ("orders", ORDER, "time_expiration_s", 2**40),
        ("orders", ORDER, "order_ticket", -1),
    ],
)
def test_an_impossible_item_is_refused_by_its_field(name: str, item: Struct, field: str, value: object) -> None:
    wrong = replace(item, **{field: value})
    with pytest.raises(WireError, match=field):
        codec.encode(replace(REPORT, update=replace(UPDATE, **{name: (wrong,)})))
