"""A compiled run is the exact one: every decision bit for bit, every deal, the money at the end."""

from tests.backtest.compiled.identity import same
from tests.backtest.jobs import a_job


def test_two_charts_with_every_kind_of_care() -> None:
    exact = same(a_job())
    assert len(exact.intents) > 20
