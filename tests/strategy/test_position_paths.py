"""An open position along random paths, with a terminal that does what is asked: no rule ever breaks its promise.

The walk of the kernel passes over ticks; beside it every tick is looked at through the public decision alone.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from domain.timeframes import DAY_S
from newsfilter.board import FOREVER_NS
from strategy.gates import GATE_SEATS, Action, Care, DecisionKind
from strategy.kernel import walk
from strategy.params import CareSettings
from strategy.position_tables import care_rules_of, note_bar, position_view, recorded_view
from strategy.positions import decide_position
from strategy.stops import is_as_filled, risk_allowed, risk_taken
from strategy.tables import DECISION_DTYPE, NEWS_DTYPE, Table
from strategy.views import Batch, World, rules_of
from tests.strategy.test_kernel import BEGIN, NO_CLOSES, POINT, START_MSC, a_world, closes_at, put_position, some_ticks

TUESDAY_23_30 = 3 * DAY_S - 1800
LEAST = 0.01
NOISE = 1e-9


class Step(NamedTuple):
    """One decision that acted: at which tick, and what was asked for."""

    tick: int
    action: int
    rule: int
    lots: float
    sl: float


class Path(NamedTuple):
    """A position, the rules it lives by, and the way the market goes."""

    world: World
    ticks: Table


def _levels(side: int, stop_points: int, target_points: int) -> tuple[float, float]:
    tp = round(1.1 + side * target_points * POINT, 5) if target_points else 0.0
    return round(1.1 - side * stop_points * POINT, 5), tp


care_settings = st.builds(
    CareSettings,
    break_even_r=st.sampled_from([0.0, 0.5, 1.0]),
    trailing_start_r=st.sampled_from([0.0, 0.5, 1.5]),
    trailing_in_profit=st.booleans(),
    trailing_atr=st.sampled_from([0.0, 0.3, 2.0]),
    chandelier_atr=st.sampled_from([0.0, 0.4, 2.0]),
    trailing_points=st.sampled_from([0.0, 60.0]),
    stepped_r=st.sampled_from([0.0, 0.25, 1.0]),
    min_step_atr=st.sampled_from([0.01, 0.1]),
    partial_legs=st.sampled_from([(), ((0.5, 0.5),), ((0.3, 0.2), (0.6, 0.5)), ((0.1, 0.1), (0.2, 0.1), (0.9, 0.7))]),
    fill_tolerance=st.sampled_from([0.0, 0.1]),
    fill_min_stop_atr=st.sampled_from([0.0, 0.5, 5.0]),
    fill_close_ratio=st.sampled_from([0.0, 2.0]),
    max_holding_s=st.sampled_from([0.0, 0.0, 3600.0]),
    weekend_close_s=st.sampled_from([0.0, 1800.0]),
    weekend_stop_atr=st.sampled_from([0.0, 0.3]),
    rollover_close_s=st.sampled_from([0.0, 0.0, 300.0]),
    triple_swap_close_s=st.sampled_from([0.0, 600.0]),
    news_close_s=st.sampled_from([0.0, 20.0, 20.0, 900.0]),
    news_stop_atr=st.sampled_from([0.0, 0.3]),
    news_max_leverage=st.sampled_from([0.0, 0.0, 1.0, 3.0]),
)


@st.composite
def with_news(draw: st.DrawFn, world: World) -> World:
    """The world with a calendar: windows that the path meets or not, events inside of them, both of one symbol."""
    begins = draw(st.lists(st.integers(-60, 60) | st.integers(-60, 4000), min_size=1, max_size=3, unique=True))
    lengths = st.integers(1, 40) | st.integers(1, 1200)
    rows: list[tuple[int, int]] = []
    for begin in sorted(begins):
        start = (START_MSC // 1000 + begin) * 10**9
        rows.append((max(start, rows[-1][1] + 1) if rows else start, 0))
        rows[-1] = rows[-1][0], rows[-1][0] + draw(lengths) * 10**9
    moments = [start + draw(st.integers(0, end - start - 1)) for start, end in rows]
    world.account["news_until_ns"] = draw(st.sampled_from([0, FOREVER_NS, FOREVER_NS, (START_MSC + 60_000) * 10**6]))
    world.symbols["news_count"][0], world.symbols["moments_count"][0] = len(rows), len(moments)
    return world._replace(news=np.array(rows, NEWS_DTYPE), moments=np.array(moments, np.int64))


@st.composite
def paths(draw: st.DrawFn) -> Path:
    """A position at 1.10000, filled up to three times the stop distance away from where it was decided."""
    world = a_world(draw(care_settings))
    symbol = world.symbols
    symbol["stops_level"] = draw(st.sampled_from([0.0, 0.0, 20 * POINT]))
    symbol["freeze_points"] = draw(st.sampled_from([0.0, 0.0, 15.0]))
    symbol["commission_per_lot"] = draw(st.sampled_from([0.0, 7.0]))
    symbol["week_end_s"] = draw(st.sampled_from([-1, TUESDAY_23_30]))
    symbol["triple_swap_day"], symbol["swap_buy"] = draw(st.sampled_from([2, 3])), -5.0
    side = draw(st.sampled_from([1, -1]))
    stop_points = draw(st.sampled_from([50, 150, 400]))
    slipped = draw(st.sampled_from([0, 0, -10, 3, 20, 2 * stop_points // 3, stop_points - 5]))
    sl, tp = _levels(side, stop_points, draw(st.sampled_from([0, 100, 350, 1000])))
    lots = draw(st.integers(1, 60)) / 100
    decided = draw(st.sampled_from([1.0, 1.0, 2.0]))  # twice as much was ordered as was filled
    put_position(
        world,
        side=side,
        sl=draw(st.sampled_from([sl, sl, sl, 0.0])),
        tp=tp,
        volume=lots,
        initial_lots=lots,
        initial_risk=stop_points * POINT,
        swap=draw(st.sampled_from([0.0, -1.3])),
        planned_lots=lots * decided,
        planned_price=round(1.1 - side * slipped * POINT, 5),
        planned_sl=sl,
        best_price=1.1,
    )
    world = draw(with_news(world))
    world.account["peak_equity"] = draw(st.sampled_from([10_000.0, 10_100.0]))  # at the peak every tick is looked at
    moves = draw(st.lists(st.integers(-40, 40), min_size=1, max_size=150))
    prices = np.round(1.1 + side * np.cumsum(moves) * POINT, 5)
    return Path(world, some_ticks(prices, draw(st.integers(0, 20)), draw(st.sampled_from([500, 60_000]))))


def _fresh(world: World) -> World:
    copies: Any = (table.copy() for table in world)
    return World(*copies)


def _carry_out(world: World, action: int, lots: float, sl: float) -> bool:
    """What the terminal makes of a request; whether the position still stands."""
    position = world.positions[0]
    position["in_flight"] = 0
    if action == Action.MODIFY:
        position["sl"] = sl
    else:
        position["volume"] = round(float(position["volume"]) - lots, 8)
    return bool(position["volume"] > 0.0)


def _is_stopped(world: World, tick: np.void) -> bool:
    """Whether the server closes the position at its stop or its target."""
    position = world.positions[0]
    side = int(position["side"])
    price = float(tick["bid"] if side > 0 else tick["ask"])
    beyond_stop = position["sl"] > 0.0 and (price - position["sl"]) * side <= 0.0
    return bool(beyond_stop or (position["tp"] > 0.0 and (position["tp"] - price) * side <= 0.0))


def _lived(path: Path) -> int:
    """Ticks until the server itself would close the position as it was opened."""
    for index, tick in enumerate(path.ticks):
        if _is_stopped(path.world, tick):
            return index
    return len(path.ticks)


def _by_looking_at_every_tick(path: Path) -> list[Step]:
    world, steps = _fresh(path.world), list[Step]()
    gates = np.zeros((GATE_SEATS, 3))
    for index, tick in enumerate(path.ticks):
        if _is_stopped(world, tick):
            break
        world.symbols[0]["bid"], world.symbols[0]["ask"] = tick["bid"], tick["ask"]
        view = position_view(world, 0, 0, int(tick["time_msc"]) * 1_000_000, 0)
        decision = decide_position(view, care_rules_of(world.rules, 0), rules_of(world.symbols, 0), gates)
        if decision.action != Action.HOLD:
            steps.append(Step(index, decision.action, decision.rule, decision.lots, decision.sl))
            if not _carry_out(world, decision.action, decision.lots, decision.sl):
                break
    return steps


def _by_walking(path: Path) -> list[tuple[Step, Table]]:
    world, steps = _fresh(path.world), list[tuple[Step, Table]]()
    progress, end = BEGIN, len(path.ticks)
    while progress.tick < end:
        records = np.zeros(16, DECISION_DTYPE)
        stop = next((at for at in range(progress.tick, end) if _is_stopped(world, path.ticks[at])), end)
        progress = walk(world, Batch(path.ticks, 0, 0), NO_CLOSES, progress._replace(written=0), stop, records)
        if not progress.acted:
            break
        row = records[:1].copy()
        assert row["kind"][0] == DecisionKind.POSITION
        named = (row["action"], row["decided_by"], row["lots"], row["sl"])
        steps.append((Step(progress.tick - 1, *(column[0].item() for column in named)), row))
        if not _carry_out(world, int(row["action"][0]), float(row["lots"][0]), float(row["sl"][0])):
            break
    return steps


@given(path=paths())
@settings(max_examples=150)
def test_passing_over_ticks_is_looking_at_each(path: Path) -> None:
    naive = _by_looking_at_every_tick(path)
    walked = _by_walking(path)
    for step in naive:
        event(f"{Action(step.action).name} by {Care(step.rule).name}")
    assert [step for step, _ in walked] == naive


@given(path=paths())
@settings(max_examples=100)
def test_the_promises_hold_at_every_step(path: Path) -> None:
    symbol = rules_of(path.world.symbols, 0)
    rules = care_rules_of(path.world.rules, 0)
    for step, record in _by_walking(path):
        view = recorded_view(record)
        close_price = view.bid if view.side > 0 else view.ask
        levels = [level for level in (view.sl, view.tp) if level > 0.0]
        assert all(round(abs(close_price - level) / POINT) > symbol.freeze_points for level in levels)
        if step.action == Action.MODIFY:
            assert view.sl == 0.0 or (step.sl - view.sl) * view.side > 0.0
            assert (close_price - step.sl) * view.side >= symbol.stops_level + POINT - NOISE
            assert view.tp == 0.0 or (view.tp - close_price) * view.side >= symbol.stops_level - NOISE
            if view.sl != 0.0 and step.rule != Care.RISK_AFTER_FILL:
                assert (step.sl - view.sl) * view.side >= rules.stops.min_step_atr * view.atr - NOISE
        elif step.action == Action.PARTIAL_CLOSE:
            assert step.lots >= LEAST
            assert view.volume - step.lots >= LEAST - NOISE
            assert step.lots == round(step.lots, 2)
        else:
            assert step.lots == view.volume


@given(path=paths())
@settings(max_examples=100)
def test_after_the_first_look_the_fill_risks_what_was_allowed(path: Path) -> None:
    """But for the tolerance, a volume step, and where MT5 allows neither a nearer stop nor less than there is."""
    world = _fresh(path.world)
    world.symbols["freeze_points"] = 0.0
    rules = care_rules_of(world.rules, 0)
    tick = path.ticks[0]
    if _lived(path) == 0:
        return
    world.symbols[0]["bid"], world.symbols[0]["ask"] = tick["bid"], tick["ask"]
    view = position_view(world, 0, 0, int(tick["time_msc"]) * 1_000_000, 0)
    gates = np.zeros((GATE_SEATS, 3))
    decision = decide_position(view, rules, rules_of(world.symbols, 0), gates)
    stands = _carry_out(world, decision.action, decision.lots, decision.sl) if decision.action else True
    after = position_view(world, 0, 0, int(tick["time_msc"]) * 1_000_000, 0)
    allowed = risk_allowed(view)
    assert gates[Care.RISK_AFTER_FILL, 1] == allowed * (1.0 + rules.fill.fill_tolerance)
    if not stands or after.sl == 0.0:
        return
    event(Care(decision.rule).name if decision.rule >= 0 else "left alone")
    per_lot = risk_taken(after) / after.volume
    limit = allowed * (1.0 + rules.fill.fill_tolerance)
    assert risk_taken(after) <= max(limit, 2.0 * LEAST * per_lot) + LEAST * per_lot + NOISE
    if decision.rule == Care.RISK_AFTER_FILL:
        # it acts once
        assert math.isclose(after.sl, view.fill.planned_sl) is False or not is_as_filled(after) or view.sl == 0.0
        again = decide_position(after, rules, rules_of(world.symbols, 0), gates)
        assert again.rule != Care.RISK_AFTER_FILL


@pytest.mark.parametrize(("side", "best"), [(1, 1.1040), (-1, 1.09691)])
def test_a_chandelier_hangs_from_the_bars_since_entry(side: int, best: float) -> None:
    world = a_world()
    world.charts["period_s"] = 900
    put_position(world, side=side, best_price=1.1)
    opened_s = START_MSC // 1000
    bars = closes_at([0, 1, 2, 3], [0.0] * 4).bars
    bars["time"] = [opened_s - 1800, opened_s - 900, opened_s - 60, opened_s + 840]
    bars["high"], bars["low"] = [1.2, 1.2, 1.1030, 1.1040], [1.0, 1.0, 1.0969, 1.0975]
    bars["spread"] = 1
    for bar in range(4):
        note_bar(world, 0, bars[bar : bar + 1], 0)
    assert world.positions["best_price"][0] == pytest.approx(best, abs=1e-9)
