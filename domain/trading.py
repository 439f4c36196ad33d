"""Orders, deals, positions and the account as MT5 reports them.

order = instruction, deal = execution, position = result. Times `*_msc` are the broker's clock [ms]; money is in the
account's currency; volume is in lots.
"""

from enum import IntEnum

import msgspec


class PositionType(IntEnum):
    """`POSITION_TYPE_*`."""

    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    """`ORDER_TYPE_*`."""

    BUY = 0
    SELL = 1
    BUY_LIMIT = 2
    SELL_LIMIT = 3
    BUY_STOP = 4
    SELL_STOP = 5
    BUY_STOP_LIMIT = 6
    SELL_STOP_LIMIT = 7
    CLOSE_BY = 8


class OrderState(IntEnum):
    """`ORDER_STATE_*`."""

    STARTED = 0
    PLACED = 1
    CANCELED = 2
    PARTIAL = 3
    FILLED = 4
    REJECTED = 5
    EXPIRED = 6
    REQUEST_ADD = 7
    REQUEST_MODIFY = 8
    REQUEST_CANCEL = 9


class OrderFilling(IntEnum):
    """`ORDER_FILLING_*`."""

    FOK = 0
    IOC = 1
    RETURN = 2
    BOC = 3


class OrderTime(IntEnum):
    """`ORDER_TIME_*`: how long an order stands."""

    GTC = 0
    DAY = 1
    SPECIFIED = 2
    SPECIFIED_DAY = 3


class DealType(IntEnum):
    """`DEAL_TYPE_*`."""

    BUY = 0
    SELL = 1
    BALANCE = 2
    CREDIT = 3
    CHARGE = 4
    CORRECTION = 5
    BONUS = 6
    COMMISSION = 7
    COMMISSION_DAILY = 8
    COMMISSION_MONTHLY = 9
    COMMISSION_AGENT_DAILY = 10
    COMMISSION_AGENT_MONTHLY = 11
    INTEREST = 12
    BUY_CANCELED = 13
    SELL_CANCELED = 14
    DIVIDEND = 15
    DIVIDEND_FRANKED = 16
    TAX = 17


class DealEntry(IntEnum):
    """`DEAL_ENTRY_*`."""

    IN = 0
    OUT = 1
    INOUT = 2
    OUT_BY = 3


class DealReason(IntEnum):
    """`DEAL_REASON_*`."""

    CLIENT = 0
    MOBILE = 1
    WEB = 2
    EXPERT = 3
    SL = 4
    TP = 5
    SO = 6
    ROLLOVER = 7
    VMARGIN = 8
    SPLIT = 9


class MarginMode(IntEnum):
    """`ACCOUNT_MARGIN_MODE_*`."""

    RETAIL_NETTING = 0
    EXCHANGE = 1
    RETAIL_HEDGING = 2


class AccountTradeMode(IntEnum):
    """`ACCOUNT_TRADE_MODE_*`."""

    DEMO = 0
    CONTEST = 1
    REAL = 2


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One open position. `position_ticket` is what requests name; `position_id` (MT5's identifier) never changes."""

    position_ticket: int
    position_id: int
    symbol: str
    type: PositionType
    magic: int
    volume: float
    price_open: float
    sl: float
    tp: float
    swap: float
    profit: float
    time_msc: int
    time_update_msc: int
    comment: str

    @property
    def side(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self.type == PositionType.BUY else -1


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order that is still in the market."""

    order_ticket: int
    symbol: str
    type: OrderType
    state: OrderState
    magic: int
    position_id: int
    volume_initial: float
    volume_current: float
    price_open: float
    sl: float
    tp: float
    time_setup_msc: int
    time_expiration_s: int
    comment: str


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """One execution. `profit`, `swap`, `commission` and `fee` are signed changes of the balance."""

    deal_ticket: int
    order_ticket: int
    position_id: int
    symbol: str
    type: DealType
    entry: DealEntry
    reason: DealReason
    magic: int
    volume: float
    price: float
    profit: float
    swap: float
    commission: float
    fee: float
    time_msc: int
    comment: str

    @property
    def balance_change(self) -> float:
        """What the deal adds to the balance [account currency]."""
        return self.profit + self.swap + self.commission + self.fee


class AccountSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The account's money as the terminal shows it at `time_msc` [ms, broker's clock]."""

    login: int
    server: str
    currency: str
    currency_digits: int
    leverage: int
    margin_mode: MarginMode
    trade_mode: AccountTradeMode
    trade_allowed: bool
    balance: float
    credit: float
    equity: float
    margin: float
    margin_free: float
    time_msc: int
