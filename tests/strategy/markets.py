"""A symbol, an account and a market for the tests of this room and of those above it."""

from collections.abc import Sequence

import numpy as np

from account.events import AccountEvent, AccountSeen, SessionOpened, SymbolsSeen
from domain.dtypes import TICK_DTYPE
from domain.symbols import SymbolSpec
from domain.trading import AccountTradeMode, MarginMode
from strategy.tables import Table

START_MSC = 1_700_438_400_000  # Monday 2023-11-20 00:00 UTC
MAGIC = 770_001


def a_spec(name: str = "EURUSD", **fields: object) -> SymbolSpec:
    facts: dict[str, object] = {
        "name": name,
        "digits": 5,
        "point": 1e-5,
        "tick_size": 1e-5,
        "tick_value": 1.0,
        "tick_value_profit": 1.0,
        "tick_value_loss": 1.0,
        "contract_size": 100_000.0,
        "volume_min": 0.01,
        "volume_max": 100.0,
        "volume_step": 0.01,
        "currency_base": "EUR",
        "currency_profit": "USD",
        "currency_margin": "EUR",
    }
    return SymbolSpec(**(facts | fields))  # type: ignore[arg-type]  # the fields are checked by the record itself


def opening_events(specs: Sequence[SymbolSpec], balance: float = 10_000.0) -> list[AccountEvent]:
    return [
        SessionOpened(
            time_ns=1,
            login=5_000_001,
            server="Test-Demo",
            session=1,
            terminal_id="a",
            currency="USD",
            currency_digits=2,
            leverage=2000,
            margin_mode=MarginMode.RETAIL_HEDGING,
            trade_mode=AccountTradeMode.DEMO,
            trade_allowed=True,
            server_offset_s=0,
            magic=MAGIC,
        ),
        SymbolsSeen(time_ns=1, specs=tuple(specs)),
        AccountSeen(time_ns=1, balance=balance, credit=0.0, equity=balance, margin=0.0, margin_free=balance),
    ]


def wandering_ticks(count: int = 60_000, seed: int = 7, step_msc: int = 1000) -> Table:
    """A market with swings long enough for averages to cross, on the tick grid."""
    rng = np.random.default_rng(seed)
    swing = np.cumsum(rng.choice((-1, 0, 1), count) + np.where(np.sin(np.arange(count) / 4000.0) > 0, 0.06, -0.06))
    ticks = np.zeros(count, TICK_DTYPE)
    ticks["bid"] = np.round(1.1 + np.round(swing) * 1e-5, 5)
    ticks["ask"] = np.round(ticks["bid"] + 8e-5, 5)
    ticks["time_msc"] = START_MSC + np.arange(count) * step_msc
    ticks["time"] = ticks["time_msc"] // 1000
    return ticks
