"""The command `companion backtest`; everything heavy is imported when it is called."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.console import CommandError, ExitCode, output, reported

Files = Annotated[
    list[Path] | None, typer.Argument(help="Ticks or bars: MT5 export, CSV or Parquet.", show_default=False)
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", metavar="", help="No data: two invented markets, with trends and without.")
]
Stored = Annotated[str, typer.Option(metavar="SYMBOLS", help="Symbols from the store in place of files.")]
Symbol = Annotated[str | None, typer.Option(help="Symbol of the files' quotes, if they do not tell.")]
Frame = Annotated[
    str | None, typer.Option(help="Of the bars in files that do not tell, or in the store (M1; or: ticks).")
]
Source = Annotated[str | None, typer.Option(help="Whose quotes, where the store has several.")]
Store = Annotated[Path | None, typer.Option(help="Folder of the store. Default: market in COMPANION_DATA_DIR.")]
First = Annotated[str, typer.Option("--from", metavar="TIME", help="Stored quotes from then on, UTC.")]
Last = Annotated[str, typer.Option("--to", metavar="TIME", help="Stored quotes before then, UTC.")]
Clock = Annotated[str | None, typer.Option(help="The broker's: utc, us or eu (UTC+2, +3 in summer), utc+3, ...")]
Charts = Annotated[str, typer.Option(help="Charts to trade on, such as M5,H1. Default: as in the settings.")]
Crossed = Annotated[str, typer.Option(help="Quotes with ask below bid: drop, keep or swap.")]
TicksOfBars = Annotated[str, typer.Option(help="Ticks of bars, as MT5's tester makes them: ohlc or every-tick.")]
Calendar = Annotated[
    list[Path] | None, typer.Option(help="Events of that time, CSV or JSON (docs/news.md).", show_default=False)
]
Deposit = Annotated[float, typer.Option(min=1, help="Money of the account at the start [USD].")]
MinSharpe = Annotated[
    float | None, typer.Option(help="The status is 1 below this Sharpe ratio. Dry run: 0.9 if not given.")
]
Vectorbt = Annotated[
    bool, typer.Option("--vectorbt", metavar="", help="Run it inside vectorbt, too, and compare; 1 if they disagree.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of the dry run's markets: another seed, other dice.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the tables. Default: backtest in COMPANION_DATA_DIR.")]
Keep = Annotated[bool, typer.Option("--keep", metavar="", help="Keep the tables when the next one starts.")]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print the report as JSON.")]


@reported
def backtest(  # noqa: PLR0913 - typer takes one parameter for each option
    files: Files = None,
    *,
    dry_run: DryRun = False,
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
    min_sharpe: MinSharpe = None,
    vectorbt: Vectorbt = False,
    seed: Seed = 1,
    out: Out = None,
    keep: Keep = False,
    as_json: AsJson = False,
) -> None:
    """Trade history with the live rules on a simulated account, and judge the result honestly."""
    typed = locals()
    _refuse_unclear(dry_run, bool(listed(stored)), bool(files))
    _tell_of_compiling(quiet=as_json)
    if dry_run:
        _refuse_beside(vectorbt)
        _dry_run(min_sharpe, seed, as_json=as_json)
    from app.backtest_command import BacktestOptions, run_backtest

    options = BacktestOptions(**of_quotes(typed), **{name: typed[name] for name in _OF_THE_RUN})
    _end(run_backtest(options, output()))


_OF_THE_QUOTES = ("symbol", "timeframe", "source", "store", "first", "last", "clock", "crossed", "ticks", "deposit")
_OF_THE_RUN = ("min_sharpe", "vectorbt", "out", "keep", "as_json")


def of_quotes(typed: dict[str, Any]) -> dict[str, Any]:
    """Fields of `BacktestOptions` from what was `typed`, by the names of a command's parameters: which quotes, how."""
    return {
        "files": tuple(typed["files"] or ()),
        "calendars": tuple(typed["calendar"] or ()),
        "stored": listed(typed["stored"]),
        "charts": listed(typed["charts"]),
        **{name: typed[name] for name in _OF_THE_QUOTES},
    }


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


def _dry_run(min_sharpe: float | None, seed: int, *, as_json: bool) -> None:
    from app.dry_run_command import run_dry_run
    from backtest.dry_run import MIN_SHARPE

    least = MIN_SHARPE if min_sharpe is None else min_sharpe
    _end(run_dry_run(output(), seed=seed, least=least, as_json=as_json))


def listed(names: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _end(all_is_well: bool) -> None:
    raise typer.Exit(ExitCode.DONE if all_is_well else ExitCode.FOUND)
