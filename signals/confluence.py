"""Confluence: several indicators must say the same. Wilder's ADX decides whether the market trends or ranges.

*Trend* (ADX above its threshold): a fresh cross of a fast and a slow average, the side of the MACD line against its
signal, and the stronger directional indicator. *Range* (all other times): RSI beyond its bounds, and a bar that
touches a Bollinger band. The score is the weighted mean of what the regime asks, each answer in -1..1, above 0 for buy.

`docs/indicators.md` says why the ADX is Wilder's. Where a trade begins, its stop and its size are the strategy's.
"""

import math
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from domain.jit import njit
from signals.indicators import (
    adx_state_size,
    adx_wilder_step,
    bollinger_state_size,
    bollinger_step,
    ema_step,
    macd_state_size,
    macd_step,
    rsi_state_size,
    rsi_step,
    sma_state_size,
    sma_step,
)

Floats = NDArray[np.float64]

NAME: Final = "confluence"
FEATURES: Final = (
    "setup",
    "adx",
    "plus_di",
    "minus_di",
    "fast",
    "slow",
    "macd",
    "macd_signal",
    "rsi",
    "band_upper",
    "band_lower",
    "cross",
)
SETUP_NONE: Final = 0.0
SETUP_TREND: Final = 1.0
SETUP_RANGE: Final = 2.0
AVERAGE_SIMPLE: Final = 0
AVERAGE_EXPONENTIAL: Final = 1

