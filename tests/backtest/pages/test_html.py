"""The HTML is whole, needs nothing from anywhere, shows data as text, and says what the page says."""

import json
import re
from pathlib import Path

import pytest

from backtest.pages import html
from backtest.pages.content import Chart, Column, Explorer, Page, Pair, Pairs, Section, Table, Tile
from backtest.pages.html import NoPlotlyError, html_of
from backtest.pages.markdown import markdown_of
from backtest.pages.writing import write_pages
from tests.backtest.informed import EVENT
from tests.backtest.pages.markup import Taken

NASTY = "<b>&\"'</script><!--\u2028|*_`[x](y)"


@pytest.fixture(autouse=True)
def _small_plotly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five megabytes less to parse; `test_with_the_real_library` has them."""
    monkeypatch.setattr(html, "_plotly", lambda: "/* plotly */")


@pytest.fixture(scope="module")
def taken(page: Page) -> Taken:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "_plotly", lambda: "/* plotly */")
        return Taken(html_of(page))


def test_nothing_is_fetched(taken: Taken) -> None:
    assert taken.count["link"] == taken.count["img"] == taken.count["iframe"] == 0
    assert taken.values("src") == []
    assert all(value.startswith("#") for value in taken.values("href"))
    assert not re.search(r"https?:|@import|url\(|[\"'(]//", "".join(taken.styles + taken.scripts))
    policy = next(value for value in taken.values("content") if "default-src" in value)
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_what_comes_from_data_is_text(taken: Taken) -> None:
    told = "".join(taken.texts)
    assert "<img src=x onerror=alert(1)>.csv" in told
    assert taken.count["script"] == 4, "the figures, the prices, the library and the page's own"
    assert not [name for _, name, _ in taken.attributes if name.startswith("on")]
    nasty = Page(
        NASTY,
        NASTY,
        (Tile(NASTY, NASTY, NASTY),),
        (NASTY,),
        (
            Section(
                "a",
                NASTY,
                (
                    Table(NASTY, (Column(NASTY), Column(NASTY)), ((NASTY, NASTY),), NASTY, is_folded=True),
                    Pairs(NASTY, (Pair(NASTY, NASTY, NASTY),)),
                    Chart("c", NASTY, NASTY, {"data": [{"name": NASTY}], "layout": {}}),
                ),
                NASTY,
            ),
        ),
        NASTY,
    )
    found = Taken(html_of(nasty))
    assert found.count["b"] == 0
    assert found.count["script"] == 3
    assert "".join(found.texts).count(NASTY) >= 14
    assert json.loads(found.scripts[0])["c"]["data"][0]["name"] == NASTY


def test_every_table_and_figure_of_the_page_is_there(page: Page, taken: Taken) -> None:
    shown = iter(taken.tables)
    for section in page.sections:
        for part in section.parts:
            if isinstance(part, Pairs):
                assert next(shown) == [[one.name + one.meaning, one.value] for one in part.pairs]
            elif isinstance(part, Explorer):
                headings, *rows = next(shown)
                assert (len(headings), rows) == (12, []), "the list is filled by the script"
            elif isinstance(part, Table) and part.rows:
                assert next(shown) == [[one.name for one in part.columns], *map(list, part.rows)]
    assert list(shown) == []
    charts = {part.name for section in page.sections for part in section.parts if isinstance(part, Chart)}
    assert set(taken.values("data-chart")) == charts == set(json.loads(taken.scripts[0]))
    told = "".join(taken.texts)
    assert all(words in told for words in (page.title, *page.cautions))


def test_the_scripts_find_what_they_ask_for(taken: Taken) -> None:
    script = taken.scripts[-1]
    asked = set(re.findall(r'getElementById\("([^"]+)"\)', script))
    assert asked <= set(taken.values("id"))
    parts = set(re.findall(r'data-is="(\w+)"', script)) | {"symbol", "before", "after", "whole", "told"}
    assert parts <= set(taken.values("data-is"))
    styles = "".join(taken.styles)
    colors = set(re.findall(r'color\("(\w+)"\)', script)) | set(re.findall(r'"@(\w+)"', "".join(taken.scripts)))
    assert colors
    assert all(f"--{name}:" in styles for name in colors)


def test_it_can_be_read_without_seeing(taken: Taken) -> None:
    assert taken.values("lang") == ["en"]
    plots = [
        value for tag, name, value in taken.attributes if (tag, name) == ("div", "aria-label") and "Chart" in value
    ]
    assert len(plots) == len(taken.values("data-chart")) + 1
    assert all(len(words) > 40 for words in plots)
    headings = [row for table in taken.tables for row in table]
    scopes = [value for tag, name, value in taken.attributes if (tag, name) == ("th", "scope")]
    assert len(scopes) == taken.count["th"]
    assert scopes.count("row") >= len(headings) - len(taken.tables)
    assert taken.count["caption"] == taken.count["table"]
    targets, names = taken.values("href"), taken.values("id")
    assert {target[1:] for target in targets} <= set(names)
    assert len(names) == len(set(names)), "no name twice"


def test_with_the_real_library(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("plotly")
    monkeypatch.undo()
    document = html_of(page)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", document, re.DOTALL)
    assert len(scripts) == 4
    assert "plotly.js v" in scripts[2][:200]
    assert len(document) - len(scripts[2]) < 1_000_000
    assert document.count("<!--") == 0


def test_without_plotly_there_is_a_word_and_no_old_page(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.html").write_text("of an earlier run", encoding="utf-8")

    def none() -> str:
        raise NoPlotlyError

    monkeypatch.setattr(html, "_plotly", none)
    written = write_pages(page, tmp_path)
    assert written.names == ("report.md",)
    assert "pip install 'mt5-companion[backtest]'" in written.lacking
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == markdown_of(page)


def test_a_missing_package_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("pkgutil.get_data", lambda package, resource: None)
    with pytest.raises(NoPlotlyError):
        html._plotly()

    def absent(package: str, resource: str) -> bytes:
        raise ModuleNotFoundError(package)

    monkeypatch.setattr("pkgutil.get_data", absent)
    with pytest.raises(NoPlotlyError):
        html._plotly()


def test_events_are_data_not_markup(page: Page, taken: Taken) -> None:
    assert EVENT not in "".join(taken.styles)
    assert "<script>alert" not in "".join(taken.scripts)
