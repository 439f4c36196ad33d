"""Settings: defaults that work, ranges that are enforced by name, and a page that shows them all."""

import math
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from domain.timeframes import Timeframe
from strategy.params import MAX_CHARTS, CareSettings, EngineSettings, EntrySettings
from strategy.refusals import SettingsError
from tests.strategy.scenes import leaf_names

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = (DOCS / "decisions.md", *sorted((DOCS / "risk").glob("*.md")))
GROUPS: dict[str, type[msgspec.Struct]] = {
    field.name: field.type
    for field in msgspec.structs.fields(EngineSettings)
    if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
} | {"": EngineSettings}
BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def _metas(group: type[msgspec.Struct]) -> dict[str, Meta]:
    """The range and the meaning of each setting that is a plain number."""
    hints = get_type_hints(group, include_extras=True)
    found = {}
    for name, hint in hints.items():
        metas = [part for part in get_args(hint) if isinstance(part, Meta)]
        if metas and get_origin(get_args(hint)[0]) is None:
            found[name] = metas[0]
    return found


def _edges(meta: Meta, default: float) -> tuple[list[float], list[float]]:
    """Values just inside and just outside the range of `meta`."""
    step = 1 if isinstance(default, int) else 1e-9
    inside: list[float] = []
    outside: list[float] = []
    for bound, sign in (("gt", 1), ("ge", 1), ("lt", -1), ("le", -1)):
        limit = getattr(meta, bound)
        if limit is not None:
            is_open = bound in ("gt", "lt")
            inside.append(limit + sign * step if is_open else limit)
            outside.append(limit if is_open else limit - sign * step)
    return inside, outside


CASES: list[tuple[str, str, Meta, float]] = [
    (group, name, meta, getattr(kind(), name)) for group, kind in GROUPS.items() for name, meta in _metas(kind).items()
]
OUTSIDE = [(group, name, value) for group, name, meta, default in CASES for value in _edges(meta, default)[1]]
INSIDE = [(group, name, value) for group, name, meta, default in CASES for value in _edges(meta, default)[0]]

# settings that must move together to stay free of contradictions
COMPANIONS: dict[str, dict[str, float]] = {
    "score_threshold": {"score_threshold_max": 1.0},
    "score_threshold_max": {"score_threshold": 1e-9},
    "stop_atr": {"target_atr": 100.0},
    "target_atr": {"stop_atr": 1e-10},
    "min_reward_to_risk": {"target_atr": 100.0},
    "normal": {"stressed": 1e-9, "proven": 500.0},
    "proven": {"stressed": 1e-9, "normal": 1e-9},
    "stressed": {"normal": 500.0, "proven": 500.0},
    "window_trips": {"min_trips": 5},
    "min_trips": {"window_trips": 256},
    "window_fills": {"min_fills": 5},
    "min_fills": {"window_fills": 512},
    "calm_ratio": {"max_ratio": 100.0},
    "max_ratio": {"calm_ratio": 0.5},
    "drawdown_fraction": {"reduce_fraction": 0.4, "halt_fraction": 0.5},
    "reduce_fraction": {"drawdown_fraction": 1e-10, "halt_fraction": 0.5},
    "halt_fraction": {"drawdown_fraction": 1e-11, "reduce_fraction": 1e-10},
    "reduce_tone": {"block_tone": 1.0},
    "block_tone": {"reduce_tone": 0.0},
}


def _read(group: str, values: dict[str, Any]) -> EngineSettings:
    return msgspec.convert({group: values} if group else values, EngineSettings)


# -- defaults ----------------------------------------------------------------------------------------------------------


def test_the_defaults_are_valid() -> None:
    assert msgspec.convert(msgspec.to_builtins(EngineSettings()), EngineSettings) == EngineSettings()


def test_the_defaults_are_those_that_were_asked_for() -> None:
    entry, leverage = EngineSettings().entry, EngineSettings().leverage
    assert (entry.risk_fraction, entry.min_reward_to_risk, entry.max_symbols) == (0.01, 2.0, 4)
    assert (leverage.normal, leverage.proven, leverage.stressed) == (100.0, 300.0, 50.0)
    assert entry.duplicate_window_s == 5 * 60


def test_there_is_a_range_for_every_number() -> None:
    plain = [
        f"{group}.{name}"
        for group, kind in GROUPS.items()
        for name, hint in get_type_hints(kind).items()
        if hint in (int, float) and name not in _metas(kind)
    ]
    assert plain == []


# -- ranges ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("group", "name", "value"), OUTSIDE)
def test_a_value_out_of_range_is_refused_by_name(group: str, name: str, value: float) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        _read(group, {name: value})
    assert f"`$.{group}.{name}`".replace("..", ".") in str(refused.value)


@pytest.mark.parametrize(("group", "name", "value"), INSIDE)
def test_a_value_at_the_edge_is_taken(group: str, name: str, value: float) -> None:
    settings = _read(group, COMPANIONS.get(name, {}) | {name: value})
    assert getattr(getattr(settings, group) if group else settings, name) == value


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, name, _, _ in CASES])
@pytest.mark.parametrize("value", [math.nan, "much", None])
def test_what_is_no_number_is_refused_by_name(group: str, name: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=name):
        _read(group, {name: value})


