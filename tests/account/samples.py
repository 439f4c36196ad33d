"""Things a terminal would say, with everything that a test does not care about filled in."""

from typing import Any

from account.events import AccountEvent, AccountSeen, IntentIssued, IntentReported, SessionOpened
from account.state import AccountState
from domain.intents import Intent, IntentKind, comment_of
from domain.retcodes import Retcode
from domain.servertime import NS_PER_S
from domain.symbols import SymbolSpec
from domain.trading import (
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

MAGIC = 7_001
OFFSET_S = 7_200
NOON_NS = 1_760_011_200 * NS_PER_S  # 2025-10-09 12:00 UTC, a Thursday; 14:00 on the broker's clock
NOON_MSC = NOON_NS // 1_000_000 + OFFSET_S * 1_000
DAY_NS = 86_400 * NS_PER_S
DAY_MSC = 86_400_000
INTENT = 0xABC


def spec(name: str = "EURUSD.s", **changes: object) -> SymbolSpec:
    fields: dict[str, Any] = {
        "name": name,
        "digits": 5,
        "point": 1e-5,
        "tick_size": 1e-5,
        "tick_value": 1.0,
        "tick_value_profit": 1.0,
        "tick_value_loss": 1.0,
        "contract_size": 100_000.0,
        "volume_min": 0.01,
        "volume_max": 100.0,
        "volume_step": 0.01,
        "currency_base": "EUR",
        "currency_profit": "USD",
        "currency_margin": "EUR",
    }
    fields.update(changes)
    return SymbolSpec(**fields)


def session(**changes: object) -> SessionOpened:
    fields: dict[str, Any] = {
        "time_ns": NOON_NS,
        "login": 2_000_123,
        "server": "JustMarkets-Demo2",
        "session": 1,
        "terminal_id": "vps-1",
        "currency": "USD",
        "currency_digits": 2,
        "leverage": 500,
        "margin_mode": MarginMode.RETAIL_HEDGING,
        "trade_mode": AccountTradeMode.DEMO,
        "trade_allowed": True,
        "server_offset_s": OFFSET_S,
        "magic": MAGIC,
    }
    fields.update(changes)
    return SessionOpened(**fields)


def seen(balance: float = 10_000.0, time_ns: int = NOON_NS, **changes: object) -> AccountSeen:
    fields: dict[str, Any] = {"credit": 0.0, "equity": balance, "margin": 0.0, "margin_free": balance}
    fields.update(changes)
    return AccountSeen(time_ns=time_ns, balance=balance, **fields)


def intent(intent_id: int = INTENT, kind: IntentKind = IntentKind.OPEN, **changes: object) -> Intent:
    fields: dict[str, Any] = {
        "intent_id": intent_id,
        "kind": kind,
        "symbol": "EURUSD.s",
        "side": 1,
        "volume": 0.1,
        "price": 1.1,
        "sl": 1.095,
        "tp": 1.11,
        "position_ticket": 0,
        "order_ticket": 0,
        "magic": MAGIC,
        "deviation_points": 10,
        "signal_id": 5,
        "decided_ns": NOON_NS,
        "expires_ns": NOON_NS + 5 * NS_PER_S,
    }
    fields.update(changes)
    return Intent(**fields)


def deal(deal_ticket: int = 501, intent_id: int | None = INTENT, **changes: object) -> Deal:
    fields: dict[str, Any] = {
        "deal_ticket": deal_ticket,
        "order_ticket": 401,
        "position_id": 401,
        "symbol": "EURUSD.s",
        "type": DealType.BUY,
        "entry": DealEntry.IN,
        "reason": DealReason.EXPERT,
        "magic": MAGIC if intent_id else 0,
        "volume": 0.1,
        "price": 1.1,
        "profit": 0.0,
        "swap": 0.0,
        "commission": 0.0,
        "fee": 0.0,
        "time_msc": NOON_MSC,
        "comment": comment_of(intent_id) if intent_id else "",
    }
    fields.update(changes)
    return Deal(**fields)


def exit_deal(deal_ticket: int = 502, profit: float = 0.0, **changes: object) -> Deal:
    fields: dict[str, Any] = {"entry": DealEntry.OUT, "type": DealType.SELL, "order_ticket": 402, "profit": profit}
    fields.update(changes)
    return deal(deal_ticket, **fields)


def deposit(amount: float, deal_ticket: int = 500, kind: DealType = DealType.BALANCE, **changes: object) -> Deal:
    fields: dict[str, Any] = {"symbol": "", "volume": 0.0, "price": 0.0, "order_ticket": 0, "position_id": 0}
    fields.update(changes)
    return deal(deal_ticket, None, type=kind, reason=DealReason.CLIENT, profit=amount, **fields)


def position(position_ticket: int = 401, intent_id: int | None = INTENT, **changes: object) -> Position:
    fields: dict[str, Any] = {
        "position_ticket": position_ticket,
        "position_id": position_ticket,
        "symbol": "EURUSD.s",
        "type": PositionType.BUY,
        "magic": MAGIC if intent_id else 0,
        "volume": 0.1,
        "price_open": 1.1,
        "sl": 1.095,
        "tp": 1.11,
        "swap": 0.0,
        "profit": 0.0,
        "time_msc": NOON_MSC,
        "time_update_msc": NOON_MSC,
        "comment": comment_of(intent_id) if intent_id else "",
    }
    fields.update(changes)
    return Position(**fields)


def order(order_ticket: int = 450, intent_id: int | None = INTENT, **changes: object) -> Order:
    fields: dict[str, Any] = {
        "order_ticket": order_ticket,
        "symbol": "EURUSD.s",
        "type": OrderType.BUY_LIMIT,
        "state": OrderState.PLACED,
        "magic": MAGIC if intent_id else 0,
        "position_id": 0,
        "volume_initial": 0.1,
        "volume_current": 0.1,
        "price_open": 1.09,
        "sl": 1.08,
        "tp": 1.1,
        "time_setup_msc": NOON_MSC,
        "time_expiration_s": 0,
        "comment": comment_of(intent_id) if intent_id else "",
    }
    fields.update(changes)
    return Order(**fields)


def result(
    phase: ResultPhase = ResultPhase.FINAL, retcode: int = Retcode.DONE, intent_id: int = INTENT, **changes: object
) -> IntentResult:
    final = phase == ResultPhase.FINAL
    fields: dict[str, Any] = {
        "order_ticket": 0,
        "deal_ticket": 0,
        "position_ticket": 0,
        "volume": 0.0,
        "price": 0.0,
        "time_msc": NOON_MSC,
    }
    fields.update(changes)
    return IntentResult(intent_id=intent_id, phase=phase, retcode=retcode if final else 0, **fields)


def done(intent_id: int = INTENT, **changes: object) -> IntentResult:
    fields: dict[str, Any] = {"order_ticket": 401, "deal_ticket": 501, "position_ticket": 401, "volume": 0.1}
    fields.update(changes)
    return result(intent_id=intent_id, **fields)


def money(balance: float = 10_000.0, **changes: object) -> Money:
    fields: dict[str, Any] = {"equity": balance, "margin": 0.0, "margin_free": balance}
    fields.update(changes)
    return Money(balance=balance, **fields)


def update(balance: float = 10_000.0, *, complete: bool = False, **parts: object) -> TradeUpdate:
    fields: dict[str, Any] = dict(parts)
    return TradeUpdate(money=money(balance), complete=complete, **fields)


def issued_event(intent_id: int = INTENT, **changes: object) -> IntentIssued:
    fields: dict[str, Any] = dict(changes)
    return IntentIssued(time_ns=NOON_NS, intent=intent(intent_id, **fields))


def reported(*results: IntentResult) -> list[AccountEvent]:
    return [IntentReported(time_ns=NOON_NS, result=one) for one in results]


def account(*events: AccountEvent, balance: float = 10_000.0) -> AccountState:
    """An account that the service knows already: a session, its money, then `events`."""
    return AccountState.replayed([session(), seen(balance), *events])


def apply_all(state: AccountState, events: list[AccountEvent]) -> list[AccountEvent]:
    for event in events:
        state.apply(event)
    return events
