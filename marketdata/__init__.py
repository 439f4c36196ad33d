from marketdata.bar_ticks import TickModel, every_tick, is_made_of_bars, ohlc_ticks, ticks_of_bars
from marketdata.candles import BarError
from marketdata.files import load_quotes
from marketdata.merging import Overlap
from marketdata.months import Stamped
from marketdata.parquet import Recording, read_recording, write_bars, write_ticks
from marketdata.quotes import CrossedQuotes, ImportNote, NoteKind, QuoteFile, QuoteFileError
from marketdata.series import SeriesFacts, SeriesKey
from marketdata.sql import SqlUnavailableError
from marketdata.store import MarketStore, StoredQuotes, StoreError, stamped_by
from marketdata.synthetic import (
    DEMO_START_UTC_S,
    DEMO_SYMBOLS,
    SyntheticSymbol,
    synthetic_market,
    synthetic_releases,
)
from marketdata.tape import Tape

__all__ = [
    "DEMO_START_UTC_S",
    "DEMO_SYMBOLS",
    "BarError",
    "CrossedQuotes",
    "ImportNote",
    "MarketStore",
    "NoteKind",
    "Overlap",
    "QuoteFile",
    "QuoteFileError",
    "Recording",
    "SeriesFacts",
    "SeriesKey",
    "SqlUnavailableError",
    "Stamped",
    "StoreError",
    "StoredQuotes",
    "SyntheticSymbol",
    "Tape",
    "TickModel",
    "every_tick",
    "is_made_of_bars",
    "load_quotes",
    "ohlc_ticks",
    "read_recording",
    "stamped_by",
    "synthetic_market",
    "synthetic_releases",
    "ticks_of_bars",
    "write_bars",
    "write_ticks",
]
