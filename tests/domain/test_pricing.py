"""Money follows MT5's formulas: golden numbers from terminals, and what must hold for any symbol and price."""

import csv
import math
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.pricing import (
    Conversion,
    loss_per_price,
    money_per_price,
    notional_value,
    position_profit,
    profit_rate_at,
    required_margin,
    rounded_money,
    rounded_price,
    symbol_money,
)
from domain.symbols import CalcMode, SymbolSpec, SymbolSpecError
from tests.domain.instruments import (
    ETHUSD,
    EURGBP,
    EURUSD,
    INSTRUMENTS,
    TYPICAL_PRICES,
    US100,
    USDJPY,
    XAGUSD,
    XAUUSD,
    dollars,
)
from tests.domain.interpreted import bits, interpreted

CENT = Decimal("0.01")

cents = st.integers(-(10**11), 10**11)
amounts = st.floats(-1e9, 1e9)
lots = st.integers(1, 10_000).map(lambda hundredths: hundredths / 100)
sides = st.sampled_from([1, -1])
instruments = st.sampled_from(INSTRUMENTS)


@st.composite
def quoted(draw: st.DrawFn) -> tuple[SymbolSpec, float]:
    """A symbol and a price on its grid within 30 % of a typical one."""
    spec = draw(instruments)
    steps = round(TYPICAL_PRICES[spec.name] / spec.tick_size)
    return spec, rounded_price(
        draw(st.integers(int(steps * 0.7), int(steps * 1.3))) * spec.tick_size, spec.tick_size, 8
    )


# -- rounding ----------------------------------------------------------------------------------------------------------


@given(amount=amounts, digits=st.integers(0, 3))
def test_rounding_treats_gains_and_losses_alike(amount: float, digits: int) -> None:
    assert bits([rounded_money(-amount, digits)]) == bits([0.0 - rounded_money(amount, digits)])


@given(count=cents)
def test_whole_cents_stay_what_they_are(count: int) -> None:
    assert rounded_money(count / 100, 2) == count / 100


@given(thousandths=st.integers(-(10**10), 10**10))
def test_halves_go_away_from_zero(thousandths: int) -> None:
    exact = Decimal(thousandths) / 1000
    assert rounded_money(thousandths / 1000, 2) == float(exact.quantize(CENT, ROUND_HALF_UP))


@given(amount=amounts, digits=st.integers(0, 3))
def test_rounding_moves_by_half_a_unit_at_most(amount: float, digits: int) -> None:
    assert abs(rounded_money(amount, digits) - amount) <= 0.5 * 10.0**-digits * (1 + 1e-5)


@pytest.mark.parametrize(
    ("amount", "digits", "rounded"),
    [(1.005, 2, 1.01), (-1.005, 2, -1.01), (2.675, 2, 2.68), (0.0049, 2, 0.0), (-0.0049, 2, 0.0), (149.5, 0, 150.0)],
)
def test_rounding_by_hand(amount: float, digits: int, rounded: float) -> None:
    assert bits([rounded_money(amount, digits)]) == bits([rounded])


def test_what_is_unknown_stays_unknown() -> None:
    assert math.isnan(rounded_money(math.nan, 2))


@pytest.mark.parametrize(
    ("price", "tick_size", "digits", "rounded"),
    [
        (1.100004999, 1e-5, 5, 1.1),
        (1.100006, 1e-5, 5, 1.10001),
        (4391.126, 0.01, 2, 4391.13),
        (4391.37, 0.25, 2, 4391.25),
        (4391.38, 0.25, 2, 4391.5),
        (29610.04, 0.1, 1, 29610.0),
    ],
)
def test_prices_by_hand(price: float, tick_size: float, digits: int, rounded: float) -> None:
    assert rounded_price(price, tick_size, digits) == rounded


