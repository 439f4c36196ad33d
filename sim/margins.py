"""Margin of what one account holds in a symbol.

Source: MetaTrader 5 platform help, "Retail Forex, CFD, Futures - Hedging" and "Basic Margin Calculation". What one side
has beyond the other is charged at that side's average opening price, conversion rate and margin rate; covered volume
with the hedged margin in place of the contract size, at the averages of both sides. A symbol may charge the larger leg
instead.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.jit import njit
from domain.pricing import Conversion, SymbolMoney, required_margin
from domain.symbols import CalcMode, SymbolSpec
from sim.matching import Rows
from sim.terms import SymbolTerms

_LEVERAGED: Final = (int(CalcMode.FOREX), int(CalcMode.CFDLEVERAGE))
_LOT_DIGITS: Final = 8
_PLAIN: Final = SymbolTerms()

Reserved = tuple[float, float]
"""Margin that pending buys and pending sells of a symbol reserve [account money]."""


class Leg(NamedTuple):
    """Positions of one side, or of both: lots, average opening price and conversion rate.

    `factor` is by how much a reduced leverage raises the margin.
    """

    lots: float
    price: float
    rate: float
    factor: float


def symbol_margin(
    positions: Rows,
    symbol_index: int,
    spec: SymbolSpec,
    money: SymbolMoney,
    terms: SymbolTerms = _PLAIN,
    reserved: Reserved = (0.0, 0.0),
) -> float:
    """Margin of all `positions` of one symbol and of its pending orders on a hedging account [account money]."""
    kept = maintained(spec, money)
    bought, sold, both = _legs(positions, symbol_index, kept)
    if not both.lots:
        return max(reserved) if terms.uses_larger_leg else sum(reserved)
    if terms.uses_larger_leg:
        sides = (_leg_margin(1, bought, kept) + reserved[0], _leg_margin(-1, sold, kept) + reserved[1])
        return float(max(sides))
    larger, side = (sold, -1) if sold.lots > bought.lots else (bought, 1)
    uncovered = round(abs(bought.lots - sold.lots), _LOT_DIGITS)
    margin = _leg_margin(side, larger._replace(lots=uncovered), kept) if uncovered > 0.0 else 0.0
    covered = min(bought.lots, sold.lots)
    if covered > 0.0:
        margin += _hedged_margin(both._replace(lots=covered), spec, kept)
    return float(margin + sum(reserved))


def margin_to_open(
    positions: Rows,
    symbol_index: int,
    spec: SymbolSpec,
    money: SymbolMoney,
    added: Rows,
    terms: SymbolTerms = _PLAIN,
    reserved: Reserved = (0.0, 0.0),
) -> float:
    """Margin of `positions` of one symbol while an order for the one position in `added` is carried out.

    Where initial and maintenance margin are fixed sums, an order is checked with the initial margin for what it leaves
    uncovered and the hedged margin for what it covers, beside what is held already.
    """
    if spec.margin_initial <= 0.0 or maintained(spec, money) == money:
        joined = np.empty(len(positions) + 1, positions.dtype)  # concatenate() compares the types field by field
        joined[:-1], joined[-1] = positions, added[0]
        return symbol_margin(joined, symbol_index, spec, money, terms, reserved)
    bought, sold, _ = _legs(positions, symbol_index, money)
    (leg,) = [one for one in _legs(added, symbol_index, money)[:2] if one.lots]
    side = int(added["side"][0])
    opposite, same = (sold, bought) if side > 0 else (bought, sold)
    covered = min(leg.lots, max(0.0, round(opposite.lots - same.lots, _LOT_DIGITS)))
    margin = symbol_margin(positions, symbol_index, spec, money, terms, reserved)
    margin += _leg_margin(side, leg._replace(lots=round(leg.lots - covered, _LOT_DIGITS)), money)
    return float(margin + _hedged_margin(leg._replace(lots=covered), spec, money))


def maintained(spec: SymbolSpec, money: SymbolMoney) -> SymbolMoney:
    """`money` as it charges what is open: with the maintenance margin, where the symbol has one."""
    if spec.margin_initial <= 0.0 or spec.margin_maintenance <= 0.0:
        return money
    return money._replace(margin_initial=spec.margin_maintenance)


def _legs(positions: Rows, symbol_index: int, money: SymbolMoney) -> tuple[Leg, Leg, Leg]:
    """Of buys, of sells, of both."""
    sums = np.zeros((3, len(Leg._fields)))
    leg_sums(positions, symbol_index, money, sums)
    bought, sold, both = (_average(leg) for leg in sums.tolist())
    return bought, sold, both


@njit
def leverage_factor(cap: int, money: SymbolMoney) -> float:
    """By how much a leverage of at most 1:`cap` (0 = no limit) raises a margin that depends on the leverage."""
    return money.leverage / cap if 0 < cap < money.leverage and money.calc_mode in _LEVERAGED else 1.0


@njit
def leg_sums(positions: Rows, symbol_index: int, money: SymbolMoney, sums: npt.NDArray[np.float64]) -> None:
    """Add up lots, and lots weighted by price, rate and factor as in `Leg`: into the rows buys, sells, both of `sums`.

    Shapes: `positions` [n], `sums` [3, 4] of zeros. There may be hundreds of positions, and this runs at every deal.
    """
    for position in positions:
        if position.symbol_index != symbol_index:
            continue
        leg = sums[0 if position.side > 0 else 1]
        volume = position.volume
        leg[0] += volume
        leg[1] += volume * position.price_open
        leg[2] += volume * position.margin_rate
        leg[3] += volume * leverage_factor(position.leverage_cap, money)
    for at in range(sums.shape[1]):
        sums[2, at] = sums[0, at] + sums[1, at]


def _average(sums: list[float]) -> Leg:
    lots = sums[0]
    return Leg(lots, *(one / lots for one in sums[1:])) if lots else Leg(0.0, 0.0, 0.0, 1.0)


def _leg_margin(side: int, leg: Leg, money: SymbolMoney) -> float:
    if leg.lots <= 0.0:
        return 0.0
    if money.margin_conversion == Conversion.QUOTED:
        money = money._replace(margin_bid=leg.rate, margin_ask=leg.rate)
    money = money._replace(
        margin_rate_buy=money.margin_rate_buy * leg.factor, margin_rate_sell=money.margin_rate_sell * leg.factor
    )
    return float(required_margin(side, leg.lots, leg.price, money))


def _hedged_margin(leg: Leg, spec: SymbolSpec, money: SymbolMoney) -> float:
    if spec.margin_hedged <= 0.0:
        return 0.0
    rate = (money.margin_rate_buy + money.margin_rate_sell) / 2.0
    hedged = money._replace(margin_rate_buy=rate, margin_rate_sell=rate)
    if money.margin_initial > 0.0:
        hedged = hedged._replace(margin_initial=spec.margin_hedged)
    else:
        hedged = hedged._replace(contract_size=spec.margin_hedged)
    return _leg_margin(1, leg, hedged)
