"""MQL5 source as tokens: what is code, what is text, and which line it stands on."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from sim.mql5.errors import SourceError

_TOKEN: Final = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:\\.|[^"\\\n])*")
    |(?P<literal>\b[CD]'[^'\n]*')
    |(?P<char>'(?:\\(?:x[0-9A-Fa-f]{1,4}|.)|[^'\\\n])')
    |(?P<directive>^[ \t]*\#(?:[^\n\\/"]|"(?:\\.|[^"\\\n])*"|\\\n|\\.|/(?![/*]))*)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?f?)
    |(?P<space>[ \t\r\n]+)
    |(?P<symbol>::|->|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&|^]=|[^\s"'`@$\\])""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)

_SPELLINGS: Final = {
    "long": "mql::long64",
    "sizeof": "(int)sizeof",
    "__FUNCTION__": "mql::string(__FUNCTION__)",
    "__FUNCSIG__": "mql::string(__PRETTY_FUNCTION__)",
    "__FILE__": "mql::string(__FILE__)",
    "__PATH__": "mql::string(__FILE__)",
}
_NOT_MQL5: Final = frozenset(
    re.findall(
        r"\w+",
        """alignas alignof asm auto catch char16_t char32_t co_await co_return concept const_cast consteval constexpr
        decltype friend goto import inline mutable namespace noexcept nullptr register reinterpret_cast requires signed
        static_assert static_cast std thread_local throw try typeid unsigned using volatile wchar_t""",
    )
)
_LEFT_OUT: Final = {
    "new": "objects on the heap",
    "delete": "objects on the heap",
    "GetPointer": "pointers",
    "CheckPointer": "pointers",
    "dynamic_cast": "pointers",
    "interface": "interfaces",
}
_NUMBER_IN_DATE: Final = re.compile(
    r"(?:(\d{1,4})[./-](\d{1,2})[./-](\d{1,4}))\s*(?:(\d{1,2})(?::(\d{1,2}))?(?::(\d{1,2}))?)?"
)
_BYTE: Final = 256
_LONGEST_DAY: Final = 31


class Token(NamedTuple):
    """One token; `kind` is a group of the lexer, or `raw` for what goes out as it is."""

    kind: str
    text: str
    path: Path
    line: int

    @property
    def is_code(self) -> bool:
        """Whether it means something: neither space nor comment nor a line for the compiler."""
        return self.kind not in {"space", "comment", "raw"}

    def refused(self, problem: str) -> SourceError:
        """An error at this token."""
        return SourceError(self.path, self.line, problem)


def decoded(content: bytes) -> str:
    """Source text: MetaEditor writes UTF-16 with a byte order mark or UTF-8 with or without one.

    Raises:
        UnicodeDecodeError: for anything else.
    """
    marked = content[:2] in {b"\xff\xfe", b"\xfe\xff"}
    return content.decode("utf-16" if marked else "utf-8-sig").replace("\r\n", "\n")


def tokens_of(text: str, path: Path, first_line: int = 1) -> list[Token]:
    """Everything in `text`, nothing left out.

    Raises:
        SourceError: for a character that begins no token.
    """
    tokens: list[Token] = []
    line, at = first_line, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise SourceError(path, line, f"unexpected character {text[at]!r}")
        token = Token(match.lastgroup, match.group(), path, line)
        _check_neighbor(token, tokens)
        tokens.append(token)
        line += token.text.count("\n")
        at = match.end()
    return tokens


def _check_neighbor(token: Token, before: list[Token]) -> None:
    if token.kind == "name" and before and before[-1].kind == "number":
        raise token.refused(f"numbers have no suffix in MQL5: {before[-1].text}{token.text}")


def spelling(token: Token) -> str:
    """The token in C++.

    Raises:
        SourceError: for what is no MQL5, or is MQL5 that this harness leaves out.
    """
    rule = _RULES.get(token.kind)
    return rule(token) if rule else token.text


def _name(token: Token) -> str:
    if token.text in _NOT_MQL5:
        raise token.refused(f"{token.text} is not MQL5")
    if token.text in _LEFT_OUT:
        raise token.refused(f"{token.text}: {_LEFT_OUT[token.text]} are not supported by this harness")
    return _SPELLINGS.get(token.text, token.text)


def _number(token: Token) -> str:
    if re.fullmatch(r"0\d+", token.text):
        raise token.refused(f"{token.text} has a leading zero: octal in one compiler, decimal in another")
    return token.text


def _color(token: Token) -> str:
    try:
        red, green, blue = (int(part.strip(), 0) for part in token.text[2:-1].split(","))
    except ValueError:
        raise token.refused(f"{token.text} is no color") from None
    if not all(0 <= part < _BYTE for part in (red, green, blue)):
        raise token.refused(f"{token.text} is no color")
    return f"((color)0x{red | green << 8 | blue << 16:06X})"


def _moment(token: Token) -> str:
    """A D'' literal in seconds since 1970. One without a date means the day of the build, which no test can repeat."""
    match = _NUMBER_IN_DATE.fullmatch(token.text[2:-1].strip())
    if match is None:
        raise token.refused(f"{token.text}: write a whole date, D'2026.01.31 12:30:00'")
    first, month, last, hour, minute, second = (int(part or 0) for part in match.groups())
    year, day = (first, last) if first > _LONGEST_DAY else (last, first)
    try:
        seconds = int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        raise token.refused(f"{token.text} is no date") from None
    return f"((datetime){seconds}L)"


_RULES: Final[dict[str, Callable[[Token], str]]] = {
    "comment": lambda token: "\n" * token.text.count("\n") or " ",
    "string": lambda token: f"u{token.text}_ms",
    "char": lambda token: f"((ushort)u{token.text})",
    "literal": lambda token: _color(token) if token.text[0] == "C" else _moment(token),
    "name": _name,
    "number": _number,
}
