from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.symbols import SymbolSpecError
from sim.conversion import conversions
from sim.holidays import TradingHours
from sim.market import Market
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, USDJPY, Venue, open_all_week, ticks_of


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
    opens_s = TradingHours().next_opening_s(EURUSD, server_s)
    assert EURUSD.in_session(opens_s)
    assert not EURUSD.in_session(opens_s - 1)
    assert server_s < opens_s < server_s + 3 * 86_400


def test_monday_is_a_monday() -> None:
    assert datetime.fromtimestamp(MONDAY_MSC / 1000, tz=UTC).strftime("%A %H:%M") == "Monday 12:00"


# -- crosses -----------------------------------------------------------------------------------------------------------

EURGBP = msgspec.structs.replace(
    EURUSD, name="EURGBP", currency_profit="GBP", tick_value=1.2, tick_value_profit=1.2, tick_value_loss=1.2
)
EURJPY = msgspec.structs.replace(USDJPY, name="EURJPY", currency_base="EUR", currency_margin="EUR")
GBPUSD = msgspec.structs.replace(EURUSD, name="GBPUSD", currency_base="GBP", currency_margin="GBP")
CROSS = tuple(open_all_week(spec) for spec in (EURGBP, GBPUSD, EURUSD))


def test_who_converts_whom() -> None:
    specs = (EURGBP, GBPUSD, EURJPY, USDJPY, EURUSD)
    found = conversions(specs, "USD")
    assert found.profit == {0: ((1, False),), 2: ((3, True),)}
    assert found.margin == {0: ((4, False),), 2: ((4, False),)}


def test_a_cross_is_converted_at_the_other_pair_s_quote_when_it_ticks_itself() -> None:
    made = Market((EURGBP, GBPUSD, EURUSD), "USD", 2, 500, MONDAY_MSC)
    made.take_quote(0, ticks_of([(0.85, 0.8502)]), 0)
    assert made.moneys[0].profit_rate == pytest.approx(1.2)  # by the tick value: nothing else is known yet
    assert not made.is_convertible(0)
    made.take_quote(1, ticks_of([(1.25, 1.2502)]), 0)
    made.take_quote(2, ticks_of([(1.0625, 1.0627)]), 0)
    assert made.moneys[0].profit_rate == pytest.approx(1.2)
    assert made.is_convertible(0)
    made.take_quote(0, ticks_of([(0.85, 0.8502)]), 0)
    for _ in range(2):
        money = made.moneys[0]
        assert (money.profit_rate, money.loss_rate, money.margin_bid, money.margin_ask) == (
            1.25,
            1.2502,
            1.0625,
            1.0627,
        )
        assert tuple(made.money_rows[0]) == tuple(money)
        made.use_leverage(30)


def test_where_the_account_s_currency_is_the_base_the_quote_is_turned_around() -> None:
    made = Market((EURJPY, USDJPY, EURUSD), "USD", 2, 500, MONDAY_MSC)
    made.take_quote(1, ticks_of([(149.9, 150.0)]), 0)
    made.take_quote(0, ticks_of([(165.0, 165.02)]), 0)
    assert (made.moneys[0].profit_rate, made.moneys[0].loss_rate) == (1.0 / 150.0, 1.0 / 149.9)


@given(st.integers(11_000, 14_000), st.integers(-500, 500), st.sampled_from([1, -1]))
def test_a_triangle_of_pairs_earns_what_its_legs_earn(rate: int, move: int, side: int) -> None:
    """EURGBP in dollars is the pounds it moved by, at GBPUSD."""
    venue = Venue(*CROSS)
    venue.quote(rate / 10_000, rate / 10_000, symbol_index=1)
    euro = round(0.85 * rate / 10_000, 5)
    venue.quote(euro, euro, symbol_index=2)
    venue.quote(0.85, 0.85)
    venue.open(side, 0.4, symbol="EURGBP")
    price = round(0.85 + move * 1e-5, 5)
    venue.quote(price, price)
    (position,) = venue.terminal.positions()
    assert position.profit == pytest.approx(side * move * 1e-5 * 40_000 * rate / 10_000, abs=0.0051)
    assert venue.terminal.money().margin == pytest.approx(0.4 * 100_000 * euro / 500, abs=0.0051)
    venue.close(position.position_ticket)
    assert venue.terminal.deals[-1].profit == position.profit


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(-300, 300)), min_size=1, max_size=40), st.sampled_from([1, -1])
)
def test_the_scan_knows_of_conversions(moves: list[tuple[int, int]], side: int) -> None:
    """A small account in a cross, while the pair that converts it moves, too: as when every tick is looked at."""
    small = msgspec.structs.replace(PROFILE, deposit=500.0)
    scanned, watched = (Venue(*CROSS, profile=small) for _ in range(2))
    for venue in (scanned, watched):
        venue.quote(1.25, 1.25, symbol_index=1)
        venue.quote(1.0625, 1.0625, symbol_index=2)
        venue.quote(0.85, 0.85)
        venue.open(side, 1.5, symbol="EURGBP")
    for index, (symbol, move) in enumerate(moves):
        price = round((0.85, 1.25)[symbol] + move * 1e-5 * (1, 20)[symbol], 5)
        ticks = ticks_of([(price, price)], start_msc=MONDAY_MSC + 10_000 + index * 1000)
        watched.terminal.on_tick(symbol, ticks, 0)
        if scanned.terminal.scan(symbol, ticks, 0, 1) == 0:
            scanned.terminal.on_tick(symbol, ticks, 0)
        else:
            scanned.terminal.settle(symbol, ticks, 0)
    assert scanned.terminal.deals == watched.terminal.deals
    assert scanned.terminal.money() == watched.terminal.money()


def test_a_dearer_conversion_alone_can_stop_an_account_out() -> None:
    venue = Venue(*CROSS, profile=msgspec.structs.replace(PROFILE, deposit=500.0))
    venue.quote(1.25, 1.25, symbol_index=1)
    venue.quote(1.0625, 1.0625, symbol_index=2)
    venue.quote(0.85, 0.85)
    venue.open(1, 1.0, symbol="EURGBP")
    venue.quote(0.848, 0.848)  # 200 pounds are lost: 250 dollars
    assert len(venue.terminal.positions()) == 1
    venue.quote(2.5, 2.5, symbol_index=1)
    ticks = ticks_of([(0.848, 0.848)], start_msc=venue.clock_msc + 1000)
    assert venue.terminal.scan(0, ticks, 0, 1) == 0
    venue.terminal.on_tick(0, ticks, 0)
    assert venue.terminal.positions() == ()