@given(spec_and_price=quoted(), shift=st.floats(-0.4999, 0.4999))
def test_a_price_on_the_grid_is_found_from_anywhere_near(
    spec_and_price: tuple[SymbolSpec, float], shift: float
) -> None:
    spec, price = spec_and_price
    moved = rounded_price(price + shift * spec.tick_size, spec.tick_size, spec.digits)
    assert moved == float(f"{price:.{spec.digits}f}")


# -- profit ------------------------------------------------------------------------------------------------------------


@given(spec_and_price=quoted(), side=sides, volume=lots, move=st.integers(-500, 500))
def test_a_sell_gains_what_a_buy_loses(
    spec_and_price: tuple[SymbolSpec, float], side: int, volume: float, move: int
) -> None:
    spec, price = spec_and_price
    close = price + move * spec.tick_size
    gained = position_profit(side, volume, price, close, dollars(spec))
    assert gained == -position_profit(-side, volume, price, close, dollars(spec))
    assert gained * side * move >= 0.0


@given(spec_and_price=quoted(), volume=lots, move=st.integers(-500, 500))
def test_profit_is_the_move_times_what_a_move_is_worth(
    spec_and_price: tuple[SymbolSpec, float], volume: float, move: int
) -> None:
    spec, price = spec_and_price
    close = price + move * spec.tick_size
    expected = (close - price) * volume * money_per_price(close, dollars(spec))
    assert position_profit(1, volume, price, close, dollars(spec)) == pytest.approx(expected, abs=0.005001)


@pytest.mark.parametrize("spec", [EURUSD, EURGBP, XAUUSD, XAGUSD, US100, ETHUSD], ids=lambda spec: spec.name)
def test_one_tick_is_worth_the_reported_tick_value(spec: SymbolSpec) -> None:
    assert money_per_price(1.0, dollars(spec)) * spec.tick_size == pytest.approx(spec.tick_value)


def test_a_dollar_pair_is_converted_at_the_price_it_closes_at() -> None:
    # 1,000 units from 0.79644 to 0.79603 lose 0.41 francs, which are 0.52 dollars (an Exness account, July 2025)
    usdchf = msgspec.structs.replace(USDJPY, name="USDCHF", digits=5, point=1e-5, tick_size=1e-5, currency_profit="CHF")
    assert profit_rate_at(0.8, dollars(usdchf)) == 1.25
    assert position_profit(1, 0.01, 0.79644, 0.79603, dollars(usdchf)) == -0.52


def test_futures_are_worth_their_tick_value() -> None:
    future = msgspec.structs.replace(US100, calc_mode=CalcMode.FUTURES, tick_size=0.5, tick_value=12.5)
    assert position_profit(-1, 2.0, 5000.0, 4990.5, dollars(future)) == 475.0


# -- notional and margin -----------------------------------------------------------------------------------------------


@given(spec_and_price=quoted(), volume=lots, times=st.integers(2, 50))
def test_notional_grows_with_the_volume(spec_and_price: tuple[SymbolSpec, float], volume: float, times: int) -> None:
    spec, price = spec_and_price
    money = dollars(spec)
    assert notional_value(volume * times, price, money) == pytest.approx(times * notional_value(volume, price, money))


@pytest.mark.parametrize(
    ("spec", "price", "notional"),
    [
        (EURUSD, 1.1, 110_000.0),
        (USDJPY, 149.9, 100_000.0),
        (EURGBP, 0.8, 100_000.0),
        (XAUUSD, 4391.0, 439_100.0),
        (ETHUSD, 1869.4, 1869.4),
    ],
)
def test_notional_of_one_lot(spec: SymbolSpec, price: float, notional: float) -> None:
    assert notional_value(1.0, price, dollars(spec)) == pytest.approx(notional)


@given(spec_and_price=quoted(), side=sides, volume=lots, more=lots)
def test_more_volume_never_needs_less_margin(
    spec_and_price: tuple[SymbolSpec, float], side: int, volume: float, more: float
) -> None:
    spec, price = spec_and_price
    money = dollars(spec)
    assert required_margin(side, volume, price, money) <= required_margin(side, volume + more, price, money)


