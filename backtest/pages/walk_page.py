"""The report of a walk-forward as a page: the days of its tests alone, and what was chosen for each of them."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from backtest.cautions import FEWEST_TRIPS
from backtest.pages.content import Column, Page, Pair, Pairs, Part, Section, Table, Tile
from backtest.pages.odds import odds_parts
from backtest.pages.run_tables import months_table
from backtest.pages.search_charts import folds_chart, growth_chart, shown_value
from backtest.pages.search_page import (
    figure_cells,
    figure_columns,
    made_by,
    mood,
    run_parts,
    search_page,
    subtitle_of,
    title_of,
)
from backtest.pages.wording import NOTHING, day, number, percent, plural, signed_percent
from backtest.recorded import DailyReturns
from backtest.returns import drawdown
from backtest.search.ledger import Result
from backtest.search.record import SearchRecord, Walked, daily_of
from backtest.search.walkforward import Step

_SOUND: Final = 0.5


def page_of_search(record: SearchRecord, results: Sequence[Result] = ()) -> Page:
    """The page of any search; `results` are those of a sweep or an optimization.

    Raises:
        ValueError: for a record without findings, which `read_record` refuses.
    """
    if record.walked is not None:
        return walk_page(record, record.walked)
    if record.judged is None:
        raise ValueError("the record of a search holds no findings; read it with read_record")
    return search_page(record, record.judged, results)


def walk_page(record: SearchRecord, walked: Walked) -> Page:
    """The page of a walk-forward."""
    daily, marks = out_of_sample(record, walked)
    return Page(
        title=title_of(record),
        subtitle=subtitle_of(record),
        tiles=_tiles(walked, daily),
        cautions=tuple(_cautions(walked)),
        sections=(
            Section("equity", "Out of sample", _equity(daily, marks, len(walked.found.steps))),
            Section("figures", "Figures", _figures(walked)),
            Section("steps", "Step by step", _steps(record, walked)),
            Section("odds", "Luck", odds_parts(walked.odds)),
            Section("run", "What was run", (_cut(walked), *run_parts(record))),
        ),
        made_by=made_by(record),
    )


def out_of_sample(record: SearchRecord, walked: Walked) -> tuple[DailyReturns, tuple[int, ...]]:
    """The days of all tests, one after the other, and where each test begins among them."""
    parts, marks, count = list[DailyReturns](), list[int](), 0
    for step in walked.found.steps:
        if step.tested is None:
            continue
        daily = daily_of(step.tested, record.days)
        parts.append(daily)
        marks.append(count)
        count += daily.returns.size
    days, returns = (np.concatenate(column) for column in zip(*parts, strict=True))
    return DailyReturns(days, returns), tuple(marks)


def _tiles(walked: Walked, daily: DailyReturns) -> tuple[Tile, ...]:
    found = walked.found.out_of_sample
    fall = drawdown(np.concatenate(([1.0], np.cumprod(1.0 + daily.returns))))
    kept = walked.found.efficiency
    return (
        Tile(
            "Sharpe ratio",
            number(found.sharpe, ".2f"),
            f"± {number(found.sharpe_error, '.2f')} standard error, out of sample",
            mood(found.sharpe > 2.0 * found.sharpe_error, found.sharpe <= 0.0),
        ),
        Tile(
            "Return",
            signed_percent(found.total_return),
            f"a year {signed_percent(found.growth)}",
            mood(found.total_return > 0.0, found.total_return < 0.0),
        ),
        Tile("Deepest fall", percent(fall), "of the days' ends"),
        Tile(
            "Efficiency",
            percent(kept, 0) if not math.isnan(kept) else NOTHING,
            "growth in the tests over growth in training",
            "" if math.isnan(kept) else mood(kept >= _SOUND, kept < _SOUND),
        ),
        Tile("Steps", f"{len(walked.found.steps)}", f"{found.days:,} days, {len(walked.found.trips):,} round trips"),
    )


def _cautions(walked: Walked) -> Iterator[str]:
    found = walked.found.out_of_sample
    if 0.0 < found.sharpe <= 2.0 * found.sharpe_error:
        yield (
            f"the Sharpe ratio, {found.sharpe:.2f}, is within two of its standard errors of 0 "
            f"({found.sharpe_error:.2f} each): luck alone could have shown it"
        )
    if len(walked.found.trips) < FEWEST_TRIPS:
        yield f"{len(walked.found.trips)} round trips out of sample are too few to tell skill from luck"
    idle = sum(1 for step in walked.found.steps if step.tested is None)
    if idle:
        yield f"in {plural(idle, 'training')} nothing counted, and nothing was traded in the test behind it"
    if walked.found.efficiency < _SOUND:
        kept = percent(walked.found.efficiency, 0)
        yield f"the tests kept {kept} of the growth in training: the rest was fitted to the past"
    yield "who looks at the tests, changes something and walks again, has made them a training"


def _equity(daily: DailyReturns, marks: tuple[int, ...], steps: int) -> tuple[Part, ...]:
    told = (
        f"The days of the {steps} tests, one after the other; dotted lines are where a test begins with new settings."
    )
    return growth_chart(daily, "Return out of sample", told, marks), months_table(daily)


def _figures(walked: Walked) -> tuple[Part, ...]:
    found = walked.found.out_of_sample
    return (
        Pairs(
            "Ratios, out of sample",
            (
                Pair("Sharpe ratio", number(found.sharpe, ".2f"), "a year's, riskless rate 0"),
                Pair("Its standard error", number(found.sharpe_error, ".2f")),
                Pair("P(true Sharpe > 0)", percent(found.probabilistic_sharpe)),
                Pair("Sortino ratio", number(found.sortino, ".2f")),
                Pair("Calmar ratio", number(found.calmar, ".2f")),
                Pair("Omega", number(found.omega, ".2f")),
            ),
        ),
        Pairs(
            "Returns, out of sample",
            (
                Pair("Total return", signed_percent(found.total_return, 2)),
                Pair("Growth a year", signed_percent(found.growth, 2)),
                Pair("Volatility a year", percent(found.volatility, 2)),
                Pair("Value at risk 95", percent(found.value_at_risk_95, 2)),
                Pair("Best day", signed_percent(found.best_day, 2)),
                Pair("Worst day", signed_percent(found.worst_day, 2)),
                Pair("Days won, lost, flat", f"{found.days_won:,}, {found.days_lost:,}, {found.days_flat:,}"),
            ),
        ),
    )


def _steps(record: SearchRecord, walked: Walked) -> tuple[Part, ...]:
    steps = walked.found.steps
    names = [day(step.fold.test_from_ns) for step in steps]
    trained = [math.nan if step.chosen is None else step.chosen.figures.get("sharpe", math.nan) for step in steps]
    tested = [math.nan if step.tested is None else step.tested.figures.get("sharpe", math.nan) for step in steps]
    columns = (
        Column("tested from", is_number=False),
        Column("until", is_number=False),
        Column("trained from", is_number=False),
        *(Column(axis.name, is_number=not isinstance(axis.values[0], str)) for axis in record.axes),
        Column("Sharpe in training"),
        *figure_columns(),
    )
    rows = tuple(_step_row(step, len(record.axes)) for step in steps)
    words = "What was chosen on each training, and what it came to in the test behind it."
    return folds_chart(names, trained, tested), Table("Steps", columns, rows, words)


def _step_row(step: Step, axes: int) -> tuple[str, ...]:
    fold = step.fold
    when = (day(fold.test_from_ns), day(fold.test_until_ns), day(fold.train_from_ns))
    if step.chosen is None or step.tested is None:
        return (*when, *[NOTHING] * (axes + 1 + len(figure_columns())))
    chosen = (shown_value(value) for _, value in step.chosen.point)
    return (*when, *chosen, number(step.chosen.figures.get("sharpe", math.nan), ".2f"), *figure_cells(step.tested))


def _cut(walked: Walked) -> Pairs:
    cut = walked.cut
    return Pairs(
        "How the history was cut",
        (
            Pair(
                "Training", f"{cut.train:g} days", "from the start of the history" if cut.anchored else "moving along"
            ),
            Pair("Left out behind it", f"{cut.purge:g} days"),
            Pair("Test", f"{cut.test:g} days"),
        ),
    )
