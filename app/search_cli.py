"""The commands `companion sweep`, `optimize` and `walkforward`; everything heavy is imported when one is called."""

from typing import Annotated

import typer

from app.backtest_options import QuoteOptions, SearchOptions
from app.console import output, reported
from app.option_groups import with_groups


@reported
@with_groups
def sweep(quotes: QuoteOptions, search: SearchOptions) -> None:
    """Run every combination of settings, and say what the best of them is worth."""
    from app.search_command import run_sweep

    run_sweep(quotes, search, output())


@reported
@with_groups
def optimize(
    quotes: QuoteOptions,
    search: SearchOptions,
    *,
    trials: Annotated[int, typer.Option(min=1, help="Settings to try.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampler: the same one tries the same settings.")] = 1,
) -> None:
    """Let Optuna choose which settings to try, and say what the best of them is worth."""
    from app.search_command import run_optimize

    run_optimize(quotes, search, output(), trials=trials, seed=seed)


@reported
@with_groups
def walkforward(
    quotes: QuoteOptions,
    search: SearchOptions,
    *,
    train: Annotated[float, typer.Option(min=1, help="Days on which settings are chosen.")] = 730.0,
    test: Annotated[float, typer.Option(min=1, help="Days on which the choice is traded.")] = 182.0,
    purge: Annotated[float, typer.Option(min=0, help="Days left out between the two.")] = 5.0,
    anchored: Annotated[
        bool, typer.Option("--anchored", metavar="", help="Training always begins at the start.")
    ] = False,
    monte_carlo: Annotated[
        int, typer.Option(min=0, metavar="N", help="Trials of the tests' round trips in other orders; 0: none.")
    ] = 1000,
) -> None:
    """Choose settings on the past, trade them on what came next, and judge by the latter alone."""
    from app.search_command import run_walk_forward
    from backtest.folds import Cut

    run_walk_forward(quotes, search, Cut(train, test, purge, anchored), output(), trials=monte_carlo)
