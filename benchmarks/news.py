"""News: the windows of a year made from a calendar of every impact, and what asking for them adds to a decision.

The calendar is invented, of the size of a real year (13,000 events of eight currencies, 1,500 kinds of them, with the
month in their names). Beside the look-ups stands the same loop without them.
"""

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from report import Line, Outcome, arguments, machine, median, tell

from domain.jit import njit
from newsfilter.bulletin import event_windows
from newsfilter.events import EconomicEvent, Impact
from newsfilter.tables import OWN_TABLE, read_impact_table
from newsfilter.windows import Windows, WindowSettings, blackout_mask, in_blackout, merged_windows, spans

GOAL_BUILD_MS: Final = 50.0
GOAL_LOOK_NS: Final = 200.0
CURRENCIES: Final = ("USD", "EUR", "GBP", "JPY", "AUD", "CAD", "CHF", "NZD")
KNOWN: Final = ("Nonfarm Payrolls", "CPI m/m", "Retail Sales m/m", "Unemployment Rate", "Interest Rate Decision", "GDP")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BEGIN_NS: Final = 1_735_689_600_000_000_000  # 2025-01-01
MINUTE_NS: Final = 60_000_000_000
YEAR_MINUTES: Final = 365 * 1440


def a_year(events: int = 13_000, kinds: int = 1_500) -> list[EconomicEvent]:
    """A year of a calendar; nobody rates its events, as with EODHD's."""
    draws = np.random.default_rng(1)
    minutes, of = draws.integers(0, YEAR_MINUTES, events), draws.integers(0, kinds, events)
    high = len(KNOWN) * len(CURRENCIES)  # each release of each currency
    names = [KNOWN[kind // len(CURRENCIES)] if kind < high else f"Survey No {kind} y/y" for kind in range(kinds)]
    return [
        EconomicEvent(
            time_ns=BEGIN_NS + minute * MINUTE_NS,
            currency=CURRENCIES[kind % len(CURRENCIES)],
            name=f"{names[kind]} ({MONTHS[minute * 12 // YEAR_MINUTES]})",
            impact=Impact.UNRATED,
        )
        for minute, kind in zip(minutes.tolist(), of.tolist(), strict=True)
    ]


@njit
def asked(windows: Windows, times_ns: NDArray[np.int64]) -> int:
    """How many of `times_ns` lie in a window."""
    inside = 0
    for time_ns in times_ns:
        if in_blackout(windows, time_ns):
            inside += 1
    return inside


@njit
def bare(times_ns: NDArray[np.int64]) -> int:
    """The same loop with nothing asked."""
    later = 0
    for time_ns in times_ns:
        if time_ns > BEGIN_NS:
            later += 1
    return later


def seconds_of(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Measure in turns and tell."""
    options = arguments(__doc__).parse_args()
    rounds, looks = (3, 100_000) if options.quick else (15, 2_000_000)
    events, settings = a_year(), WindowSettings()
    table = read_impact_table()
    first_s = seconds_of(lambda: event_windows(events, settings, read_impact_table.__wrapped__(OWN_TABLE)))
    windows = merged_windows(spans(events, ("USD", "EUR"), settings, table))
    times = np.random.default_rng(2).integers(BEGIN_NS, BEGIN_NS + YEAR_MINUTES * MINUTE_NS, looks)
    assert asked(windows, times) == int(blackout_mask(windows, times).sum()) > 0
    bare(times)
    seen = [
        (
            seconds_of(lambda: event_windows(events, settings, table)),
            seconds_of(lambda: asked(windows, times)),
            seconds_of(lambda: bare(times)),
        )
        for _ in range(rounds)
    ]
    build_s, asked_s, bare_s = (median(values) for values in zip(*seen, strict=True))
    added_ns = (asked_s - bare_s) / looks * 1e9
    lines = (
        _line("windows of a year, every impact", "ms", build_s * 1e3, GOAL_BUILD_MS),
        Line(name="the same for the first time, table included", unit="ms", ours=first_s * 1e3),
        _line("in_blackout, added to a decision", "ns", added_ns, GOAL_LOOK_NS),
    )
    notes = (f"{len(events):,} events, {len(windows.starts):,} windows of a pair; {rounds} rounds, medians",)
    tell(Outcome(benchmark="news", machine=machine(), lines=lines, notes=notes), options.json)


def _line(name: str, unit: str, ours: float, goal: float) -> Line:
    return Line(name=name, unit=unit, ours=ours, goal=f"< {goal:g} {unit}", reached=ours < goal)


if __name__ == "__main__":
    main()
