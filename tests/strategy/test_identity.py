"""The same decision has the same number, in any process; another decision has another."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.intents import comment_of, intent_id_in
from strategy.gates import Action
from strategy.identity import intent_id_of, signal_id_of

ROOT = Path(__file__).resolve().parents[2]


class Named(NamedTuple):
    """What an intent's number is made of."""

    login: int = 2_001_234
    magic: int = 770_001
    symbol: str = "XAUUSD.ecn"
    timeframe: int = 16385
    decided_ns: int = 1_782_910_468_000_000_000
    action: int = int(Action.BUY)
    ticket: int = 0
    figures: tuple[float, ...] = (0.63, 4380.5, 4420.25)


ORDINARY = Named()
OTHERS = [
    Named(login=2_001_235),
    Named(magic=770_002),
    Named(symbol="XAUUSD.m"),
    Named(timeframe=16388),
    Named(decided_ns=ORDINARY.decided_ns + 1),
    Named(action=int(Action.SELL)),
    Named(ticket=1),
    Named(figures=(0.62, 4380.5, 4420.25)),
    Named(figures=(0.63, 4420.25, 4380.5)),
    Named(figures=(0.63, 4380.5)),
]
named = st.builds(
    Named,
    login=st.integers(0, 2**62),
    magic=st.integers(1, 2**62 - 1),
    symbol=st.text(min_size=1, max_size=31),
    timeframe=st.integers(1, 2**31 - 1),
    decided_ns=st.integers(0, 2**63 - 1),
    action=st.sampled_from([int(action) for action in Action]),
    ticket=st.integers(0, 2**64 - 1),
    figures=st.tuples(*[st.floats()] * 3),
)


@given(what=named)
def test_an_intent_has_one_number_that_fits_its_comment(what: Named) -> None:
    intent_id = intent_id_of(*what)
    assert intent_id == intent_id_of(*what)
    assert 0 < intent_id < 2**63
    assert intent_id_in(comment_of(intent_id)) == intent_id


@pytest.mark.parametrize("other", OTHERS)
def test_another_intent_has_another_number(other: Named) -> None:
    assert intent_id_of(*other) != intent_id_of(*ORDINARY)


def test_no_two_of_many_intents_share_a_number() -> None:
    numbers = {intent_id_of(*ORDINARY._replace(decided_ns=second * 10**9)) for second in range(20_000)}
    assert len(numbers) == 20_000


@given(
    model=st.text(max_size=31),
    symbol=st.text(max_size=31),
    timeframe=st.integers(1, 49_153),
    side=st.sampled_from([-1, 1]),
    setup=st.integers(0, 7),
)
def test_a_signal_has_one_number(model: str, symbol: str, timeframe: int, side: int, setup: int) -> None:
    signal_id = signal_id_of(model, symbol, timeframe, side, setup)
    assert signal_id == signal_id_of(model, symbol, timeframe, side, setup)
    assert 0 < signal_id < 2**63


def test_signals_of_all_models_charts_sides_and_setups_differ() -> None:
    numbers = [
        signal_id_of(model, symbol, timeframe, side, setup)
        for model in ("confluence", "donchian")
        for symbol in ("EURUSD", "EURUSD.m", "XAUUSD")
        for timeframe in (1, 15, 16385)
        for side in (1, -1)
        for setup in range(8)
    ]
    assert len(set(numbers)) == len(numbers)
    assert intent_id_of(*ORDINARY) not in numbers


@pytest.mark.integration
def test_another_process_gives_the_same_numbers() -> None:
    code = (
        "from strategy.identity import intent_id_of, signal_id_of; "
        f"print(intent_id_of(*{tuple(ORDINARY)!r}), signal_id_of('donchian', 'EURUSD', 15, -1, 3))"
    )
    surroundings = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], env=surroundings, check=True, capture_output=True, text=True)
    assert run.stdout.split() == [str(intent_id_of(*ORDINARY)), str(signal_id_of("donchian", "EURUSD", 15, -1, 3))]
