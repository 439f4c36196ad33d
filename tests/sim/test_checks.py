from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import volumes
from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Retcode
from domain.symbols import FillingFlag, SymbolTradeMode
from domain.trading import OrderFilling, OrderType
from sim import checks
from sim.matching import POSITION_DTYPE
from tests.sim.venues import EURUSD

STOPS_10 = msgspec.structs.replace(EURUSD, stops_level_points=10)
FREEZE_10 = msgspec.structs.replace(EURUSD, freeze_level_points=10)


@pytest.mark.parametrize("volume", [0.01, 0.02, 0.29, 1.0, 99.99, 100.0, 0.1 + 0.2])
def test_volumes_on_the_grid_are_taken(volume: float) -> None:
    assert checks.volume_refusal(volume, EURUSD) is None


@pytest.mark.parametrize("volume", [0.0, -0.01, 0.009, 0.015, 1.001, 100.01, 1e9])
def test_volumes_off_the_grid_are_10014(volume: float) -> None:
    assert checks.volume_refusal(volume, EURUSD) == Retcode.INVALID_VOLUME


@given(st.integers(0, 10_000), st.sampled_from([0.01, 0.1, 1.0, 0.05]))
def test_a_stored_volume_has_no_binary_noise(steps: int, step: float) -> None:
    volume = sum([step] * min(steps, 50)) + step * max(0, steps - 50)
    assert volumes.on_grid(volume, step) == round(steps * step, 8)


@given(st.floats(0.0, 1000.0), st.sampled_from([0.01, 0.1, 1.0]))
def test_flooring_never_raises_a_volume(volume: float, step: float) -> None:
    floored = volumes.floored(volume, step)
    assert floored <= volume + step * 1e-5
    assert volume - floored < step * 1.001
    assert volumes.on_grid(floored, step) == floored


def test_flooring_forgives_binary_noise() -> None:
    assert volumes.floored(0.29, 0.01) == 0.29
    assert volumes.floored(0.57, 0.01) == 0.57
    assert volumes.floored(0.0299999999999, 0.01) == 0.03


@pytest.mark.parametrize(
    ("filling", "flags", "refusal"),
    [
        (OrderFilling.FOK, FillingFlag.FOK, None),
        (OrderFilling.IOC, FillingFlag.FOK, Retcode.INVALID_FILL),
        (OrderFilling.IOC, FillingFlag.FOK | FillingFlag.IOC, None),
        (OrderFilling.RETURN, FillingFlag.FOK | FillingFlag.IOC, Retcode.INVALID_FILL),
        (OrderFilling.BOC, FillingFlag.FOK, Retcode.INVALID_FILL),
    ],
)
def test_filling_modes(filling: OrderFilling, flags: FillingFlag, refusal: Retcode | None) -> None:
    assert checks.filling_refusal(filling, msgspec.structs.replace(EURUSD, filling_flags=flags)) == refusal


@pytest.mark.parametrize(
    ("side", "sl", "tp", "fine"),
    [
        (1, 1.0999, 1.1001, True),
        (1, 1.1, 0.0, False),  # at the bid
        (1, 1.1001, 0.0, False),  # above the bid, below the ask
        (1, 0.0, 1.1, False),
        (1, 0.0, 1.0999, False),
        (-1, 1.1003, 1.1001, True),
        (-1, 1.1002, 0.0, False),
        (-1, 1.1001, 0.0, False),
        (-1, 0.0, 1.1002, False),
        (1, -1.0, 0.0, False),
        (1, 0.0, 0.0, True),
    ],
)
def test_levels_lie_beyond_the_closing_quote(side: int, sl: float, tp: float, *, fine: bool) -> None:
    refusal = checks.stops_refusal(side, 1.1, 1.1002, sl, tp, EURUSD)
    assert refusal == (None if fine else Retcode.INVALID_STOPS)


@pytest.mark.parametrize(("sl", "fine"), [(1.0999, True), (1.09991, False), (1.09989, True)])
def test_the_stops_level_is_a_least_distance(sl: float, *, fine: bool) -> None:
    refusal = checks.stops_refusal(1, 1.1, 1.1002, sl, 0.0, STOPS_10)
    assert refusal == (None if fine else Retcode.INVALID_STOPS)


@pytest.mark.parametrize(
    ("side", "sl", "tp", "frozen"),
    [
        (1, 1.0999, 0.0, True),
        (1, 1.09989, 0.0, False),
        (1, 0.0, 1.1001, True),
        (-1, 1.1003, 0.0, True),
        (-1, 1.10031, 0.0, False),
        (1, 0.0, 0.0, False),
    ],
)
def test_the_freeze_level(side: int, sl: float, tp: float, *, frozen: bool) -> None:
    position: Any = np.zeros(1, POSITION_DTYPE)[0]
    position["side"], position["sl"], position["tp"] = side, sl, tp
    assert checks.freeze_refusal(position, 1.1, 1.1002, FREEZE_10) == (Retcode.FROZEN if frozen else None)
    assert checks.freeze_refusal(position, 1.1, 1.1002, EURUSD) is None


@pytest.mark.parametrize(
    ("mode", "buy", "sell"),
    [
        (SymbolTradeMode.FULL, None, None),
        (SymbolTradeMode.DISABLED, Retcode.TRADE_DISABLED, Retcode.TRADE_DISABLED),
        (SymbolTradeMode.LONGONLY, None, Retcode.LONG_ONLY),
        (SymbolTradeMode.SHORTONLY, Retcode.SHORT_ONLY, None),
        (SymbolTradeMode.CLOSEONLY, Retcode.CLOSE_ONLY, Retcode.CLOSE_ONLY),
    ],
)
def test_trade_modes(mode: SymbolTradeMode, buy: Retcode | None, sell: Retcode | None) -> None:
    spec = msgspec.structs.replace(EURUSD, trade_mode=mode)
    assert (checks.mode_refusal(1, spec), checks.mode_refusal(-1, spec)) == (buy, sell)


@pytest.mark.parametrize(
    ("type_", "side"), [(OrderType.BUY, 1), (OrderType.SELL, -1), (OrderType.BUY_LIMIT, 0), (OrderType.CLOSE_BY, 0)]
)
def test_only_market_orders_have_a_side(type_: OrderType, side: int) -> None:
    assert checks.side_of(TradeRequest(action=TradeAction.DEAL, type=type_)) == side
