"""`companion why`: the decision at a minute with every gate; and where there was none, why not."""

from pathlib import Path
from typing import Final

import msgspec

from app.console import CommandError
from app.moments import Span, day_of, span_of
from app.news_on_record import board_before, news_words
from app.story import Story, story_of
from app.ticks_on_record import TicksAround, ticks_around
from app.why_not import Circumstances, reason_for_none
from bridge.lookup import ExplainedDecision, decisions_between
from domain.servertime import NS_PER_S
from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S, HOUR_S, Timeframe
from strategy.gates import DecisionKind, Gate, Verdict
from strategy.naming import broker_symbol

_REACHES_S: Final = (2 * HOUR_S, DAY_S, 4 * DAY_S)


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
    on open positions in that minute. `news` says, by the `seq` of a decision, what made news refuse it.
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
    news: dict[int, str] = {}


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
    before = () if entries else look.last_before(span.start_ns)
    after = () if entries else look.first_after(span.stop_ns)
    frames = tuple(sorted({one.timeframe for one in (*before, *after)}))
    return Answer(
        story=story,
        symbol=symbol,
        spec=story.state.specs[symbol],
        span=span,
        decisions=entries or before,
        cared=cared,
        following=after,
        reason="" if entries else reason_for_none(_circumstances(story, symbol, ticks, frames), span),
        stand=ticks.inside > ticks.unused,
        news=_news(folder, story.account, entries or before),
    )


def _news(folder: Path, account: str, decisions: tuple[ExplainedDecision, ...]) -> dict[int, str]:
    """What the engine knew of news at each of `decisions` that news refused."""
    found: dict[int, str] = {}
    for one in decisions:
        if int(one.row["gates"][Gate.NEWS, 2]) in (Verdict.REFUSED, Verdict.UNKNOWN) and one.seq not in found:
            board = board_before(folder, account, one.seq)
            found[one.seq] = news_words(board, one.row, one.symbol) if board is not None else ""
    return found


def _circumstances(story: Story, symbol: str, ticks: TicksAround, frames: tuple[Timeframe, ...]) -> Circumstances:
    return Circumstances(
        spec=story.state.specs[symbol],
        offset_s=story.offset_s,
        first_ns=story.first_ns,
        last_ns=story.last_ns,
        sessions_ns=tuple(session.time_ns for session in story.sessions),
        frames=frames,
        ticks=ticks,
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
