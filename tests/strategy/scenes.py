"""Situations a decision can be asked in: one in which everything speaks for it, and draws of all others."""

import math
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

import strategy.decide
from domain.pricing import SymbolMoney
from domain.symbols import SymbolSpec
from risk.limits import UNSTEERED, Standing
from risk.portfolio import Exposure
from strategy.decide import EntryDecision
from strategy.entry_rules import EntryRules, SymbolRules
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
from strategy.gates import GATE_SEATS
from strategy.params import EngineSettings
from tests.domain.instruments import EURUSD, INSTRUMENTS, TYPICAL_PRICES, dollars
from tests.domain.interpreted import interpreted

PLAIN = interpreted("strategy.decide")

Recorded = NDArray[np.float64]


def symbol_rules(spec: SymbolSpec, commission: float = 7.0) -> SymbolRules:
    """What a decision needs of `spec`."""
    return SymbolRules(
        digits=spec.digits,
        point=spec.point,
        tick_size=spec.tick_size,
        volume_min=spec.volume_min,
        volume_max=spec.volume_max,
        volume_step=spec.volume_step,
        volume_limit=spec.volume_limit,
        stops_level=spec.stops_level_points * spec.point,
        commission_per_lot=commission,
        slippage=0.0,
        freeze_points=float(spec.freeze_level_points),
    )


def own(fields: tuple[str, ...], changes: dict[str, float]) -> dict[str, Any]:
    """The changes that concern `fields`."""
    return {name: value for name, value in changes.items() if name in fields}


def changed_deep(nested: Any, changes: dict[str, float]) -> Any:  # noqa: ANN401 - a NamedTuple of any kind
    """`nested` (a NamedTuple of NamedTuples) with the numbers of these names replaced, wherever they stand."""
    parts = nested._asdict().items()
    new = {name: changed_deep(part, changes) for name, part in parts if isinstance(part, tuple)}
    return nested._replace(**own(nested._fields, changes), **new)


def leaf_names(nested: Any) -> list[str]:  # noqa: ANN401 - a NamedTuple of any kind
    """Names of all numbers in a NamedTuple of NamedTuples."""
    found: list[str] = []
    for name, part in nested._asdict().items():
        found.extend(leaf_names(part) if isinstance(part, tuple) else [name])
    return found


class EntryScene(NamedTuple):
    """Everything an entry is decided on."""

    view: EntryView
    rules: EntryRules
    symbol: SymbolRules
    money: SymbolMoney

    def changed(self, **changes: float) -> "EntryScene":
        """The scene with some fields of its view, rules or symbol replaced."""
        return EntryScene(
            changed_deep(self.view, changes),
            changed_deep(self.rules, changes),
            self.symbol._replace(**own(SymbolRules._fields, changes)),
            self.money,
        )

    def mirrored(self) -> "EntryScene":
        """The same situation with buys and sells exchanged, around 1.10005."""
        (market, holdings, money), axis = self.view[:3], 2.2001
        held = self.view.stake.exposure
        return self.changed(
            bid=round(axis - market.ask, 5),
            ask=round(axis - market.bid, 5),
            score=-market.score,
            since_same_buy_s=holdings.since_same_sell_s,
            since_same_sell_s=holdings.since_same_buy_s,
            volume_buy=money.volume_sell,
            volume_sell=money.volume_buy,
            tone=-self.view.news.tone,
            base=-held.base,
            quote=-held.quote,
        )

    def decided(self, by: ModuleType = strategy.decide) -> tuple[EntryDecision, Recorded]:
        """The decision and its record."""
        gates = np.full((GATE_SEATS, 3), 99.0)
        decision: EntryDecision = by.decide_entry(self.view, self.rules, self.symbol, self.money, gates)
        return decision, gates


# 14:15 on an ordinary day: a spread of 10 points, ATR 100 points, nothing open, a clear signal to buy
BUY = EntryScene(
    view=EntryView(
        MarketView(
            trading_allowed=1.0,
            bars_seen=200.0,
            bars_needed=100.0,
            session_left_s=10_000.0,
            week_left_s=200_000.0,
            midnight_s=30_000.0,
            bid=1.1,
            ask=1.1001,
            score=0.8,
            atr=0.001,
            atr_baseline=0.001,
        ),
        HoldingView(since_same_buy_s=math.inf, since_same_sell_s=math.inf, symbol_positions=0.0, other_symbols=0.0),
        MoneyView(equity=10_000.0, margin_free=10_000.0, notional_open=0.0, volume_buy=0.0, volume_sell=0.0),
        EvidenceView(trips=40.0, win_rate=0.5, win_r=2.0, loss_r=1.0, kelly_fraction=0.05),
        Standing(
            allowed_leverage=2000.0,
            drawdown=0.0,
            losing_streak=0.0,
            news_negative=math.nan,
            news_window=0.0,
            proof_trips=10.0,
            expectancy_bound_r=math.nan,
        ),
        UNSTEERED,
        StakeView(Exposure(base=0.0, quote=0.0), open_risk=0.0),
        SafetyView(
            since_loss_s=math.inf,
            losses=0.0,
            floating_loss=0.0,
            floating_threshold=0.1,
            floating_level=0.0,
            day_loss=0.0,
            day_threshold=0.03,
            day_level=0.0,
            drawdown=0.0,
            drawdown_threshold=0.12,
            drawdown_level=0.0,
            imposed=0.0,
        ),
        NewsView(left_s=math.inf, heard=1.0, tone=0.0),
    ),
    rules=EngineSettings().entry_rules(),
    symbol=symbol_rules(EURUSD),
    money=dollars(EURUSD),
)


