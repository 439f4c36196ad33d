"""Dukascopy's .bi5 files: LZMA-packed records, big-endian, whose hour or day stands in their path alone.

Ticks, 20 bytes each: milliseconds since the hour, ask and bid [points], ask and bid volume. Candles of a minute,
24 bytes each: seconds since midnight, open, close, low, high [points], volume. All times are UTC; the month in the
path counts from 00. Volumes are liquidity in millions, which MT5 does not have, and are left out.
"""

import lzma
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from domain.timeframes import Timeframe
from marketdata.parquet import Stored
from marketdata.quotes import ImportLog, NoteKind, Vendor
from marketdata.raw import RawQuotes

LZMA_MARK: Final = b"\x5d\x00\x00"
SUFFIX: Final = ".bi5"
_TICK: Final = np.dtype([("ms", ">u4"), ("ask", ">u4"), ("bid", ">u4"), ("ask_volume", ">f4"), ("bid_volume", ">f4")])
_CANDLE: Final = np.dtype(
    [("s", ">u4"), ("open", ">u4"), ("close", ">u4"), ("low", ">u4"), ("high", ">u4"), ("volume", ">f4")]
)
_HOUR_MS: Final = 3_600_000
_DAY_S: Final = 86_400
_LARGEST: Final = 1 << 26  # unpacked: an hour of gold has half a million bytes; what is larger is no hour file
_PATH: Final = re.compile(
    r"(?P<symbol>[A-Za-z0-9.]+)/(?P<year>\d{4})/(?P<month>\d{2})/(?P<day>\d{2})/"
    r"(?:(?P<hour>[01]\d|2[0-3])h_ticks|(?P<side>BID|ASK)_candles_min_1)\.bi5"
)
_FIVE_DIGITS: Final = frozenset(["AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "SGD", "USD"])
_THREE_DIGITS: Final = frozenset({"XAUUSD", "XAGUSD"})


def read_bi5(path: Path, data: bytes, digits: int | None, log: ImportLog) -> tuple[RawQuotes, Stored, bool]:
    """Rows, what the path says of them, and whether they are bars.

    Raises:
        QuoteFileError: for a path without an hour, prices of unknown scale, and a file that is damaged or empty.
    """
    match = _PATH.search(path.resolve().as_posix())
    if match is None:
        remedy = "keep Dukascopy's folders: SYMBOL/2025/00/31/13h_ticks.bi5 (January is 00)"
        raise log.refusal("time", "of a .bi5 file stands in its path, and this one has none", remedy)
    if match["side"] == "ASK":
        raise log.refusal(
            "side", "is the ask, and MT5's bars are of the bid", "pass the BID_candles_min_1.bi5 beside it"
        )
    symbol = match["symbol"].upper()
    known = known_digits(symbol) if digits is None else digits
    if known is None:
        problem = f"of {symbol} are scaled by a point that the file does not tell"
        raise log.refusal("prices", problem, "pass digits=, the decimals Dukascopy shows for it (--digits)")
    start_ms = int(_start(match, log).timestamp()) * 1000
    is_bars = match["side"] is not None
    records = _records(data, _CANDLE if is_bars else _TICK, log)
    raw = (_bars if is_bars else _ticks)(records, start_ms, 10.0**-known, known, log)
    frame = Timeframe.M1 if is_bars else None
    stored = Stored(symbol=symbol, digits=known, timeframe=frame, server_offset_s=0, vendor=Vendor.DUKASCOPY)
    return raw, stored, is_bars


def month_of(path: Path) -> Path | None:
    """What stands for all files of a symbol's month and kind; None for a file that is no part of such a tree.

    Bars are a kind of their own.
    """
    match = _PATH.search(path.resolve().as_posix())
    if match is None or match["side"] == "ASK":
        return None
    return path.resolve().parents[1] / ("*/*h_ticks.bi5" if match["side"] is None else "*/BID_candles_min_1.bi5")


def known_digits(symbol: str) -> int | None:
    """Decimals of the prices of `symbol`; None where they are not known for sure."""
    base, quote = symbol[:3], symbol[3:]
    if symbol in _THREE_DIGITS or (quote == "JPY" and base in _FIVE_DIGITS):
        return 3
    return 5 if base in _FIVE_DIGITS and quote in _FIVE_DIGITS else None


def _start(match: "re.Match[str]", log: ImportLog) -> datetime:
    try:
        return datetime(
            int(match["year"]), int(match["month"]) + 1, int(match["day"]), int(match["hour"] or 0), tzinfo=UTC
        )
    except ValueError as error:
        problem = f"{match[0]} is no date, with months counted from 00 ({error})"
        raise log.refusal("path", problem, "keep the folders as Dukascopy names them") from error


def _records(data: bytes, dtype: np.dtype[Any], log: ImportLog) -> npt.NDArray[np.void]:
    if not data:
        raise log.refusal("file", "is empty: Dukascopy has no quotes of that time", "leave it out")
    try:
        unpacked = lzma.LZMADecompressor().decompress(data, _LARGEST)
    except (lzma.LZMAError, EOFError, ValueError) as error:
        raise log.refusal("file", f"cannot be unpacked ({error})", "fetch it again") from error
    if not unpacked or len(unpacked) % dtype.itemsize:
        problem = f"has {len(unpacked)} bytes unpacked, no whole number of records of {dtype.itemsize}"
        raise log.refusal("file", problem, "fetch it again")
    return np.frombuffer(unpacked, dtype)


def _ticks(records: npt.NDArray[np.void], start_ms: int, point: float, digits: int, log: ImportLog) -> RawQuotes:
    late = records["ms"] >= _HOUR_MS
    if late.any():
        row = int(np.argmax(late)) + 1
        raise log.refusal("time", "is beyond the hour of the file", "fetch it again", row)
    fields = {name: records[name].astype(np.float64) * point for name in ("bid", "ask")}
    rows = np.arange(1, records.size + 1, dtype=np.int64)
    return RawQuotes(start_ms + records["ms"].astype(np.int64), fields, rows, digits)


def _bars(records: npt.NDArray[np.void], start_ms: int, point: float, digits: int, log: ImportLog) -> RawQuotes:
    """Bars of the minutes that had a tick: where there was none, the file repeats the last price with volume 0."""
    late = records["s"] >= _DAY_S
    if late.any():
        row = int(np.argmax(late)) + 1
        raise log.refusal("time", "is beyond the day of the file", "fetch it again", row)
    fields = {name: records[name].astype(np.float64) * point for name in ("open", "high", "low", "close")}
    rows = np.arange(1, records.size + 1, dtype=np.int64)
    raw = RawQuotes(start_ms + records["s"].astype(np.int64) * 1000, fields, rows, digits)
    silent = (records["volume"] == 0.0) & (records["high"] == records["low"])
    log.note(NoteKind.NO_TICK, "volume 0 and one price: no tick came in that minute; dropped", rows[silent])
    return raw.kept(~silent)
