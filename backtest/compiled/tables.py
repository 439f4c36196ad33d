"""The arrays a compiled run keeps everything in: the broker's side, the books of our own, and what a run leaves behind.

Money is the account's, times are on the broker's clock unless they say UTC.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.symbols import MAX_SESSIONS
from risk.guards import GUARDS
from strategy.tables import MAX_TIERS, Table
from strategy.tally import Tally
from strategy.views import Closes, World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KEPT_TRIPS: Final = 1024
"""Closed round trips that the books remember, as `account.round_trips` does."""
KEPT_FILLS: Final = 1024
"""Fills that the books remember of a symbol and side of the trip, as `account.slippage` does."""
KEPT_INTENTS: Final = 64
"""Intents of one moment that are remembered, so that none goes out twice."""

ACCOUNT_DTYPE: Final = np.dtype(
    [
        ("balance", "f8"),
        ("margin", "f8"),
        ("leverage", "f8"),
        ("tier_low", "f8"),
        ("tier_high", "f8"),
        ("now_msc", "i8"),
        ("next_order", "i8"),
        ("next_deal", "i8"),
        ("positions", "i8"),
        ("money_digits", "i8"),
        ("stop_out_fraction", "f8"),
        ("slippage_points", "f8"),
        ("limit_positions", "i8"),
        ("first_day", "i8"),
        ("tier_count", "i8"),
        ("tiers", "f8", (MAX_TIERS, 2)),
        ("sums", "f8", (3, 4)),
    ]
)
"""One row: the account at the simulated broker. Its leverage holds from an equity of `tier_low` to below `tier_high`;
`tiers` are equity from and leverage; nights are counted from `first_day` on [days since 1970-01-01]; `sums` is room."""

TERMS_DTYPE: Final = np.dtype(
    [
        ("digits", "i8"),
        ("point", "f8"),
        ("tick_size", "f8"),
        ("volume_min", "f8"),
        ("volume_max", "f8"),
        ("volume_step", "f8"),
        ("volume_limit", "f8"),
        ("stops_points", "f8"),
        ("freeze_points", "f8"),
        ("has_filling", "i8"),
        ("may_buy", "i8"),
        ("may_sell", "i8"),
        ("on_grid_only", "i8"),
        ("margin_hedged", "f8"),
        ("larger_leg", "i8"),
        ("commission_lot", "f8"),
        ("commission_deal", "f8"),
        ("commission_each", "i8"),
        ("swap_long", "f8"),
        ("swap_short", "f8"),
        ("least_slippage", "f8"),
        ("session_count", "i8"),
        ("sessions", "i8", (MAX_SESSIONS, 2)),
        ("first_tick", "i8"),
        ("last_tick", "i8"),
        ("first_close", "i8"),
        ("last_close", "i8"),
        ("next_close", "i8"),
        ("fills_seen", "i8", (2,)),
        ("fills", "f8", (2, KEPT_FILLS)),
    ]
)
"""One row a symbol: what the broker asks of it. `has_filling`: whether it lists the filling mode of our orders;
`on_grid_only`: whether a price off the grid is refused; `commission_each`: whether every deal pays, not the entry
alone; swaps are in points, and so is `least_slippage`, what the settings expect of a round trip whatever was measured.

