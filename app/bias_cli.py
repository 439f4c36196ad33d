"""The command `companion bias`; everything heavy is imported when it is called."""

from typing import Annotated

import typer

from app.backtest_options import QuoteOptions
from app.console import ExitCode, output, reported
from app.option_groups import with_groups


@reported
@with_groups
def bias(
    quotes: QuoteOptions,
    *,
    shuffles: Annotated[int, typer.Option(min=0, help="Runs on shuffled bars; 19 can show a chance of 5 %.")] = 19,
    seed: Annotated[int, typer.Option(min=0, help="Of the shuffles.")] = 1,
    trust_model: Annotated[
        bool, typer.Option("--trust-model", metavar="", help="Whatever data a model of mine holds is no future.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", metavar="", help="Print the findings as JSON.")] = False,
) -> None:
    """Does a backtest fool its owner? Look-ahead, warm-up, costs, luck. The status is 1 for look-ahead."""
    from app.bias_command import BiasOptions, run_bias

    options = BiasOptions(shuffles=shuffles, seed=seed, trust_model=trust_model, as_json=as_json)
    raise typer.Exit(ExitCode.DONE if run_bias(quotes, options, output()) else ExitCode.FOUND)
