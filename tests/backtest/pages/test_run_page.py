"""A backtest's page says what report.json says, in the words and units of people."""

import base64
import json
from typing import Any

import msgspec
import numpy as np
import pytest

from backtest.comparison import Comparison, Difference
from backtest.document import json_of
from backtest.pages.content import Chart, Figure, Page, Pairs, Table
from backtest.pages.run_charts import rolling_sharpe
from backtest.pages.run_page import page_of
from backtest.pages.run_tables import months_table
from backtest.recorded import DailyReturns, Recorded
from backtest.returns import DAYS_A_YEAR


@pytest.fixture(scope="module")
def told(recorded: Recorded) -> dict[str, Any]:
    """What report.json holds."""
    return dict(json.loads(json_of(recorded.report)))


@pytest.fixture(scope="module")
def figures(page: Page) -> dict[tuple[str, str], str]:
    parts = (part for section in page.sections for part in section.parts if isinstance(part, Pairs))
    return {(part.title, pair.name): pair.value for part in parts for pair in part.pairs}


def tables_of(page: Page) -> dict[str, Table]:
    return {part.title: part for section in page.sections for part in section.parts if isinstance(part, Table)}


def charts_of(page: Page) -> list[Chart]:
    return [part for section in page.sections for part in section.parts if isinstance(part, Chart)]


def test_figures_are_those_of_the_json(told: dict[str, Any], figures: dict[tuple[str, str], str]) -> None:
    daily, trips, falls = told["daily"], told["trips"], told["falls"]
    expected = {
        ("Result", "Profit"): f"{told['profit']:+,.2f} USD",
        ("Result", "Total return"): f"{daily['total_return']:+.2%}",
        ("Result", "Growth a year"): f"{daily['growth']:+.2%}",
        ("Result", "Equity at the end"): f"{told['equity']:,.2f} USD",
        ("Ratios and risk of daily returns", "Sharpe ratio"): f"{daily['sharpe']:.2f}",
        ("Ratios and risk of daily returns", "Value at risk 95"): f"{daily['value_at_risk_95']:.2%}",
        ("Ratios and risk of daily returns", "Expected shortfall 95"): f"{daily['expected_shortfall_95']:.2%}",
        ("Falls of equity", "Deepest fall"): f"{1 - falls['deepest']['bottom'] / falls['deepest']['peak']:.2%}",
        ("Falls of equity", "Under water"): f"{falls['under_water']:.1%}",
        ("Round trips", "Won, lost, drawn"): f"{trips['won']}, {trips['lost']}, {trips['drawn']}",
        ("Round trips", "Profit factor"): f"{trips['profit_factor']:.2f}",
        ("Round trips", "Swap"): f"{trips['swap']:+,.2f} USD",
        ("In units of risk", "Expectancy"): f"{trips['expectancy_r']:+.3f} R",
        ("In units of risk", "System quality (SQN)"): f"{trips['sqn']:.2f}",
        ("In units of risk", "Kelly fraction"): f"{trips['kelly']:.1%}",
        ("In units of risk", "Mean MAE"): f"{trips['worst_r']:.2f} R",
        ("Time and exposure", "In the market"): f"{told['exposure']['in_market']:.1%}",
        ("As MetaTrader's tester counts", "Total net profit"): f"{told['mt5']['net_profit']:+,.2f} USD",
        ("When and where", "Charts"): ", ".join(told["charts"]),
    }
    assert {name: figures[name] for name in expected} == expected


def test_the_headline_comes_first(page: Page, told: dict[str, Any]) -> None:
    assert page.tiles[0].value == f"{told['daily']['sharpe']:.2f}"
    assert f"{told['daily']['sharpe_error']:.2f}" in page.tiles[0].beside
    assert [tile.name for tile in page.tiles] == [
        "Sharpe ratio", "Profit", "Deepest fall", "Round trips", "Commission and swap",
    ]  # fmt: skip


def test_every_group_and_gate_has_a_row(page: Page, told: dict[str, Any]) -> None:
    tables = tables_of(page)
    for by in {group["by"] for group in told["groups"]}:
        own = [group for group in told["groups"] if group["by"] == by]
        rows = tables[f"By {by}"].rows
        assert [row[0] for row in rows] == [group["label"] for group in own]
        assert [row[1] for row in rows] == [f"{group['figures']['number']:,}" for group in own]
        assert [row[5].lstrip("+") for row in rows] == [f"{group['figures']['profit']:,.2f}" for group in own]
    gates = {row[0]: row for row in tables["What stood in the way of an entry"].rows}
    later = {one["gate"]: one["alone"] for one in told["hindsight"]["gates"]}
    for gate in told["gates"]:
        row = gates.get(gate["gate"].replace("_", " "))
        if row is None:
            assert gate["refused"] == gate["unknown"] == gate["first"] == 0
            continue
        assert (row[2], row[5], row[6]) == tuple(f"{gate[name]:,}" for name in ("refused", "first", "alone"))
        assert row[7] == f"{later[gate['gate']]['number']:,}"
    assert gates["entries made"][7] == f"{told['hindsight']['made']['number']:,}"


