"""Events of an economic calendar, whoever reports them. All times are UTC."""

from enum import IntEnum
from typing import Final

import msgspec

NS_PER_MINUTE: Final = 60_000_000_000
NS_PER_DAY: Final = 1440 * NS_PER_MINUTE
ALL_CURRENCIES: Final = "ALL"
"""Stands in `EconomicEvent.currency` where a source says that an event concerns every market."""


class Impact(IntEnum):
    """How much a market moves at an event. UNRATED: the source does not say."""

    UNRATED = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3


class EventTiming(IntEnum):
    """How exactly the time of an event is known."""

    EXACT = 0
    ALL_DAY = 1
    """Some time in the 24 hours from `time_ns` on, or all of them."""
    TENTATIVE = 2
    """On the day that begins at `time_ns`; the hour has not been announced."""


class EconomicEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One release, speech or holiday.

    `time_ns` [UTC ns]; without an exact time it is the beginning of the day. `currency` is an ISO code or
    ALL_CURRENCIES; `name` is the source's own wording; `sources` name who reports it, best first. `actual`, `forecast`
    and `previous` are texts as published, empty where there are none.
    """

    time_ns: int
    currency: str
    name: str
    impact: Impact = Impact.UNRATED
    timing: EventTiming = EventTiming.EXACT
    is_holiday: bool = False
    sources: tuple[str, ...] = ()
    actual: str = ""
    forecast: str = ""
    previous: str = ""

    @property
    def minute(self) -> int:
        """UTC minute since 1970: what two sources agree on when they mean the same event."""
        return self.time_ns // NS_PER_MINUTE


class NewsError(ValueError):
    """Something a source said that cannot be used; names the source, the place in it and the remedy."""

    def __init__(self, source: str, place: str, problem: str) -> None:
        super().__init__(f"{source}: {place}: {problem}")
        self.source = source
        self.place = place
