"""Bars as EODHD's API answers: JSON of /intraday and /eod; its CSV needs only its columns told from others'.

Source: EODHD's OpenAPI description: `timestamp` is the opening of a bar, UTC; prices and volume may be null.
"""

from typing import Final

import msgspec
import numpy as np

from domain.timeframes import DAY_S, Timeframe
from marketdata.columns import OHLC
from marketdata.frames import most_common_step_s
from marketdata.parquet import Stored
from marketdata.quotes import Floats, ImportLog, Ints, NoteKind, Vendor
from marketdata.raw import RawQuotes

FRAMES: Final = {60: Timeframe.M1, 300: Timeframe.M5, 3600: Timeframe.H1, DAY_S: Timeframe.D1}
_JSON_STARTS: Final = (b"[", b"{")
_REMEDY: Final = "ask /api/intraday or /api/eod for it again, with fmt=json"


class _Row(msgspec.Struct, frozen=True, gc=False):
    timestamp: int | None = None
    date: str | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: float | None = None
    warning: str | None = None


class _Failure(msgspec.Struct, frozen=True):
    message: str | None = None
    error: str | None = None
    errors: object = None


def is_json(data: bytes) -> bool:
    """Whether the file is JSON, of which EODHD's answers are the only kind that is read."""
    return data[:64].lstrip().startswith(_JSON_STARTS)


def read_json(data: bytes, log: ImportLog) -> tuple[RawQuotes, Stored, bool]:
    """Rows of one answer, what it says of itself, and that they are bars.

    Raises:
        QuoteFileError: where the answer is an error, or no list of bars.
    """
    rows = _decoded(data, log)
    places = [place for place, row in enumerate(rows, start=1) if row.open is not None or row.warning is None]
    if len(places) < len(rows):
        log.note(NoteKind.CORRUPT_LINE, "a warning of EODHD's among the bars; dropped", _missing(places, len(rows)))
        rows = [rows[place - 1] for place in places]
    if not rows:
        raise log.refusal("file", "is an answer without a bar", _REMEDY)
    numbers = np.array(places, dtype=np.int64)
    fields = {name: _floats([getattr(row, name) for row in rows]) for name in OHLC}
    fields["tick_volume"] = np.nan_to_num(_floats([row.volume for row in rows]), nan=0.0)
    raw = RawQuotes(_times_msc(rows, numbers, log), fields, numbers)
    return raw, Stored(timeframe=frame_of(raw, log), server_offset_s=0, vendor=Vendor.EODHD), True


def frame_of(raw: RawQuotes, log: ImportLog) -> Timeframe:
    """The timeframe of EODHD's bars: their most common distance, which is a minute, five, an hour or a day.

    Raises:
        QuoteFileError: for another distance, as that of weeks.
    """
    step_s = most_common_step_s(raw)
    if step_s not in FRAMES:
        problem = f"cannot be told: most bars are {step_s} s apart"
        raise log.refusal("timeframe", problem, "pass timeframe=; EODHD has M1, M5, H1 and D1")
    return FRAMES[step_s]


def _decoded(data: bytes, log: ImportLog) -> list[_Row]:
    if data.lstrip().startswith(b"{"):
        raise log.refusal("file", f"is no list of bars but an answer that says {_complaint(data)}", _REMEDY)
    try:
        return msgspec.json.decode(data, type=list[_Row])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise log.refusal("file", f"is no answer of EODHD with bars ({error})", _REMEDY) from error


def _complaint(data: bytes) -> str:
    try:
        failure = msgspec.json.decode(data, type=_Failure)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "something else"
    return repr(str(failure.message or failure.error or failure.errors or "something else")[:200])


def _missing(places: list[int], count: int) -> Ints:
    return np.setdiff1d(np.arange(1, count + 1, dtype=np.int64), np.array(places, dtype=np.int64))


def _floats(values: list[float | None]) -> Floats:
    return np.array(values, dtype=np.float64)


def _times_msc(rows: list[_Row], numbers: Ints, log: ImportLog) -> Ints:
    """Openings [ms, UTC]: of intraday bars by their time stamp, of days by their date."""
    if all(row.timestamp is not None for row in rows):
        times = np.array([row.timestamp for row in rows], dtype=np.float64)
    elif all(row.date is not None and row.timestamp is None for row in rows):
        times = _days([row.date for row in rows], log)
    else:
        lacking = next(place for place, row in zip(numbers, rows, strict=True) if row.timestamp is None)
        raise log.refusal("timestamp", "is missing, and there is no date for every bar", _REMEDY, int(lacking))
    bad = ~((times > 0) & (times < _YEAR_2100_S))
    if bad.any():
        row = int(numbers[np.argmax(bad)])
        raise log.refusal("timestamp", "is outside 1970 to 2100", "remove the bar", row)
    return times.astype(np.int64) * 1000


def _days(dates: list[str | None], log: ImportLog) -> Floats:
    try:
        return np.array(dates, dtype="datetime64[D]").astype("datetime64[s]").astype(np.float64)
    except ValueError as error:
        raise log.refusal("date", f"cannot be read ({error})", "EODHD writes 2025-01-31") from error


_YEAR_2100_S: Final = 4_102_444_800