Its ticks and bars lie from `first_*` to before `last_*`; `next_close` of its bars is not decided on yet. `fills` are
points lost by the latest entries and exits, `fills_seen` how many there ever were."""

WINDOW_DTYPE: Final = np.dtype(
    [("kind", "i8"), ("symbol", "i8"), ("leverage", "i8"), ("start_s", "i8"), ("end_s", "i8")]
)
"""A window [s] of a symbol: of the week, from Sunday on, or dated, in which leverage is at most `leverage`; or hours of
a holiday, an empty window being one without any."""
WEEKLY_CAP: Final = 0
DATED_CAP: Final = 1
HOLIDAY: Final = 2

DEAL_DTYPE: Final = np.dtype(
    [
        ("deal_ticket", "i8"),
        ("order_ticket", "i8"),
        ("position_id", "i8"),
        ("symbol", "i8"),
        ("side", "i8"),
        ("entry", "i8"),
        ("reason", "i8"),
        ("volume", "f8"),
        ("price", "f8"),
        ("profit", "f8"),
        ("swap", "f8"),
        ("commission", "f8"),
        ("time_msc", "i8"),
        ("time_ns", "i8"),
        ("act", "i8"),
        ("level", "f8"),
        ("equity", "f8"),
        ("margin", "f8"),
        ("initial_risk", "f8"),
    ]
)
"""One deal; `side` +1 is a purchase. `act` is the row of the decision behind it among those that acted (-1: the server
closed by itself, at `level`, or at this `equity` and `margin` for a stop-out). `time_ns` is UTC, `initial_risk` of an
entry what its first stop would cost (NaN: not known)."""

FILE_DTYPE: Final = np.dtype(
    [
        ("opened_lots", "f8"),
        ("closed_lots", "f8"),
        ("result", "f8"),
        ("initial_risk", "f8"),
        ("setup", "i8"),
        ("refusals", "i8"),
        ("fills_seen", "i8", (2,)),
    ]
)
"""What our books know of an open position: `result` so far, `refusals` in a row, fills seen when it was decided."""

BOOKS_DTYPE: Final = np.dtype(
    [
        ("pause_ns", "i8"),
        ("kelly_window", "i8"),
        ("proof_trips", "i8"),
        ("proof_quantile", "f8"),
        ("measures", "i8"),
        ("quantile", "f8"),
        ("window_fills", "i8"),
        ("min_fills", "i8"),
        ("orders_per_minute", "i8"),
        ("max_lots", "f8"),
        ("max_spread_points", "f8"),
        ("latch_levels", "i8", (GUARDS,)),
        ("latch_values", "f8", (GUARDS,)),
        ("ended", "i8"),
        ("trip_ns", "i8", (KEPT_TRIPS,)),
        ("trip_r", "f8", (KEPT_TRIPS,)),
        ("trip_setup", "i8", (KEPT_TRIPS,)),
        ("orders", "i8"),
        ("sent_msc", "i8", (KEPT_INTENTS,)),
        ("issued_ns", "i8"),
        ("issued", "i8"),
        ("intents", "f8", (KEPT_INTENTS, 7)),
        ("known", "f8", (KEPT_TRIPS,)),
    ]
)
"""One row: settings that no kernel of `strategy` reads; guards as the account was told of them; round trips that have
ended (the latest ones: ends [UTC ns], results [R], set-ups); times of the latest orders; intents of the moment
`issued_ns`; and room for a sorted window."""

SEGMENT_DTYPE: Final = np.dtype([("symbol", "i8"), ("start", "i8"), ("stop", "i8"), ("offset_s", "i8")])
"""Ticks of one symbol in the order of the tape, all under one offset of the clock; by their place in its own ticks."""

PROGRESS_DTYPE: Final = np.dtype(
    [
        ("status", "i8"),
        ("segment", "i8"),
        ("tick", "i8"),
        ("until", "i8"),
        ("end", "i8"),
        ("news", "i8"),
        ("offset_s", "i8"),
        ("deals", "i8"),
        ("acts", "i8"),
        ("decisions", "i8"),
        ("points", "i8"),
        ("episodes", "i8"),
        ("keeps_decisions", "i8"),
        ("keeps_acts", "i8"),
        ("skips", "i8"),
        ("least_score", "f8"),
    ]
)
"""One row: how far a run is: its `status` (see `backtest.compiled.driving`), the next tick of the segment, and up to
which tick the kernel walks before it is taken up again, in no case beyond `end`; `news`: the terminal's money has to be
adopted at the end of the next tick. Then how many rows of the trail are written, and what is to be
kept; `skips`: bars whose score is below `least_score` are passed over while nothing is open."""

POINT_DTYPE: Final = np.dtype([("time_ns", "i8"), ("equity", "f8"), ("balance", "f8")])
"""A point of the curve [UTC ns, account money]."""


class Broker(NamedTuple):
    """The simulated broker: account, positions (`sim.matching.POSITION_DTYPE`), quotes, pricing, and its terms.

    `quotes` and `moneys` have two rows a symbol: as they are, and behind them quotes to try and the pricing by which
    our books judge. `nights` [symbols, days] is as how many nights the midnight that ends each day counts.
    """

    account: Table
    book: Table
    quotes: Table
    moneys: Table
    terms: Table
    windows: Table
    nights: Floats


class Books(NamedTuple):
    """Our own books: one row of everything, and one row of each open position."""

    row: Table
    files: Table


class Trail(NamedTuple):
    """What a run leaves behind; episodes and the tally of gates are those of `strategy.tally`."""

    deals: Table
    acts: Table
    decisions: Table
    points: Table
    episodes: Table
    tally: Tally


class Run(NamedTuple):
    """A run: the tables of the decision core, the broker, our books, the tape and how far it is.

    `ticks` and `closes` are all symbols' one after the other; the terms of a symbol say where its own begin.
    """

    world: World
    broker: Broker
    books: Books
    trail: Trail
    progress: Table
    segments: Table
    ticks: Table
    closes: Closes
    records: Table
