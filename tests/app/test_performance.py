"""What an audience sees: a live bar on a terminal, lines elsewhere, nothing where JSON is wanted."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from app.performance import Audience
from app.stage import Scene

NUMBERS = {"ticks": 1000}


def scenes(count: int = 100) -> Iterator[Scene | dict[str, Any]]:
    for number in range(count + 1):
        yield Scene(
            played=1000 * number // count,
            total=1000,
            utc_msc=1_750_000_000_000 + 60_000 * number,
            decisions=3 * number,
            orders=number // 10,
            balance=10_000.0,
            equity=10_000.0 + number,
        )
    yield NUMBERS


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, highlight=False)


def seen(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("quiet", [True, False])
def test_the_terminals_numbers_come_last(terminal: bool, quiet: bool) -> None:
    assert Audience(console(terminal=terminal), quiet=quiet).watch(scenes(), 1000) == NUMBERS


def test_elsewhere_there_are_ten_lines() -> None:
    shown = console(terminal=False)
    Audience(shown, quiet=False).watch(scenes(), 1000)
    lines = seen(shown).splitlines()
    assert [line.split()[0] for line in lines] == [f"{part}" for part in range(10, 101, 10)]
    assert lines[-1] == (
        " 100 %      1,000 ticks  Sun 2025-06-15 16:46 UTC  300 decisions  10 orders  equity 10,100.00"
    )


def test_few_scenes_make_few_lines() -> None:
    shown = console(terminal=False)
    Audience(shown, quiet=False).watch(scenes(2), 1000)
    assert len(seen(shown).splitlines()) == 2


def test_on_a_terminal_the_bar_leaves_nothing_behind() -> None:
    shown = console(terminal=True)
    Audience(shown, quiet=False).watch(scenes(), 1000)
    assert "equity 10,100.00" in seen(shown)
    assert seen(shown).rstrip().endswith("\x1b[2K")


def test_nothing_is_said_where_json_is_wanted() -> None:
    shown = console(terminal=True)
    audience = Audience(shown, quiet=True)
    audience.say("hello")
    with audience.waiting("for nothing"):
        audience.watch(scenes(), 1000)
    assert seen(shown) == ""


def test_a_wait_is_shown_on_a_terminal_only() -> None:
    for terminal in (True, False):
        shown = console(terminal=terminal)
        with Audience(shown, quiet=False).waiting("starting"):
            pass
        assert ("starting" in seen(shown)) is terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_a_performance_without_an_end_is_an_error(terminal: bool) -> None:
    with pytest.raises(RuntimeError, match="ended without its numbers"):
        Audience(console(terminal=terminal), quiet=False).watch((one for one in scenes() if one is not NUMBERS), 1000)
