"""The snippets: short MQL5 programs, each with a name, the rules it breaks and the reason."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("snippets")
COMPILER = "compiler"
_HEADING = re.compile(r"^//=== (?P<name>\w+) \[(?P<rules>[\w -]*)\]: (?P<reason>.+)\n", re.MULTILINE)


class Snippet(NamedTuple):
    name: str
    rules: tuple[str, ...]
    """Rules of the lint it breaks, or COMPILER where only types tell that it is wrong."""
    reason: str
    code: str


def snippets_in(path: Path) -> Iterator[Snippet]:
    text = path.read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=True):
        code = text[heading.end() : end]
        yield Snippet(heading["name"], tuple(heading["rules"].split()), heading["reason"], code)


def bad_snippets() -> list[Snippet]:
    return [snippet for path in sorted((FOLDER / "bad").glob("*.mq5")) for snippet in snippets_in(path)]


def small_good_snippets() -> list[Snippet]:
    return list(snippets_in(FOLDER / "good" / "small.mq5"))


def large_good_programs() -> list[Path]:
    return [path for path in sorted((FOLDER / "good").glob("*.mq*")) if path.name != "small.mq5"]
