"""Money of the simulated server: commission and overnight swap.

Formulas of one position are `domain.pricing`; this adds what belongs to an account.
"""

from typing import Final

from domain.pricing import SymbolMoney, money_per_price, rounded_money
from domain.symbols import SwapMode, SymbolSpec, SymbolSpecError
from domain.timeframes import DAY_S
from domain.trading import DealEntry
from sim.profiles import CommissionCharge, CommissionRule

_SATURDAY: Final = 6
_SUNDAY: Final = 0
_TRIPLE: Final = 3
_SIMULATED_SWAPS: Final = (SwapMode.DISABLED, SwapMode.POINTS, SwapMode.CURRENCY_DEPOSIT)


def commission_of(
    rule: CommissionRule, entry: DealEntry, volume: float, currency_digits: int, opened: float = 0.0
) -> float:
    """Commission booked on a deal of `volume` [lots]: negative, or 0 where the deal pays none; rounded per deal.

    Of a reversal (INOUT) a rule that charges entries takes the `opened` volume.
    """
    if rule.charge is CommissionCharge.ENTRY:
        if entry not in (DealEntry.IN, DealEntry.INOUT):
            return 0.0
        volume = opened if entry == DealEntry.INOUT else volume
    return float(rounded_money(-(rule.per_lot * volume + rule.per_deal), currency_digits))


def check_swap(spec: SymbolSpec) -> None:
    """Refuse a symbol whose swap this simulation would get wrong.

    Raises:
        SymbolSpecError: for a swap mode other than points and money of the account, with a rate that is not 0.
    """
    if spec.swap_mode not in _SIMULATED_SWAPS and (spec.swap_long or spec.swap_short):
        problem = f"{spec.swap_mode.name} is not simulated; use POINTS, CURRENCY_DEPOSIT or DISABLED"
        raise SymbolSpecError(spec.name, "swap_mode", problem)


def nights_charged(day: int, rollover3days: int) -> int:
    """How many nights the midnight that ends `day` [days since 1970-01-01, broker's clock] is charged as: 0, 1 or 3."""
    weekday = (day + 4) % 7  # 1970-01-01 was a Thursday; MT5 counts from Sunday = 0
    if weekday in (_SATURDAY, _SUNDAY):
        return 0
    return _TRIPLE if weekday == rollover3days else 1


def swap_of_night(spec: SymbolSpec, money: SymbolMoney, side: int, volume: float, price: float, nights: int) -> float:
    """Swap of one midnight charged as `nights` [account money].

    Rounded each midnight, the triple one as a whole: so it was in 162 exits of a Strategy Tester report, all of them.
    """
    rate = spec.swap_long if side > 0 else spec.swap_short
    if spec.swap_mode == SwapMode.POINTS:
        amount = rate * spec.point * volume * money_per_price(price, money)
    elif spec.swap_mode == SwapMode.CURRENCY_DEPOSIT:
        amount = rate * volume
    else:
        amount = 0.0
    return float(rounded_money(amount * nights, money.money_digits))


def midnights_between(before_msc: int, now_msc: int) -> range:
    """The days [since 1970-01-01] whose ending midnight lies in (`before_msc`, `now_msc`] [ms, broker's clock]."""
    return range(before_msc // (DAY_S * 1000), now_msc // (DAY_S * 1000))
