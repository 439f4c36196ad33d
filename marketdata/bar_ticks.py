"""Ticks from bars, as MT5's Strategy Tester makes them when there are no real ones.

They are market data as any other, and belong to this room: replay, backtests and the simulated terminal read them from
here, and none of it knows of orders.
"""

from enum import StrEnum
from typing import Final, assert_never

import numpy as np

from domain.dtypes import TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID, TICK_FLAG_LAST
from domain.timeframes import Timeframe
from marketdata.candles import candles_of, refuse_volumes
from marketdata.quotes import Bars, Ints, Mask, Ticks
from marketdata.support_points import fill_every_tick

_MS_PER_S: Final = 1000
_ALL_FOUR: Final = 4
_QUOTE: Final = TICK_FLAG_ASK | TICK_FLAG_LAST


class TickModel(StrEnum):
    """How ticks are made of bars; the tester calls them "1 minute OHLC" and "Every tick"."""

    OHLC = "ohlc"
    EVERY_TICK = "every-tick"


def ticks_of_bars(bars: Bars, timeframe: Timeframe, point: float, model: TickModel) -> Ticks:
    """Ticks of `bars` by `model`; see `ohlc_ticks` and `every_tick` for shapes, units and errors."""
    match model:
        case TickModel.OHLC:
            return ohlc_ticks(bars, timeframe, point)
        case TickModel.EVERY_TICK:
            return every_tick(bars, timeframe, point)
        case _:
            assert_never(model)


def is_made_of_bars(ticks: Ticks) -> bool:
    """Whether `ticks` are the tester's, whose last price is the bid; currency pairs of a broker have no last price."""
    return bool(len(ticks)) and bool((ticks["last"] == ticks["bid"]).all())


def ohlc_ticks(bars: Bars, timeframe: Timeframe, point: float) -> Ticks:
    """Up to four ticks of each bar: open, the nearer extreme, the other extreme, close.

    A rising bar goes to its low first, a falling one to its high. Ticks stand at 0, 1/3 and 2/3 of the bar and one
    second before its end. A bar of fewer than four ticks leaves out the extremes that are its open or close, as far as
    its `tick_volume` asks for it; one of volume 0, which is unknown, leaves out none.

    The bid is also the last price, the ask is the bid plus the bar's spread, as in the tester; so are the flags.

    Args:
        bars: RATES_DTYPE, shape (n,), strictly ascending by time.
        timeframe: of the bars, up to W1.
        point: 10**-digits [price].

    Returns:
        TICK_DTYPE, shape (up to 4 n,), strictly ascending by `time_msc`, on the bars' clock.

    Raises:
        BarError: for a bar that is out of order, off the grid, or impossible.
        ValueError: for MN1, and for a point that is no power of ten.

    Source: MetaTrader 5 Help, "Real and Generated Ticks" (order of extremes, doji rule, fixed spread within a bar).
    """
    candles = candles_of(bars, timeframe, point)
    told = _told(candles.path, np.maximum(candles.fewest_ticks, _wanted(bars["tick_volume"])))
    bids = candles.path[told]
    times_msc = (bars["time"][:, np.newaxis] * _MS_PER_S + _places_ms(timeframe))[told]
    spreads = np.repeat(bars["spread"], np.count_nonzero(told, axis=1))
    return _quoted(times_msc, bids, spreads, candles.scale)


def every_tick(bars: Bars, timeframe: Timeframe, point: float) -> Ticks:
    """As many ticks of each minute bar as its `tick_volume` says, on the way `support_points` describes.

    Ticks are spread evenly over the minute, the first at its start; a single one stands in its middle. Folded again
    they are the same bars, to the bit: prices, `tick_volume` and `spread`.

    Args:
        bars: RATES_DTYPE, shape (n,), of M1, strictly ascending by time.
        timeframe: M1.
        point: 10**-digits [price].

    Returns:
        TICK_DTYPE, shape (sum of tick_volume,), strictly ascending by `time_msc`, on the bars' clock.

    Raises:
        BarError: for a bar that is out of order, off the grid, or impossible, or has fewer ticks than prices.
        ValueError: for any other timeframe: MT5 makes these ticks of minutes only; and for a point that is no power
            of ten.

    Source: as `marketdata.support_points`.
    """
    if timeframe is not Timeframe.M1:
        raise ValueError(f"MT5 makes every tick of M1 bars only, these are {timeframe.name}; give M1 bars, or use ohlc")
    candles = candles_of(bars, timeframe, point)
    period_ms = timeframe.seconds * _MS_PER_S
    refuse_volumes(bars, candles.fewest_ticks, period_ms)
    volumes = bars["tick_volume"].astype(np.int64)
    ticks = np.empty(int(volumes.sum()), dtype=TICK_DTYPE)
    fill_every_tick(bars, candles.path, volumes, period_ms, candles.scale, ticks)
    return ticks


def _wanted(volumes: Ints) -> Ints:
    return np.where(volumes == 0, _ALL_FOUR, np.minimum(volumes, _ALL_FOUR)).astype(np.int64)


def _told(path: Ints, counts: Ints) -> Mask:
    """Which of open, near, far and close become ticks, shape (n, 4)."""
    told = np.ones(path.shape, dtype=np.bool_)
    near_is_open = path[:, 1] == path[:, 0]
    told[:, 1] = (counts >= _ALL_FOUR) | ((counts == _ALL_FOUR - 1) & ~near_is_open)
    told[:, 2] = (counts >= _ALL_FOUR) | ((counts == _ALL_FOUR - 1) & near_is_open)
    told[:, 3] = counts > 1
    return told


def _places_ms(timeframe: Timeframe) -> Ints:
    """When the four ticks come [ms after the bar's opening]."""
    length_ms = timeframe.seconds * _MS_PER_S
    return np.array([0, length_ms // 3, 2 * length_ms // 3, length_ms - _MS_PER_S], dtype=np.int64)


def _quoted(times_msc: Ints, bids: Ints, spreads: Ints, scale: float) -> Ticks:
    moved = np.ones(bids.size, dtype=np.bool_)
    moved[1:] = bids[1:] != bids[:-1]
    ticks = np.zeros(bids.size, dtype=TICK_DTYPE)
    ticks["time"] = times_msc // _MS_PER_S
    ticks["time_msc"] = times_msc
    ticks["bid"] = ticks["last"] = bids / scale
    ticks["ask"] = (bids + spreads) / scale
    ticks["flags"] = np.where(moved, _QUOTE | TICK_FLAG_BID, _QUOTE)
    return ticks
