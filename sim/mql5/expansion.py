"""An EA's files as one stream of tokens: includes in their places, directives sorted out."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from sim.mql5.errors import SourceError
from sim.mql5.tokens import Token, decoded, spelling, tokens_of

_DIRECTIVE: Final = re.compile(r"\s*#\s*(\w+)[ \t]*(.*)", re.DOTALL)
_PASSED_ON: Final = frozenset({"define", "undef", "ifdef", "ifndef", "else", "endif"})
_LEFT_OUT: Final = {
    "import": "no DLL and no library is called from here: #import is refused",
    "resource": "#resource is not supported by this harness",
}


class Expansion(NamedTuple):
    """All tokens, the files they came from, and the text of every #property."""

    tokens: list[Token]
    files: tuple[Path, ...]
    properties: tuple[str, ...]


class _Expander:
    """Reads files; a file is included once, as MetaEditor does it."""

    def __init__(self, include_dir: Path) -> None:
        self.include_dir = include_dir
        self.files: list[Path] = []
        self.properties: list[str] = []

    def expand(self, path: Path) -> list[Token]:
        self.files.append(path)
        try:
            text = decoded(path.read_bytes())
        except UnicodeDecodeError as problem:
            raise SourceError(path, 1, f"neither UTF-8 nor UTF-16: {problem.reason}") from None
        expanded = [_line_mark(path, 1)]
        for token in tokens_of(text, path):
            expanded += self._directive(token) if token.kind == "directive" else [token]
        return [*expanded, Token("raw", "\n", path, 1)]

    def _directive(self, token: Token) -> list[Token]:
        match = _DIRECTIVE.fullmatch(token.text)
        word, rest = (match.group(1), match.group(2).strip()) if match else ("", "")
        if word == "include":
            return self._include(token, rest)
        if word == "property":
            self.properties.append(rest)
            return []
        if word in _PASSED_ON:
            return [token._replace(kind="raw", text=f"#{word} {_macro(token, word, rest)}")]
        raise token.refused(_LEFT_OUT.get(word, f"unknown directive #{word}"))

    def _include(self, token: Token, rest: str) -> list[Token]:
        match = re.fullmatch(r'"([^"]+)"|<([^>]+)>', rest)
        if match is None:
            raise token.refused(f'#include {rest}: write <Folder/File.mqh> or "File.mqh"')
        beside, below = match.groups()
        folder = token.path.parent if beside else self.include_dir
        path = (folder / (beside or below).replace("\\", "/")).resolve()
        if not path.is_file():
            raise token.refused(f"cannot open include file {rest}")
        inner = [] if path in self.files else self.expand(path)
        return [*inner, _line_mark(token.path, token.line)]


def _line_mark(path: Path, line: int) -> Token:
    return Token("raw", f'\n#line {line} "{path}"\n', path, line)


def _macro(token: Token, word: str, rest: str) -> str:
    """What follows the word; the body of a #define in C++."""
    if word != "define":
        return rest
    match = re.match(r"\w+(?:\([^)]*\))?", rest)
    if match is None:
        raise token.refused("#define needs a name")
    body = rest[match.end() :].replace("\\\n", " \n")
    spelled = "".join(spelling(part) for part in tokens_of(body, token.path, token.line))
    return match.group() + spelled.replace("\n", "\\\n")


def expanded(path: Path, include_dir: Path) -> Expansion:
    """`path` with everything it includes; <...> is looked for in `include_dir`.

    Raises:
        SourceError: for a file or directive that cannot be used.
    """
    expander = _Expander(include_dir)
    tokens = expander.expand(path.resolve())
    return Expansion(tokens, tuple(expander.files), tuple(expander.properties))
