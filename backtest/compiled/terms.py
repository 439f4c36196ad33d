"""An account profile and symbol specifications as the arrays of a compiled broker."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from backtest.compiled.tables import (
    ACCOUNT_DTYPE,
    DATED_CAP,
    HOLIDAY,
    TERMS_DTYPE,
    WEEKLY_CAP,
    WINDOW_DTYPE,
    Broker,
    Floats,
)
from domain.pricing import SymbolMoney
from domain.symbols import ExecutionMode, FillingFlag, SymbolSpec
from domain.timeframes import DAY_S
from sim import matching
from sim.checks import OPEN_MODES
from sim.holidays import Holiday, TradingHours
from sim.profiles import AccountProfile, CommissionCharge
from sim.swaps import nights_charged
from sim.terms import WEEK, HolidaySwap
from strategy.params import EngineSettings
from strategy.symbol_rows import by_base
from strategy.tables import MAX_POSITIONS, Table

_MS_PER_DAY: Final = DAY_S * 1000
_EPOCH: Final = dt.date(1970, 1, 1)
_FIRST_ORDER: Final = 2_000_001  # as `sim.ledger` numbers them; the deposit is the first deal
_SECOND_DEAL: Final = 1_000_002
_NUMBERS: Final = ("digits", "point", "tick_size", "volume_min", "volume_max", "volume_step", "volume_limit")
_LISTED: Final = FillingFlag.FOK | FillingFlag.IOC


def broker_of(
    profile: AccountProfile,
    specs: Sequence[SymbolSpec],
    monies: Sequence[SymbolMoney],
    settings: EngineSettings,
    span_msc: tuple[int, int],
) -> Broker:
    """The broker before the first of the quotes, which lie in `span_msc` [ms, broker's clock].

    `monies` price `specs`, and once more for our own books.
    """
    first_day, last_day = (time_msc // _MS_PER_DAY for time_msc in span_msc)
    days = range(first_day, last_day + 1)
    return Broker(
        _account(profile, span_msc[0], first_day),
        np.zeros(MAX_POSITIONS, matching.POSITION_DTYPE),
        np.zeros(2 * len(specs), matching.QUOTE_DTYPE),
        np.concatenate([matching.money_row(money) for money in monies]),
        np.concatenate([terms_row(spec, profile, settings) for spec in specs]),
        np.array([*_caps(profile, specs), *_holidays(profile.holidays, specs, days)], WINDOW_DTYPE),
        np.array([_nights(profile, spec, days) for spec in specs]),
    )


def _account(profile: AccountProfile, start_msc: int, first_day: int) -> Table:
    account = np.zeros(1, ACCOUNT_DTYPE)
    line = account[0]
    line["balance"], line["money_digits"] = profile.deposit, profile.currency_digits
    line["leverage"] = profile.leverage_at(profile.deposit)
    line["tier_low"], line["tier_high"] = profile.tier_bounds(profile.deposit)
    line["now_msc"], line["next_order"], line["next_deal"] = start_msc, _FIRST_ORDER, _SECOND_DEAL
    line["stop_out_fraction"], line["slippage_points"] = profile.stop_out_fraction, profile.slippage_points
    line["limit_positions"], line["first_day"] = profile.limit_positions, first_day
    line["tier_count"] = len(profile.tiers)
    for index, tier in enumerate(profile.tiers):
        line["tiers"][index] = tier.equity_from, tier.leverage
    return account


def terms_row(spec: SymbolSpec, profile: AccountProfile, settings: EngineSettings) -> Table:
    """What the broker asks of a symbol (TERMS_DTYPE, one row)."""
    row = np.zeros(1, TERMS_DTYPE)
    line, rule = row[0], profile.commission_of(spec.name)
    for name in _NUMBERS:
        line[name] = getattr(spec, name)
    line["stops_points"], line["freeze_points"] = spec.stops_level_points, spec.freeze_level_points
    line["has_filling"] = bool(spec.filling_flags & _LISTED)
    line["may_buy"], line["may_sell"] = (refusal is None for refusal in OPEN_MODES[spec.trade_mode])
    line["on_grid_only"] = spec.execution_mode == ExecutionMode.INSTANT
    line["margin_hedged"], line["larger_leg"] = spec.margin_hedged, profile.terms_of(spec.name).uses_larger_leg
    line["commission_lot"], line["commission_deal"] = rule.per_lot, rule.per_deal
    line["commission_each"] = rule.charge is CommissionCharge.EACH_DEAL
    line["swap_long"], line["swap_short"] = spec.swap_long, spec.swap_short
    line["least_slippage"] = by_base(spec.name, settings.slippage_points)
    line["session_count"] = len(spec.sessions)
    for index, session in enumerate(spec.sessions):
        line["sessions"][index] = session
    return row


def _caps(profile: AccountProfile, specs: Sequence[SymbolSpec]) -> Iterator[tuple[int, int, int, int, int]]:
    for place, spec in enumerate(specs):
        for rule in profile.reduced:
            for start, end in rule.weekly:
                if rule.ends_s(spec, start + (WEEK - 4) * DAY_S) is not None:
                    yield WEEKLY_CAP, place, rule.leverage, start, end
            for start, end in rule.dated:
                if rule.ends_s(spec, start) is not None:
                    yield DATED_CAP, place, rule.leverage, start, end


def _holidays(
    holidays: Sequence[Holiday], specs: Sequence[SymbolSpec], days: range
) -> Iterator[tuple[int, int, int, int, int]]:
    """Hours of the holidays in the span of `days`, as rows of WINDOW_DTYPE."""
    years = range(_date_of(days[0]).year, _date_of(days[-1]).year + 1)
    for holiday in holidays:
        for on in _dates(holiday, years):
            day = (on - _EPOCH).days
            for place, spec in enumerate(specs):
                if day in days and holiday.concerns(spec, on):
                    for opens, closes in holiday.hours or ((0, 0),):
                        yield HOLIDAY, place, 0, day * DAY_S + opens, day * DAY_S + closes


def _dates(holiday: Holiday, years: range) -> Iterator[dt.date]:
    for year in years if holiday.every_year else (holiday.day.year,):
        try:
            yield holiday.day.replace(year=year)
        except ValueError:  # the 29th of February of another year
            continue


def _date_of(day: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=day)


def _nights(profile: AccountProfile, spec: SymbolSpec, days: range) -> Floats:
    """As how many nights each midnight counts, shape (days,)."""
    terms, hours = profile.terms_of(spec.name), TradingHours(profile.holidays)
    if not (spec.swap_long or spec.swap_short):
        return np.zeros(len(days))
    if terms.holiday_swap == HolidaySwap.AS_USUAL:
        week = [nights_charged(day, spec, terms, hours) for day in days[:WEEK]]
        return np.resize(np.array(week, np.float64), len(days))
    return np.array([nights_charged(day, spec, terms, hours) for day in days], np.float64)
