"""The gates of guards, losses and orders of a person in plain words."""

import math
from collections.abc import Callable
from typing import Final

from strategy.gates import Care, Gate

_GUARDS: Final = {
    Gate.FLOATING_LOSS: "floating loss",
    Gate.DAY_LOSS: "loss of the broker's day",
    Gate.DRAWDOWN: "drawdown",
}
_IMPOSED: Final = {0.0: "nobody paused or halted", 1.0: "paused by a person: `companion risk show` says by whom"}


def safety_words(
    seat: int, value: float, threshold: float, duration: Callable[[float], str], *, passed: bool
) -> str | None:
    """What an entry's gate of this kind says; None for any other gate."""
    if seat in _GUARDS:
        what = f"{_GUARDS[Gate(seat)]} {max(0.0, value):.2%}"
        return f"{what}, limit {threshold:.2%}" if passed else f"{what}: latched, {_release(seat, threshold)}"
    match seat:
        case Gate.COOL_DOWN:
            since = "no loss before" if math.isinf(value) else f"last loss {duration(value)} ago"
            return f"{since}, entries wait {duration(threshold)}"
        case Gate.LOSING_STREAK:
            most = "off" if math.isinf(threshold) else f"entries pause at {threshold:.0f}"
            return f"{value:.0f} losses in a row, {most}" + ("" if passed or value < threshold else ", and still do")
        case Gate.PAUSED:
            return _IMPOSED.get(value, "halted: everything is closed until a person resumes")
        case _:
            return _stake_words(seat, value, threshold, "≤" if passed else ">")


def _stake_words(seat: int, value: float, threshold: float, sign: str) -> str | None:
    if seat == Gate.CURRENCY_EXPOSURE:
        return f"{value:.2f} times equity in one currency with this entry {sign} limit {threshold:g}"
    if seat == Gate.OPEN_RISK:
        return f"all stops cost {value:.2%} of equity with this entry {sign} limit {threshold:.2%}"
    return None


def _release(seat: int, threshold: float) -> str:
    return "until the next broker day" if seat == Gate.DAY_LOSS else f"until below {threshold:.2%}"


def guard_care_words(seat: int, value: float, threshold: float, *, fired: bool) -> str | None:
    """What a guard does with a position; None for any other rule."""
    if seat == Care.GUARD_CLOSE:
        return "trading is halted: closed" if fired else "trading is not halted"
    if seat == Care.GUARD_REDUCE:
        kept = f"{value:g} lots, {threshold:g} may be kept"
        return f"{kept}: reduced" if fired else kept
    return None
