"""Load a file of quotes, whatever it is; the one door for `replay`, tests and benchmarks."""

from pathlib import Path
from typing import Final

import numpy as np

from domain.timeframes import Timeframe
from marketdata.cells import Cells, TooManyUnreadableError, fixed_decimals, note_truncated, number_cells, time_cells
from marketdata.cleaning import clean_bars, clean_ticks
from marketdata.columns import OHLC, Layout, layout_of
from marketdata.dukascopy import LZMA_MARK, SUFFIX, read_bi5
from marketdata.eodhd import frame_of, is_json, read_json
from marketdata.histdata import EST_OFFSET_S, is_histdata
from marketdata.mt5_export import carried_forward, is_mt5_export
from marketdata.naming import NamedQuotes, told_by_name
from marketdata.parquet import PARQUET_MARK, Stored, read_parquet
from marketdata.quotes import CrossedQuotes, Floats, ImportLog, Mask, NoteKind, QuoteFile, Vendor
from marketdata.raw import RawQuotes
from marketdata.text import TextFile, file_bytes, opened_text, read_rows, stored_bytes

_PRICES: Final = ("bid", "ask", *OHLC)
_CUT_LINE: Final = "not a row of quotes, as the first or last line of a cut export; dropped"


def load_quotes(
    path: Path | str,
    *,
    symbol: str | None = None,
    timeframe: Timeframe | None = None,
    digits: int | None = None,
    crossed: CrossedQuotes = CrossedQuotes.DROP,
) -> QuoteFile:
    """Read ticks or bars from an MT5 export, CSV, Parquet, EODHD, Dukascopy or HistData, and clean them.

    `symbol`, `timeframe` and `digits` go before what the file and its name say; `crossed` is what to do with ticks
    whose ask is below their bid. The format is recognized by content, not by the suffix.

    Raises:
        QuoteFileError: where the file cannot be used as it is; names the row, the field and the remedy.
    """
    path = Path(path)
    log = ImportLog(path)
    raw, stored, is_bars = _read(path, digits, log)
    named = told_by_name(path)
    symbol = symbol or stored.symbol or named.symbol
    if symbol is not None and stored.vendor is Vendor.EODHD:
        symbol = symbol.removesuffix(".FOREX")
    if symbol is None:
        raise log.refusal("symbol", "is not told by the file or its name", "pass symbol=")
    digits = stored.digits if digits is None else digits
    if is_bars:
        frame = timeframe or stored.timeframe or _named_timeframe(named, log)
        cleaned = clean_bars(raw, frame, digits=digits, log=log)
    else:
        frame = None
        cleaned = clean_ticks(raw, digits=digits, crossed=crossed, log=log)
    return QuoteFile(
        path=path,
        symbol=symbol,
        digits=cleaned.digits,
        timeframe=frame,
        server_offset_s=0 if stored.server_offset_s is None and named.is_utc else stored.server_offset_s,
        notes=tuple(log.notes),
        vendor=stored.vendor or Vendor.CSV,
        ticks=None if is_bars else cleaned.quotes,
        bars=cleaned.quotes if is_bars else None,
        row_numbers=cleaned.rows,
    )


def _named_timeframe(named: NamedQuotes, log: ImportLog) -> Timeframe:
    if named.timeframe is None:
        raise log.refusal("timeframe", "of the bars is not told by the file or its name", "pass timeframe=")
    return named.timeframe


def _read(path: Path, digits: int | None, log: ImportLog) -> tuple[RawQuotes, Stored, bool]:
    """The rows, what the file says of itself, and whether they are bars."""
    if path.name.lower().endswith(SUFFIX):
        return read_bi5(path, stored_bytes(path, log), digits, log)
    data = file_bytes(path, log)
    if data.startswith(LZMA_MARK):
        return read_bi5(path, data, digits, log)
    if is_json(data):
        return read_json(data, log)
    if data.startswith(PARQUET_MARK):
        return read_parquet(data, log)
    text = opened_text(data, log)
    layout = layout_of(text.columns, log)
    raw, is_utc = _raw_from_text(text, layout, log)
    if not text.has_header and is_histdata(text.sample, path):
        raw = raw._replace(decimals=None)  # they write six, whatever the symbol has
    if not text.has_header and layout.is_bars:
        _refuse_unlikely_columns(raw, log)
    return raw, _told_by_text(text, layout, raw, is_utc=is_utc, log=log), layout.is_bars


