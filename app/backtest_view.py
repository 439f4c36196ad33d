"""A backtest's report for people: what came of it, how sure that is, what it cost, and what stood in the way."""

import math
from typing import Final

from rich.console import Console
from rich.table import Table

from app.moments import shown
from app.monte_carlo_view import show_odds
from backtest.cautions import cautions_of
from backtest.hindsight import Followed
from backtest.report import Report
from backtest.returns import DailyFigures

_GATES_SHOWN: Final = 8
_DAY_S: Final = 86_400.0
_GROUPS: Final = ("symbol", "side", "exit", "chart", "volatility", "weekday", "news")

Rows = list[tuple[str, str]]


def show_report(report: Report, console: Console) -> None:
    """Print the figures, the groups and the gates."""
    span = f"{shown(report.start_ns, seconds=False)} to {shown(report.end_ns, seconds=False)} UTC"
    names = ", ".join(change.symbol for change in report.symbols)
    console.print(
        f"[bold]{names} on {', '.join(report.charts)}[/], {span}, {report.ticks:,} ticks, {report.bars:,} bars"
    )
    table = Table(box=None, show_header=False, padding=(0, 2))
    for left, right in zip(_money_rows(report), _trip_rows(report), strict=True):
        table.add_row(*left, *right)
    console.print(table)
    console.print(_groups_table(report))
    console.print(_gates_table(report))
    if report.monte_carlo is not None:
        show_odds(report.monte_carlo, console)
    for words in cautions_of(report):
        console.print(f"[yellow]note[/]   {words}")


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _length(seconds: float) -> str:
    if math.isnan(seconds):
        return "-"
    return f"{seconds / _DAY_S:.1f} days" if seconds >= _DAY_S else f"{seconds / 3600.0:.1f} h"


def _money_rows(report: Report) -> Rows:
    daily, falls = report.daily, report.falls
    deepest = "-" if falls.deepest is None else f"{falls.deepest.fraction:.1%}, {falls.deepest.money:,.2f}"
    return [
        ("profit", f"{report.profit:+,.2f} {report.currency} ({daily.total_return:+.1%})"),
        ("balance", f"{report.deposit:,.2f} -> {report.balance:,.2f}, floating {report.floating:+,.2f}"),
        ("growth a year", _number(daily.growth, "+.1%")),
        ("Sharpe", f"{_number(daily.sharpe, '.2f')} ± {_number(daily.sharpe_error, '.2f')}"),
        ("P(true Sharpe > 0)", f"{_number(daily.probabilistic_sharpe, '.1%')}{_to_be_sure(daily)}"),
        ("Sortino, Calmar", f"{_number(daily.sortino, '.2f')}, {_number(daily.calmar, '.2f')}"),
        ("drawdown", deepest),
        ("longest under water", f"{_length(falls.longest_s)}, {falls.under_water:.0%} of the time"),
        ("value at risk 95, 99", f"{_number(daily.value_at_risk_95, '.2%')}, {_number(daily.value_at_risk_99, '.2%')}"),
        ("best, worst day", f"{_number(daily.best_day, '+.2%')}, {_number(daily.worst_day, '+.2%')}"),
        ("days won, lost, flat", f"{daily.days_won}, {daily.days_lost}, {daily.days_flat}"),
        ("market", ", ".join(f"{one.symbol} {one.change:+.1%}" for one in report.symbols)),
    ]


def _to_be_sure(daily: DailyFigures) -> str:
    """How long a record it takes; nothing where this one is long enough, or none ever is."""
    return f"; 95 % takes {daily.days_to_be_sure:,.0f} days" if daily.days_to_be_sure > daily.days else ""


def _trip_rows(report: Report) -> Rows:
    trips, exposure = report.trips, report.exposure
    return [
        ("round trips", f"{trips.number} ({report.trips_a_day:.2f} a day), {report.left_open} open"),
        ("won, lost, drawn", f"{trips.won}, {trips.lost}, {trips.drawn} ({_number(trips.win_rate, '.1%')} won)"),
        ("profit factor", _number(trips.profit_factor, ".2f")),
        ("expectancy", f"{_number(trips.expectancy, '+.2f')}, {_number(trips.expectancy_r, '+.2f')} R"),
        ("mean win / mean loss", _number(trips.payoff, ".2f")),
        ("best, worst", f"{_number(trips.best, '+,.2f')}, {_number(trips.worst, '+,.2f')}"),
        ("SQN, Kelly", f"{_number(trips.sqn, '.2f')}, {_number(trips.kelly, '.1%')}"),
        ("MAE, MFE", f"{_number(trips.worst_r, '.2f')} R, {_number(trips.best_r, '.2f')} R"),
        ("held: winners, losers", f"{_length(trips.winners_held_s)}, {_length(trips.losers_held_s)}"),
        ("longest streaks", f"{trips.longest_winning} won, {trips.longest_losing} lost"),
        ("commission, swap", f"{trips.commission:+,.2f}, {trips.swap:+,.2f}"),
        ("in the market", f"{exposure.in_market:.0%} of the time, {exposure.most_open} at once at most"),
    ]


def _groups_table(report: Report) -> Table:
    table = Table(title="Round trips by", title_justify="left")
    for heading in ("by", "", "number", "won", "profit", "R", "profit factor"):
        table.add_column(heading, justify="left" if heading in ("by", "") else "right")
    before = ""
    for group in report.groups:
        if group.by not in _GROUPS:
            continue
        figures = group.figures
        numbers = (
            f"{figures.profit:+,.2f}",
            _number(figures.expectancy_r, "+.2f"),
            _number(figures.profit_factor, ".2f"),
        )
        label = group.by if group.by != before else ""
        table.add_row(label, group.label, str(figures.number), _number(figures.win_rate, ".0%"), *numbers)
        before = group.by
    return table


def _gates_table(report: Report) -> Table:
    """The gates that decided most often, and what the entries they alone refused would have earned."""
    table = Table(title=f"What stood in the way of an entry, of {report.bars:,} bars", title_justify="left")
    for heading in ("gate", "refused", "first", "alone", "signals", "would have been", "in all", "won"):
        table.add_column(heading, justify="left" if heading == "gate" else "right")
    ranked = sorted(
        zip(report.gates, report.hindsight.gates, strict=True),
        key=lambda one: (-one[0].alone, -one[0].refused - one[0].unknown),
    )
    for tally, later in ranked[:_GATES_SHOWN]:
        counts = (tally.refused + tally.unknown, tally.first, tally.alone)
        table.add_row(tally.gate.replace("_", " "), *(f"{count:,}" for count in counts), *_followed(later.alone))
    table.add_section()
    table.add_row("entries made", "", "", "", *_followed(report.hindsight.made))
    table.caption = (
        "refused, first, alone: bars on which the gate said no, was the first to, the only one to. Signals: runs of "
        "bars it alone refused; each is followed from its first bar to its first stop or target, spread, commission "
        "and swap counted, as if it were all there is: no size, no stop that moves, no part closed, and what overlaps "
        "counts in full. To be compared with the entries made, followed in the same way; no profit that was missed."
    )
    table.caption_justify = "left"
    return table


def _followed(entries: Followed) -> tuple[str, str, str, str]:
    mean = f"{_number(entries.mean_r, '+.2f')} ± {_number(entries.error_r, '.2f')} R" if entries.number else "-"
    in_all = f"{entries.sum_r:+,.1f} R" if entries.number else "-"
    return f"{entries.number:,}", mean, in_all, _number(entries.won, ".0%")
