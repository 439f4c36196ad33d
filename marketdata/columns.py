"""Which column of a file means what, told by its name alone; the same words for text and for Parquet."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from marketdata.quotes import ImportLog, Vendor

OHLC: Final = ("open", "high", "low", "close")
ASK_OHLC: Final = ("ask_open", "ask_high", "ask_low", "ask_close")
_TIME_WORDS: Final = (
    "time_msc",
    "time_utc",
    "server_time",
    "gmt_time",
    "datetime",
    "date_time",
    "timestamp",
    "time",
    "date",
)
_VOLUME_WORDS: Final = ("tick_volume", "tickvol", "tickvolume", "volume", "vol")
_REAL_VOLUME_WORDS: Final = ("real_volume", "realvolume", "vol", "volume")
_TICK_WORDS: Final = {
    "last": ("last",),
    "volume": ("volume", "vol"),
    "volume_real": ("volume_real",),
    "flags": ("flags",),
}
_UTC_WORDS: Final = ("time_utc", "gmt_time")
_REMEDY: Final = "name the columns time, bid, ask or time, open, high, low, close, tick_volume, spread"


class Layout(NamedTuple):
    """Column of the file for each thing we read.

    `fields` maps our name to the file's; `time` and, where date and time of day are apart, `clock` do so for the time.
    """

    is_bars: bool
    time: str
    clock: str | None
    fields: dict[str, str]
    is_utc: bool
    vendor: Vendor | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """Columns to read, each once."""
        names = [self.time, *([] if self.clock is None else [self.clock]), *self.fields.values()]
        return tuple(dict.fromkeys(names))


def plain_name(column: str) -> str:
    """`column` as compared here: `<TICKVOL>`, "Tick Volume" and tick_volume differ in dress only."""
    return column.strip().strip("\"'<>").strip().lower().replace(" ", "_").replace("-", "_")


def is_header(columns: Sequence[str]) -> bool:
    """Whether a line reads like a header: it names a time and at least one price."""
    names = {plain_name(column) for column in columns}
    prices = {"bid", "ask", *OHLC, *ASK_OHLC, *(_swapped(name) for name in ASK_OHLC)}
    return bool(names & set(_TIME_WORDS)) and bool(names & prices)


def layout_of(columns: Sequence[str], log: ImportLog) -> Layout:
    """Decide what the columns mean.

    Raises:
        QuoteFileError: where the time or a price is missing.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    vendor = _vendor(columns, by_name)
    time, clock = (by_name["timestamp"], None) if "gmtoffset" in by_name else _time_columns(by_name, log)
    is_bars = "bid" not in by_name or all(name in by_name for name in OHLC)
    fields = _bar_fields(by_name, log) if is_bars else _tick_fields(by_name, log)
    is_utc = plain_name(time) in _UTC_WORDS or vendor is Vendor.EODHD
    return Layout(is_bars, time, clock, fields, is_utc, vendor)


def _vendor(columns: Sequence[str], by_name: dict[str, str]) -> Vendor | None:
    """Whose columns they are, where only one vendor names them so; None for everybody's."""
    if columns and columns[0].strip().upper() == "<DATE>":
        return Vendor.MT5
    if {"timestamp", "gmtoffset"} <= by_name.keys() or {"date", "adjusted_close"} <= by_name.keys():
        return Vendor.EODHD
    return None


def _time_columns(by_name: dict[str, str], log: ImportLog) -> tuple[str, str | None]:
    if "date" in by_name and "time" in by_name:
        return by_name["date"], by_name["time"]
    for word in _TIME_WORDS:
        if word in by_name:
            return by_name[word], None
    raise log.refusal("time", "has no column", _REMEDY)


def _tick_fields(by_name: dict[str, str], log: ImportLog) -> dict[str, str]:
    if "ask" not in by_name:
        raise log.refusal("ask", "has no column", _REMEDY)
    fields = {"bid": by_name["bid"], "ask": by_name["ask"]}
    for field, words in _TICK_WORDS.items():
        _take(fields, field, words, by_name)
    return fields


def _bar_fields(by_name: dict[str, str], log: ImportLog) -> dict[str, str]:
    fields: dict[str, str] = {name: by_name[name] for name in OHLC if name in by_name}
    if not fields:
        fields = _bid_ask_fields(by_name)
    missing = [name for name in OHLC if name not in fields]
    if missing:
        raise log.refusal(missing[0], f"has no column among {', '.join(list(by_name)[:12])}", _REMEDY)
    _take(fields, "tick_volume", _VOLUME_WORDS, by_name)
    _take(fields, "real_volume", _REAL_VOLUME_WORDS, by_name)
    _take(fields, "spread", ("spread",), by_name)
    return fields


def _bid_ask_fields(by_name: dict[str, str]) -> dict[str, str]:
    """Bars of both sides, as bid_open or open_bid: MT5 draws the bid, the closing ask gives the spread."""
    fields: dict[str, str] = {}
    for price in (*OHLC, "ask_close"):
        name = price if price in ASK_OHLC else f"bid_{price}"
        column = by_name.get(name) or by_name.get(_swapped(name))
        if column is not None:
            fields[price] = column
    return fields


def _swapped(name: str) -> str:
    side, _, price = name.partition("_")
    return f"{price}_{side}"


def _take(fields: dict[str, str], field: str, words: Sequence[str], by_name: dict[str, str]) -> None:
    taken = set(fields.values())
    for word in words:
        if word in by_name and by_name[word] not in taken:
            fields[field] = by_name[word]
            return
