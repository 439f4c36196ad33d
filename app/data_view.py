"""Reports of imports, and the store's content, for people."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from domain.servertime import NS_PER_S
from marketdata.findings import Finding, Verdict
from marketdata.reports import ImportReport
from marketdata.store import SeriesSummary

_MARKS: Final = {
    Verdict.NOTED: "[green]•[/]",
    Verdict.REPAIRED: "[yellow]•[/]",
    Verdict.ALLOWED: "[yellow]![/]",
    Verdict.REFUSED: "[bold red]✗[/]",
}
_KILO: Final = 1024


def show_report(report: ImportReport, console: Console) -> None:
    """One file: what it is, what was found, what came of it."""
    mark = "[bold red]✗[/]" if not report.usable else "[green]✓[/]"
    console.print(f"{mark} [bold]{escape(report.path)}[/]", soft_wrap=True)
    if report.rows:
        what = f"{report.symbol} {report.timeframe}, {report.rows:,} rows, {report.digits} digits, clock {report.clock}"
        console.print(f"  {what}, {report.first} to {report.last} UTC", markup=False, soft_wrap=True)
    if report.findings:
        console.print(_findings(report.findings))
    console.print(f"  {_outcome(report)}", markup=False, soft_wrap=True)


def _findings(findings: Sequence[Finding]) -> Table:
    table = Table("", "rule", "verdict", "count", "where", "what, and what to do", box=None, padding=(0, 1, 0, 2))
    for found in findings:
        words = escape(found.detail) + (f"\n[dim]{escape(found.remedy)}[/]" if found.remedy else "")
        count = f"{found.rows:,}" if found.rows else ""
        table.add_row(_MARKS[found.verdict], found.rule, str(found.verdict), count, _where(found), words)
    return table


def _where(found: Finding) -> str:
    rows = "" if found.first_row is None else f"row {found.first_row}"
    if found.last_row not in (None, found.first_row):
        rows += f" to {found.last_row}"
    times = found.first_time or ""
    if found.last_time not in (None, found.first_time):
        times += f" to {found.last_time}"
    return "\n".join(part for part in (rows, times) if part)


def _outcome(report: ImportReport) -> str:
    if not report.usable:
        return "refused; nothing of it is stored" if report.added is None or not report.months else "refused"
    if report.added is None:
        return "may be imported"
    series = f"{report.symbol} {report.timeframe} from {report.source}"
    if not report.months:
        return f"{series}: all {report.equal:,} rows were there already; nothing changed"
    parts = [f"{report.added:,} rows added", f"{report.equal:,} were there already" if report.equal else ""]
    parts.append(f"{report.completed:,} unfinished bar completed" if report.completed else "")
    return f"{series}: {', '.join(part for part in parts if part)}"


def show_series(series: Sequence[SeriesSummary], root: Path, console: Console) -> None:
    """All series at a glance."""
    console.print(f"[bold]{escape(str(root))}[/]", soft_wrap=True)
    table = Table("source", "symbol", "timeframe", "rows", "from (UTC)", "to (UTC)", "clock", "size", box=None)
    for one in series:
        table.add_row(
            escape(one.source),
            escape(one.symbol),
            one.timeframe,
            f"{one.rows:,}",
            _utc(one.first_ns),
            _utc(one.last_ns),
            " or ".join(one.clocks),
            f"{one.size_bytes / _KILO:,.0f} KiB",
        )
    console.print(table)


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], console: Console) -> None:
    """An answer of the database as a table."""
    table = Table(*(escape(column) for column in columns), box=None)
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    console.print(table)


def _utc(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // NS_PER_S, tz=UTC).strftime("%Y-%m-%d %H:%M")
