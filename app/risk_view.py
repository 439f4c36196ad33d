"""A risk report, for people."""

from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from domain.servertime import NS_PER_S
from strategy.risk_report import GuardReport, OverrideReport, RiskReport, SlippageReport

_NOT_RUNNING: Final = "no bridge runs: this is the journal's last word, and orders hold from the next start on"


def show_report(report: RiskReport, console: Console, *, by_bridge: bool, asked_only: bool) -> None:
    """Print the report; a word first on who took the order."""
    if not by_bridge:
        console.print(f"[yellow]•[/] {_NOT_RUNNING}")
    if not asked_only:
        console.print("[green]✓[/] in the journal" + (", holds from the next decision on" if by_bridge else ""))
    currency = escape(report.currency)
    console.print(f"[bold]{escape(report.account)}[/]  {_utc(report.time_ns)}")
    console.print(f"equity {report.equity:,.2f} {currency}, balance {report.balance:,.2f}", markup=False)
    limits = f"risk {report.risk_fraction:.2%} an entry, leverage up to 1:{report.max_leverage:g}"
    console.print(f"regime {report.regime}: {limits}, {report.losing_streak} losses in a row", markup=False)
    for line in report.binds or ("nothing refuses entries",):
        mark = "[bold red]✗[/]" if report.binds else "[green]✓[/]"
        console.print(f"{mark} {escape(line)}")
    if report.halted_since_ns:
        console.print(f"  halted since {_utc(report.halted_since_ns)} by {report.halt_author}", markup=False)
    console.print(_guards(report.guards, currency))
    if report.overrides:
        console.print(_overrides(report.overrides))
    if report.slippage:
        console.print(_slippage(report.slippage))


def _guards(guards: tuple[GuardReport, ...], currency: str) -> Table:
    table = Table("guard", "now", "threshold", f"left [{currency}]", "left", "latched")
    for guard in guards:
        table.add_row(
            guard.guard.replace("_", " "),
            f"{max(0.0, guard.loss):.2%}",
            f"{guard.threshold:.2%}",
            f"{guard.left_ccy:,.2f}",
            f"{guard.left_fraction:.2%}",
            f"level {guard.level} since {_utc(guard.since_ns)}" if guard.level else "",
        )
    return table


def _overrides(overrides: tuple[OverrideReport, ...]) -> Table:
    table = Table("override", "symbol", "value", "until", "by", "reason")
    for one in overrides:
        table.add_row(
            one.name or one.kind,
            escape(one.symbol) or "all",
            f"{one.value:g}" if one.name else "",
            _utc(one.expires_ns) if one.expires_ns else "taken back",
            escape(one.author),
            escape(one.reason),
        )
    return table


def _slippage(symbols: tuple[SlippageReport, ...]) -> Table:
    table = Table("slippage", r"expected \[points]", "measured", "entries", "exits")
    for one in symbols:
        measured = "" if one.measured is None else f"{one.measured:g}"
        table.add_row(escape(one.symbol), f"{one.expected:g}", measured, str(one.entries), str(one.exits))
    return table


def _utc(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
