"""`companion why`: the decision at a minute with every gate; and where there was none, why not."""

from pathlib import Path
from typing import Final

import msgspec

from app.console import CommandError
from app.moments import Span, day_of, shown, span_of
from app.story import Story, story_of
from app.ticks_on_record import TicksAround, ticks_around
from bridge.lookup import ExplainedDecision, decisions_between
from domain.servertime import NS_PER_S, server_s_from_utc_ns
from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S, HOUR_S, Timeframe, bar_open_time
from strategy.gates import DecisionKind
from strategy.naming import broker_symbol

_REACHES_S: Final = (2 * HOUR_S, DAY_S, 4 * DAY_S)
_FRIDAY: Final = 4
_THURSDAY: Final = 3


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a symbol and a time as written, perhaps one chart, perhaps on the broker's clock."""

    symbol: str
    time: str
    server_time: bool = False
    timeframe: Timeframe | None = None
    account: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is on record of a minute.

    `decisions` on entries are those of the minute itself, or, with a `reason` why it has none, the last before it; they
    still `stand` then where only the next bar had to be waited for. `following` is the next one, `cared` are decisions
    on open positions in that minute.
    """

    story: Story
    symbol: str
    spec: SymbolSpec
    span: Span
    decisions: tuple[ExplainedDecision, ...]
    cared: tuple[ExplainedDecision, ...]
    following: tuple[ExplainedDecision, ...]
    reason: str
    stand: bool


def answered(folder: Path, question: Question) -> Answer:
    """Look the answer up in the record of a run.

    Raises:
        CommandError: for a symbol or account that is not on record.
        MomentError: for a time that cannot be understood.
    """
    story = story_of(folder, question.account)
    symbol = _symbol_on_record(story, question.symbol)
    offset_s = story.offset_s if question.server_time else 0
    span = span_of(question.time, day_of(story.last_ns) if story.last_ns else None, offset_s)
    look = _Look(folder, story, symbol, question.timeframe)
    entries, cared = look.between(span.start_ns, span.stop_ns - 1)
    ticks = ticks_around(folder, story.account, symbol, *span)
    reason = "" if entries else _reason(look, span, ticks)
    return Answer(
        story=story,
        symbol=symbol,
        spec=story.state.specs[symbol],
        span=span,
        decisions=entries or look.last_before(span.start_ns),
        cared=cared,
        following=() if entries else look.first_after(span.stop_ns),
        reason=reason,
        stand=ticks.inside > ticks.unused,
    )


def _symbol_on_record(story: Story, wanted: str) -> str:
    names = tuple(story.state.specs)
    found = broker_symbol(wanted, names) or broker_symbol(wanted.upper(), names)
    if found is None:
        raise CommandError(f"{wanted} is not on record for {story.account}", f"there is {', '.join(names)}")
    return found


class _Look:
    """Looks decisions of one symbol up."""

    def __init__(self, folder: Path, story: Story, symbol: str, timeframe: Timeframe | None) -> None:
        self.story = story
        self.symbol = symbol
        self._folder = folder
        self._timeframe = timeframe

    def between(self, from_ns: int, to_ns: int) -> tuple[tuple[ExplainedDecision, ...], tuple[ExplainedDecision, ...]]:
        """Decisions on entries and on positions, from and to included."""
        found = decisions_between(self._folder, self.symbol, from_ns, to_ns, self.story.account)
        wanted = [one for one in found if self._timeframe in (None, one.timeframe)]
        entries = tuple(one for one in wanted if one.kind == DecisionKind.ENTRY)
        return entries, tuple(one for one in wanted if one.kind == DecisionKind.POSITION)

    def last_before(self, time_ns: int) -> tuple[ExplainedDecision, ...]:
        """The last decision on an entry before a moment, of each chart that decided then."""
        for reach_s in _REACHES_S:
            entries, _ = self.between(time_ns - reach_s * NS_PER_S, time_ns - 1)
            if entries:
                return tuple(one for one in entries if one.time_ns == entries[-1].time_ns)
        return ()

    def first_after(self, time_ns: int) -> tuple[ExplainedDecision, ...]:
        """The first decision on an entry from a moment on."""
        for reach_s in _REACHES_S:
            entries, _ = self.between(time_ns, time_ns + reach_s * NS_PER_S)
            if entries:
                return entries[:1]
        return ()


# -- why there was no decision ---------------------------------------------------------------------------------------


def _reason(look: _Look, span: Span, ticks: TicksAround) -> str:
    """Why nothing was decided in a minute."""
    story = look.story
    if span.stop_ns <= story.first_ns:
        return f"no terminal was connected yet: the record begins at {shown(story.first_ns)} UTC"
    if span.start_ns > story.last_ns and not ticks.inside:
        return f"it lies after the end of the record at {shown(story.last_ns)} UTC"
    if ticks.inside and ticks.unused == ticks.inside:
        return f"{ticks.inside} ticks came, but the bridge was not ready to trade them (connecting, or without history)"
    if ticks.inside:
        return _forming(look, span)
    return _without_ticks(look, span, ticks)


def _forming(look: _Look, span: Span) -> str:
    """Ticks came, but none of them closed a bar."""
    offset_s = look.story.offset_s
    frames = sorted({one.timeframe for one in (*look.last_before(span.start_ns), *look.first_after(span.stop_ns))})
    if not frames:
        return "ticks came, but no bar has been closed yet: a decision is made when a bar closes"
    period_s = frames[0].seconds
    opened_s = int(bar_open_time(server_s_from_utc_ns(span.start_ns, offset_s), period_s)) - offset_s
    ends_ns = (opened_s + period_s) * NS_PER_S
    bar = f"the {frames[0].name} bar from {shown(opened_s * NS_PER_S, seconds=False)}"
    if span.start_ns == opened_s * NS_PER_S:
        return f"{bar} began with this minute, and the bar before it was closed by an earlier or a later tick"
    return f"{bar} was still forming until {shown(ends_ns, seconds=False)[-5:]}: entries are decided when a bar closes"


def _without_ticks(look: _Look, span: Span, ticks: TicksAround) -> str:
    symbol = look.symbol
    if ticks.before_ns is None and ticks.after_ns is None:
        return f"no tick of {symbol} is on record within six days of it"
    if ticks.before_ns is None:
        return f"the record of {symbol} begins later, at {shown(ticks.after_ns or 0)} UTC"
    if ticks.after_ns is None:
        return f"no tick of {symbol} has come since {shown(ticks.before_ns)} UTC"
    gap = f"no tick of {symbol} came between {shown(ticks.before_ns)} and {shown(ticks.after_ns)} UTC"
    cause = _cause_of_gap(look, span.start_ns, ticks.before_ns, ticks.after_ns)
    return f"{cause}: {gap}" if cause else gap


def _cause_of_gap(look: _Look, time_ns: int, before_ns: int, after_ns: int) -> str:
    story = look.story
    server_s = server_s_from_utc_ns(time_ns, story.offset_s)
    if (server_s // DAY_S + _THURSDAY) % 7 > _FRIDAY:
        return "the market was closed (weekend)"
    if not story.state.specs[look.symbol].in_session(server_s):
        return f"the market was closed (outside the trade sessions of {look.symbol})"
    returned = [one.time_ns for one in story.sessions if before_ns < one.time_ns <= after_ns]
    return f"the terminal was not connected until {shown(returned[-1])} UTC" if returned else ""