@given(
    spec_and_price=quoted(), side=sides, volume=lots, leverages=st.tuples(st.integers(1, 3000), st.integers(1, 3000))
)
def test_more_leverage_never_needs_more_margin(
    spec_and_price: tuple[SymbolSpec, float], side: int, volume: float, leverages: tuple[int, int]
) -> None:
    spec, price = spec_and_price
    low, high = sorted(leverages)
    with_low = required_margin(side, volume, price, dollars(spec, low))
    assert required_margin(side, volume, price, dollars(spec, high)) <= with_low


@pytest.mark.parametrize(
    ("mode", "margin"),
    [
        # MQL5 reference: 2 lots of 10 units at 50.0, tick 0.1 worth 1.0, leverage 1:4, rate 0.5
        (CalcMode.FOREX, 2 * 10 / 4 * 0.5),
        (CalcMode.FOREX_NO_LEVERAGE, 2 * 10 * 0.5),
        (CalcMode.CFD, 2 * 10 * 50 * 0.5),
        (CalcMode.CFDINDEX, 2 * 10 * 50 * (1.0 / 0.1) * 0.5),
        (CalcMode.CFDLEVERAGE, 2 * 10 * 50 / 4 * 0.5),
    ],
)
def test_margin_by_calculation_mode(mode: CalcMode, margin: float) -> None:
    spec = msgspec.structs.replace(
        US100, calc_mode=mode, contract_size=10.0, tick_value=1.0, margin_rate_buy=0.5, margin_rate_sell=0.25
    )
    assert required_margin(1, 2.0, 50.0, dollars(spec, 4)) == margin
    assert required_margin(-1, 2.0, 50.0, dollars(spec, 4)) == pytest.approx(margin / 2, abs=0.005001)


@pytest.mark.parametrize("mode", [CalcMode.FUTURES, CalcMode.EXCH_FUTURES])
def test_margin_of_futures_is_the_initial_margin(mode: CalcMode) -> None:
    spec = msgspec.structs.replace(US100, calc_mode=mode, margin_initial=1500.0, margin_rate_buy=1.0)
    assert required_margin(1, 2.0, 5000.0, dollars(spec)) == 3000.0


def test_an_initial_margin_takes_the_place_of_the_contract() -> None:
    spec = msgspec.structs.replace(EURUSD, currency_margin="USD", margin_initial=50_000.0)
    assert required_margin(1, 1.0, 1.1, dollars(spec, 100)) == 500.0


@pytest.mark.parametrize(
    ("spec", "price", "leverage", "margin"),
    [
        (EURUSD, 1.25, 100, 1250.0),  # 1,000 EUR
        (USDJPY, 149.9, 100, 1000.0),  # dollars already
        (EURGBP, 0.8, 100, 1000.0),  # 1,000 EUR are 800 GBP at 1.25
    ],
)
def test_margin_currencies(spec: SymbolSpec, price: float, leverage: int, margin: float) -> None:
    assert required_margin(1, 1.0, price, dollars(spec, leverage)) == pytest.approx(margin)


def test_margin_of_an_index_in_another_currency_is_converted_once() -> None:
    # 1 lot of a yen index at 40,000, 1 % margin: 400 yen, at 0.0066 dollars each
    tokyo = msgspec.structs.replace(
        US100, tick_size=1.0, tick_value=0.0066, currency_base="JPY", currency_profit="JPY", currency_margin="JPY"
    )
    margin = required_margin(1, 1.0, 40_000.0, dollars(msgspec.structs.replace(tokyo, margin_rate_buy=0.01)))
    assert margin == 2.64


@pytest.mark.parametrize("spec", [EURUSD, XAUUSD], ids=lambda spec: spec.name)
def test_margin_and_profit_meet_in_an_account_of_the_base_currency(spec: SymbolSpec) -> None:
    money = symbol_money(spec, spec.currency_base, 2, 100)
    assert money.profit_conversion == Conversion.INVERSE_PRICE
    assert required_margin(1, 1.0, 5.0, money) == spec.contract_size / 100


