"""hftbacktest's side of `simulator.py`: run in an environment of its own, one JSON line for every script named.

It has no stops and no positions of their own: its strategy, a compiled loop over the feed, watches the stops and places
the targets as limit orders. Nothing is late: feed and orders take no time.
"""

import json
import sys
import time

import numpy as np
from hftbacktest import BacktestAsset, ROIVectorMarketDepthBacktest
from hftbacktest.order import GTC, LIMIT, MARKET
from hftbacktest.types import BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, LOCAL_EVENT, SELL_EVENT, event_dtype
from numba import njit
from order_script import LIMIT as AS_LIMIT

_NS_PER_MS = 1_000_000
_POINT = 1e-5
_SIZE = 1e6
_LOTS = 0.01
_DUST = 1e-9  # it keeps prices as whole numbers of ticks and hands them out with binary noise
_ROOM = 0.05  # of price, around the data: where the book may lie
_FEED = 2
_AT_ONCE = False  # nothing is waited for
_FEED_ALONE = False
_FAR = 1 << 62
_TARGETS = 1_000_000  # ids of targets begin here; those of stops at twice this


def events_of(ticks: np.ndarray) -> np.ndarray:
    """The feed: where a side moves, its new level comes and the old one goes; each tick at a nanosecond of its own."""
    times = ticks["time_msc"].astype(np.int64) * _NS_PER_MS + np.arange(len(ticks))
    parts = []
    for order, (side, name) in enumerate(((BUY_EVENT, "bid"), (SELL_EVENT, "ask"))):
        prices = ticks[name]
        moved = np.flatnonzero(np.diff(prices, prepend=0.0) != 0.0)
        parts.append(_levels(times[moved], side, prices[moved], _SIZE, 2 * order))
        gone = moved[1:]
        parts.append(_levels(times[gone], side, prices[gone - 1], 0.0, 2 * order + 1))
    joined = np.concatenate(parts)
    order = np.lexsort((joined["ival"], joined["exch_ts"]))
    joined["ival"] = 0
    return joined[order]


def _levels(times: np.ndarray, side: int, prices: np.ndarray, size: float, rank: int) -> np.ndarray:
    made = np.zeros(len(times), event_dtype)
    made["ev"] = DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT | side
    made["exch_ts"] = made["local_ts"] = times
    made["px"], made["qty"], made["ival"] = prices, size, rank
    return made


@njit
def _close_here(hbt: object, row: int, side: int) -> None:
    if side > 0:
        hbt.submit_sell_order(0, 2 * _TARGETS + row, 0.0, _LOTS, GTC, MARKET, _AT_ONCE)
    else:
        hbt.submit_buy_order(0, 2 * _TARGETS + row, 0.0, _LOTS, GTC, MARKET, _AT_ONCE)


@njit
def _target(hbt: object, row: int, side: int, price: float) -> None:
    if side > 0:
        hbt.submit_sell_order(0, _TARGETS + row, price, _LOTS, GTC, LIMIT, _AT_ONCE)
    else:
        hbt.submit_buy_order(0, _TARGETS + row, price, _LOTS, GTC, LIMIT, _AT_ONCE)


@njit
def _give(hbt: object, row: int, side: int, kind: int, price: float) -> None:
    order_type = LIMIT if kind == AS_LIMIT else MARKET
    if side > 0:
        hbt.submit_buy_order(0, 1 + row, price, _LOTS, GTC, order_type, _AT_ONCE)
    else:
        hbt.submit_sell_order(0, 1 + row, price, _LOTS, GTC, order_type, _AT_ONCE)


@njit
def played(hbt: object, script: np.ndarray, times: np.ndarray, fills: np.ndarray) -> int:
    """The feed to its end; fills `fills` (entry and exit [ns], -1 for neither). Returns how many ticks it brought."""
    waiting, opened = np.empty(len(script), np.int64), np.empty(len(script), np.int64)
    count_waiting, count_opened, given, ticks = 0, 0, 0, 0
    while hbt.wait_next_feed(_FEED_ALONE, _FAR) == _FEED:
        ticks += 1
        depth = hbt.depth(0)
        bid, ask, now = depth.best_bid + _DUST, depth.best_ask - _DUST, hbt.current_timestamp
        place = 0
        while place < count_opened:
            order = script[opened[place]]
            price = bid if order.side > 0 else ask
            stopped = (price - order.sl) * order.side <= 2.0 * _DUST
            if stopped:
                hbt.cancel(0, _TARGETS + opened[place], _AT_ONCE)
                _close_here(hbt, opened[place], order.side)
            if stopped or (price - order.tp) * order.side >= 0.0:
                fills[opened[place], 1] = now
                count_opened -= 1
                opened[place] = opened[count_opened]
            else:
                place += 1
        place = 0
        while place < count_waiting:
            row = waiting[place]
            order = script[row]
            if ((ask if order.side > 0 else bid) - order.price) * order.side <= 0.0:
                fills[row, 0] = now
                _target(hbt, row, order.side, order.tp)
                opened[count_opened] = row
                count_opened += 1
                count_waiting -= 1
                waiting[place] = waiting[count_waiting]
            else:
                place += 1
        while given < len(script) and times[given] <= now:
            order = script[given]
            _give(hbt, given, order.side, order.kind, order.price)
            if order.kind == AS_LIMIT:
                waiting[count_waiting] = given
                count_waiting += 1
            else:
                fills[given, 0] = now
                _target(hbt, given, order.side, order.tp)
                opened[count_opened] = given
                count_opened += 1
            given += 1
    return ticks


def measured(events: np.ndarray, prices: np.ndarray, script: np.ndarray, times: np.ndarray) -> dict[str, object]:
    """One run from the first tick to the last, what became of each row, and how many trades the exchange counts."""
    asset = (
        BacktestAsset()
        .data([events])
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(_POINT)
        .lot_size(_LOTS)
        .roi_lb(float(prices.min()) - _ROOM)
        .roi_ub(float(prices.max()) + _ROOM)
        .last_trades_capacity(0)
    )
    backtest = ROIVectorMarketDepthBacktest([asset])
    fills = np.full((len(script), 2), -1, np.int64)
    began = time.perf_counter()
    played(backtest, script, times, fills)
    seconds = time.perf_counter() - began
    trades = int(backtest.state_values(0).num_trades)
    backtest.close()
    return {"seconds": seconds, "fills": np.where(fills < 0, -1, fills // _NS_PER_MS).tolist(), "trades": trades}


def main() -> None:
    """A round for every line on standard input: the file of a script."""
    ticks = np.load(sys.argv[1])
    events = events_of(ticks)
    print(json.dumps({"ready": len(events)}), flush=True)
    for line in sys.stdin:
        script = np.load(line.strip())
        times = ticks["time_msc"][script["tick"]] * _NS_PER_MS + script["tick"]
        print(json.dumps(measured(events, ticks["bid"], script, times)), flush=True)


if __name__ == "__main__":
    main()
