"""The report of a sweep or an optimization as a page: the best, and first of all what stands against it."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from backtest.cautions import FEWEST_TRIPS
from backtest.pages.content import Column, Page, Pair, Pairs, Part, Section, Table, Tile
from backtest.pages.run_tables import facts_parts
from backtest.pages.search_charts import (
    axis_tables,
    growth_chart,
    halvings_chart,
    heat_maps,
    shown_value,
    trials_chart,
)
from backtest.pages.wording import NOTHING, day, money, number, percent, plural, signed_percent
from backtest.search.ledger import Result
from backtest.search.record import OVERFIT, PLATEAU, SURE, Judged, SearchRecord, daily_of
from backtest.search.space import Axis
from backtest.search.sweep import value_of

_RANKED: Final = 50
_TITLES: Final = {"sweep": "Sweep", "optimize": "Optimization", "walkforward": "Walk-forward"}


def search_page(record: SearchRecord, judged: Judged, results: Sequence[Result]) -> Page:
    """The page of a sweep or an optimization with its `results`."""
    grid = record.kind == "sweep"
    return Page(
        title=title_of(record),
        subtitle=subtitle_of(record),
        tiles=_tiles(judged),
        cautions=tuple(_cautions(record, judged)),
        sections=(
            Section("best", "The best", _best(record, judged)),
            Section("doubt", "Luck and overfitting", _present(trials_chart(results, judged), halvings_chart(judged))),
            Section("ranking", "Ranking", (_ranking(record, results),)),
            *((Section("maps", "Maps", heat_maps(record.axes, results, record.aim)),) if grid else ()),
            Section("axes", "By value", axis_tables(record.axes, results, record.aim), _AXES),
            Section("run", "What was run", run_parts(record)),
        ),
        made_by=made_by(record),
    )


_AXES: Final = "Over everything that was tried with a value, whatever the other settings were."


def title_of(record: SearchRecord) -> str:
    """What was searched, and where."""
    names = ", ".join(quotes.symbol for quotes in record.facts.quotes)
    return f"{_TITLES.get(record.kind, record.kind)}: {names} on {', '.join(record.charts)}"


def subtitle_of(record: SearchRecord) -> str:
    """How much was tried, and on what."""
    quotes = record.facts.quotes
    span = f"{day(min(one.first_ns for one in quotes))} to {day(max(one.last_ns for one in quotes))}"
    trials = record.judged.trials if record.judged else record.walked.found.trials if record.walked else 0
    return f"{plural(trials, 'combination')} of settings by {record.aim.objective}, {span}"


def made_by(record: SearchRecord) -> str:
    """The last line."""
    return f"{f'Companion {record.facts.origin.version}'.rstrip()}. Past results, simulated: they promise nothing."


def _present(*parts: Part | None) -> tuple[Part, ...]:
    return tuple(part for part in parts if part is not None)


def mood(good: bool, bad: bool) -> str:  # noqa: FBT001 - two halves of one answer
    """A tile's mood."""
    return "good" if good else "bad" if bad else ""


def _tiles(judged: Judged) -> tuple[Tile, ...]:
    best, halved, around = judged.best.figures, judged.overfitting, judged.neighborhood
    surely = judged.deflated_sharpe
    return (
        Tile("Sharpe ratio of the best", number(best.get("sharpe", math.nan), ".2f"), f"luck alone: {judged.luck:.2f}"),
        Tile(
            "More than luck",
            percent(surely),
            "deflated Sharpe ratio; wanted: 95 %",
            mood(surely >= SURE, surely < SURE),
        ),
        Tile(
            "Overfitting",
            NOTHING if halved is None else percent(halved.probability, 0),
            "probability; 50 % is drawing lots" if halved else "too short a history, or one setting only",
            "" if halved is None else mood(halved.probability <= OVERFIT, halved.probability > OVERFIT),
        ),
        Tile(
            "Neighborhood",
            NOTHING if around is None or not around.neighbors else percent(around.stability, 0),
            "of the best, one step away" if around is not None else "known of a sweep alone",
            ""
            if around is None or not around.neighbors
            else mood(around.stability >= PLATEAU, around.stability < PLATEAU),
        ),
        Tile("Return of the best", signed_percent(best.get("total_return", math.nan)), "in sample: chosen afterwards"),
    )


