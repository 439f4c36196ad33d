"""numpy tables in which the kernel keeps its view of the world, and the record of a decision."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.symbols import MAX_SESSIONS
from risk.guards import GUARDS, GuardRules
from risk.kelly import KellyRules
from risk.legs import LegRules
from risk.limits import LimitRules
from risk.portfolio import StakeRules, StreakRules
from strategy.entry_rules import HoldingRules, LevelRules, MarketRules, SizingRules, ToneRules
from strategy.entry_views import SafetyView
from strategy.gates import GATE_SEATS
from strategy.position_rules import FillRules, HoursRules, NewsRules, StopRules

Table = NDArray[np.void]
"""A structured array, one row a thing."""

Indices = NDArray[np.int64]
"""Positions in another array."""

MAX_SETUPS: Final = 8
MAX_FEATURES: Final = 12
MAX_POSITIONS: Final = 256
MAX_TIERS: Final = 8
MAX_TRIPS: Final = 256

ACCOUNT_DTYPE: Final = np.dtype(
    [
        ("balance", "f8"),
        ("credit", "f8"),
        ("equity_adjustment", "f8"),
        ("margin", "f8"),
        ("margin_adjustment", "f8"),
        ("reserved_margin", "f8"),
        ("reserved_notional", "f8"),
        ("reserved_risk", "f8"),
        ("money_digits", "i4"),
        ("trading_allowed", "i4"),
        ("positions", "i4"),
        ("leverage", "f8"),
        ("peak_equity", "f8"),
        ("losing_streak", "f8"),
        ("proof_trips", "f8"),
        ("expectancy_bound_r", "f8"),
        ("news_negative", "f8"),
        ("news_until_ns", "i8"),
        ("news_required", "i4"),
        ("tones_until_ns", "i8"),
        ("brief", "i4"),
        ("quiet_below", "f8"),
    ]
)
"""One row. `reserved_*` belong to entries that were decided and are not booked yet; `*_adjustment` is what the terminal
reports beyond our own figures (accrued swap, drifting conversion rates). `leverage` 1:n is the account's own; what
comes after it is described in `risk.limits.Standing`. What is known of news holds until `news_until_ns` [UTC ns];
`news_required`: 0 nothing was ever told, 1 told, 2 told and required. `news_negative` and the symbols' `tone` hold
until `tones_until_ns` [UTC ns].

A backtest that keeps no records is `brief`: of an entry that is refused only what is counted goes on record, of a
position that is left alone nothing. A closed bar whose score is below `quiet_below` is not decided on at all. Both are
0 for everybody else."""

SYMBOL_DTYPE: Final = np.dtype(
    [
        ("digits", "i4"),
        ("point", "f8"),
        ("tick_size", "f8"),
        ("volume_min", "f8"),
        ("volume_max", "f8"),
        ("volume_step", "f8"),
        ("volume_limit", "f8"),
        ("stops_level", "f8"),
        ("commission_per_lot", "f8"),
        ("slippage", "f8"),
        ("freeze_points", "f8"),
        ("swap_buy", "f8"),
        ("swap_sell", "f8"),
        ("triple_swap_day", "i4"),
        ("week_end_s", "i4"),
        ("calc_mode", "i4"),
        ("contract_size", "f8"),
        ("tick_value", "f8"),
        ("profit_conversion", "i4"),
        ("profit_rate", "f8"),
        ("margin_conversion", "i4"),
        ("margin_initial", "f8"),
        ("margin_rate_buy", "f8"),
        ("margin_rate_sell", "f8"),
        ("leverage", "f8"),
        ("money_digits", "i4"),
        ("loss_rate", "f8"),
        ("by_deal", "i4"),
        ("margin_bid", "f8"),
        ("margin_ask", "f8"),
        ("session_count", "i4"),
        ("sessions", "i4", (MAX_SESSIONS, 2)),
        ("may_open", "i4"),
        ("bid", "f8"),
        ("ask", "f8"),
        ("in_flight", "i4"),
        ("unknown", "i4"),
        ("base_asset", "i4"),
        ("quote_asset", "i4"),
        ("reserved_value", "f8"),
        ("paused", "i4"),
        ("news_first", "i4"),
        ("news_count", "i4"),
        ("moments_first", "i4"),
        ("moments_count", "i4"),
        ("tone", "f8"),
    ]
)
"""One row a symbol. `in_flight` counts entries not booked yet, with `reserved_value` of their notional (negative for
sells), `unknown` intents whose outcome is not known; `*_asset` number what is bought and what is paid with;
its news windows are `news_count` rows of NEWS_DTYPE from `news_first` on, `moments_*` the times of its events in the
same way, and `tone` what articles say of its rise (NaN: not known). `swap_*` are what a night costs (below 0) or
brings on each side, `triple_swap_day` the weekday whose end counts three nights (-1: none), `week_end_s` the second of
the week, from Sunday on, at which its last session ends (-1: none)."""

NEWS_DTYPE: Final = np.dtype([("start_ns", "i8"), ("end_ns", "i8")])
"""Windows in which nothing is opened [UTC ns]; those of one symbol stand together, disjoint and in rising order."""

POSITION_DTYPE: Final = np.dtype(
    [
        ("symbol", "i4"),
        ("chart", "i4"),
        ("ticket", "u8"),
        ("side", "i4"),
        ("volume", "f8"),
        ("initial_lots", "f8"),
        ("price_open", "f8"),
        ("sl", "f8"),
        ("tp", "f8"),
        ("swap", "f8"),
        ("initial_risk", "f8"),
        ("planned_lots", "f8"),
        ("planned_price", "f8"),
        ("planned_sl", "f8"),
        ("planned_slippage", "f8"),
        ("best_price", "f8"),
        ("opened_ns", "i8"),
        ("in_flight", "i4"),
        ("paused_until_ns", "i8"),
    ]
)
"""One row a position; `chart` is -1 for what is not ours, which is valued and counted but never touched.

