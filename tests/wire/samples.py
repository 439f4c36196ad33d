"""One believable value of everything that goes over the wire."""

import numpy as np
from msgspec.structs import asdict, replace

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.intents import Intent, IntentKind, LocalCare, comment_of
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
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
from wire.enums import ByeReason, ErrorCode
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
from wire.states import Trigger

CLIENT_NONCE = bytes(range(1, 17))
BRIDGE_NONCE = bytes(range(101, 117))
NAMES = ("EURUSD.m", "XAUUSD.m")
NOON_MSC = 1_767_960_000_000
MONEY = Money(balance=10_000.0, equity=10_012.5, margin=43.21, margin_free=9_969.29)
HELLO = Hello(
    ea_build=1,
    terminal_build=5000,
    login=2_000_123,
    server="JustMarkets-Demo2",
    company="Just Global Markets Ltd.",
    currency="USD",
    currency_digits=2,
    leverage=500,
    margin_mode=MarginMode.RETAIL_HEDGING,
    trade_mode=AccountTradeMode.DEMO,
    trade_allowed=True,
    terminal_id=0xFEDC_BA98_7654_3210,
    client_nonce=CLIENT_NONCE,
    server_offset_s=7200,
    magic=77,
)
WELCOME = Welcome(
    session=41,
    deal_watermark_msc=NOON_MSC,
    deal_watermark_ticket=900,
    timeframes=(Timeframe.M1, Timeframe.H1),
    history_bars=60,
)
SPEC = SymbolSpec(
    name=NAMES[0],
    digits=5,
    point=1e-05,
    tick_size=1e-05,
    tick_value=1.0,
    tick_value_profit=1.0,
    tick_value_loss=1.0,
    contract_size=100_000.0,
    volume_min=0.01,
    volume_max=200.0,
    volume_step=0.01,
    swap_long=-7.5,
    currency_base="EUR",
    currency_profit="USD",
    currency_margin="EUR",
    sessions=((86_460, 172_740), (172_860, 259_140)),
)
SYMBOLS = Symbols(specs=tuple(replace(SPEC, name=name) for name in NAMES))


def tick_array(count: int, first_msc: int = NOON_MSC) -> RecordArray:
    """`count` quotes, one each 250 ms."""
    ticks = np.zeros(count, TICK_DTYPE)
    ticks["time_msc"] = first_msc + 250 * np.arange(count)
    ticks["time"] = ticks["time_msc"] // 1000
    ticks["bid"] = 1.1 + 1e-5 * (np.arange(count) % 7)
    ticks["ask"] = ticks["bid"] + 1e-5
    ticks["flags"] = 6
    return ticks


def rates_array(count: int) -> RecordArray:
    """`count` minutes."""
    rates = np.zeros(count, RATES_DTYPE)
    rates["time"] = NOON_MSC // 1000 + 60 * np.arange(count)
    rates["open"], rates["high"], rates["low"], rates["close"] = 1.1, 1.102, 1.099, 1.101
    rates["tick_volume"], rates["spread"] = 40, 10
    return rates


def ticks(count: int = 1) -> Ticks:
    """A batch of `count` quotes."""
    return Ticks(
        symbol_index=0, batch=7, server_offset_s=7200, wants_decision=True, money=MONEY, ticks=tick_array(count)
    )


