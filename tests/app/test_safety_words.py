"""Guards, losses and a person's orders in words: what stood in the way, and until when."""

import math

import pytest

from app.explain import duration
from app.safety_words import guard_care_words, safety_words
from strategy.gates import Care, Gate


@pytest.mark.parametrize(
    ("gate", "value", "threshold", "passed", "words"),
    [
        (Gate.COOL_DOWN, math.inf, 900.0, True, "no loss before, entries wait 15 min"),
        (Gate.COOL_DOWN, 60.0, 900.0, False, "last loss 60 s ago, entries wait 15 min"),
        (Gate.LOSING_STREAK, 4.0, 4.0, False, "4 losses in a row, entries pause at 4, and still do"),
        (Gate.LOSING_STREAK, 0.0, math.inf, True, "0 losses in a row, off"),
        (Gate.CURRENCY_EXPOSURE, 51.0, 50.0, False, "51.00 times equity in one currency with this entry > limit 50"),
        (Gate.OPEN_RISK, 0.01, 0.04, True, "all stops cost 1.00% of equity with this entry ≤ limit 4.00%"),
        (Gate.DAY_LOSS, 0.031, 0.03, False, "loss of the broker's day 3.10%: latched, until the next broker day"),
        (Gate.DRAWDOWN, 0.11, 0.096, False, "drawdown 11.00%: latched, until below 9.60%"),
        (Gate.FLOATING_LOSS, -0.01, 0.1, True, "floating loss 0.00%, limit 10.00%"),
        (Gate.PAUSED, 2.0, 0.0, False, "halted: everything is closed until a person resumes"),
        (Gate.PAUSED, 0.0, 0.0, True, "nobody paused or halted"),
        (Gate.SPREAD, 1.0, 2.0, True, None),
    ],
)
def test_an_entrys_gate(gate: Gate, value: float, threshold: float, passed: bool, words: str | None) -> None:
    assert safety_words(gate, value, threshold, duration, passed=passed) == words


@pytest.mark.parametrize(
    ("care", "value", "threshold", "fired", "words"),
    [
        (Care.GUARD_CLOSE, 1.0, 1.0, True, "trading is halted: closed"),
        (Care.GUARD_CLOSE, 0.0, 1.0, False, "trading is not halted"),
        (Care.GUARD_REDUCE, 1.0, 0.5, True, "1 lots, 0.5 may be kept: reduced"),
        (Care.GUARD_REDUCE, 0.5, 0.5, False, "0.5 lots, 0.5 may be kept"),
        (Care.TRAILING, 0.5, 0.5, False, None),
    ],
)
def test_a_positions_rule(care: Care, value: float, threshold: float, fired: bool, words: str | None) -> None:
    assert guard_care_words(care, value, threshold, fired=fired) == words
