"""What `companion doctor` found, for people and as JSON."""

import json
from typing import Final

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.doctor import Finding, Health, examined, is_healthy

_MARKS: Final = {
    Health.GOOD: "[green]✓[/]",
    Health.NOTE: "[yellow]•[/]",
    Health.BAD: "[bold red]✗[/]",
}


def run_doctor(data: str | None, console: Console, *, as_json: bool) -> bool:
    """Examine and print; whether nothing is bad."""
    findings = examined(data)
    healthy = is_healthy(findings)
    if as_json:
        plain = {"healthy": healthy, "findings": msgspec.to_builtins(findings)}
        console.print(json.dumps(plain, indent=2), markup=False, soft_wrap=True)
    else:
        _show(findings, console)
        console.print("\n[green]healthy[/]" if healthy else "\n[bold red]not fit for trading yet[/]")
    return healthy


def _show(findings: list[Finding], console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        words = escape(finding.words) + (f"\n[dim]→ {escape(finding.remedy)}[/]" if finding.remedy else "")
        table.add_row(_MARKS[finding.health], finding.check, words)
    console.print(table)
