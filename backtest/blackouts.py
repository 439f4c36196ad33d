"""When nothing was opened because of news: the windows of a run's calendar, with the events behind them."""

from bisect import bisect_left
from typing import NamedTuple

from backtest.job import Job


class Blackout(NamedTuple):
    """A window of one symbol, from `start_ns` up to `end_ns` [UTC ns], with the names of its events."""

    symbol: str
    start_ns: int
    end_ns: int
    events: str


def blackouts_of(job: Job) -> tuple[Blackout, ...]:
    """The windows within the time of the quotes, by symbol; none where nobody told of news."""
    if job.news is None:
        return ()
    first_ns, last_ns = job.utc_ns(job.start_msc), job.utc_ns(job.end_msc)
    named: dict[str, list[tuple[int, str]]] = {symbol: [] for symbol in job.ticks}
    for event in sorted((*job.news.days, *job.news.events), key=lambda event: event.start_ns):
        for symbol in named.keys() & set(event.symbols):
            named[symbol].append((event.start_ns, f"{event.currency} {event.name}"))
    return tuple(
        Blackout(one.symbol, start_ns, end_ns, _names(named[one.symbol], start_ns, end_ns))
        for one in job.news.symbols
        if one.symbol in named
        for start_ns, end_ns in one.windows
        if start_ns <= last_ns and end_ns > first_ns
    )


def _names(events: list[tuple[int, str]], start_ns: int, end_ns: int) -> str:
    """Those of one window, each once: none begins before the window that it is a part of."""
    inside = events[bisect_left(events, (start_ns,)) : bisect_left(events, (end_ns,))]
    return "; ".join(dict.fromkeys(name for _, name in inside))
