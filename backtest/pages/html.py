"""A report's page as one HTML file that needs nothing else: no network, no other file.

Whatever comes from data (names of symbols, files, events) is text, never markup; a policy in the head forbids the
browser to load anything.
"""

import math
import pkgutil
import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

import msgspec

from backtest.pages.content import Chart, Column, Explorer, Page, Pairs, Part, Section, Table, Tile

_SORTS_FROM: Final = 4
_LONG: Final = 26
_NONZERO: Final = re.compile("[1-9]")
_ENDS: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class NoPlotlyError(RuntimeError):
    """The extra that draws charts is not installed."""

    def __init__(self) -> None:
        super().__init__("no HTML without plotly; install it with: pip install 'mt5-companion[backtest]'")


def html_of(page: Page) -> str:
    """The whole document.

    Raises:
        NoPlotlyError: where plotly is not installed.
    """
    charts = {part.name: part.figure for section in page.sections for part in section.parts if isinstance(part, Chart)}
    prices = [part.data for section in page.sections for part in section.parts if isinstance(part, Explorer)]
    return Template(_own("page.html")).substitute(
        title=escape(page.title),
        style=_own("page.css"),
        body="\n".join(_body(page)),
        figures=embedded(charts),
        plotly=_plotly(),
        price="".join(f'<script type="application/json" id="price-data">{embedded(one)}</script>\n' for one in prices),
        script=_own("page.js") + (_own("price.js") if prices else ""),
    )


def _own(name: str) -> str:
    return (files("backtest.pages") / name).read_text(encoding="utf-8")