# -- what cannot be priced ---------------------------------------------------------------------------------------------

UNSUPPORTED = [mode for mode in CalcMode if mode >= CalcMode.EXCH_STOCKS and mode is not CalcMode.EXCH_FUTURES]


@pytest.mark.parametrize("mode", UNSUPPORTED)
def test_a_mode_without_a_formula_is_refused(mode: CalcMode) -> None:
    with pytest.raises(SymbolSpecError, match=f"calc_mode {mode.name} is not supported"):
        dollars(msgspec.structs.replace(EURUSD, calc_mode=mode))


def test_a_margin_currency_without_a_rate_is_refused() -> None:
    with pytest.raises(SymbolSpecError, match="currency_margin NOK is neither"):
        dollars(msgspec.structs.replace(EURUSD, currency_margin="NOK"))


def test_an_account_without_leverage_is_refused() -> None:
    with pytest.raises(SymbolSpecError, match="leverage is 0"):
        dollars(EURUSD, 0)


# -- what brokers charged ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "leverage", "prices", "margin"),
    [
        # JustMarkets-Demo3 on 2026-08-11, account at 1:2000; the page gives gold's price in whole dollars
        (XAUUSD, 2000, (4390.5, 4391.5), 219.54),
        (US100, 2000, (29_609.0, 29_611.0), 59.22),
    ],
)
def test_margin_of_a_raw_spread_account(
    spec: SymbolSpec, leverage: int, prices: tuple[float, float], margin: float
) -> None:
    low, high = (required_margin(1, 1.0, price, dollars(spec, leverage)) for price in prices)
    assert low <= margin <= high
    assert high - low <= 0.06


def _exported(folder: Path, section: str) -> list[tuple[str, float]]:
    """Keys and values of a section that the terminal of a JustMarkets account exported for ETHUSD.s."""
    path = folder / "mt5_specs" / "justmarkets_demo2_ETHUSD.s_feasibility_normal.csv"
    rows = (line.split(",") for line in path.read_text(encoding="utf-8").splitlines()[1:])
    return [(row[4], float(row[5])) for row in rows if row[3] == section and not row[4].endswith("_ok")]


# bid and ask follow from the notional of 0.10 lots: 186.8400 to sell, 186.9380 to buy
ETH_QUOTES = {"buy": 1869.38, "sell": 1868.40}


@pytest.mark.reference
def test_margin_as_the_terminal_calculated_it(reference: Path) -> None:
    checked = 0
    for key, margin in _exported(reference, "margin_matrix"):
        if key.endswith("_live_margin"):
            direction, volume = key.split("_")[0], float(key.split("_")[2])
            side = 1 if direction == "buy" else -1
            assert required_margin(side, volume, ETH_QUOTES[direction], dollars(ETHUSD)) == margin
            checked += 1
    assert checked == 8


@pytest.mark.reference
def test_loss_at_a_stop_as_the_terminal_calculated_it(reference: Path) -> None:
    checked = 0
    for key, loss in _exported(reference, "stop_risk_matrix"):
        if key.endswith("_gross_loss"):
            direction, distance = key.split("_")[0], float(key.split("_")[4].removesuffix("pct")) / 100
            side, price = (1 if direction == "buy" else -1), ETH_QUOTES[direction]
            stop = rounded_price(price * (1 - side * distance), ETHUSD.tick_size, ETHUSD.digits)
            assert position_profit(side, 0.01, price, stop, dollars(ETHUSD)) == -loss
            checked += 1
    assert checked == 16


@pytest.mark.reference
def test_deals_of_a_crypto_symbol(reference: Path) -> None:
    with (reference / "mt5_specs" / "justmarkets_demo2_ETHUSD.s_deals.csv").open(encoding="utf-8") as lines:
        opened, closed = (row for row in csv.DictReader(lines) if row["record_type"] == "DEAL")
    profit = position_profit(1, 0.01, float(opened["price"]), float(closed["price"]), dollars(ETHUSD))
    assert bits([profit]) == bits([0.0])
    assert float(closed["profit"]) == 0.0


