"""Models by name and from a user's file: what is promised of each, and what is refused."""

import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals import confluence, donchian
from signals.models import (
    MAX_FEATURES,
    SignalModel,
    SignalModelError,
    parameters_array,
    parameters_from,
    signal_model,
)
from tests.signals.market import Floats, Table, made_up_bars

DOCUMENT = Path(__file__).parents[2] / "docs" / "signal-models.md"

SMALL = """
import math
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.jit import njit

NAME = "mine"
FEATURES = ("setup", "change")


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    bars: Annotated[int, Meta(ge=1, le=100)] = 3


@njit
def state_size(params):
    return 2


@njit
def warmup_bars(params):
    return int(params[0])


@njit
def step(state, params, open, high, low, close, features):
    state[0] += 1.0
    change = close - state[1]
    state[1] = close
    if state[0] < params[0]:
        features[:] = math.nan
        return math.nan
    features[0] = 1.0
    features[1] = change
    return 1.0 if change > 0.0 else -1.0
"""


def example() -> str:
    """The model file that the documentation shows."""
    found = re.search(r"^```python\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="session")
def example_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "dips.py"
    path.write_text(example(), encoding="utf-8")
    return path


@pytest.fixture(params=["confluence", "donchian", "a user's file"])
def model(request: pytest.FixtureRequest, example_file: Path) -> SignalModel:
    return signal_model(str(example_file) if request.param == "a user's file" else request.param)


def scored(model: SignalModel, bars: Table, params: Floats, state: Floats | None = None) -> tuple[Floats, Floats]:
    state = np.zeros(model.state_size(params)) if state is None else state
    scores, features = np.empty(len(bars)), np.empty((len(bars), len(model.features)))
    model.steps(bars, state, params, scores, features)
    return scores, features


# ------------------------------------------------------------------------------------------- promises of every model


def test_a_model_is_whole(model: SignalModel) -> None:
    assert model.features[0] == "setup"
    assert 1 <= len(model.features) <= MAX_FEATURES
    params = parameters_array(parameters_from(model, {}))
    assert model.state_size(params) > 0
    assert model.warmup_bars(params) > 0


@pytest.mark.parity
@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
@pytest.mark.parametrize("name", ["confluence", "donchian", "a user's file"])
def test_one_bar_at_a_time_has_the_bits_of_many(name: str, seed: int, example_file: Path) -> None:
    model = signal_model(str(example_file) if name == "a user's file" else name)
    bars = made_up_bars(250, seed)
    params = parameters_array(model.Parameters())
    scores, features = scored(model, bars, params)
    state, row = np.zeros(model.state_size(params)), np.empty(len(model.features))
    for index, bar in enumerate(bars):
        opened, high, low, close = (float(bar[field]) for field in ("open", "high", "low", "close"))
        score = np.float64(model.step(state, params, opened, high, low, close, row))
        assert score.tobytes() == scores[index].tobytes()
        assert row.tobytes() == features[index].tobytes()


def test_bars_may_come_in_pieces(model: SignalModel) -> None:
    bars = made_up_bars(300)
    params = parameters_array(model.Parameters())
    state = np.zeros(model.state_size(params))
    pieces = [scored(model, part, params, state) for part in np.array_split(bars, 7)]
    for whole, parts in zip(scored(model, bars, params), zip(*pieces, strict=True), strict=True):
        assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_features_may_be_columns_of_a_wider_table(model: SignalModel) -> None:
    bars = made_up_bars(250)
    params = parameters_array(model.Parameters())
    scores, wide = np.empty(len(bars)), np.zeros((len(bars), MAX_FEATURES + 3))
    model.steps(bars, np.zeros(model.state_size(params)), params, scores, wide[:, : len(model.features)])
    expected_scores, expected = scored(model, bars, params)
    assert scores.tobytes() == expected_scores.tobytes()
    assert wide[:, : len(model.features)].tobytes() == expected.tobytes()
    assert np.all(wide[:, len(model.features) :] == 0.0)


def test_warm_up_is_nan_and_what_follows_is_a_score(model: SignalModel) -> None:
    params = parameters_array(model.Parameters())
    warmup = model.warmup_bars(params)
    scores, features = scored(model, made_up_bars(warmup + 200), params)
    assert np.all(np.isnan(scores[: warmup - 1]))
    assert np.all(np.isnan(features[: warmup - 1]))
    assert np.all(np.abs(scores[warmup - 1 :]) <= 1.0)
    setups = features[warmup - 1 :, 0]
    assert np.all((setups == np.floor(setups)) & (setups >= 0.0))
    assert np.all((setups == 0.0) == (scores[warmup - 1 :] == 0.0))


def test_no_bars_are_no_trouble(model: SignalModel) -> None:
    params = parameters_array(model.Parameters())
    assert len(scored(model, made_up_bars(0), params)[0]) == 0


# ------------------------------------------------------------------------------------------------------- by their name


@pytest.mark.parametrize("module", [confluence, donchian])
def test_a_built_in_model_is_what_its_module_holds(module: ModuleType) -> None:
    model = signal_model(module.NAME)
    assert (model.name, model.Parameters, model.features) == (module.NAME, module.Parameters, module.FEATURES)
    assert (model.step, model.steps) == (module.step, module.steps)
    assert signal_model(module.NAME) is model


@pytest.mark.parametrize("name", ["", "Confluence", "rsi", "confluence.txt"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(SignalModelError, match="confluence, donchian"):
        signal_model(name)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SignalModelError, match=r"gone\.py: cannot be read: No such file"):
        signal_model(str(tmp_path / "gone.py"))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "model.py"
    folder.mkdir()
    with pytest.raises(SignalModelError, match="cannot be read"):
        signal_model(str(folder))


# -------------------------------------------------------------------------------------------------------- from a file


def test_the_documented_example_works(example_file: Path) -> None:
    model = signal_model(str(example_file))
    assert model.name == "dips"
    assert model.features == ("setup", "average", "rsi")
    scores, _ = scored(model, made_up_bars(3000), parameters_array(model.Parameters()))
    assert {1.0, 0.0, -1.0} <= set(scores[~np.isnan(scores)].tolist())


def test_parameters_of_a_file_are_checked(example_file: Path) -> None:
    model = signal_model(str(example_file))
    assert parameters_array(parameters_from(model, {"rsi_period": 2})).tolist() == [100.0, 2.0, 15.0]
    with pytest.raises(ValueError, match=r"rsi_period = 99 is refused: use a whole number at least 2 and at most 50"):
        parameters_from(model, {"rsi_period": 99})


def test_a_file_that_changed_is_loaded_anew(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    bars = made_up_bars(10)
    last: list[float] = []
    for sign in ("1.0 if change", "0.5 if change"):
        path.write_text(SMALL.replace("1.0 if change > 0.0 else -1.0", f"{sign} > 0.0 else -0.5"), encoding="utf-8")
        model = signal_model(str(path))
        last.append(float(np.nanmax(scored(model, bars, parameters_array(model.Parameters()))[0])))
    assert last == [1.0, 0.5]


def test_the_same_file_is_loaded_once(example_file: Path) -> None:
    assert signal_model(str(example_file)) is signal_model(str(example_file))


def refused(tmp_path: Path, source: str) -> str:
    """What is said of a model file with this content."""
    path = tmp_path / "mine.py"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(SignalModelError) as caught:
        signal_model(str(path))
    assert str(path) in str(caught.value)
    assert caught.value.source == str(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def broken(:", "cannot be loaded: SyntaxError"),
        ("import no_such_package_at_all", "cannot be loaded: ModuleNotFoundError"),
        ("raise RuntimeError('at the top')", "cannot be loaded: RuntimeError: at the top"),
        ("x = 1", "does not define NAME, Parameters, FEATURES, state_size, warmup_bars, step"),
        ("\0", "cannot be loaded"),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, source: str, words: str) -> None:
    assert words in refused(tmp_path, source)


@pytest.mark.parametrize("name", ["NAME", "Parameters", "FEATURES", "state_size", "warmup_bars", "step"])
def test_a_missing_name_is_named(tmp_path: Path, name: str) -> None:
    assert f"does not define {name};" in refused(tmp_path, SMALL + f"\ndel {name}\n")


STRUCT = "msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("NAME = 3", "NAME is 3"),
        ("NAME = 'two words'", "use one word"),
        ("NAME = 'donchian'", "is built in: choose another"),
        ("FEATURES = ['setup']", "FEATURES is no tuple"),
        ("FEATURES = ('setup', 2)", "FEATURES is no tuple of names"),
        ("FEATURES = ()", "must begin with 'setup'"),
        ("FEATURES = ('change', 'setup')", "must begin with 'setup'"),
        ("FEATURES = ('setup', 'a', 'a')", "each name once"),
        ("FEATURES = ('setup',) + tuple(f'f{i}' for i in range(12))", "at most 12"),
        ("step = 3", "step is no function"),
        ("state_size = 3", "state_size is no function"),
        ("step = step.py_func", "step is not compiled: put @njit above it"),
        ("Parameters = dict", "Parameters is no msgspec.Struct"),
        ("Parameters = None", "Parameters is no msgspec.Struct"),
        ("class Parameters(msgspec.Struct): bars: int = 3", "must be declared with frozen=True, kw_only=True"),
        (f"class Parameters({STRUCT}): bars: int", "bars has no default"),
        (f"class Parameters({STRUCT}): bars: str = 'a'", "bars is no number"),
        (f"class Parameters({STRUCT}): bars: Annotated[int, Meta(ge=5)] = 3", "bars = 3 is refused"),
        (
            f"class Parameters({STRUCT}):\n    bars: int = 3\n    def __post_init__(self): raise KeyError('x')",
            "Parameters cannot be used: KeyError",
        ),
        ("import numba\nstep = numba.njit(fastmath=True)(step.py_func)", "compiled with fastmath"),
        ("import numba\nstep = numba.njit(parallel=True)(step.py_func)", "compiled with parallel"),
        ("@njit\ndef step(state, params, close, features): return 0.0", "it must take (state, params, open, high"),
    ],
)
def test_a_name_that_is_not_what_it_should_be_is_refused(tmp_path: Path, change: str, words: str) -> None:
    assert words in refused(tmp_path, f"{SMALL}\n{change}\n")
