"""MQL5 made readable for a C++ grammar, every token left at its place.

A C++ grammar knows no `input`, `#property`, `pack(1)`, `interface`, `D'2024.01.01'` or `C'1,2,3'`. Each is blanked out,
or replaced by a token of the same length, so that lines and columns in the masked text are those of the file.
"""

import codecs
import re
from typing import NamedTuple

_SKIPPED = rb"""
    "(?:\\[^\n]|[^"\\\n])*"? | '(?:\\[^\n]|[^'\\\n])*'? | //[^\n]* | /\*.*?(?:\*/|\Z)
"""
_TOKEN = re.compile(
    rb"(?P<literal>\b[CD]'[^'\n]*')"
    rb"|(?P<skipped>" + _SKIPPED.replace(b"\n", b"").replace(b" ", b"") + rb")"
    rb"|(?P<group>\b(?:input|sinput)\s+group\b[^;\n]*;?)"
    rb"|(?P<import>^[ \t]*\#[ \t]*import\b[^\n]*)"
    rb"|(?P<directive>^[ \t]*\#[ \t]*(?:property|resource)\b[^\n]*)"
    rb"|(?P<pack>\bpack[ \t]*\([ \t]*\d*[ \t]*\)(?=\s*[:{]))"
    rb"|(?P<interface>\binterface\b)"
    rb"|(?P<input>\b(?:input|sinput)\b)"
    rb"|(?P<export>\bexport\b)",
    re.DOTALL | re.MULTILINE,
)


class Masked(NamedTuple):
    """A source as the C++ grammar reads it, and where MQL5's own words stood."""

    text: bytes
    inputs: tuple[int, ...]
    """Offsets of `input` and `sinput`, groups not counted."""
    imports: tuple[int, ...]
    """Offsets of `#import` lines."""
    interfaces: frozenset[int]
    """Offsets of `interface`, which reads as `struct` in `text`."""


def utf8_source(content: bytes) -> bytes:
    """The text of a source file as MetaEditor may save it (UTF-16 with a mark, UTF-8 with or without one), as UTF-8."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace").encode("utf-8", errors="replace")
    return content.removeprefix(codecs.BOM_UTF8)


def masked(source: bytes) -> Masked:
    """Mask `source`; the text keeps its length and its line ends."""
    places: dict[str, list[int]] = {"input": [], "import": [], "interface": []}

    def replaced(match: re.Match[bytes]) -> bytes:
        kind, found = str(match.lastgroup), match.group()
        if kind in places:
            places[kind].append(match.start())
        return _stand_in(kind, found)

    text = _TOKEN.sub(replaced, source)
    return Masked(text, tuple(places["input"]), tuple(places["import"]), frozenset(places["interface"]))


def _stand_in(kind: str, found: bytes) -> bytes:
    match kind:
        case "skipped":
            return found
        case "literal":
            return b"0".ljust(len(found))
        case "interface":
            return b"struct".ljust(len(found))
        case _:
            return re.sub(rb"[^\r\n]", b" ", found)
