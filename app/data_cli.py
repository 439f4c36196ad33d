"""`companion data`: market history from files, checked, into the store that backtests read."""

from typing import Annotated

import typer

from app.console import ExitCode, output, reported
from app.data_options import AsJson, FileOptions, Store
from app.option_groups import with_groups

data = typer.Typer(help="Check and import market history; see and query what is stored.", no_args_is_help=True)


def _end(all_is_well: bool) -> None:
    raise typer.Exit(ExitCode.DONE if all_is_well else ExitCode.FOUND)


@data.command("import")
@reported
@with_groups
def import_files(
    typed: FileOptions,
    *,
    overlap: Annotated[str, typer.Option(help="Rows that differ from stored ones: refuse, new or stored.")] = "refuse",
) -> None:
    """Check files and merge them into the store. The status is 1 if one was refused."""
    from app.data_command import run_import

    _end(run_import(typed, overlap, output()))


@data.command()
@reported
@with_groups
def check(typed: FileOptions) -> None:
    """Say what an import would find, repair and refuse; nothing is written. The status is 1 if one is refused."""
    from app.data_command import run_check

    _end(run_check(typed, output()))


@data.command("list")
@reported
def list_series(*, store: Store = None, as_json: AsJson = False) -> None:
    """What is stored: source, symbol, timeframe, from when to when, on which clock."""
    from app.data_command import run_list

    run_list(store, output(), as_json=as_json)


@data.command()
@reported
def query(
    sql: Annotated[str, typer.Argument(help="SQL over the views bars and ticks.", show_default=False)],
    *,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Ask the store in SQL, by DuckDB: `companion data query "SELECT count(*) FROM bars"`."""
    from app.data_command import run_query

    run_query(sql, store, output(), as_json=as_json)
