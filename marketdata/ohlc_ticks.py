"""Ticks from bars, as MT5's Strategy Tester makes them in the model "1 minute OHLC"."""

from typing import Final

import numpy as np

from domain.dtypes import TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID
from domain.timeframes import Timeframe
from marketdata.quotes import Bars, Floats, Ints, Mask, Ticks

TICKS_A_BAR: Final = 4
_MS_PER_S: Final = 1000


def ohlc_ticks(bars: Bars, timeframe: Timeframe, point: float) -> Ticks:
    """Four ticks for each bar: open, the nearer extreme, the other extreme, close; the ask is bid + the bar's spread.

    A rising bar goes to its low first, a falling one to its high; a bar that closes where it opened is taken for the
    opposite of the last bar that did not (the first of all for a rising one). Ticks stand at 0, 1/3 and 2/3 of the bar
    and one second before its end, so that each bar folds back to the same open, high, low and close.

    Args:
        bars: RATES_DTYPE, shape (n,), strictly ascending by time.
        timeframe: of the bars, up to W1.
        point: 10**-digits [price].

    Returns:
        TICK_DTYPE, shape (4 n,), ascending by `time_msc`, on the bars' clock.

    Raises:
        ValueError: for MN1, and for a point that is no power of ten.

    Source: MetaTrader 5 Help, "Real and Generated Ticks" (order of extremes, doji rule, fixed spread within a bar).
    """
    rising = _rises(bars["open"], bars["close"])
    ticks = np.zeros(TICKS_A_BAR * bars.size, dtype=TICK_DTYPE)
    low_first = np.where(rising, bars["low"], bars["high"])
    high_first = np.where(rising, bars["high"], bars["low"])
    ticks["bid"] = np.stack([bars["open"], low_first, high_first, bars["close"]], axis=1).reshape(-1)
    ticks["ask"] = _asks(ticks["bid"], np.repeat(bars["spread"], TICKS_A_BAR), point)
    ticks["time_msc"] = (bars["time"][:, np.newaxis] * _MS_PER_S + _places_ms(timeframe)).reshape(-1)
    ticks["time"] = ticks["time_msc"] // _MS_PER_S
    ticks["flags"] = TICK_FLAG_BID | TICK_FLAG_ASK
    return ticks


def _places_ms(timeframe: Timeframe) -> Ints:
    """When the four ticks come [ms after the bar's opening]."""
    length_ms = timeframe.seconds * _MS_PER_S
    return np.array([0, length_ms // 3, 2 * length_ms // 3, length_ms - _MS_PER_S], dtype=np.int64)


def _rises(opens: Floats, closes: Floats) -> Mask:
    """Direction of each bar; one without takes the opposite of the last that has one."""
    decided = closes != opens
    latest = np.maximum.accumulate(np.where(decided, np.arange(opens.size), -1))
    falls = closes < opens
    return np.where(decided, ~falls, (latest < 0) | falls[latest])


def _asks(bids: Floats, spreads: Ints, point: float) -> Floats:
    digits = round(-np.log10(point))
    scale = 10.0**digits
    if not np.isclose(point * scale, 1.0):
        raise ValueError(f"point is {point}; want a power of ten, as 0.00001")
    return np.asarray((np.rint(bids * scale) + spreads) / scale, dtype=np.float64)
