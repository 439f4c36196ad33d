"""How a gate's answer is written down: value, threshold and verdict on its seat."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit_inlined
from strategy.gates import NO_GATE, Verdict

Gates = NDArray[np.float64]
"""Shape (GATE_SEATS, 3): value, threshold, verdict of each gate."""

VALUE: Final = 0
THRESHOLD: Final = 1
VERDICT: Final = 2
FIRED: Final = float(Verdict.FIRED)
_ABSENT: Final = float(Verdict.ABSENT)
_PASSED: Final = float(Verdict.PASSED)
_REFUSED: Final = float(Verdict.REFUSED)
_UNKNOWN: Final = float(Verdict.UNKNOWN)


@njit_inlined
def vacate(gates: Gates, seat: int) -> None:
    """The seat as if nothing had been asked."""
    gates[seat, VALUE] = math.nan
    gates[seat, THRESHOLD] = math.nan
    gates[seat, VERDICT] = _ABSENT


@njit_inlined
def clear(gates: Gates) -> None:
    """Every seat as if nothing had been asked."""
    for seat in range(gates.shape[0]):
        vacate(gates, seat)


@njit_inlined
def judge(gates: Gates, seat: int, value: float, threshold: float, passed: bool) -> None:
    """Write down how a gate of an entry answered; what is not known (NaN) does not pass."""
    gates[seat, VALUE] = value
    gates[seat, THRESHOLD] = threshold
    if math.isnan(value) or math.isnan(threshold):
        gates[seat, VERDICT] = _UNKNOWN
    else:
        gates[seat, VERDICT] = _PASSED if passed else _REFUSED


@njit_inlined
def first_refusal(gates: Gates) -> int:
    """The first seat of an entry that does not let through; NO_GATE where there is none."""
    for seat in range(gates.shape[0]):
        if gates[seat, VERDICT] >= _REFUSED:  # or UNKNOWN, which is the next; FIRED belongs to positions
            return seat
    return NO_GATE


@njit_inlined
def note(gates: Gates, seat: int, value: float, threshold: float, fires: bool) -> bool:
    """Write down what a rule of position care saw; whether it acts. What is not known (NaN) does not act."""
    gates[seat, VALUE] = value
    gates[seat, THRESHOLD] = threshold
    if math.isnan(value) or math.isnan(threshold):
        gates[seat, VERDICT] = _UNKNOWN
        return False
    gates[seat, VERDICT] = FIRED if fires else _PASSED
    return fires
