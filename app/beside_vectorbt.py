"""`companion backtest --vectorbt`: the same job inside vectorbt, what both have in common, and its figures."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from app.moments import shown
from backtest.comparison import Comparison, Difference, compared, write_comparison
from backtest.exact import Outcome
from backtest.vbt import VbtOutcome, run_vbt

STATS: Final = "vectorbt_stats.csv"


@dataclass(frozen=True, slots=True)
class Beside:
    """A backtest inside vectorbt beside the one through the simulated terminal; `stats` is a pandas Series."""

    inside: VbtOutcome
    comparison: Comparison
    stats: Any

    def written_to(self, folder: Path) -> tuple[str, ...]:
        """Write the comparison and vectorbt's statistics into `folder`; the names of the files."""
        self.stats.to_csv(folder / STATS, header=["value"], index_label="figure")
        return *write_comparison(self.comparison, self.inside, folder), STATS


def beside_vectorbt(exact: Outcome) -> Beside:
    """Run the job of `exact`, which kept its decisions, inside vectorbt.

    Raises:
        MissingExtraError: where vectorbt is not installed.
        SymbolSpecError: for a symbol whose profit a cash account cannot hold.
    """
    inside = run_vbt(exact.job)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # figures that are not defined without a trade
        stats = inside.portfolio.stats()
    return Beside(inside, compared(exact, inside), stats)


def show_beside(beside: Beside, names: tuple[str, ...], console: Console) -> None:
    """Print what agrees, each difference of equity with its cause, vectorbt's statistics, and the `names` of files."""
    found = beside.comparison
    console.print(f"[bold]Beside vectorbt[/], {found.rows:,} rows, {found.orders:,} orders")
    console.print(f"  order function {found.order_function}", highlight=False)
    apart = "the same, bit for bit" if found.same_decisions else f"{found.decisions_apart:,} of them are not the same"
    explained = f"{abs(found.rest.largest):.2f} at most without a name, {found.bound:.2f} can be cents"
    for is_well, name, words in (
        (found.same_decisions, "decisions", f"{found.decisions:,}, {apart}"),
        (found.same_deals, "deals", "the same" if found.same_deals else "not the same"),
        (found.same_curve, "equity", "exact's curve has the same at these moments" if found.same_curve else "another"),
        (abs(found.rest.largest) <= found.bound, "differences", explained),
    ):
        console.print(f"{'[green]✓[/]' if is_well else '[red]✗[/]'} {name:12} {words}", highlight=False)
    console.print(_differences(found))
    console.print(_stats(beside.stats))
    console.print(f"vectorbt: {', '.join(names)}", soft_wrap=True)


def _differences(found: Comparison) -> Table:
    table = Table(title="Equity of exact less vectorbt's", title_justify="left")
    for heading in ("cause", "rows", "largest", "at (UTC)"):
        table.add_column(heading, justify="left" if heading == "cause" else "right")
    for cause, difference in (
        ("all of it", found.apart),
        ("swap: accrued, not booked yet", found.swap),
        ("open sells: vectorbt values them at the bid", found.sell_spread),
        ("cents: MT5 rounds each amount", found.rest),
    ):
        table.add_row(cause, *_cells(difference))
    return table


def _cells(difference: Difference) -> tuple[str, str, str]:
    if not difference.rows:
        return "0", "-", "-"
    return f"{difference.rows:,}", f"{difference.largest:+,.2f}", shown(difference.at_ns, seconds=False)


def _stats(stats: Any) -> Table:  # noqa: ANN401 - a pandas Series
    table = Table(title="vectorbt's figures", title_justify="left", show_header=False, box=None, padding=(0, 2))
    for name, value in stats.items():
        table.add_row(str(name), f"{value:,.2f}" if isinstance(value, float) else str(value).partition(".")[0])
    return table
