"""Pages of searches: out of sample first, every fold and every ranked result, and doubts where there are reasons."""

import json
import math
from typing import Any

import msgspec
import numpy as np
import pytest

from backtest.monte_carlo import MonteCarlo
from backtest.pages import html
from backtest.pages.content import Chart, Page, Pairs, Table
from backtest.pages.html import html_of
from backtest.pages.markdown import markdown_of
from backtest.pages.odds import odds_parts
from backtest.pages.search_charts import heat_maps
from backtest.pages.walk_page import out_of_sample, page_of_search
from backtest.search.evaluation import returns_of
from backtest.search.space import Axis
from backtest.search.sweep import value_of
from tests.backtest.pages.markup import Taken
from tests.backtest.pages.test_run_page import plain_colors
from tests.backtest.search.records import AIM, AXES, DAYS, a_grid, a_result, a_sweep, a_walk


def parts_of(page: Page, kind: type) -> list[Any]:
    return [part for section in page.sections for part in section.parts if isinstance(part, kind)]


@pytest.fixture(scope="module", params=["sweep", "optimize", "walkforward"])
def any_page(request: pytest.FixtureRequest) -> Page:
    record = a_walk() if request.param == "walkforward" else a_sweep(request.param)
    return page_of_search(record, a_grid())


def test_pages_are_whole_and_take_data_as_text(any_page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "_plotly", str)
    taken = Taken(html_of(any_page))
    assert "EUR<USD>" in "".join(taken.texts)
    assert set(taken.values("data-chart")) == {chart.name for chart in parts_of(any_page, Chart)}
    tables = [part for part in parts_of(any_page, Table) if part.rows] + parts_of(any_page, Pairs)
    assert taken.count["table"] == len(tables)
    assert "EUR\\<USD\\>" in markdown_of(any_page)
    assert "Past results, simulated" in markdown_of(any_page)


def test_plotly_knows_their_charts(any_page: Page) -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    for chart in parts_of(any_page, Chart):
        graph_objects.Figure(plain_colors(json.loads(msgspec.json.encode(chart.figure))))


def test_the_ranking_is_by_the_objective() -> None:
    page = page_of_search(a_sweep(), a_grid())
    ranking = next(part for part in parts_of(page, Table) if part.title.startswith("The "))
    ranked = sorted(
        (one for one in a_grid() if math.isfinite(value_of(one, AIM))), key=lambda one: -one.figures["sharpe"]
    )
    assert [row[4] for row in ranking.rows] == [f"{one.figures['sharpe']:.2f}" for one in ranked]
    assert [row[2] for row in ranking.rows] == [one.point[1][1] for one in ranked]
    assert "1 are no settings" in ranking.words
    assert page.tiles[0].value == ranking.rows[0][4]


def test_what_speaks_against_the_best_comes_first() -> None:
    record = a_sweep()
    told = " ".join(page_of_search(record, a_grid()).cautions)
    assert told.startswith("every figure of the best is in sample")
    assert record.judged is not None
    assert ("more than luck" in told) is (record.judged.deflated_sharpe < 0.95)
    edge = msgspec.structs.replace(
        record.judged, best=a_result((("entry.stop_atr", 2.0), ("model", "donchian"), ("care.a", 1.0)), 9)
    )
    told = " ".join(page_of_search(msgspec.structs.replace(record, judged=edge), a_grid()).cautions)
    assert "the best entry.stop_atr, 2, is the end of what was tried" in told
    assert "care.a" not in told, "two values are all ends"


def test_maps_are_means_over_the_rest() -> None:
    results = a_grid()
    chart, table = (part for part in heat_maps(AXES, results, AIM)[:2])
    assert isinstance(chart, Chart)
    assert isinstance(table, Table)
    values = np.array([value_of(one, AIM) for one in results]).reshape(3, 2, 2)
    own = values[2, 1][np.isfinite(values[2, 1])]
    assert table.rows[2][2] == f"{own.mean():.2f}"
    assert chart.figure["data"][0]["z"][2][1] == pytest.approx(own.mean())
    assert len(heat_maps(AXES, results, AIM)) == 6
    assert heat_maps(AXES[:1], results[:3], AIM) == ()
    one = (Axis("entry.stop_atr", (1.0, 1.5, 2.0)), Axis("b", (1.0,)))
    assert heat_maps(one, results[:3], AIM) == (), "one value has no map"


def test_nothing_that_counts_makes_an_empty_map() -> None:
    results = tuple(msgspec.structs.replace(one, figures={}) for one in a_grid())
    chart = heat_maps(AXES, results, AIM)[0]
    assert isinstance(chart, Chart)
    assert {cell for row in chart.figure["data"][0]["z"] for cell in row} == {None}


def test_the_days_of_the_tests_follow_each_other() -> None:
    record = a_walk()
    assert record.walked is not None
    daily, marks = out_of_sample(record, record.walked)
    steps = [step for step in record.walked.found.steps if step.tested is not None]
    assert marks == (0, 60, 120)
    assert np.array_equal(daily.returns, np.concatenate([returns_of(step.tested) for step in steps if step.tested]))
    wanted = [day for number in (0, 2, 3) for day in DAYS[100 + 60 * number : 160 + 60 * number]]
    assert daily.day.astype(np.int64).tolist() == wanted


def test_every_step_has_a_row_and_idle_ones_are_told() -> None:
    record = a_walk()
    page = page_of_search(record)
    steps = next(part for part in parts_of(page, Table) if part.title == "Steps")
    assert len(steps.rows) == 4
    assert set(steps.rows[1][3:]) == {"-"}
    assert steps.rows[0][4] == "confluence"
    assert "in 1 training nothing counted" in " ".join(page.cautions)
    assert "the tests kept 30% of the growth in training" in " ".join(page.cautions)
    assert record.walked is not None
    assert page.tiles[0].value == f"{record.walked.found.out_of_sample.sharpe:.2f}"


def test_odds_are_those_of_the_trials() -> None:
    record = a_walk()
    assert record.walked is not None
    odds = record.walked.odds
    assert isinstance(odds, MonteCarlo)
    chart, table = odds_parts(odds)
    assert isinstance(table, Table)
    assert isinstance(chart, Chart)
    assert [row[0] for row in table.rows][:2] == ["in another order", "drawn anew"]
    assert table.rows[1][2].lstrip("+") == f"{odds.drawn_anew.total_return.p50:.1%}"
    assert table.rows[0][5] == f"{odds.other_orders.drawdown.p50:.1%}"
    assert odds_parts(None) == ()


def test_a_record_without_findings_is_refused() -> None:
    bare = msgspec.structs.replace(a_sweep(), judged=None)
    with pytest.raises(ValueError, match="read_record"):
        page_of_search(bare)
