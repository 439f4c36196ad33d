"""The command `companion backtest`; everything heavy is imported when it is called."""

from typing import Annotated

import typer

from app.console import CommandError, ExitCode, output, reported


@reported
def backtest(
    *,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", metavar="", help="Needs no data: two invented markets, with trends and without."),
    ] = False,
    min_sharpe: Annotated[
        float | None, typer.Option(help="The status is 1 below this Sharpe ratio. Dry run: 0.9 if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the dry run's markets: another seed, other dice.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON.")] = False,
) -> None:
    """Trade history with the live rules on a simulated account, and judge the result honestly."""
    if not dry_run:
        raise CommandError("nothing to test", "use --dry-run", ExitCode.USAGE)
    from app.dry_run_command import run_dry_run
    from backtest.dry_run import MIN_SHARPE

    least = MIN_SHARPE if min_sharpe is None else min_sharpe
    _end(run_dry_run(output(), seed=seed, least=least, as_json=as_json))


def _end(all_is_well: bool) -> None:
    raise typer.Exit(ExitCode.DONE if all_is_well else ExitCode.FOUND)
