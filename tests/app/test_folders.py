"""Folders of runs: the right one is looked at, and only our own is ever deleted."""

import json
import os
from pathlib import Path

import pytest

from app.console import CommandError
from app.folders import DEMO, LIVE, REPLAY, check_writable, fresh_folder, recorded_folder, run_folder, status_of


def record(data_dir: Path, name: str, age_s: float = 0.0) -> Path:
    folder = data_dir / name
    folder.mkdir(parents=True)
    journal = folder / "journal.sqlite3"
    journal.touch()
    os.utime(journal, (1e9 - age_s, 1e9 - age_s))
    return folder


def test_live_goes_before_everything(tmp_path: Path) -> None:
    live = record(tmp_path, LIVE, age_s=1e6)
    record(tmp_path, DEMO)
    assert recorded_folder(tmp_path, None) == live


def test_without_live_the_newest_run_is_meant(tmp_path: Path) -> None:
    record(tmp_path, DEMO, age_s=100)
    replay = record(tmp_path, REPLAY)
    assert recorded_folder(tmp_path, None) == replay


@pytest.mark.parametrize("name", ["demo", "demo-20260101-120000"])
def test_a_run_can_be_named(tmp_path: Path, name: str) -> None:
    record(tmp_path, LIVE)
    wanted = record(tmp_path, name)
    assert recorded_folder(tmp_path, name) == wanted


def test_a_run_can_be_anywhere(tmp_path: Path) -> None:
    folder = record(tmp_path / "elsewhere", "backup")
    assert run_folder(tmp_path, str(folder)) == folder


def test_a_run_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    record(tmp_path, DEMO)
    with pytest.raises(CommandError, match="nothing is recorded") as refused:
        run_folder(tmp_path, "demos")
    assert refused.value.remedy.endswith("demo")


def test_without_any_run_the_demo_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        recorded_folder(tmp_path, None)
    assert "companion demo" in refused.value.remedy


def test_the_last_run_makes_way(tmp_path: Path) -> None:
    first = fresh_folder(tmp_path, DEMO, keep=False)
    (first / "journal.sqlite3").write_text("old")
    again = fresh_folder(tmp_path, DEMO, keep=False)
    assert again == first
    assert not (again / "journal.sqlite3").exists()


def test_a_kept_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    plain, kept = fresh_folder(tmp_path, DEMO, keep=False), fresh_folder(tmp_path, DEMO, keep=True)
    assert kept != plain
    assert kept.name.startswith("demo-2")


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    (tmp_path / DEMO).mkdir()
    assert fresh_folder(tmp_path, DEMO, keep=False).is_dir()


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    record(tmp_path, DEMO)
    with pytest.raises(CommandError, match="left alone"):
        fresh_folder(tmp_path, DEMO, keep=False)
    assert (tmp_path / DEMO / "journal.sqlite3").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", None])
def test_a_status_that_cannot_be_read_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "status.json").write_bytes(content)
    assert status_of(tmp_path) == {}


def test_a_status_is_read(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text(json.dumps({"state": "running"}))
    assert status_of(tmp_path) == {"state": "running"}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="cannot be written to") as refused:
        check_writable(tmp_path / "file" / "folder")
    assert "COMPANION_DATA_DIR" in refused.value.remedy


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
