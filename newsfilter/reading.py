"""Small readings that all sources share: times, currencies and impacts as vendors write them."""

import datetime as dt
from typing import Final

from newsfilter.events import ALL_CURRENCIES, Impact, NewsError

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NS_PER_US: Final = 1000
_EARLIEST_YEAR: Final = 1970
_LATEST_YEAR: Final = 2200
_CURRENCY_LETTERS: Final = 3
_EURO_AREA: Final = "EU EA EMU DE FR IT ES NL BE AT PT IE GR FI SK SI EE LV LT LU MT CY HR BG"
_OTHERS: Final = (
    "US:USD UK:GBP GB:GBP JP:JPY CA:CAD AU:AUD NZ:NZD CH:CHF CN:CNY MX:MXN SE:SEK NO:NOK DK:DKK PL:PLN CZ:CZK HU:HUF "
    "TR:TRY ZA:ZAR BR:BRL IN:INR KR:KRW SG:SGD HK:HKD RU:RUB TH:THB ID:IDR MY:MYR PH:PHP IL:ILS TW:TWD RO:RON CL:CLP "
    "CO:COP"
)
_COUNTRIES: Final[dict[str, str]] = {
    **dict.fromkeys(_EURO_AREA.split(), "EUR"),
    **{country: currency for country, _, currency in (pair.partition(":") for pair in _OTHERS.split())},
}
_IMPACTS: Final = {
    "high": Impact.HIGH,
    "high impact expected": Impact.HIGH,
    "red": Impact.HIGH,
    "3": Impact.HIGH,
    "medium": Impact.MEDIUM,
    "medium impact expected": Impact.MEDIUM,
    "moderate": Impact.MEDIUM,
    "orange": Impact.MEDIUM,
    "2": Impact.MEDIUM,
    "low": Impact.LOW,
    "low impact expected": Impact.LOW,
    "yellow": Impact.LOW,
    "1": Impact.LOW,
    "none": Impact.LOW,
    "non-economic": Impact.LOW,
    "gray": Impact.LOW,
    "0": Impact.LOW,
    "holiday": Impact.LOW,
    "": Impact.UNRATED,
}


def utc_ns(text: str, source: str, place: str, *, assumed_offset_s: int | None = None) -> int:
    """UTC [ns] of an ISO date and time. One without an offset is taken as `assumed_offset_s` [s] ahead of UTC.

    Raises:
        NewsError: for what is no time, and for a time without an offset where none may be assumed.
    """
    try:
        time = dt.datetime.fromisoformat(text.strip())
    except ValueError as problem:
        raise NewsError(source, place, f"{text!r} is no date and time (as in 2026-09-16T18:00:00+00:00)") from problem
    if time.tzinfo is None:
        if assumed_offset_s is None:
            raise NewsError(source, place, f"{text!r} does not say in which time zone; end it with Z or an offset")
        time = time.replace(tzinfo=dt.timezone(dt.timedelta(seconds=assumed_offset_s)))
    if not _EARLIEST_YEAR < time.year < _LATEST_YEAR:
        raise NewsError(source, place, f"{text!r} lies outside of {_EARLIEST_YEAR} to {_LATEST_YEAR}")
    return (time - _EPOCH) // dt.timedelta(microseconds=1) * _NS_PER_US


def currency_from(text: str, source: str, place: str) -> str:
    """Currency of a currency code or of a country's code of two letters; ALL_CURRENCIES for All.

    Raises:
        NewsError: for what is neither.
    """
    code = text.strip().upper()
    if code == ALL_CURRENCIES:
        return code
    if code in _COUNTRIES:
        return _COUNTRIES[code]
    if len(code) == _CURRENCY_LETTERS and code.isascii() and code.isalpha():
        return code
    raise NewsError(source, place, f"{text!r} is neither a currency nor a country")


def impact_from(text: str, source: str, place: str) -> Impact:
    """Impact in any vendor's words; UNRATED for an empty one.

    Raises:
        NewsError: for a word that no vendor uses.
    """
    impact = _IMPACTS.get(text.strip().lower())
    if impact is None:
        raise NewsError(source, place, f"{text!r} is no impact; use high, medium, low, holiday or nothing")
    return impact
