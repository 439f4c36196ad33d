"""What real terminals reported, asked of the drop-in."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import sim.metatrader5 as mt5
from domain.timeframes import Timeframe
from marketdata import ohlc_ticks
from sim.profiles import JustMarketsAccount, justmarkets_account, justmarkets_symbol
from tests.signals.market import real_bars
from tests.sim.metatrader5.market import AttachedMarket, quotes_at
from tests.sim.venues import EURUSD, MONDAY_MSC

ETHUSD = "ETHUSD.s"
FRAMES = ("M5", "M15", "M30", "H1", "H4", "D1")
PRICES = ("open", "high", "low", "close", "spread", "time")


def _export(reference: Path, section: str) -> dict[str, str]:
    path = reference / "mt5_specs" / "justmarkets_demo2_ETHUSD.s_feasibility_normal.csv"
    with path.open(encoding="utf-8") as lines:
        return {row["key"]: row["value"] for row in csv.DictReader(lines) if row["section"] == section}


def _ethusd(bid: float, ask: float) -> AttachedMarket:
    ticks = quotes_at([MONDAY_MSC], [bid])
    ticks["ask"] = ask
    spec = justmarkets_symbol("ETHUSD", ETHUSD)
    account = justmarkets_account(JustMarketsAccount.PRO, deposit=1000.0)
    market = AttachedMarket({ETHUSD: ticks}, (spec,), profile=account)
    market.play(1)
    return market


def test_a_symbols_fields_are_those_that_a_terminal_exported(reference: Path) -> None:
    tick = _export(reference, "tick")
    _ethusd(float(tick["bid"]), float(tick["ask"]))
    info = mt5.symbol_info(ETHUSD)
    assert info is not None
    exported = {
        name.removeprefix("trade_"): value for name, value in info._asdict().items() if isinstance(value, int | float)
    }
    compared = {
        name: value
        for name, value in _export(reference, "symbol").items()
        if name in exported and not name.startswith("session")
    }
    assert len(compared) > 15
    different = {
        name: (value, exported[name])
        for name, value in compared.items()
        if not math.isclose(float(value), float(exported[name]), abs_tol=1e-9)
    }
    assert different == {}
    assert info.spread == float(tick["spread_points"])


def test_margins_are_those_of_the_exported_matrix(reference: Path) -> None:
    tick = _export(reference, "tick")
    bid, ask = float(tick["bid"]), float(tick["ask"])
    _ethusd(bid, ask)
    matrix = {
        key: float(value)
        for key, value in _export(reference, "margin_matrix").items()
        if key.endswith("_live_margin") and "vol_" in key
    }
    assert len(matrix) >= 8
    for key, margin in matrix.items():
        side, _, volume = key.removesuffix("_live_margin").split("_")
        action, price = (mt5.ORDER_TYPE_BUY, ask) if side == "buy" else (mt5.ORDER_TYPE_SELL, bid)
        assert mt5.order_calc_margin(action, ETHUSD, float(volume), price) == margin, key


def test_an_accounts_fields_have_the_names_order_and_types_that_a_terminal_gave(reference: Path) -> None:
    path = reference / "mt5_specs" / "icmarkets_account_info.json"
    given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["account_info"]
    AttachedMarket()
    account = mt5.account_info()
    assert account is not None
    ours = account._asdict()
    assert list(ours) == list(given)
    assert {name: type(value) for name, value in ours.items()} == {name: type(value) for name, value in given.items()}


@pytest.mark.parametrize("frame", FRAMES)
def test_a_brokers_minutes_played_as_ticks_make_its_own_higher_bars(reference: Path, frame: str) -> None:
    minutes = real_bars(reference / "m1" / "icmarkets_EURUSD_M1_2025_01_08_server.parquet")
    wanted = real_bars(reference / "m1" / f"icmarkets_EURUSD_{frame}_2025_01_08_server.parquet")
    spec = msgspec.structs.replace(EURUSD, sessions=())
    market = AttachedMarket({spec.name: ohlc_ticks(minutes, Timeframe.M1, spec.point)}, (spec,))
    half = int(wanted["time"][len(wanted) // 2])
    for reached_s in (half, int(wanted["time"][-1]) + 86_400):
        market.feed.play_to(reached_s * 1000 - 1)
        found = mt5.copy_rates_from_pos(spec.name, int(Timeframe[frame]), 0, 99_999)
        assert found is not None
        expected = wanted[wanted["time"] < reached_s]
        for name in PRICES:
            on_grid = np.round(expected[name], spec.digits)  # the file holds MT5's noise: 1.0353999999999999
            assert np.array_equal(found[name], on_grid), (name, reached_s)
