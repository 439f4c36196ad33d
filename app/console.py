"""What commands share towards the person in front of them: errors in one line with a remedy, and exit codes."""

import functools
import sys
import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Final, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

P = ParamSpec("P")
R = TypeVar("R")

DEBUGGING: Final = threading.Event()
"""Set where the person asked for tracebacks with `--debug`."""

WIDTH_OF_A_PIPE: Final = 110  # a log file has no width; tables must not be folded to 80 columns there


class ExitCode(IntEnum):
    """What a command's status means; listed in docs/cli.md, and never changed."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    SETTINGS = 3
    DATA = 4
    PROCESS = 5
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on: what is wrong, and what to do about it."""

    def __init__(self, problem: str, remedy: str = "", code: ExitCode = ExitCode.DATA) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.code = code


def output() -> Console:
    """Where results go."""
    return Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_PIPE)


def complaints() -> Console:
    """Where errors go."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what goes wrong in `command` into a line and an exit code; `--debug` lets the traceback through."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            complaints().print("stopped")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except Exception as problem:
            if DEBUGGING.is_set():
                raise
            raise typer.Exit(_complain(problem)) from None

    return run


def _complain(problem: Exception) -> ExitCode:
    """Say what is wrong; the exit code that belongs to it."""
    lines, code = _told(problem)
    console = complaints()
    for problem_line, remedy in lines:
        console.print(f"[bold red]✗[/] {escape(problem_line)}")
        if remedy:
            console.print(f"  {escape(remedy)}")
    return code


def _told(problem: Exception) -> tuple[list[tuple[str, str]], ExitCode]:
    """Problems with their remedies, and the exit code that belongs to them."""
    if isinstance(problem, CommandError):
        return [(problem.problem, problem.remedy)], problem.code
    from app.problems import SettingsRefusedError

    if isinstance(problem, SettingsRefusedError):
        return [(f"{found.name} {found.problem}", found.remedy) for found in problem.problems], ExitCode.SETTINGS
    if isinstance(problem, OSError):
        where = f"{problem.filename}: " if problem.filename else ""
        return [(f"{where}{problem.strerror or problem}", "")], ExitCode.DATA
    if type(problem).__module__.partition(".")[0] in _ROOMS:
        return [(str(problem), "")], ExitCode.DATA  # errors of our own rooms name the field and the remedy
    name = type(problem).__name__
    return [(f"unexpected {name}: {problem}", "this is a defect; --debug shows where it happened")], ExitCode.PROCESS


_ROOMS: Final = frozenset(
    {
        "account",
        "advisor",
        "app",
        "backtest",
        "bridge",
        "domain",
        "marketdata",
        "newsfilter",
        "ops",
        "risk",
        "signals",
        "sim",
        "strategy",
        "wire",
    }
)
