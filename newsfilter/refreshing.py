"""Asking the sources again: whatever happens to one of them, the others and what was known stay."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import msgspec

from newsfilter.eodhd_api import QuarantineError
from newsfilter.events import NewsError
from newsfilter.http import FetchError
from newsfilter.snapshot import NewsSnapshot, SourceState
from newsfilter.sources import CalendarSource, midnight_ns

_NS_PER_DAY: Final = 86_400_000_000_000


class Reach(msgspec.Struct, frozen=True):
    """Days asked for: `back` before today and `ahead` after it (UTC)."""

    back: int = 2
    ahead: int = 8


def refreshed(snapshot: NewsSnapshot, sources: Sequence[CalendarSource], now_ns: int, reach: Reach) -> NewsSnapshot:
    """The snapshot after every source was asked once at `now_ns` [UTC ns]; sources no longer set up are left out."""
    states = tuple(_asked(snapshot.state_of(source.name), source, now_ns, reach) for source in sources)
    return NewsSnapshot(made_ns=now_ns, sources=states)


def _asked(state: SourceState, source: CalendarSource, now_ns: int, reach: Reach) -> SourceState:
    today = dt.date(1970, 1, 1) + dt.timedelta(days=now_ns // _NS_PER_DAY)
    first, last = today - dt.timedelta(days=reach.back), today + dt.timedelta(days=reach.ahead)
    try:
        events = source.events(first, last)
    except (FetchError, NewsError) as problem:
        return msgspec.structs.replace(state, problem=str(problem), problem_ns=now_ns)
    except QuarantineError as problem:
        quarantined = len(problem.events)
        return msgspec.structs.replace(state, problem=str(problem), problem_ns=now_ns, quarantined=quarantined)
    return SourceState(
        name=source.name,
        fetched_ns=now_ns,
        from_ns=midnight_ns(first),
        until_ns=min(source.until_ns, midnight_ns(last + dt.timedelta(days=1))),
        events=tuple(events),
    )
