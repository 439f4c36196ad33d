"""Overnight swap of positions.

Source: MetaTrader 5 platform help, "Swaps". That a night is rounded as a whole, the triple one, too, and that the
Strategy Tester charges the night of a holiday with that of the next trading day: some 1,800 exits of Strategy Tester
reports, all to the cent (docs/simulator-evidence.md).
"""

from typing import Final, NamedTuple

from domain.pricing import Conversion, SymbolMoney, money_per_price, rounded_money
from domain.symbols import CalcMode, SwapMode, SymbolSpec
from domain.timeframes import DAY_S
from sim.conversion import FOREX_MODES, Rate
from sim.holidays import TradingHours
from sim.terms import WEEK, HolidaySwap, SymbolTerms

_SATURDAY: Final = 6
_SUNDAY: Final = 0
_TRIPLE: Final = 3
_FURTHEST_DAYS: Final = 30
_IN_MONEY: Final = (SwapMode.CURRENCY_SYMBOL, SwapMode.CURRENCY_MARGIN, SwapMode.CURRENCY_DEPOSIT)
_IN_PERCENT: Final = (SwapMode.INTEREST_CURRENT, SwapMode.INTEREST_OPEN)
_BY_TICK_VALUE: Final = (CalcMode.FUTURES, CalcMode.EXCH_FUTURES)
REOPENS: Final = (SwapMode.REOPEN_CURRENT, SwapMode.REOPEN_BID)
"""Modes in which no swap is charged, but positions are closed and opened again at a price that holds it."""


class Night(NamedTuple):
    """What the swap of one position depends on.

    Its `side`, `volume` [lots] and open price; the closing `price` now; the rate of the swap's currency; for how many
    nights it counts.
    """

    side: int
    volume: float
    price_open: float
    price: float
    rate: Rate
    nights: float


def swap_currency(spec: SymbolSpec, account_currency: str) -> str:
    """The currency in which the symbol's swap is calculated before it is converted."""
    if spec.swap_mode == SwapMode.CURRENCY_MARGIN:
        return spec.currency_margin
    if spec.swap_mode == SwapMode.CURRENCY_SYMBOL or spec.swap_mode in _IN_PERCENT:
        return spec.currency_base
    return account_currency


def swap_of_night(spec: SymbolSpec, money: SymbolMoney, terms: SymbolTerms, night: Night) -> float:
    """Swap of one midnight [account money], rounded as a whole."""
    size = spec.swap_long if night.side > 0 else spec.swap_short
    if spec.swap_mode == SwapMode.POINTS:
        amount = size * spec.point * night.volume * _money_per_price(night, size, money)
    elif spec.swap_mode in _IN_MONEY:
        amount = size * night.volume * (night.rate.bid if size > 0.0 else night.rate.ask)
    elif spec.swap_mode in _IN_PERCENT:
        price = night.price_open if spec.swap_mode == SwapMode.INTEREST_OPEN else night.price
        worth = _worth_of_lot(spec, price) * (night.rate.bid if night.side > 0 else night.rate.ask)
        amount = worth * night.volume * size / 100.0 / terms.days_in_year
    else:
        amount = 0.0
    return float(rounded_money(amount * night.nights, money.money_digits))


def reopening_price(spec: SymbolSpec, side: int, price: float, bid: float, nights: float) -> float:
    """At which a position closed at `price` is opened again: worse by a negative swap, better by a positive one."""
    size = spec.swap_long if side > 0 else spec.swap_short
    start = bid if spec.swap_mode == SwapMode.REOPEN_BID else price
    return round(start - side * size * spec.point * nights, spec.digits)


def nights_charged(day: int, spec: SymbolSpec, terms: SymbolTerms, hours: TradingHours) -> float:
    """How many nights the midnight that ends `day` [days since 1970-01-01, broker's clock] is charged as."""
    if terms.holiday_swap == HolidaySwap.AS_USUAL:
        return _multiplier(day, spec, terms)
    if hours.is_holiday(spec, day) or _is_idle(day, spec, terms):
        return 0.0
    step = 1 if terms.holiday_swap == HolidaySwap.NIGHT_BEFORE else -1
    total, other = _multiplier(day, spec, terms), day + step
    while abs(other - day) < _FURTHEST_DAYS and (hours.is_holiday(spec, other) or _is_idle(other, spec, terms)):
        total += _multiplier(other, spec, terms)
        other += step
    return total


def midnights_between(before_msc: int, now_msc: int) -> range:
    """The days [since 1970-01-01] whose ending midnight lies in (`before_msc`, `now_msc`] [ms, broker's clock]."""
    return range(before_msc // (DAY_S * 1000), now_msc // (DAY_S * 1000))


def _multiplier(day: int, spec: SymbolSpec, terms: SymbolTerms) -> float:
    weekday = (day + 4) % WEEK  # 1970-01-01 was a Thursday; MT5 counts from Sunday = 0
    if terms.swap_multipliers:
        return terms.swap_multipliers[weekday]
    if weekday in (_SATURDAY, _SUNDAY):
        return 0.0
    return float(_TRIPLE if weekday == spec.swap_rollover3days else 1)


def _is_idle(day: int, spec: SymbolSpec, terms: SymbolTerms) -> bool:
    """Whether nothing is charged for the day anyway, so that a holiday behind it still counts: a weekend."""
    return _multiplier(day, spec, terms) == 0.0


def _money_per_price(night: Night, size: float, money: SymbolMoney) -> float:
    if money.profit_conversion != Conversion.FIXED_RATE or money.calc_mode in _BY_TICK_VALUE:
        return float(money_per_price(night.price, money))
    is_bought = night.side < 0 if money.by_deal else size < 0.0
    return money.contract_size * (money.loss_rate if is_bought else money.profit_rate)


def _worth_of_lot(spec: SymbolSpec, price: float) -> float:
    """Cost of one lot in the base currency, by the kind of symbol."""
    if spec.calc_mode in FOREX_MODES:
        return spec.contract_size
    factor = spec.tick_value / spec.tick_size if spec.calc_mode in _BY_TICK_VALUE else 1.0
    return spec.contract_size * price * factor
