"""What a reader of a backtest could otherwise take for something else, the gravest first."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from backtest.report import Report
from strategy.gates import Gate

FEWEST_TRIPS: Final = 30
"""Round trips below which nothing can be told from luck; customary, and low."""

_HALTED_SHARE: Final = 0.2
_MISSING_SHARE: Final = 0.01
_LONG_HOLE_H: Final = 24
_SURE: Final = 2.0
_ONE_TRIP: Final = 0.5
_NS_PER_S: Final = 1_000_000_000
_NS_PER_H: Final = 3600 * _NS_PER_S


def cautions_of(report: Report) -> tuple[str, ...]:
    """Sentences without a full stop at their end, for people."""
    return tuple(words for rule in _RULES for words in rule(report))


def _guard_halted(report: Report) -> Iterator[str]:
    refused = next((one.refused for one in report.gates if one.gate == Gate.DRAWDOWN.name.lower()), 0)
    if report.bars and refused > _HALTED_SHARE * report.bars:
        yield (
            f"the drawdown guard stood in the way on {refused / report.bars:.0%} of the bars: after such a fall "
            "nothing is opened until somebody lets it go on, here as live"
        )


def _few_trips(report: Report) -> Iterator[str]:
    if report.trips.number < FEWEST_TRIPS:
        yield f"{report.trips.number} round trips are too few to tell skill from luck"


def _no_edge(report: Report) -> Iterator[str]:
    daily = report.daily
    if 0.0 < daily.sharpe <= _SURE * daily.sharpe_error:
        yield (
            f"the Sharpe ratio, {daily.sharpe:.2f}, is within two of its standard errors of 0 "
            f"({daily.sharpe_error:.2f} each): luck alone could have shown it"
        )


def _one_trip(report: Report) -> Iterator[str]:
    trips = report.trips
    if trips.number >= FEWEST_TRIPS and trips.profit > 0.0 and trips.best > _ONE_TRIP * trips.profit:
        yield f"one round trip made {trips.best / trips.profit:.0%} of the whole profit"


def _holes(report: Report) -> Iterator[str]:
    for quotes in report.facts.quotes:
        hours = (quotes.last_ns - quotes.first_ns) / _NS_PER_H
        if quotes.longest_hole_h >= _LONG_HOLE_H or quotes.missing_h > _MISSING_SHARE * hours:
            day = f"{datetime.fromtimestamp(quotes.longest_hole_ns // _NS_PER_S, tz=UTC):%Y-%m-%d %H:%M}"
            yield (
                f"{quotes.symbol} has no quotes in {quotes.missing_h:,} hours of an open market, "
                f"{quotes.longest_hole_h:,} of them in a row from {day} UTC on"
            )


def _reading(report: Report) -> Iterator[str]:
    """What became of the files before they were traded: kinds and counts, not each row."""
    told = report.facts.origin.notes
    yield from (f"{note.file}: {note.detail}" for note in told if not note.repaired)
    for file in dict.fromkeys(note.file for note in told if note.repaired):
        notes = [note for note in told if note.repaired and note.file == file]
        kinds = ", ".join(f"{note.kind} {note.rows:,}" for note in notes)
        rows = sum(note.rows for note in notes)
        yield f"{file}: {rows:,} rows were repaired or left out ({kinds}); `companion data check` tells which"


def _no_calendar(report: Report) -> Iterator[str]:
    if report.facts.events is None:
        yield "nobody told of news: entries were not judged by it"
    elif not report.facts.events:
        yield "the calendar has no event that concerns these symbols"


def _no_swap(report: Report) -> Iterator[str]:
    if not any(quotes.swap_long or quotes.swap_short for quotes in report.facts.quotes):
        yield "swap was taken as 0, as on a swap-free account: --swap says what a night costs at yours"


def _made_of_bars(report: Report) -> Iterator[str]:
    if any(quotes.made_of_bars for quotes in report.facts.quotes):
        yield "quotes are made of bars: what happened first inside a bar is a guess, and no slippage is measured"


_RULES: Final[tuple[Callable[[Report], Iterator[str]], ...]] = (
    _guard_halted,
    _few_trips,
    _no_edge,
    _one_trip,
    _holes,
    _reading,
    _no_calendar,
    _no_swap,
    _made_of_bars,
)
