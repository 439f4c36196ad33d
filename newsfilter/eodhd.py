"""EODHD's answer to /economic-events: no importance, no currency, no identifier, times that say they are UTC.

Rows of 2022 have been seen four hours late, so a batch is trusted only where well-known releases stand at their hour:
`anchor_problems`.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from newsfilter.events import EconomicEvent, EventTiming, NewsError
from newsfilter.reading import currency_from, utc_ns
from newsfilter.sentiment import Article
from newsfilter.wording import plain_wording

SOURCE: Final = "eodhd"
_NEW_YORK_SWITCHES: Final = ((3, 2), (11, 1))  # month, which Sunday: United States, Energy Policy Act of 2005
_NS_PER_S: Final = 1_000_000_000
_NS_PER_DAY: Final = 86_400 * _NS_PER_S
_EPOCH: Final = dt.date(1970, 1, 1)
_SUNDAY: Final = 6
_SHORT_TIME: Final = len("YYYY-MM-DD HH:MM")


class _Tone(msgspec.Struct):
    polarity: float


class _Article(msgspec.Struct):
    date: str
    sentiment: _Tone | None = None


class _Day(msgspec.Struct):
    date: dt.date
    count: Annotated[int, msgspec.Meta(ge=0)]
    normalized: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]


class _Row(msgspec.Struct):
    type: str
    country: str
    date: str
    comparison: str | None = None
    period: str | None = None
    actual: float | str | None = None
    previous: float | str | None = None
    estimate: float | str | None = None


_DECODER: Final = msgspec.json.Decoder(list[_Row])
_ARTICLES: Final = msgspec.json.Decoder(list[_Article])
_DAYS: Final = msgspec.json.Decoder(dict[str, list[_Day]])

_ANCHORS: Final = {
    # wording -> local hour and minute in New York at which it is published
    "nonfarm payrolls": (8, 30),
    "nonfarm payrolls private": (8, 30),
    "fed interest rate": (14, 0),
    "fed interest rate decision": (14, 0),
    "cpi mom": (8, 30),
    "inflation rate yoy": (8, 30),
    "initial jobless claims": (8, 30),
}


def events_from_answer(body: bytes) -> list[EconomicEvent]:
    """Events of one answer in the order of time, as they came: see `anchor_problems` before they are used.

    A row at midnight sharp has no announced hour: EODHD has no other way to say so.

    Raises:
        NewsError: for what is no such answer; names the row and the member.
    """
    try:
        rows = _DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise NewsError(SOURCE, "the whole answer", f"is no list of economic events: {problem}") from problem
    events = [_event(row, f"item {number}") for number, row in enumerate(rows, 1)]
    return sorted(events, key=lambda event: event.time_ns)


def _event(row: _Row, place: str) -> EconomicEvent:
    time_ns = utc_ns(row.date, SOURCE, f"{place}, date", assumed_offset_s=0)
    has_hour = len(row.date.strip()) >= _SHORT_TIME and not row.date.strip().endswith("00:00:00")
    comparison = f" ({row.comparison})" if row.comparison else ""
    return EconomicEvent(
        time_ns=time_ns,
        currency=currency_from(row.country, SOURCE, f"{place}, country"),
        name=f"{row.type.strip()}{comparison}",
        timing=EventTiming.EXACT if has_hour else EventTiming.TENTATIVE,
        sources=(SOURCE,),
        actual=_text(row.actual),
        forecast=_text(row.estimate),
        previous=_text(row.previous),
    )


def _text(value: float | str | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else value


def articles_from_answer(body: bytes, ticker: str) -> list[Article]:
    """Articles about `ticker` in an answer of /news, oldest first; those without a tone are left out.

    Raises:
        NewsError: for what is no such answer; names the row and the member.
    """
    try:
        rows = _ARTICLES.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise NewsError(SOURCE, "the whole answer", f"is no list of articles: {problem}") from problem
    found = [
        Article(
            time_ns=utc_ns(row.date, SOURCE, f"item {number}, date", assumed_offset_s=0),
            ticker=ticker,
            polarity=row.sentiment.polarity,
        )
        for number, row in enumerate(rows, 1)
        if row.sentiment is not None
    ]
    return sorted(found, key=lambda article: article.time_ns)


def days_from_answer(body: bytes, ticker: str) -> list[Article]:
    """Tones of whole days about `ticker` in an answer of /sentiments, oldest first, each for the articles it counted.

    A day stands at its midnight [UTC]: what it tells is no older. An answer that does not name `ticker` has none.

    Raises:
        NewsError: for what is no such answer.
    """
    try:
        series = _DAYS.decode(body) if body.strip() != b"[]" else {}  # nothing known: PHP's empty array
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise NewsError(SOURCE, "the whole answer", f"is no series of daily tones: {problem}") from problem
    found = [
        Article(
            time_ns=(day.date - _EPOCH).days * _NS_PER_DAY, ticker=ticker, polarity=day.normalized, weight=day.count
        )
        for day in series.get(ticker.upper(), ())
        if day.count
    ]
    return sorted(found, key=lambda day: day.time_ns)


def new_york_offset_s(time_ns: int) -> int:
    """New York's clock minus UTC [s] at `time_ns` [UTC ns].

    -4 h from the second Sunday of March to the first of November, changing at 2:00 local time, else -5 h.
    """
    time = dt.datetime.fromtimestamp(time_ns // _NS_PER_S, dt.UTC)
    spring, autumn = (
        _nth_sunday(time.year, month, nth) + dt.timedelta(hours=hour)
        for (month, nth), hour in zip(_NEW_YORK_SWITCHES, (7, 6), strict=True)
    )
    return (-4 if spring <= time < autumn else -5) * 3600


def _nth_sunday(year: int, month: int, nth: int) -> dt.datetime:
    first = dt.datetime(year, month, 1, tzinfo=dt.UTC)
    return first + dt.timedelta(days=(_SUNDAY - first.weekday()) % 7 + 7 * (nth - 1))


def anchor_problems(events: Iterable[EconomicEvent]) -> list[str]:
    """What speaks against the times of a batch: well-known releases of the United States away from their hour.

    Empty where every anchor stands at its hour, and where the batch has none.
    """
    return [problem for event in events if (problem := _anchor_problem(event))]


def _anchor_problem(event: EconomicEvent) -> str:
    wanted = _ANCHORS.get(plain_wording(event.name)) if event.currency == "USD" else None
    if wanted is None or event.timing != EventTiming.EXACT:
        return ""
    local_s = event.time_ns // _NS_PER_S + new_york_offset_s(event.time_ns)
    shift_minutes = local_s % 86_400 // 60 - (wanted[0] * 60 + wanted[1])
    if shift_minutes == 0:
        return ""
    time = dt.datetime.fromtimestamp(event.time_ns // _NS_PER_S, dt.UTC)
    hour = f"{wanted[0]}:{wanted[1]:02d} in New York"
    return f"{event.name} at {time:%Y-%m-%d %H:%M} UTC is {shift_minutes:+d} minutes from {hour}"