def _cautions(record: SearchRecord, judged: Judged) -> Iterator[str]:
    yield "every figure of the best is in sample: it was chosen because of them; judge by a walk-forward"
    if judged.deflated_sharpe < SURE:
        yield (
            f"the best of {judged.trials:,} trials is more than luck with a probability of "
            f"{percent(judged.deflated_sharpe)} only"
        )
    halved, around = judged.overfitting, judged.neighborhood
    if halved is not None and halved.probability > OVERFIT:
        yield f"choosing is overfitting with a probability of {percent(halved.probability, 0)}"
    if around is not None and around.neighbors and around.stability < PLATEAU:
        yield f"the best is a needle: settings one step away reach {percent(around.stability, 0)} of it on average"
    trips = judged.best.figures.get("round_trips", 0.0)
    if trips < FEWEST_TRIPS:
        yield f"{trips:.0f} round trips are too few to tell skill from luck"
    yield from _edges(record.axes, judged.best)


def _edges(axes: Sequence[Axis], best: Result) -> Iterator[str]:
    for axis, (name, value) in zip(axes, best.point, strict=True):
        ends = (axis.values[0], axis.values[-1])
        if len(axis.values) > 2 and value in ends and not isinstance(value, str):  # noqa: PLR2004 - two have ends only
            yield f"the best {name}, {shown_value(value)}, is the end of what was tried: there may be better beyond it"


def _best(record: SearchRecord, judged: Judged) -> tuple[Part, ...]:
    settings = Pairs("Settings of the best", tuple(Pair(name, shown_value(value)) for name, value in judged.best.point))
    chart = growth_chart(
        daily_of(judged.best, record.days),
        "Return of the best, in sample",
        "What the best came to on the history it was chosen on. Later days are not in it.",
    )
    return settings, _figures(judged.best), chart


_SHOWN: Final = (
    ("Sharpe ratio", "sharpe", ".2f"),
    ("Sortino ratio", "sortino", ".2f"),
    ("Calmar ratio", "calmar", ".2f"),
    ("Return", "total_return", "+.1%"),
    ("Growth a year", "growth", "+.1%"),
    ("Deepest fall", "drawdown", ".1%"),
    ("Round trips", "round_trips", ",.0f"),
    ("Profit factor", "profit_factor", ".2f"),
    ("Expectancy [R]", "expectancy_r", "+.3f"),
)


def _figures(best: Result) -> Pairs:
    return Pairs(
        "Figures of the best",
        tuple(Pair(words, number(best.figures.get(name, math.nan), form)) for words, name, form in _SHOWN),
    )


def figure_cells(result: Result) -> tuple[str, ...]:
    """The figures of a result, as `figure_columns` has them."""
    return tuple(number(result.figures.get(name, math.nan), form) for _, name, form in _SHOWN)


def figure_columns() -> tuple[Column, ...]:
    """Columns for the figures of a result."""
    return tuple(Column(words, signed=form.startswith("+")) for words, _, form in _SHOWN)


def _ranking(record: SearchRecord, results: Sequence[Result]) -> Table:
    counted = [result for result in results if math.isfinite(value_of(result, record.aim))]
    ranked = sorted(counted, key=lambda result: -value_of(result, record.aim))[:_RANKED]
    columns = (
        Column("rank", is_number=False),
        *(Column(axis.name, is_number=not isinstance(axis.values[0], str)) for axis in record.axes),
        *figure_columns(),
    )
    rows = tuple(
        (str(place), *(shown_value(value) for _, value in result.point), *figure_cells(result))
        for place, result in enumerate(ranked, start=1)
    )
    refused = sum(1 for result in results if result.refused)
    words = (
        f"{len(counted):,} of {len(results):,} count: they made at least {record.aim.min_round_trips} round trips; "
        f"{refused:,} are no settings. All of them are in results.jsonl."
    )
    return Table(f"The {len(ranked)} best by {record.aim.objective}", columns, rows, words)


def run_parts(record: SearchRecord) -> tuple[Pairs | Table, ...]:
    """What was searched."""
    aim = record.aim
    pairs = (
        Pair("Objective", aim.objective),
        Pair("Fewest round trips", f"{aim.min_round_trips:,}"),
        Pair("Charts", ", ".join(record.charts)),
        Pair("Deposit", money(record.facts.deposit, record.facts.currency)),
    )
    columns = (Column("setting", is_number=False), Column("values", is_number=False))
    rows = tuple((axis.name, ", ".join(map(shown_value, axis.values))) for axis in record.axes)
    return Pairs("The search", pairs), Table("What was varied", columns, rows), *facts_parts(record.facts)