@pytest.mark.parametrize("values", [{"risk": 0.01}, {"entry": {"risk_pct": 1.0}}, {"care": {"stop": 1}}])
def test_an_unknown_setting_is_refused_by_name(values: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"unknown field `(risk|risk_pct|stop)`"):
        msgspec.convert(values, EngineSettings)


# -- contradictions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"entry": {"score_threshold": 0.8, "score_threshold_max": 0.7}}, "entry.score_threshold_max"),
        ({"entry": {"target_atr": 2.0, "stop_atr": 1.5}}, "entry.min_reward_to_risk"),
        ({"leverage": {"stressed": 101.0}}, "leverage.stressed"),
        ({"care": {"partial_legs": [[0.1 * leg, 0.1] for leg in range(1, 6)]}}, "care.partial_legs"),
        ({"care": {"partial_legs": [[0.5, 0.3], [0.5, 0.3]]}}, "care.partial_legs"),
        ({"care": {"partial_legs": [[0.5, 0.5], [0.8, 0.5]]}}, "care.partial_legs"),
        ({"care": {"partial_legs": [[1.1, 0.5]]}}, "care.partial_legs"),
        ({"care": {"partial_legs": [[0.5, 0.0]]}}, "care.partial_legs"),
        ({"leverage": {"proven": 99.0}}, "leverage.proven"),
        ({"kelly": {"window_trips": 20}}, "kelly.window_trips"),
        ({"slippage": {"window_fills": 10}}, "slippage.window_fills"),
        ({"volatility": {"max_ratio": 1.4}}, "volatility.max_ratio"),
        ({"leverage_tiers": {"all": 500.0}}, "leverage_tiers"),
        ({"leverage_tiers": {str(row): 500.0 for row in range(9)}}, "leverage_tiers"),
        ({"symbols": ["EURUSD", "XAUUSD", "EURUSD"]}, "symbols"),
        ({"timeframes": [15, 15]}, "timeframes"),
        ({"timeframes": [Timeframe.MN1]}, "timeframes"),
        ({"symbols": [f"S{number}" for number in range(33)], "timeframes": [1, 5]}, "symbols"),
    ],
)
def test_contradictions_are_refused_by_name(values: dict[str, Any], setting: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=setting) as refused:
        msgspec.convert(values, EngineSettings)
    cause = refused.value.__cause__
    assert isinstance(cause, SettingsError)
    assert cause.setting == setting


@pytest.mark.parametrize(
    "values", [{"symbols": []}, {"timeframes": []}, {"timeframes": [7]}, {"commission_per_lot": {"*": -1.0}}]
)
def test_what_cannot_be_traded_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(values))):
        msgspec.convert(values, EngineSettings)


def test_as_many_charts_as_there_is_room_for() -> None:
    symbols = [f"S{number}" for number in range(MAX_CHARTS // 2)]
    settings = msgspec.convert({"symbols": symbols, "timeframes": [1, 5]}, EngineSettings)
    assert len(settings.symbols) * len(settings.timeframes) == MAX_CHARTS


# -- rules -------------------------------------------------------------------------------------------------------------


@given(threshold=st.floats(0.01, 0.5), risk=st.floats(0.001, 0.02), symbols=st.integers(1, 50))
def test_entry_rules_are_the_settings_as_plain_numbers(threshold: float, risk: float, symbols: int) -> None:
    settings = EntrySettings(score_threshold=threshold, risk_fraction=risk, max_symbols=symbols)
    rules = EngineSettings(entry=settings).entry_rules()
    for part in (rules.market, rules.levels, rules.holdings, rules.sizing):
        named = {name: value for name, value in part._asdict().items() if name in settings.__struct_fields__}
        assert named == {name: getattr(settings, name) for name in named}
    assert (rules.limits.risk_fraction, rules.limits.max_leverage) == (risk, 100.0)
    assert len(leaf_names(rules)) == len(set(leaf_names(rules)))
    assert {type(number) for part in rules for number in part} == {float}


def test_care_rules_are_the_settings_as_plain_numbers() -> None:
    settings = CareSettings(max_holding_s=3600, trailing_atr=3, partial_legs=((0.4, 0.25), (0.8, 0.5)))
    rules = settings.rules()
    for part in (rules.stops, rules.fill, rules.hours, rules.news):
        assert [getattr(settings, field) for field in part._fields] == list(part)
    assert rules.legs == (0.4, 0.25, 0.8, 0.5, 0.0, 0.0, 0.0, 0.0)
    assert {type(number) for part in rules for number in part} == {float}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        EntrySettings().risk_fraction = 0.02  # type: ignore[misc] # that it is refused is what is tested


# -- the page ----------------------------------------------------------------------------------------------------------


def _row(group: str, name: str, meta: Meta, default: float) -> str:
    limits = {sign: getattr(meta, bound) for bound, sign in BOUNDS.items() if getattr(meta, bound) is not None}
    bounds = [f"{sign} {limit if isinstance(limit, int) else f'{limit:g}'}" for sign, limit in limits.items()]
    setting = f"{group}.{name}" if group else name
    return f"| `{setting}` | {default} | {', '.join(bounds)} | {meta.description} |"


@pytest.mark.parametrize(("group", "name", "meta", "default"), CASES)
def test_the_page_shows_every_setting(group: str, name: str, meta: Meta, default: float) -> None:
    assert meta.description
    lines = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
    assert lines.count(_row(group, name, meta, default)) == 1
