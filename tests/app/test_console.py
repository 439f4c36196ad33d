"""Errors become one line with a remedy and a stable status."""

import errno
import threading
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from account.journal import JournalError
from app import console
from app.console import CommandError, ExitCode, output, reported
from app.problems import SettingProblem, SettingsRefusedError


def a_program(action: Callable[[], object]) -> typer.Typer:
    program = typer.Typer(pretty_exceptions_enable=False)

    @program.callback()
    def root() -> None: ...

    @program.command()
    @reported
    def go() -> None:
        action()

    return program


def raising(problem: BaseException) -> Callable[[], object]:
    def action() -> None:
        raise problem

    return action


@pytest.mark.parametrize(
    ("problem", "code", "told"),
    [
        (CommandError("no such file: x", "name another"), ExitCode.DATA, "✗ no such file: x\n  name another\n"),
        (CommandError("bad", code=ExitCode.USAGE), ExitCode.USAGE, "✗ bad\n"),
        (
            SettingsRefusedError(SettingProblem("A", "is bad", "mend it"), SettingProblem("B", "is gone")),
            ExitCode.SETTINGS,
            "✗ A is bad\n  mend it\n✗ B is gone\n",
        ),
        (JournalError("journal x: no such file"), ExitCode.DATA, "✗ journal x: no such file\n"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), ExitCode.DATA, "✗ /x: No space left on device\n"),
        (OSError("odd"), ExitCode.DATA, "✗ odd\n"),
        (
            ZeroDivisionError("by zero"),
            ExitCode.PROCESS,
            "✗ unexpected ZeroDivisionError: by zero\n  this is a defect; --debug shows where it happened\n",
        ),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "stopped\n"),
    ],
)
def test_a_problem_in_one_line_with_its_status(problem: BaseException, code: ExitCode, told: str) -> None:
    result = CliRunner().invoke(a_program(raising(problem)), ["go"])
    assert result.exit_code == code
    assert result.stderr == told
    assert result.stdout == ""


def test_debug_lets_the_traceback_through(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = threading.Event()
    wanted.set()
    monkeypatch.setattr(console, "DEBUGGING", wanted)
    result = CliRunner().invoke(a_program(raising(ZeroDivisionError("by zero"))), ["go"])
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_wanted_exit_keeps_its_status() -> None:
    assert CliRunner().invoke(a_program(raising(typer.Exit(1))), ["go"]).exit_code == 1


def test_markup_in_a_problem_is_shown_as_it_is() -> None:
    result = CliRunner().invoke(a_program(raising(CommandError("[bold]x[/bold] [red"))), ["go"])
    assert "[bold]x[/bold] [red" in result.stderr


def test_the_statuses_never_change() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0,
        "FOUND": 1,
        "USAGE": 2,
        "SETTINGS": 3,
        "DATA": 4,
        "PROCESS": 5,
        "INTERRUPTED": 130,
    }


def test_a_pipe_is_wide_enough_for_tables() -> None:
    assert output().width >= 100
