"""The record of an account in one stream: in order, without holes that nobody is told of, from where it is needed."""

from pathlib import Path

import pytest

from bridge.capture import CaptureLimits
from bridge.inputs import Fed, Started
from bridge.recorder import Recorder
from bridge.review import Review, time_of
from sim.session_host import run_terminal
from tests.bridge.floor import Market
from tests.bridge.running import a_config, a_terminal, serving
from tests.strategy.markets import START_MSC

pytestmark = pytest.mark.integration

MARKET = Market(ticks=300)
ACCOUNT = "Test-Demo:5000001"
START_NS = START_MSC * 1_000_000
EVER_NS = 1 << 62


@pytest.fixture(scope="module", params=["live", "half recorded"])
def review(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Review:
    """A run in two lives; all of it live, or the finished segments in Parquet."""
    folder = tmp_path_factory.mktemp("run")
    config = a_config(folder, capture=CaptureLimits(segment_bytes=50_000))
    for _ in range(2):
        with serving(config) as served:
            run_terminal(a_terminal(folder, served.endpoint, MARKET))
    if request.param == "half recorded":
        assert Recorder(config.data_dir).run_once() > 1
    return Review(config.data_dir)


def test_everything_comes_in_order(review: Review) -> None:
    seqs = [one.seq for one in review.inputs(ACCOUNT)]
    assert seqs == sorted(seqs)
    assert len(seqs) == len(set(seqs))


def test_every_batch_is_there_once(review: Review) -> None:
    batches = [one for one in review.inputs(ACCOUNT) if isinstance(one, Fed)]
    times = [int(batch.ticks["time_msc"][0]) for batch in batches]
    assert times == [*MARKET.ticks["time_msc"].tolist()] * 2


def test_an_audit_begins_at_the_last_start_before_its_window(review: Review) -> None:
    starts = [one.seq for one in review.inputs(ACCOUNT) if isinstance(one, Started)]
    assert len(starts) == 2
    assert review.start_before(ACCOUNT, START_NS, EVER_NS) == starts[0]
    assert review.start_before(ACCOUNT, 0, 1) == 0
    assert review.start_before("nobody:1", 0, EVER_NS) == 0


def test_reading_can_begin_later(review: Review) -> None:
    starts = [one.seq for one in review.inputs(ACCOUNT) if isinstance(one, Started)]
    later = [one.seq for one in review.inputs(ACCOUNT, starts[1])]
    assert starts[1] in later
    assert len(later) <= len(list(review.inputs(ACCOUNT)))


def test_other_accounts_have_nothing(review: Review) -> None:
    assert review.accounts() == [ACCOUNT]
    assert list(review.inputs("nobody:1")) == []
    assert list(review.decisions("nobody:1", 0, EVER_NS)) == []


def test_a_batch_has_the_time_of_its_last_tick(review: Review) -> None:
    first = next(one for one in review.inputs(ACCOUNT) if isinstance(one, Fed))
    assert time_of(first) == START_NS


def test_nothing_on_record(tmp_path: Path) -> None:
    review = Review(tmp_path)
    assert review.accounts() == []
    assert list(review.inputs(ACCOUNT)) == []
