from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing import symbol_money
from domain.symbols import CalcMode, SwapMode, SymbolSpec, SymbolSpecError
from domain.trading import DealEntry, DealReason
from sim import swaps
from sim.conversion import Rate
from sim.holidays import Holiday, TradingHours
from sim.terms import HolidaySwap, SymbolTerms
from tests.sim.venues import DAY_MSC, EURUSD, PROFILE, USDJPY, Venue, open_all_week

MONDAY_DAY = 20_094  # 2025-01-06
PLAIN, ALWAYS_OPEN = SymbolTerms(), TradingHours()
CROSS = msgspec.structs.replace(EURUSD, name="EURGBP", currency_profit="GBP", tick_value=1.25, tick_value_loss=1.25)
ONE = Rate(1.0, 1.0)


def charged(spec: SymbolSpec, mode: SwapMode, side: int = 1, *, nights: float = 1, rate: Rate = ONE) -> float:
    """Swap of 0.39 lots, opened at 1.10, that stand at 1.15."""
    night = swaps.Night(side, 0.39, 1.1, 1.15, rate, nights)
    made = msgspec.structs.replace(spec, swap_mode=mode)
    return swaps.swap_of_night(made, symbol_money(made, "USD", 2, 500), PLAIN, night)


def rates(swap_long: float, swap_short: float = 0.0, spec: SymbolSpec = EURUSD) -> SymbolSpec:
    return msgspec.structs.replace(spec, swap_long=swap_long, swap_short=swap_short)


@pytest.mark.parametrize(
    ("days_after_monday", "nights"), [(0, 1), (1, 1), (2, 3), (3, 1), (4, 1), (5, 0), (6, 0), (7, 1), (9, 3)]
)
def test_the_night_of_wednesday_counts_three_times_and_the_weekend_not(days_after_monday: int, nights: int) -> None:
    assert swaps.nights_charged(MONDAY_DAY + days_after_monday, EURUSD, PLAIN, ALWAYS_OPEN) == nights


@given(st.integers(0, 30_000), st.integers(1, 5))
def test_every_week_has_seven_nights(day: int, triple: int) -> None:
    spec = msgspec.structs.replace(EURUSD, swap_rollover3days=triple)
    assert sum(swaps.nights_charged(day + offset, spec, PLAIN, ALWAYS_OPEN) for offset in range(7)) == 7


def test_a_symbol_that_trades_all_week_has_its_own_multipliers() -> None:
    terms = SymbolTerms(swap_multipliers=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))
    assert [swaps.nights_charged(MONDAY_DAY + day, EURUSD, terms, ALWAYS_OPEN) for day in range(7)] == [1.0] * 7
    with pytest.raises(ValueError, match="swap_multipliers has 2 values; give 7"):
        SymbolTerms(swap_multipliers=(1.0, 1.0))
    with pytest.raises(ValueError, match="days_in_year is 0"):
        SymbolTerms(days_in_year=0)


@given(st.integers(0, 10**12), st.integers(0, 10**9))
def test_midnights_are_counted_once(before_msc: int, wait_msc: int) -> None:
    whole = swaps.midnights_between(before_msc, before_msc + wait_msc)
    half = before_msc + wait_msc // 2
    parts = [*swaps.midnights_between(before_msc, half), *swaps.midnights_between(half, before_msc + wait_msc)]
    assert list(whole) == parts
    assert all(before_msc < (day + 1) * 86_400_000 <= before_msc + wait_msc for day in whole)


# -- holidays ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "closed", "week"),
    [
        (HolidaySwap.AS_USUAL, (8,), [1, 1, 3, 1, 1, 0, 0, 1]),
        (HolidaySwap.NIGHT_BEFORE, (8,), [1, 4, 0, 1, 1, 0, 0, 1]),  # the platform help's example: Tuesday counts 4
        (HolidaySwap.NIGHT_BEFORE, (8, 9), [1, 5, 0, 0, 1, 0, 0, 1]),  # and its second: two holidays in a row
        (HolidaySwap.NIGHT_AFTER, (8,), [1, 1, 0, 4, 1, 0, 0, 1]),
        (HolidaySwap.NIGHT_AFTER, (10,), [1, 1, 3, 1, 0, 0, 0, 2]),  # Good Friday: with Monday's night
        (HolidaySwap.NIGHT_BEFORE, (13,), [1, 1, 3, 1, 2, 0, 0, 0]),  # a Monday: with Friday's
    ],
)
def test_nights_of_holidays(rule: HolidaySwap, closed: tuple[int, ...], week: list[float]) -> None:
    hours = TradingHours([Holiday(day=date(2025, 1, day)) for day in closed])
    terms = SymbolTerms(holiday_swap=rule)
    assert [swaps.nights_charged(MONDAY_DAY + day, EURUSD, terms, hours) for day in range(8)] == week


