"""Why nothing was decided at a minute, told from what is on record around it."""

from typing import Final, NamedTuple

from app.moments import Span, shown
from app.ticks_on_record import TicksAround
from domain.servertime import NS_PER_S, server_s_from_utc_ns
from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S, Timeframe, bar_open_time

_FRIDAY: Final = 4
_THURSDAY: Final = 3  # 1970-01-01 was one


class Circumstances(NamedTuple):
    """What is known around a minute in which nothing was decided.

    `first_ns` and `last_ns` bound the record, `sessions_ns` are the times at which a terminal connected [UTC ns];
    `frames` are the charts that decided before or after.
    """

    spec: SymbolSpec
    offset_s: int
    first_ns: int
    last_ns: int
    sessions_ns: tuple[int, ...]
    frames: tuple[Timeframe, ...]
    ticks: TicksAround


def reason_for_none(around: Circumstances, span: Span) -> str:
    """Why nothing was decided in `span`, in one sentence without its full stop."""
    ticks = around.ticks
    if span.stop_ns <= around.first_ns:
        return f"no terminal was connected yet: the record begins at {shown(around.first_ns)} UTC"
    if span.start_ns > around.last_ns and not ticks.inside:
        return f"it lies after the end of the record at {shown(around.last_ns)} UTC"
    if ticks.inside and ticks.unused == ticks.inside:
        return f"{ticks.inside} ticks came, but the bridge was not ready to trade them (connecting, or without history)"
    return _forming(around, span) if ticks.inside else _without_ticks(around, span)


def _forming(around: Circumstances, span: Span) -> str:
    """Ticks came, but none of them closed a bar."""
    if not around.frames:
        return "ticks came, but no bar has been closed yet: entries are decided when a bar closes"
    frame = around.frames[0]
    server_s = server_s_from_utc_ns(span.start_ns, around.offset_s)
    opened_s = int(bar_open_time(server_s, frame.seconds)) - around.offset_s
    bar = f"the {frame.name} bar from {shown(opened_s * NS_PER_S, seconds=False)}"
    if span.start_ns == opened_s * NS_PER_S:
        return f"{bar} began with this minute, and there was no bar before it to be closed"
    ends = shown((opened_s + frame.seconds) * NS_PER_S, seconds=False)[-5:]
    return f"{bar} was still forming until {ends}: entries are decided when a bar closes"


def _without_ticks(around: Circumstances, span: Span) -> str:
    symbol, before_ns, after_ns = around.spec.name, around.ticks.before_ns, around.ticks.after_ns
    if before_ns is None and after_ns is None:
        return f"no tick of {symbol} is on record within six days of it"
    if before_ns is None:
        return f"the record of {symbol} begins later, at {shown(after_ns or 0)} UTC"
    if after_ns is None:
        return f"no tick of {symbol} has come since {shown(before_ns)} UTC"
    gap = f"no tick of {symbol} came between {shown(before_ns)} and {shown(after_ns)} UTC"
    cause = _cause_of_gap(around, span.start_ns, before_ns, after_ns)
    return f"{cause}: {gap}" if cause else gap


def _cause_of_gap(around: Circumstances, time_ns: int, before_ns: int, after_ns: int) -> str:
    server_s = server_s_from_utc_ns(time_ns, around.offset_s)
    if (server_s // DAY_S + _THURSDAY) % 7 > _FRIDAY and not around.spec.in_session(server_s):
        return "the market was closed (weekend)"
    if not around.spec.in_session(server_s):
        return f"the market was closed (outside the trade sessions of {around.spec.name})"
    returned = [time for time in around.sessions_ns if before_ns < time <= after_ns]
    return f"the terminal was not connected until {shown(returned[-1])} UTC" if returned else ""
