"""Which orders the contenders of `simulator.py` are given: the same rows for all, from a fixed seed.

`slots` positions stand at any time, each with a stop and a target, and as many limit orders wait. When a position is
closed, its slot opens the next one; when an order was filled and its position closed, its slot places the next order.
What becomes of each row is worked out here with numpy alone, so that the contenders have something to agree with.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]
"""A structured numpy array."""

MARKET: Final = 0
LIMIT: Final = 1
NEVER: Final = -1
LOTS: Final = 0.01

SCRIPT_DTYPE: Final = np.dtype(
    [("tick", "<i8"), ("kind", "<i8"), ("side", "<i8"), ("price", "<f8"), ("sl", "<f8"), ("tp", "<f8")]
)
"""One order, given at the quote of `tick`: MARKET or LIMIT, `side` +1 or -1, `price` of a limit, levels."""

FILL_DTYPE: Final = np.dtype([("entry_msc", "<i8"), ("exit_msc", "<i8")])
"""What became of an order: times of the ticks that filled it and that closed its position [ms]; NEVER for neither."""

_POINT: Final = 1e-5
_DIGITS: Final = 5
_NEAREST: Final = 200  # points: beyond any spread, so that no contender refuses a level
_FARTHEST: Final = 1_200
_PAUSE: Final = 50  # ticks between a slot's end and its next order


def script_of(ticks: Rows, slots: int, seed: int = 7) -> tuple[Rows, Rows]:
    """Orders (SCRIPT_DTYPE) in the order of their ticks, and what becomes of each (FILL_DTYPE)."""
    random = np.random.default_rng([seed, slots])
    taken: set[int] = set()
    made = [row for kind in (MARKET, LIMIT) for _ in range(slots) for row in _slot(ticks, kind, taken, random)]
    made.sort(key=lambda row: row[0][0])
    script = np.array([order for order, _ in made], SCRIPT_DTYPE)
    return script, np.array([fill for _, fill in made], FILL_DTYPE)


def _slot(
    ticks: Rows, kind: int, taken: set[int], random: np.random.Generator
) -> Iterator[tuple[tuple[float, ...], tuple[int, int]]]:
    at = _giving_tick(ticks, _PAUSE, taken)
    while at is not None:
        side = 1 if random.random() < 0.5 else -1
        order = _order(ticks, at, kind, side, random.integers(_NEAREST, _FARTHEST, 3))
        entry = at if kind == MARKET else _first(ticks, at + 1, side, limit=order[3])
        closed = None if entry is None else _first(ticks, entry + 1, side, sl=order[4], tp=order[5])
        yield order, (_time(ticks, entry), _time(ticks, closed))
        at = None if closed is None else _giving_tick(ticks, closed + _PAUSE, taken)


def _order(ticks: Rows, at: int, kind: int, side: int, points: Any) -> tuple[float, ...]:  # noqa: ANN401 - three integers
    quote = float(ticks[at]["ask" if side > 0 else "bid"])
    price = quote if kind == MARKET else round(quote - side * int(points[0]) * _POINT, _DIGITS)
    sl, tp = (
        round(price + sign * side * int(distance) * _POINT, _DIGITS)
        for sign, distance in zip((-1, 1), points[1:], strict=True)
    )
    return (at, kind, side, price, sl, tp)


def _giving_tick(ticks: Rows, at: int, taken: set[int]) -> int | None:
    """The first tick from `at` on behind which the clock moves, and at which no other order is given; it is taken."""
    times = ticks["time_msc"][at : at + 1_000]
    for place in (at + np.flatnonzero(np.diff(times) > 0)).tolist():
        if place not in taken:
            taken.add(place)
            return int(place)
    return None


def _first(ticks: Rows, start: int, side: int, *, limit: float = 0.0, sl: float = 0.0, tp: float = 0.0) -> int | None:
    """First tick from `start` on that fills a limit order, or closes a position at one of its levels."""
    closes_at = "bid" if (side > 0) != bool(limit) else "ask"
    prices = ticks[closes_at][start:] * side
    reached = prices <= limit * side if limit else (prices <= sl * side) | (prices >= tp * side)
    found = int(np.argmax(reached)) if len(reached) else 0
    return start + found if len(reached) and reached[found] else None


def _time(ticks: Rows, index: int | None) -> int:
    return NEVER if index is None else int(ticks["time_msc"][index])
