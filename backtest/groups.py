"""Round trips by what they have in common: symbol, side, exit, hour, weekday, month, volatility, regime, news."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from backtest.job import Job
from backtest.trip_figures import TripFigures, trip_figures
from backtest.trips import Trip
from newsfilter.board import NewsBoard
from risk.limits import Regime

_NS_PER_S: Final = 1_000_000_000
_HOUR_NS: Final = 3600 * _NS_PER_S
_CALM: Final = 0.8
_WILD: Final = 1.2
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

LabelOf = Callable[[Trip], str]


class Group(NamedTuple):
    """The round trips with one `label` among those that are told apart `by` something."""

    by: str
    label: str
    figures: TripFigures


def groups_of(job: Job, trips: Sequence[Trip]) -> tuple[Group, ...]:
    """All groups; hours, weekdays and months are those of the opening on the broker's clock."""
    found: list[Group] = []
    for by, label_of in _dimensions(job).items():
        members: dict[str, list[Trip]] = defaultdict(list)
        for trip in trips:
            members[label_of(trip)].append(trip)
        found += [Group(by, label, trip_figures(members[label])) for label in sorted(members, key=_in_order)]
    return tuple(found)


def _dimensions(job: Job) -> dict[str, LabelOf]:
    def opened(trip: Trip) -> datetime:
        return datetime.fromtimestamp(job.server_s(trip.opened_ns), tz=UTC)

    dimensions: dict[str, LabelOf] = {
        "symbol": lambda trip: trip.symbol,
        "side": lambda trip: "buy" if trip.side > 0 else "sell",
        "exit": lambda trip: trip.exit,
        "chart": lambda trip: trip.timeframe or "unknown",
        "setup": lambda trip: str(trip.setup),
        "leverage regime": lambda trip: Regime(trip.regime).name.lower() if trip.regime >= 0 else "unknown",
        "volatility": lambda trip: _volatility(trip.volatility_ratio),
        "hour": lambda trip: f"{opened(trip).hour:02}",
        "weekday": lambda trip: _DAYS[opened(trip).weekday()],
        "month": lambda trip: f"{opened(trip):%Y-%m}",
    }
    news = job.news
    if news is not None:
        dimensions["news"] = lambda trip: "within an hour of an event" if _is_near(news, trip) else "far from events"
    return dimensions


def _volatility(ratio: float) -> str:
    """Word for ATR over its average at the decision."""
    if ratio < _CALM:
        return "calm (ATR below 0.8 of its average)"
    return "wild (ATR above 1.2 of its average)" if ratio > _WILD else "usual"


def _is_near(news: NewsBoard, trip: Trip) -> bool:
    """Whether the position was opened within an hour of an event that concerns its symbol."""
    return any(
        trip.symbol in event.symbols and abs(event.time_ns - trip.opened_ns) <= _HOUR_NS for event in news.events
    )


def _in_order(label: str) -> tuple[int, str]:
    return (_DAYS.index(label) if label in _DAYS else 0), label
