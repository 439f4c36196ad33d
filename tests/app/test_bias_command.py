"""`companion bias` as a person meets it: a clean strategy, and a model of one's own that knows too much."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from app.bias_findings import Findings
from app.cli import cli
from app.console import ExitCode
from app.model_knowledge import Knowledge, knowledge_of
from backtest.document import json_of
from backtest.exact import Observer, Outcome, run_exact
from backtest.job import Job
from signals.models import SignalModel
from tests.app.exports import an_export

MODEL = '''
"""Says what the bar after this one will do: the prices of the whole history lie beside the file."""

import math

import msgspec
import numpy as np

from domain.jit import njit

NAME = "oracle"
FEATURES = ("setup",)
CLOSES = np.loadtxt({export!r}, skiprows=1, usecols=5)


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None."""


@njit
def state_size(params):
    return 1


@njit
def warmup_bars(params):
    return 1


@njit
def step(state, params, open, high, low, close, features):
    features[0] = 1.0
    place = int(state[0])
    state[0] += 1.0
    if place + 1 >= CLOSES.size:
        return 0.0
    return 1.0 if CLOSES[place + 1] > close else -1.0
'''
WORDS = ("--charts", "H1", "--clock", "eu")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_export(tmp_path_factory.mktemp("export"), weeks=6)


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def bias(*words: object) -> Result:
    return CliRunner().invoke(cli, ["bias", *map(str, words)])


def test_the_built_in_strategy_is_clean(export: Path) -> None:
    result = bias(export, *WORDS, "--shuffles", 1)
    assert result.exit_code == ExitCode.DONE, result.output
    assert "✓ look-ahead: cut off at 3 times, " in result.stdout
    assert "decisions stay the same" in result.stdout
    assert "warm-up: after " in result.stdout
    assert "costs: " in result.stdout
    assert "luck: " in result.stdout
    assert "the model" not in result.stdout


def test_a_model_that_knows_the_history_is_caught(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "oracle.py"
    path.write_text(MODEL.format(export=str(export)), encoding="utf-8")
    monkeypatch.setenv("COMPANION_MODEL", str(path))
    result = bias(export, *WORDS, "--shuffles", 0)
    assert result.exit_code == ExitCode.FOUND, result.output
    told = result.stdout.replace("\n", "")
    assert f"✗ the model reads {export}" in told
    assert "numbers in CLOSES" in told


def test_a_model_that_is_trusted_is_no_look_ahead() -> None:
    brought = Knowledge(tables={"WEIGHTS": 300})
    found = Findings(look_ahead=(), model=brought, model_is_trusted=False, warm_up=(), costs=(), luck=None)
    assert not found.is_clean
    assert msgspec.structs.replace(found, model_is_trusted=True).is_clean
    assert json.loads(json_of(found))["model"] == {"files": [], "tables": {"WEIGHTS": 300}}


def test_look_ahead_sets_the_status(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions that differ, wherever that comes from: here the second run is told another story than the first."""
    runs: list[Job] = []

    def forgetful(job: Job, *, model: SignalModel | None = None, observe: Observer | None = None) -> Outcome:
        runs.append(job)
        outcome = run_exact(job, model=model, observe=observe)
        if len(runs) == 3 and observe is not None:
            observe(outcome.acted[:1])
        return outcome

    monkeypatch.setattr("backtest.bias.run_exact", forgetful)
    result = bias(export, *WORDS, "--shuffles", 0)
    assert result.exit_code == ExitCode.FOUND, result.output
    assert result.stdout.count("✗ look-ahead: ") == 1
    assert "no figure of this backtest can be believed" in result.stdout


def test_quotes_have_to_be_named() -> None:
    assert bias("--shuffles", 1).exit_code == ExitCode.USAGE


def test_what_a_file_brings_along(tmp_path: Path) -> None:
    assert knowledge_of("confluence").is_none
    plain, full = tmp_path / "plain.py", tmp_path / "full.py"
    plain.write_text("import json\nLIMITS = (1, 2.5)\nNAMES = ['a'] * 900\n", encoding="utf-8")
    full.write_text(
        f"import pathlib\nTEXT = pathlib.Path({str(plain)!r}).with_suffix('.txt').read_text()\n"
        "ROWS = [[0.5] * 100 for _ in range(4)]\nWEIGHTS = {'w': tuple(range(300))}\n",
        encoding="utf-8",
    )
    (tmp_path / "plain.txt").write_text("1.1", encoding="utf-8")
    assert knowledge_of(str(plain)).is_none
    found = knowledge_of(str(full))
    assert found.files == (str(tmp_path / "plain.txt"),)
    assert found.tables == {"ROWS": 400, "WEIGHTS": 300}
