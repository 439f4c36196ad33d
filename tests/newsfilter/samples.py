"""Events and tables that several tests use."""

import datetime as dt

from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.impact import ImpactTable, impact_table


def ns(text: str) -> int:
    """UTC [ns] of `2024-03-08 13:30`."""
    return int(dt.datetime.fromisoformat(f"{text}+00:00").timestamp()) * 1_000_000_000


def event(  # as EconomicEvent, of high impact
    time: str,
    name: str = "Nonfarm Payrolls",
    currency: str = "USD",
    *,
    impact: Impact = Impact.HIGH,
    timing: EventTiming = EventTiming.EXACT,
    is_holiday: bool = False,
    sources: tuple[str, ...] = (),
    forecast: str = "",
    previous: str = "",
) -> EconomicEvent:
    return EconomicEvent(
        time_ns=ns(time),
        currency=currency,
        name=name,
        impact=impact,
        timing=timing,
        is_holiday=is_holiday,
        sources=sources,
        forecast=forecast,
        previous=previous,
    )


def table(**families: object) -> ImpactTable:
    """A table of dollar families."""
    return impact_table({"USD": families}, "test")


EMPTY = impact_table({}, "test")
