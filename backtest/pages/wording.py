"""Numbers as they stand in a report; "-" where a figure is not defined."""

import math
import re
from datetime import UTC, datetime
from typing import Final

_NS_PER_S: Final = 1_000_000_000
_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0
_DAY_S: Final = 86_400.0
NOTHING: Final = "-"
_NONZERO: Final = re.compile("[1-9]")


def number(value: float, form: str = ",.2f") -> str:
    """`value` by Python's format specification `form`; what is shown as zero has no sign."""
    if not math.isfinite(value):
        return NOTHING
    text = format(value, form)
    return text if _NONZERO.search(text) else text.lstrip("+-")


def percent(value: float, digits: int = 1) -> str:
    """A fraction as per cent."""
    return number(value, f",.{digits}%")


def signed_percent(value: float, digits: int = 1) -> str:
    """A change, as a fraction, in per cent and with its sign."""
    return number(value, f"+,.{digits}%")


def money(value: float, currency: str = "") -> str:
    """An amount to the cent."""
    return f"{number(value)} {currency}".rstrip()


def signed_money(value: float, currency: str = "") -> str:
    """A gain or a loss to the cent."""
    return f"{number(value, '+,.2f')} {currency}".rstrip()


def length(seconds: float) -> str:
    """A time span in the unit that suits it."""
    if not math.isfinite(seconds):
        return NOTHING
    if seconds >= _DAY_S:
        return f"{seconds / _DAY_S:,.1f} days"
    return f"{seconds / _HOUR_S:.1f} h" if seconds >= _HOUR_S else f"{seconds / _MINUTE_S:.0f} min"


def moment(time_ns: int) -> str:
    """A minute [UTC]; "-" for 0, which is never."""
    return f"{datetime.fromtimestamp(time_ns // _NS_PER_S, tz=UTC):%Y-%m-%d %H:%M}" if time_ns else NOTHING


def day(time_ns: int) -> str:
    """A day [UTC]."""
    return f"{datetime.fromtimestamp(time_ns // _NS_PER_S, tz=UTC):%Y-%m-%d}"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
