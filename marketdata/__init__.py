from marketdata.bar_ticks import TickModel, every_tick, ohlc_ticks, ticks_of_bars
from marketdata.candles import BarError
from marketdata.files import load_quotes
from marketdata.parquet import Recording, read_recording, write_bars, write_ticks
from marketdata.quotes import CrossedQuotes, ImportNote, NoteKind, QuoteFile, QuoteFileError
from marketdata.synthetic import DEMO_START_UTC_S, DEMO_SYMBOLS, SyntheticSymbol, synthetic_market
from marketdata.tape import Tape

__all__ = [
    "DEMO_START_UTC_S",
    "DEMO_SYMBOLS",
    "BarError",
    "CrossedQuotes",
    "ImportNote",
    "NoteKind",
    "QuoteFile",
    "QuoteFileError",
    "Recording",
    "SyntheticSymbol",
    "Tape",
    "TickModel",
    "every_tick",
    "load_quotes",
    "ohlc_ticks",
    "read_recording",
    "synthetic_market",
    "ticks_of_bars",
    "write_bars",
    "write_ticks",
]
