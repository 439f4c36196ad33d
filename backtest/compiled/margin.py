"""Margin of open positions: the formulas of `sim.margins` over the same rows, compiled."""

from typing import Final, NamedTuple

from backtest.compiled.decimals import rounded_lots
from backtest.compiled.tables import Broker
from domain.jit import njit_inner, njit_once
from domain.pricing import Conversion, SymbolMoney, required_margin, rounded_money
from sim.margins import leg_sums
from sim.matching import money_at
from strategy.tables import Table

_QUOTED: Final = int(Conversion.QUOTED)


class _Leg(NamedTuple):
    """As `sim.margins.Leg`."""

    lots: float
    price: float
    rate: float
    factor: float


@njit_inner
def _leg(lots: float, by_price: float, by_rate: float, by_factor: float) -> _Leg:
    if lots == 0.0:
        return _Leg(0.0, 0.0, 0.0, 1.0)
    return _Leg(lots, by_price / lots, by_rate / lots, by_factor / lots)


@njit_inner
def _priced(money: SymbolMoney, contract: float, initial: float, buy: float, sell: float) -> SymbolMoney:
    return SymbolMoney(
        money.calc_mode,
        contract,
        money.tick_size,
        money.tick_value,
        money.profit_conversion,
        money.profit_rate,
        money.margin_conversion,
        initial,
        buy,
        sell,
        money.leverage,
        money.money_digits,
        money.loss_rate,
        money.by_deal,
        money.margin_bid,
        money.margin_ask,
    )


@njit_once
def _at_rate(money: SymbolMoney, rate: float) -> SymbolMoney:
    return SymbolMoney(
        money.calc_mode,
        money.contract_size,
        money.tick_size,
        money.tick_value,
        money.profit_conversion,
        money.profit_rate,
        money.margin_conversion,
        money.margin_initial,
        money.margin_rate_buy,
        money.margin_rate_sell,
        money.leverage,
        money.money_digits,
        money.loss_rate,
        money.by_deal,
        rate,
        rate,
    )


@njit_inner
def _leg_margin(side: int, lots: float, leg: _Leg, money: SymbolMoney) -> float:
    if lots <= 0.0:
        return 0.0
    if money.margin_conversion == _QUOTED:
        money = _at_rate(money, leg.rate)
    buy, sell = money.margin_rate_buy * leg.factor, money.margin_rate_sell * leg.factor
    raised = _priced(money, money.contract_size, money.margin_initial, buy, sell)
    return float(required_margin(side, lots, leg.price, raised))


@njit_once
def _hedged_margin(lots: float, leg: _Leg, hedged: float, money: SymbolMoney) -> float:
    if hedged <= 0.0:
        return 0.0
    rate = (money.margin_rate_buy + money.margin_rate_sell) / 2.0
    if money.margin_initial > 0.0:
        return _leg_margin(1, lots, leg, _priced(money, money.contract_size, hedged, rate, rate))
    return _leg_margin(1, lots, leg, _priced(money, hedged, money.margin_initial, rate, rate))


@njit_inner
def symbol_margin(book: Table, symbol: int, broker: Broker) -> float:
    """`sim.margins.symbol_margin` of the positions in `book` without pending orders [account money]."""
    terms, money = broker.terms[symbol], money_at(broker.moneys, symbol)
    sums = broker.account[0].sums
    for leg in range(sums.shape[0]):
        for at in range(sums.shape[1]):
            sums[leg, at] = 0.0
    leg_sums(book, symbol, money, sums)
    bought = _leg(sums[0, 0], sums[0, 1], sums[0, 2], sums[0, 3])
    sold = _leg(sums[1, 0], sums[1, 1], sums[1, 2], sums[1, 3])
    both = _leg(sums[2, 0], sums[2, 1], sums[2, 2], sums[2, 3])
    if both.lots == 0.0:
        return 0.0
    if terms.larger_leg == 1:
        return max(_leg_margin(1, bought.lots, bought, money), _leg_margin(-1, sold.lots, sold, money))
    uncovered = rounded_lots(abs(bought.lots - sold.lots))
    margin = 0.0
    if uncovered > 0.0:
        if sold.lots > bought.lots:
            margin = _leg_margin(-1, uncovered, sold, money)
        else:
            margin = _leg_margin(1, uncovered, bought, money)
    covered = min(bought.lots, sold.lots)
    if covered > 0.0:
        margin += _hedged_margin(covered, both, terms.margin_hedged, money)
    return margin


@njit_once
def account_margin(book: Table, broker: Broker) -> float:
    """Margin of all positions in `book` [account money, rounded]."""
    total = 0.0
    for symbol in range(broker.terms.shape[0]):
        total += symbol_margin(book, symbol, broker)
    return float(rounded_money(total, broker.account[0].money_digits))
