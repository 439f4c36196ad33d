"""Who does the work of a search: all cores of this machine, or a Dask cluster. The same function, the same results.

Work goes out in chunks and comes back as chunks get done, in any order. A worker that dies costs its chunk, which is
done again; a chunk that has killed its worker `MAX_DEATHS` times is given up, with its name.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, Final, Protocol, TypeVar

MAX_DEATHS: Final = 3
_CHUNKS_AHEAD: Final = 2

Material = TypeVar("Material")
Task = TypeVar("Task")
Done = TypeVar("Done")
Work = Callable[[Material, tuple[Task, ...]], list[Done]]
"""Does one chunk with what all of them need; another process must be able to import it by its name."""


class CrewError(RuntimeError):
    """The work cannot be done: workers die of it, or there are none."""


class Crew(Protocol):
    """Does chunks of work. `shares_disk`: whether files of this machine are there for its workers."""

    shares_disk: bool

    def done(
        self, work: "Work[Material, Task, Done]", material: Material, chunks: Sequence[tuple[Task, ...]]
    ) -> Iterator[list[Done]]:
        """What `work` makes of `material` and each chunk, as it gets done.

        Raises:
            CrewError: for a chunk that workers die of, or where there are no workers.
        """
        ...

    def close(self) -> None:
        """Let the workers go."""
        ...


def chunks_of(tasks: Sequence[Task], size: int) -> list[tuple[Task, ...]]:
    """`tasks` in pieces of `size`, the last one shorter."""
    return [tuple(tasks[first : first + size]) for first in range(0, len(tasks), size)]


class OneProcess:
    """This process; no other one is started."""

    shares_disk = True

    def close(self) -> None:
        """Nothing to do."""

    def done(
        self, work: "Work[Material, Task, Done]", material: Material, chunks: Sequence[tuple[Task, ...]]
    ) -> Iterator[list[Done]]:
        """What `work` makes of each chunk, in their order."""
        for chunk in chunks:
            yield work(material, chunk)


class LocalCrew:
    """`workers` processes of this machine, started when there is work, and kept for more of it until `close`.

    They are started anew, so that nothing is inherited by accident: each takes some seconds to load its kernels.
    """

    shares_disk = True

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def close(self) -> None:
        """End the processes; what they were at is given up."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _ready_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, multiprocessing.get_context("spawn"))
        return self._pool

    def done(
        self, work: "Work[Material, Task, Done]", material: Material, chunks: Sequence[tuple[Task, ...]]
    ) -> Iterator[list[Done]]:
        """What `work` makes of each chunk, as it gets done; `material` is sent with each, so it should be small.

        Raises:
            CrewError: for a chunk that workers die of.
        """
        sent = partial(work, material)
        deaths = [0] * len(chunks)
        waiting = list(range(len(chunks)))[::-1]
        while waiting:
            yield from self._until_broken(sent, chunks, waiting, deaths)
            given_up = [place for place in waiting if deaths[place] >= MAX_DEATHS]
            if given_up:
                deadly = chunks[given_up[0]]
                raise CrewError(f"workers die of {deadly!r} (tried {MAX_DEATHS} times); is there memory left?")

    def _until_broken(
        self, work: "partial[list[Done]]", chunks: Sequence[tuple[Task, ...]], waiting: list[int], deaths: list[int]
    ) -> Iterator[list[Done]]:
        """Work through `waiting`, from its end; when a worker dies, what was out goes back into it."""
        out: dict[Future[list[Done]], int] = {}
        try:
            while waiting or out:
                while waiting and len(out) < self._most(deaths, [*waiting[-1:], *out.values()]):
                    future = self._ready_pool().submit(work, chunks[waiting[-1]])
                    out[future] = waiting.pop()
                for future in wait(out, return_when=FIRST_COMPLETED).done:
                    found = future.result()
                    del out[future]
                    yield found
        except BrokenProcessPool:
            self.close()
            for place in out.values():
                deaths[place] += 1
            waiting += sorted(out.values(), key=lambda place: (deaths[place], -place))
        finally:
            for future in out:
                future.cancel()

    def _most(self, deaths: list[int], places: list[int]) -> int:
        """Chunks to have out at once: one alone where workers have died, so that it is known of which."""
        return 1 if any(deaths[place] for place in places) else self._workers * _CHUNKS_AHEAD


class DaskCrew:
    """The workers of a Dask scheduler (`tcp://host:8786`), waited for `patience_s` [s]; needs the extra `cluster`."""

    shares_disk = False

    def __init__(self, address: str, patience_s: float = 10.0) -> None:
        self._address = address
        self._patience_s = patience_s

    def close(self) -> None:
        """Nothing to do: the connection lasts as long as the work."""

    def done(
        self, work: "Work[Material, Task, Done]", material: Material, chunks: Sequence[tuple[Task, ...]]
    ) -> Iterator[list[Done]]:
        """What `work` makes of each chunk, as it gets done.

        Raises:
            CrewError: without the package, the scheduler or a worker, or for a chunk that workers die of.
        """
        distributed = _distributed()
        try:
            client = distributed.Client(self._address, timeout=self._patience_s, set_as_default=False)
        except (OSError, ValueError) as problem:
            raise CrewError(f"no Dask scheduler answers at {self._address}: {problem}") from problem
        with client:
            if not client.scheduler_info(n_workers=-1)["workers"]:
                raise CrewError(f"the Dask scheduler at {self._address} has no workers; start some with `dask worker`")
            futures = client.map(
                _brought, chunks, work=work, material=client.scatter(material, broadcast=True), pure=False
            )
            try:
                for future in distributed.as_completed(futures, loop=client.loop):
                    yield future.result()
                    future.release()
            except distributed.KilledWorker as problem:
                raise CrewError(f"Dask's workers die of a chunk: {problem}") from problem


def _brought(chunk: tuple[Task, ...], work: "Work[Material, Task, Done]", material: Material) -> list[Done]:
    return work(material, chunk)


def _distributed() -> Any:  # noqa: ANN401 - the package has no types
    try:
        import distributed  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as problem:
        raise CrewError("a cluster needs the extra: pip install 'mt5-companion[cluster]'") from problem
    return distributed
