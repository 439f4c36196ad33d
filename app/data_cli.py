"""`companion data`: market history from files, checked, into the store that backtests read."""

from pathlib import Path
from typing import Annotated

import typer

from app.console import ExitCode, output, reported

data = typer.Typer(help="Check and import market history; see and query what is stored.", no_args_is_help=True)

Files = Annotated[
    list[Path],
    typer.Argument(help="Files or folders: MT5 export, CSV, Parquet, EODHD, Dukascopy, HistData.", show_default=False),
]
Source = Annotated[str | None, typer.Option(help="Whose quotes: your broker's name. Default: the kind of file.")]
Symbol = Annotated[str | None, typer.Option(help="Symbol of the quotes, if file and name do not tell.")]
Frame = Annotated[str | None, typer.Option(help="Timeframe of a file of bars, if it does not tell.")]
Digits = Annotated[int | None, typer.Option(min=0, max=8, help="Decimals of the prices, if the file does not tell.")]
Clock = Annotated[str | None, typer.Option(help="utc, us or eu (UTC+2, +3 in summer), utc+3, ... Default: measured.")]
Crossed = Annotated[str, typer.Option(help="Quotes with ask below bid: drop, keep or swap.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(help="A rule that shall not stop the import; may be given again.", show_default=False),
]
Strict = Annotated[bool, typer.Option("--strict", metavar="", help="Repair nothing: what would be repaired refuses.")]
First = Annotated[str, typer.Option("--from", metavar="TIME", help="Only rows from there, on the file's clock.")]
Last = Annotated[str, typer.Option("--to", metavar="TIME", help="Only rows before that, on the file's clock.")]
Store = Annotated[Path | None, typer.Option(help="Folder of the store. Default: market in COMPANION_DATA_DIR.")]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON, for other programs.")]


def _end(all_is_well: bool) -> None:
    raise typer.Exit(ExitCode.DONE if all_is_well else ExitCode.FOUND)


@data.command("import")
@reported
def import_files(  # noqa: PLR0913 - typer takes one parameter for each option
    files: Files,
    *,
    source: Source = None,
    symbol: Symbol = None,
    timeframe: Frame = None,
    digits: Digits = None,
    clock: Clock = None,
    crossed: Crossed = "drop",
    overlap: Annotated[str, typer.Option(help="Rows that differ from stored ones: refuse, new or stored.")] = "refuse",
    allow: Allow = None,
    strict: Strict = False,
    first: First = "",
    last: Last = "",
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Check files and merge them into the store. The status is 1 if one was refused."""
    from app.data_command import options_of, run_import

    options = options_of(
        source=source,
        symbol=symbol,
        timeframe=timeframe,
        digits=digits,
        clock=clock,
        crossed=crossed,
        overlap=overlap,
        allowed=allow or [],
        strict=strict,
        first=first,
        last=last,
    )
    _end(run_import(files, options, store, output(), as_json=as_json))


@data.command()
@reported
def check(  # noqa: PLR0913 - as above
    files: Files,
    *,
    source: Source = None,
    symbol: Symbol = None,
    timeframe: Frame = None,
    digits: Digits = None,
    clock: Clock = None,
    crossed: Crossed = "drop",
    allow: Allow = None,
    strict: Strict = False,
    first: First = "",
    last: Last = "",
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Say what an import would find, repair and refuse; nothing is written. The status is 1 if one is refused."""
    from app.data_command import options_of, run_check

    options = options_of(
        source=source,
        symbol=symbol,
        timeframe=timeframe,
        digits=digits,
        clock=clock,
        crossed=crossed,
        allowed=allow or [],
        strict=strict,
        first=first,
        last=last,
    )
    _end(run_check(files, options, store, output(), as_json=as_json))


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
