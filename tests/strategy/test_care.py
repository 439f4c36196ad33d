"""What an intent tells a terminal that may hear nothing more: the rules of position care as distances."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.intents import NO_CARE, Intent, IntentKind
from strategy.care import CareDistances, care_after, care_distances, least_gain
from strategy.events import Quotes
from strategy.gates import Action, DecisionKind
from strategy.params import CareSettings
from strategy.stops import break_even_offset
from strategy.tables import DECISION_DTYPE, POSITION_SEEN, SYMBOL_DTYPE, Table
from tests.domain.interpreted import bits, interpreted
from tests.strategy.test_engine import EAGER, MakeEngine, issue

RULES = CareSettings(trailing_in_profit=False).rules()
STOPS = RULES.stops
BUFFER = 0.0001  # the buffer of 10 points
OFF = CareDistances(0.0, 0.0, 0.0, 0.0, 0.0)
PLAIN = interpreted("strategy.care")
PRICES = st.floats(1e-7, 1e6)
STRANGE = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-300, 1e300])


SYMBOLS = np.zeros(1, SYMBOL_DTYPE)
SYMBOLS["point"], SYMBOLS["contract_size"] = 1e-5, 100_000.0


def decision(**values: float) -> Table:
    """A record of a decision on a buy at 1.1 with its stop 150 points below and an ATR of 100 points."""
    record = np.zeros(1, DECISION_DTYPE)
    chosen = {"kind": DecisionKind.ENTRY, "action": Action.BUY, "price": 1.1, "sl": 1.0985, "atr": 0.001, "lots": 1.0}
    chosen |= values
    for name, value in chosen.items():
        record[name] = value
    record["position"][0, POSITION_SEEN.index("initial_risk")] = 0.003
    return record


def test_distances_by_hand() -> None:
    # 1 R of 150 points, 10 points beyond; from 1.5 R on 2 ATR of 100 points behind, in steps of 0.1 ATR
    found = care_distances(0.0015, 0.001, BUFFER, STOPS, 1e-5)
    assert found == pytest.approx((0.0015, 0.0001, 0.00225, 0.002, 0.0001), rel=1e-12)


def test_an_entry_takes_the_risk_of_its_decided_price() -> None:
    found = care_after(decision(), RULES, SYMBOLS)
    assert found == pytest.approx((0.0015, 0.0001, 0.00225, 0.002, 0.0001), rel=1e-9)
    sell = care_after(decision(action=Action.SELL, sl=1.1015), RULES, SYMBOLS)
    assert sell == pytest.approx(found, rel=1e-9)


def test_costs_push_break_even_further_out() -> None:
    dear = SYMBOLS.copy()
    dear["commission_per_lot"] = 7.0
    assert care_after(decision(), RULES, dear).break_even_offset == pytest.approx(0.00017)
    moved = decision(kind=DecisionKind.POSITION, action=Action.MODIFY)
    moved["position"][0, POSITION_SEEN.index("cost")] = 0.00012  # commission and a night's swap
    assert care_after(moved, RULES, dear).break_even_offset == pytest.approx(0.00022)


@pytest.mark.parametrize(
    ("changes", "distance"),
    [
        ({"trailing_points": 150.0}, 0.0015),
        ({"chandelier_atr": 1.8}, 0.0018),
        ({"stepped_r": 0.5}, 0.0015),  # two rungs of half an R
        ({"stepped_r": 1.0}, 0.002),
        ({"trailing_atr": 0.0, "stepped_r": 1.0}, 0.003),
        ({"trailing_atr": 0.0}, 0.0),
    ],
)
def test_of_several_kinds_the_nearest_trails(changes: dict[str, float], distance: float) -> None:
    found = care_distances(0.0015, 0.001, BUFFER, STOPS._replace(**changes), 1e-5)
    assert found.trailing_distance == pytest.approx(distance)


def test_a_trailing_stop_that_must_pay_the_costs_begins_later() -> None:
    found = care_distances(0.0015, 0.001, BUFFER, STOPS._replace(trailing_in_profit=1.0, trailing_atr=2.5), 1e-5)
    assert found.trailing_gain == pytest.approx(0.0026)


def test_a_moved_stop_keeps_the_risk_of_the_entry() -> None:
    moved = decision(kind=DecisionKind.POSITION, action=Action.MODIFY, sl=1.1001)
    assert care_after(moved, RULES, SYMBOLS) == pytest.approx((0.003, 0.0001, 0.0045, 0.002, 0.0001), rel=1e-12)


@pytest.mark.parametrize("action", [Action.HOLD, Action.CLOSE, Action.PARTIAL_CLOSE])
def test_what_opens_and_moves_nothing_says_nothing(action: Action) -> None:
    assert care_after(decision(kind=DecisionKind.POSITION, action=action), RULES, SYMBOLS) == OFF


@pytest.mark.parametrize(
    ("risk", "atr", "changes", "off"),
    [
        (math.nan, 0.001, {}, (0, 1, 2, 3, 4)),
        (0.0, 0.001, {}, (0, 1, 2, 3, 4)),
        (0.0015, math.nan, {}, (2, 3, 4)),
        (0.0015, 0.0, {}, (2, 3, 4)),
        (0.0015, math.inf, {}, (2, 3, 4)),
        (0.0015, 0.001, {"break_even_r": 0.0}, (0, 1)),
        (0.0015, 0.001, {"break_even_buffer_points": 1e300}, (0, 1)),
        (0.0015, 0.001, {"trailing_atr": 0.0}, (2, 3)),
        (0.0015, 0.001, {"trailing_start_r": 0.0}, (2,)),
    ],
)
def test_what_is_unknown_or_switched_off_is_zero(
    risk: float, atr: float, changes: dict[str, float], off: tuple[int, ...]
) -> None:
    rules = STOPS._replace(**changes)
    found = care_distances(risk, atr, break_even_offset(0.0, rules, 1e-5), rules, 1e-5)
    assert tuple(place for place, distance in enumerate(found) if distance == 0.0) == off


@given(r_multiple=st.floats(0.0, 50.0), risk=PRICES)
def test_the_least_gain_is_the_first_that_counts_as_so_many_r(r_multiple: float, risk: float) -> None:
    gain = least_gain(r_multiple, risk)
    assert gain / risk >= r_multiple
    assert gain == 0.0 or np.nextafter(gain, 0.0) / risk < r_multiple


@given(
    risk=PRICES | STRANGE,
    atr=PRICES | STRANGE,
    point=st.sampled_from([1e-5, 0.01, 1.0]),
    buffer=st.floats(0.0, 1e6),
    start=st.floats(0.0, 50.0),
)
def test_distances_can_always_be_sent_and_are_the_interpreted_ones(
    risk: float, atr: float, point: float, buffer: float, start: float
) -> None:
    rules = STOPS._replace(break_even_buffer_points=buffer, trailing_start_r=start)
    offset = break_even_offset(0.0, rules, point)
    found = care_distances(risk, atr, offset, rules, point)
    assert all(0.0 <= distance <= 1e12 for distance in found)
    assert bits(found) == bits(PLAIN.care_distances(risk, atr, offset, rules, point))


def test_every_intent_of_an_engine_carries_them(make_engine: MakeEngine, ticks: Table) -> None:
    engine, made = make_engine(EAGER), list[Intent]()
    for part in np.split(ticks, 20):
        intents = engine.on_event(Quotes("EURUSD", part, 0))
        issue(engine, intents)
        made += intents
    opened = [intent for intent in made if intent.kind == IntentKind.OPEN]
    assert opened
    records = engine.take_decisions()
    acting = {int(row["intent_id"]): row for row in records if row["action"]}
    for intent in opened:
        row, care = acting[intent.intent_id], intent.care
        risk, atr = abs(intent.price - intent.sl), float(row["atr"])
        rules = EAGER.care
        assert care.break_even_gain == pytest.approx(rules.break_even_r * risk)
        assert care.break_even_offset == pytest.approx(10e-5)
        in_profit = care.trailing_distance + 10e-5
        assert care.trailing_gain == pytest.approx(max(rules.trailing_start_r * risk, in_profit))
        assert (care.trailing_distance, care.trailing_step) == (rules.trailing_atr * atr, rules.min_step_atr * atr)


def test_no_care_is_off() -> None:
    assert NO_CARE.is_off
