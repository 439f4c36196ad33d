"""Profit, notional and margin of a position, in the account's currency: one formula for every room.

Sources: MQL5 reference, "Symbol Properties" (SYMBOL_TRADE_CALC_MODE: profit and margin formulas); MetaTrader 5 platform
help, "Margin Calculation", "Profit Calculation" and "Conversion"; rounding and the booking of profit were checked
against MT5 Strategy Tester reports.
"""

import math
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from domain.jit import njit_inlined
from domain.symbols import CalcMode, SymbolSpec, SymbolSpecError

_POWERS_OF_TEN: Final = tuple(10.0**digits for digits in range(19))  # a power costs 20 ns, and an entry has four
_HALF_CENT_SLACK: Final = 1e-6  # a product that is a half in decimal falls short of it in binary


class Conversion(IntEnum):
    """How an amount in one of the symbol's currencies becomes account money."""

    NONE = 0
    INVERSE_PRICE = 1
    FIXED_RATE = 2
    PRICE_TIMES_PROFIT_RATE = 3
    QUOTED = 4


class SymbolMoney(NamedTuple):
    """What pricing needs of a symbol, as plain numbers a kernel can take.

    `contract_size` [units/lot]; `money_digits` of the account's currency; `leverage` as 1:n.

    `profit_rate` is what a unit of the profit currency is sold for, `loss_rate` what it costs [account money], where
    `profit_conversion` is FIXED_RATE: for gains and losses, or with `by_deal` 1 for closed buys and closed sells.
    `margin_bid` and `margin_ask` [account money per unit of margin currency] convert margins of sells and of buys when
    `margin_conversion` is QUOTED.
    """

    calc_mode: int
    contract_size: float
    tick_size: float
    tick_value: float
    profit_conversion: int
    profit_rate: float
    margin_conversion: int
    margin_initial: float
    margin_rate_buy: float
    margin_rate_sell: float
    leverage: float
    money_digits: int
    loss_rate: float = 1.0
    by_deal: int = 0
    margin_bid: float = 1.0
    margin_ask: float = 1.0


_BY_TICK_VALUE: Final = (int(CalcMode.FUTURES), int(CalcMode.EXCH_FUTURES), int(CalcMode.EXCH_FUTURES_FORTS))
_FOREX: Final = int(CalcMode.FOREX)
_FOREX_NO_LEVERAGE: Final = int(CalcMode.FOREX_NO_LEVERAGE)
_CFD_LEVERAGE: Final = int(CalcMode.CFDLEVERAGE)
_CFD_INDEX: Final = int(CalcMode.CFDINDEX)
_INVERSE_PRICE: Final = int(Conversion.INVERSE_PRICE)
_FIXED_RATE: Final = int(Conversion.FIXED_RATE)
_PRICE_TIMES_PROFIT_RATE: Final = int(Conversion.PRICE_TIMES_PROFIT_RATE)
_QUOTED: Final = int(Conversion.QUOTED)
_SUPPORTED_MODES: Final = frozenset(
    {
        CalcMode.FOREX,
        CalcMode.FOREX_NO_LEVERAGE,
        CalcMode.CFD,
        CalcMode.CFDINDEX,
        CalcMode.CFDLEVERAGE,
        CalcMode.FUTURES,
        CalcMode.EXCH_FUTURES,
    }
)


@njit_inlined
def rounded_money(amount: float, digits: int) -> float:
    """`amount` rounded to `digits` decimals, halves away from zero, as MT5 books money."""
    scale = _POWERS_OF_TEN[digits]
    steps = np.floor(abs(amount) * scale + 0.5 + _HALF_CENT_SLACK)
    return math.copysign(steps / scale, amount) if steps != 0.0 else 0.0


@njit_inlined
def rounded_price(price: float, tick_size: float, digits: int) -> float:
    """`price` on the grid of `tick_size`, without binary noise beyond `digits` decimals."""
    scale = _POWERS_OF_TEN[digits]
    return float(np.floor(np.floor(price / tick_size + 0.5) * tick_size * scale + 0.5) / scale)


@njit_inlined
def profit_rate_at(price: float, money: SymbolMoney) -> float:
    """Account money per unit of the profit currency when the symbol trades at `price`."""
    if money.profit_conversion == _INVERSE_PRICE:
        return 1.0 / price
    if money.profit_conversion == _FIXED_RATE:
        return money.profit_rate
    return 1.0


@njit_inlined
def money_per_price(price: float, money: SymbolMoney) -> float:
    """Account money that one lot gains when the price moves by 1.0, at `price`."""
    if money.calc_mode in _BY_TICK_VALUE:
        return money.tick_value / money.tick_size
    return money.contract_size * profit_rate_at(price, money)


@njit_inlined
def loss_per_price(price: float, money: SymbolMoney) -> float:
    """The same for a move against the position: foreign money that was lost has to be bought, at the dearer rate."""
    if money.profit_conversion == _FIXED_RATE and money.calc_mode not in _BY_TICK_VALUE:
        return money.contract_size * max(money.loss_rate, money.profit_rate)
    return money_per_price(price, money)


