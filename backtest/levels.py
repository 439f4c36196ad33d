"""The course of each position's stop and target: where they were first, and where they were moved."""

from collections.abc import Sequence
from typing import NamedTuple

from backtest.trips import Trip
from domain.intents import Intent, IntentKind


class Level(NamedTuple):
    """Stop and target of a position from `time_ns` on [UTC ns]; 0: none."""

    position_id: int
    time_ns: int
    sl: float
    tp: float


def levels_of(trips: Sequence[Trip], intents: Sequence[Intent]) -> tuple[Level, ...]:
    """Levels of `trips` in the order of their opening: those of the entry, and each that was asked for since."""
    moved: dict[int, list[Level]] = {}
    for intent in intents:
        if intent.kind is IntentKind.MODIFY:
            level = Level(intent.position_ticket, intent.decided_ns, intent.sl, intent.tp)
            moved.setdefault(intent.position_ticket, []).append(level)
    found: list[Level] = []
    for trip in trips:
        found.append(Level(trip.position_id, trip.opened_ns, trip.sl, trip.tp))
        found += moved.get(trip.position_id, [])
    return tuple(found)
