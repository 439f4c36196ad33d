"""The EA's own source: clean, small, and without what users refuse to allow."""

import re
from pathlib import Path

import pytest

from sim.mql5.lint import findings, source_files
from sim.mql5.linting.source import parsed
from tests.architecture.tree import ROOT

EA = ROOT / "ea"
GENERATED = ("Wire.mqh", "WireFill.mqh")
MOST_CODE_LINES = 2_070
MOST_LINES_OF_A_FILE = 400
_COMMENT_OR_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def _sources() -> list[Path]:
    return list(source_files([EA]))


def _code(text: str) -> str:
    """The text without comments, and with empty strings."""
    return _COMMENT_OR_STRING.sub(
        lambda found: '""' if found.group().startswith('"') else "\n" * found.group().count("\n"), text
    )


def _code_lines(text: str) -> int:
    return sum(bool(line.strip()) for line in _code(text).splitlines())


def test_there_is_an_expert_and_its_includes() -> None:
    names = {path.suffix for path in _sources()}
    assert names == {".mq5", ".mqh"}


def test_the_lint_finds_nothing() -> None:
    assert [str(finding) for finding in findings(parsed(path, path.read_bytes()) for path in _sources())] == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("import", r"#\s*import\b"),
        ("DLL", r"(?i)\.dll\b|\b(?:user32|kernel32)\b"),
        ("pointer", r"\b(?:C[A-Z][a-z]\w*|Mql[A-Z]\w*|uchar|char|int|double|string|void)\s*\*\s*\w+\s*[;=,)]"),
        ("new or delete", r"\b(?:new|delete)\b"),
        ("pointer function", r"\b(?:GetPointer|CheckPointer)\b"),
        ("web request", r"\bWebRequest\b"),
    ],
)
def test_the_ea_holds_no(what: str, pattern: str) -> None:
    held = [path.name for path in _sources() if re.search(pattern, _code(path.read_text(encoding="utf-8")))]
    assert held == [], what


def test_what_is_looked_for_is_found() -> None:
    assert _code('Print("new // x"); // delete\n/* new\n*/ int a;') == 'Print(""); \n\n int a;'
    assert _code_lines("int a;\n\n// b\n/* c\n*/\nint d; // e\n") == 2


def test_the_ea_stays_small_enough_to_be_read() -> None:
    """A ceiling over what it is: whoever goes above it moves a decision into the bridge, or raises it with a reason."""
    by_hand = [path for path in _sources() if path.name not in GENERATED]
    lines = {path.name: _code_lines(path.read_text(encoding="utf-8")) for path in by_hand}
    assert sum(lines.values()) <= MOST_CODE_LINES, lines
    assert max(lines.values()) <= MOST_LINES_OF_A_FILE, lines
