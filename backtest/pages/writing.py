"""A page beside the figures it is made of: HTML for people, Markdown for wherever text is kept."""

from pathlib import Path
from typing import Final, NamedTuple

from backtest.pages.content import Page
from backtest.pages.html import NoPlotlyError, html_of
from backtest.pages.markdown import markdown_of

HTML: Final = "report.html"
MARKDOWN: Final = "report.md"


class Written(NamedTuple):
    """Names of the files that were written; `lacking` says what is missing and how to get it, or nothing."""

    names: tuple[str, ...]
    lacking: str = ""


def write_pages(page: Page, folder: Path) -> Written:
    """Write `page` into `folder`; without plotly no HTML, and none of an earlier run is left there either."""
    (folder / MARKDOWN).write_text(markdown_of(page), encoding="utf-8")
    try:
        (folder / HTML).write_text(html_of(page), encoding="utf-8")
    except NoPlotlyError as lacking:
        (folder / HTML).unlink(missing_ok=True)
        return Written((MARKDOWN,), str(lacking))
    return Written((HTML, MARKDOWN))
