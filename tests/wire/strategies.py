"""Any message that may be on the wire, for Hypothesis."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.intents import Intent, IntentKind, LocalCare
from domain.symbols import CalcMode, ExecutionMode, FillingFlag, SwapMode, SymbolSpec, SymbolTradeMode
from domain.timeframes import WEEK_S, Timeframe
from domain.trading import (
    AccountSnapshot,
    AccountTradeMode,
    Deal,
    DealEntry,
    DealReason,
    DealType,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Position,
    PositionType,
)
from domain.updates import IntentResult, Money, ResultPhase, TradeUpdate
from tests.wire.samples import NAMES
from wire.enums import ByeReason, ErrorCode
from wire.kinds import MAX_TIME_MSC, MAX_TIME_NS, MAX_TIME_S
from wire.messages import (
    Ask,
    Auth,
    Bye,
    Calendar,
    CalendarValue,
    Challenge,
    Decision,
    ErrorMessage,
    Heartbeat,
    Hello,
    History,
    HistoryRequest,
    IntentMessage,
    Message,
    RecordArray,
    Report,
    Snapshot,
    Symbols,
    Ticks,
    Welcome,
)


def numbers(bits: int) -> SearchStrategy[int]:
    """Unsigned."""
    return st.integers(0, 2**bits - 1)


def signed(bits: int) -> SearchStrategy[int]:
    """Two's complement."""
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def printable(limit: int, smallest: int = 0) -> SearchStrategy[str]:
    """Names that fit."""
    letters = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))
    return st.text(letters, min_size=smallest, max_size=limit).filter(lambda text: len(text.encode()) <= limit)


def words(limit: int) -> SearchStrategy[str]:
    """Words that fit, with anything in them but zero bytes."""
    letters = st.characters(codec="utf-8", exclude_characters="\0")
    return st.text(letters, max_size=limit).filter(lambda text: len(text.encode()) <= limit)


FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
AMOUNTS = st.floats(-1e15, 1e15)
PRICES = st.floats(0.0, 1e12)
POSITIVE = st.floats(1e-9, 1e9)
TICKETS = numbers(64)
TIMES_MSC = st.integers(0, MAX_TIME_MSC)
TIMES_S = st.integers(0, MAX_TIME_S)
TIMES_NS = st.integers(0, MAX_TIME_NS)
OFFSETS = st.integers(-86_400, 86_400)
NONCES = st.binary(min_size=16, max_size=16).filter(any)
PROOFS = st.binary(min_size=32, max_size=32)
MONEY = st.builds(Money, balance=AMOUNTS, equity=AMOUNTS, margin=AMOUNTS, margin_free=AMOUNTS)
TIMEFRAMES = st.sampled_from(Timeframe)
INDEXES = st.integers(0, len(NAMES) - 1)


@st.composite
def specs(draw: st.DrawFn, name: str) -> SymbolSpec:
    """A symbol that MT5 could report."""
    digits = draw(st.integers(0, 8))
    edges = sorted(draw(st.sets(st.integers(0, WEEK_S), max_size=32)))
    smallest, largest = sorted((draw(POSITIVE), draw(POSITIVE)))
    numbers_of = {
        field: draw(POSITIVE) for field in ("tick_size", "tick_value", "contract_size", "volume_step", "volume_limit")
    }
    return SymbolSpec(
        name=name,
        digits=digits,
        point=10.0**-digits,
        tick_value_profit=draw(FINITE),
        tick_value_loss=draw(FINITE),
        volume_min=smallest,
        volume_max=largest,
        stops_level_points=draw(numbers(32)),
        freeze_level_points=draw(numbers(32)),
        calc_mode=draw(st.sampled_from(CalcMode)),
        trade_mode=draw(st.sampled_from(SymbolTradeMode)),
        execution_mode=draw(st.sampled_from(ExecutionMode)),
        filling_flags=FillingFlag(draw(st.integers(0, 7))),
        swap_mode=draw(st.sampled_from(SwapMode)),
        swap_long=draw(FINITE),
        swap_short=draw(FINITE),
        swap_rollover3days=draw(st.integers(0, 6)),
        currency_base=draw(printable(8)),
        currency_profit=draw(printable(8)),
        currency_margin=draw(printable(8)),
        margin_initial=draw(POSITIVE),
        margin_maintenance=draw(FINITE),
        margin_hedged=draw(POSITIVE),
        margin_rate_buy=draw(POSITIVE),
        margin_rate_sell=draw(POSITIVE),
        sessions=tuple(zip(edges[::2], edges[1::2], strict=False)),
        **numbers_of,
    )


@st.composite
def tick_arrays(draw: st.DrawFn, limit: int = 40) -> RecordArray:
    """Quotes with any allowed number in them."""
    count = draw(st.integers(1, limit))
    rows = [
        (
            draw(TIMES_S),
            draw(PRICES),
            draw(PRICES),
            draw(PRICES),
            draw(numbers(64)),
            draw(TIMES_MSC),
            draw(numbers(32)),
            draw(PRICES),
        )
        for _ in range(count)
    ]
    return np.array(rows, TICK_DTYPE)


