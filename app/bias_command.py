"""`companion bias`: a backtest run some thirty times, each time a little otherwise, to see what it rests on."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app.backtest_command import job_of, settings_of
from app.backtest_options import QuoteOptions
from app.bias_findings import Findings
from app.bias_view import show_findings
from app.model_knowledge import knowledge_of
from backtest.bias import (
    CUTS,
    HISTORIES,
    SPREADS,
    cost_effect,
    look_ahead,
    null_test,
    warm_up_effect,
)
from backtest.document import json_of
from backtest.job import Job

_RUNS: Final = {"look-ahead": 1 + len(CUTS), "warm-up": 1 + len(HISTORIES), "costs": len(SPREADS)}

Tell = Callable[[str], Callable[[], None]]
"""Gives for the name of a check what is to be called when one of its runs has ended."""


class BiasOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed beside the quotes."""

    shuffles: int
    seed: int
    trust_model: bool = False
    as_json: bool = False


def run_bias(quotes: QuoteOptions, options: BiasOptions, console: Console) -> bool:
    """Try everything and tell; whether there is no look-ahead."""
    quotes.check()
    settings = settings_of(quotes)
    job = job_of(quotes, settings)
    with _progress(console, options) as tell:
        found = _findings(job, options, tell)
    if options.as_json:
        console.print(json_of(found).decode().rstrip(), markup=False, soft_wrap=True)
    else:
        show_findings(found, console)
    return found.is_clean


def _findings(job: Job, options: BiasOptions, tell: Tell) -> Findings:
    return Findings(
        look_ahead=look_ahead(job, done=tell("look-ahead")),
        model=knowledge_of(job.settings.model),
        model_is_trusted=options.trust_model,
        warm_up=warm_up_effect(job, done=tell("warm-up")),
        costs=cost_effect(job, done=tell("costs")),
        luck=null_test(job, options.shuffles, options.seed, done=tell("luck")) if options.shuffles else None,
    )


@contextlib.contextmanager
def _progress(console: Console, options: BiasOptions) -> Iterator[Tell]:
    """Shows which check is at work and how many runs are to come, where somebody can watch."""
    if options.as_json or not console.is_terminal:
        yield lambda _: lambda: None
        return
    total = sum(_RUNS.values()) + (1 + options.shuffles if options.shuffles else 0)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("", total=total)

        def begin(check: str) -> Callable[[], None]:
            progress.update(task, description=check)
            return lambda: progress.advance(task)

        yield begin
