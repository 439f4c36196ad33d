"""`companion report` shows a run again from what it left on disk, and says what is wrong with what it cannot read."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.console import ExitCode
from tests.app.exports import an_export

WEEKS = 6


def said(*words: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder that a backtest has left, and what it printed."""
    folder = tmp_path_factory.mktemp("run")
    words = ("--charts", "H1", "--clock", "eu", "--out", folder / "out")
    result = said("backtest", an_export(folder, WEEKS), *words)
    assert result.exit_code == ExitCode.DONE, result.output
    return folder / "out", result.stdout


def test_the_same_pages_and_the_same_table_come_again(run: tuple[Path, str]) -> None:
    folder, printed = run
    pages = {path.name: path.read_bytes() for path in folder.glob("report.*") if path.suffix != ".json"}
    assert "report.md" in pages
    for name in pages:
        (folder / name).unlink()
    result = said("report", folder)
    assert result.exit_code == ExitCode.DONE, result.output
    assert result.stdout.splitlines() == printed.splitlines()[: len(result.stdout.splitlines())]
    assert len(result.stdout.splitlines()) == len(printed.splitlines()) - 1, "all but the Sharpe ratio at the end"
    assert {name: (folder / name).read_bytes() for name in pages} == pages


def test_json_is_that_of_the_folder(run: tuple[Path, str]) -> None:
    folder, _ = run
    told = json.loads(said("report", folder, "--json").stdout)
    assert told == json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert told["facts"]["origin"]["version"]


def test_the_last_backtest_is_the_one_meant(
    run: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path / "data"))
    lost = said("report")
    assert lost.exit_code == ExitCode.DATA
    assert f"{tmp_path / 'data' / 'backtest'} is no folder" in lost.output.replace("\n", "")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "backtest").symlink_to(run[0])
    assert said("report").exit_code == ExitCode.DONE


def test_a_foreign_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "photo.png").touch()
    result = said("report", folder)
    assert result.exit_code == ExitCode.DATA
    assert "holds no results" in result.output
    assert [path.name for path in folder.iterdir()] == ["photo.png"], "nothing is written there"


def test_a_damaged_folder_is_named(run: tuple[Path, str], tmp_path: Path) -> None:
    for path in run[0].glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "candles.parquet").write_bytes(b"PAR1 no more")
    result = said("report", tmp_path)
    assert result.exit_code == ExitCode.DATA
    assert "candles.parquet is damaged" in result.output
    assert "run the backtest again" in result.output
