"""A search finds the best, says what it is worth, and gives the same whoever does the work."""

import math
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from backtest.job import Job
from backtest.search.crew import DaskCrew, LocalCrew, OneProcess
from backtest.search.evaluation import head_of
from backtest.search.ledger import Ledger, Result
from backtest.search.sampling import sampled
from backtest.search.space import Axis, axis_from, grid
from backtest.search.sweep import Aim, SearchError, best_of, confirmed, judgment, laid_out, value_of
from tests.backtest.jobs import a_job

AXES = (axis_from("entry.stop_atr=1,1.4,9"), axis_from("care.break_even_r=0.5,1"))
POINTS = list(grid(AXES))
AIM = Aim("sharpe", 5)


@pytest.fixture(scope="module")
def job() -> Job:
    return a_job(weeks=4)


@pytest.fixture(scope="module")
def results(job: Job, tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    path = tmp_path_factory.mktemp("search") / "results.jsonl"
    with Ledger(path, head_of(job)) as ledger, laid_out(job) as work:
        return work.results(POINTS, OneProcess(), ledger)


def made(number: int, values: dict[str, float], returns: list[float] | None = None) -> Result:
    series = np.array(returns if returns is not None else [], "<f8").tobytes()
    return Result(point=(("entry.stop_atr", float(number)),), figures=values, returns=series)


def made_of(draws: np.ndarray) -> list[Result]:
    """One result for each row of daily returns."""
    figures = [{"sharpe": float(one.mean() / one.std()), "round_trips": 99.0} for one in draws]
    return [made(number, figures[number], list(one)) for number, one in enumerate(draws)]


def test_every_point_has_its_result(results: list[Result]) -> None:
    assert [result.point for result in results] == POINTS
    assert [bool(result.refused) for result in results] == [False] * 4 + [True] * 2
    assert len({result.figures["final_equity"] for result in results[:4]}) > 1


@pytest.mark.integration
def test_processes_find_the_same(job: Job, results: list[Result], tmp_path: Path) -> None:
    with (
        closing(LocalCrew(2)) as crew,
        Ledger(tmp_path / "r.jsonl", head_of(job)) as ledger,
        laid_out(job) as work,
    ):
        told: list[tuple[int, int]] = []
        assert work.results(POINTS, crew, ledger, lambda done, total: told.append((done, total))) == results
    assert told[-1] == (6, 6)


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_cluster_finds_the_same(job: Job, results: list[Result], tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    options = {"threads_per_worker": 1, "processes": True, "dashboard_address": None, "host": "127.0.0.1"}
    with (
        distributed.LocalCluster(n_workers=2, **options) as cluster,
        Ledger(tmp_path / "r.jsonl", head_of(job)) as ledger,
        laid_out(job) as work,
    ):
        assert work.results(POINTS, DaskCrew(cluster.scheduler_address), ledger) == results


def test_what_is_on_disk_is_not_run_again(job: Job, results: list[Result], tmp_path: Path) -> None:
    class Idle(OneProcess):
        def done(self, work, material, chunks):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            assert not chunks
            return iter(())

    with Ledger(tmp_path / "r.jsonl", head_of(job)) as ledger:
        for result in results:
            ledger.add(result)
    with Ledger(tmp_path / "r.jsonl", head_of(job)) as ledger, laid_out(job) as work:
        assert work.results(POINTS, Idle(), ledger) == results


def test_the_best_comes_out_again(job: Job, results: list[Result]) -> None:
    best = best_of(results, AIM)
    assert value_of(best, AIM) == max(value_of(result, AIM) for result in results)
    assert confirmed(job, best) == best
    forged = Result(point=best.point, figures=best.figures | {"sharpe": 99.0}, returns=best.returns)
    with pytest.raises(SearchError, match="does not come out again"):
        confirmed(job, forged)


def test_too_few_round_trips_are_no_result() -> None:
    lucky, steady = made(1, {"sharpe": 9.0, "round_trips": 4}), made(2, {"sharpe": 0.5, "round_trips": 40})
    assert best_of([lucky, steady], Aim("sharpe", 30)) is steady
    assert best_of([lucky, steady], Aim("sharpe", 4)) is lucky
    with pytest.raises(SearchError, match="none of 2 settings counts"):
        best_of([lucky, steady], Aim("sharpe", 41))
    with pytest.raises(SearchError, match="none of 2 settings counts"):
        best_of([lucky, steady], Aim("calmar", 1))
    assert value_of(Result(point=(), refused="no"), AIM) == -math.inf


def test_the_best_of_noise_is_called_luck() -> None:
    draws = np.random.default_rng(4).normal(0.0, 0.01, (60, 500))
    results = made_of(draws)
    found = judgment(results, Aim())
    assert found.trials == 60
    assert found.deflated_sharpe < 0.9
    assert found.overfitting is not None
    assert found.overfitting.probability > 0.2
    assert found.luck == pytest.approx(found.best.figures["sharpe"] * math.sqrt(252), rel=0.5)


def test_skill_among_noise_is_called_skill() -> None:
    draws = np.random.default_rng(4).normal(0.0, 0.01, (60, 500))
    draws[7] += 0.003
    results = made_of(draws)
    found = judgment(results, Aim(), [Axis("entry.stop_atr", tuple(float(n) for n in range(60)))])
    assert found.best.point == (("entry.stop_atr", 7.0),)
    assert found.deflated_sharpe > 0.95
    assert found.overfitting is not None
    assert found.overfitting.probability < 0.05
    assert found.neighborhood is not None
    assert found.neighborhood.stability < 0.3, "its neighbors are noise: a needle"


def test_a_short_history_is_not_judged_on_overfitting() -> None:
    results = [made(n, {"sharpe": 1.0 + n, "round_trips": 99}, [0.01, -0.005, 0.002 * n]) for n in range(3)]
    assert judgment(results, Aim()).overfitting is None


def test_an_optimizer_asks_the_same_of_any_machine(job: Job, tmp_path: Path) -> None:
    axes = (axis_from("entry.stop_atr=1:1.7:0.1"), axis_from("model=confluence,donchian"))
    asked = []
    for name in ("one", "two"):
        with Ledger(tmp_path / name, head_of(job)) as ledger, laid_out(job) as work:
            found = sampled(work, axes, AIM, OneProcess(), ledger, trials=12, seed=3)
            asked.append([result.point for result in found])
    assert asked[0] == asked[1]
    assert len(set(asked[0])) == len(asked[0]) <= 12
    assert {dict(point)["model"] for point in asked[0]} == {"confluence", "donchian"}
