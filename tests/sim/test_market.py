from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.symbols import SymbolSpecError
from sim.market import Market, next_opening_s
from tests.sim.venues import EURUSD, MONDAY_MSC, USDJPY, open_all_week, ticks_of


def market() -> Market:
    return Market((EURUSD, USDJPY), "USD", 2, 500, MONDAY_MSC)


def test_before_the_first_tick_there_is_a_clock_and_no_quote() -> None:
    made = market()
    assert made.now_msc == MONDAY_MSC
    assert made.quote(0) == (0.0, 0.0, 0)
    assert not made.is_quoted(0)


def test_a_tick_becomes_the_quote_of_its_symbol() -> None:
    made = market()
    made.take_quote(1, ticks_of([(150.0, 150.1)], start_msc=MONDAY_MSC + 5), 0)
    assert made.quote(1) == (150.0, 150.1, MONDAY_MSC + 5)
    assert made.is_quoted(1)
    assert not made.is_quoted(0)
    assert made.now_msc == MONDAY_MSC + 5
    assert (made.price(1, 1), made.price(1, -1)) == (150.1, 150.0)


def test_the_clock_never_goes_back() -> None:
    made = market()
    made.take_quote(0, ticks_of([(1.1, 1.2)], start_msc=MONDAY_MSC + 9), 0)
    made.take_quote(1, ticks_of([(150.0, 150.1)], start_msc=MONDAY_MSC + 3), 0)
    assert made.now_msc == MONDAY_MSC + 9


@pytest.mark.parametrize("bad", [(0.0, 1.2), (1.1, 0.0), (-1.0, 1.2), (float("nan"), 1.2), (1.1, float("inf"))])
def test_a_tick_without_prices_moves_the_clock_alone(bad: tuple[float, float]) -> None:
    made = market()
    made.take_quote(0, ticks_of([(1.1, 1.2), bad]), 0)
    made.take_quote(0, ticks_of([(1.1, 1.2), bad]), 1)
    assert made.quote(0) == (1.1, 1.2, MONDAY_MSC)
    assert made.now_msc == MONDAY_MSC + 1000


@pytest.mark.parametrize(
    ("side", "slippage", "price"), [(1, 0.0, 1.1002), (1, 3.0, 1.10023), (-1, 3.0, 1.09997), (-1, 0.0, 1.1)]
)
def test_slippage_is_always_against_the_order(side: int, slippage: float, price: float) -> None:
    made = market()
    made.take_quote(0, ticks_of([(1.1, 1.1002)]), 0)
    assert made.fill_price(0, side, slippage) == price


def test_leverage_reaches_every_symbol() -> None:
    made = market()
    made.use_leverage(30)
    assert made.leverage == 30
    assert [money.leverage for money in made.moneys] == [30.0, 30.0]
    assert made.money_rows["leverage"].tolist() == [30.0, 30.0]


def test_a_symbol_that_cannot_be_priced_is_refused() -> None:
    with pytest.raises(SymbolSpecError, match="currency_margin"):
        Market((msgspec.structs.replace(EURUSD, currency_margin="CHF"),), "USD", 2, 500, 0)


def test_sessions_follow_the_server_s_clock() -> None:
    saturday = MONDAY_MSC + 5 * 86_400_000
    assert market().in_session(0)
    assert not Market((EURUSD,), "USD", 2, 500, saturday).in_session(0)
    assert Market((open_all_week(EURUSD),), "USD", 2, 500, saturday).in_session(0)


def test_the_next_midnight_is_strictly_later() -> None:
    midnight = MONDAY_MSC + 12 * 3_600_000
    assert market().next_midnight_msc() == midnight
    assert Market((EURUSD,), "USD", 2, 500, midnight).next_midnight_msc() == midnight + 86_400_000


@given(st.integers(1_700_000_000, 1_700_000_000 + 14 * 86_400))
def test_the_next_opening_is_the_first_open_second(server_s: int) -> None:
    if EURUSD.in_session(server_s):
        return
    opens_s = next_opening_s(EURUSD, server_s)
    assert EURUSD.in_session(opens_s)
    assert not EURUSD.in_session(opens_s - 1)
    assert server_s < opens_s < server_s + 3 * 86_400


def test_monday_is_a_monday() -> None:
    assert datetime.fromtimestamp(MONDAY_MSC / 1000, tz=UTC).strftime("%A %H:%M") == "Monday 12:00"