@given(st.sets(st.integers(0, 27), max_size=6), st.sampled_from(HolidaySwap))
def test_no_night_is_lost_or_charged_twice(closed: set[int], rule: HolidaySwap) -> None:
    """Over two months with holidays in the second to fifth week: as many nights as days."""
    holidays = [Holiday(day=date.fromordinal(date(2025, 1, 13).toordinal() + day)) for day in closed]
    terms, hours = SymbolTerms(holiday_swap=rule), TradingHours(holidays)
    assert sum(swaps.nights_charged(MONDAY_DAY + day, EURUSD, terms, hours) for day in range(63)) == 63


# -- modes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "mode", "side", "nights", "swap"),
    [
        (rates(-7.51, 2.0), SwapMode.POINTS, 1, 1, -2.93),
        (rates(-7.51, 2.0), SwapMode.POINTS, 1, 3, -8.79),
        (rates(-7.51, 2.0), SwapMode.POINTS, -1, 1, 0.78),
        (rates(-7.51, 2.0), SwapMode.POINTS, 1, 0, 0.0),
        (rates(-4.0, spec=CROSS), SwapMode.POINTS, 1, 1, -1.95),
        (rates(10.0, spec=USDJPY), SwapMode.POINTS, 1, 1, 339.13),  # 390 yen a point at 1.15
        (rates(-1.5), SwapMode.CURRENCY_DEPOSIT, 1, 1, -0.59),
        (rates(-1.5), SwapMode.DISABLED, 1, 1, 0.0),
    ],
)
def test_swap_of_a_night(spec: SymbolSpec, mode: SwapMode, side: int, nights: int, swap: float) -> None:
    assert charged(spec, mode, side, nights=nights) == swap


@pytest.mark.parametrize("mode", [SwapMode.CURRENCY_SYMBOL, SwapMode.CURRENCY_MARGIN])
def test_swap_in_money_is_converted_at_the_worse_side(mode: SwapMode) -> None:
    quote = Rate(1.1, 1.2)
    assert charged(rates(-10.0, 10.0), mode, 1, rate=quote) == -4.68
    assert charged(rates(-10.0, 10.0), mode, -1, rate=quote) == 4.29


def test_swap_in_percent_of_a_forex_symbol_is_that_of_the_contract() -> None:
    """100,000 EUR a lot, 3.6 % a year of 360 days: 10 EUR a lot and night; buys at the bid, sells at the ask."""
    spec = rates(-3.6, 3.6)
    for mode in (SwapMode.INTEREST_CURRENT, SwapMode.INTEREST_OPEN):
        assert charged(spec, mode, 1, rate=Rate(1.1, 1.2)) == -4.29
        assert charged(spec, mode, -1, rate=Rate(1.1, 1.2)) == 4.68


def test_swap_in_percent_of_a_cfd_is_that_of_its_price() -> None:
    """The help's lots of 100 at 33: a CFD costs 3,300, a future with a tick value ratio of 10 33,000."""
    cfd = msgspec.structs.replace(
        rates(-36.0),
        contract_size=100.0,
        tick_size=0.1,
        tick_value=1.0,
        currency_base="USD",
        currency_margin="USD",
        calc_mode=CalcMode.CFD,
    )
    future = msgspec.structs.replace(cfd, calc_mode=CalcMode.FUTURES, margin_initial=1.0)
    found = {}
    for spec in (cfd, future):
        for mode in (SwapMode.INTEREST_CURRENT, SwapMode.INTEREST_OPEN):
            night = swaps.Night(1, 1.0, 33.0, 66.0, ONE, 1.0)
            made = msgspec.structs.replace(spec, swap_mode=mode)
            money = symbol_money(made, "USD", 2, 500)
            found[spec.calc_mode, mode] = swaps.swap_of_night(made, money, PLAIN, night)
    assert list(found.values()) == [-6.6, -3.3, -66.0, -33.0]


def test_the_year_of_a_swap_in_percent_is_a_setting() -> None:
    night = swaps.Night(1, 1.0, 1.1, 1.1, ONE, 1.0)
    spec = msgspec.structs.replace(rates(-3.65), swap_mode=SwapMode.INTEREST_OPEN)
    money = symbol_money(spec, "USD", 2, 500)
    assert swaps.swap_of_night(spec, money, SymbolTerms(days_in_year=365), night) == -10.0