@pytest.mark.reference
def test_partial_closes_of_a_gold_position(reference: Path) -> None:
    path = reference / "mt5_specs" / "justmarkets_demo2_XAUUSD.ecn_smoke_2026_07_01.json"
    deals = msgspec.json.decode(path.read_bytes())["partial_close"]["deals"]
    assert [
        position_profit(1, deal["volume"], deal["open_price"], deal["close_price"], dollars(XAUUSD)) for deal in deals
    ] == [deal["profit"] for deal in deals]


# -- compiled and not --------------------------------------------------------------------------------------------------

PLAIN = interpreted("domain.pricing")


@given(amount=st.floats(), digits=st.integers(0, 4), price=st.floats(0, 1e7), tick=st.sampled_from([1e-5, 0.01, 0.25]))
def test_rounding_agrees_with_python(amount: float, digits: int, price: float, tick: float) -> None:
    assume(abs(amount) < 1e300)
    assert bits([rounded_money(amount, digits)]) == bits([PLAIN.rounded_money(amount, digits)])
    assert bits([rounded_price(price, tick, digits)]) == bits([PLAIN.rounded_price(price, tick, digits)])


@given(spec_and_price=quoted(), side=sides, volume=lots, close=st.floats(0.01, 1e6))
def test_money_agrees_with_python(
    spec_and_price: tuple[SymbolSpec, float], side: int, volume: float, close: float
) -> None:
    spec, price = spec_and_price
    money = dollars(spec)
    compiled = (
        position_profit(side, volume, price, close, money),
        notional_value(volume, price, money),
        required_margin(side, volume, price, money),
    )
    plain = (
        PLAIN.position_profit(side, volume, price, close, money),
        PLAIN.notional_value(volume, price, money),
        PLAIN.required_margin(side, volume, price, money),
    )
    assert bits(compiled) == bits(plain)


# -- two rates of a foreign profit currency ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_deal", "side", "price_close", "profit"),
    [
        (0, 1, 0.87, 1250.0),  # a gain is sold
        (0, 1, 0.85, -1270.0),  # a loss is bought
        (0, -1, 0.85, 1250.0),
        (0, -1, 0.87, -1270.0),
        (1, 1, 0.87, 1250.0),  # a closed buy is sold, whatever it came to
        (1, 1, 0.85, -1250.0),
        (1, -1, 0.85, 1270.0),
        (1, -1, 0.87, -1270.0),
    ],
)
def test_profit_of_a_cross_is_converted_by_result_or_by_deal(
    by_deal: int, side: int, price_close: float, profit: float
) -> None:
    money = dollars(EURGBP)._replace(profit_rate=1.25, loss_rate=1.27, by_deal=by_deal)
    assert position_profit(side, 1.0, 0.86, price_close, money) == profit


def test_a_loss_is_reckoned_at_the_dearer_rate_where_one_is_reported() -> None:
    reported = msgspec.structs.replace(EURGBP, tick_value_loss=1.27)
    assert loss_per_price(0.86, dollars(reported)) == pytest.approx(127_000.0)
    assert money_per_price(0.86, dollars(reported)) == pytest.approx(125_000.0)
    for missing in (0.0, math.nan):
        silent = msgspec.structs.replace(EURGBP, tick_value_loss=missing)
        assert loss_per_price(0.86, dollars(silent)) == money_per_price(0.86, dollars(silent))


@given(st.sampled_from([EURUSD, USDJPY, XAUUSD, US100, ETHUSD]), st.floats(0.5, 5000.0))
def test_for_other_symbols_a_loss_costs_what_a_gain_brings(spec: SymbolSpec, price: float) -> None:
    money = dollars(spec)
    assert loss_per_price(price, money) == money_per_price(price, money)
