"""From raw rows to clean ticks or bars; everything dropped or repaired is noted with its row."""

from typing import Final, NamedTuple

import numpy as np

from domain.dtypes import RATES_DTYPE, TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID
from domain.timeframes import Timeframe
from marketdata.columns import OHLC
from marketdata.frames import native_bars
from marketdata.prices import digits_of, on_grid, unpriced, without_unpriced
from marketdata.quotes import Bars, CrossedQuotes, Floats, ImportLog, Ints, Mask, NoteKind, Ticks
from marketdata.raw import RawQuotes
from marketdata.sequence import in_order, refuse_two_bars_of_one_time, without_repeats

_MS_PER_S: Final = 1000
_LARGEST_TICK_VOLUME: Final = 1e9
_LARGEST_REAL_VOLUME: Final = 1e15
_LARGEST_SPREAD: Final = 2.0**31 - 1
_LARGEST_FLAGS: Final = 2.0**32 - 1
_BOTH_SIDES: Final = TICK_FLAG_BID | TICK_FLAG_ASK


class Cleaned(NamedTuple):
    """What is left: `quotes` (TICK_DTYPE or RATES_DTYPE), the `digits` of their prices, their `rows` in the file."""

    quotes: Ticks | Bars
    digits: int
    rows: Ints


def clean_ticks(raw: RawQuotes, *, digits: int | None, crossed: CrossedQuotes, log: ImportLog) -> Cleaned:
    """Ticks (TICK_DTYPE), ascending.

    Raises:
        QuoteFileError: for what is no slip but another kind of file.
    """
    raw = without_unpriced(raw, ("bid", "ask"), log)
    digits = digits_of(raw, ("bid", "ask"), digits, log)
    raw = on_grid(raw, ("bid", "ask"), digits, log)
    raw = in_order(raw, log)
    raw = without_repeats(raw, log)
    raw = _uncrossed(raw, crossed, log)
    return Cleaned(_ticks(_refused_when_empty(raw, log), log), digits, raw.rows)


def clean_bars(raw: RawQuotes, timeframe: Timeframe, *, digits: int | None, log: ImportLog) -> Cleaned:
    """Bars (RATES_DTYPE) of `timeframe`, strictly ascending.

    Raises:
        QuoteFileError: for what is no slip but another kind of file.
    """
    raw = without_unpriced(raw, OHLC, log)
    digits = digits_of(raw, OHLC, digits, log)
    raw = on_grid(raw, OHLC, digits, log)
    raw = _possible_ranges(raw, log)
    raw = in_order(raw, log)
    raw = without_repeats(raw, log)
    refuse_two_bars_of_one_time(raw, log)
    raw = native_bars(raw, timeframe, log)
    return Cleaned(_bars(_refused_when_empty(raw, log), digits, log), digits, raw.rows)


def _refused_when_empty(raw: RawQuotes, log: ImportLog) -> RawQuotes:
    if not raw.rows.size:
        raise log.refusal("file", "holds no usable quote", "export it again")
    return raw


def _uncrossed(raw: RawQuotes, policy: CrossedQuotes, log: ImportLog) -> RawQuotes:
    bid, ask = raw.fields["bid"], raw.fields["ask"]
    crossed = ask < bid
    if not crossed.any():
        return raw
    done = {CrossedQuotes.DROP: "dropped", CrossedQuotes.KEEP: "kept as they are", CrossedQuotes.SWAP: "swapped"}
    log.note(NoteKind.CROSSED, f"ask below bid; {done[policy]}", raw.rows[crossed])
    if policy is CrossedQuotes.DROP:
        return raw.kept(~crossed)
    if policy is CrossedQuotes.SWAP:
        return raw.with_fields(bid=np.minimum(bid, ask), ask=np.maximum(bid, ask))
    return raw


def _possible_ranges(raw: RawQuotes, log: ImportLog) -> RawQuotes:
    """Drop bars whose high or low is inside their own body."""
    opens, highs, lows, closes = (raw.fields[name] for name in OHLC)
    bad = (highs < np.maximum(opens, closes)) | (lows > np.minimum(opens, closes))
    if not bad.any():
        return raw
    remedy = "check the order of the columns: open, high, low, close"
    log.limit(NoteKind.BAD_RANGE, "high", raw.rows[bad], raw.rows.size, remedy)
    log.note(NoteKind.BAD_RANGE, "high below or low above open or close; dropped", raw.rows[bad])
    return raw.kept(~bad)


