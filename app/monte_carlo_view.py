"""The odds of a backtest's round trips, for people."""

from rich.console import Console
from rich.table import Table

from backtest.monte_carlo import MonteCarlo, Odds


def show_odds(found: MonteCarlo, console: Console) -> None:
    """One line for each way to try them; ends and falls as parts of the account."""
    title = f"What luck could have made of the same {found.round_trips:,} round trips, {found.trials:,} trials each"
    table = Table(title=title, title_justify="left", caption_justify="left", caption=_caption(found))
    halted = f"falls {found.halt_fraction:.0%}"
    for heading in ("", "return: 5 %", "median", "95 %", "loses", "deepest fall: median", "95 %", halted):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("in another order", *_cells(found.other_orders))
    table.add_row("drawn anew", *_cells(found.drawn_anew))
    for one in found.dearer:
        table.add_row(f"costs x {one.factor:g}, drawn anew", *_cells(one.odds))
    console.print(table)


def _cells(odds: Odds) -> tuple[str, ...]:
    ends, falls = odds.total_return, odds.drawdown
    returns = (f"{end:+.1%}" for end in (ends.p05, ends.p50, ends.p95))
    return (*returns, f"{odds.loses:.0%}", f"{falls.p50:.1%}", f"{falls.p95:.1%}", f"{odds.halts:.0%}")


def _caption(found: MonteCarlo) -> str:
    return (
        f"In their own order the balance fell {found.drawdown:.1%}; {found.luckier:.0%} of other orders fell less. "
        "Falls are of the balance, after round trips; they take sizes to follow the account, and the rules of risk to "
        "have done as they did."
    )
