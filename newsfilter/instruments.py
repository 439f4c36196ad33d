"""Which currencies' events move a symbol."""

import re
from collections.abc import Mapping
from typing import Final

_CODES: Final = (
    "AUD BRL CAD CHF CLP CNH CNY COP CZK DKK EUR GBP HKD HUF IDR ILS INR JPY KRW MXN MYR NOK NZD PHP PLN RON RUB SEK "
    "SGD THB TRY TWD USD ZAR"
)
_CURRENCIES: Final = frozenset(_CODES.split())
_METALS: Final = frozenset({"XAU", "XAG", "XPT", "XPD"})
_ALIASES: Final = {"CNH": "CNY", "USC": "USD", "EUC": "EUR"}
_INDEX_HOMES: Final = (
    (re.compile(r"(US30|US100|US500|US2000|USTEC|NAS|NDX|SPX|SP500|DJ|WS30|DOW|RUS|VIX|DXY|USDX)"), "USD"),
    (re.compile(r"(DE30|DE40|GER|DAX|EU50|STOXX|ESTX|FR40|CAC|FRA|ES35|SPA|ESP|IT40|ITA|NL25|NETH)"), "EUR"),
    (re.compile(r"(UK100|FTSE)"), "GBP"),
    (re.compile(r"(JP225|JPN|NIK|NKY)"), "JPY"),
    (re.compile(r"(AU200|AUS|ASX)"), "AUD"),
    (re.compile(r"(HK50|HSI|CHINA|CN50|A50|CHN)"), "CNY"),
    (re.compile(r"(SWI|SMI|CH20)"), "CHF"),
    (re.compile(r"(CA60|TSX)"), "CAD"),
)
_DOLLAR: Final = ("USD",)


def currencies_of(symbol: str, chosen: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Currencies whose events concern `symbol`, in the order of its legs.

    `chosen` holds the user's own answers by base name (XAUUSD stands for XAUUSD.ecn, too) and goes first. A currency
    pair has both legs, metals the dollar and what they are quoted in, indices their home. Everything else, crypto and
    energies among them, is priced in dollars: the dollar's events concern it, and what its name says it is quoted in.
    """
    name = symbol.upper()
    for base in sorted(chosen, key=len, reverse=True):
        if name.startswith(base.upper()):
            return chosen[base]
    first, second = name[:3], name[3:6]
    if first in _CURRENCIES | _ALIASES.keys() and second in _CURRENCIES | _ALIASES.keys():
        return _distinct(first, second)
    if first in _METALS:
        return _distinct("USD", second) if second in _CURRENCIES else _DOLLAR
    for pattern, home in _INDEX_HOMES:
        if pattern.match(name):
            return (home,)
    return _distinct("USD", second) if second in _CURRENCIES else _DOLLAR


def pair_of(symbol: str) -> tuple[str, str] | None:
    """What is bought with the symbol and what is paid with it (EUR and USD, XAU and USD); None for what is no pair."""
    name = symbol.upper()
    base, quote = name[:3], name[3:6]
    if not base.isalpha() or quote not in _CURRENCIES | _ALIASES.keys():
        return None
    return _ALIASES.get(base, base), _ALIASES.get(quote, quote)


def _distinct(*currencies: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ALIASES.get(one, one) for one in currencies))
