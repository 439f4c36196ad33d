"""The commands `companion sweep`, `optimize` and `walkforward`; everything heavy is imported when one is called."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.backtest_cli import (
    AsJson,
    Calendar,
    Charts,
    Clock,
    Crossed,
    Deposit,
    Files,
    First,
    Frame,
    Last,
    Source,
    Store,
    Stored,
    Symbol,
    TicksOfBars,
    of_quotes,
)
from app.console import output, reported

if TYPE_CHECKING:
    from app.search_command import SearchOptions

Vary = Annotated[
    list[str],
    typer.Option("--vary", metavar="NAME=VALUES", help="entry.stop_atr=1,1.5,2 or =1:3:0.5; for each setting."),
]
Objective = Annotated[str, typer.Option(help="What the best has most of: sharpe, sortino, calmar, growth, ...")]
MinTrips = Annotated[int, typer.Option("--min-round-trips", min=1, help="A result of fewer does not count.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes. Default: one for each core.")]
Cluster = Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786.")]
Out = Annotated[Path | None, typer.Option(help="Folder of the results; an interrupted search goes on there.")]


@reported
def sweep(  # noqa: PLR0913 - typer takes one parameter for each option
    files: Files = None,
    *,
    vary: Vary,
    stored: Stored = "",
    symbol: Symbol = None,
    timeframe: Frame = None,
    source: Source = None,
    store: Store = None,
    first: First = "",
    last: Last = "",
    clock: Clock = None,
    charts: Charts = "",
    crossed: Crossed = "drop",
    ticks: TicksOfBars = "ohlc",
    calendar: Calendar = None,
    deposit: Deposit = 10_000.0,
    objective: Objective = "sharpe",
    min_round_trips: MinTrips = 30,
    workers: Workers = None,
    cluster: Cluster = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Run every combination of settings, and say what the best of them is worth."""
    options = _options(locals())
    from app.search_command import run_sweep

    run_sweep(options, output())


@reported
def optimize(  # noqa: PLR0913 - as above
    files: Files = None,
    *,
    vary: Vary,
    trials: Annotated[int, typer.Option(min=1, help="Settings to try.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampler: the same one tries the same settings.")] = 1,
    stored: Stored = "",
    symbol: Symbol = None,
    timeframe: Frame = None,
    source: Source = None,
    store: Store = None,
    first: First = "",
    last: Last = "",
    clock: Clock = None,
    charts: Charts = "",
    crossed: Crossed = "drop",
    ticks: TicksOfBars = "ohlc",
    calendar: Calendar = None,
    deposit: Deposit = 10_000.0,
    objective: Objective = "sharpe",
    min_round_trips: MinTrips = 30,
    workers: Workers = None,
    cluster: Cluster = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Let Optuna choose which settings to try, and say what the best of them is worth."""
    options = _options(locals())
    from app.search_command import run_optimize

    run_optimize(options, output(), trials=trials, seed=seed)


@reported
def walkforward(  # noqa: PLR0913 - as above
    files: Files = None,
    *,
    vary: Vary,
    train: Annotated[float, typer.Option(min=1, help="Days on which settings are chosen.")] = 730.0,
    test: Annotated[float, typer.Option(min=1, help="Days on which the choice is traded.")] = 182.0,
    purge: Annotated[float, typer.Option(min=0, help="Days left out between the two.")] = 5.0,
    anchored: Annotated[
        bool, typer.Option("--anchored", metavar="", help="Training always begins at the start.")
    ] = False,
    stored: Stored = "",
    symbol: Symbol = None,
    timeframe: Frame = None,
    source: Source = None,
    store: Store = None,
    first: First = "",
    last: Last = "",
    clock: Clock = None,
    charts: Charts = "",
    crossed: Crossed = "drop",
    ticks: TicksOfBars = "ohlc",
    calendar: Calendar = None,
    deposit: Deposit = 10_000.0,
    objective: Objective = "sharpe",
    min_round_trips: MinTrips = 30,
    workers: Workers = None,
    cluster: Cluster = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Choose settings on the past, trade them on what came next, and judge by the latter alone."""
    options = _options(locals())
    from app.search_command import run_walk_forward
    from backtest.folds import Cut

    run_walk_forward(options, Cut(train, test, purge, anchored), output())


_OF_THE_SEARCH = ("objective", "min_round_trips", "workers", "cluster", "out", "as_json")


def _options(typed: dict[str, Any]) -> "SearchOptions":
    """What was typed, by the names of the parameters."""
    from app.backtest_command import BacktestOptions
    from app.search_command import SearchOptions

    quotes = BacktestOptions(**of_quotes(typed))
    return SearchOptions(quotes=quotes, vary=tuple(typed["vary"]), **{name: typed[name] for name in _OF_THE_SEARCH})
