"""One wording for what vendors spell in many ways: `Non-Farm Payrolls (Jan)` and `nonfarm payrolls` are the same."""

import datetime as dt
import functools
import re
import unicodedata
from typing import Final

_PERIOD: Final = r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|january|february|march|april|june|july|august"
_PERIODS: Final = rf"(?:{_PERIOD}|september|october|november|december|q[1-4])"
_OF_PERIOD: Final = re.compile(rf"\(\s*{_PERIODS}(?:[ /-]\d{{2,4}})?\s*\)")
_REPLACEMENTS: Final = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"\bm\s*/\s*m\b|\(mom\)", " mom "),
        (r"\bq\s*/\s*q\b|\(qoq\)", " qoq "),
        (r"\by\s*/\s*y\b|\(yoy\)", " yoy "),
        (r"\bu\.\s?s\.|\bu\.\s?k\.", " "),
        (r"[\u2019'.]", ""),
        (r"[^a-z0-9&]+", " "),
        (r"\bnon farm\b", "nonfarm"),
        (r"\bdecison\b|\bdescision\b", "decision"),
        (r"\bpreliminary\b|\bprelim\b", "prelim"),
        (r"\badvance\b|\badv\b", "advance"),
        (r"\bphilly\b", "philadelphia"),
        (r"\buom\b|\buniversity of michigan\b", "michigan"),
        (r"\bny empire\b", "empire"),
        (r"\bspeaks\b", "speech"),
        (r"\btestifies\b", "testimony"),
        (r"\bmonetary policy committee\b", "mpc"),
        (r"\bchairman\b|\bchairwoman\b", "chair"),
    )
)


@functools.lru_cache(maxsize=16_384)
def plain_wording(name: str) -> str:
    """`name` in lower case ASCII, without punctuation and reporting period, its common variants made one."""
    text = name if name.isascii() else unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _worded(_OF_PERIOD.sub(" ", text.lower()))


@functools.lru_cache(maxsize=16_384)
def _worded(text: str) -> str:
    """The same without the period, of which every month has another."""
    for pattern, by in _REPLACEMENTS:
        text = pattern.sub(by, text)
    return " ".join(text.split())


def utc_minute(time_ns: int) -> str:
    """A time [UTC ns] for people: `2024-03-08 13:30 UTC`."""
    return f"{dt.datetime.fromtimestamp(time_ns // 1_000_000_000, dt.UTC):%Y-%m-%d %H:%M} UTC"
