"""An engine with one symbol and an account, and a market to feed it."""

from collections.abc import Callable, Sequence

import pytest

from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from strategy.engine import Engine
from strategy.events import AccountChanged
from strategy.params import EngineSettings
from strategy.tables import Table
from tests.strategy.markets import a_spec, opening_events, wandering_ticks


@pytest.fixture
def make_engine() -> Callable[..., Engine]:
    def make(settings: EngineSettings | None = None, specs: Sequence[SymbolSpec] | None = None) -> Engine:
        engine = Engine(settings or EngineSettings(timeframes=(Timeframe.M1,)))
        engine.on_event(AccountChanged(opening_events(specs or [a_spec()])))
        return engine

    return make


@pytest.fixture(scope="session")
def ticks() -> Table:
    return wandering_ticks()
