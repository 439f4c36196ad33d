import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals import confluence
from signals.confluence import FEATURES, Parameters, cross_step, range_score, trend_score
from signals.indicators import adx_wilder, bollinger, ema, macd, rsi, sma
from signals.parameters import parameters_array
from tests.signals.market import Floats, Table, columns, made_up_bars, real_bars
from tests.signals.pure_python import interpreted

AT = {name: place for place, name in enumerate(FEATURES)}


def scored(bars: Table, parameters: Parameters) -> tuple[Floats, Floats]:
    params = parameters_array(parameters)
    scores, features = np.empty(len(bars)), np.empty((len(bars), len(FEATURES)))
    confluence.steps(bars, np.zeros(confluence.state_size(params)), params, scores, features)
    return scores, features


def features_of(**values: float) -> Floats:
    features = np.zeros(len(FEATURES))
    for name, value in values.items():
        features[AT[name]] = value
    return features


@st.composite
def parameter_sets(draw: st.DrawFn) -> Parameters:
    period = st.integers(2, 12)
    weight = st.floats(0.125, 4.0, width=16)
    fast, macd_fast = draw(period), draw(period)
    return Parameters(
        average_method=draw(st.integers(0, 1)),
        fast_period=fast,
        slow_period=fast + draw(period),
        cross_window=draw(st.integers(1, 12)),
        macd_fast=macd_fast,
        macd_slow=macd_fast + draw(period),
        macd_signal=draw(period),
        adx_period=draw(period),
        adx_threshold=draw(st.floats(0.0, 60.0)),
        rsi_period=draw(period),
        rsi_oversold=draw(st.floats(10.0, 49.0)),
        rsi_overbought=draw(st.floats(51.0, 90.0)),
        band_period=draw(period),
        band_deviations=draw(st.floats(0.5, 3.0)),
        weight_cross=draw(weight),
        weight_macd=draw(weight),
        weight_di=draw(weight),
        weight_rsi=draw(weight),
        weight_band=draw(weight),
    )


# ----------------------------------------------------------------------------------------------------------- the cross


def crosses(*differences: float, window: float = 4.0) -> list[float]:
    state = np.zeros(8)
    return [cross_step(state, difference, 0.0, window) for difference in differences]