@st.composite
def rates_arrays(draw: st.DrawFn, limit: int = 12) -> RecordArray:
    """Bars whose high is not below their low."""
    rows = []
    for _ in range(draw(st.integers(0, limit))):
        low, high = sorted((draw(PRICES), draw(PRICES)))
        volumes = draw(numbers(64)), draw(signed(32)), draw(numbers(64))
        rows.append((draw(TIMES_S), draw(PRICES), high, low, draw(PRICES), *volumes))
    return np.array(rows, RATES_DTYPE)


@st.composite
def intents(draw: st.DrawFn) -> Intent:
    """Intents that name what their kind needs."""
    ticket = st.integers(1, 2**64 - 1)
    return Intent(
        intent_id=draw(TICKETS),
        kind=draw(st.sampled_from(IntentKind)),
        symbol=draw(st.sampled_from(NAMES)),
        side=draw(st.sampled_from((1, -1))),
        volume=draw(POSITIVE),
        price=draw(PRICES),
        sl=draw(PRICES),
        tp=draw(PRICES),
        position_ticket=draw(ticket),
        order_ticket=draw(ticket),
        magic=draw(signed(64)),
        deviation_points=draw(numbers(32)),
        signal_id=draw(TICKETS),
        decided_ns=draw(TIMES_NS),
        expires_ns=draw(TIMES_NS),
        care=LocalCare(**{field: draw(PRICES) for field in LocalCare.__struct_fields__}),
    )


RESULTS = st.builds(
    IntentResult,
    intent_id=TICKETS,
    phase=st.sampled_from(ResultPhase),
    retcode=numbers(32),
    order_ticket=TICKETS,
    deal_ticket=TICKETS,
    position_ticket=TICKETS,
    volume=PRICES,
    price=PRICES,
    time_msc=TIMES_MSC,
    text=words(64),
)
DEALS = st.builds(
    Deal,
    deal_ticket=TICKETS,
    order_ticket=TICKETS,
    position_id=TICKETS,
    symbol=printable(32),
    type=st.sampled_from(DealType),
    entry=st.sampled_from(DealEntry),
    reason=st.sampled_from(DealReason),
    magic=signed(64),
    volume=PRICES,
    price=PRICES,
    profit=AMOUNTS,
    swap=AMOUNTS,
    commission=AMOUNTS,
    fee=AMOUNTS,
    time_msc=TIMES_MSC,
    comment=words(32),
)
POSITIONS = st.builds(
    Position,
    position_ticket=TICKETS,
    position_id=TICKETS,
    symbol=printable(32),
    type=st.sampled_from(PositionType),
    magic=signed(64),
    volume=PRICES,
    price_open=PRICES,
    sl=PRICES,
    tp=PRICES,
    swap=AMOUNTS,
    profit=AMOUNTS,
    time_msc=TIMES_MSC,
    time_update_msc=TIMES_MSC,
    comment=words(32),
)
ORDERS = st.builds(
    Order,
    order_ticket=TICKETS,
    symbol=printable(32),
    type=st.sampled_from(OrderType),
    state=st.sampled_from(OrderState),
    magic=signed(64),
    position_id=TICKETS,
    volume_initial=PRICES,
    volume_current=PRICES,
    price_open=PRICES,
    sl=PRICES,
    tp=PRICES,
    time_setup_msc=TIMES_MSC,
    time_expiration_s=TIMES_S,
    comment=words(32),
)


def several(items: SearchStrategy[Any]) -> SearchStrategy[tuple[Any, ...]]:
    """A few."""
    return st.lists(items, max_size=3).map(tuple)


