"""The same work by one process, by several and by a cluster; and workers that die of it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from backtest.search.crew import MAX_DEATHS, Crew, CrewError, DaskCrew, LocalCrew, OneProcess, Work, chunks_of
from tests.backtest.search.chores import Deadly, dying, failing, powers

if TYPE_CHECKING:
    from distributed import LocalCluster

NUMBERS = list(range(23))
CHUNKS = chunks_of(NUMBERS, 4)

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def cluster() -> Iterator["LocalCluster"]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster


def done_by(crew: Crew, work: "Work[Any, int, int]", material: object) -> list[int]:
    with closing(crew):
        return sorted(number for chunk in crew.done(work, material, CHUNKS) for number in chunk)


def test_chunks_hold_every_task_once() -> None:
    assert [number for chunk in CHUNKS for number in chunk] == NUMBERS
    assert [len(chunk) for chunk in CHUNKS] == [4, 4, 4, 4, 4, 3]
    assert chunks_of([], 3) == []


@pytest.mark.parametrize("crew", [OneProcess(), LocalCrew(2)])
def test_the_work_is_done_once(crew: Crew) -> None:
    assert done_by(crew, powers, 2) == sorted(number**2 for number in NUMBERS)


def test_a_worker_that_dies_costs_its_chunk_alone(tmp_path: Path) -> None:
    assert done_by(LocalCrew(2), dying, Deadly(tmp_path, 9, 1)) == sorted(number**2 for number in NUMBERS)
    runs = {first: len(list(tmp_path.glob(f"done-{first}-*"))) for first in range(0, 23, 4)}
    assert runs[8] == 2
    assert sum(runs.values()) <= len(CHUNKS) + 4, "only what was out with it is done again"


def test_a_chunk_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(CrewError, match=r"\(8, 9, 10, 11\)"):
        done_by(LocalCrew(2), dying, Deadly(tmp_path, 9, 99))
    assert len(list(tmp_path.glob("done-8-*"))) == MAX_DEATHS


@pytest.mark.parametrize("crew", [OneProcess(), LocalCrew(1)])
def test_an_error_in_the_work_is_told(crew: Crew) -> None:
    with pytest.raises(ValueError, match=r"no good: \d"):
        done_by(crew, failing, None)


def test_a_cluster_does_the_same(cluster: "LocalCluster") -> None:
    assert done_by(DaskCrew(cluster.scheduler_address), powers, 2) == sorted(number**2 for number in NUMBERS)


def test_a_cluster_survives_a_worker(cluster: "LocalCluster", tmp_path: Path) -> None:
    assert done_by(DaskCrew(cluster.scheduler_address), dying, Deadly(tmp_path, 9, 1)) == sorted(n**2 for n in NUMBERS)
    assert len(list(tmp_path.glob("done-8-*"))) == 2


def test_a_cluster_that_is_not_there_is_named() -> None:
    with pytest.raises(CrewError, match=r"127\.0\.0\.1:9"):
        done_by(DaskCrew("tcp://127.0.0.1:9", patience_s=0.5), powers, 2)


def test_processes_stay_for_more_work_and_end_with_it() -> None:
    before = set(psutil.Process().children())
    with closing(LocalCrew(1)) as crew:
        list(crew.done(powers, 2, CHUNKS))
        first = set(psutil.Process().children()) - before
        list(crew.done(powers, 3, CHUNKS))
        assert set(psutil.Process().children()) - before == first
    assert not any("spawn_main" in " ".join(child.cmdline()) for child in set(psutil.Process().children()) - before)
