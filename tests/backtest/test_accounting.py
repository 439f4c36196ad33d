"""A cash account without leverage books what MT5's margin account books."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.accounting import CashBook
from domain.pricing import position_profit, symbol_money
from domain.symbols import SymbolSpec, SymbolSpecError
from domain.trading import Deal, DealEntry, DealReason, DealType
from sim.profiles import justmarkets_symbol


def book_of(*specs: SymbolSpec) -> CashBook:
    return CashBook(specs, {spec.name: symbol_money(spec, "USD", 2, 500) for spec in specs})


def a_deal(symbol: str, kind: DealType, entry: DealEntry, volume: float, price: float, cost: float = 0.0) -> Deal:
    return Deal(
        deal_ticket=1,
        order_ticket=1,
        position_id=7,
        symbol=symbol,
        type=kind,
        entry=entry,
        reason=DealReason.EXPERT,
        magic=1,
        volume=volume,
        price=price,
        profit=0.0,
        swap=-cost,
        commission=-2.0 * cost,
        fee=0.0,
        time_msc=0,
        comment="",
    )


@pytest.mark.parametrize(
    ("symbol", "price"), [("EURUSD", 1.1), ("USDJPY", 150.0), ("XAUUSD", 2400.0), ("USDCAD", 1.35)]
)
@given(st.integers(1, 500), st.floats(-0.3, 0.3), st.floats(0.0, 1.0), st.booleans(), st.floats(0.0, 50.0))
@settings(max_examples=25)
def test_cash_and_margin_accounts_gain_the_same(
    symbol: str, price: float, hundredths: int, move: float, part: float, is_buy: bool, cost: float
) -> None:
    """Open, close a part, close the rest: cash in and out is MT5's profit, to the rounding of its cents."""
    spec = justmarkets_symbol(symbol)
    book, lots = book_of(spec), hundredths / 100
    money = symbol_money(spec, "USD", 2, 500)
    first, last = price * (1.0 + move / 2), price * (1.0 + move)
    opens, closes = (DealType.BUY, DealType.SELL) if is_buy else (DealType.SELL, DealType.BUY)
    volumes = (lots * part, lots - lots * part)
    deals = [
        a_deal(symbol, opens, DealEntry.IN, lots, price, cost),
        a_deal(symbol, closes, DealEntry.OUT, volumes[0], first),
        a_deal(symbol, closes, DealEntry.OUT, volumes[1], last),
    ]
    orders = [book.order_of(deal) for deal in deals]
    cash = -sum(order.size * order.price + order.fees for order in orders)
    side = 1 if is_buy else -1
    profit = sum(
        position_profit(side, volume, price, exit_price, money)
        for volume, exit_price in zip(volumes, (first, last), strict=True)
    )
    held = sum(order.size for order in orders)
    assert abs(held) < 1e-6 * abs(orders[0].size)
    assert cash == pytest.approx(profit - 3.0 * cost, abs=0.0101)


def test_what_is_open_is_worth_the_same() -> None:
    spec = justmarkets_symbol("USDJPY")
    book, money = book_of(spec), symbol_money(spec, "USD", 2, 500)
    order = book.order_of(a_deal("USDJPY", DealType.BUY, DealEntry.IN, 0.5, 150.0))
    for price in (120.0, 150.0, 151.234, 180.0):
        worth = order.size * book.value_of("USDJPY", price) - order.size * order.price
        assert worth == pytest.approx(position_profit(1, 0.5, 150.0, price, money), abs=0.0051)


def test_what_a_cash_account_cannot_hold_is_refused() -> None:
    cross = justmarkets_symbol("EURGBP")
    with pytest.raises(SymbolSpecError, match="use exact"):
        book_of(justmarkets_symbol("EURUSD"), cross)
    assert msgspec.structs.replace(cross, name="x").currency_profit == "GBP"
