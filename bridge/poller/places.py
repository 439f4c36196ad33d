"""Where a stream of ticks stands: the millisecond of the last tick, and how many of that millisecond have been seen."""

from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Rows: TypeAlias = npt.NDArray[Any]
_SEEN_BITS: Final = 20  # more ticks than fit into one millisecond


class Place(NamedTuple):
    """Behind `seen` ticks of the millisecond `msc` [ms, broker's clock] and all before it."""

    msc: int
    seen: int

    @property
    def number(self) -> int:
        """The place as one number that grows with it."""
        return (self.msc << _SEEN_BITS) | self.seen


def place_at(number: int) -> Place:
    """The place whose number this is."""
    return Place(number >> _SEEN_BITS, number & ((1 << _SEEN_BITS) - 1))


def after(place: Place, ticks: Rows) -> Place:
    """The place behind `ticks` (TICK_DTYPE, oldest first), which go on from `place`."""
    if not len(ticks):
        return place
    times = ticks["time_msc"]
    last_msc = int(times[-1])
    same = int(np.count_nonzero(times == last_msc))
    return Place(last_msc, same + place.seen if last_msc == place.msc else same)


def unseen(place: Place, ticks: Rows) -> Rows | None:
    """Those of `ticks` (oldest first, from before `place.msc` on) that lie behind `place`.

    None where `place` is not there any more: later ticks are, but not as many of its millisecond as were seen.
    """
    times = ticks["time_msc"]
    first, end = (int(np.searchsorted(times, place.msc, side)) for side in ("left", "right"))
    if end - first >= place.seen:
        return ticks[first + place.seen :]
    return None if end < len(ticks) else ticks[end:]
