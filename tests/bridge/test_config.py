"""What the bridge is started with: travels to another process, and never shows its secret."""

import pickle
from pathlib import Path

import msgspec
import pytest

from bridge.config import DeskRules, Places
from tests.bridge.floor import SECRET
from tests.bridge.running import a_config


def test_it_travels_to_another_process(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - what multiprocessing does


def test_it_never_shows_the_secret(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    assert SECRET.decode() not in f"{config} {config!r}"


def test_all_files_are_in_the_data_directory(tmp_path: Path) -> None:
    places = vars(Places(tmp_path))
    assert all(path.is_relative_to(tmp_path) for path in places.values())
    assert len(set(places.values())) == len(places)


@pytest.mark.parametrize("field", ["heartbeat_ms", "max_frame_bytes", "frames_per_second", "max_ticks"])
def test_values_out_of_range_are_refused_by_name(field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert({field: -1}, DeskRules)
