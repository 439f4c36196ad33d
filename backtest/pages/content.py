"""What a report's page holds, before it becomes HTML or Markdown: one source for both."""

from typing import Any, NamedTuple

Figure = dict[str, Any]
"""A figure as plotly.js takes it: `data` and `layout`. A text "@name" is a color of the page, light or dark."""


class Column(NamedTuple):
    """One column. `is_number` sets it to the right; of a `signed` one gains and losses are told apart by color."""

    name: str
    is_number: bool = True
    signed: bool = False


class Table(NamedTuple):
    """Rows of text under headings; the first cell of a row is its heading. `words` explain it."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    words: str = ""
    heat: tuple[tuple[float, ...], ...] = ()
    """For a heat map: of each cell behind the first -1 (worst) to 1 (best), NaN without color."""
    is_folded: bool = False
    """Whether HTML shows it only when asked to."""


class Chart(NamedTuple):
    """A figure with a title, and what it shows in words for those who do not see it."""

    name: str
    title: str
    told: str
    figure: Figure
    height: int = 360
    is_wide: bool = False
    can_be_log: bool = False


class Pair(NamedTuple):
    """A figure with its name and, where there is one, its meaning."""

    name: str
    value: str
    meaning: str = ""


class Pairs(NamedTuple):
    """Figures one below the other."""

    title: str
    pairs: tuple[Pair, ...]


class Explorer(NamedTuple):
    """The price of each symbol with the round trips in it, to look around in; `data` as page.js takes it."""

    title: str
    told: str
    data: dict[str, Any]


Part = Table | Chart | Pairs | Explorer


class Section(NamedTuple):
    """A part of the page with a heading of its own."""

    name: str
    heading: str
    parts: tuple[Part, ...]
    words: str = ""


class Tile(NamedTuple):
    """A figure of the headline. `mood`: good, bad, or nothing to say (empty)."""

    name: str
    value: str
    beside: str = ""
    mood: str = ""


class Page(NamedTuple):
    """A whole report. `cautions` are sentences without a full stop."""

    title: str
    subtitle: str
    tiles: tuple[Tile, ...]
    cautions: tuple[str, ...]
    sections: tuple[Section, ...]
    made_by: str = ""
