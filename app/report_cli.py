"""The command `companion report`; everything heavy is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from app.console import output, reported

Folder = Annotated[
    Path | None, typer.Argument(help="What a run has written to. Default: the last backtest.", show_default=False)
]


@reported
def report(
    folder: Folder = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the figures as JSON.")] = False,
) -> None:
    """Show a run's figures again, and write its HTML and Markdown anew from what it left on disk."""
    from app.report_command import run_report

    run_report(folder, output(), as_json=as_json)
