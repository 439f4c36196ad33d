"""Orders, deals and positions use MT5's own numbers."""

from enum import IntEnum

import pytest

from domain.trading import (
    AccountTradeMode,
    Deal,
    DealEntry,
    DealReason,
    DealType,
    MarginMode,
    OrderFilling,
    OrderState,
    OrderType,
    Position,
    PositionType,
)

# MQL5 reference: names in the order of their numbers, from 0
MT5_ORDER: list[tuple[type[IntEnum], str]] = [
    (PositionType, "BUY SELL"),
    (OrderType, "BUY SELL BUY_LIMIT SELL_LIMIT BUY_STOP SELL_STOP BUY_STOP_LIMIT SELL_STOP_LIMIT CLOSE_BY"),
    (
        OrderState,
        "STARTED PLACED CANCELED PARTIAL FILLED REJECTED EXPIRED REQUEST_ADD REQUEST_MODIFY REQUEST_CANCEL",
    ),
    (OrderFilling, "FOK IOC RETURN BOC"),
    (
        DealType,
        """BUY SELL BALANCE CREDIT CHARGE CORRECTION BONUS COMMISSION COMMISSION_DAILY COMMISSION_MONTHLY
        COMMISSION_AGENT_DAILY COMMISSION_AGENT_MONTHLY INTEREST BUY_CANCELED SELL_CANCELED DIVIDEND
        DIVIDEND_FRANKED TAX""",
    ),
    (DealEntry, "IN OUT INOUT OUT_BY"),
    (DealReason, "CLIENT MOBILE WEB EXPERT SL TP SO ROLLOVER VMARGIN SPLIT"),
    (MarginMode, "RETAIL_NETTING EXCHANGE RETAIL_HEDGING"),
    (AccountTradeMode, "DEMO CONTEST REAL"),
]


@pytest.mark.parametrize(("enumeration", "names"), MT5_ORDER)
def test_numbers_are_mt5s(enumeration: type[IntEnum], names: str) -> None:
    assert {member.name: member.value for member in enumeration} == {
        name: number for number, name in enumerate(names.split())
    }


@pytest.mark.parametrize(("kind", "side"), [(PositionType.BUY, 1), (PositionType.SELL, -1)])
def test_side_of_a_position(kind: PositionType, side: int) -> None:
    position = Position(
        position_ticket=1,
        position_id=1,
        symbol="EURUSD",
        type=kind,
        magic=0,
        volume=0.1,
        price_open=1.1,
        sl=0.0,
        tp=0.0,
        swap=0.0,
        profit=0.0,
        time_msc=0,
        time_update_msc=0,
        comment="",
    )
    assert position.side == side


def test_a_deal_changes_the_balance_by_all_its_money() -> None:
    # a tester report: exit of 0.42 lots AUDUSD with profit 47.04 and swap 0.60 lifts the balance by 47.64
    deal = Deal(
        deal_ticket=5,
        order_ticket=5,
        position_id=4,
        symbol="AUDUSD",
        type=DealType.BUY,
        entry=DealEntry.OUT,
        reason=DealReason.EXPERT,
        magic=0,
        volume=0.42,
        price=0.69987,
        profit=47.04,
        swap=0.6,
        commission=-1.0,
        fee=-0.5,
        time_msc=0,
        comment="",
    )
    assert deal.balance_change == pytest.approx(47.04 + 0.6 - 1.0 - 0.5)