Period = Annotated[int, Meta(ge=2, le=500)]
Weight = Annotated[float, Meta(ge=0.0, le=100.0)]


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Periods [bars], thresholds and weights; a weight counts against the others of its regime."""

    average_method: Annotated[
        int, Meta(ge=AVERAGE_SIMPLE, le=AVERAGE_EXPONENTIAL, description="MT5's MODE_SMA 0 or MODE_EMA 1")
    ] = AVERAGE_EXPONENTIAL
    fast_period: Annotated[Period, Meta(description="fast average [bars]")] = 20
    slow_period: Annotated[Period, Meta(description="slow average [bars]")] = 50
    cross_window: Annotated[int, Meta(ge=1, le=200, description="bars over which a cross of the averages fades")] = 10
    macd_fast: Annotated[Period, Meta(description="fast average of the MACD [bars]")] = 12
    macd_slow: Annotated[Period, Meta(description="slow average of the MACD [bars]")] = 26
    macd_signal: Annotated[Period, Meta(description="signal of the MACD [bars]")] = 9
    adx_period: Annotated[int, Meta(ge=2, le=99, description="Wilder's ADX and DI [bars]; MT5 takes up to 99")] = 14
    adx_threshold: Annotated[
        float, Meta(ge=0.0, le=100.0, description="ADX above this is a trend, else the market ranges")
    ] = 25.0
    rsi_period: Annotated[Period, Meta(description="RSI [bars]")] = 14
    rsi_oversold: Annotated[float, Meta(ge=0.0, le=100.0, description="RSI below this is a reason to buy")] = 30.0
    rsi_overbought: Annotated[float, Meta(ge=0.0, le=100.0, description="RSI above this is a reason to sell")] = 70.0
    band_period: Annotated[Period, Meta(description="Bollinger bands [bars]")] = 20
    band_deviations: Annotated[
        float, Meta(ge=0.1, le=10.0, description="distance of the bands [standard deviations]")
    ] = 2.0
    weight_cross: Annotated[Weight, Meta(description="trend: weight of the cross")] = 2.0
    weight_macd: Annotated[Weight, Meta(description="trend: weight of the MACD")] = 1.0
    weight_di: Annotated[Weight, Meta(description="trend: weight of the directional indicators")] = 1.0
    weight_rsi: Annotated[Weight, Meta(description="range: weight of the RSI")] = 1.0
    weight_band: Annotated[Weight, Meta(description="range: weight of the band touch")] = 1.0

    def __post_init__(self) -> None:
        """Refuse parameters that contradict each other."""
        if self.fast_period >= self.slow_period:
            raise ValueError(f"fast_period ({self.fast_period}) must be below slow_period ({self.slow_period})")
        if self.macd_fast >= self.macd_slow:
            raise ValueError(f"macd_fast ({self.macd_fast}) must be below macd_slow ({self.macd_slow})")
        if self.rsi_oversold >= self.rsi_overbought:
            raise ValueError(f"rsi_oversold ({self.rsi_oversold}) must be below rsi_overbought ({self.rsi_overbought})")
        if self.weight_cross + self.weight_macd + self.weight_di <= 0.0:
            raise ValueError("weight_cross, weight_macd and weight_di are all 0: one of them must be above")
        if self.weight_rsi + self.weight_band <= 0.0:
            raise ValueError("weight_rsi and weight_band are both 0: one of them must be above")


# places in the parameters array, in the order of the fields of Parameters
(
    _AVERAGE_METHOD,
    _FAST_PERIOD,
    _SLOW_PERIOD,
    _CROSS_WINDOW,
    _MACD_FAST,
    _MACD_SLOW,
    _MACD_SIGNAL,
    _ADX_PERIOD,
    _ADX_THRESHOLD,
    _RSI_PERIOD,
    _RSI_OVERSOLD,
    _RSI_OVERBOUGHT,
    _BAND_PERIOD,
    _BAND_DEVIATIONS,
    _WEIGHT_CROSS,
    _WEIGHT_MACD,
    _WEIGHT_DI,
    _WEIGHT_RSI,
    _WEIGHT_BAND,
) = range(19)

# own cells of the state: bars seen, side of the fast average (-1, 0 never known, 1), side it crossed to, bars since
_SEEN, _SIDE, _CROSSED_TO, _SINCE_CROSS, _OWN = range(5)


@njit
def _fast_end(params: Floats) -> int:
    return _OWN + sma_state_size(int(params[_FAST_PERIOD]))


@njit
def _slow_end(params: Floats) -> int:
    return _fast_end(params) + sma_state_size(int(params[_SLOW_PERIOD]))


@njit
def _macd_end(params: Floats) -> int:
    return _slow_end(params) + macd_state_size(int(params[_MACD_SIGNAL]))


@njit
def _adx_end(params: Floats) -> int:
    return _macd_end(params) + adx_state_size(int(params[_ADX_PERIOD]))


@njit
def _rsi_end(params: Floats) -> int:
    return _adx_end(params) + rsi_state_size(int(params[_RSI_PERIOD]))


@njit
def state_size(params: Floats) -> int:
    """Cells `step` needs, zero-initialized."""
    return _rsi_end(params) + bollinger_state_size(int(params[_BAND_PERIOD]))


@njit
def _ema_bars(period: float) -> int:
    """Five time constants of an exponential average: by then the first price weighs less than 0.7 %."""
    return int(5.0 * (period + 1.0) / 2.0) + 1


@njit
def _wilder_bars(period: float) -> int:
    """Five time constants of Wilder's smoothing, after the bars it is begun with."""
    return int(6.0 * period) + 1


@njit
def warmup_bars(params: Floats) -> int:
    """Bars `step` must have seen, the one it scores included."""
    slow = params[_SLOW_PERIOD]
    average = _ema_bars(slow) if params[_AVERAGE_METHOD] == AVERAGE_EXPONENTIAL else int(slow)
    convergence = _ema_bars(params[_MACD_SLOW]) + int(params[_MACD_SIGNAL])
    strength = _wilder_bars(max(params[_ADX_PERIOD], params[_RSI_PERIOD]))
    return max(average + int(params[_CROSS_WINDOW]), convergence, strength, int(params[_BAND_PERIOD]))


@njit
def _side(difference: float) -> float:
    """1 above 0, -1 below, 0 at 0 and where unknown."""
    if difference > 0.0:
        return 1.0
    return -1.0 if difference < 0.0 else 0.0


@njit
def _average_step(state: Floats, at: int, method: float, period: int, price: float) -> float:
    if method == AVERAGE_EXPONENTIAL:
        return ema_step(state, at, period, price)
    return sma_step(state, at, period, price)


