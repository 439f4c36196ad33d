"""Events and tables that several tests use."""

import datetime as dt
from collections.abc import Mapping, Sequence

from newsfilter.board import FOREVER_NS, NewsBoard, board_of
from newsfilter.bulletin import NO_TONES, Bulletin, Tones, event_windows
from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.impact import ImpactTable, impact_table
from newsfilter.windows import WindowSettings


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


def board_from(  # as a backtest makes one, for good unless something else is said
    events: Sequence[EconomicEvent],
    symbols: Sequence[str],
    settings: WindowSettings,
    impacts: ImpactTable,
    *,
    reliable_until_ns: int = FOREVER_NS,
    required: bool = True,
    chosen: Mapping[str, tuple[str, ...]] | None = None,
    tones: Tones = NO_TONES,
) -> NewsBoard:
    windows = event_windows(events, settings, impacts)
    bulletin = Bulletin(reliable_until_ns=reliable_until_ns, windows=windows, tones=tones)
    return board_of(bulletin, symbols, required=required, chosen=chosen or {})