ASK = Ask(symbol_index=1, batch=8, server_offset_s=-3600, money=MONEY)
DECISION = Decision(
    batch=7,
    symbol_index=0,
    timeframe=Timeframe.M15,
    action=0,
    gates_passed=4,
    gates_refused=1,
    first_refusing_gate=5,
    score=-0.31,
    decided_ns=NOON_MSC * 1_000_000,
    intents_following=0,
    text="confluence 0.31 < 0.50",
)
INTENT = Intent(
    intent_id=0xABCD_EF01_2345_6789,
    kind=IntentKind.OPEN,
    symbol=NAMES[0],
    side=1,
    volume=0.1,
    price=1.10001,
    sl=1.098,
    tp=1.104,
    position_ticket=0,
    order_ticket=0,
    magic=77,
    deviation_points=20,
    signal_id=11,
    decided_ns=NOON_MSC * 1_000_000,
    expires_ns=NOON_MSC * 1_000_000 + 5_000_000_000,
    care=LocalCare(
        break_even_gain=0.002,
        break_even_offset=0.0001,
        trailing_gain=0.003,
        trailing_distance=0.0025,
        trailing_step=0.00012,
    ),
)
INTENT_MESSAGE = IntentMessage(intent=INTENT, comment=comment_of(INTENT.intent_id))
RESULT = IntentResult(
    intent_id=5,
    phase=ResultPhase.FINAL,
    retcode=10009,
    order_ticket=501,
    deal_ticket=601,
    position_ticket=501,
    volume=0.1,
    price=1.10002,
    time_msc=NOON_MSC,
    text="Request executed",
)
DEAL = Deal(
    deal_ticket=601,
    order_ticket=501,
    position_id=501,
    symbol=NAMES[0],
    type=DealType.BUY,
    entry=DealEntry.IN,
    reason=DealReason.EXPERT,
    magic=77,
    volume=0.1,
    price=1.10002,
    profit=0.0,
    swap=0.0,
    commission=-0.3,
    fee=0.0,
    time_msc=NOON_MSC,
    comment=comment_of(5),
)
POSITION = Position(
    position_ticket=501,
    position_id=501,
    symbol=NAMES[0],
    type=PositionType.BUY,
    magic=77,
    volume=0.1,
    price_open=1.10002,
    sl=1.098,
    tp=1.104,
    swap=0.0,
    profit=-1.2,
    time_msc=NOON_MSC,
    time_update_msc=NOON_MSC,
    comment=comment_of(5),
)
ORDER = Order(
    order_ticket=777,
    symbol="BTCUSD",
    type=OrderType.SELL_LIMIT,
    state=OrderState.PLACED,
    magic=0,
    position_id=0,
    volume_initial=1.0,
    volume_current=1.0,
    price_open=120_000.0,
    sl=0.0,
    tp=0.0,
    time_setup_msc=NOON_MSC,
    time_expiration_s=0,
    comment="mine",
)
ACCOUNT = AccountSnapshot(
    login=2_000_123,
    server="JustMarkets-Demo2",
    currency="USD",
    currency_digits=2,
    leverage=500,
    margin_mode=MarginMode.RETAIL_HEDGING,
    trade_mode=AccountTradeMode.DEMO,
    trade_allowed=True,
    balance=MONEY.balance,
    credit=0.0,
    equity=MONEY.equity,
    margin=MONEY.margin,
    margin_free=MONEY.margin_free,
    time_msc=NOON_MSC,
)
UPDATE = TradeUpdate(money=MONEY, results=(RESULT,), deals=(DEAL,), positions=(POSITION,), orders=(ORDER,))
REPORT = Report(time_msc=NOON_MSC, update=replace(UPDATE, positions_gone=(499, 500), orders_gone=(400,)))
SNAPSHOT = Snapshot(account=ACCOUNT, update=replace(UPDATE, complete=True))
CALENDAR_VALUE = CalendarValue(
    value_id=182_345,
    event_id=840_030_016,
    time_s=NOON_MSC // 1000,
    period_s=NOON_MSC // 1000 - 30 * 86_400,
    revision=0,
    actual=None,
    forecast=180_000_000,
    previous=-175_000_000,
    revised=None,
    importance=3,
    impact=0,
    time_mode=0,
    event_type=1,
    sector=3,
    unit=4,
    multiplier=1,
    digits=0,
    country="US",
    currency="USD",
    name="Nonfarm Payrolls",
)
HEARTBEAT = Heartbeat(
    server_time_s=NOON_MSC // 1000,
    utc_s=NOON_MSC // 1000 - 7200,
    server_offset_s=7200,
    money=MONEY,
    ticks_sent=12_345,
    ping_ms=31,
    trade_allowed=True,
    connected=True,
)


SAMPLES: dict[Trigger, Message] = {
    Trigger.HELLO: HELLO,
    Trigger.CHALLENGE: Challenge(version=1, bridge_nonce=BRIDGE_NONCE, proof=bytes(32)),
    Trigger.AUTH: Auth(proof=bytes(range(32))),
    Trigger.WELCOME: WELCOME,
    Trigger.SYMBOLS: SYMBOLS,
    Trigger.HISTORY: History(symbol_index=0, timeframe=Timeframe.M1, rates=rates_array(3)),
    Trigger.HISTORY_REQUEST: HistoryRequest(symbol_index=1, timeframe=Timeframe.H4, bars=250),
    Trigger.TICKS: ticks(),
    Trigger.ASK: ASK,
    Trigger.DECISION: DECISION,
    Trigger.INTENT: INTENT_MESSAGE,
    Trigger.REPORT: REPORT,
    Trigger.SNAPSHOT_PART: Snapshot(account=ACCOUNT, update=UPDATE, part=1, parts=2),
    Trigger.SNAPSHOT: SNAPSHOT,
    Trigger.CALENDAR: Calendar(server_time_s=NOON_MSC // 1000, change_id=9, values=(CALENDAR_VALUE,)),
    Trigger.HEARTBEAT: HEARTBEAT,
    Trigger.READY: replace(HEARTBEAT, ready=True),
    Trigger.ERROR: ErrorMessage(code=ErrorCode.NOT_READY, fatal=False, ref_seq=3, text="still warming up"),
    Trigger.FATAL: ErrorMessage(code=ErrorCode.INTERNAL, fatal=True, ref_seq=3, text="stopping"),
    Trigger.BYE: Bye(reason=ByeReason.STOPPING, text="until tomorrow"),
}
"""One message for each trigger of the state table."""


def same(one: Message, other: Message) -> bool:
    """Whether two messages say the same; arrays are compared byte by byte."""
    return type(one) is type(other) and comparable(one) == comparable(other)


def comparable(message: Message) -> dict[str, object]:
    """The fields of `message`, arrays as bytes."""
    fields = asdict(message)
    return {name: value.tobytes() if isinstance(value, np.ndarray) else value for name, value in fields.items()}