def test_a_swap_in_a_currency_that_nothing_converts_is_refused() -> None:
    spec = msgspec.structs.replace(rates(-1.0, spec=USDJPY), name="EURJPY", currency_base="EUR", currency_margin="USD")
    with pytest.raises(SymbolSpecError, match=r"EURJPY.*EUR, which no symbol converts into USD"):
        Venue(msgspec.structs.replace(spec, swap_mode=SwapMode.CURRENCY_SYMBOL), USDJPY)


@given(
    st.sampled_from([mode for mode in SwapMode if mode not in swaps.REOPENS]),
    st.floats(-50, 50),
    st.integers(1, 300),
    st.sampled_from([1, -1]),
)
def test_swap_grows_with_the_volume_and_has_the_sign_of_its_rate(
    mode: SwapMode, size: float, steps: int, side: int
) -> None:
    spec = msgspec.structs.replace(rates(size, size), swap_mode=mode)
    money = symbol_money(spec, "USD", 2, 500)
    small, large = (
        swaps.swap_of_night(spec, money, PLAIN, swaps.Night(side, steps * times / 100, 1.1, 1.2, ONE, 1.0))
        for times in (1, 5)
    )
    assert large == pytest.approx(5 * small, abs=0.031)
    assert small * size >= 0.0


# -- on an account -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "side", "again"),
    [
        (SwapMode.REOPEN_CURRENT, 1, 1.10210),  # closed at the bid, 10 points worse
        (SwapMode.REOPEN_CURRENT, -1, 1.10210),  # closed at the ask, 10 points worse
        (SwapMode.REOPEN_BID, 1, 1.10210),
        (SwapMode.REOPEN_BID, -1, 1.10190),
    ],
)
def test_a_position_is_closed_and_opened_again_for_its_swap(mode: SwapMode, side: int, again: float) -> None:
    spec = msgspec.structs.replace(open_all_week(rates(-10.0, -10.0)), swap_mode=mode)
    venue = Venue(spec)
    venue.quote(1.1, 1.1)
    ticket = venue.open(side, 1.0).order_ticket
    venue.quote(1.102, 1.1022, after_msc=DAY_MSC)
    closing, opening = venue.terminal.deals[-2:]
    assert (closing.entry, closing.reason, closing.price) == (
        DealEntry.OUT,
        DealReason.ROLLOVER,
        1.102 if side > 0 else 1.1022,
    )
    assert (opening.entry, opening.reason, opening.price) == (DealEntry.IN, DealReason.ROLLOVER, again)
    assert {closing.position_id, opening.position_id} == {ticket}
    assert closing.profit == (200.0 if side > 0 else -220.0)
    assert (closing.commission, closing.swap, opening.profit, opening.commission) == (0.0, 0.0, 0.0, 0.0)
    (position,) = venue.terminal.positions()
    assert (position.position_ticket, position.price_open, position.swap) == (ticket, again, 0.0)
    money = venue.terminal.money()
    assert money.balance == 10_000.0 + closing.profit
    assert money.equity == pytest.approx(money.balance + position.profit)


def test_nights_without_a_tick_reopen_one_after_the_other() -> None:
    spec = msgspec.structs.replace(open_all_week(rates(-10.0)), swap_mode=SwapMode.REOPEN_CURRENT)
    venue = Venue(spec)
    venue.quote(1.1, 1.1)
    venue.open(1, 1.0)
    venue.quote(1.1, 1.1, after_msc=3 * DAY_MSC)  # from Monday to Thursday: 1 + 1 + 3 nights
    assert [deal.price for deal in venue.terminal.deals[2:]] == [1.1, 1.1001, 1.1, 1.1001, 1.1, 1.1003]
    assert venue.terminal.money().equity == 10_000.0 - 50.0


def test_swap_in_percent_through_the_terminal() -> None:
    """10,000 EUR are worth dollars at the bid for a buy, at the ask for a sell."""
    spec = msgspec.structs.replace(open_all_week(rates(-3.6, -3.6)), swap_mode=SwapMode.INTEREST_CURRENT)
    venue = Venue(spec, profile=PROFILE)
    venue.quote(1.1, 1.2)
    venue.open(1, 0.1)
    venue.open(-1, 0.1)
    venue.quote(1.1, 1.2, after_msc=DAY_MSC)
    assert [position.swap for position in venue.terminal.positions()] == [-1.1, -1.2]
