"""Small MQL5 programs, built and run on a small terminal: what a test says in a line becomes a case of an EA."""

import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from domain.timeframes import Timeframe
from marketdata.tape import Tape
from sim.feed import Feed
from sim.mql5.build import Built, build
from sim.mql5.desk import Desk
from sim.mql5.events import Event, EventKind
from sim.mql5.host import EaHost
from sim.terminal import SimTerminal
from tests.sim.test_feed import HISTORY
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, USDJPY, ticks_of

QUOTES = [(1.1, 1.1002), (1.1001, 1.1003), (1.1002, 1.1004)]
_BEGIN = "-- case "
_LIVES = itertools.count(1)


class Place(NamedTuple):
    """A terminal with EURUSD (three ticks to come) and USDJPY (none)."""

    terminal: SimTerminal
    feed: Feed
    desk: Desk


def place() -> Place:
    """A fresh one."""
    terminal = SimTerminal(PROFILE, (EURUSD, USDJPY), start_msc=MONDAY_MSC, server_offset_s=7200)
    tape = Tape(("EURUSD",), {"EURUSD": ticks_of(QUOTES)})
    feed = Feed(terminal, tape, history={("EURUSD", Timeframe.M1): HISTORY})
    return Place(terminal, feed, Desk(terminal, feed, tape))


def built(source: str, folder: Path, name: str = "Program", *, sanitize: bool = False) -> Built:
    """`source` compiled; the next test run finds it in the cache where the path is the same."""
    path = folder / f"{name}.mq5"
    path.write_text(source, encoding="utf-8")
    return build(path, folder, sanitize=sanitize)


def loaded(program: Built, folder: Path, inputs: Mapping[str, str] | None = None, at: Place | None = None) -> EaHost:
    """The program on a chart of EURUSD, in a library of its own."""
    copy = program.copied(folder / f"copy-{next(_LIVES)}.so")
    desk = (at or place()).desk
    return EaHost(copy, desk, inputs=inputs or {}, files_dir=folder / "Files", symbol="EURUSD")


def ticked(ea: EaHost) -> None:
    """OnTick."""
    ea.handle(Event(EventKind.TICK))


def program_of(cases: Mapping[str, str], extra: str = "") -> str:
    """An EA whose OnInit runs each case: statements that print."""
    bodies = "\n".join(f"void Case{number}(void) {{\n{body}\n}}" for number, body in enumerate(cases.values()))
    calls = "\n".join(f'Print("{_BEGIN}{number}"); Case{number}();' for number in range(len(cases)))
    return f"{extra}\n{bodies}\nint OnInit(void) {{\n{calls}\nreturn(INIT_SUCCEEDED);\n}}\n"


def printed_by(cases: Iterable[str], logged: Iterable[str]) -> dict[str, list[str]]:
    """The lines of each case."""
    names, lines = list(cases), {}
    current: list[str] = []
    for line in logged:
        if line.startswith(_BEGIN):
            current = []
            lines[names[int(line.removeprefix(_BEGIN))]] = current
        else:
            current.append(line)
    return lines
