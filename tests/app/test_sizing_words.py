"""Why an entry was as large as it was, or why it was not made, in words a person can check."""

import math

import numpy as np
import pytest

from app.sizing_words import limit_words, record_words
from risk.limits import Regime
from strategy.tables import DECISION_DTYPE

STRESSED: dict[str, float] = {"regime": Regime.STRESSED, "max_leverage": 50.0}
SEEN = "34 round trips of this set-up; 40% won, mean gain 1.90 R, mean loss 1.05 R"


def a_record(**fields: float) -> np.void:
    record: np.void = np.zeros(1, DECISION_DTYPE)[0]
    facts = {"risk_fraction": 0.01, "max_leverage": 100.0, "trips": 34, "win_rate": 0.4, "win_r": 1.9, "loss_r": 1.05}
    facts["tone_scale"] = 1.0
    for name, value in (facts | fields).items():
        record[name] = value
    return record


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "risk 1.00% of equity, leverage up to 1:100 (normal)"),
        (
            {"regime": Regime.PROVEN, "max_leverage": 300.0},
            "risk 1.00% of equity, leverage up to 1:300 (proven)",
        ),
        (
            STRESSED
            | {
                "drawdown": 0.0634,
                "losing_streak": 2,
                "risk_fraction": 0.005,
            },
            "risk 0.50% of equity, leverage up to 1:50 (stressed: drawdown 6.3%, 2 lost in a row)",
        ),
        (
            STRESSED | {"news_negative": 1.0},
            "risk 1.00% of equity, leverage up to 1:50 (stressed: drawdown 0.0%, 0 lost in a row, negative news)",
        ),
        (
            {"tone_scale": 0.5, "risk_fraction": 0.005, "regime": Regime.NEWS, "max_leverage": 50.0},
            "risk 0.50% of equity, of which the tone of articles left 50%, leverage up to 1:50 (news)",
        ),
        ({"max_leverage": math.nan}, "not known"),
    ],
)
def test_limits_are_told_with_their_reason(fields: dict[str, float], words: str) -> None:
    assert limit_words(a_record(**fields)) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"kelly_fraction": 0.0123},
            f"{SEEN}: Half-Kelly allows 1.23% of equity",
        ),
        (
            {"kelly_fraction": -0.05, "kelly_reopens_ns": 1_764_590_400_000_000_000},
            f"{SEEN}: no edge, nothing is entered; old enough to be forgotten from Mon 2025-12-01 12:00:00 UTC",
        ),
        ({"kelly_fraction": math.inf}, "not asked: Half-Kelly is off"),
    ],
)
def test_the_record_is_told_with_the_way_back(fields: dict[str, float], words: str) -> None:
    assert record_words(a_record(**fields)) == words
