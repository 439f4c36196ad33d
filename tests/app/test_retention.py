"""Old recordings go, young ones and everything else stay."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retention import delete_outdated, outdated

TODAY = date(2026, 3, 1)


def recordings(root: Path, *days: str) -> Path:
    for day in days:
        for table in ("ticks/account=a/symbol=EURUSD", "decisions/account=a", "inputs/account=a"):
            folder = root / table / f"day={day}"
            folder.mkdir(parents=True)
            (folder / "1.parquet").touch()
    (root / "segments").mkdir(parents=True, exist_ok=True)
    (root / "segments" / "1.json").touch()
    return root


def test_days_before_the_limit_go_from_every_table(tmp_path: Path) -> None:
    root = recordings(tmp_path, "2026-01-29", "2026-01-30", "2026-02-28")
    assert delete_outdated(root, TODAY, 30) == 3
    assert {path.name for path in root.rglob("day=*")} == {"day=2026-01-30", "day=2026-02-28"}
    assert (root / "segments" / "1.json").exists()


def test_zero_keeps_all(tmp_path: Path) -> None:
    assert delete_outdated(recordings(tmp_path, "1999-01-01"), TODAY, 0) == 0


@pytest.mark.parametrize("name", ["day=soon", "day=2026-13-01", "days=1999-01-01"])
def test_a_folder_of_another_kind_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert list(outdated(tmp_path, TODAY, 1)) == []


def test_without_recordings_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert delete_outdated(tmp_path / "none", TODAY, 1) == 0


@given(age=st.integers(0, 4000), keep=st.integers(1, 4000))
def test_exactly_what_is_older_goes(tmp_path_factory: pytest.TempPathFactory, age: int, keep: int) -> None:
    root = tmp_path_factory.mktemp("recordings")
    (root / f"day={TODAY - timedelta(days=age)}").mkdir()
    assert bool(list(outdated(root, TODAY, keep))) == (age > keep)
