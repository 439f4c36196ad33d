"""What a search tries, as people write it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.search.space import Axis, SpaceError, axis_from, grid, grid_size, settings_at
from strategy.params import EngineSettings
from strategy.refusals import SettingsError


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("entry.stop_atr=1,1.5,2", "entry.stop_atr", (1.0, 1.5, 2.0)),
        ("entry.stop_atr = 2, 1", "entry.stop_atr", (1.0, 2.0)),
        ("entry.stop_atr=0.1:0.5:0.1", "entry.stop_atr", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("entry.atr_period=5:12:5", "entry.atr_period", (5.0, 10.0)),
        ("model=confluence,donchian", "model", ("confluence", "donchian")),
        ("model_parameters.adx_threshold=25", "model_parameters.adx_threshold", (25.0,)),
    ],
)
def test_an_axis_is_read_as_it_is_written(text: str, name: str, values: tuple[object, ...]) -> None:
    assert axis_from(text) == Axis(name, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("entry.stop_atr", "is no axis"),
        ("=1,2", "is no axis"),
        ("entry.stop_atr=", "is no axis"),
        ("Entry Stop=1", "is no axis"),
        ("entry.stop_atr=1,,2", "an empty value"),
        ("entry.stop_atr=1,1.0", "twice"),
        ("entry.stop_atr=3:1:0.5", "never arrives"),
        ("entry.stop_atr=1:3:0", "never arrives"),
        ("entry.stop_atr=a:b:c", "is no range"),
        ("entry.stop_atr=1:inf:1", "is no range"),
        ("entry.stop_atr=0:1:0.0000001", "take a larger step"),
    ],
)
def test_what_is_no_axis_is_refused(text: str, problem: str) -> None:
    with pytest.raises(SpaceError, match=problem):
        axis_from(text)


@given(st.text(max_size=40))
def test_any_text_is_an_axis_or_refused(text: str) -> None:
    try:
        axis = axis_from(text)
    except SpaceError:
        return
    assert axis.values


def test_a_grid_has_every_point_once() -> None:
    axes = (axis_from("entry.stop_atr=1,2"), axis_from("care.break_even_r=0.5:1.5:0.5"))
    points = list(grid(axes))
    assert len(points) == len(set(points)) == grid_size(axes) == 6
    assert points[1] == (("entry.stop_atr", 1.0), ("care.break_even_r", 1.0))


def test_a_grid_without_an_axis_is_the_settings_themselves() -> None:
    assert list(grid(())) == [()]


def test_a_grid_that_no_machine_finishes_is_refused() -> None:
    axes = tuple(axis_from(f"{name}=0:999:1") for name in ("a", "b", "c"))
    with pytest.raises(SpaceError, match="1,000,000,000 points"):
        next(grid(axes))
    with pytest.raises(SpaceError, match="twice"):
        next(grid((axes[0], axes[0])))


def test_a_point_changes_what_it_names_and_nothing_else() -> None:
    base = EngineSettings(symbols=("EURUSD", "XAUUSD"))
    found = settings_at(base, (("entry.atr_period", 20.0), ("model_parameters.adx_threshold", 30.0)))
    assert found.entry.atr_period == 20
    assert isinstance(found.entry.atr_period, int)
    assert found.model_parameters == {"adx_threshold": 30.0}
    same = msgspec.structs.replace(
        found, entry=msgspec.structs.replace(found.entry, atr_period=14), model_parameters={}
    )
    assert same == base
    assert settings_at(base, ()) == base


def test_a_cost_is_named_by_its_symbol() -> None:
    found = settings_at(EngineSettings(), (("slippage_points.eurusd", 3.0), ("commission_per_lot.*", 7.0)))
    assert found.slippage_points["eurusd"] == 3.0
    assert found.commission_per_lot["*"] == 7.0


@pytest.mark.parametrize(
    ("name", "near"),
    [("entry.stop_art", "entry.stop_atr"), ("stop_atr", "entry.stop_atr"), ("modle", "model"), ("qqq.zzz", "docs/")],
)
def test_a_setting_that_does_not_exist_is_named_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(SpaceError, match=near):
        settings_at(EngineSettings(), ((name, 1.0),))


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("entry.risk_fraction", 0.5, "entry.risk_fraction"),
        ("entry.atr_period", 14.5, "entry.atr_period"),
        ("entry.stop_atr", 9.0, "entry.min_reward_to_risk"),
        ("model_parameters.nonsense", 1.0, "model_parameters"),
        ("magic", -1.0, "magic"),
    ],
)
def test_a_value_that_cannot_be_names_its_field(name: str, value: float, field: str) -> None:
    with pytest.raises(SettingsError, match=field):
        settings_at(EngineSettings(), ((name, value),))
