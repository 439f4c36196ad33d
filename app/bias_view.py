"""What the checks for bias found, for people."""

import math
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.bias_findings import Findings
from app.moments import shown
from backtest.bias import NullTest

_GOOD: Final = "[green]✓[/]"
_BAD: Final = "[red]✗[/]"
_DOUBT: Final = "[yellow]?[/]"
_LUCK: Final = 0.1


def show_findings(found: Findings, console: Console) -> None:
    """Check by check: what was tried, what came of it, and what to do about it."""
    for lines in (_look_ahead(found), _knowledge(found), _warm_up(found), _costs(found)):
        for line in lines:
            console.print(line, soft_wrap=True)
    console.print(_cost_table(found))
    if found.luck is not None:
        console.print(_luck(found.luck), soft_wrap=True)


def _look_ahead(found: Findings) -> Iterator[str]:
    if all(cut.is_clean for cut in found.look_ahead):
        compared = sum(cut.decisions for cut in found.look_ahead)
        yield f"{_GOOD} look-ahead: cut off at {len(found.look_ahead)} times, {compared:,} decisions stay the same"
        return
    for cut in found.look_ahead:
        if not cut.is_clean:
            yield (
                f"{_BAD} look-ahead: without what comes after {shown(cut.cut_ns, seconds=False)} UTC, {cut.other:,} of "
                f"{cut.decisions:,} decisions before are others, the first at {shown(cut.first_ns, seconds=False)} UTC"
            )
    yield "  something knows the future; no figure of this backtest can be believed"


def _knowledge(found: Findings) -> Iterator[str]:
    known, mark = found.model, _DOUBT if found.model_is_trusted else _BAD
    for name in known.files:
        yield f"{mark} the model reads {escape(name)}: what that knows of these years cannot be cut off"
    for name, count in known.tables.items():
        yield f"{mark} the model holds {count:,} numbers in {escape(name)}: do they come from the years tested?"
    if not known.is_none and not found.model_is_trusted:
        yield "  if none of it comes from the years tested, say so with --trust-model"


def _warm_up(found: Findings) -> Iterator[str]:
    for one in found.warm_up:
        words = f"warm-up: after {one.history:,} bars of history {one.other:,} of {one.bars:,} scores are others"
        if one.other:
            yield f"{_DOUBT} {words} than after all of it, the last {one.last_other:,} bars after the beginning"
        else:
            yield f"{_GOOD} {words} than after all of it"


def _costs(found: Findings) -> Iterator[str]:
    first, double = (next((one for one in found.costs if one.spread_factor == factor), None) for factor in (1.0, 2.0))
    if first is None or double is None:
        return
    if first.profit <= 0.0:
        yield f"{_DOUBT} costs: there is no profit that dearer spreads could take"
    elif double.profit <= 0.0:
        yield f"{_BAD} costs: spreads twice as wide take all of the profit"
    else:
        yield f"{_GOOD} costs: spreads twice as wide leave {double.profit / first.profit:.0%} of the profit"


def _cost_table(found: Findings) -> Table:
    table = Table("spread", "profit", "Sharpe", "round trips", box=None, padding=(0, 2))
    for column in table.columns:
        column.justify = "right"
    for one in found.costs:
        ratio = "-" if math.isnan(one.sharpe) else f"{one.sharpe:.2f}"
        table.add_row(f"x {one.spread_factor:g}", f"{one.profit:+,.2f}", ratio, f"{one.round_trips:,}")
    return table


def _luck(luck: NullTest) -> str:
    if math.isnan(luck.sharpe):
        return f"{_DOUBT} luck: nothing was traded that could be compared with shuffled bars"
    better = sum(ratio >= luck.sharpe for ratio in luck.shuffled)
    mark = _GOOD if luck.chance <= _LUCK else _BAD
    return (
        f"{mark} luck: Sharpe {luck.sharpe:.2f}; of {len(luck.shuffled)} runs on shuffled bars, which hold no trend, "
        f"{better} are at least as good (chance {luck.chance:.2f})"
    )
