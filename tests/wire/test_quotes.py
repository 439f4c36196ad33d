"""The hot path must say exactly what the declaration says, only faster."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, astuple, replace

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.updates import Money
from tests.wire.samples import ASK, DECISION, MONEY, NAMES, rates_array, same, tick_array, ticks
from tests.wire.strategies import MESSAGES, tick_arrays
from wire import codec, quotes, records
from wire.enums import NO_GATE
from wire.errors import WireError
from wire.kinds import MAX_PRICE, MAX_TIME_MSC, MAX_TIME_S, MAX_VOLUME, TEXT_BYTES, cut_text
from wire.messages import Ask, Decision, RecordArray, Ticks

BODY_AT = 32
COUNTS = [1, 2, 8, 9, 40]
"""Both sides of the border between a loop and numpy."""

NAN, INF = float("nan"), float("inf")
WRONG: dict[str, list[float]] = {
    "time": [-1, MAX_TIME_S + 1, 2**63 - 1, -(2**63)],
    "time_msc": [-1, MAX_TIME_MSC + 1, 2**63 - 1, -(2**63)],
    "bid": [NAN, -NAN, INF, -INF, -1e-300, MAX_PRICE * 1.001],
    "ask": [NAN, INF, -1.0, 1e300],
    "last": [NAN, INF, -1.0, 1e300],
    "volume_real": [NAN, INF, -1.0, MAX_VOLUME * 1.001],
}
CASES = [(column, value) for column, values in WRONG.items() for value in values]
EDGES: dict[str, list[float]] = {
    "time": [0, MAX_TIME_S],
    "time_msc": [0, MAX_TIME_MSC],
    "bid": [0.0, -0.0, 5e-324, MAX_PRICE],
    "ask": [0.0, MAX_PRICE],
    "last": [0.0, MAX_PRICE],
    "volume": [0, 2**64 - 1],
    "flags": [0, 2**32 - 1],
    "volume_real": [0.0, MAX_VOLUME],
}


def with_value(count: int, place: int, column: str, value: float) -> RecordArray:
    changed = tick_array(count)
    changed[column][place % count] = value
    return changed


def frame_of(tick_records: RecordArray) -> bytes:
    """A frame that nobody checked."""
    sound = codec.encode(replace(ticks(), ticks=tick_array(len(tick_records))))
    return sound[: quotes.TICKS_AT] + tick_records.tobytes()


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(("column", "value"), CASES)
@pytest.mark.parametrize("place", [0, -1])
def test_a_tick_that_cannot_be_is_refused_both_ways(count: int, column: str, value: float, place: int) -> None:
    wrong = with_value(count, place, column, value)
    with pytest.raises(WireError, match=rf"MqlTick\.{column}"):
        codec.decode(frame_of(wrong))
    with pytest.raises(WireError, match=rf"MqlTick\.{column}"):
        codec.encode(replace(ticks(), ticks=wrong))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(("column", "value"), [(column, value) for column, values in EDGES.items() for value in values])
def test_a_tick_at_the_edge_is_heard(count: int, column: str, value: float) -> None:
    edge = with_value(count, count // 2, column, value)
    _, heard = codec.decode(codec.encode(replace(ticks(), ticks=edge)))
    assert isinstance(heard, Ticks)
    assert heard.ticks.tobytes() == edge.tobytes()


@given(tick_arrays())
def test_few_and_many_ticks_are_judged_alike(sound: RecordArray) -> None:
    frame = frame_of(sound)
    assert quotes._few_are_sound(frame, quotes.TICKS_AT, len(sound))
    quotes.check_ticks(frame, quotes.TICKS_AT, len(sound))


@given(st.binary(min_size=60, max_size=600).map(lambda raw: raw[: len(raw) // 60 * 60]))
def test_any_bytes_are_judged_alike_by_the_loop_and_by_numpy(raw: bytes) -> None:
    count = len(raw) // 60
    few, many = quotes._few_are_sound(raw, 0, count), quotes._many_are_sound(raw, 0, count)
    if many:
        assert few
    elif few:  # numpy's quick look refuses a negative zero, and then looks closely
        quotes.check_ticks(raw, 0, count)


def test_a_batch_without_ticks_is_refused() -> None:
    empty = codec.encode(ticks(1))[: quotes.TICKS_AT]
    with pytest.raises(WireError, match="ASK"):
        codec.decode(empty[:6] + b"\0\0" + empty[8:])
    with pytest.raises(WireError, match="ASK"):
        codec.encode(replace(ticks(), ticks=tick_array(0)))


def test_ticks_of_another_layout_are_refused() -> None:
    with pytest.raises(WireError, match="must be"):
        codec.encode(replace(ticks(), ticks=rates_array(1)))


def test_every_other_tick_of_an_array_may_be_sent() -> None:
    sparse = tick_array(20)[::2]
    _, heard = codec.decode(codec.encode(replace(ticks(), ticks=sparse)))
    assert isinstance(heard, Ticks)
    assert np.array_equal(heard.ticks, sparse)


@given(MESSAGES[Ticks])
def test_the_body_of_a_batch_is_what_the_declaration_says(message: Ticks) -> None:
    frame = codec.encode(message)
    declared = records.TICKS.read(frame, BODY_AT)
    assert declared == {
        "symbol_index": message.symbol_index,
        "server_offset_s": message.server_offset_s,
        "batch": message.batch,
        **asdict(message.money),
    }
    assert records.TICKS.write(declared) == frame[BODY_AT : quotes.TICKS_AT]


@given(MESSAGES[Ask])
def test_the_body_of_a_question_is_what_the_declaration_says(message: Ask) -> None:
    declared = records.ASK.write(asdict(message.money) | asdict(message))
    assert codec.encode(message)[BODY_AT:] == declared


@given(MESSAGES[Decision])
def test_a_decision_is_what_the_declaration_says(message: Decision) -> None:
    assert codec.encode(message)[BODY_AT:] == records.DECISION.write(asdict(message))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"symbol_index": -1}, "symbol_index"),
        ({"symbol_index": 65536}, "symbol_index"),
        ({"batch": 2**32}, "batch"),
        ({"batch": None}, "batch"),
        ({"server_offset_s": 86_401}, "server_offset_s"),
        ({"server_offset_s": "2 h"}, "server_offset_s"),
        ({"money": replace(MONEY, balance=NAN)}, "balance"),
        ({"money": replace(MONEY, equity=INF)}, "equity"),
        ({"money": replace(MONEY, margin=-INF)}, "margin"),
        ({"money": replace(MONEY, margin_free=None)}, "margin_free"),
    ],
)
@pytest.mark.parametrize("message", [ticks(), ASK], ids=["ticks", "ask"])
def test_a_batch_that_cannot_be_written_names_its_field(
    message: Ticks | Ask, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(WireError, match=rf"WireTicks\.{field}"):
        codec.encode(replace(message, **changes))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"score": NAN}, "score"),
        ({"score": 1e7}, "score"),
        ({"score": None}, "score"),
        ({"decided_ns": -1}, "decided_ns"),
        ({"timeframe": 7}, "timeframe"),
        ({"batch": -1}, "batch"),
        ({"action": 256}, "action"),
        ({"gates_passed": 1.5}, "gates_passed"),
        ({"first_refusing_gate": 65536}, "first_refusing_gate"),
        ({"intents_following": -1}, "intents_following"),
    ],
)
def test_a_decision_that_cannot_be_written_names_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(WireError, match=rf"WireDecision\.{field}"):
        codec.encode(replace(DECISION, **changes))


def test_amounts_whose_sum_overflows_are_still_amounts() -> None:
    rich = Money(balance=1.7e308, equity=1.7e308, margin=0.0, margin_free=0.0)
    for message in (replace(ticks(), money=rich), replace(ASK, money=rich)):
        _, heard = codec.decode(codec.encode(message))
        assert same(heard, message)


@pytest.mark.parametrize("amount", [NAN, INF, -INF])
@pytest.mark.parametrize("field", ["balance", "equity", "margin", "margin_free"])
def test_an_amount_that_cannot_be_is_refused_on_reading(field: str, amount: float) -> None:
    for record, message in ((records.TICKS, ticks()), (records.ASK, ASK)):
        frame = bytearray(codec.encode(message))
        offset = BODY_AT + record.offsets()[field]
        frame[offset : offset + 8] = np.float64(amount).tobytes()
        with pytest.raises(WireError, match=field):
            codec.decode(bytes(frame))


def test_a_long_reason_is_cut() -> None:
    _, heard = codec.decode(codec.encode(replace(DECISION, text="spread 31 points > 30 " * 9)))
    assert isinstance(heard, Decision)
    assert len(heard.text) == 64


@pytest.mark.parametrize(
    ("column", "value"), [("time", -1), ("open", NAN), ("high", INF), ("low", -1.0), ("close", 1e13), ("high", 1.0)]
)
def test_a_bar_that_cannot_be_is_refused(column: str, value: float) -> None:
    bars = rates_array(5)
    bars[column][3] = value
    with pytest.raises(WireError, match=rf"MqlRates\.{column}"):
        quotes.checked_rates(bars.tobytes(), 0, 5)


def test_bars_are_a_view() -> None:
    raw = rates_array(5).tobytes()
    view = quotes.checked_rates(raw, 0, 5)
    assert view.dtype == RATES_DTYPE
    assert np.shares_memory(view, np.frombuffer(raw, np.uint8))
    assert len(quotes.checked_rates(raw, 0, 0)) == 0


def offsets_of(dtype: np.dtype[np.void]) -> dict[str, int]:
    return {name: field[1] for name, field in (dtype.fields or {}).items()}


def test_the_loop_and_the_columns_lie_where_metatrader_puts_them() -> None:
    assert quotes._TICK.size == quotes._UNSIGNED_TICK.itemsize == TICK_DTYPE.itemsize == 60
    offsets, quick = offsets_of(TICK_DTYPE), offsets_of(quotes._UNSIGNED_TICK)
    assert quick["prices"] == offsets["bid"] == offsets["ask"] - 8 == offsets["last"] - 16
    assert (quick["time"], quick["time_msc"], quick["real"]) == (0, offsets["time_msc"], offsets["volume_real"])


# -- the shorter way of a lone tick ------------------------------------------------------------------------------------


def lone(**changed: float) -> bytes:
    """A frame with one tick that wants a decision."""
    tick_records = tick_array(1)
    for column, value in changed.items():
        tick_records[column] = value
    return codec.encode(replace(ticks(), ticks=tick_records, wants_decision=True), seq=3, ack=2, session=9)


def test_a_lone_tick_says_what_its_message_says() -> None:
    frame = lone()
    tick, (header, message) = quotes.lone_tick(frame), codec.decode(frame)
    assert tick is not None
    assert isinstance(message, Ticks)
    assert (tick.seq, tick.ack, tick.session) == (header.seq, header.ack, header.session)
    assert (tick.symbol_index, tick.server_offset_s, tick.batch) == (
        message.symbol_index,
        message.server_offset_s,
        message.batch,
    )
    told_money = tick.balance, tick.equity, tick.margin, tick.margin_free
    assert told_money == astuple(message.money)
    told = (tick.time, tick.bid, tick.ask, tick.last, tick.volume, tick.time_msc, tick.flags, tick.volume_real)
    assert told == message.ticks[0].item()


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, values in EDGES.items() for value in values])
def test_a_lone_tick_at_the_edge_is_taken(column: str, value: float) -> None:
    assert quotes.lone_tick(lone(**{column: value})) is not None


@pytest.mark.parametrize(("column", "value"), CASES)
def test_a_lone_tick_that_cannot_be_is_left_to_the_usual_way(column: str, value: float) -> None:
    frame = lone()[: quotes.TICKS_AT] + with_value(1, 0, column, value).tobytes()
    assert quotes.lone_tick(frame) is None


@given(message=st.one_of(*MESSAGES.values()))
def test_only_a_lone_tick_is_one(message: object) -> None:
    is_lone = isinstance(message, Ticks) and len(message.ticks) == 1 and message.wants_decision
    frame = codec.encode(message, symbols=NAMES)  # type: ignore[arg-type]  # any message
    assert (quotes.lone_tick(frame) is not None) == is_lone


@given(byte=st.integers(0, len(lone()) - 1), value=st.integers(0, 255), cut=st.integers(0, 3))
def test_the_shorter_way_never_takes_what_the_usual_one_refuses(byte: int, value: int, cut: int) -> None:
    frame = bytearray(lone())
    frame[byte] = value
    wrong = bytes(frame[: len(frame) - cut])
    tick = quotes.lone_tick(wrong)
    try:
        header, message = codec.decode(wrong)
    except WireError:
        assert tick is None or tick.seq == 0  # the session compares seq itself
        return
    if tick is not None:
        assert isinstance(message, Ticks)
        assert (tick.seq, tick.bid, tick.batch) == (header.seq, float(message.ticks["bid"][0]), message.batch)


@given(text=st.text(max_size=90), decided_ns=st.integers(0, 10**18), seq=st.integers(1, 2**32 - 1))
def test_the_answer_is_the_frame_of_its_message(text: str, decided_ns: int, seq: int) -> None:
    tick = quotes.lone_tick(lone())
    assert tick is not None
    words = cut_text(text, TEXT_BYTES)
    frame = quotes.watching_frame(tick, decided_ns, words, seq=seq, session=9, time_ns=77)
    nothing_done = replace(
        DECISION,
        score=0.0,
        decided_ns=decided_ns,
        batch=tick.batch,
        symbol_index=tick.symbol_index,
        timeframe=0,
        action=0,
        gates_passed=0,
        gates_refused=0,
        first_refusing_gate=NO_GATE,
        intents_following=0,
        text=words.decode(),
    )
    assert frame == codec.encode(nothing_done, seq=seq, ack=tick.seq, session=9, time_ns=77)
