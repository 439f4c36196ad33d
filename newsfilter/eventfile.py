"""A user's own events, and those of a backtest: a CSV file with a header, or a JSON list of objects.

Columns (or members): `time` (ISO 8601 with an offset), `currency` (or a country's code) and `event`; where known also
`impact`, `timing` (exact, all day, tentative), `actual`, `forecast` and `previous`. Others are left alone.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Final

from newsfilter.events import NS_PER_DAY, EconomicEvent, EventTiming, NewsError
from newsfilter.reading import currency_from, impact_from, utc_ns

_NAMES: Final = {
    "time": ("time", "date", "datetime", "date_time", "time_utc"),
    "currency": ("currency", "country", "cur"),
    "event": ("event", "name", "title", "type"),
}
_TIMINGS: Final = {
    "": EventTiming.EXACT,
    "exact": EventTiming.EXACT,
    "all day": EventTiming.ALL_DAY,
    "tentative": EventTiming.TENTATIVE,
}
_UTF8_MARK: Final = b"\xef\xbb\xbf"

Row = Mapping[str, object]


def events_from_file(content: bytes, source: str, *, assumed_offset_s: int | None = None) -> list[EconomicEvent]:
    """Events in the order of time. `assumed_offset_s` [s ahead of UTC] is for times that do not name an offset.

    Raises:
        NewsError: for a file that is neither CSV nor JSON, and for a row that is no event; names row and column.
    """
    try:
        text = content.removeprefix(_UTF8_MARK).decode()
    except UnicodeDecodeError as problem:
        raise NewsError(source, f"byte {problem.start}", "is not UTF-8; save the file as UTF-8") from problem
    rows = _json_rows(text, source) if text.lstrip().startswith(("[", "{")) else _csv_rows(text, source)
    return sorted((_event(row, place, source, assumed_offset_s) for place, row in rows), key=lambda one: one.time_ns)


def _json_rows(text: str, source: str) -> Iterable[tuple[str, Row]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise NewsError(source, "the whole file", f"cannot be read as JSON: {problem}") from problem
    if not isinstance(content, list):
        raise NewsError(source, "the whole file", "must be a list of events")
    for number, row in enumerate(content, 1):
        if not isinstance(row, dict):
            raise NewsError(source, f"item {number}", "is no object")
        yield f"item {number}", row


def _csv_rows(text: str, source: str) -> Iterable[tuple[str, Row]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if not reader.fieldnames:
            raise NewsError(source, "line 1", "holds no column names; begin with time,currency,event")
        for row in reader:
            yield f"line {reader.line_num}", {name: value for name, value in row.items() if isinstance(name, str)}
    except csv.Error as problem:
        raise NewsError(source, f"line {reader.line_num}", f"cannot be read as CSV: {problem}") from problem


def _event(row: Row, place: str, source: str, assumed_offset_s: int | None) -> EconomicEvent:
    cells = {name.strip().lower(): "" if value is None else str(value) for name, value in row.items()}
    wanted = {name: _cell(cells, name, place, source) for name in _NAMES}
    timing = _TIMINGS.get(cells.get("timing", "").strip().lower())
    if timing is None:
        raise NewsError(source, f"{place}, timing", f"{cells['timing']!r} is not one of exact, all day, tentative")
    time_ns = utc_ns(wanted["time"], source, f"{place}, time", assumed_offset_s=assumed_offset_s)
    impact = cells.get("impact", "")
    return EconomicEvent(
        time_ns=time_ns if timing == EventTiming.EXACT else time_ns // NS_PER_DAY * NS_PER_DAY,
        currency=currency_from(wanted["currency"], source, f"{place}, currency"),
        name=wanted["event"].strip(),
        impact=impact_from(impact, source, f"{place}, impact"),
        timing=timing,
        is_holiday=impact.strip().lower() == "holiday",
        sources=(source,),
        actual=cells.get("actual", "").strip(),
        forecast=cells.get("forecast", cells.get("estimate", "")).strip(),
        previous=cells.get("previous", "").strip(),
    )


def _cell(cells: Mapping[str, str], name: str, place: str, source: str) -> str:
    for spelling in _NAMES[name]:
        if cells.get(spelling, "").strip():
            return cells[spelling]
    raise NewsError(source, f"{place}, {name}", "is missing")
