"""A report's page as Markdown: every figure and table of it, no charts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from backtest.pages.content import Chart, Column, Explorer, Page, Pairs, Part, Section, Table

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown_of(page: Page) -> str:
    """The whole document."""
    return "\n".join(_lines(page)).rstrip() + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield from (f"# {escaped(page.title)}", "", escaped(page.subtitle), "")
    yield from _rows(("", "", ""), ((tile.name, tile.value, tile.beside) for tile in page.tiles), "lrl")
    if page.cautions:
        yield from ("## Before you believe it", "", *(f"- {escaped(words)}" for words in page.cautions), "")
    for section in page.sections:
        yield from _section(section)
    if page.made_by:
        yield escaped(page.made_by)


def _section(section: Section) -> Iterator[str]:
    parts = [part for part in section.parts if not isinstance(part, Chart | Explorer)]
    if not parts:
        return
    yield from (f"## {escaped(section.heading)}", "")
    if section.words:
        yield from (escaped(section.words), "")
    for part in parts:
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    if part.title:
        yield from (f"### {escaped(part.title)}", "")
    if isinstance(part, Pairs):
        yield from _rows(("figure", "value"), ((one.name, one.value) for one in part.pairs), "lr")
    elif isinstance(part, Table):
        if part.words:
            yield from (escaped(part.words), "")
        yield from _rows([column.name for column in part.columns], part.rows, _sides(part.columns))


def _sides(columns: Sequence[Column]) -> str:
    return "".join("r" if column.is_number else "l" for column in columns)


def _rows(headings: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> Iterator[str]:
    yield _row(headings)
    yield "|" + "|".join("---:" if side == "r" else "---" for side in sides) + "|"
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(escaped, cells)) + " |"


def escaped(text: str) -> str:
    """`text` as Markdown shows it, on one line, whatever is in it."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
