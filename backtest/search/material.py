"""How a job reaches those who work on it: laid out on disk, so that all read the same pages, or carried to them."""

import dataclasses
import pickle
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from backtest.compiled.preparing import Shared
from backtest.job import Job


class JobMaterial(Protocol):
    """Gives a worker the job."""

    def job(self) -> Job:
        """The job."""
        ...

    def shared(self) -> Shared:
        """What its runs have in common."""
        ...


class CarriedJob(NamedTuple):
    """The job itself, for workers of another machine."""

    carried: Job

    def job(self) -> Job:
        """The job."""
        return self.carried

    def shared(self) -> Shared:
        """What its runs have in common, made anew."""
        return Shared(self.carried)


class StoredJob(NamedTuple):
    """A job in `folder`: quotes as memory-mapped arrays, the rest beside them. Written by this program alone."""

    folder: str

    def job(self) -> Job:
        """The job; read once in each process, quotes as they are asked for."""
        return _loaded(self.folder)

    def shared(self) -> Shared:
        """What its runs have in common; made once in each process."""
        return _shared(self.folder)


def stored_job(job: Job, folder: Path) -> StoredJob:
    """Lay `job` out in the empty `folder`."""
    for place, ticks in enumerate(job.ticks.values()):
        np.save(folder / f"ticks-{place}.npy", ticks)
    rest = {field.name: getattr(job, field.name) for field in dataclasses.fields(job) if field.name != "ticks"}
    (folder / "job.pickle").write_bytes(pickle.dumps((rest, tuple(job.ticks))))
    return StoredJob(str(folder))


@lru_cache(maxsize=4)
def _loaded(folder: str) -> Job:
    # copy on write: to a kernel a read-only array is another type, compiled anew
    # a pickle is safe here: the folder is made by `stored_job` of this very program, for its own workers
    rest, symbols = pickle.loads((Path(folder) / "job.pickle").read_bytes())  # noqa: S301 - see above
    ticks = {
        symbol: np.load(Path(folder) / f"ticks-{place}.npy", mmap_mode="c") for place, symbol in enumerate(symbols)
    }
    return Job(ticks=ticks, **rest)


@lru_cache(maxsize=1)
def _shared(folder: str) -> Shared:
    return Shared(_loaded(folder))
