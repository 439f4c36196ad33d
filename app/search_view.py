"""What a search found, for people and as plain data."""

import math
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from app.moments import shown
from app.monte_carlo_view import show_odds
from app.problems import setting_name
from backtest.monte_carlo import FEWEST, MonteCarlo
from backtest.search.ledger import Result
from backtest.search.record import OVERFIT, PLATEAU, SURE
from backtest.search.space import Point
from backtest.search.sweep import Aim, Judgment, describe, value_of
from backtest.search.walkforward import Step, WalkForward

_SHOWN: Final = 10
_COLUMNS: Final = (
    ("Sharpe", "sharpe", "{:.2f}"),
    ("return", "total_return", "{:+.1%}"),
    ("drawdown", "drawdown", "{:.1%}"),
    ("round trips", "round_trips", "{:.0f}"),
    ("profit factor", "profit_factor", "{:.2f}"),
)


def show_findings(
    found: Judgment, results: Sequence[Result], aim: Aim, console: Console, *, confirmed: bool = False
) -> None:
    """The best results, and what stands behind the first of them; `confirmed`: it was just run again."""
    table = Table(title=f"best of {found.trials:,} settings by {aim.objective}", title_style="", title_justify="left")
    table.add_column("settings")
    for heading, _, _ in _COLUMNS:
        table.add_column(heading, justify="right")
    ranked = sorted((one for one in results if math.isfinite(value_of(one, aim))), key=lambda one: -value_of(one, aim))
    for result in ranked[:_SHOWN]:
        table.add_row(describe(result.point), *_cells(result))
    console.print(table)
    if found.refused:
        reason = next(result.refused for result in results if result.refused)
        console.print(f"{found.refused:,} combinations are no settings: {reason}", soft_wrap=True)
    for line in _verdicts(found):
        console.print(line, soft_wrap=True)
    if confirmed:
        console.print("run again, the best gives the same figures")
    console.print(f"for .env: {' '.join(_environment(found.best.point))}", soft_wrap=True)


def _cells(result: Result) -> list[str]:
    found = result.figures
    return [form.format(found[name]) if name in found else "-" for _, name, form in _COLUMNS]


def _verdicts(found: Judgment) -> list[str]:
    sharpe = found.best.figures.get("sharpe", math.nan)
    lines = [
        _marked(
            found.deflated_sharpe >= SURE,
            f"Sharpe {sharpe:.2f}; luck alone would show {found.luck:.2f} in {found.trials:,} trials. "
            f"Probability that it is more than luck: {found.deflated_sharpe:.1%}",
        )
    ]
    if found.overfitting is None:
        lines.append("[yellow]?[/] overfitting: the history is too short to be halved, or there is one setting only")
    else:
        chance, loss = found.overfitting.probability, found.overfitting.loss_probability
        lines.append(
            _marked(
                chance <= OVERFIT,
                f"overfitting: in {chance:.0%} of the halvings the best of one half is not above the median of the "
                f"other, in {loss:.0%} it loses there",
            )
        )
    if found.neighborhood is not None and found.neighborhood.neighbors and found.neighborhood.own > 0.0:
        around = found.neighborhood
        words = f"neighborhood: {around.neighbors} settings one step away reach {around.stability:.0%} of it on average"
        lines.append(_marked(around.stability >= PLATEAU, f"{words}, the worst {around.worst:.2f}"))
    return lines


def _marked(good: bool, words: str) -> str:
    return f"[green]✓[/] {words}" if good else f"[red]✗[/] {words}"


def _environment(point: Point) -> list[str]:
    return [f"{setting_name(tuple(name.split('.')))}={value}" for name, value in point]


def plain_findings(found: Judgment, results: Sequence[Result], aim: Aim) -> dict[str, Any]:
    """What `--json` prints."""
    overfitting, around = found.overfitting, found.neighborhood
    return {
        "objective": aim.objective,
        "trials": found.trials,
        "refused": found.refused,
        "best": _plain(found.best),
        "luck": found.luck,
        "deflated_sharpe": found.deflated_sharpe,
        "overfitting": overfitting and {"probability": overfitting.probability, "loss": overfitting.loss_probability},
        "neighborhood": around and {"mean": around.mean, "worst": around.worst, "stability": around.stability},
        "results": [_plain(result) for result in results],
    }


def _plain(result: Result) -> dict[str, Any]:
    return {"settings": dict(result.point), **result.figures, **({"refused": result.refused} if result.refused else {})}


def show_walk(found: WalkForward, aim: Aim, odds: MonteCarlo | None, console: Console) -> None:
    """Step by step, the odds of the tests' round trips, then the headline: out of sample alone."""
    table = Table(title=f"walk-forward, settings chosen by {aim.objective}", title_style="", title_justify="left")
    for heading in (
        "trained",
        "tested",
        "chosen",
        "Sharpe in sample",
        "Sharpe in test",
        "return in test",
        "round trips",
    ):
        table.add_column(heading, justify="right" if heading[0] in "Sr" else "left")
    for step in found.steps:
        table.add_row(*_step_cells(step))
    console.print(table)
    if odds is not None:
        show_odds(odds, console)
    elif len(found.trips) < FEWEST:
        console.print(f"{len(found.trips)} round trips out of sample are too few for their odds")
    figures = found.out_of_sample
    console.print(
        f"out of sample, {figures.days:,} days: return {figures.total_return:+.1%}, a year {figures.growth:+.1%}, "
        f"P(true Sharpe > 0) {figures.probabilistic_sharpe:.0%}, worst day {figures.worst_day:+.1%}",
        soft_wrap=True,
    )
    if figures.days_to_be_sure > figures.days:
        console.print(
            f"at this Sharpe ratio it takes {figures.days_to_be_sure:,.0f} days to be 95 % sure that it is above 0"
        )
    kept = "nothing to compare with: no growth in sample" if math.isnan(found.efficiency) else f"{found.efficiency:.0%}"
    console.print(f"efficiency (growth out of sample over growth in sample): {kept}", soft_wrap=True)
    console.print(f"Sharpe Ratio: {figures.sharpe:.2f}")


def _step_cells(step: Step) -> list[str]:
    fold = step.fold
    trained, tested = (
        f"{_day(first)}\n{_day(last)}"
        for first, last in ((fold.train_from_ns, fold.train_until_ns), (fold.test_from_ns, fold.test_until_ns))
    )
    if step.chosen is None or step.tested is None:
        return [trained, tested, "nothing counted, nothing traded", "-", "-", "-", "-"]
    cells = _cells(step.tested)
    chosen = " ".join(f"{value}" for _, value in step.chosen.point)
    return [trained, tested, chosen, _cells(step.chosen)[0], cells[0], cells[1], cells[3]]


def _day(time_ns: int) -> str:
    return shown(time_ns, seconds=False).split()[1]


def plain_walk(found: WalkForward) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "trials": found.trials,
        "out_of_sample": found.out_of_sample._asdict(),
        "efficiency": None if math.isnan(found.efficiency) else found.efficiency,
        "steps": [
            {
                "fold": step.fold._asdict(),
                "chosen": step.chosen and _plain(step.chosen),
                "tested": step.tested and _plain(step.tested),
            }
            for step in found.steps
        ],
    }
