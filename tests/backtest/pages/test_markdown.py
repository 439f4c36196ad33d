"""The Markdown holds every figure and table of the page, and data stay text."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.pages.content import Page, Pairs, Table
from backtest.pages.markdown import escaped, markdown_of

SPLIT = re.compile(r"(?<!\\)\|")


def cells_of(line: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", cell.strip()) for cell in SPLIT.split(line)[1:-1]]


def test_every_figure_and_table_is_there(page: Page) -> None:
    rows = [cells_of(line) for line in markdown_of(page).splitlines() if line.startswith("| ")]
    for section in page.sections:
        for part in section.parts:
            if isinstance(part, Pairs):
                assert all([one.name, one.value] in rows for one in part.pairs)
            elif isinstance(part, Table):
                assert all([" ".join(cell.split()) for cell in row] in rows for row in part.rows)
    assert [tile.value for tile in page.tiles] == [row[1] for row in rows[1 : 1 + len(page.tiles)]]


def test_doubts_come_before_the_figures(page: Page) -> None:
    told = markdown_of(page)
    assert page.cautions
    assert told.index("## Before you believe it") < told.index("## Equity")
    assert all(f"- {escaped(words)}" in told for words in page.cautions)


def test_tables_are_whole(page: Page) -> None:
    lines = markdown_of(page).splitlines()
    for place, line in enumerate(lines):
        if line.startswith("|--"):
            assert len(cells_of(lines[place - 1])) == len(SPLIT.split(line)) - 2
            assert lines[place - 2] == ""


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_any_text_stays_on_its_line_and_in_its_cell(text: str) -> None:
    shown = escaped(text)
    assert len(shown.splitlines()) <= 1
    assert len(SPLIT.split(f"| {shown} |")) == 3
    assert not re.search(r"(?<!\\)[<>*_`\[\]]", shown.replace("\\\\", ""))