@njit_inlined
def position_profit(side: int, volume: float, price_open: float, price_close: float, money: SymbolMoney) -> float:
    """Profit of `volume` [lots] from `price_open` to `price_close` on `side` +1 buy or -1 sell [account money]."""
    moved = (price_close - price_open) * side * volume
    if money.profit_conversion == _FIXED_RATE and money.calc_mode not in _BY_TICK_VALUE:
        is_bought = side < 0 if money.by_deal else moved < 0.0
        rate = money.contract_size * (money.loss_rate if is_bought else money.profit_rate)
    else:
        rate = money_per_price(price_close, money)
    return rounded_money(moved * rate, money.money_digits)


@njit_inlined
def notional_value(volume: float, price: float, money: SymbolMoney) -> float:
    """Market value of `volume` [lots] at `price` [account money]."""
    return volume * price * money_per_price(price, money)


@njit_inlined
def required_margin(side: int, volume: float, price: float, money: SymbolMoney) -> float:
    """Margin MT5 asks for `volume` [lots] on `side` at `price`, without regard to other positions [account money].

    An initial margin of the symbol is a fixed sum a lot; of the formulas only the leverage of FOREX and CFDLEVERAGE
    still applies then (platform help, "Fixed Margin").
    """
    rate = money.margin_rate_buy if side > 0 else money.margin_rate_sell
    if money.calc_mode in _BY_TICK_VALUE or money.margin_initial > 0.0:
        base = volume * money.margin_initial
    elif money.calc_mode in (_FOREX, _FOREX_NO_LEVERAGE):
        base = volume * money.contract_size
    elif money.calc_mode == _CFD_INDEX:
        base = volume * money.contract_size * price * money.tick_value / money.tick_size
    else:
        base = volume * money.contract_size * price
    if money.calc_mode in (_FOREX, _CFD_LEVERAGE):
        base /= money.leverage
    return rounded_money(base * rate * margin_currency_rate(side, price, money), money.money_digits)


@njit_inlined
def margin_currency_rate(side: int, price: float, money: SymbolMoney) -> float:
    """Account money per unit of the margin currency for a deal on `side` at `price`."""
    if money.margin_conversion == _PRICE_TIMES_PROFIT_RATE:
        return price * profit_rate_at(price, money)
    if money.margin_conversion == _QUOTED:
        return money.margin_ask if side > 0 else money.margin_bid
    if money.margin_conversion == _FIXED_RATE:
        return profit_rate_at(price, money)
    return 1.0


def symbol_money(
    spec: SymbolSpec, account_currency: str, currency_digits: int, leverage: int, *, quoted_margin: bool = False
) -> SymbolMoney:
    """Pricing numbers of `spec` for an account in `account_currency` with `leverage` 1:n.

    Foreign profit is converted by the tick values that the terminal reports; `quoted_margin` says that the caller fills
    in `margin_bid` and `margin_ask` from the quotes of other symbols.

    Raises:
        SymbolSpecError: for a calculation mode or a currency that cannot be priced without guessing.
    """
    if spec.calc_mode not in _SUPPORTED_MODES:
        raise SymbolSpecError(
            spec.name, "calc_mode", f"{spec.calc_mode.name} is not supported; do not trade this symbol"
        )
    if leverage < 1:
        raise SymbolSpecError(spec.name, "leverage", f"is {leverage}; the account must report at least 1")
    return SymbolMoney(
        calc_mode=int(spec.calc_mode),
        contract_size=spec.contract_size,
        tick_size=spec.tick_size,
        tick_value=spec.tick_value,
        profit_conversion=int(_profit_conversion(spec, account_currency)),
        profit_rate=spec.tick_value / (spec.tick_size * spec.contract_size),
        margin_conversion=int(Conversion.QUOTED if quoted_margin else _margin_conversion(spec, account_currency)),
        margin_initial=spec.margin_initial,
        margin_rate_buy=spec.margin_rate_buy,
        margin_rate_sell=spec.margin_rate_sell,
        leverage=float(leverage),
        money_digits=currency_digits,
        # a terminal without a quote of the converting pair reports 0
        loss_rate=(spec.tick_value_loss if spec.tick_value_loss > 0.0 else spec.tick_value)
        / (spec.tick_size * spec.contract_size),
    )


def _profit_conversion(spec: SymbolSpec, account_currency: str) -> Conversion:
    if spec.currency_profit == account_currency:
        return Conversion.NONE
    if spec.currency_base == account_currency and spec.calc_mode in (CalcMode.FOREX, CalcMode.FOREX_NO_LEVERAGE):
        return Conversion.INVERSE_PRICE
    return Conversion.FIXED_RATE


def _margin_conversion(spec: SymbolSpec, account_currency: str) -> Conversion:
    if spec.currency_margin == account_currency:
        return Conversion.NONE
    if spec.currency_margin == spec.currency_profit:
        # the tick value in the formula of index CFDs is account money already
        by_tick_value = spec.calc_mode == CalcMode.CFDINDEX and spec.margin_initial <= 0.0
        return Conversion.NONE if by_tick_value else Conversion.FIXED_RATE
    if spec.currency_margin == spec.currency_base:
        return Conversion.PRICE_TIMES_PROFIT_RATE
    problem = (
        f"{spec.currency_margin} is neither the account's, the profit nor the base currency; margin cannot be converted"
    )
    raise SymbolSpecError(spec.name, "currency_margin", problem)
