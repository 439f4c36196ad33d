"""Finding the broker's name of a symbol. Brokers append suffixes (.m, .s, .ecn, c, ...); none is assumed."""

from collections.abc import Iterable
from typing import Final

_LONGEST_SUFFIX: Final = 5


def broker_symbol(wanted: str, offered: Iterable[str]) -> str | None:
    """The offered name that `wanted` means: the exact one, else the only one that adds a suffix to it; None if unclear.

    A suffix starts with anything but an upper-case letter or a digit, so that EURUSD never finds EURUSDX or US30 US300.
    """
    names = tuple(offered)
    if wanted in names:
        return wanted
    candidates = [name for name in names if _has_suffix(name, wanted)]
    return candidates[0] if len(candidates) == 1 else None


def _has_suffix(name: str, wanted: str) -> bool:
    suffix = name[len(wanted) :]
    if not name.startswith(wanted) or not 0 < len(suffix) <= _LONGEST_SUFFIX:
        return False
    return not (suffix[0].isupper() or suffix[0].isdigit())


def base_of(symbol: str, table: Iterable[str]) -> str | None:
    """The key of `table` that `symbol` falls under: its own name, or the one it adds a suffix to."""
    names = tuple(table)
    if symbol in names:
        return symbol
    return next((name for name in names if _has_suffix(symbol, name)), None)
