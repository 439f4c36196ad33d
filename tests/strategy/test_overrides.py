"""What a person may impose: within hard bounds, for a symbol or for all, and gone when its time is over."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import OverrideKind
from account.safety import Override
from strategy.overrides import (
    LEVERAGE,
    OverrideError,
    checked_limit,
    imposed_settings,
    limit_names,
    range_of,
    with_limit,
)
from strategy.params import EngineSettings
from strategy.safekeeping import imposed_limits

SETTINGS = EngineSettings()


def limit(name: str, value: float, symbol: str = "", since_ns: int = 1) -> Override:
    return Override(
        kind=OverrideKind.LIMIT,
        name=name,
        symbol=symbol,
        value=value,
        reason="",
        author="",
        since_ns=since_ns,
        expires_ns=0,
    )


def test_a_limit_takes_the_place_of_the_setting() -> None:
    found = with_limit(SETTINGS, "entry.risk_fraction", 0.004)
    assert found.entry.risk_fraction == 0.004
    assert SETTINGS.entry.risk_fraction == 0.01
    assert with_limit(SETTINGS, "entry.max_symbols", 2.0).entry.max_symbols == 2


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("entry.risk_fraction", 0.021, "above 0 and at most 0.02"),
        ("entry.risk_fraction", 0.0, "above 0 and at most 0.02"),
        ("entry.risk_fraction", math.nan, "above 0 and at most 0.02"),
        ("entry.max_symbols", 2.5, "at least 1 and at most 50"),
        ("leverage.normal", 501.0, "above 0 and at most 500"),
        ("guards.day_loss_fraction", 0.6, "above 0 and at most 0.5"),
        ("guards.drawdown_fraction", 0.13, "contradicts"),
        ("entry.stop_atr", 1.0, "is no limit that can be set; there are entry.risk_fraction"),
        ("nonsense", 1.0, "is no limit that can be set"),
    ],
)
def test_what_cannot_be_imposed_is_refused_by_name_and_range(name: str, value: float, said: str) -> None:
    with pytest.raises(OverrideError, match=name) as refused:
        checked_limit(SETTINGS, name, "", value)
    assert said in str(refused.value)


def test_guards_are_for_the_whole_account() -> None:
    with pytest.raises(OverrideError, match="leave out the symbol"):
        checked_limit(SETTINGS, "guards.day_loss_fraction", "EURUSD", 0.02)


@pytest.mark.parametrize("name", limit_names())
def test_every_limit_has_a_range_and_takes_its_own_default(name: str) -> None:
    group, _, field = name.partition(".")
    default = float(getattr(getattr(SETTINGS, group), field))
    assert range_of(SETTINGS, name)
    assert checked_limit(SETTINGS, name, "", default) == default


@given(st.sampled_from(limit_names()), st.floats())
def test_nothing_passes_a_hard_bound(name: str, value: float) -> None:
    try:
        checked_limit(SETTINGS, name, "", value)
    except OverrideError:
        return
    assert 0.0 <= value <= 3e6
    if name in ("entry.risk_fraction", LEVERAGE):
        assert value <= {"entry.risk_fraction": 0.02, LEVERAGE: 500.0}[name]


def test_a_symbols_own_limit_goes_before_that_of_all() -> None:
    active = [limit("entry.risk_fraction", 0.002, "EURUSD"), limit("entry.risk_fraction", 0.005, since_ns=2)]
    assert imposed_settings(SETTINGS, active, "EURUSD").entry.risk_fraction == 0.002
    assert imposed_settings(SETTINGS, active, "XAUUSD").entry.risk_fraction == 0.005
    assert imposed_limits(active, "EURUSD")[0] == 0.002
    assert imposed_limits(active, "XAUUSD")[0] == 0.005
    assert all(map(math.isnan, imposed_limits([], "XAUUSD")))


def test_what_has_come_to_contradict_is_left_out() -> None:
    active = [limit("guards.halt_fraction", 0.13), limit("guards.reduce_fraction", 0.14, since_ns=2)]
    guards = imposed_settings(SETTINGS, active, "").guards
    assert (guards.reduce_fraction, guards.halt_fraction) == (0.12, 0.13)