def _told_by_text(text: TextFile, layout: Layout, raw: RawQuotes, *, is_utc: bool, log: ImportLog) -> Stored:
    if layout.vendor is Vendor.EODHD:
        return Stored(timeframe=frame_of(raw, log), server_offset_s=0, vendor=Vendor.EODHD)
    if not text.has_header and is_histdata(text.sample, log.path):
        frame = Timeframe.M1 if layout.is_bars else None
        return Stored(timeframe=frame, server_offset_s=EST_OFFSET_S, vendor=Vendor.HISTDATA)
    return Stored(server_offset_s=0 if is_utc else None, vendor=layout.vendor)


def _raw_from_text(text: TextFile, layout: Layout, log: ImportLog) -> tuple[RawQuotes, bool]:
    body = read_rows(text, layout.wanted, log)
    if not body.rows.size:
        raise log.refusal("file", "has a header but no rows", "export it again")
    clock = None if layout.clock is None else body.cells[layout.clock]
    try:
        times = time_cells(body.cells[layout.time], clock, log)
        cells = {name: number_cells(body.cells[column]) for name, column in layout.fields.items()}
    except TooManyUnreadableError as error:
        row = int(body.rows[error.place])
        problem = "hold more than a few cells that are no times or numbers"
        raise log.refusal("columns", problem, "check the header and the separator", row) from error
    note_truncated(log, body.rows[times.truncated & ~times.unreadable])
    fields = {name: _values(name, column, text) for name, column in cells.items()}
    decimals = fixed_decimals(body.cells[layout.fields["bid" if "bid" in layout.fields else "open"]])
    raw = RawQuotes(times.msc, fields, body.rows, decimals)
    unreadable = {name: cells[name].unreadable for name in _PRICES if name in cells}
    return _without_cut_lines(raw, {"time": times.unreadable} | unreadable, log), layout.is_utc or times.is_utc


def _values(name: str, cells: Cells, text: TextFile) -> Floats:
    values = cells.values
    if is_mt5_export(text.columns) and name in ("bid", "ask", "last"):
        values = carried_forward(cells)
    if name in (*_PRICES, "ask_close"):
        return values
    return np.where(cells.blank & np.isnan(values), 0.0, values)


def _without_cut_lines(raw: RawQuotes, unreadable: dict[str, Mask], log: ImportLog) -> RawQuotes:
    """Drop the first and the last row where they do not read.

    Raises:
        QuoteFileError: for such a row anywhere else: a hole in the middle is nothing to pass over.
    """
    broken = np.logical_or.reduce(list(unreadable.values()))
    for place in np.flatnonzero(broken):
        if 0 < place < broken.size - 1:
            field = next(name for name, mask in unreadable.items() if mask[place])
            remedy = "correct the line or export the file again"
            raise log.refusal(field, "cannot be read", remedy, int(raw.rows[place]))
    if not broken.any():
        return raw
    log.note(NoteKind.CORRUPT_LINE, _CUT_LINE, raw.rows[broken])
    return raw.kept(~broken)


def _refuse_unlikely_columns(raw: RawQuotes, log: ImportLog) -> None:
    """Without a header the order of the columns is proven only by every high and low agreeing with it."""
    opens, highs, lows, closes = (raw.fields[name] for name in OHLC)
    with np.errstate(invalid="ignore"):
        proven = (highs >= np.maximum(opens, closes)) & (lows <= np.minimum(opens, closes))
    if not proven.all():
        row = int(raw.rows[np.argmin(proven)])
        raise log.refusal("header", "is missing and the columns are not open, high, low, close", "add a header", row)
