"""The world at the close of a bar as a decision on an entry sees it, by concern."""

from typing import NamedTuple

from risk.limits import Standing, Steering
from risk.portfolio import Exposure


class MarketView(NamedTuple):
    """The market and its chart.

    `score` in -1..1 (NaN while warming up); `atr`, `atr_baseline` [price]; `session_left_s` [s] until the trade session
    ends, 0 outside; `week_left_s` [s] until the week's last one does; `midnight_s` [s] to or since the broker's nearest
    midnight.
    """

    trading_allowed: float
    bars_seen: float
    bars_needed: float
    session_left_s: float
    week_left_s: float
    midnight_s: float
    bid: float
    ask: float
    score: float
    atr: float
    atr_baseline: float


class HoldingView(NamedTuple):
    """What is open already.

    `since_same_*_s` [s] since an entry on the same set-up, one value per side; `symbol_positions` counts positions and
    entries in flight on this symbol, `other_symbols` the other symbols in use.
    """

    since_same_buy_s: float
    since_same_sell_s: float
    symbol_positions: float
    other_symbols: float


class MoneyView(NamedTuple):
    """The account's money, and the lots this symbol holds on each side."""

    equity: float
    margin_free: float
    notional_open: float
    volume_buy: float
    volume_sell: float


class EvidenceView(NamedTuple):
    """What the recent round trips of the same model and set-up say.

    `trips` counts them; `win_rate`, `win_r` and `loss_r` (mean gain of the won, mean loss of the lost [R]) hold what is
    left of the prior; `kelly_fraction` is the part of equity that one entry may risk, 0 or below: there is no edge.
    """

    trips: float
    win_rate: float
    win_r: float
    loss_r: float
    kelly_fraction: float


class StakeView(NamedTuple):
    """What is at stake: net value of this symbol's two sides, and money to the stops of all positions."""

    exposure: Exposure
    open_risk: float


class SafetyView(NamedTuple):
    """Where the account stands with its guards, and what a person imposed.

    `since_loss_s` [s] since an own position was closed with a loss, `losses` such closes in a row; each guard with its
    loss, its threshold (while it is latched: what it lets go at) [fractions] and its level; `imposed`: 1 pause, 2 halt.
    """

    since_loss_s: float
    losses: float
    floating_loss: float
    floating_threshold: float
    floating_level: float
    day_loss: float
    day_threshold: float
    day_level: float
    drawdown: float
    drawdown_threshold: float
    drawdown_level: float
    imposed: float


class NewsView(NamedTuple):
    """What is known of news: `left_s` [s] to when nothing is opened, 0 where it is so now, infinite where none follows.

    NaN where the calendar cannot be relied on. `heard` 0: nobody told anything, and news is not judged. `tone` is what
    articles say of a rise of the symbol, -1..1; NaN: nobody knows, and sentiment is not judged.
    """

    left_s: float
    heard: float
    tone: float


class EntryView(NamedTuple):
    """Everything a decision on an entry depends on, beside its rules."""

    market: MarketView
    holdings: HoldingView
    money: MoneyView
    evidence: EvidenceView
    standing: Standing
    steering: Steering
    stake: StakeView
    safety: SafetyView
    news: NewsView
