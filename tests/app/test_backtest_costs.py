"""A backtest's broker charges what was typed and what the settings say, and nothing else."""

import msgspec
import pytest

from app.backtest_costs import with_costs
from app.console import CommandError, ExitCode
from backtest.dry_run import dry_job
from backtest.exact import run_exact
from backtest.job import Job
from domain.trading import DealEntry
from marketdata.drifting import TRENDING
from tests.backtest.jobs import EAGER


def a_job(commission: dict[str, float]) -> Job:
    return dry_job(3, TRENDING, 6, msgspec.structs.replace(EAGER, commission_per_lot=commission))


def test_swap_and_commission_reach_the_account() -> None:
    free, dear = run_exact(with_costs(a_job({}))), run_exact(with_costs(a_job({"*": 6.0}), ["EURUSD=-9,-4"]))
    assert all(deal.commission == deal.swap == 0.0 for deal in free.deals)
    opened = [deal for deal in dear.deals if deal.symbol and deal.entry is DealEntry.IN]
    assert opened
    assert all(deal.commission == pytest.approx(-6.0 * deal.volume, abs=0.005) for deal in opened)
    assert sum(deal.swap for deal in dear.deals) < 0.0
    assert max(deal.swap for deal in dear.deals) <= 0.0


def test_nothing_asked_for_changes_nothing() -> None:
    job = a_job({})
    assert (with_costs(job).specs, with_costs(job).profile) == (job.specs, job.profile)


@pytest.mark.parametrize(
    "words", ["EURUSD", "EURUSD=1", "EURUSD=1,2,3", "EURUSD=a,b", "=1,2", "EURUSD=nan,1", "USDJPY=1,2"]
)
def test_what_is_no_swap_is_refused_with_the_way_to_write_it(words: str) -> None:
    with pytest.raises(CommandError) as refused:
        with_costs(a_job({}), [words])
    assert refused.value.code == ExitCode.USAGE
    assert "--swap EURUSD=-10,3.9" in refused.value.remedy
