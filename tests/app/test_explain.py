"""A decision in plain words: each gate has its own, for each verdict, and they say what the numbers say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.explain import (
    as_json,
    duration,
    features_of,
    gate_lines,
    headline,
    number_or_none,
    refusal,
    size_words,
    timeframe_name,
)
from domain.timeframes import Timeframe
from risk.sizing import Bound
from signals import confluence
from strategy.gates import NO_GATE, Action, Care, DecisionKind, Gate, Verdict, gate_name
from strategy.tables import DECISION_DTYPE


def a_record(kind: DecisionKind = DecisionKind.ENTRY, **fields: float) -> np.void:
    record: np.void = np.zeros(1, DECISION_DTYPE)[0]
    record["kind"] = kind
    record["side"] = 1
    record["timeframe"] = Timeframe.M15
    record["decided_by"] = NO_GATE
    record["gates"][:, :2] = np.nan
    for name, value in fields.items():
        record[name] = value
    return record


def with_gate(record: np.void, seat: int, value: float, threshold: float, verdict: Verdict) -> np.void:
    record["gates"][seat] = (value, threshold, float(verdict))
    return record


def words_of(
    seat: int, value: float, threshold: float, verdict: Verdict, kind: DecisionKind = DecisionKind.ENTRY
) -> str:
    lines = gate_lines(with_gate(a_record(kind), seat, value, threshold, verdict))
    return next(line.words for line in lines if line.name == gate_name(kind, seat))


@pytest.mark.parametrize(
    ("seat", "value", "threshold", "verdict", "words"),
    [
        (Gate.SPREAD, 14.0, 11.2, Verdict.REFUSED, "14.0 points > limit 11.2"),
        (Gate.SPREAD, 8.0, 11.2, Verdict.PASSED, "8.0 points ≤ limit 11.2"),
        (Gate.WARM_UP, 12, 138, Verdict.REFUSED, "12 bars seen < 138 needed"),
        (Gate.CONFLUENCE, 0.5, 0.6, Verdict.REFUSED, "strength 0.50 < threshold 0.60"),
        (Gate.REWARD_TO_RISK, 2.33, 2.0, Verdict.PASSED, "2.33 : 1 after costs ≥ least 2.00 : 1"),
        (Gate.VOLATILITY, 3.2, 3.0, Verdict.REFUSED, "ATR 3.20 times its average > limit 3.00 times"),
        (
            Gate.KELLY,
            0.02,
            0.0001,
            Verdict.PASSED,
            "half-Kelly risks 2.000% of equity ≥ the smallest volume risks 0.010%",
        ),
        (
            Gate.KELLY,
            -1.0,
            0.0001,
            Verdict.REFUSED,
            "no edge in the recent round trips < the smallest volume risks 0.010%",
        ),
        (Gate.KELLY, math.inf, 0.0001, Verdict.PASSED, "not limited by Kelly ≥ the smallest volume risks 0.010%"),
        (Gate.DUPLICATE, 90, 300, Verdict.REFUSED, "same signal 90 s ago < 5 min"),
        (Gate.DUPLICATE, math.inf, 300, Verdict.PASSED, "no such signal before"),
        (Gate.SESSION, 0, 300, Verdict.REFUSED, "outside the symbol's trade sessions"),
        (Gate.SESSION, 240, 300, Verdict.REFUSED, "open for another 4 min ≤ the last 5 min, without entries"),
        (Gate.SYMBOL_POSITIONS, 2, 1, Verdict.REFUSED, "2 with this entry > limit 1"),
        (Gate.MAX_SYMBOLS, 5, 4, Verdict.REFUSED, "symbols in use with this entry: 5 > limit 4"),
        (Gate.RISK_LOTS, 0.004, 0.01, Verdict.REFUSED, "0.0040 lots by risk < smallest volume 0.01"),
        (Gate.LEVERAGE, 120.0, 100.0, Verdict.REFUSED, "120.00 : 1 with this entry > limit 100 : 1"),
        (Gate.FREE_MARGIN, 900.0, 450.5, Verdict.REFUSED, "margin of 900.00 > 450.50 may be used"),
        (Gate.VOLUME_LIMIT, 0.0, 0.01, Verdict.REFUSED, "room for 0 lots on this side < smallest volume 0.01"),
        (Gate.TRADING_ALLOWED, 1, 1, Verdict.PASSED, "allowed"),
        (Gate.NEWS, math.nan, math.nan, Verdict.ABSENT, "not asked: nothing is connected that could answer"),
        (Gate.NEWS, 1_800, 0, Verdict.PASSED, "next window in 30 min"),
        (Gate.SENTIMENT, -0.75, -0.6, Verdict.REFUSED, "articles speak -0.75 for this side ≤ refused at -0.60"),
        (Gate.CONFLUENCE, math.nan, math.nan, Verdict.UNKNOWN, "not known yet, and what is not known refuses"),
    ],
)
def test_an_entry_gate_in_words(seat: Gate, value: float, threshold: float, verdict: Verdict, words: str) -> None:
    assert words_of(seat, value, threshold, verdict) == words


@pytest.mark.parametrize(
    ("seat", "value", "threshold", "verdict", "words"),
    [
        (Care.TIME_STOP, 90_000, 0, Verdict.PASSED, "off"),
        (Care.TIME_STOP, 7_200, 3_600, Verdict.FIRED, "open for 2.0 h ≥ limit 60 min"),
        (Care.PARTIAL_CLOSE, 0.52, 0.5, Verdict.FIRED, "0.52 of the way to the target ≥ 0.50"),
        (Care.BREAK_EVEN, 0.4, 1.0, Verdict.PASSED, "gain 0.40 R < 1.00 R"),
        (Care.BREAK_EVEN, 1.4, 1.0, Verdict.PASSED, "gain 1.40 R ≥ 1.00 R, but there is nothing to gain by it"),
        (
            Care.TRAILING,
            math.nan,
            1.5,
            Verdict.UNKNOWN,
            "not known: the position has no stop, no target or no order of ours to measure by",
        ),
        (Care.RISK_AFTER_FILL, 502.0, 172.7, Verdict.FIRED, "502.00 at risk to the stop > 172.70 allowed"),
        (Care.RISK_AFTER_FILL, 157.0, 172.7, Verdict.PASSED, "157.00 at risk to the stop ≤ 172.70 allowed"),
        (Care.WEEKEND, 1_700, 1_800, Verdict.FIRED, "the week goes on for 28 min ≤ limit 30 min"),
        (Care.ROLLOVER, 7_300, 0, Verdict.PASSED, "off"),
        (Care.CHANDELIER, 1.6, 1.5, Verdict.FIRED, "gain 1.60 R ≥ 1.50 R"),
        (
            Care.TRAILING,
            1.6,
            1.5,
            Verdict.REFUSED,
            "gain 1.60 R ≥ 1.50 R, but within the freeze level nothing is done",
        ),
        (Care.NEWS, 600, 900, Verdict.FIRED, "next event in 10 min ≤ limit 15 min"),
        (Care.NEWS, 600, 0, Verdict.PASSED, "off"),
        (Care.NEWS_LEVERAGE, 61.2, 50, Verdict.FIRED, "61.2 times equity held inside news windows > limit 50"),
        (Care.FREEZE_LEVEL, 12, 20, Verdict.REFUSED, "12 points to the stop or target ≤ frozen within 20"),
    ],
)
def test_a_rule_of_position_care_in_words(
    seat: Care, value: float, threshold: float, verdict: Verdict, words: str
) -> None:
    assert words_of(seat, value, threshold, verdict, DecisionKind.POSITION) == words


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(st.sampled_from(Gate), numbers, numbers, st.sampled_from(Verdict))
def test_no_gate_is_without_words(seat: Gate, value: float, threshold: float, verdict: Verdict) -> None:
    assert words_of(seat, value, threshold, verdict)


@given(st.sampled_from(Care), numbers, numbers, st.sampled_from(Verdict))
def test_no_rule_is_without_words(seat: Care, value: float, threshold: float, verdict: Verdict) -> None:
    assert words_of(seat, value, threshold, verdict, DecisionKind.POSITION)


@pytest.mark.parametrize(("kind", "seats"), [(DecisionKind.ENTRY, Gate), (DecisionKind.POSITION, Care)])
def test_all_gates_are_listed_in_their_order(kind: DecisionKind, seats: type[Gate] | type[Care]) -> None:
    names = [line.name for line in gate_lines(a_record(kind))]
    assert names == [seat.name.lower().replace("_", " ") for seat in seats]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "120 min"),
        (7_200, "2.0 h"),
        (172_799, "48.0 h"),
        (172_800, "2.0 days"),
        (math.inf, "never"),
        (math.nan, "unknown"),
    ],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# -- one line --------------------------------------------------------------------------------------------------------


def test_an_entry_in_one_line() -> None:
    record = a_record(action=Action.BUY, lots=0.25, price=1.1, sl=1.09, tp=1.125)
    assert headline(record) == "BUY 0.25 lots at 1.1, stop 1.09, target 1.125"


def test_a_refused_entry_names_the_side_and_the_first_gate() -> None:
    record = with_gate(a_record(side=-1, decided_by=Gate.SPREAD), Gate.SPREAD, 14.0, 11.2, Verdict.REFUSED)
    assert headline(record) == "no sell: spread, 14.0 points > limit 11.2"


def test_an_entry_of_no_size_says_so() -> None:
    assert refusal(a_record()) == "the size comes to nothing"


@pytest.mark.parametrize(
    ("action", "rule", "words"),
    [
        (Action.HOLD, NO_GATE, "position 77: left alone"),
        (Action.MODIFY, Care.BREAK_EVEN, "position 77: stop to 1.1 (break even)"),
        (Action.PARTIAL_CLOSE, Care.PARTIAL_CLOSE, "position 77: close 0.1 lots (partial close)"),
        (Action.CLOSE, Care.TIME_STOP, "position 77: close 0.1 lots (time stop)"),
    ],
)
def test_a_decision_on_a_position_in_one_line(action: Action, rule: int, words: str) -> None:
    record = a_record(DecisionKind.POSITION, action=action, decided_by=rule, position_ticket=77, lots=0.1, sl=1.1)
    assert headline(record) == words


def test_the_size_says_what_set_it() -> None:
    record = with_gate(a_record(lots=0.5, bound=Bound.FREE_MARGIN), Gate.RISK_LOTS, 1.25, 0.01, Verdict.PASSED)
    assert size_words(record) == "0.5 lots, set by free margin; risk alone allows 1.2500"
    record["lots"] = 0.0
    assert size_words(record) == "none; risk alone would have allowed 1.2500 lots"


def test_features_have_the_models_names() -> None:
    record = a_record()
    record["features"] = np.nan
    record["features"][:2] = (2.0, 31.5)
    seen = features_of(record, confluence.FEATURES)
    assert (seen["setup"], seen["adx"], seen["rsi"]) == (2.0, 31.5, None)
    assert features_of(record, ()) == {}


def test_json_holds_no_number_that_json_lacks() -> None:
    record = with_gate(a_record(score=math.nan, atr=math.inf), Gate.DUPLICATE, math.inf, 300.0, Verdict.PASSED)
    plain = as_json(record, "EURUSD", confluence.FEATURES)
    assert (plain["score"], plain["atr"], plain["timeframe"]) == (None, None, "M15")
    assert plain["gates"][Gate.DUPLICATE]["value"] is None
    assert plain["gates"][Gate.DUPLICATE]["threshold"] == 300.0


@given(numbers)
def test_a_number_stays_itself_or_becomes_nothing(value: float) -> None:
    assert number_or_none(value) == (value if math.isfinite(value) else None)


@pytest.mark.parametrize("timeframe", Timeframe)
def test_timeframes_have_mt5s_names(timeframe: Timeframe) -> None:
    assert timeframe_name(int(timeframe)) == timeframe.name