def _plotly() -> str:
    """plotly.js as plotly's package carries it; reading it there spares the import of a second."""
    try:
        content = pkgutil.get_data("plotly", "package_data/plotly.min.js")
    except ModuleNotFoundError:
        content = None
    if content is None:
        raise NoPlotlyError
    return content.decode("utf-8").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def embedded(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """`value` as JSON that can stand in a script element."""
    return msgspec.json.encode(value).decode().translate(_ENDS)


def _body(page: Page) -> Iterable[str]:
    yield "<header><div>"
    yield f"<h1>{escape(page.title)}</h1><p>{escape(page.subtitle)}</p></div>"
    yield '<button type="button" id="theme">light / dark</button></header>'
    yield '<nav aria-label="Sections"><div>'
    shown = [section for section in page.sections if section.parts]
    yield from (f'<a href="#{one.name}">{escape(one.heading)}</a>' for one in shown)
    yield '</div></nav><main id="main">'
    yield from _headline(page.tiles)
    yield from _cautions(page.cautions)
    yield "<noscript><p>Charts need JavaScript; every figure and table is here without it.</p></noscript>"
    for section in shown:
        yield from _section(section)
    yield f"</main><footer><p>{escape(page.made_by)}</p></footer>"


def _headline(tiles: Sequence[Tile]) -> Iterable[str]:
    yield '<dl class="tiles">'
    for tile in tiles:
        value = f'<dd class="value">{escape(tile.value)}</dd>'
        beside = f'<dd class="beside">{escape(tile.beside)}</dd>' if tile.beside else ""
        yield f'<div class="{tile.mood}"><dt>{escape(tile.name)}</dt>{value}{beside}</div>'
    yield "</dl>"


def _cautions(cautions: Sequence[str]) -> Iterable[str]:
    if cautions:
        yield '<div class="caution" role="note"><h2>Before you believe it</h2><ul>'
        yield from (f"<li>{escape(words)}</li>" for words in cautions)
        yield "</ul></div>"


def _section(section: Section) -> Iterable[str]:
    narrow = " narrow" if all(isinstance(part, Pairs) for part in section.parts) else ""
    yield f'<section id="{section.name}"><h2>{escape(section.heading)}</h2>'
    if section.words:
        yield f'<p class="words">{escape(section.words)}</p>'
    yield f'<div class="parts{narrow}">'
    for part in section.parts:
        yield from _part(part)
    yield "</div></section>"


def _part(part: Part) -> Iterable[str]:
    if isinstance(part, Chart):
        return _chart(part)
    if isinstance(part, Pairs):
        return _pairs(part)
    return _table(part) if isinstance(part, Table) else _explorer(part)


def _chart(chart: Chart) -> Iterable[str]:
    yield f'<figure class="panel{" wide" if chart.is_wide else ""}"><figcaption><div class="titled">'
    yield f"<h3>{escape(chart.title)}</h3>"
    if chart.can_be_log:
        yield f'<button type="button" data-log="{chart.name}" aria-pressed="false">log scale</button>'
    yield f'</div><p class="told">{escape(chart.told)}</p></figcaption>'
    label = escape(f"Chart: {chart.title}. {chart.told}")
    yield f'<div class="plot" data-chart="{chart.name}" role="img" aria-label="{label}" '
    yield f'style="height:{chart.height}px"></div></figure>'


def _explorer(explorer: Explorer) -> Iterable[str]:
    label = escape(f"Chart: {explorer.title}. {explorer.told}")
    yield f'<div class="panel wide" id="explorer"><h3>{escape(explorer.title)}</h3>'
    yield f'<p class="told">{escape(explorer.told)}</p><div class="bar">'
    yield '<select data-is="symbol" aria-label="symbol"></select>'
    yield '<button type="button" data-is="before">previous trip</button>'
    yield '<button type="button" data-is="after">next trip</button>'
    yield '<button type="button" data-is="whole">whole run</button>'
    yield '<span class="push" data-is="told" role="status"></span></div>'
    yield f'<div class="plot" role="img" aria-label="{label}" style="height:460px"></div>'
    yield from _trip_list()
    yield "</div>"


_LISTED: Final = (
    ("opened", "opened, UTC"),
    ("symbol", "symbol"),
    ("side", "side"),
    ("lots", "lots"),
    ("open", "open"),
    ("close", "close"),
    ("exit", "exit"),
    ("held", "held"),
    ("mae", "MAE [R]"),
    ("mfe", "MFE [R]"),
    ("r", "R"),
    ("profit", "profit"),
)
_TEXTS: Final = frozenset({"opened", "symbol", "side", "exit"})


def _trip_list() -> Iterable[str]:
    """An empty list that price.js fills; without it the tables below it show the largest."""
    yield '<div class="bar"><select data-is="outcome" aria-label="outcome"><option value="">all outcomes</option>'
    yield '<option value="won">won</option><option value="lost">lost</option><option value="open">still open</option>'
    yield '</select><select data-is="side" aria-label="side"><option value="">both sides</option>'
    yield '<option value="1">buys</option><option value="-1">sells</option></select>'
    yield '<select data-is="exit" aria-label="exit"><option value="">all exits</option></select>'
    yield '<span class="push" data-is="pages" role="status"></span>'
    yield '<button type="button" data-is="back">back</button><button type="button" data-is="on">on</button></div>'
    yield '<div class="scroll" role="region" tabindex="0" aria-label="Round trips"><table class="listed">'
    yield "<caption>Round trips</caption><thead><tr>"
    for key, name in _LISTED:
        side = "" if key in _TEXTS else ' class="num"'
        yield f'<th scope="col" data-by="{key}"{side}>{name}</th>'
    yield "</tr></thead><tbody></tbody></table></div>"


def _pairs(pairs: Pairs) -> Iterable[str]:
    yield f'<div class="panel"><table class="pairs"><caption>{escape(pairs.title)}</caption><tbody>'
    for pair in pairs.pairs:
        meaning = f"<small>{escape(pair.meaning)}</small>" if pair.meaning else ""
        value = f"<td{_wraps(pair.value)}>{escape(pair.value)}</td>"
        yield f'<tr><th scope="row">{escape(pair.name)}{meaning}</th>{value}</tr>'
    yield "</tbody></table></div>"


def _wraps(value: str) -> str:
    return ' class="long"' if len(value) > _LONG else ""


def _table(table: Table) -> Iterable[str]:
    yield '<div class="panel wide">'
    if table.is_folded:
        count = f"<small>({len(table.rows)})</small>"
        yield f"<details><summary>{escape(table.title)} {count}</summary>"
    if table.rows:
        yield from _rows(table)
    else:
        yield f'<h3>{escape(table.title)}</h3><p class="words">{escape(table.words)}</p>'
    yield "</details></div>" if table.is_folded else "</div>"


def _rows(table: Table) -> Iterable[str]:
    sorts = ' class="sorts"' if len(table.rows) >= _SORTS_FROM and not table.heat else ""
    yield f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(table.title)}"><table{sorts}>'
    words = f"<small>{escape(table.words)}</small>" if table.words else ""
    yield f"<caption>{escape(table.title)}{words}</caption><thead><tr>"
    yield from (f'<th scope="col"{_side(column)}>{escape(column.name)}</th>' for column in table.columns)
    yield "</tr></thead><tbody>"
    for place, row in enumerate(table.rows):
        heat = table.heat[place] if table.heat else ()
        yield f'<tr><th scope="row"{_side(table.columns[0])}>{escape(row[0])}</th>{_cells(table, row, heat)}</tr>'
    yield "</tbody></table></div>"


def _side(column: Column) -> str:
    return ' class="num"' if column.is_number else ""


def _cells(table: Table, row: Sequence[str], heat: Sequence[float]) -> str:
    warmth = heat or [math.nan] * len(row)
    return "".join(map(_cell, table.columns[1:], row[1:], warmth))


def _cell(column: Column, text: str, warmth: float) -> str:
    if not math.isnan(warmth):
        color = "--up" if warmth >= 0.0 else "--down"
        tint = f"background:color-mix(in srgb,var({color}) {abs(warmth) * 62:.0f}%,transparent)"
        return f'<td class="num heat" style="{tint}">{escape(text)}</td>'
    names = ["num"] if column.is_number else ["long"] if len(text) > _LONG else []
    if column.signed and text[:1] in {"+", "-"} and _NONZERO.search(text):
        names.append("up" if text[0] == "+" else "down")
    marked = f' class="{" ".join(names)}"' if names else ""
    return f"<td{marked}>{escape(text)}</td>"