def _ticks(raw: RawQuotes, log: ImportLog) -> Ticks:
    ticks = np.zeros(raw.rows.size, dtype=TICK_DTYPE)
    ticks["time"] = raw.time_msc // _MS_PER_S
    ticks["time_msc"] = raw.time_msc
    ticks["bid"] = raw.fields["bid"]
    ticks["ask"] = raw.fields["ask"]
    ticks["last"] = _amounts(raw, "last", _LARGEST_REAL_VOLUME, log)
    ticks["volume"] = _amounts(raw, "volume", _LARGEST_REAL_VOLUME, log)
    finer = "volume_real" if "volume_real" in raw.fields else "volume"
    ticks["volume_real"] = ticks["volume"] if finer == "volume" else _amounts(raw, finer, _LARGEST_REAL_VOLUME, log)
    if "flags" in raw.fields:
        ticks["flags"] = _amounts(raw, "flags", _LARGEST_FLAGS, log)
    else:
        ticks["flags"] = _change_flags(raw.fields["bid"], raw.fields["ask"])
    return ticks


def _change_flags(bid: Floats, ask: Floats) -> Ints:
    """MT5's flags of what changed since the tick before; a tick that repeats it announces both sides."""
    flags = np.full(bid.size, _BOTH_SIDES, dtype=np.int64)
    bid_changed, ask_changed = bid[1:] != bid[:-1], ask[1:] != ask[:-1]
    changed = np.where(bid_changed, TICK_FLAG_BID, 0) | np.where(ask_changed, TICK_FLAG_ASK, 0)
    flags[1:] = np.where(changed == 0, _BOTH_SIDES, changed)
    return flags


def _bars(raw: RawQuotes, digits: int, log: ImportLog) -> Bars:
    bars = np.zeros(raw.rows.size, dtype=RATES_DTYPE)
    bars["time"] = raw.time_msc // _MS_PER_S
    for name in OHLC:
        bars[name] = raw.fields[name]
    bars["tick_volume"] = _amounts(raw, "tick_volume", _LARGEST_TICK_VOLUME, log)
    bars["real_volume"] = _amounts(raw, "real_volume", _LARGEST_REAL_VOLUME, log)
    bars["spread"] = _spreads(raw, digits, log)
    return bars


def _spreads(raw: RawQuotes, digits: int, log: ImportLog) -> Floats:
    """Spread of each bar [points]: as given, else between the closing prices of both sides."""
    if "ask_close" in raw.fields:
        return _closing_spreads(raw, digits, log)
    if "spread" not in raw.fields:
        log.note(NoteKind.MISSING_COLUMN, "spread: the file has none, every bar gets 0 points")
        return np.zeros(raw.rows.size)
    return np.rint(_repaired(raw, "spread", _LARGEST_SPREAD, NoteKind.SPREAD, log))


def _closing_spreads(raw: RawQuotes, digits: int, log: ImportLog) -> Floats:
    ask = raw.fields["ask_close"]
    unknown = unpriced([ask])
    spreads = np.where(unknown, 0.0, np.rint((ask - raw.fields["close"]) * 10.0**digits))
    log.note(NoteKind.SPREAD, "no closing ask; spread set to 0", raw.rows[unknown])
    log.note(NoteKind.CROSSED, "closing ask below the bid; spread set to 0", raw.rows[spreads < 0.0])
    return np.clip(spreads, 0.0, _LARGEST_SPREAD)


def _amounts(raw: RawQuotes, name: str, largest: float, log: ImportLog) -> Floats:
    """A column of volumes, 0 where the file has none."""
    if name in raw.fields:
        return _repaired(raw, name, largest, NoteKind.VOLUME, log)
    if name == "tick_volume":
        log.note(NoteKind.MISSING_COLUMN, "tick_volume: the file has none, every bar gets 0")
    return np.zeros(raw.rows.size)


def _repaired(raw: RawQuotes, name: str, largest: float, kind: NoteKind, log: ImportLog) -> Floats:
    """The column with 0 for what is no count: negative, not a number, or beyond `largest`."""
    values = raw.fields[name]
    with np.errstate(invalid="ignore"):
        bad: Mask = ~((values >= 0.0) & (values <= largest))
    log.note(kind, f"{name} is no count from 0 to {largest:.0f}; set to 0", raw.rows[bad])
    return np.where(bad, 0.0, values)
