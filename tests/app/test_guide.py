"""The guide from an export to a walk-forward: its commands run, its figures have a place, its messages are said."""

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.console import ExitCode
from domain.serverclock import clock_named
from tests.architecture.tree import ROOT
from tests.marketdata.samples import market_bars

PAGE = (ROOT / "docs" / "from-export-to-walk-forward.md").read_text(encoding="utf-8")
SHELL = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = [line.partition("#")[0].split() for line in SHELL.splitlines() if line.startswith("companion ")]
EXPORT = next(word for words in COMMANDS for word in words if word.endswith(".csv"))
MESSAGES = re.findall(r"^\| `([^`]+)` \|", PAGE.partition("## When it says no")[2], re.MULTILINE)
QUICKER = {"bias": ("--shuffles", "1"), "walkforward": ("--workers", "1")}
OF_THE_STORE = ("--stored", "XAUUSD", "--timeframe", "M15", "--charts", "M15")


def gold_text() -> str:
    """Fifteen weeks of M15 as MetaTrader exports them, with the daily break of metals."""
    bars = market_bars(15, clock_named("eu"), daily_break=True, period_s=900)
    lines = ["<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"]
    for bar in bars:
        date, clock = str(np.datetime64(int(bar["time"]), "s")).split("T")
        prices = "\t".join(f"{bar[name] * 2000.0:.2f}" for name in ("open", "high", "low", "close"))
        lines.append(f"{date.replace('-', '.')}\t{clock}\t{prices}\t{bar['tick_volume']}\t0\t20")
    return "\r\n".join(lines) + "\r\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    (folder / EXPORT).write_text(gold_text(), encoding="utf-8")
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    monkeypatch.setenv("COMPANION_DATA_DIR", str(place / "data"))
    monkeypatch.setenv("COLUMNS", "200")  # a message on one line
    return place


def test_every_step_has_its_command() -> None:
    assert [words[1] for words in COMMANDS] == ["data", "data", "data", "backtest", "bias", "walkforward"]


def test_the_commands_of_the_guide_run(here: Path) -> None:
    said = []
    for words in COMMANDS:
        done = CliRunner().invoke(cli, [*words[1:], *QUICKER.get(words[1], ())])
        assert done.exit_code == ExitCode.DONE, (words, done.output)
        said.append(done.stdout)
    assert (here / "data" / "backtest" / "report.html").is_file()
    assert "out of sample" in said[-1]


CASES: dict[str, tuple[str, ...]] = {
    "no such file": ("data", "check", "nowhere.csv"),
    "symbol is not told by the file or its name": ("data", "check", "export.csv"),
    "not tell when the market closed": ("data", "check", "XAUUSD_D1.csv"),
    "prices multiplied by": ("data", "check", "XAUUSD_M30.csv"),
    "is not simulated; known are": ("backtest", "GOLDISH_M15.csv"),
    "is not stored in": ("backtest", "--stored", "XAUUSD"),
    "the quotes are too far apart for charts of": ("backtest", EXPORT, "--charts", "M5"),
    "clock 'mars' is not known": ("backtest", EXPORT, "--charts", "M15", "--clock", "mars"),
    "there is no setting": ("walkforward", *OF_THE_STORE, "--vary", "entry.stop_art=1"),
    "do not hold 730 days of training": ("walkforward", *OF_THE_STORE, "--vary", "entry.stop_atr=1"),
    "no training has settings that count": (
        *("walkforward", *OF_THE_STORE, "--vary", "entry.stop_atr=1", "--workers", "1"),
        *("--train", "60", "--test", "20", "--min-round-trips", "9999"),
    ),
    "is no swap": ("backtest", EXPORT, "--charts", "M15", "--swap", "XAUUSD=3"),
}


def test_every_message_of_the_guide_has_its_case() -> None:
    assert list(CASES) == MESSAGES


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_said_as_the_guide_has_it(message: str, here: Path) -> None:
    text = (here / EXPORT).read_text(encoding="utf-8")
    heading, *rows = text.splitlines()
    (here / "export.csv").write_text(text, encoding="utf-8")
    (here / "GOLDISH_M15.csv").write_text(text, encoding="utf-8")
    days = [re.sub(r"\t\d\d:\d\d:\d\d\t", "\t00:00:00\t", row) for row in rows if "\t10:00:00\t" in row]
    (here / "XAUUSD_D1.csv").write_text("\n".join([heading, *days]), encoding="utf-8")
    scaled = [re.sub(r"(\d)\.(\d\d)\t", r"\1\2\t", row) for row in rows if re.search(r":[03]0:00\t", row)]
    (here / "XAUUSD_M30.csv").write_text("\n".join([heading, *scaled]), encoding="utf-8")
    if "stored" in " ".join(CASES[message]):
        CliRunner().invoke(cli, ["data", "import", EXPORT, "--source", "mybroker"])
    refused = CliRunner().invoke(cli, list(CASES[message]))
    assert refused.exit_code != ExitCode.DONE
    assert message in " ".join(refused.output.split())
