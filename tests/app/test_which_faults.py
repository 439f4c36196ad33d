"""Faults as `demo` and `replay` take them."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from app.console import CommandError
from app.playback import Playback, PlaybackError, market_of
from app.which_faults import faults_named
from domain.serverclock import Daylight, ServerClock
from domain.timeframes import HOUR_S
from sim.faults.plan import FaultPlan
from sim.faults.presets import PRESETS

FRIDAY_RELEASE_MSC = int(datetime(2025, 6, 6, 12, 30, tzinfo=UTC).timestamp() + 3 * HOUR_S) * 1000
WEEK = Playback(symbols=("EURUSD",), ticks_per_minute=12)


@pytest.mark.parametrize("name", PRESETS)
def test_a_plan_reaches_the_terminals_process(name: str) -> None:
    playback = Playback(faults=faults_named(name))
    assert msgspec.convert(msgspec.to_builtins(playback), Playback) == playback


def test_a_name_that_means_nothing_is_a_mistake_of_the_user() -> None:
    with pytest.raises(CommandError, match="--faults gentle: faults is 'gentle'; use none, typical, rough, nfp or"):
        faults_named("gentle")


def test_nfp_widens_spreads_on_friday_alone() -> None:
    plain = market_of(WEEK).ticks["EURUSD"]
    wide = market_of(msgspec.structs.replace(WEEK, faults=PRESETS["nfp"])).ticks["EURUSD"]
    changed = plain[plain["ask"] != wide["ask"]]["time_msc"]
    assert len(changed) > 50
    assert abs(changed - FRIDAY_RELEASE_MSC).max() < 3_600_000
    widest = (wide["ask"] - wide["bid"]).max() / np.median(plain["ask"] - plain["bid"])
    assert widest > 8.0


def utc_quotes(folder: Path) -> Path:
    """Ten minutes on Friday and ten on Monday around the end of summer time in Europe, 2024-10-27."""
    file = folder / "EURUSD.csv"
    rows = ["time_utc,bid,ask"]
    for day in (25, 28):
        rows += [f"2024-10-{day}T12:{minute:02d}:00.000Z,1.10000,1.10010" for minute in range(10)]
    file.write_text("\n".join(rows) + "\n")
    return file


def test_quotes_in_utc_are_put_on_the_plans_clock(tmp_path: Path) -> None:
    plan = FaultPlan(clock=ServerClock(daylight=Daylight.EU))
    playback = Playback(files=(str(utc_quotes(tmp_path)),), faults=plan)
    market = market_of(playback)
    hours = [datetime.fromtimestamp(int(tick["time"]), UTC).hour for tick in market.ticks["EURUSD"]]
    assert hours == [15] * 10 + [14] * 10
    assert market.server_offset_s == 3 * HOUR_S
    with pytest.raises(PlaybackError, match="needs quotes in UTC"):
        market_of(msgspec.structs.replace(playback, server_offset_s=7_200))
