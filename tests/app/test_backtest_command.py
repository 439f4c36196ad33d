"""`companion backtest` as a person or a pipeline meets it."""

import json

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.console import ExitCode


def test_a_dry_run_ends_with_the_sharpe_ratio() -> None:
    result = CliRunner().invoke(cli, ["backtest", "--dry-run", "--min-sharpe", "0.9"])
    assert result.exit_code == ExitCode.DONE
    lines = result.stdout.strip().splitlines()
    name, _, figure = lines[-1].partition(": ")
    assert name == "Sharpe Ratio"
    assert float(figure) > 0.9
    assert len(figure.partition(".")[2]) == 2
    assert "✓ trending: an edge" in result.stdout
    assert "✓ driftless: no edge" in result.stdout


def test_a_gate_sets_the_status() -> None:
    result = CliRunner().invoke(cli, ["backtest", "--dry-run", "--min-sharpe", "4", "--json"])
    assert result.exit_code == ExitCode.FOUND
    told = json.loads(result.stdout)
    assert told["sound"] is False
    assert told["min_sharpe"] == 4.0
    assert told["sharpe"] == told["trending"]["sharpe"] < 4.0
    assert told["driftless"]["round_trips"] > 0


@pytest.mark.parametrize("words", [[], ["--min-sharpe", "1"]])
def test_nothing_to_test_is_wrong_use(words: list[str]) -> None:
    assert CliRunner().invoke(cli, ["backtest", *words]).exit_code == ExitCode.USAGE
