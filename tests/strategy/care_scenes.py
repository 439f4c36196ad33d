"""Open positions a decision can be asked about: one on its way, and draws of all others."""

from types import ModuleType
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import strategy.positions
from strategy.entry_rules import SymbolRules
from strategy.gates import GATE_SEATS
from strategy.params import CareSettings
from strategy.positions import CareRules, PositionDecision, PositionView
from tests.domain.instruments import EURUSD
from tests.domain.interpreted import interpreted
from tests.strategy.scenes import STRANGE, Recorded, own, symbol_rules

PLAIN = interpreted("strategy.positions")


class CareScene(NamedTuple):
    """Everything the care for a position is decided on."""

    view: PositionView
    rules: CareRules
    symbol: SymbolRules

    def changed(self, **changes: float) -> "CareScene":
        """The scene with some fields of its view, rules or symbol replaced."""
        return CareScene(
            self.view._replace(**own(PositionView._fields, changes)),
            self.rules._replace(**own(CareRules._fields, changes)),
            self.symbol._replace(**own(SymbolRules._fields, changes)),
        )

    def at(self, bid: float, spread: float = 0.0001) -> "CareScene":
        """The scene at another quote."""
        return self.changed(bid=bid, ask=round(bid + spread, 5))

    def mirrored(self) -> "CareScene":
        """The same situation with buys and sells exchanged, around 1.1."""
        view, axis = self.view, 2.2
        turned = view._replace(
            side=-view.side,
            price_open=round(axis - view.price_open, 5),
            sl=round(axis - view.sl, 5) if view.sl else 0.0,
            tp=round(axis - view.tp, 5) if view.tp else 0.0,
            bid=round(axis - view.ask, 5),
            ask=round(axis - view.bid, 5),
        )
        return self._replace(view=turned)

    def decided(self, by: ModuleType = strategy.positions) -> tuple[PositionDecision, Recorded]:
        """The decision and its record."""
        gates = np.full((GATE_SEATS, 3), 99.0)
        decision: PositionDecision = by.decide_position(self.view, self.rules, self.symbol, gates)
        return decision, gates


# a buy of one lot at 1.10000, its stop 150 points below (1 R) and its target 350 points above
HELD = CareScene(
    view=PositionView(
        side=1,
        volume=1.0,
        initial_lots=1.0,
        price_open=1.1,
        sl=1.0985,
        tp=1.1035,
        initial_risk=0.0015,
        age_s=600.0,
        bid=1.1,
        ask=1.1001,
        atr=0.001,
    ),
    rules=CareSettings().rules(),
    symbol=symbol_rules(EURUSD),
)


# -- draws ------------------------------------------------------------------------------------------------------------


@st.composite
def care_scenes(draw: st.DrawFn) -> CareScene:
    """A position on EURUSD anywhere on its way, under any rules."""
    point = 1e-5
    side = draw(st.sampled_from([1, -1]))
    risk = draw(st.integers(20, 500))
    gain = draw(st.integers(-risk, 6 * risk))
    moved = draw(st.integers(-risk, 3 * risk))
    spread = draw(st.integers(0, 30))
    close = round(1.1 + side * gain * point, 5)
    volume = draw(st.integers(1, 500)) / 100
    view = PositionView(
        side=side,
        volume=volume,
        initial_lots=volume if draw(st.booleans()) else volume + 0.5,
        price_open=1.1,
        sl=draw(st.sampled_from([0.0, round(1.1 + side * moved * point, 5), round(1.1 - side * risk * point, 5)])),
        tp=draw(st.sampled_from([0.0, round(1.1 + side * 3 * risk * point, 5)])),
        initial_risk=risk * point,
        age_s=draw(st.floats(0.0, 1e6)),
        bid=close if side > 0 else round(close - spread * point, 5),
        ask=close if side < 0 else round(close + spread * point, 5),
        atr=draw(st.floats(1e-5, 0.01)),
    )
    rules = CareRules(
        break_even_r=draw(st.sampled_from([0.0, 0.5, 1.0])),
        break_even_buffer_points=draw(st.floats(0.0, 50.0)),
        trailing_start_r=draw(st.floats(0.0, 3.0)),
        trailing_atr=draw(st.sampled_from([0.0, 0.5, 2.0])),
        min_step_atr=draw(st.floats(0.01, 1.0)),
        partial_target_fraction=draw(st.floats(0.1, 1.0)),
        partial_volume_fraction=draw(st.sampled_from([0.0, 0.3, 0.5, 0.99])),
        max_holding_s=draw(st.sampled_from([0.0, 0.0, 3600.0])),
    )
    symbol = symbol_rules(EURUSD)._replace(
        stops_level=draw(st.sampled_from([0, 20, 200])) * point, volume_min=draw(st.sampled_from([0.01, 0.1]))
    )
    return CareScene(view, rules, symbol)


@st.composite
def strange_care_scenes(draw: st.DrawFn) -> CareScene:
    """A position of which up to two figures are unknown, infinite or senseless."""
    fields = st.sampled_from([field for field in PositionView._fields if field != "side"])
    return draw(care_scenes()).changed(**draw(st.dictionaries(fields, STRANGE, max_size=2)))