def test_a_cross_fades_over_its_window() -> None:
    assert crosses(-1, 1, 2, 3, 4, 5, 6) == [0.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    assert crosses(1, -1, -2) == [0.0, -1.0, -0.75]


def test_a_cross_back_begins_anew() -> None:
    assert crosses(-1, 1, 1, -1, -1) == [0.0, 1.0, 0.75, -1.0, -0.75]


def test_the_side_averages_start_on_is_no_cross() -> None:
    assert crosses(0, 0, 1, 2) == [0.0, 0.0, 0.0, 0.0]
    assert crosses(math.nan, math.nan, -1, -1) == [0.0, 0.0, 0.0, 0.0]


def test_averages_that_only_touch_have_not_crossed() -> None:
    assert crosses(1, 0, 1, 0, 0, 1) == [0.0] * 6
    assert crosses(1, 0, -1) == [0.0, 0.0, -1.0]


# ----------------------------------------------------------------------------------------------------------- the score

DEFAULTS = parameters_array(Parameters())


@pytest.mark.parametrize(
    ("cross", "macd_line", "plus_di", "expected"),
    [
        (1.0, 0.2, 30.0, 1.0),
        (-1.0, -0.2, 10.0, -1.0),
        (0.0, 0.2, 30.0, 0.5),
        (1.0, -0.2, 10.0, 0.0),
        (0.5, 0.2, 30.0, 0.75),
        (1.0, 0.2, 10.0, 0.5),
        (0.0, 0.0, 20.0, 0.0),
    ],
)
def test_trend_is_the_weighted_mean_of_cross_macd_and_di(
    cross: float, macd_line: float, plus_di: float, expected: float
) -> None:
    features = features_of(cross=cross, macd=macd_line, macd_signal=0.0, plus_di=plus_di, minus_di=20.0)
    assert trend_score(DEFAULTS, features) == expected


def test_weights_count_against_the_others_of_their_regime() -> None:
    params = parameters_array(Parameters(weight_cross=0.0, weight_macd=3.0, weight_di=1.0))
    features = features_of(cross=-1.0, macd=1.0, macd_signal=0.0, plus_di=10.0, minus_di=20.0)
    assert trend_score(params, features) == 0.5


@pytest.mark.parametrize(
    ("strength", "high", "low", "expected"),
    [
        (29.9, 1.15, 1.10, 1.0),
        (70.1, 1.20, 1.15, -1.0),
        (29.9, 1.15, 1.11, 0.5),
        (50.0, 1.15, 1.09, 0.5),
        (50.0, 1.15, 1.14, 0.0),
        (29.9, 1.25, 1.15, 0.0),
        (30.0, 1.15, 1.11, 0.0),
        (70.0, 1.15, 1.11, 0.0),
        (29.9, 1.25, 1.05, 0.5),
    ],
)
def test_range_is_full_only_where_rsi_and_band_agree(strength: float, high: float, low: float, expected: float) -> None:
    features = features_of(rsi=strength, band_upper=1.20, band_lower=1.10)
    assert range_score(DEFAULTS, high, low, features) == expected


@settings(max_examples=60)
@given(parameters=parameter_sets(), seed=st.integers(0, 10_000))
def test_every_score_and_feature_follows_from_the_indicators(parameters: Parameters, seed: int) -> None:
    bars = made_up_bars(150, seed)
    high, low, close = columns(bars)
    scores, features = scored(bars, parameters)
    first = confluence.warmup_bars(parameters_array(parameters)) - 1
    assert np.all(np.isnan(scores[:first]))
    assert np.all(np.isnan(features[:first]))
    assert np.all(np.abs(scores[first:]) <= 1.0)
    average = ema if parameters.average_method == confluence.AVERAGE_EXPONENTIAL else sma
    bands = bollinger(close, parameters.band_period, parameters.band_deviations)
    expected = {
        "fast": average(close, parameters.fast_period),
        "slow": average(close, parameters.slow_period),
        "rsi": rsi(close, parameters.rsi_period),
        "band_upper": bands[:, 0],
        "band_lower": bands[:, 2],
    }
    convergence = macd(close, parameters.macd_fast, parameters.macd_slow, parameters.macd_signal)
    expected |= {"macd": convergence[:, 0], "macd_signal": convergence[:, 1]}
    strength = adx_wilder(high, low, close, parameters.adx_period)
    expected |= {"adx": strength[:, 0], "plus_di": strength[:, 1], "minus_di": strength[:, 2]}
    for name, values in expected.items():
        assert features[first:, AT[name]].tobytes() == values[first:].tobytes(), name
    params = parameters_array(parameters)
    for index in range(first, len(bars)):
        trending = features[index, AT["adx"]] > parameters.adx_threshold
        bar_range = (float(high[index]), float(low[index]))
        wanted = trend_score(params, features[index]) if trending else range_score(params, *bar_range, features[index])
        assert scores[index] == wanted
        setup = 0.0 if wanted == 0.0 else 1.0 if trending else 2.0
        assert features[index, AT["setup"]] == setup


@settings(max_examples=20)
@given(parameters=parameter_sets(), seed=st.integers(0, 10_000))
def test_a_market_upside_down_has_the_opposite_score(parameters: Parameters, seed: int) -> None:
    bars = made_up_bars(150, seed)
    mirrored = bars.copy()
    for field, source in (("open", "open"), ("high", "low"), ("low", "high"), ("close", "close")):
        mirrored[field] = -bars[source]
    symmetric = msgspec.structs.replace(parameters, rsi_overbought=100.0 - parameters.rsi_oversold)
    scores, features = scored(bars, symmetric)
    opposite, mirrored_features = scored(mirrored, symmetric)
    # an RSI that is the threshold but for rounding may fall on either side of it
    clear = ~(np.abs(features[:, AT["rsi"]] - parameters.rsi_oversold) < 1e-9)
    clear &= ~(np.abs(features[:, AT["rsi"]] - symmetric.rsi_overbought) < 1e-9)
    np.testing.assert_array_equal(opposite[clear], -scores[clear])
    np.testing.assert_array_equal(mirrored_features[clear, AT["setup"]], features[clear, AT["setup"]])


# ------------------------------------------------------------------------------------------------- bits and warm-up


@pytest.mark.parametrize("parameters", [Parameters(), Parameters(average_method=0, slow_period=21, adx_threshold=20.0)])
def test_the_compiled_model_gives_the_bits_of_plain_python(parameters: Parameters) -> None:
    bars = made_up_bars(250)
    params = parameters_array(parameters)
    scores, features = np.empty(len(bars)), np.empty((len(bars), len(FEATURES)))
    interpreted(confluence.steps)(bars, np.zeros(confluence.state_size(params)), params, scores, features)
    expected_scores, expected_features = scored(bars, parameters)
    np.testing.assert_array_equal(scores, expected_scores)
    np.testing.assert_array_equal(features, expected_features)


@given(seed=st.integers(0, 1000), cut=st.integers(0, 300))
def test_bars_may_come_in_pieces(seed: int, cut: int) -> None:
    bars = made_up_bars(300, seed)
    state = np.zeros(confluence.state_size(DEFAULTS))
    scores, features = np.empty(len(bars)), np.empty((len(bars), len(FEATURES)))
    for part in (slice(None, cut), slice(cut, None)):
        confluence.steps(bars[part], state, DEFAULTS, scores[part], features[part])
    whole, whole_features = scored(bars, Parameters())
    assert scores.tobytes() == whole.tobytes()
    assert features.tobytes() == whole_features.tobytes()


def test_by_default_138_bars_warm_up() -> None:
    assert confluence.warmup_bars(DEFAULTS) == 138
    scores, _ = scored(made_up_bars(200), Parameters())
    assert np.flatnonzero(~np.isnan(scores))[0] == 137


@pytest.mark.parametrize(
    ("change", "bars"),
    [
        ({"slow_period": 200}, 513),
        ({"slow_period": 200, "average_method": 0}, 210),
        ({"adx_period": 50}, 301),
        ({"rsi_period": 60}, 361),
        ({"band_period": 300}, 300),
        ({"macd_slow": 99, "macd_signal": 50}, 301),
    ],
)
def test_warm_up_follows_the_slowest_indicator(change: dict[str, int], bars: int) -> None:
    params = parameters_array(Parameters(**change))
    assert confluence.warmup_bars(params) == bars


@pytest.mark.parametrize("seed", range(5))
def test_a_restart_has_the_same_scores_after_warm_up_and_later_the_same_bits(seed: int) -> None:
    bars = made_up_bars(2000, seed)
    whole, whole_features = scored(bars, Parameters())
    restarted, restarted_features = scored(bars[500:], Parameters())
    first = confluence.warmup_bars(DEFAULTS) - 1
    assert np.mean(restarted[first:] != whole[500 + first :]) < 0.01
    assert restarted_features[1000:].tobytes() == whole_features[1500:].tobytes()


@pytest.mark.reference
def test_both_regimes_and_both_sides_occur_in_a_real_market(reference: Path) -> None:
    bars = real_bars(reference / "m1" / "icmarkets_EURUSD_M15_2025_01_08_server.parquet")
    scores, features = scored(bars, Parameters())
    valid = ~np.isnan(scores)
    assert np.count_nonzero(~valid) == confluence.warmup_bars(DEFAULTS) - 1
    for setup in (confluence.SETUP_TREND, confluence.SETUP_RANGE):
        strong = features[:, AT["setup"]] == setup
        assert np.count_nonzero(strong & (scores > 0.9)) > 20
        assert np.count_nonzero(strong & (scores < -0.9)) > 20


# ------------------------------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"fast_period": 50, "slow_period": 50}, "fast_period"),
        ({"macd_fast": 26}, "macd_fast"),
        ({"rsi_oversold": 70.0}, "rsi_oversold"),
        ({"weight_cross": 0.0, "weight_macd": 0.0, "weight_di": 0.0}, "weight_cross"),
        ({"weight_rsi": 0.0, "weight_band": 0.0}, "weight_rsi"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(values: dict[str, float], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        msgspec.convert(values, Parameters)


def test_kernels_and_parameters_agree_on_the_order() -> None:
    order = [
        *(confluence._AVERAGE_METHOD, confluence._FAST_PERIOD, confluence._SLOW_PERIOD, confluence._CROSS_WINDOW),
        *(confluence._MACD_FAST, confluence._MACD_SLOW, confluence._MACD_SIGNAL, confluence._ADX_PERIOD),
        *(confluence._ADX_THRESHOLD, confluence._RSI_PERIOD, confluence._RSI_OVERSOLD, confluence._RSI_OVERBOUGHT),
        *(confluence._BAND_PERIOD, confluence._BAND_DEVIATIONS, confluence._WEIGHT_CROSS, confluence._WEIGHT_MACD),
        *(confluence._WEIGHT_DI, confluence._WEIGHT_RSI, confluence._WEIGHT_BAND),
    ]
    assert order == list(range(len(Parameters.__struct_fields__)))
    names = [name.upper() for name in Parameters.__struct_fields__]
    assert [getattr(confluence, f"_{name}") for name in names] == order


def test_every_parameter_is_described() -> None:
    schema = msgspec.json.schema(Parameters)["$defs"]["Parameters"]["properties"]
    assert [name for name, field in schema.items() if not field.get("description")] == []
