"""What a benchmark says: a table for people, JSON for comparison over time, and on which machine it was measured."""

import argparse
import importlib.metadata
import math
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import zmq

_DISTRIBUTIONS: Final = ("numpy", "numba", "pyzmq", "msgspec")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One measured thing. `ratio` is what the goal speaks of, `goal` in words; `reached` None where there is none."""

    name: str
    unit: str
    ours: float
    reference: float | None = None
    ratio: float | None = None
    goal: str = ""
    reached: bool | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one benchmark found; `notes` are what a reader must know to judge it."""

    benchmark: str
    machine: dict[str, str]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def at_most(name: str, ours: float, reference: float, limit: float, unit: str = "us") -> Line:
    """A line whose goal is that ours is at most `limit` times the reference."""
    ratio = ours / reference
    return Line(
        name=name,
        unit=unit,
        ours=ours,
        reference=reference,
        ratio=ratio,
        goal=f"<= {limit:g}x",
        reached=ratio <= limit,
    )


def at_least(name: str, ours: float, reference: float, limit: float, unit: str = "ticks/s") -> Line:
    """A line whose goal is that ours is at least `limit` times the reference."""
    ratio = ours / reference
    return Line(
        name=name,
        unit=unit,
        ours=ours,
        reference=reference,
        ratio=ratio,
        goal=f">= {limit:g}x",
        reached=ratio >= limit,
    )


def arguments(purpose: str | None) -> argparse.ArgumentParser:
    """The options every benchmark has."""
    parser = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short rounds: shows that it works, proves nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
    return parser


def percentile(values: Sequence[float], fraction: float) -> float:
    """The smallest value that at least `fraction` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * fraction) - 1)]


def median(values: Iterable[float]) -> float:
    """Median."""
    return statistics.median(values)


def machine() -> dict[str, str]:
    """CPU, cores, load, interpreter and the libraries that matter."""
    facts = {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "python": platform.python_version(),
        "zmq": zmq.zmq_version(),
    }
    return facts | {name: importlib.metadata.version(name) for name in _DISTRIBUTIONS}


def _cpu() -> str:
    """Model as the kernel names it, with the numbers behind a name as vague as "AMD EPYC"."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    said = {name.strip(): value.strip() for name, value in found.items()}
    name = said.get("model name", platform.machine())
    return f"{name} (family {said.get('cpu family', '?')}, model {said.get('model', '?')})"


def tell(outcome: Outcome, file: Path | None) -> None:
    """Print the table; write the JSON where it is wanted."""
    print(f"\n{outcome.benchmark}   " + ", ".join(f"{name} {value}" for name, value in outcome.machine.items()))
    header = ("", "ours", "reference", "unit", "ratio", "goal", "reached")
    rows = [header, *(_cells(line) for line in outcome.lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for row in rows:
        first, *rest = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join([first, *rest]).rstrip())
    for note in outcome.notes:
        print(f"note: {note}")
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(outcome)))
    sys.stdout.flush()


def _cells(line: Line) -> tuple[str, ...]:
    verdict = {True: "yes", False: "NO", None: ""}[line.reached]
    return (line.name, _number(line.ours), _number(line.reference), line.unit, _ratio(line.ratio), line.goal, verdict)


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio:.0f}x" if ratio >= 20 else f"{ratio:.2f}x"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}"
