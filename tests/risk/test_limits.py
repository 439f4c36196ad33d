"""One place says how much may be risked and held: never above a hard bound, whatever settings and people say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.limits import (
    HARDEST_LEVERAGE,
    HARDEST_RISK_FRACTION,
    UNSTEERED,
    LimitRules,
    Regime,
    Standing,
    Steering,
    effective_limits,
    regime_of,
    tier_leverage,
)
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.limits")
NAN, INF = math.nan, math.inf

RULES = LimitRules(
    risk_fraction=0.01,
    max_leverage=100.0,
    proven_leverage=300.0,
    stressed_leverage=50.0,
    stress_drawdown=0.05,
    stress_losses=4.0,
    proof_trips=50.0,
    news_leverage=60.0,
)
CALM = Standing(
    allowed_leverage=2000.0,
    drawdown=0.0,
    losing_streak=0.0,
    news_negative=NAN,
    news_window=NAN,
    proof_trips=10.0,
    expectancy_bound_r=NAN,
)
PROVEN = {"proof_trips": 50.0, "expectancy_bound_r": 0.01}
# JustMarkets, help center
TIERS = np.array([(0.0, 3000.0), (1000.0, 2000.0), (5000.0, 1000.0), (40_000.0, 500.0), (0.0, 0.0)])


# -- the broker's tiers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equity", "leverage"),
    [
        (-5.0, 3000),
        (999.99, 3000),
        (1000.0, 2000),
        (4999.0, 2000),
        (5000.0, 1000),
        (39_999.0, 1000),
        (40_000.0, 500),
        (1e9, 500),
    ],
)
def test_tiers_as_the_broker_prints_them(equity: float, leverage: float) -> None:
    assert tier_leverage(equity, TIERS) == leverage


def test_without_tiers_the_broker_limits_nothing() -> None:
    assert tier_leverage(1000.0, np.zeros((8, 2))) == INF


# -- regimes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "regime", "cap"),
    [
        ({}, Regime.NORMAL, 100.0),
        ({"drawdown": 0.05}, Regime.NORMAL, 100.0),
        ({"drawdown": 0.0501}, Regime.STRESSED, 50.0),
        ({"drawdown": NAN}, Regime.STRESSED, 50.0),
        ({"losing_streak": 3.0}, Regime.NORMAL, 100.0),
        ({"losing_streak": 4.0}, Regime.STRESSED, 50.0),
        ({"news_negative": 1.0}, Regime.STRESSED, 50.0),
        ({"news_negative": 0.0}, Regime.NORMAL, 100.0),
        ({"news_window": 1.0}, Regime.NEWS, 60.0),
        ({"news_window": 0.0}, Regime.NORMAL, 100.0),
        (PROVEN | {"news_window": 1.0}, Regime.NEWS, 60.0),
        ({"news_window": 1.0, "news_negative": 1.0}, Regime.STRESSED, 50.0),
        (PROVEN, Regime.PROVEN, 300.0),
        (PROVEN | {"proof_trips": 49.0}, Regime.NORMAL, 100.0),
        (PROVEN | {"expectancy_bound_r": 0.0}, Regime.NORMAL, 100.0),
        (PROVEN | {"expectancy_bound_r": NAN}, Regime.NORMAL, 100.0),
        (PROVEN | {"drawdown": 0.06}, Regime.STRESSED, 50.0),
        (PROVEN | {"news_negative": 1.0}, Regime.STRESSED, 50.0),
        (PROVEN | {"allowed_leverage": 200.0}, Regime.PROVEN, 200.0),
        ({"allowed_leverage": 30.0}, Regime.NORMAL, 30.0),
    ],
)
def test_the_regime_sets_the_cap(standing: dict[str, float], regime: Regime, cap: float) -> None:
    limits = effective_limits(RULES, CALM._replace(**standing), UNSTEERED, 1.0)
    assert (limits.regime, limits.max_leverage, limits.risk_fraction) == (regime, cap, 0.01)


@pytest.mark.parametrize(
    ("steering", "standing", "risk", "cap"),
    [
        ({"risk_scale": 0.5}, {}, 0.005, 100.0),
        ({"leverage_cap": 50.0}, PROVEN, 0.01, 50.0),
        ({"risk_override": 0.004}, {}, 0.004, 100.0),
        ({"risk_override": 0.5}, {}, 0.02, 100.0),
        ({"risk_override": 0.5, "risk_scale": 0.5}, {}, 0.01, 100.0),
        ({"leverage_override": 20.0}, PROVEN, 0.01, 20.0),
        ({"leverage_override": 250.0}, {}, 0.01, 250.0),
        ({"leverage_override": 9000.0}, {}, 0.01, 500.0),
        ({"leverage_override": 250.0}, {"drawdown": 0.06}, 0.01, 50.0),
        ({"leverage_override": 250.0, "leverage_cap": 60.0}, {}, 0.01, 60.0),
        ({"leverage_override": 250.0}, {"allowed_leverage": 100.0}, 0.01, 100.0),
    ],
)
def test_guards_lower_and_people_override(
    steering: dict[str, float], standing: dict[str, float], risk: float, cap: float
) -> None:
    limits = effective_limits(RULES, CALM._replace(**standing), UNSTEERED._replace(**steering), 1.0)
    assert (limits.risk_fraction, limits.max_leverage) == (risk, cap)


@pytest.mark.parametrize("unknown", [{"risk_scale": NAN}, {"leverage_cap": NAN}])
def test_an_unknown_factor_is_no_licence(unknown: dict[str, float]) -> None:
    limits = effective_limits(RULES, CALM, UNSTEERED._replace(**unknown), 1.0)
    assert math.isnan(limits.risk_fraction) or math.isnan(limits.max_leverage)


def test_an_unknown_leverage_of_the_account_is_no_licence() -> None:
    assert math.isnan(effective_limits(RULES, CALM._replace(allowed_leverage=NAN), UNSTEERED, 1.0).max_leverage)


# -- whatever comes ----------------------------------------------------------------------------------------------------

positive = st.floats(0.01, 1e4)
maybe = st.one_of(st.just(NAN), positive)
rules = st.builds(
    LimitRules,
    risk_fraction=st.floats(1e-4, 0.02),
    max_leverage=st.floats(1.0, 500.0),
    proven_leverage=st.floats(1.0, 500.0),
    stressed_leverage=st.floats(1.0, 500.0),
    stress_drawdown=st.floats(0.0, 1.0),
    stress_losses=st.integers(1, 10).map(float),
    proof_trips=st.integers(20, 100).map(float),
    news_leverage=st.floats(1.0, 500.0),
)
standings = st.builds(
    Standing,
    allowed_leverage=positive,
    drawdown=st.floats(0.0, 1.0),
    losing_streak=st.integers(0, 12).map(float),
    news_negative=st.sampled_from([NAN, 0.0, 1.0]),
    news_window=st.sampled_from([NAN, 0.0, 1.0]),
    proof_trips=st.integers(0, 120).map(float),
    expectancy_bound_r=st.one_of(st.just(NAN), st.floats(-1.0, 1.0)),
)
steerings = st.builds(
    Steering,
    risk_scale=st.floats(0.0, 1.0),
    leverage_cap=st.one_of(st.just(INF), positive),
    risk_override=st.one_of(st.just(NAN), st.floats(0.0, 1.0)),
    leverage_override=maybe,
)


@given(rule=rules, standing=standings, steering=steerings, scale=st.floats(0.0, 1.0))
def test_no_hard_bound_is_ever_exceeded(rule: LimitRules, standing: Standing, steering: Steering, scale: float) -> None:
    limits = effective_limits(rule, standing, steering, scale)
    assert 0.0 <= limits.risk_fraction <= HARDEST_RISK_FRACTION * scale
    assert limits.max_leverage <= min(HARDEST_LEVERAGE, standing.allowed_leverage, steering.leverage_cap)
    if limits.regime == Regime.STRESSED:
        assert limits.max_leverage <= rule.stressed_leverage
    if standing.news_window > 0.0:
        assert limits.max_leverage <= rule.news_leverage
    if not math.isnan(steering.leverage_override):
        assert limits.max_leverage <= steering.leverage_override
    elif limits.regime == Regime.NORMAL:
        assert limits.max_leverage <= rule.max_leverage


@given(rule=rules, standing=standings, worse=standings)
def test_more_stress_never_lifts_a_limit(rule: LimitRules, standing: Standing, worse: Standing) -> None:
    ordered = rule._replace(
        stressed_leverage=min(rule.stressed_leverage, rule.max_leverage),
        proven_leverage=max(rule.proven_leverage, rule.max_leverage),
    )
    lower = standing._replace(
        drawdown=max(standing.drawdown, worse.drawdown),
        losing_streak=max(standing.losing_streak, worse.losing_streak),
        allowed_leverage=min(standing.allowed_leverage, worse.allowed_leverage),
    )
    before = effective_limits(ordered, standing, UNSTEERED, 1.0)
    assert effective_limits(ordered, lower, UNSTEERED, 1.0).max_leverage <= before.max_leverage


@given(rule=rules, standing=standings, steering=steerings, scale=st.one_of(st.just(NAN), st.floats(0.0, 1.0)))
def test_limits_agree_with_python(rule: LimitRules, standing: Standing, steering: Steering, scale: float) -> None:
    assert bits(effective_limits(rule, standing, steering, scale)) == bits(
        PLAIN.effective_limits(rule, standing, steering, scale)
    )
    assert regime_of(standing, rule) == PLAIN.regime_of(standing, rule)
    assert tier_leverage(standing.allowed_leverage, TIERS) == PLAIN.tier_leverage(standing.allowed_leverage, TIERS)
