import pytest

from backtest.exact import Outcome
from tests.backtest.jobs import an_outcome


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    return an_outcome()
