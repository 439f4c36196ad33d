"""Rows of tables that follow from settings and from what a terminal says of a symbol."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from domain.pricing import SymbolMoney
from domain.symbols import SwapMode, SymbolSpec, SymbolTradeMode, joined_sessions, week_end_s
from strategy.naming import base_of
from strategy.params import EngineSettings
from strategy.tables import RULES_DTYPE, SYMBOL_DTYPE, Table

_MAY_OPEN: Final = {
    SymbolTradeMode.DISABLED: 0,
    SymbolTradeMode.LONGONLY: 1,
    SymbolTradeMode.SHORTONLY: 2,
    SymbolTradeMode.CLOSEONLY: 0,
    SymbolTradeMode.FULL: 3,
}
_OTHERS: Final = "*"
_NUMBERS: Final = ("digits", "point", "tick_size", "volume_min", "volume_max", "volume_step", "volume_limit")


def describe(line: np.void, spec: SymbolSpec, money: SymbolMoney, settings: EngineSettings) -> None:
    """Write what is known of a symbol into its `line` (SYMBOL_DTYPE); quotes, assets and news are others' to write."""
    for field in _NUMBERS:
        line[field] = getattr(spec, field)
    for field in SymbolMoney._fields:
        line[field] = getattr(money, field)
    line["freeze_points"] = spec.freeze_level_points
    line["swap_buy"], line["swap_sell"] = _swaps(spec)
    line["triple_swap_day"] = spec.swap_rollover3days
    line["week_end_s"] = week_end_s(spec.sessions)
    line["stops_level"] = spec.stops_level_points * spec.point
    line["commission_per_lot"] = by_base(spec.name, settings.commission_per_lot)
    line["slippage"] = by_base(spec.name, settings.slippage_points) * spec.point
    sessions = joined_sessions(spec.sessions)
    line["session_count"] = len(sessions)
    for index, session in enumerate(sessions):
        line["sessions"][index] = session
    line["may_open"] = _MAY_OPEN[spec.trade_mode]


def lay_out_rules(rules: Table, row: int, settings: EngineSettings) -> None:
    """Write the numbers of `settings` into `rules` (RULES_DTYPE) on `row`."""
    line = rules[row]
    for name, part in settings.entry_rules()._asdict().items():
        line[name] = part
    line["kelly"] = settings.kelly_rules()
    for name, part in settings.care.rules()._asdict().items():
        line[f"care_{name}"] = part
    line["overrides"] = np.nan
    for index, tier in enumerate(settings.tiers):
        line["tiers"][index] = tier


def symbol_row(spec: SymbolSpec, money: SymbolMoney, settings: EngineSettings) -> Table:
    """A table (SYMBOL_DTYPE) of this symbol alone."""
    symbols = np.zeros(1, SYMBOL_DTYPE)
    describe(symbols[0], spec, money, settings)
    return symbols


def rules_row(settings: EngineSettings) -> Table:
    """A table (RULES_DTYPE) of these settings alone, with no override."""
    rules = np.zeros(1, RULES_DTYPE)
    lay_out_rules(rules, 0, settings)
    return rules


def by_base(symbol: str, table: Mapping[str, float]) -> float:
    """What `table` says of the symbol: by its base name, else what it says of all others, else 0."""
    return table.get(base_of(symbol, table) or _OTHERS, 0.0)


def _swaps(spec: SymbolSpec) -> tuple[float, float]:
    """What a night brings a buy and a sell, in the symbol's own terms; 0 where no swap is charged."""
    return (spec.swap_long, spec.swap_short) if spec.swap_mode != SwapMode.DISABLED else (0.0, 0.0)
