"""A run with what its page shows beside trades: a calendar, and names that try to be markup."""

import dataclasses

from backtest.exact import Outcome
from newsfilter.board import BoardEvent, NewsBoard, SymbolNews
from newsfilter.events import Impact

HOUR_NS = 3_600_000_000_000
EVENT = "Rates <script>alert('x')</script> & \"more\" | *bold*"


def informed(outcome: Outcome) -> Outcome:
    """`outcome` as if a calendar had been there: an event beside every fifth round trip."""
    windows, events = [], []
    for trip in outcome.trips[::5]:
        start_ns = trip.opened_ns // HOUR_NS * HOUR_NS - 3 * HOUR_NS
        windows.append((start_ns, start_ns + HOUR_NS))
        events.append(
            BoardEvent(
                time_ns=start_ns,
                currency="USD",
                name=EVENT,
                impact=Impact.HIGH,
                symbols=("EURUSD",),
                start_ns=start_ns,
                end_ns=start_ns + HOUR_NS,
            )
        )
    board = NewsBoard(reliable_until_ns=2**62, symbols=(SymbolNews("EURUSD", tuple(windows)),), events=tuple(events))
    return dataclasses.replace(outcome, job=dataclasses.replace(outcome.job, news=board))
