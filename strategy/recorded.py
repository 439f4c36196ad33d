"""Decisions made anew from their records: with the same rules the same bits, with others what those would have said.

A record holds everything that its decision depended on, so that tables are all there is to hand over. That is also the
quick way in from Python: a view in nested tuples has a hundred numbers to be unpacked one by one.
"""

from typing import Final

from domain.jit import njit
from risk.limits import Standing, Steering
from risk.portfolio import Exposure
from strategy.decide import EntryDecision, decide_entry
from strategy.entry_rules import SymbolRules
from strategy.entry_views import (
    EntryView,
    EvidenceView,
    HoldingView,
    MarketView,
    MoneyView,
    NewsView,
    SafetyView,
    StakeView,
)
from strategy.gates import Action, DecisionKind, Gate, Verdict
from strategy.guard_care import GuardCare, decide_guarded
from strategy.position_tables import care_rules_of, recorded_view
from strategy.position_views import PositionDecision
from strategy.tables import Table
from strategy.verdicts import THRESHOLD, VALUE, VERDICT
from strategy.views import entry_rules_of, money_of, rules_of

_ENTRY: Final = int(DecisionKind.ENTRY)
_HOLD: Final = int(Action.HOLD)
_ABSENT: Final = float(Verdict.ABSENT)
_TRADING_ALLOWED: Final = int(Gate.TRADING_ALLOWED)
_WARM_UP: Final = int(Gate.WARM_UP)
_SESSION: Final = int(Gate.SESSION)
_WEEKEND: Final = int(Gate.WEEKEND)
_ROLLOVER: Final = int(Gate.ROLLOVER)
_NEWS: Final = int(Gate.NEWS)
_DUPLICATE: Final = int(Gate.DUPLICATE)


@njit
def _market_of(record: Table) -> MarketView:
    line, g = record[0], record[0].gates
    return MarketView(
        g[_TRADING_ALLOWED, VALUE],
        g[_WARM_UP, VALUE],
        g[_WARM_UP, THRESHOLD],
        g[_SESSION, VALUE],
        g[_WEEKEND, VALUE],
        g[_ROLLOVER, VALUE],
        line.bid,
        line.ask,
        line.score,
        line.atr,
        line.atr_baseline,
    )


@njit
def recorded_entry(record: Table) -> EntryView:
    """What the decision in `record` (DECISION_DTYPE, one row, on an entry) saw.

    Of the times since an entry on the same set-up only that of its own side is on record: both sides have it here.
    """
    line = record[0]
    g, s = line.gates, line.safety
    since = g[_DUPLICATE, VALUE]
    return EntryView(
        _market_of(record),
        HoldingView(since, since, line.symbol_positions, line.other_symbols),
        MoneyView(line.equity, line.margin_free, line.notional_open, line.volume_buy, line.volume_sell),
        EvidenceView(line.trips, line.win_rate, line.win_r, line.loss_r, line.kelly_fraction),
        Standing(
            line.allowed_leverage,
            line.drawdown,
            line.losing_streak,
            line.news_negative,
            line.news_window,
            line.proof_trips,
            line.expectancy_bound_r,
        ),
        Steering(line.risk_scale, line.leverage_cap, line.risk_override, line.leverage_override),
        StakeView(Exposure(line.base_exposure, line.quote_exposure), line.open_risk),
        SafetyView(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]),
        NewsView(g[_NEWS, VALUE], 0.0 if g[_NEWS, VERDICT] == _ABSENT else 1.0, line.tone),
    )


@njit
def _symbol_of(record: Table, symbols: Table) -> SymbolRules:
    """The symbol's rules with the slippage that was expected then."""
    r = rules_of(symbols, 0)
    return SymbolRules(
        r.digits,
        r.point,
        r.tick_size,
        r.volume_min,
        r.volume_max,
        r.volume_step,
        r.volume_limit,
        r.stops_level,
        r.commission_per_lot,
        record[0].slippage,
        r.freeze_points,
    )


@njit
def _write_entry(record: Table, decision: EntryDecision) -> None:
    line = record[0]
    line.action, line.side, line.lots = decision.action, decision.side, decision.lots
    line.price, line.sl, line.tp = decision.price, decision.sl, decision.tp
    line.bound, line.decided_by, line.tone_scale = decision.bound, decision.refused_by, decision.tone_scale
    line.regime = decision.limits.regime
    line.risk_fraction, line.max_leverage = decision.limits.risk_fraction, decision.limits.max_leverage


@njit
def _write_care(record: Table, decision: PositionDecision) -> None:
    line = record[0]
    line.action, line.lots, line.decided_by = decision.action, decision.lots, decision.rule
    line.sl, line.tp = decision.sl, decision.tp


@njit
def decide_recorded(records: Table, rules: Table, symbols: Table) -> int:
    """Decide anew on each of `records` (DECISION_DTYPE) in place; how many of them act.

    `rules` (RULES_DTYPE) and `symbols` (SYMBOL_DTYPE) hold those of the chart and of the symbol in their first row. The
    numbers of the intent stay what they were.
    """
    acting = 0
    entry_rules, care_rules, money = entry_rules_of(rules, 0), care_rules_of(rules, 0), money_of(symbols, 0)
    for row in range(records.shape[0]):
        record = records[row : row + 1]
        symbol, gates = _symbol_of(record, symbols), record[0].gates
        if record[0].kind == _ENTRY:
            _write_entry(record, decide_entry(recorded_entry(record), entry_rules, symbol, money, gates))
        else:
            guard = GuardCare(record[0].kept_fraction, record[0].halted)
            _write_care(record, decide_guarded(recorded_view(record), care_rules, symbol, guard, gates))
        acting += 1 if record[0].action != _HOLD else 0
    return acting