# -- draws -------------------------------------------------------------------------------------------------------------

STRANGE = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-300, 1e300])
_VIEW_FIELDS = st.sampled_from([name for name in leaf_names(BUY.view) if name not in ("heard", "tone")])


@st.composite
def _quotes(draw: st.DrawFn, spec: SymbolSpec) -> tuple[float, float]:
    steps = round(TYPICAL_PRICES[spec.name] * draw(st.floats(0.7, 1.3)) / spec.tick_size)
    spread = draw(st.integers(0, 40))
    bid = round(steps * spec.tick_size, spec.digits)
    return bid, round(bid + spread * spec.tick_size, spec.digits)


@st.composite
def entry_scenes(draw: st.DrawFn) -> EntryScene:
    """Situations that a terminal could report; often one in which an entry is allowed."""
    spec = draw(st.sampled_from(INSTRUMENTS))
    bid, ask = draw(_quotes(spec))
    atr = bid * draw(st.floats(1e-5, 0.02))
    equity = draw(st.floats(100.0, 1e6))
    changes = {
        "bid": bid,
        "ask": ask,
        "score": draw(st.floats(-1.0, 1.0)),
        "atr": atr,
        "atr_baseline": atr * draw(st.floats(0.5, 2.0)),
        "equity": equity,
        "margin_free": equity * draw(st.floats(0.0, 1.0)),
        "notional_open": equity * draw(st.floats(0.0, 120.0)),
        "volume_buy": draw(st.floats(0.0, 5.0)),
        "volume_sell": draw(st.floats(0.0, 5.0)),
        "session_left_s": draw(st.floats(0.0, 86_400.0)),
        "symbol_positions": draw(st.sampled_from([0.0, 0.0, 0.0, 1.0])),
        "kelly_fraction": draw(st.sampled_from([-0.1, 0.0, 0.002, 0.05, math.inf])),
        "drawdown": draw(st.floats(0.0, 0.2)),
        "losing_streak": float(draw(st.integers(0, 6))),
        "proof_trips": draw(st.sampled_from([0.0, 50.0])),
        "expectancy_bound_r": draw(st.sampled_from([math.nan, -0.1, 0.1])),
        "allowed_leverage": draw(st.sampled_from([30.0, 500.0, 3000.0])),
        "min_reward_to_risk": draw(st.sampled_from([0.5, 1.0, 2.0])),
        "risk_fraction": draw(st.floats(0.001, 0.02)),
        "max_leverage": draw(st.floats(1.0, 200.0)),
        "max_spread_points": 1000.0,
        "max_spread_atr_fraction": 1.0,
        "stop_atr": draw(st.floats(0.5, 3.0)),
        "target_atr": draw(st.floats(0.5, 9.0)),
    }
    symbol = symbol_rules(spec, draw(st.sampled_from([0.0, 7.0])))._replace(
        volume_limit=draw(st.sampled_from([0.0, 0.0, 0.0, 6.0])),
        stops_level=draw(st.sampled_from([0, 0, 30, 300])) * spec.point,
        slippage=draw(st.sampled_from([0, 5, 50])) * spec.point,
    )
    scene = BUY.changed(**changes)
    return EntryScene(scene.view, scene.rules, symbol, dollars(spec, draw(st.sampled_from([30, 500, 2000]))))


@st.composite
def likely_entries(draw: st.DrawFn) -> EntryScene:
    """Situations with a clear signal and some room left: most of them end in an order, of any size."""
    scene = draw(entry_scenes())
    symbol = scene.symbol
    atr = max(scene.view.market.atr, 4.0 * symbol.stops_level, 40.0 * symbol.tick_size)
    equity = draw(st.floats(2000.0, 1e7))
    return scene.changed(
        score=draw(st.sampled_from([1.0, -1.0])) * draw(st.floats(0.9, 1.0)),
        atr=atr,
        atr_baseline=atr,
        equity=equity,
        margin_free=equity * draw(st.sampled_from([0.005, 0.1, 1.0])),
        notional_open=equity * scene.rules.limits.max_leverage * draw(st.floats(0.0, 0.9)),
        session_left_s=3600.0,
        symbol_positions=0.0,
        kelly_fraction=draw(st.sampled_from([0.004, 0.05, math.inf])),
        stop_atr=draw(st.floats(0.5, 2.0)),
        target_atr=draw(st.floats(6.0, 9.0)),
    )


@st.composite
def strange_entry_scenes(draw: st.DrawFn) -> EntryScene:
    """Situations in which up to three figures are unknown, infinite or senseless."""
    scene = draw(entry_scenes())
    changes = draw(st.dictionaries(_VIEW_FIELDS, STRANGE, max_size=3))
    return scene.changed(**changes)