@njit
def cross_step(state: Floats, fast: float, slow: float, window: float) -> float:
    """How fresh the last cross is: 1 or -1 at the bar of the cross, to 0 in equal steps over `window` bars.

    Averages that only touch have not crossed; the side they start on is not a cross.
    """
    state[_SINCE_CROSS] += 1.0
    side = _side(fast - slow)
    if side != 0.0:
        if state[_SIDE] != 0.0 and side != state[_SIDE]:
            state[_CROSSED_TO] = side
            state[_SINCE_CROSS] = 0.0
        state[_SIDE] = side
    return float(state[_CROSSED_TO] * max(0.0, 1.0 - state[_SINCE_CROSS] / window))


@njit
def _indicators_step(state: Floats, params: Floats, high: float, low: float, close: float, features: Floats) -> None:
    """Take one bar into every indicator and write them to `features` [1..11]."""
    fast_end, slow_end, macd_end = _fast_end(params), _slow_end(params), _macd_end(params)
    adx_end, rsi_end = _adx_end(params), _rsi_end(params)
    method = params[_AVERAGE_METHOD]
    features[1], features[2], features[3] = adx_wilder_step(state, macd_end, int(params[_ADX_PERIOD]), high, low, close)
    features[4] = _average_step(state, _OWN, method, int(params[_FAST_PERIOD]), close)
    features[5] = _average_step(state, fast_end, method, int(params[_SLOW_PERIOD]), close)
    features[6], features[7] = macd_step(
        state, slow_end, int(params[_MACD_FAST]), int(params[_MACD_SLOW]), int(params[_MACD_SIGNAL]), close
    )
    features[8] = rsi_step(state, adx_end, int(params[_RSI_PERIOD]), close)
    bands = bollinger_step(state, rsi_end, int(params[_BAND_PERIOD]), params[_BAND_DEVIATIONS], close)
    features[9], features[10] = bands.upper, bands.lower
    features[11] = cross_step(state, features[4], features[5], params[_CROSS_WINDOW])


@njit
def trend_score(params: Floats, features: Floats) -> float:
    """Weighted mean of cross, MACD and directional indicators [-1..1]."""
    weighted = params[_WEIGHT_CROSS] * features[11]
    weighted += params[_WEIGHT_MACD] * _side(features[6] - features[7])
    weighted += params[_WEIGHT_DI] * _side(features[2] - features[3])
    return float(weighted / (params[_WEIGHT_CROSS] + params[_WEIGHT_MACD] + params[_WEIGHT_DI]))


@njit
def range_score(params: Floats, high: float, low: float, features: Floats) -> float:
    """Weighted mean of RSI and band touch [-1..1]: full only where both agree; touching both bands says nothing."""
    bounce = 0.0
    if features[8] < params[_RSI_OVERSOLD]:
        bounce = 1.0
    elif features[8] > params[_RSI_OVERBOUGHT]:
        bounce = -1.0
    touch = 0.0
    if low <= features[10]:
        touch += 1.0
    if high >= features[9]:
        touch -= 1.0
    weighted = params[_WEIGHT_RSI] * bounce + params[_WEIGHT_BAND] * touch
    return float(weighted / (params[_WEIGHT_RSI] + params[_WEIGHT_BAND]))


@njit
def step(state: Floats, params: Floats, _open: float, high: float, low: float, close: float, features: Floats) -> float:
    """Take one closed bar; its score [-1..1], above 0 for buy. Score and features are NaN before bar `warmup_bars`."""
    _indicators_step(state, params, high, low, close, features)
    state[_SEEN] += 1.0
    if state[_SEEN] < warmup_bars(params):
        features[:] = math.nan
        return math.nan
    trending = features[1] > params[_ADX_THRESHOLD]
    score = trend_score(params, features) if trending else range_score(params, high, low, features)
    features[0] = SETUP_NONE
    if score != 0.0:
        features[0] = SETUP_TREND if trending else SETUP_RANGE
    return score


@njit
def steps(bars: NDArray[np.void], state: Floats, params: Floats, scores: Floats, features: Floats) -> None:
    """`step` over `bars` (RATES_DTYPE), going on from `state`: scores of shape (n,), features of shape (n, 12)."""
    row = np.empty(features.shape[1])
    for index in range(len(bars)):
        bar = bars[index]
        scores[index] = step(state, params, bar["open"], bar["high"], bar["low"], bar["close"], row)
        features[index, :] = row
