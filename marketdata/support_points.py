"""The way a price is taken through one minute bar by MT5's Strategy Tester in the model "Every tick".

The open is followed by up to eleven support points: on the way to the near extreme (opening shadow), from there to the
far one (range), and back to the close (closing shadow). Ticks fill the way from each support point to the next.

Documented by MetaQuotes: one, two and three ticks, the table of shares, that a missing shadow's points go to the range
and the range's are odd where possible, impulse and way back of the range, 3/4 of a shadow, saw teeth where there are
more ticks than points. Chosen here, since nothing is published: that a shadow's second point is its half, who makes the
range odd, and that every leg gets the same number of ticks; the last two by the seconds at which real testers filled
stops (docs/market-data.md).

Sources: MetaTrader 5 Help, "Real and Generated Ticks"; MetaQuotes, "The Algorithm of Ticks' Generation within the
Strategy Tester of the MetaTrader 5 Terminal" (mql5.com, article 75).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.dtypes import TICK_FLAG_ASK, TICK_FLAG_BID, TICK_FLAG_LAST
from domain.jit import njit

MOST_SUPPORT_POINTS: Final = 11
_FEWEST_FOR_SHARES: Final = 3
_SHADOW_SHARE: Final = (0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3)
_RANGE_SHARE: Final = (0, 0, 0, 1, 2, 3, 4, 3, 4, 5, 6, 5)
_THREE: Final = 3
_FOUR: Final = 4
_QUOTE: Final = TICK_FLAG_ASK | TICK_FLAG_LAST
_MS_PER_S: Final = 1000
_UNKNOWN: Final = -1


@njit
def support_points(path: NDArray[np.int64], ticks: int, points: NDArray[np.int64]) -> int:
    """Write the support points of a bar of two or more `ticks` after its open to `points`; how many there are.

    `path` is open, near extreme, far extreme and close [points]; the last support point is the close.
    """
    start, near, far, close = path[0], path[1], path[2], path[3]
    count = min(ticks - 1, MOST_SUPPORT_POINTS)
    if count < _FEWEST_FOR_SHARES:
        points[0] = _middle(start, near, far, close)
        points[count - 1] = close
        return count
    opening, between, closing = _shares(count, near == start, far == close)
    place = _write_shadow(points, 0, start, near, opening)
    place = _write_range(points, place, near, far, between)
    return _write_shadow(points, place, far, close, closing)


@njit
def _shares(count: int, no_opening: bool, no_closing: bool) -> tuple[int, int, int]:  # noqa: FBT001 - a kernel
    """How many of `count` points are on the opening shadow, in the range and on the closing shadow.

    A missing shadow gives its points to the range, which gives one on to the other shadow where it is to be odd.
    """
    opening, between, closing = _SHADOW_SHARE[count], _RANGE_SHARE[count], _SHADOW_SHARE[count]
    if no_opening:
        opening, between = 0, between + opening
    if no_closing:
        closing, between = 0, between + closing
    if no_opening != no_closing and between % 2 == 0:
        opening, closing = (0, closing + 1) if no_opening else (opening + 1, 0)
        between -= 1
    return opening, between, closing


@njit
def _middle(start: int, near: int, far: int, close: int) -> int:
    """The second of three ticks: the extreme that is neither open nor close, else half the way."""
    if near != start:
        return near
    return far if far != close else (start + close) // 2


@njit
def _write_shadow(points: NDArray[np.int64], place: int, start: int, end: int, count: int) -> int:
    """Three quarters, back to the half, and the end; a fourth point is at three quarters again."""
    if count >= _THREE:
        points[place] = start + _part(end - start, 3, 4)
    if count == _FOUR:
        points[place + 2] = start + _part(end - start, 3, 4)
    if count > 1:
        points[place + min(count - 2, 1)] = start + _part(end - start, 1, 2)
    if count > 0:
        points[place + count - 1] = end
    return place + count


@njit
def _part(distance: int, parts: int, whole: int) -> int:
    """Whole points of a fraction of `distance`, toward 0."""
    return distance * parts // whole if distance > 0 else -(-distance * parts // whole)


@njit
def _write_range(points: NDArray[np.int64], place: int, near: int, far: int, count: int) -> int:
    """Impulses with one point back between them; an even `count` leaves its last point out, as waves are odd."""
    waves = (count + 1) // 2
    size, direction, at = abs(far - near), np.sign(far - near), near
    impulse = (size - 1) // waves + 1 if size > 0 else 0
    for _ in range(waves - 1):
        at += direction * impulse
        points[place] = at
        at -= direction
        points[place + 1] = at
        place += 2
    points[place] = far
    return place + 1


@njit
def fill_every_tick(
    bars: NDArray[np.void],
    paths: NDArray[np.int64],
    volumes: NDArray[np.int64],
    period_ms: int,
    scale: float,
    ticks: NDArray[np.void],
) -> None:
    """Write `volumes` ticks (TICK_DTYPE) of each bar (RATES_DTYPE) to `ticks`, which is as long as their sum.

    `paths` has the shape (n, 4) [points], `scale` is the points of a unit of price. Each volume is at least what the
    bar's prices need (`candles_of`).
    """
    points = np.empty(MOST_SUPPORT_POINTS, np.int64)
    bids = np.empty(period_ms, np.int64)
    before, place = _UNKNOWN, 0
    for index in range(len(bars)):
        count = volumes[index]
        _write_bids(paths[index], count, points, bids)
        for number in range(count):
            after_ms = period_ms * number // count if count > 1 else period_ms // 2
            time_msc = bars[index]["time"] * _MS_PER_S + after_ms
            _write_tick(ticks[place], time_msc, bids[number], bars[index]["spread"], scale, bids[number] != before)
            before = bids[number]
            place += 1


@njit
def _write_bids(path: NDArray[np.int64], ticks: int, points: NDArray[np.int64], bids: NDArray[np.int64]) -> None:
    """The bids of a bar of `ticks` ticks; a single one is the close."""
    if ticks == 1:
        bids[0] = path[3]
        return
    bids[0] = path[0]
    low, high = min(path[1], path[2]), max(path[1], path[2])
    legs = support_points(path, ticks, points)
    start = path[0]
    for leg in range(legs):
        first, stop = (ticks - 1) * leg // legs + 1, (ticks - 1) * (leg + 1) // legs + 1
        _write_leg(bids[first:stop], start, points[leg], low, high)
        start = points[leg]


@njit
def _write_leg(bids: NDArray[np.int64], start: int, end: int, low: int, high: int) -> None:
    """From `start` to `end` in even steps; a tick that would stand still goes one point back instead: saw teeth."""
    size, direction, at = abs(end - start), np.sign(end - start), start
    for index in range(len(bids) - 1):
        done = size * (index + 1) // len(bids)
        target = start + direction * done
        if target == at:
            target += _tooth(target, done, direction, low, high)
        bids[index] = target
        at = target
    bids[-1] = end


@njit
def _tooth(at: int, done: int, direction: int, low: int, high: int) -> int:
    """One point back on the leg, at its start one ahead; on a leg without length whichever side is inside the bar."""
    if direction != 0:
        return -direction if done > 0 else direction
    if at > low:
        return -1
    return 1 if at < high else 0


@njit
def _write_tick(tick: Any, time_msc: int, bid: int, spread: int, scale: float, moved: bool) -> None:  # noqa: ANN401, FBT001 - a row of TICK_DTYPE; a kernel
    tick["time"] = time_msc // _MS_PER_S
    tick["time_msc"] = time_msc
    tick["bid"] = bid / scale
    tick["ask"] = (bid + spread) / scale
    tick["last"] = bid / scale
    tick["volume"] = 0
    tick["flags"] = _QUOTE | TICK_FLAG_BID if moved else _QUOTE
    tick["volume_real"] = 0.0
