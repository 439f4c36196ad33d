"""Real quotes through a real bridge: small files always, the large real ones where they are at hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.console import ExitCode
from app.playback import Playback, market_of
from marketdata import write_ticks
from tests.app.real_command import Companion, companion_in

pytestmark = pytest.mark.integration

EXPORT_HEAD = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\r\n"


def exported(folder: Path, name: str = "EURUSD_202506020000_202506022359.csv", *, crossed: int = 0) -> Path:
    """A day of invented ticks as MetaTrader exports them."""
    ticks = market_of(Playback(days=1, symbols=("EURUSD",))).ticks["EURUSD"]
    rows = []
    for index, tick in enumerate(ticks):
        seconds, milliseconds = divmod(int(tick["time_msc"]), 1000)
        moment = np.datetime64(seconds, "s").astype(str).replace("-", ".").replace("T", "\t")
        ask = tick["bid"] - 1e-4 if index < crossed else tick["ask"]
        rows.append(f"{moment}.{milliseconds:03d}\t{tick['bid']:.5f}\t{ask:.5f}\t\t\t6\r\n")
    path = folder / name
    path.write_text(EXPORT_HEAD + "".join(rows), encoding="ascii", newline="")
    return path


def summary_of_replay(companion: Companion, *words: str) -> dict[str, Any]:
    result = companion("replay", *words, "--json")
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


def test_an_export_of_metatrader_is_replayed(companion: Companion, tmp_path: Path) -> None:
    summary = summary_of_replay(companion, str(exported(tmp_path)), "--charts", "M5")
    assert summary["symbols"] == ["EURUSD"]
    assert summary["ticks"] > 2000
    assert all(proof["holds"] for proof in summary["proofs"])
    told = companion("why", "EURUSD", "12:00", "--json").stdout
    assert json.loads(told)["decisions"][0]["timeframe"] == "M5"


@pytest.mark.slow
@pytest.mark.parametrize("batch", ["0", "2000"])
def test_the_eas_own_source_replays_as_its_twin(companion: Companion, tmp_path: Path, batch: str) -> None:
    words = (str(exported(tmp_path)), "--charts", "M5", "--batch", batch)
    twin, own = (summary_of_replay(companion, *words, "--ea", name) for name in ("twin", "mql5"))
    for name in ("ticks", "decisions", "intents", "deals", "balance", "equity"):
        assert own[name] == twin[name]
    assert own["deals"] > 1
    assert all(proof["holds"] for proof in own["proofs"])


def test_notes_of_the_import_are_shown(companion: Companion, tmp_path: Path) -> None:
    result = companion("replay", str(exported(tmp_path, crossed=3)))
    assert result.returncode == 0, result.stderr
    assert "note   EURUSD_202506020000_202506022359.csv: crossed quotes: 3 rows" in result.stdout
    assert "the files do not say how far the broker's clock is from UTC" in result.stdout


def test_batches_lead_to_the_same_account_everywhere(companion: Companion, tmp_path: Path) -> None:
    summary = summary_of_replay(companion, str(exported(tmp_path)), "--batch", "2000", "--server-offset", "3")
    assert all(proof["holds"] for proof in summary["proofs"])
    assert summary["first"].startswith("2025-06-02T00:0")


def test_two_symbols_are_replayed_together(companion: Companion, tmp_path: Path) -> None:
    market = market_of(Playback(days=1, symbols=("EURUSD", "XAUUSD")))
    names = []
    for spec in market.specs:
        path = tmp_path / f"{spec.name}.parquet"
        write_ticks(path, market.ticks[spec.name], symbol=spec.name, digits=spec.digits, server_offset_s=10_800)
        names.append(str(path))
    summary = summary_of_replay(companion, *names)
    assert summary["symbols"] == ["EURUSD", "XAUUSD"]
    assert all(proof["holds"] for proof in summary["proofs"])


@pytest.mark.parametrize(("model", "ticks"), [("ohlc", 4 * 120), ("every-tick", 30 * 120)])
def test_minutes_are_replayed_as_the_tester_would(companion: Companion, tmp_path: Path, model: str, ticks: int) -> None:
    head = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
    rows = [
        f"2025.06.03\t{10 + minute // 60}:{minute % 60:02d}:00\t1.10000\t1.10030\t1.09980\t1.10010\t30\t0\t7\r\n"
        for minute in range(120)
    ]
    path = tmp_path / "EURUSD_M1_202506030000_202506032359.csv"
    path.write_text(head + "".join(rows), encoding="ascii", newline="")
    summary = summary_of_replay(companion, str(path), "--ticks", model, "--charts", "M5", "--batch", "1000")
    assert summary["ticks"] == ticks
    assert all(proof["holds"] for proof in summary["proofs"])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("gone.csv",), ExitCode.DATA, "no such file: gone.csv"),
        (("noise.csv",), ExitCode.DATA, "noise.csv"),
        (("noise.csv", "--crossed", "maybe"), ExitCode.USAGE, "use drop, keep, swap"),
        (("noise.csv", "--ticks", "real"), ExitCode.USAGE, "--ticks real: use ohlc, every-tick"),
        (("noise.csv", "--timeframe", "M7"), ExitCode.USAGE, "MT5 has M1"),
        (("noise.csv", "--charts", "M7"), ExitCode.SETTINGS, "COMPANION_TIMEFRAMES"),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    companion: Companion, tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "noise.csv").write_text("what\nis\nthis\n")
    result = companion("replay", *words)
    assert result.returncode == code
    assert told in result.stderr
    assert "Traceback" not in result.stderr


# -- the real ones ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_week(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> Path:
    """State folder after the 186,092 real EURUSD ticks of the first week of May 2014 were replayed."""
    folder = tmp_path_factory.mktemp("real")
    file = reference / "ticks" / "oanda_EURUSD_20140501_0507_utc.parquet"
    result = companion_in(folder, "replay", str(file), "--charts", "M5", "--json")
    assert result.returncode == 0, result.stderr
    (folder / "summary.json").write_text(result.stdout)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_real_week_is_replayed_and_adds_up(real_week: Path) -> None:
    summary = json.loads((real_week / "summary.json").read_text())
    assert summary["ticks"] == 186_092
    assert {proof["claim"]: proof["holds"] for proof in summary["proofs"]} == {
        "the journal replays to the account the bridge had": True,
        "bridge and terminal agree on the money": True,
        "every deal of the terminal is in the journal": True,
        "every order has a known end": True,
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("2014-05-01T00:07", "was still forming until 00:10"),
        ("2014-05-01T06:00", "warm up"),
        ("2014-05-02T12:30", "spread, 102.0 points > limit"),  # the hour of the US jobs report
        ("2014-05-02T12:33", "was still forming until 12:35"),
        ("2014-05-03T10:00", "the market was closed (weekend)"),
        ("2014-05-04T20:59", "no tick of EURUSD came between Fri 2014-05-02 20:59:58 and Sun 2014-05-04 21:00:00"),
        ("2014-05-04T21:00", "outside the symbol's trade sessions"),
        ("2014-05-07T12:00", "confluence"),
        ("2014-05-09T12:00", "it lies after the end of the record"),
    ],
)
def test_any_minute_of_it_is_explained(real_week: Path, time: str, told: str) -> None:
    result = companion_in(real_week, "why", "EURUSD", time)
    assert result.returncode == 0, result.stderr
    assert told in " ".join(result.stdout.split())
