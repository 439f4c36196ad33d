"""The price of a run to look around in: candles at every scale, round trips with their stops and targets, blackouts.

A page has room for some hundred thousand candles. Of each symbol the timeframes from weeks down to the chart's are kept
whole while they fit; where the chart's own does not, its candles around round trips are, those of the largest results
first.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.blackouts import Blackout
from backtest.candles import Candles, coarser
from backtest.levels import Level
from backtest.pages.content import Explorer
from backtest.pages.thinning import packed
from backtest.pages.wording import plural
from backtest.recorded import Recorded
from backtest.trips import Trip
from domain.timeframes import Timeframe

MOST_CANDLES: Final = 160_000
"""Of all symbols and timeframes: 20 bytes each, in base64 4.3 MB."""

MOST_TRIPS: Final = 5_000
MOST_LEVELS: Final = 40_000
MOST_BLACKOUTS: Final = 20_000
MARGIN_BARS: Final = 60
"""Candles before and after a round trip that belong to it."""

_SCALES: Final = (Timeframe.W1, Timeframe.D1, Timeframe.H4, Timeframe.H1, Timeframe.M15, Timeframe.M5, Timeframe.M1)
_NS_PER_S: Final = 1_000_000_000

Places = NDArray[np.intp]


class Layer(NamedTuple):
    """Candles of one timeframe. `spans` [s] are the stretches they cover, none where that is all."""

    timeframe: Timeframe
    candles: Candles
    spans: tuple[tuple[int, int], ...] = ()


def explorer_of(recorded: Recorded) -> Explorer | None:
    """The explorer of `recorded`; None where there is no price."""
    if not recorded.candles:
        return None
    trips = _largest(recorded.trips, MOST_TRIPS)
    digits = {quotes.symbol: quotes.digits for quotes in recorded.report.facts.quotes}
    names = tuple(recorded.candles)
    symbols = [
        {
            "name": name,
            "digits": digits.get(name, 5),
            "layers": [
                _plain_layer(layer, digits.get(name, 5))
                for layer in layers_of(
                    recorded.candles[name],
                    recorded.chart,
                    [trip for trip in trips if trip.symbol == name],
                    MOST_CANDLES // len(names),
                )
            ],
            "blackouts": _plain_blackouts([one for one in recorded.blackouts if one.symbol == name]),
        }
        for name in names
    ]
    data = {
        "symbols": symbols,
        "trips": _plain_trips(trips, names),
        "levels": _plain_levels(trips, recorded.levels),
        "clocks": {"chart": recorded.chart.seconds, "margin": MARGIN_BARS},
    }
    return Explorer("Price and round trips", _told(recorded, len(trips)), data)


def _told(recorded: Recorded, shown: int) -> str:
    count = len(recorded.trips)
    which = plural(count, "round trip") if shown == count else f"the {shown:,} largest of {count:,} round trips"
    windows = " Shaded: news windows, in which nothing is opened." if recorded.blackouts else ""
    return (
        f"Bid prices with {which}: triangles are entries, crosses exits. Zoom in, or choose a round trip in the list, "
        f"to see its stop (solid) and its target (dotted) as they were moved.{windows} Times are UTC."
    )


def _largest(trips: Sequence[Trip], most: int) -> list[Trip]:
    """At most so many of `trips`, those that won or lost most, in the order of their opening."""
    kept = sorted(trips, key=lambda trip: -abs(trip.profit))[:most]
    return sorted(kept, key=lambda trip: (trip.opened_ns, trip.position_id))


def layers_of(candles: Candles, chart: Timeframe, trips: Sequence[Trip], most: int) -> tuple[Layer, ...]:
    """`candles` of `chart` at every scale, the widest first, at most `most` in all."""
    found, room = [], most
    for scale in _SCALES:
        if scale.seconds <= chart.seconds or scale.seconds % chart.seconds:
            continue
        wide = coarser(candles, scale.seconds)
        if len(wide.time_ns) > room:
            break
        found.append(Layer(scale, wide))
        room -= len(wide.time_ns)
    if len(candles.time_ns) <= room:
        return (*found, Layer(chart, candles))
    partial = _around(candles, chart, trips, room)
    return (*found, partial) if partial is not None else tuple(found)


def _around(candles: Candles, chart: Timeframe, trips: Sequence[Trip], room: int) -> Layer | None:
    """The candles around as many of `trips` as `room` allows, the largest results first; None around none."""
    kept = np.zeros(len(candles.time_ns), dtype=np.bool_)
    taken = 0
    for trip in sorted(trips, key=lambda one: -abs(one.profit)):
        first, last = _window(candles, trip)
        fresh = int(np.count_nonzero(~kept[first:last]))
        if taken + fresh > room:
            break
        kept[first:last] = True
        taken += fresh
    if not taken:
        return None
    edges = np.flatnonzero(np.diff(np.concatenate(([False], kept, [False])).astype(np.int8)))
    seconds = candles.time_ns // _NS_PER_S
    spans = tuple(
        (int(seconds[start]), int(seconds[stop - 1]) + chart.seconds)
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    )
    return Layer(chart, candles.at(kept), spans)


def _window(candles: Candles, trip: Trip) -> tuple[int, int]:
    """The places of `candles` from some before the opening of `trip` to some after its end."""
    end_ns = trip.closed_ns or int(candles.time_ns[-1])
    first = int(np.searchsorted(candles.time_ns, trip.opened_ns)) - MARGIN_BARS
    last = int(np.searchsorted(candles.time_ns, end_ns, side="right")) + MARGIN_BARS
    return max(first, 0), last


def _plain_layer(layer: Layer, digits: int) -> dict[str, Any]:
    """Times [s], prices in points."""
    candles, points = layer.candles, 10.0**digits
    prices = {name: packed(np.rint(getattr(candles, name) * points), "i4") for name in ("open", "high", "low", "close")}
    return {
        "name": layer.timeframe.name,
        "seconds": layer.timeframe.seconds,
        "time": packed(candles.time_ns // _NS_PER_S, "u4"),
        **prices,
        "spans": layer.spans,
    }


def _plain_trips(trips: Sequence[Trip], names: Sequence[str]) -> dict[str, Any]:
    exits = tuple(dict.fromkeys(trip.exit for trip in trips))
    return {
        "symbol": [names.index(trip.symbol) if trip.symbol in names else -1 for trip in trips],
        "side": [trip.side for trip in trips],
        "lots": [round(trip.lots, 8) for trip in trips],
        "opened": [trip.opened_ns // _NS_PER_S for trip in trips],
        "closed": [trip.closed_ns // _NS_PER_S for trip in trips],
        "open": [trip.price_open for trip in trips],
        "close": _numbers(trip.price_close for trip in trips),
        "exits": exits,
        "exit": [exits.index(trip.exit) for trip in trips],
        "profit": [round(trip.profit, 2) for trip in trips],
        "r": _numbers(round(trip.r_multiple, 3) for trip in trips),
        "mae": _numbers(round(trip.worst_r, 3) for trip in trips),
        "mfe": _numbers(round(trip.best_r, 3) for trip in trips),
    }


def _numbers(values: Iterator[float]) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values]


def _plain_levels(trips: Sequence[Trip], levels: Sequence[Level]) -> dict[str, Any]:
    """By trip, in their order; of the largest results where not all have room."""
    of_trip: dict[int, list[Level]] = {}
    for level in levels:
        of_trip.setdefault(level.position_id, []).append(level)
    room, kept = MOST_LEVELS, set[int]()
    for trip in sorted(trips, key=lambda one: -abs(one.profit)):
        room -= len(of_trip.get(trip.position_id, ()))
        if room < 0:
            break
        kept.add(trip.position_id)
    rows = [
        (place, level.time_ns // _NS_PER_S, level.sl, level.tp)
        for place, trip in enumerate(trips)
        if trip.position_id in kept
        for level in of_trip.get(trip.position_id, ())
    ]
    table = np.array(rows, np.float64).reshape(-1, 4)
    return {
        "trip": packed(table[:, 0], "i4"),
        "time": packed(table[:, 1], "u4"),
        "sl": packed(table[:, 2]),
        "tp": packed(table[:, 3]),
    }


def _plain_blackouts(blackouts: Sequence[Blackout]) -> dict[str, Any]:
    shown = blackouts[:MOST_BLACKOUTS]
    names = tuple(dict.fromkeys(one.events for one in shown))
    place = {name: number for number, name in enumerate(names)}
    return {
        "from": packed(np.array([one.start_ns // _NS_PER_S for one in shown]), "u4"),
        "until": packed(np.array([one.end_ns // _NS_PER_S for one in shown]), "u4"),
        "events": packed(np.array([place[one.events] for one in shown]), "i4"),
        "names": names,
    }
