"""When nothing is opened because of news: windows around events, merged, and the same answer for one time and for many.

A window holds its first nanosecond and not its last one: [start, end).
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from domain.jit import njit
from newsfilter.events import ALL_CURRENCIES, NS_PER_DAY, EconomicEvent, EventTiming, Impact
from newsfilter.impact import ImpactTable
from newsfilter.wording import plain_wording

_NS_PER_S: Final = 1_000_000_000
Times = NDArray[np.int64]

Reach = Annotated[float, Meta(ge=0.0, le=172_800.0)]


class Margins(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long around an event nothing is opened [s]; both 0: the event closes nothing."""

    before_s: Reach = 0.0
    after_s: Reach = 0.0


class NamedMargins(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Margins of the events whose name holds `words`, of one `currency` or of all (empty)."""

    words: Annotated[str, Meta(min_length=1)]
    currency: str = ""
    before_s: Reach = 0.0
    after_s: Reach = 0.0


class WindowSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Margins by impact; `named` go before them, the first that fits.

    An event without an exact time closes its whole day where `whole_days` is set, and nothing otherwise; a holiday
    closes its day where `holidays` is set.
    """

    high: Margins = Margins(1800.0, 3600.0)
    medium: Margins = Margins()
    low: Margins = Margins()
    named: tuple[NamedMargins, ...] = ()
    whole_days: bool = True
    holidays: bool = False


class Windows(NamedTuple):
    """Disjoint windows in rising order: `starts` and `ends` [UTC ns], shape (n,) each."""

    starts: Times
    ends: Times


class Span(msgspec.Struct, frozen=True):
    """The window of one event, before anything is merged [UTC ns]."""

    start_ns: int
    end_ns: int
    event: EconomicEvent


def spans(
    events: Iterable[EconomicEvent], currencies: Sequence[str], settings: WindowSettings, table: ImpactTable
) -> list[Span]:
    """Windows of the events that concern `currencies`, in the order of their start."""
    wanted, known = {*currencies, ALL_CURRENCIES}, dict[tuple[str, str, Impact], tuple[int, int]]()
    found = []
    for event in events:
        if event.currency not in wanted:
            continue
        if event.is_holiday:
            if settings.holidays:
                found.append(_whole_day(event))
            continue
        kind = event.currency, event.name, event.impact  # most events of a calendar come back month after month
        reach = known.get(kind)
        if reach is None:
            margins = _margins(event, settings, table)
            reach = known[kind] = round(margins.before_s * _NS_PER_S), round(margins.after_s * _NS_PER_S)
        span = _span(event, settings, *reach)
        if span is not None:
            found.append(span)
    return sorted(found, key=lambda span: (span.start_ns, span.end_ns))


def _span(event: EconomicEvent, settings: WindowSettings, before_ns: int, after_ns: int) -> Span | None:
    if before_ns <= 0 and after_ns <= 0:
        return None
    if event.timing != EventTiming.EXACT:
        return _whole_day(event) if settings.whole_days else None
    return Span(event.time_ns - before_ns, event.time_ns + after_ns, event)


def _whole_day(event: EconomicEvent) -> Span:
    return Span(event.time_ns, event.time_ns + NS_PER_DAY, event)


def _margins(event: EconomicEvent, settings: WindowSettings, table: ImpactTable) -> Margins:
    wording = plain_wording(event.name)
    for named in settings.named:
        if named.currency in {"", event.currency} and plain_wording(named.words) in wording:
            return Margins(named.before_s, named.after_s)
    by_impact = {Impact.HIGH: settings.high, Impact.MEDIUM: settings.medium}
    return by_impact.get(table.impact_of(event), settings.low)


def merged_windows(found: Iterable[Span]) -> Windows:
    """The union of `found`: windows that overlap or touch become one."""
    pairs = merged_pairs((span.start_ns, span.end_ns) for span in found)
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return Windows(table[:, 0].copy(), table[:, 1].copy())


def merged_pairs(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of windows (start, end), in rising order: those that overlap or touch become one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(pairs):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


@njit
def window_at(windows: Windows, time_ns: int) -> int:
    """Index of the window that holds `time_ns` [UTC ns], -1 for none."""
    low, high = 0, windows.starts.shape[0]
    while low < high:
        middle = (low + high) // 2
        if windows.starts[middle] <= time_ns:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low > 0 and time_ns < windows.ends[low - 1] else -1


@njit
def in_blackout(windows: Windows, time_ns: int) -> bool:
    """Whether `time_ns` [UTC ns] lies in a window."""
    return window_at(windows, time_ns) >= 0


@njit
def blackout_mask(windows: Windows, times_ns: Times) -> NDArray[np.bool_]:
    """`in_blackout` of every one of `times_ns` [UTC ns, any order], shape (n,)."""
    mask = np.empty(times_ns.shape[0], np.bool_)
    for index in range(times_ns.shape[0]):
        mask[index] = in_blackout(windows, times_ns[index])
    return mask


@njit
def until_window_s(windows: Windows, time_ns: int) -> float:
    """Seconds from `time_ns` [UTC ns] to the next window: 0 inside of one, infinite where none follows."""
    if in_blackout(windows, time_ns):
        return 0.0
    following = np.searchsorted(windows.starts, time_ns, side="right")
    if following >= windows.starts.shape[0]:
        return np.inf
    return float((windows.starts[following] - time_ns) / _NS_PER_S)
