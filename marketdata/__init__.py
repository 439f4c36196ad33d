from marketdata.files import load_quotes
from marketdata.ohlc_ticks import ohlc_ticks
from marketdata.parquet import Recording, read_recording, write_bars, write_ticks
from marketdata.quotes import CrossedQuotes, ImportNote, NoteKind, QuoteFile, QuoteFileError
from marketdata.synthetic import DEMO_START_UTC_S, DEMO_SYMBOLS, SyntheticSymbol, synthetic_market
from marketdata.tape import Tape

__all__ = [
    "DEMO_START_UTC_S",
    "DEMO_SYMBOLS",
    "CrossedQuotes",
    "ImportNote",
    "NoteKind",
    "QuoteFile",
    "QuoteFileError",
    "Recording",
    "SyntheticSymbol",
    "Tape",
    "load_quotes",
    "ohlc_ticks",
    "read_recording",
    "synthetic_market",
    "write_bars",
    "write_ticks",
]
