"""The command `companion backtest`; everything heavy is imported when it is called."""

from typing import Annotated

import typer

from app.backtest_options import QuoteOptions, ResultOptions
from app.console import CommandError, ExitCode, output, reported
from app.option_groups import with_groups

DryRun = Annotated[
    bool, typer.Option("--dry-run", metavar="", help="No data: two invented markets, with trends and without.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of the dry run's markets: another seed, other dice.")]


@reported
@with_groups
def backtest(quotes: QuoteOptions, result: ResultOptions, *, dry_run: DryRun = False, seed: Seed = 1) -> None:
    """Trade history with the live rules on a simulated account, and judge the result honestly."""
    _refuse_unclear(dry_run, bool(quotes.symbols), bool(quotes.files))
    _tell_of_compiling(quiet=result.as_json)
    if dry_run:
        _refuse_beside(result.vectorbt)
        _dry_run(result, seed)
    from app.backtest_command import run_backtest

    _end(run_backtest(quotes, result, output()))


def _refuse_unclear(*wanted: bool) -> None:
    if sum(wanted) != 1:
        remedy = "name files, or --stored SYMBOLS, or --dry-run; one of them"
        raise CommandError("what shall be tested?", remedy, ExitCode.USAGE)


def _refuse_beside(vectorbt: bool) -> None:
    if vectorbt:
        raise CommandError("--vectorbt goes with history", "name files, or --stored SYMBOLS", ExitCode.USAGE)


def _tell_of_compiling(*, quiet: bool) -> None:
    """Say why the first run takes so long, before the kernels are imported and their folder exists."""
    from domain import jit

    if not quiet and not jit.cache_directory().exists():
        output().print("compiling the decision code for this machine; this happens once and takes a minute or two")


def _dry_run(result: ResultOptions, seed: int) -> None:
    from app.dry_run_command import run_dry_run
    from backtest.dry_run import MIN_SHARPE

    least = MIN_SHARPE if result.min_sharpe is None else result.min_sharpe
    _end(run_dry_run(output(), seed=seed, least=least, as_json=result.as_json))


def _end(all_is_well: bool) -> None:
    raise typer.Exit(ExitCode.DONE if all_is_well else ExitCode.FOUND)
