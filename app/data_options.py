"""What can be typed after `companion data check` and `import`, each option declared once."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

Store = Annotated[Path | None, typer.Option(help="Folder of the store. Default: market in COMPANION_DATA_DIR.")]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON, for other programs.")]


class FileOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which files are read, what they do not tell themselves, and how strictly they are judged."""

    files: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders: MT5 export, CSV, Parquet, EODHD, Dukascopy, HistData.", show_default=False
        ),
    ]
    source: Annotated[str | None, typer.Option(help="Whose quotes: your broker's name. Default: the kind of file.")] = (
        None
    )
    symbol: Annotated[str | None, typer.Option(help="Symbol of the quotes, if file and name do not tell.")] = None
    timeframe: Annotated[str | None, typer.Option(help="Timeframe of a file of bars, if it does not tell.")] = None
    digits: Annotated[
        int | None, typer.Option(min=0, max=8, help="Decimals of the prices, if the file does not tell.")
    ] = None
    clock: Annotated[
        str | None, typer.Option(help="utc, us or eu (UTC+2, +3 in summer), utc+3, ... Default: measured.")
    ] = None
    crossed: Annotated[str, typer.Option(help="Quotes with ask below bid: drop, keep or swap.")] = "drop"
    allow: Annotated[
        list[str],
        typer.Option(help="A rule that shall not stop the import; may be given again.", show_default=False),
    ] = []
    strict: Annotated[
        bool, typer.Option("--strict", metavar="", help="Repair nothing: what would be repaired refuses.")
    ] = False
    first: Annotated[str, typer.Option("--from", metavar="TIME", help="Only rows from there, on the file's clock.")] = (
        ""
    )
    last: Annotated[str, typer.Option("--to", metavar="TIME", help="Only rows before that, on the file's clock.")] = ""
    store: Store = None
    as_json: AsJson = False
