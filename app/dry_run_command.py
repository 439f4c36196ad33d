"""`companion backtest --dry-run`: the strategy on two invented markets, one with trends and one without."""

import json
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from backtest.dry_run import DryRun, dry_run, is_sound, shows_edge
from backtest.returns import DailyFigures

_ROWS: Final = (
    ("Sharpe ratio, a year", "sharpe", "{:.2f}"),
    ("  its standard error", "sharpe_error", "{:.2f}"),
    ("total return", "total_return", "{:+.1%}"),
    ("volatility, a year", "volatility", "{:.1%}"),
    ("worst day", "worst_day", "{:+.1%}"),
    ("days", "days", "{:,}"),
)


def run_dry_run(console: Console, *, seed: int, least: float, as_json: bool) -> bool:
    """Run, show, and say whether it is as it must be. The last line is the Sharpe ratio of the trending market."""
    run = dry_run(seed)
    if as_json:
        console.print(json.dumps(_plain(run, least), indent=2), markup=False, soft_wrap=True)
    else:
        _show(run, least, console)
    return is_sound(run, least)


def _show(run: DryRun, least: float, console: Console) -> None:
    trending, driftless = run.trending_figures, run.driftless_figures
    table = Table(title=f"Two invented markets of seed {run.seed}: same noise, with trends and without", title_style="")
    for heading in ("", "trending", "driftless"):
        table.add_column(heading, justify="right" if heading else "left")
    for words, field, form in _ROWS:
        table.add_row(words, form.format(getattr(trending, field)), form.format(getattr(driftless, field)))
    table.add_row("round trips", str(len(run.trending.trips)), str(len(run.driftless.trips)))
    console.print(table)
    console.print(_verdict("trending", trending, least, wanted=True))
    console.print(_verdict("driftless", driftless, 0.0, wanted=False))
    console.print("Invented markets prove the machinery, not the strategy: no real market trends like the first one.")
    console.print(f"Sharpe Ratio: {trending.sharpe:.2f}")


def _verdict(market: str, figures: DailyFigures, least: float, *, wanted: bool) -> str:
    found = shows_edge(figures, least)
    mark = "[green]✓[/]" if found is wanted else "[red]✗[/]"
    limit = (
        f"at least {least:g} and two standard errors wanted" if wanted else "more than two standard errors must not be"
    )
    return f"{mark} {market}: {'an edge' if found else 'no edge'}, Sharpe {figures.sharpe:.2f} ({limit})"


def _plain(run: DryRun, least: float) -> dict[str, Any]:
    """What `--json` prints; the same names as in the record of a backtest."""
    markets = {"trending": (run.trending, run.trending_figures), "driftless": (run.driftless, run.driftless_figures)}
    told: dict[str, Any] = {"seed": run.seed, "min_sharpe": least, "sound": is_sound(run, least)}
    for name, (outcome, figures) in markets.items():
        told[name] = {**msgspec.to_builtins(figures._asdict()), "round_trips": len(outcome.trips)}
    return {**told, "sharpe": run.trending_figures.sharpe}
