"""The report of one backtest as a page: headline, doubts, equity, figures, round trips, refusals, what was run."""

from typing import Final

from backtest.cautions import cautions_of
from backtest.pages.content import Page, Part, Section
from backtest.pages.explorer import explorer_of
from backtest.pages.odds import odds_parts
from backtest.pages.run_charts import (
    days_chart,
    equity_chart,
    excursion_charts,
    gates_chart,
    results_chart,
    rolling_sharpe,
    when_charts,
)
from backtest.pages.run_figures import pairs_of, tiles_of
from backtest.pages.run_tables import extreme_trips, gates_table, group_tables, months_table, run_parts, vectorbt_parts
from backtest.pages.wording import day
from backtest.recorded import Recorded
from backtest.report import Report


def page_of(recorded: Recorded) -> Page:
    """The page of `recorded`."""
    report = recorded.report
    names = ", ".join(change.symbol for change in report.symbols)
    version = f"Companion {report.facts.origin.version}".rstrip()
    return Page(
        title=f"{names} on {', '.join(report.charts)}",
        subtitle=f"Backtest, {_span(report)}, {report.ticks:,} ticks, {report.bars:,} bars",
        tiles=tiles_of(report),
        cautions=cautions_of(report),
        sections=(
            Section("equity", "Equity", _equity(recorded)),
            Section("figures", "Figures", pairs_of(report)),
            Section("price", "Price", _present(explorer_of(recorded))),
            Section("trips", "Round trips", _trips(recorded)),
            Section("groups", "Groups", group_tables(report), _GROUPS),
            Section("gates", "Refusals", _present(gates_chart(report), gates_table(report))),
            Section("odds", "Luck", odds_parts(report.monte_carlo)),
            Section("run", "What was run", (*run_parts(report), *vectorbt_parts(report.vectorbt))),
        ),
        made_by=f"{version}. Past results, simulated: they promise nothing.",
    )


def _span(report: Report) -> str:
    return f"{day(report.start_ns)} to {day(report.end_ns)}"


_GROUPS: Final = (
    "Hours, weekdays and months are those of the opening, on the broker's clock. Among many groups some look good or "
    "bad by luck alone."
)


def _present(*parts: Part | None) -> tuple[Part, ...]:
    return tuple(part for part in parts if part is not None)


def _equity(recorded: Recorded) -> tuple[Part, ...]:
    daily = recorded.daily
    return _present(
        equity_chart(recorded),
        months_table(daily),
        rolling_sharpe(daily),
        days_chart(daily, recorded.report.daily.value_at_risk_95),
    )


def _trips(recorded: Recorded) -> tuple[Part, ...]:
    trips = recorded.trips
    return _present(
        results_chart(trips),
        *excursion_charts(trips),
        *when_charts(recorded.report),
        *extreme_trips(trips, recorded.report),
    )
