"""What a file's name tells: symbol, timeframe, clock. What it does not tell plainly is not guessed."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from domain.symbols import SYMBOL_NAME_LIMIT
from domain.timeframes import Timeframe

_SUFFIXES: Final = (".gz", ".zip", ".csv", ".txt", ".tsv", ".parquet", ".pq", ".json", ".bi5")
_TIMEFRAMES: Final = {frame.name: frame for frame in Timeframe} | {
    "DAILY": Timeframe.D1,
    "WEEKLY": Timeframe.W1,
    "MONTHLY": Timeframe.MN1,
}
_CODES: Final = (
    "AUD BRL BTC CAD CHF CLP CNH CNY COP CZK DKK ETH EUR GBP HKD HUF IDR ILS INR JPY KRW MXN MYR NOK NZD PHP PLN "
    "RON RUB SAR SEK SGD THB TRY TWD USD XAG XAU XPD XPT ZAR"
)
_CURRENCIES: Final = frozenset(_CODES.split())
_PAIR: Final = re.compile(r"([A-Z]{3})([A-Z]{3})(?:[.#+\-]?[A-Za-z0-9]{0,8}[+#]?)")
_SYMBOL_SHAPE: Final = re.compile(r"[A-Za-z#.][A-Za-z0-9.#&+]*")
_STAMP: Final = re.compile(r"\d{12}")


class NamedQuotes(NamedTuple):
    """What the name of a file says; None where it says nothing or more than one thing."""

    symbol: str | None
    timeframe: Timeframe | None
    is_utc: bool


def told_by_name(path: Path) -> NamedQuotes:
    """Read names such as XAUUSD_H4_202501020000_202506302000.csv.gz or icmarkets_EURUSD_M5_2025_server.parquet."""
    words = [word for word in re.split(r"[_\s]+", _stem(path)) if word]
    place = _symbol_place(words)
    symbol = None if place is None else words[place]
    return NamedQuotes(symbol, _timeframe(words, place), any(word.lower() == "utc" for word in words))


def _stem(path: Path) -> str:
    name = path.name
    while name.lower().endswith(_SUFFIXES):
        name = name[: name.rindex(".")]
    return name


def _symbol_place(words: list[str]) -> int | None:
    """Index of the one word that is a symbol: a pair of currencies, else what stands before a timeframe or a stamp."""
    pairs = [place for place, word in enumerate(words) if _is_pair(word)]
    if not pairs:
        pairs = [
            place
            for place, (word, after) in enumerate(pairwise(words))
            if _looks_like_symbol(word) and (after.upper() in _TIMEFRAMES or _STAMP.fullmatch(after))
        ]
    return pairs[0] if len({words[place] for place in pairs}) == 1 else None


def _is_pair(word: str) -> bool:
    match = _PAIR.fullmatch(word)
    return match is not None and match[1] in _CURRENCIES and match[2] in _CURRENCIES


def _looks_like_symbol(word: str) -> bool:
    enough_capitals = sum(letter.isupper() for letter in word) > 1
    return enough_capitals and len(word) <= SYMBOL_NAME_LIMIT and _SYMBOL_SHAPE.fullmatch(word) is not None


def _timeframe(words: list[str], symbol_place: int | None) -> Timeframe | None:
    """The timeframe right after the symbol, else the only one there is."""
    if symbol_place is not None and symbol_place + 1 < len(words):
        beside = _TIMEFRAMES.get(words[symbol_place + 1].upper())
        if beside is not None:
            return beside
    found = {_TIMEFRAMES[word.upper()] for word in words if word.upper() in _TIMEFRAMES}
    return found.pop() if len(found) == 1 else None
