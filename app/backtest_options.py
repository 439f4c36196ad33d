"""What can be typed after `companion backtest`, `sweep`, `optimize` and `walkforward`, each option declared once."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from app.console import CommandError, ExitCode
from app.option_groups import listed


class QuoteOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which quotes are traded, on which charts, and with how much money; `files` or `stored`, not both."""

    files: Annotated[
        list[Path], typer.Argument(help="Ticks or bars: MT5 export, CSV or Parquet.", show_default=False)
    ] = []
    stored: Annotated[str, typer.Option(metavar="SYMBOLS", help="Symbols from the store in place of files.")] = ""
    symbol: Annotated[str | None, typer.Option(help="Symbol of the files' quotes, if they do not tell.")] = None
    timeframe: Annotated[
        str | None, typer.Option(help="Of the bars in files that do not tell, or in the store (M1; or: ticks).")
    ] = None
    source: Annotated[str | None, typer.Option(help="Whose quotes, where the store has several.")] = None
    store: Annotated[Path | None, typer.Option(help="Folder of the store. Default: market in COMPANION_DATA_DIR.")] = (
        None
    )
    first: Annotated[str, typer.Option("--from", metavar="TIME", help="Stored quotes from then on, UTC.")] = ""
    last: Annotated[str, typer.Option("--to", metavar="TIME", help="Stored quotes before then, UTC.")] = ""
    clock: Annotated[str | None, typer.Option(help="The broker's: utc, us or eu (UTC+2, +3 in summer), utc+3, ...")] = (
        None
    )
    charts: Annotated[str, typer.Option(help="Charts to trade on, such as M5,H1. Default: as in the settings.")] = ""
    crossed: Annotated[str, typer.Option(help="Quotes with ask below bid: drop, keep or swap.")] = "drop"
    ticks: Annotated[str, typer.Option(help="Ticks of bars, as MT5's tester makes them: ohlc or every-tick.")] = "ohlc"
    calendar: Annotated[
        list[Path], typer.Option(help="Events of that time, CSV or JSON (docs/news.md).", show_default=False)
    ] = []
    deposit: Annotated[float, typer.Option(min=1, help="Money of the account at the start [USD].")] = 10_000.0
    swap: Annotated[
        list[str],
        typer.Option(
            metavar="SYMBOL=LONG,SHORT", help="Points a lot and night for buys and sells.", show_default=False
        ),
    ] = []

    @property
    def symbols(self) -> tuple[str, ...]:
        """Those of the store."""
        return listed(self.stored)

    @property
    def timeframes(self) -> tuple[str, ...]:
        """Names of the charts; none: as in the settings."""
        return listed(self.charts)

    def check(self) -> None:
        """Whether it is clear which quotes are meant.

        Raises:
            CommandError: for none, or both kinds.
        """
        if bool(self.files) == bool(self.symbols):
            raise CommandError("which quotes?", "name files, or --stored SYMBOLS; one of them", ExitCode.USAGE)


class ResultOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the result of a backtest."""

    min_sharpe: Annotated[
        float | None, typer.Option(help="The status is 1 below this Sharpe ratio. Dry run: 0.9 if not given.")
    ] = None
    monte_carlo: Annotated[
        int, typer.Option(min=0, metavar="N", help="Trials of the round trips in other orders; 0: none.")
    ] = 1000
    vectorbt: Annotated[
        bool,
        typer.Option("--vectorbt", metavar="", help="Run it inside vectorbt, too, and compare; 1 if they disagree."),
    ] = False
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables. Default: backtest in COMPANION_DATA_DIR.")
    ] = None
    keep: Annotated[bool, typer.Option("--keep", metavar="", help="Keep the tables when the next one starts.")] = False
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the report as JSON.")] = False


class SearchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched, by whom, and where the results go."""

    vary: Annotated[
        list[str],
        typer.Option("--vary", metavar="NAME=VALUES", help="entry.stop_atr=1,1.5,2 or =1:3:0.5; for each setting."),
    ]
    objective: Annotated[str, typer.Option(help="What the best has most of: sharpe, sortino, calmar, growth, ...")] = (
        "sharpe"
    )
    min_round_trips: Annotated[int, typer.Option(min=1, help="A result of fewer does not count.")] = 30
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one for each core.")] = None
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://host:8786.")
    ] = None
    out: Annotated[Path | None, typer.Option(help="Folder of the results; an interrupted search goes on there.")] = None
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON.")] = False
