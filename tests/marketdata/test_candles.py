"""What no ticks can be made of is refused, with its row, its field and what to do."""

import itertools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import TICK_DTYPE
from domain.timeframes import Timeframe
from marketdata import BarError, TickModel, ticks_of_bars
from marketdata.candles import candles_of
from tests.marketdata.samples import bars_of, minutes

POINT = 0.00001
RISING = (100_000, 100_030, 99_990, 100_020)
Bars = npt.NDArray[np.void]


def _set(field: str, value: float) -> Callable[[Bars], None]:
    def spoil(bars: Bars) -> None:
        bars[field][2] = value

    return spoil


def _swap_times(bars: Bars) -> None:
    bars["time"][1:3] = bars["time"][[2, 1]]


def _repeat_time(bars: Bars) -> None:
    bars["time"][2] = bars["time"][1]


@pytest.mark.parametrize(
    ("spoil", "field", "words"),
    [
        (_swap_times, "time", "is not after that of the bar before; sort the bars"),
        (_repeat_time, "time", "is not after that of the bar before; sort the bars"),
        (lambda bars: bars["time"].__iadd__(np.array([0, 0, 1, 0])), "time", "is not the start of a bar of M1"),
        (_set("open", 0.0), "open", "is no price; drop the bar"),
        (_set("high", float("nan")), "high", "is no price; drop the bar"),
        (_set("low", -1.0), "low", "is no price; drop the bar"),
        (_set("close", float("inf")), "close", "is no price; drop the bar"),
        (_set("close", 1.000015), "close", "is not a whole number of points; give the point it has"),
        (_set("high", 1.0001), "high", "is below open or close; drop the bar"),
        (_set("low", 1.0002), "low", "is above open or close; drop the bar"),
        (_set("spread", -1), "spread", "is negative; set it to 0"),
    ],
)
@pytest.mark.parametrize("model", TickModel)
def test_a_dirty_bar_is_named(spoil: Callable[[Bars], None], field: str, words: str, model: TickModel) -> None:
    bars = bars_of([(100_000, 100_030, 99_990, 100_005), RISING, (100_015, 100_030, 100_010, 100_020), RISING])
    spoil(bars)
    with pytest.raises(BarError, match=rf"bar 2 .*: {field} {words}") as found:
        ticks_of_bars(bars, Timeframe.M1, POINT, model)
    assert (found.value.row, found.value.field) == (2, field)


@settings(max_examples=40)
@given(bars=minutes(least=2), field=st.sampled_from(["open", "high", "low", "close"]), data=st.data())
def test_any_price_that_is_none_is_found_where_it_is(bars: Bars, field: str, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, bars.size - 1))
    bars[field][row] = data.draw(st.sampled_from([float("nan"), 0.0, -1.0, float("inf")]))
    with pytest.raises(BarError) as found:
        candles_of(bars, Timeframe.M1, POINT)
    assert (found.value.row, found.value.field) == (row, field)


def test_noise_in_the_last_bits_is_no_dirt() -> None:
    """MT5's own arrays hold 1.0353999999999999."""
    bars = bars_of([(103_540, 103_540, 103_540, 103_540)])
    for name in ("open", "high", "low", "close"):
        bars[name] = np.nextafter(bars[name], 0.0)
    assert candles_of(bars, Timeframe.M1, POINT).path.tolist() == [[103_540] * 4]


@pytest.mark.parametrize("point", [0.25, 0.0, -0.01, 0.00003])
def test_a_point_is_a_power_of_ten(point: float) -> None:
    with pytest.raises(ValueError, match="power of ten"):
        candles_of(bars_of([RISING]), Timeframe.M1, point)


def test_bars_are_bars() -> None:
    with pytest.raises(ValueError, match="want RATES_DTYPE"):
        candles_of(np.zeros(3, TICK_DTYPE), Timeframe.M1, POINT)


def test_weeks_begin_on_sunday() -> None:
    bars = bars_of([RISING, RISING], Timeframe.W1.seconds)
    with pytest.raises(BarError, match=r"bar 0 .*not the start of a bar of W1"):
        candles_of(bars, Timeframe.W1, POINT)
    bars["time"] -= 4 * 86_400  # 2025-01-02 was a Thursday
    assert candles_of(bars, Timeframe.W1, POINT).fewest_ticks.tolist() == [4, 4]


@given(bars=minutes())
def test_the_fewest_ticks_are_the_turns_of_the_way(bars: Bars) -> None:
    candles = candles_of(bars, Timeframe.M1, POINT)
    for path, fewest in zip(candles.path.tolist(), candles.fewest_ticks.tolist(), strict=True):
        stops = [path[0], *(stop for before, stop in itertools.pairwise(path) if stop != before)]
        assert fewest == len(stops)
