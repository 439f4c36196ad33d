"""`companion audit`: decide a recorded window again and list every difference. There must be none."""

import json
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.folders import recorded_folder
from app.moments import day_of, shown, span_of
from app.settings import load_settings
from app.story import story_of
from bridge.audit import AuditReport, audit

_SHOWN: Final = 50


class AuditOptions(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when, as written, for which account."""

    first: str
    last: str
    server_time: bool = False
    account: str | None = None
    data: str | None = None


def run_audit(options: AuditOptions, console: Console, *, as_json: bool) -> bool:
    """Audit and print; whether everything came out as recorded."""
    folder = recorded_folder(load_settings().data_dir, options.data)
    report = _report(folder, options)
    if as_json:
        console.print(json.dumps(_plain(report), indent=2), markup=False, soft_wrap=True)
    else:
        _show(report, console)
    return report.is_clean


def _report(folder: Path, options: AuditOptions) -> AuditReport:
    story = story_of(folder, options.account)
    day = day_of(story.last_ns) if story.last_ns else None
    offset_s = story.offset_s if options.server_time else 0
    first, last = (span_of(text, day, offset_s) for text in (options.first, options.last))
    return audit(folder, story.account, first.start_ns, last.stop_ns - 1)


def _plain(report: AuditReport) -> dict[str, object]:
    return {**msgspec.to_builtins(report), "is_clean": report.is_clean}


def _show(report: AuditReport, console: Console) -> None:
    console.print(f"{escape(report.account)}, {shown(report.from_ns)} to {shown(report.to_ns)} UTC, decided again:")
    counts = (report.ticks, report.batches, report.decisions, report.intents)
    console.print("{:,} ticks in {:,} batches, {:,} decisions, {:,} orders".format(*counts))
    for note in report.notes:
        console.print(f"[yellow]note[/]   {escape(note)}")
    for problem in report.problems:
        console.print(f"[bold red]✗[/] not audited: {escape(problem)}")
    if report.differences:
        console.print(_differences(report))
        console.print(f"[bold red]✗[/] {len(report.differences)} differences; the first {_SHOWN} are shown")
    elif report.is_clean:
        console.print("[green]✓[/] every number is as recorded")


def _differences(report: AuditReport) -> Table:
    table = Table("time UTC", "symbol", "what", "field", "recorded", "decided now", box=None, padding=(0, 2))
    for one in report.differences[:_SHOWN]:
        table.add_row(shown(one.time_ns), one.symbol, one.what, one.field, one.recorded, one.decided)
    return table
