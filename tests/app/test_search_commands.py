"""`companion sweep`, `optimize` and `walkforward` as a person or a pipeline meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.console import ExitCode
from tests.app.exports import an_export

VARY = ("--vary", "entry.stop_atr=1,1.4,9", "--vary", "care.break_even_r=0.5,1")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_export(tmp_path_factory.mktemp("export"), weeks=10)


def said(*words: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)))


def common(export: Path, folder: Path) -> tuple[object, ...]:
    return export, "--charts", "H1", "--clock", "eu", "--workers", 1, "--min-round-trips", 3, "--out", folder


def test_a_sweep_shows_the_best_and_what_it_is_worth(export: Path, tmp_path: Path) -> None:
    result = said("sweep", *common(export, tmp_path), *VARY)
    assert result.exit_code == ExitCode.DONE, result.output
    assert "best of 4 settings by sharpe" in result.stdout
    assert "2 combinations are no settings: entry.min_reward_to_risk" in result.stdout
    assert "luck alone would show" in result.stdout
    assert "run again, the best gives the same figures" in result.stdout
    assert "for .env: COMPANION_ENTRY__STOP_ATR=" in result.stdout
    assert len((tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()) == 1 + 6
    pages = {path.name: path.read_bytes() for path in tmp_path.glob("report.*")}
    assert "report.md" in pages
    again = said("report", tmp_path)
    assert "best of 4 settings by sharpe" in again.stdout
    assert "run again" not in again.stdout, "nothing is run for it"
    assert {name: (tmp_path / name).read_bytes() for name in pages} == pages


def test_a_sweep_goes_on_where_it_was_killed(export: Path, tmp_path: Path) -> None:
    first = said("sweep", *common(export, tmp_path), *VARY, "--json")
    path = tmp_path / "results.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    again = said("sweep", *common(export, tmp_path), *VARY, "--json")
    assert again.stdout == first.stdout
    assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())
    told = json.loads(again.stdout)
    assert (told["trials"], told["refused"], len(told["results"])) == (4, 2, 6)
    assert told["best"]["sharpe"] == max(one["sharpe"] for one in told["results"] if "sharpe" in one)


def test_results_of_other_quotes_are_not_mixed(export: Path, tmp_path: Path) -> None:
    said("sweep", *common(export, tmp_path), *VARY)
    result = said("sweep", *common(export, tmp_path), *VARY, "--deposit", 500)
    assert result.exit_code == ExitCode.DATA
    assert "holds results of other settings" in result.output


def test_optimize_tries_as_many_as_asked(export: Path, tmp_path: Path) -> None:
    axes = ("--vary", "entry.stop_atr=1:1.7:0.1", "--vary", "entry.target_atr=3.5:6:0.5")
    result = said("optimize", *common(export, tmp_path), *axes, "--trials", 9, "--seed", 4, "--json")
    assert result.exit_code == ExitCode.DONE, result.output
    told = json.loads(result.stdout)
    assert 1 < told["trials"] + told["refused"] <= 9
    assert told["neighborhood"] is None


def test_a_walk_forward_ends_with_the_sharpe_ratio_of_its_tests(export: Path, tmp_path: Path) -> None:
    words = ("--vary", "entry.stop_atr=1,1.4", "--train", 21, "--test", 16, "--purge", 2)
    result = said("walkforward", *common(export, tmp_path), *words)
    assert result.exit_code == ExitCode.DONE, result.output
    assert "out of sample, " in result.stdout
    assert "in another order" in result.stdout
    ratio = next(line for line in result.stdout.splitlines() if line.startswith("Sharpe Ratio: "))
    assert said("report", tmp_path).stdout == result.stdout
    (tmp_path / "search.json").write_bytes(b"{}")
    lost = said("report", tmp_path)
    assert lost.exit_code == ExitCode.DATA
    assert "search.json is damaged" in lost.output
    told = json.loads(said("walkforward", *common(export, tmp_path), *words, "--monte-carlo", 50, "--json").stdout)
    assert told["monte_carlo"]["trials"] == 50
    assert told["monte_carlo"]["round_trips"] == sum(step["tested"]["round_trips"] for step in told["steps"])
    assert f"{told['out_of_sample']['sharpe']:.2f}" == ratio.removeprefix("Sharpe Ratio: ")
    assert [path.name for path in sorted(tmp_path.glob("*.jsonl"))] == [
        f"fold-{number:02}.jsonl" for number in range(1, len(told["steps"]) + 1)
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--vary", "entry.stop_art=1,2"), "did you mean entry.stop_atr?"),
        (("--vary", "entry.stop_atr"), "is no axis"),
        (("--vary", "entry.stop_atr=1", "--vary", "entry.stop_atr=2"), "an axis is named twice"),
        (("--vary", "entry.stop_atr=1", "--objective", "luck"), "use sharpe, sortino"),
        (("--vary", "entry.stop_atr=1", "--stored", "EURUSD"), "one of them"),
    ],
)
def test_wrong_use_is_named(export: Path, words: tuple[str, ...], problem: str) -> None:
    result = said("sweep", export, *words)
    assert result.exit_code == ExitCode.USAGE
    assert problem in result.output


def test_a_search_that_finds_nothing_says_what_to_do(export: Path, tmp_path: Path) -> None:
    result = said("sweep", *common(export, tmp_path), *VARY, "--min-round-trips", 10_000)
    assert result.exit_code == ExitCode.DATA
    assert "widen the axes or lower --min-round-trips" in result.output