Nothing is asked for a position while something is in flight, or before `paused_until_ns` [UTC ns].
`planned_*` are the decision's that opened it (NaN: not known), `planned_slippage` [price] what its size expected of the
fills, `best_price` the most favorable price of the bars since.
"""

CHART_DTYPE: Final = np.dtype(
    [
        ("symbol", "i4"),
        ("timeframe", "i4"),
        ("period_s", "i8"),
        ("bars_seen", "i8"),
        ("bars_needed", "i8"),
        ("atr", "f8"),
        ("last_entry_ns", "i8", (2, MAX_SETUPS)),
    ]
)
"""One row a chart (symbol and timeframe). `last_entry_ns` by side (buy, sell) and set-up; 0 is never."""

EVIDENCE_DTYPE: Final = np.dtype(
    [
        ("trips", "f8"),
        ("win_rate", "f8"),
        ("win_r", "f8"),
        ("loss_r", "f8"),
        ("kelly_fraction", "f8"),
        ("reopens_ns", "i8"),
        ("stale_from_ns", "i8"),
        ("count", "i8"),
        ("closed_ns", "i8", (MAX_TRIPS,)),
        ("r_multiples", "f8", (MAX_TRIPS,)),
    ]
)
"""One row a set-up: the fields of `EvidenceView`, true until `stale_from_ns` [UTC ns], and the round trips they come
from, oldest first: `count`, their ends [UTC ns] and results [R]."""

GUARD_DTYPE: Final = np.dtype(
    [
        ("rules", "f8", (len(GuardRules._fields),)),
        ("levels", "i4", (GUARDS,)),
        ("values", "f8", (GUARDS,)),
        ("day_start_equity", "f8"),
        ("last_equity", "f8"),
        ("broker_day", "i8"),
        ("halted", "i4"),
        ("paused", "i4"),
        ("expires_ns", "i8"),
        ("last_loss_ns", "i8"),
        ("losses", "f8"),
        ("moved", "i4"),
        ("warns_ns", "i8"),
        ("stale", "i4"),
    ]
)
"""One row: the fields of `risk.guards.GuardRules`, by `Guard` the level and the worst loss it was latched with, what
equity is compared with, and until when overrides stay as they are (0: for good) [UTC ns]. `moved`: a mark is not on
record yet; at `warns_ns` an event of the calendar is to be told of (0: none) [UTC ns].
`stale`: what equity stands on was booked anew since it was looked at."""

RULES_DTYPE: Final = np.dtype(
    [
        ("market", "f8", (len(MarketRules._fields),)),
        ("levels", "f8", (len(LevelRules._fields),)),
        ("holdings", "f8", (len(HoldingRules._fields),)),
        ("limits", "f8", (len(LimitRules._fields),)),
        ("sizing", "f8", (len(SizingRules._fields),)),
        ("stake", "f8", (len(StakeRules._fields),)),
        ("streak", "f8", (len(StreakRules._fields),)),
        ("sentiment", "f8", (len(ToneRules._fields),)),
        ("overrides", "f8", (2,)),
        ("kelly", "f8", (len(KellyRules._fields),)),
        ("tiers", "f8", (MAX_TIERS, 2)),
        ("care_stops", "f8", (len(StopRules._fields),)),
        ("care_legs", "f8", (len(LegRules._fields),)),
        ("care_fill", "f8", (len(FillRules._fields),)),
        ("care_hours", "f8", (len(HoursRules._fields),)),
        ("care_news", "f8", (len(NewsRules._fields),)),
    ]
)
"""One row a chart: the fields of each part of `EntryRules` and of `KellyRules` in their order, the broker's tiers
(equity from, leverage; a leverage of 0: no row), and the fields of each part of `CareRules`."""

POSITION_SEEN: Final = (
    "volume",
    "initial_lots",
    "price_open",
    "sl",
    "tp",
    "initial_risk",
    "best_price",
    "cost",
    "planned_lots",
    "planned_price",
    "planned_sl",
    "money_per_price",
    "cost_per_lot",
    "age_s",
    "week_left_s",
    "day_left_s",
    "triple_left_s",
    "event_left_s",
    "window_left_s",
    "held_leverage",
)
"""What a decision on a position saw of it, in the order of a record: levels and volume as they were before."""

DECISION_DTYPE: Final = np.dtype(
    [
        ("time_ns", "i8"),
        ("bar_time", "i8"),
        ("symbol", "i4"),
        ("timeframe", "i4"),
        ("kind", "i4"),
        ("action", "i4"),
        ("side", "i4"),
        ("bound", "i4"),
        ("decided_by", "i4"),
        ("setup", "i4"),
        ("intent_id", "u8"),
        ("signal_id", "u8"),
        ("position_ticket", "u8"),
        ("lots", "f8"),
        ("price", "f8"),
        ("sl", "f8"),
        ("tp", "f8"),
        ("bid", "f8"),
        ("ask", "f8"),
        ("score", "f8"),
        ("atr", "f8"),
        ("atr_baseline", "f8"),
        ("bars_seen", "i8"),
        ("equity", "f8"),
        ("balance", "f8"),
        ("margin_free", "f8"),
        ("notional_open", "f8"),
        ("symbol_positions", "f8"),
        ("other_symbols", "f8"),
        ("volume_buy", "f8"),
        ("volume_sell", "f8"),
        ("slippage", "f8"),
        ("regime", "i4"),
        ("risk_fraction", "f8"),
        ("max_leverage", "f8"),
        ("allowed_leverage", "f8"),
        ("drawdown", "f8"),
        ("losing_streak", "f8"),
        ("news_negative", "f8"),
        ("news_window", "f8"),
        ("proof_trips", "f8"),
        ("expectancy_bound_r", "f8"),
        ("tone", "f8"),
        ("tone_scale", "f8"),
        ("risk_scale", "f8"),
        ("leverage_cap", "f8"),
        ("risk_override", "f8"),
        ("leverage_override", "f8"),
        ("trips", "f8"),
        ("win_rate", "f8"),
        ("win_r", "f8"),
        ("loss_r", "f8"),
        ("kelly_fraction", "f8"),
        ("base_exposure", "f8"),
        ("quote_exposure", "f8"),
        ("open_risk", "f8"),
        ("safety", "f8", (len(SafetyView._fields),)),
        ("kept_fraction", "f8"),
        ("halted", "f8"),
        ("kelly_reopens_ns", "i8"),
        ("features", "f8", (MAX_FEATURES,)),
        ("position", "f8", (len(POSITION_SEEN),)),
        ("gates", "f8", (GATE_SEATS, 3)),
    ]
)
"""One decision with everything that led to it. `symbol` is the engine's index; `decided_by` is the first refusing gate
of an entry or the rule that acted on a position (-1: none); `gates` hold value, threshold, verdict of
`strategy.gates`. `safety` holds the fields of `SafetyView`, `kept_fraction` and `halted` those of `GuardCare`.
`regime`, `risk_fraction` and `max_leverage` are the limits that held; from `allowed_leverage` on stand the fields of
`Standing`, `Steering` and `EvidenceView` (for a position: NaN), and among them `tone` of a rise of the symbol with the
part of its risk that it left an entry. `kelly_reopens_ns` [UTC ns] is when, without a new
round trip, the record of the set-up will be too short to refuse; 0 where it is now. `position` holds `POSITION_SEEN`
(for an entry: NaN), `features` what the model saw (for a position: NaN)."""


_NO_DECISIONS: Final = np.zeros(0, DECISION_DTYPE)


def empty_decisions() -> Table:
    """No decision at all, with the right dtype."""
    return _NO_DECISIONS
