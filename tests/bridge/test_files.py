"""Files appear whole; a folder has one owner."""

import subprocess
import sys
from pathlib import Path

import pytest

from bridge.files import FolderInUseError, FolderLock, replace_file, sync_file


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_whole(tmp_path: Path, durable: bool) -> None:
    target = tmp_path / "status.json"
    replace_file(target, b"old", durable=durable)
    replace_file(target, b"new", durable=durable)
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_syncing_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_file(tmp_path / "absent")


def test_a_second_owner_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "here" / "lock"), pytest.raises(FolderInUseError, match="stop it or choose another"):
        FolderLock(tmp_path / "here" / "lock")


def test_a_released_folder_can_be_owned_again(tmp_path: Path) -> None:
    FolderLock(tmp_path / "lock").release()
    FolderLock(tmp_path / "lock").release()


@pytest.mark.integration
def test_a_killed_owner_leaves_the_folder_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = "import sys,time; from pathlib import Path; from bridge.files import FolderLock;"
    code += "lock = FolderLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, cwd=root) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(FolderInUseError):
            FolderLock(path)
        owner.kill()
    FolderLock(path).release()
