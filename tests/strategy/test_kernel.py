"""The walk over ticks: it may skip ticks, but never one at which something is decided."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from strategy.gates import GATE_SEATS, Action, DecisionKind, Gate, Verdict
from strategy.kernel import Progress, alarm_of, first_unusable, usable_ticks, walk
from strategy.params import CareSettings, EngineSettings, GuardSettings
from strategy.position_tables import care_rules_of, position_view
from strategy.positions import decide_position
from strategy.symbol_rows import lay_out_rules
from strategy.tables import (
    ACCOUNT_DTYPE,
    CHART_DTYPE,
    DECISION_DTYPE,
    EVIDENCE_DTYPE,
    GUARD_DTYPE,
    MAX_FEATURES,
    MAX_SETUPS,
    NEWS_DTYPE,
    POSITION_DTYPE,
    RULES_DTYPE,
    SYMBOL_DTYPE,
    Table,
)
from strategy.views import Batch, Closes, World, equity_of, notional_of, rules_of, session_left_s

POINT = 1e-5
START_MSC = 1_700_000_000_000
BEGIN = Progress(0, 0, 0, False)


def a_world(care: CareSettings | None = None) -> World:
    world = World(
        np.zeros(1, ACCOUNT_DTYPE),
        np.zeros(2, SYMBOL_DTYPE),
        np.zeros(8, POSITION_DTYPE),
        np.zeros(1, CHART_DTYPE),
        np.zeros(MAX_SETUPS, EVIDENCE_DTYPE),
        np.zeros(0, NEWS_DTYPE),
        np.zeros(0, np.int64),
        np.zeros(1, RULES_DTYPE),
        np.zeros(1, GUARD_DTYPE),
    )
    world.guard["rules"] = GuardSettings().rules()
    world.guard["broker_day"] = START_MSC // 86_400_000
    world.guard["day_start_equity"] = 10_000.0
    world.account["peak_equity"] = 10_000.0
    world.symbols["quote_asset"] = 1
    world.evidence["kelly_fraction"] = np.inf
    world.account["leverage"] = 2000.0
    world.account["balance"] = 10_000.0
    world.account["money_digits"] = 2
    world.account["trading_allowed"] = 1
    facts = {
        "digits": 5,
        "point": POINT,
        "tick_size": POINT,
        "volume_min": 0.01,
        "volume_max": 100.0,
        "volume_step": 0.01,
        "contract_size": 100_000.0,
        "tick_value": 1.0,
        "margin_conversion": 3,
        "margin_rate_buy": 1.0,
        "margin_rate_sell": 1.0,
        "leverage": 2000.0,
        "money_digits": 2,
        "may_open": 3,
    }
    for field, value in facts.items():
        world.symbols[field] = value
    lay_out_rules(world.rules, 0, EngineSettings(care=care or CareSettings()))
    world.charts[0]["atr"] = 0.001
    return world


def some_ticks(bids: list[float] | np.ndarray, spread_points: int = 10, step_msc: int = 500) -> Table:
    ticks = np.zeros(len(bids), TICK_DTYPE)
    ticks["bid"] = bids
    ticks["ask"] = ticks["bid"] + spread_points * POINT
    ticks["time_msc"] = START_MSC + np.arange(len(bids)) * step_msc
    return ticks


def closes_at(ticks: list[int], scores: list[float], atr: float = 0.001) -> Closes:
    count = len(ticks)
    features = np.full((count, MAX_FEATURES), np.nan)
    features[:, 0] = 1.0
    return Closes(
        np.array(ticks, np.int64),
        np.zeros(count, np.int64),
        np.zeros(count, RATES_DTYPE),
        np.array(scores, np.float64),
        features,
        np.full((count, 2), atr),
    )


NO_CLOSES = closes_at([], [])


def put_position(world: World, row: int = 0, **fields: float) -> None:
    facts: dict[str, float] = {
        "symbol": 0,
        "chart": 0,
        "ticket": 5 + row,
        "side": 1,
        "volume": 0.1,
        "initial_lots": 0.1,
        "price_open": 1.1,
        "sl": 1.0985,
        "tp": 1.1035,
        "initial_risk": 0.0015,
        "opened_ns": START_MSC * 1_000_000,
    }
    for field, value in (facts | fields).items():
        world.positions[row][field] = value
    world.account["positions"] = max(int(world.account["positions"][0]), row + 1)


class Found(NamedTuple):
    tick: int
    action: int
    lots: float
    sl: float


def first_care_naively(world: World, ticks: Table) -> Found | None:
    """Every tick, every position, through the public decision alone."""
    gates = np.zeros((GATE_SEATS, 3))
    for index, tick in enumerate(ticks):
        for row in range(int(world.account["positions"][0])):
            world.symbols[0]["bid"], world.symbols[0]["ask"] = tick["bid"], tick["ask"]
            view = position_view(world, 0, row, int(tick["time_msc"]) * 1_000_000, 0)
            decision = decide_position(view, care_rules_of(world.rules, 0), rules_of(world.symbols, 0), gates)
            if decision.action != Action.HOLD:
                return Found(index, decision.action, decision.lots, decision.sl)
    return None


steps = st.lists(st.integers(-40, 40), min_size=1, max_size=300)


@given(
    moves=steps,
    side=st.sampled_from([1, -1]),
    stop_points=st.sampled_from([0, 50, 150, 400]),
    target_points=st.sampled_from([0, 100, 350, 1000]),
    initial_lots=st.sampled_from([0.1, 0.2]),
    care=st.builds(
        CareSettings,
        break_even_r=st.sampled_from([0.0, 0.5, 1.0]),
        trailing_in_profit=st.booleans(),
        trailing_start_r=st.sampled_from([0.0, 0.5, 1.5]),
        trailing_atr=st.sampled_from([0.0, 0.3, 2.0]),
        min_step_atr=st.sampled_from([0.01, 0.1]),
        partial_legs=st.sampled_from([(), ((0.5, 0.5),), ((0.3, 0.2), (0.6, 0.5))]),
        max_holding_s=st.sampled_from([0.0, 20.0]),
    ),
    stops_level=st.sampled_from([0.0, 0.0002]),
)
@settings(max_examples=300)
def test_skipping_finds_the_tick_that_looking_at_every_tick_finds(
    moves: list[int],
    side: int,
    stop_points: int,
    target_points: int,
    initial_lots: float,
    care: CareSettings,
    stops_level: float,
) -> None:
    world = a_world(care)
    world.symbols["stops_level"] = stops_level
    sl = round(1.1 - side * stop_points * POINT, 5) if stop_points else 0.0
    tp = round(1.1 + side * target_points * POINT, 5) if target_points else 0.0
    risk = stop_points * POINT if stop_points else float("nan")
    put_position(world, side=side, sl=sl, tp=tp, initial_lots=initial_lots, initial_risk=risk)
    ticks = some_ticks(np.round(1.1 + np.cumsum(moves) * POINT, 5))
    expected = first_care_naively(world, ticks)

    records = np.zeros(64, DECISION_DTYPE)
    done = walk(world, Batch(ticks, 0, 0), NO_CLOSES, BEGIN, len(ticks), records)

    if expected is None:
        assert (done.tick, done.acted, done.written) == (len(ticks), False, 0)
    else:
        record = records[0]
        found = Found(done.tick - 1, int(record["action"]), float(record["lots"]), float(record["sl"]))
        assert (done.acted, found) == (True, expected)
        assert record["kind"] == DecisionKind.POSITION


def test_every_closed_bar_leaves_a_record_with_all_gates() -> None:
    world = a_world()
    ticks = some_ticks(np.full(100, 1.1))
    records = np.zeros(64, DECISION_DTYPE)
    done = walk(world, Batch(ticks, 0, 7200), closes_at([10, 50, 90], [0.1, -0.2, float("nan")]), BEGIN, 100, records)
    assert (done.tick, done.close, done.written, done.acted) == (100, 3, 3, False)
    assert records["time_ns"][:3].tolist() == [(START_MSC + i * 500 - 7_200_000) * 1_000_000 for i in (10, 50, 90)]
    for record in records[:3]:
        assert record["kind"] == DecisionKind.ENTRY
        absent = [gate for gate in Gate if record["gates"][gate, 2] == Verdict.ABSENT]
        assert absent == [Gate.NEWS, Gate.SENTIMENT]
    assert records["gates"][2, Gate.CONFLUENCE, 2] == Verdict.UNKNOWN


def test_an_entry_stops_the_walk_and_reserves_its_room() -> None:
    world = a_world()
    ticks = some_ticks(np.full(100, 1.1))
    records = np.zeros(64, DECISION_DTYPE)
    batch, closes = Batch(ticks, 0, 0), closes_at([10, 20], [0.95, 0.95])
    world.charts["bars_needed"] = 0
    done = walk(world, batch, closes, BEGIN, 100, records)
    assert (done.tick, done.acted, records[0]["action"]) == (11, True, Action.BUY)
    assert world.symbols["in_flight"][0] == 1
    assert world.account["reserved_notional"][0] == pytest.approx(records[0]["lots"] * 110_010)

    done = walk(world, batch, closes, done, 100, records)
    assert (done.tick, done.acted, records[1]["action"]) == (100, False, Action.HOLD)
    refused = [Gate(seat) for seat in range(len(Gate)) if records[1]["gates"][seat, 2] == Verdict.REFUSED]
    assert refused == [Gate.DUPLICATE, Gate.SYMBOL_POSITIONS]


def test_a_full_record_buffer_interrupts_and_loses_nothing() -> None:
    world = a_world()
    ticks = some_ticks(np.full(1000, 1.1))
    closes = closes_at(list(range(0, 1000, 10)), [0.1] * 100)
    records = np.zeros(9 + 8, DECISION_DTYPE)  # room for 9 positions and charts, and a few decisions
    progress, seen = BEGIN, []
    while progress.tick < 1000:
        progress = walk(world, Batch(ticks, 0, 0), closes, progress._replace(written=0), 1000, records)
        seen += records["time_ns"][: progress.written].tolist()
    assert len(seen) == 100
    assert seen == sorted(seen)


def test_a_foreign_position_is_valued_and_counted_but_never_touched() -> None:
    world = a_world()
    put_position(world, chart=-1)
    ticks = some_ticks(np.linspace(1.1, 1.2, 50))
    records = np.zeros(64, DECISION_DTYPE)
    done = walk(world, Batch(ticks, 0, 0), NO_CLOSES, BEGIN, 50, records)
    assert (done.written, done.acted) == (0, False)
    assert equity_of(world) == pytest.approx(10_000 + 1000.0)
    assert notional_of(world) == pytest.approx(0.1 * 1.2 * 100_000)


def test_a_position_in_flight_is_left_alone() -> None:
    world = a_world()
    put_position(world, in_flight=1)
    ticks = some_ticks(np.linspace(1.1, 1.2, 50))
    done = walk(world, Batch(ticks, 0, 0), NO_CLOSES, BEGIN, 50, np.zeros(64, DECISION_DTYPE))
    assert not done.acted


@pytest.mark.parametrize(
    ("second", "left"),
    [(0, 0.0), (3599, 0.0), (3600, 3600.0), (7199, 1.0), (7200, 0.0), (604_799, 0.0)],
)
def test_session_left(second: int, left: float) -> None:
    world = a_world()
    world.symbols["session_count"] = 1
    world.symbols[0]["sessions"][0] = (3600, 7200)
    sunday = 3 * 86_400  # 1970-01-04
    assert session_left_s(world.symbols, 0, sunday + second) == left


def test_usable_ticks_drops_what_is_late_or_no_price() -> None:
    ticks = some_ticks([1.1, 1.1, float("nan"), 0.0, 1.1, float("inf"), 1.1])
    ticks["time_msc"][4] -= 10_000
    usable = np.empty(7, np.bool_)
    assert usable_ticks(ticks, START_MSC, usable) == 3
    assert usable.tolist() == [True, True, False, False, False, False, True]
    assert usable_ticks(ticks[:1], START_MSC + 1, usable) == 0


@pytest.mark.parametrize(
    ("broken", "first"),
    [({}, 4), ({0: -1.0}, 0), ({2: float("nan")}, 2), ({3: float("inf")}, 3), ({1: 0.0, 3: 0.0}, 1)],
)
def test_first_unusable(broken: dict[int, float], first: int) -> None:
    ticks = some_ticks([1.1] * 4)
    for index, bid in broken.items():
        ticks["bid"][index] = bid
    assert first_unusable(ticks, START_MSC) == first
    assert first_unusable(ticks, START_MSC + 1) == 0
    assert first_unusable(ticks[:0], START_MSC) == 0


def test_without_a_position_that_may_be_touched_no_quote_gives_an_alarm() -> None:
    world = a_world()
    nothing = (float("inf"), float("-inf"), float("inf"))
    assert alarm_of(world, 0, 0, START_MSC) == nothing
    put_position(world, chart=-1)
    assert alarm_of(world, 0, 0, START_MSC) == nothing
    put_position(world, in_flight=1)
    assert alarm_of(world, 0, 0, START_MSC) == nothing
    put_position(world, in_flight=0)
    assert alarm_of(world, 1, 0, START_MSC) == nothing
    assert 1.1 < alarm_of(world, 0, 0, START_MSC).bid < 1.1035
