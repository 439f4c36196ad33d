import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.memory import DiskMemory, IntentMemory, MemoryCorruptError, RamMemory, Remembered
from domain.updates import IntentResult, ResultPhase
from tests.sim.intents import intent

RESULT = IntentResult(
    intent_id=1,
    phase=ResultPhase.FINAL,
    retcode=10009,
    order_ticket=7,
    deal_ticket=8,
    position_ticket=7,
    volume=0.1,
    price=1.1,
    time_msc=5,
    text="ünïcode",
)
BEGUN = Remembered(intent=intent(intent_id=1), begun_msc=3)
DONE = Remembered(intent=intent(intent_id=1), begun_msc=3, result=RESULT)
OTHER = Remembered(intent=intent(intent_id=2), begun_msc=4)


@pytest.fixture(params=["ram", "disk"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> IntentMemory:
    return RamMemory() if request.param == "ram" else DiskMemory(tmp_path / "intents.log")


def test_a_new_memory_knows_nothing(memory: IntentMemory) -> None:
    assert memory.known(1) is None
    assert list(memory.entries()) == []


def test_the_last_word_replaces_the_one_before(memory: IntentMemory) -> None:
    for entry in (BEGUN, OTHER, DONE):
        memory.keep(entry)
    assert memory.known(1) == DONE
    assert list(memory.entries()) == [DONE, OTHER]


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "intents.log"
    with DiskMemory(path) as memory:
        for entry in (BEGUN, OTHER, DONE):
            memory.keep(entry)
    with DiskMemory(path) as again:
        assert list(again.entries()) == [DONE, OTHER]
        again.keep(Remembered(intent=intent(intent_id=3)))
    with DiskMemory(path) as third:
        assert [entry.intent.intent_id for entry in third.entries()] == [1, 2, 3]


def written(path: Path) -> bytes:
    with DiskMemory(path) as memory:
        for entry in (BEGUN, OTHER, DONE):
            memory.keep(entry)
    return path.read_bytes()


def test_a_last_line_cut_anywhere_is_dropped(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.log")
    second_end = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    path = tmp_path / "cut.log"
    for length in range(second_end, len(whole)):
        path.write_bytes(whole[:length])
        with DiskMemory(path) as memory:
            assert list(memory.entries()) == [BEGUN, OTHER]
            memory.keep(DONE)
        assert path.read_bytes() == whole


@pytest.mark.parametrize("spot", ["first line", "second line"])
def test_damage_before_the_end_stops_the_ea(tmp_path: Path, spot: str) -> None:
    path = tmp_path / "intents.log"
    whole = bytearray(written(path))
    place = 20 if spot == "first line" else whole.index(b"\n") + 20
    whole[place] ^= 1
    path.write_bytes(whole)
    line = 1 if spot == "first line" else 2
    with pytest.raises(MemoryCorruptError, match=f"line {line} is damaged; move the file away only after") as problem:
        DiskMemory(path)
    assert (problem.value.path, problem.value.line) == (path, line)
    assert path.read_bytes() == whole


@given(st.binary(max_size=300), st.integers(0, 400))
def test_garbage_is_either_dropped_or_refused(garbage: bytes, place: int) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"companion-memory-{os.getpid()}.log"  # noqa: S108 - removed below
    try:
        whole = written(path)
        path.write_bytes(whole[:place] + garbage + whole[place:])
        try:
            with DiskMemory(path) as memory:
                assert len(list(memory.entries())) <= 2
        except MemoryCorruptError:
            pass
    finally:
        path.unlink(missing_ok=True)


def calls_of(monkeypatch: pytest.MonkeyPatch, name: str) -> list[int]:
    real = getattr(os, name)
    calls: list[int] = []

    def counted(descriptor: int, *arguments: object) -> object:
        calls.append(descriptor)
        return real(descriptor, *arguments)

    monkeypatch.setattr(os, name, counted)
    return calls


def test_what_is_begun_is_forced_to_the_disk_and_a_result_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DiskMemory(tmp_path / "intents.log") as memory:
        syncs = calls_of(monkeypatch, "fsync")
        memory.keep(BEGUN)
        assert len(syncs) == 1
        memory.keep(DONE)
        assert len(syncs) == 1


def test_a_full_disk_is_an_error_and_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with DiskMemory(tmp_path / "intents.log") as memory:
        monkeypatch.setattr(os, "write", lambda _descriptor, data: len(data) - 1)
        with pytest.raises(OSError, match="disk full"):
            memory.keep(BEGUN)
        assert memory.known(1) is None


def test_after_a_full_disk_the_file_goes_on_where_it_was_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, whole = tmp_path / "intents.log", os.write
    with DiskMemory(path) as memory:
        memory.keep(OTHER)
        monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[:20]))
        with pytest.raises(OSError, match="disk full"):
            memory.keep(BEGUN)
        monkeypatch.undo()
        memory.keep(DONE)
    with DiskMemory(path) as again:
        assert list(again.entries()) == [OTHER, DONE]


def test_what_could_not_be_forced_to_the_disk_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The EA refuses the intent then, so no later life may believe that its order left."""
    path = tmp_path / "intents.log"

    def refusing(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with DiskMemory(path) as memory:
        monkeypatch.setattr(os, "fsync", refusing)
        with pytest.raises(OSError, match="Input/output"):
            memory.keep(BEGUN)
        monkeypatch.undo()
        assert memory.known(1) is None
    with DiskMemory(path) as again:
        assert list(again.entries()) == []


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "intents.log"
    DiskMemory(path).close()
    assert path.stat().st_mode & 0o077 == 0