LISTS = {
    "results": several(RESULTS),
    "deals": several(DEALS),
    "positions": several(POSITIONS),
    "orders": several(ORDERS),
}
CHANGES = st.builds(TradeUpdate, money=MONEY, positions_gone=several(TICKETS), orders_gone=several(TICKETS), **LISTS)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A whole one, or a part."""
    money = draw(MONEY)
    parts = draw(st.integers(1, 0xFFFF))
    account = AccountSnapshot(
        login=draw(signed(64)),
        server=draw(printable(64)),
        currency=draw(printable(8)),
        currency_digits=draw(numbers(8)),
        leverage=draw(numbers(32)),
        margin_mode=draw(st.sampled_from(MarginMode)),
        trade_mode=draw(st.sampled_from(AccountTradeMode)),
        trade_allowed=draw(st.booleans()),
        balance=money.balance,
        credit=draw(AMOUNTS),
        equity=money.equity,
        margin=money.margin,
        margin_free=money.margin_free,
        time_msc=draw(TIMES_MSC),
    )
    update = TradeUpdate(money=money, complete=parts == 1, **{name: draw(items) for name, items in LISTS.items()})
    return Snapshot(account=account, update=update, part=draw(st.integers(1, parts)), parts=parts)


FIGURES = st.none() | st.integers(-(2**63) + 1, 2**63 - 1)
CALENDAR_VALUES = st.builds(
    CalendarValue,
    value_id=TICKETS,
    event_id=TICKETS,
    time_s=TIMES_S,
    period_s=signed(64),
    revision=signed(32),
    actual=FIGURES,
    forecast=FIGURES,
    previous=FIGURES,
    revised=FIGURES,
    country=printable(4),
    currency=printable(8),
    name=words(64),
    **dict.fromkeys(
        ("importance", "impact", "time_mode", "event_type", "sector", "unit", "multiplier", "digits"), numbers(8)
    ),
)

MESSAGES: dict[type[Message], SearchStrategy[Any]] = {
    Hello: st.builds(
        Hello,
        ea_build=numbers(32),
        terminal_build=numbers(32),
        login=signed(64),
        server=printable(64),
        company=words(64),
        currency=printable(8),
        currency_digits=numbers(8),
        leverage=numbers(32),
        margin_mode=st.sampled_from(MarginMode),
        trade_mode=st.sampled_from(AccountTradeMode),
        trade_allowed=st.booleans(),
        terminal_id=TICKETS,
        client_nonce=NONCES,
        server_offset_s=OFFSETS,
        magic=signed(64),
        version_min=numbers(8),
        version_max=numbers(8),
    ),
    Challenge: st.builds(Challenge, version=numbers(8), bridge_nonce=NONCES, proof=PROOFS),
    Auth: st.builds(Auth, proof=PROOFS),
    Welcome: st.builds(
        Welcome,
        session=st.integers(1, 2**32 - 1),
        deal_watermark_msc=TIMES_MSC,
        deal_watermark_ticket=TICKETS,
        timeframes=st.lists(TIMEFRAMES, max_size=8).map(tuple),
        history_bars=st.integers(0, 10_000_000),
        heartbeat_ms=st.integers(10, 60_000),
        silence_ms=st.integers(20, 600_000),
        max_frame_bytes=st.integers(4096, 2**28),
        max_ticks=st.integers(1, 65_535),
        frames_per_second=st.integers(10, 10_000_000),
        decision_wait_ms=st.integers(0, 60_000),
    ),
    Symbols: st.lists(printable(31, 1), min_size=1, max_size=3, unique=True)
    .flatmap(lambda names: st.tuples(*[specs(name) for name in names]))
    .map(lambda listed: Symbols(specs=listed)),
    HistoryRequest: st.builds(
        HistoryRequest, symbol_index=INDEXES, timeframe=TIMEFRAMES, bars=st.integers(1, 2**32 - 1)
    ),
    History: st.builds(
        History,
        symbol_index=INDEXES,
        timeframe=TIMEFRAMES,
        rates=rates_arrays(),
        part=st.just(2),
        parts=st.integers(2, 9),
    ),
    Ticks: st.builds(
        Ticks,
        symbol_index=INDEXES,
        batch=numbers(32),
        server_offset_s=OFFSETS,
        wants_decision=st.booleans(),
        money=MONEY,
        ticks=tick_arrays(),
    ),
    Ask: st.builds(Ask, symbol_index=INDEXES, batch=numbers(32), server_offset_s=OFFSETS, money=MONEY),
    Decision: st.builds(
        Decision,
        batch=numbers(32),
        symbol_index=INDEXES,
        timeframe=st.just(0) | TIMEFRAMES.map(int),
        action=numbers(8),
        gates_passed=numbers(8),
        gates_refused=numbers(8),
        first_refusing_gate=numbers(16),
        score=st.floats(-1e6, 1e6),
        decided_ns=TIMES_NS,
        intents_following=numbers(16),
        text=words(64),
    ),
    IntentMessage: st.builds(IntentMessage, intent=intents(), comment=printable(32)),
    Report: st.builds(Report, time_msc=TIMES_MSC, update=CHANGES),
    Snapshot: snapshots(),
    Calendar: st.builds(Calendar, server_time_s=TIMES_S, change_id=TICKETS, values=several(CALENDAR_VALUES)),
    Heartbeat: st.builds(
        Heartbeat,
        server_time_s=TIMES_S,
        utc_s=TIMES_S,
        server_offset_s=OFFSETS,
        money=MONEY,
        ticks_sent=TICKETS,
        ping_ms=numbers(32),
        ready=st.booleans(),
        snapshot_wanted=st.booleans(),
        trade_allowed=st.booleans(),
        connected=st.booleans(),
    ),
    ErrorMessage: st.builds(
        ErrorMessage, code=st.sampled_from(ErrorCode), fatal=st.booleans(), ref_seq=numbers(32), text=words(128)
    ),
    Bye: st.builds(Bye, reason=st.sampled_from(ByeReason), text=words(64)),
}
"""A strategy for every class of message."""