def test_settings_and_quotes_are_told(page: Page, recorded: Recorded) -> None:
    tables = tables_of(page)
    settings = {row[0]: row[1] for row in tables["Settings that are not the built-in ones"].rows}
    assert settings == {one.name: one.value for one in recorded.report.facts.changed}
    assert [row[0] for row in tables["Quotes"].rows] == ["EURUSD"]


def test_months_compound_to_years() -> None:
    days = np.arange("2020-11-01", "2021-03-01", dtype="datetime64[D]")
    returns = np.random.default_rng(4).normal(0.0, 0.01, size=days.size)
    table = months_table(DailyReturns(days, returns))
    assert [row[0] for row in table.rows] == ["2020", "2021"]
    november = np.prod(1.0 + returns[:30]) - 1.0
    assert table.rows[0][11] == f"{november:+.1%}"
    assert table.rows[0][1:11] == ("",) * 10
    assert table.rows[1][-1] == f"{np.prod(1.0 + returns[61:]) - 1.0:+.1%}"
    shades = [value for row in table.heat for value in row if not np.isnan(value)]
    assert len(shades) == 4
    assert max(map(abs, shades)) == 1.0


def test_the_rolling_ratio_is_that_of_each_half_year() -> None:
    days = np.arange("2020-01-01", "2021-01-01", dtype="datetime64[D]")
    returns = np.random.default_rng(4).normal(0.0005, 0.01, size=days.size)
    chart = rolling_sharpe(DailyReturns(days, returns))
    assert chart is not None
    last = returns[-126:]
    wanted = last.mean() / last.std(ddof=1) * np.sqrt(DAYS_A_YEAR)
    shown = np.frombuffer(base64.b64decode(chart.figure["data"][0]["y"]["bdata"]), "<f8")
    assert shown[-1] == pytest.approx(wanted)
    assert rolling_sharpe(DailyReturns(days[:200], returns[:200])) is None


def plain_colors(value: Any) -> Any:  # noqa: ANN401 - a figure
    if isinstance(value, str):
        return "#123456" if value.startswith("@") else value
    if isinstance(value, list):
        return [plain_colors(one) for one in value]
    return {name: plain_colors(one) for name, one in value.items()} if isinstance(value, dict) else value


def test_plotly_knows_every_property_of_every_chart(page: Page) -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    charts = charts_of(page)
    names = {chart.name for chart in charts}
    assert {"equity", "results", "mae", "mfe", "held", "by-hour", "by-weekday", "days", "gates"} <= names
    for chart in charts:
        figure: Figure = plain_colors(json.loads(msgspec.json.encode(chart.figure)))
        assert len(graph_objects.Figure(figure).data) == len(figure["data"])


def test_a_run_without_a_single_round_trip_has_a_page(recorded: Recorded) -> None:
    report = recorded.report
    nothing = msgspec.structs.replace(
        report,
        trips=report.trips._replace(
            number=0, won=0, lost=0, profit=0.0, commission=0.0, swap=0.0, win_rate=float("nan")
        ),
        groups=(),
        monte_carlo=None,
        falls=report.falls._replace(deepest=None, largest=None),
        daily=report.daily._replace(sharpe=float("nan"), sharpe_error=float("nan"), value_at_risk_95=float("nan")),
        entries=0,
    )
    flat = recorded.daily._replace(returns=np.zeros_like(recorded.daily.returns))
    page = page_of(recorded._replace(report=nothing, trips=(), levels=(), daily=flat))
    assert page.tiles[0].value == "-"
    assert {chart.name for chart in charts_of(page)} == {"equity", "gates"}
    assert page.cautions[0] == "0 round trips are too few to tell skill from luck"


def test_a_comparison_with_vectorbt_is_told_where_there_is_one(recorded: Recorded, page: Page) -> None:
    nothing = Difference(rows=0, largest=0.0, at_ns=0)
    found = Comparison(
        order_function="Python",
        agrees=False,
        rows=10,
        decisions=1_440,
        orders=7,
        decisions_apart=3,
        same_deals=True,
        same_curve=True,
        apart=Difference(rows=2, largest=12.5, at_ns=1),
        swap=nothing,
        sell_spread=nothing,
        rest=nothing,
        bound=0.07,
        final_apart=-1.25,
    )
    beside = page_of(recorded._replace(report=msgspec.structs.replace(recorded.report, vectorbt=found)))
    parts = [part for part in beside.sections[-1].parts if isinstance(part, Pairs)]
    told = {pair.name: pair.value for pair in parts[-1].pairs}
    assert parts[-1].title == "Inside vectorbt"
    assert (told["Agrees"], told["Decisions compared"], told["Deals"]) == ("no", "1,440", "the same")
    assert told["Largest difference of equity"] == "12.50"
    assert "Inside vectorbt" not in {part.title for part in page.sections[-1].parts if isinstance(part, Pairs)}
