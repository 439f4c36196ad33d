"""Every event survives the journal's JSON, and what would not is refused before it is written."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import (
    AccountEvent,
    DealBooked,
    EquityMarked,
    EquityTracked,
    EventAhead,
    EventError,
    Flagged,
    FlagKind,
    GuardChanged,
    GuardKind,
    Halted,
    IntentEnded,
    IntentSent,
    OrderGone,
    OrderSeen,
    OverrideKind,
    OverrideLifted,
    OverrideSet,
    PositionGone,
    PositionSeen,
    Reconciled,
    Resumed,
    SymbolsSeen,
    decoded,
    encoded,
    kind_of,
)
from domain.intents import IntentState
from domain.symbols import FillingFlag
from tests.account.samples import (
    NOON_NS,
    deal,
    deposit,
    issued_event,
    order,
    position,
    reported,
    result,
    seen,
    session,
    spec,
)

OLD_SAMPLES: list[AccountEvent] = [
    session(),
    SymbolsSeen(time_ns=NOON_NS, specs=(spec(), spec("XAUUSD.s", filling_flags=FillingFlag.FOK | FillingFlag.IOC))),
    seen(9_999.99, credit=5.0),
    issued_event(),
    IntentSent(time_ns=NOON_NS, intent_id=1, attempt=2),
    *reported(result()),
    IntentEnded(time_ns=NOON_NS, intent_id=1, state=IntentState.UNKNOWN, reason="no word"),
    DealBooked(time_ns=NOON_NS, deal=deal()),
    DealBooked(time_ns=NOON_NS, deal=deposit(100.0), in_balance=True),
    PositionSeen(time_ns=NOON_NS, position=position()),
    PositionGone(time_ns=NOON_NS, position_ticket=401),
    OrderSeen(time_ns=NOON_NS, order=order()),
    OrderGone(time_ns=NOON_NS, order_ticket=450),
    EquityMarked(time_ns=NOON_NS, equity=10_000.5, balance=10_000.0, margin=21.5),
    Flagged(time_ns=NOON_NS, kind=FlagKind.MANUAL_POSITION, subject="position 7", detail="by hand"),
    Reconciled(time_ns=NOON_NS, session=3, adopted=1, resolved=2, flagged=3),
]
# kinds that came after the first schema
SAMPLES: list[AccountEvent] = [
    *OLD_SAMPLES,
    EquityTracked(time_ns=NOON_NS, equity=9_990.0, peak_equity=10_200.0, day_start_equity=10_000.0, broker_day=20_370),
    GuardChanged(
        time_ns=NOON_NS,
        guard=GuardKind.DRAWDOWN,
        level=5,
        value=0.151,
        threshold=0.15,
        equity=8_490.0,
        halts=True,
    ),
    Halted(time_ns=NOON_NS, reason="news", author="ada"),
    Resumed(time_ns=NOON_NS, symbol="", reason="over", author="ada"),
    OverrideSet(
        time_ns=NOON_NS,
        kind=OverrideKind.LIMIT,
        name="entry.risk_fraction",
        symbol="EURUSD.s",
        value=0.005,
        reason="careful",
        author="ada",
        expires_ns=NOON_NS + 1,
    ),
    OverrideLifted(time_ns=NOON_NS, kind=OverrideKind.PAUSE, name="", symbol="", reason="enough", author="ada"),
    EventAhead(time_ns=NOON_NS, event_ns=NOON_NS + 900, currency="USD", name="CPI", impact="high", symbols=("EURUSD",)),
]
# journals of years ago must read: these names are never changed
KINDS = {
    "session_opened",
    "symbols_seen",
    "account_seen",
    "intent_issued",
    "intent_sent",
    "intent_reported",
    "intent_ended",
    "deal_booked",
    "position_seen",
    "position_gone",
    "order_seen",
    "order_gone",
    "equity_marked",
    "equity_tracked",
    "guard_changed",
    "halted",
    "resumed",
    "override_set",
    "override_lifted",
    "event_ahead",
    "flagged",
    "reconciled",
}


@pytest.mark.parametrize("event", SAMPLES, ids=kind_of)
def test_an_event_survives_the_journal(event: AccountEvent) -> None:
    assert decoded(encoded(event)) == event
    assert decoded(encoded(event).decode()) == event


@pytest.mark.parametrize("event", SAMPLES, ids=kind_of)
def test_the_body_names_kind_and_time(event: AccountEvent) -> None:
    body = json.loads(encoded(event))
    assert body["event"] == kind_of(event)
    assert body["time_ns"] == event.time_ns


def test_the_samples_are_all_kinds_and_the_names_stay() -> None:
    assert {kind_of(event) for event in SAMPLES} == KINDS
    assert {member.__struct_config__.tag for member in AccountEvent.__args__} == KINDS


def test_a_field_with_a_default_may_be_missing() -> None:
    body = json.loads(encoded(DealBooked(time_ns=NOON_NS, deal=deal())))
    del body["in_balance"]
    assert decoded(json.dumps(body)) == DealBooked(time_ns=NOON_NS, deal=deal())


def test_a_field_of_a_newer_version_is_ignored() -> None:
    body = json.loads(encoded(PositionGone(time_ns=1, position_ticket=2)))
    assert decoded(json.dumps(body | {"colour": "green"})) == PositionGone(time_ns=1, position_ticket=2)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(number: float) -> None:
    with pytest.raises(EventError, match="not finite"):
        encoded(EquityMarked(time_ns=NOON_NS, equity=number, balance=0.0, margin=0.0))


def test_the_word_null_in_a_comment_is_no_missing_number() -> None:
    event = PositionSeen(time_ns=NOON_NS, position=position(comment='null,"x":null'))
    assert decoded(encoded(event)) == event


def test_half_a_character_is_refused() -> None:
    with pytest.raises(EventError, match="JSON cannot hold"):
        encoded(PositionSeen(time_ns=NOON_NS, position=position(comment="\ud800")))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"event":"position_gone"}',
        b'{"event":"position_gone","time_ns":"1","position_ticket":2}',
        b'{"event":"position_gone","time_ns":1.5,"position_ticket":2}',
        b'{"event":"unheard_of","time_ns":1}',
        b'{"event":"position_gone","time_ns":1,"position_ticket":2',
        b'{"event":"position_gone","time_ns":1,"position_ticket":2}}',
        b"\xff\xfe",
        b'{"event":' + b"[" * 100_000,
    ],
    ids=lambda body: body[:40].decode(errors="replace"),
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(EventError, match="not an account event"):
        decoded(body)


def test_a_specification_that_cannot_be_traded_on_is_refused() -> None:
    body = encoded(SymbolsSeen(time_ns=1, specs=(spec(),))).replace(b'"volume_step":0.01', b'"volume_step":0.0')
    with pytest.raises(EventError, match="volume_step"):
        decoded(body)


@pytest.mark.fuzz
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_and_nothing_else_happens(body: bytes) -> None:
    with pytest.raises(EventError):
        decoded(body)


@pytest.mark.fuzz
@given(st.sampled_from(SAMPLES), st.data())
def test_a_mutated_event_is_read_or_refused(event: AccountEvent, data: st.DataObject) -> None:
    body = bytearray(encoded(event))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = decoded(bytes(body))
    except EventError:
        return
    assert decoded(encoded(read)) == read


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE, FINITE, st.integers(-(2**63), 2**63 - 1))
def test_numbers_keep_every_bit(equity: float, balance: float, time_ns: int) -> None:
    event = EquityMarked(time_ns=time_ns, equity=equity, balance=balance, margin=0.0)
    read: Any = decoded(encoded(event))
    assert (read.equity.hex(), read.balance.hex(), read.time_ns) == (equity.hex(), balance.hex(), time_ns)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives(comment: str) -> None:
    event = PositionSeen(time_ns=NOON_NS, position=position(comment=comment))
    assert decoded(encoded(event)) == event


@given(st.integers(0, 2**64 - 1))
def test_a_64_bit_intent_id_survives(intent_id: int) -> None:
    event = IntentSent(time_ns=NOON_NS, intent_id=intent_id, attempt=1)
    assert decoded(encoded(event)) == event
