"""The stage refuses what cannot be played together, and says which process failed."""

from pathlib import Path

import pytest

from app import stage
from app.console import CommandError, ExitCode
from app.playback import Playback
from app.settings import load_settings
from app.stage import Scene, Stage
from app.supervision import Note
from bridge.files import FolderLock

pytestmark = pytest.mark.integration

PLAYBACK = Playback(days=1, symbols=("EURUSD",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data" / "demo"
    made.mkdir(parents=True)
    return made


def a_stage(folder: Path, playback: Playback = PLAYBACK) -> Stage:
    return Stage(load_settings(symbols=playback.symbols), folder, playback)


def test_two_runs_do_not_share_a_folder(folder: Path) -> None:
    with (
        FolderLock(folder.with_name("demo.lock")),
        pytest.raises(CommandError, match="another run is using") as refused,
    ):
        a_stage(folder).__enter__()
    assert refused.value.code == ExitCode.PROCESS
    assert "--keep" in refused.value.remedy


def test_a_folder_is_free_again_afterwards(folder: Path) -> None:
    for _ in range(2):
        with a_stage(folder):
            pass


def test_quotes_that_cannot_be_prepared_are_told(folder: Path) -> None:
    with a_stage(folder, Playback(files=("gone.csv",))) as played:
        played.load()
        with pytest.raises(CommandError, match=r"gone\.csv") as refused:
            played.wait_until_loaded()
    assert refused.value.code == ExitCode.DATA


def test_a_failing_process_is_named_with_its_log(folder: Path) -> None:
    note = Note("bridge", "failed", {"problem": "no room", "kind": "OSError", "room": "builtins"})
    with (
        a_stage(folder) as played,
        pytest.raises(CommandError, match="the bridge process cannot go on: no room") as told,
    ):
        played._take(note)
    assert told.value.remedy == f"its log is {folder / 'logs' / 'bridge'}.log"
    assert told.value.code == ExitCode.PROCESS


def test_a_process_that_never_comes_up_is_not_waited_for_forever(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "_START_S", 0.0)
    with a_stage(folder) as played, pytest.raises(CommandError, match="did not start in time"):
        played.wait_until_open()


def test_a_day_is_played_to_its_end(folder: Path) -> None:
    with a_stage(folder) as played:
        played.load()
        played.open()
        *scenes, numbers = played.play()
        status = played.clear()
    assert isinstance(numbers, dict)
    assert numbers["ticks"] == played.loaded["ticks"]
    assert all(isinstance(scene, Scene) for scene in scenes)
    counts = [scene.played for scene in scenes if isinstance(scene, Scene)]
    assert counts == sorted(counts)
    assert counts[-1] == numbers["ticks"]
    assert status["state"] == "stopped"
    assert not list((folder / "capture").glob("*.capture"))


def test_each_run_has_a_secret_of_its_own(folder: Path) -> None:
    assert a_stage(folder)._secret != a_stage(folder)._secret
    assert len(a_stage(folder)._secret) == 64
