"""No input makes the lint fail or hang, and none moves a line."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.mql5.lint import findings_in_text, main
from sim.mql5.linting.masking import masked, utf8_source
from tests.mql5.snippets import FOLDER

SOURCES = [path.read_bytes() for path in sorted(FOLDER.rglob("*.mq*"))]
PIECES = [
    b"#import",
    b"#if",
    b"#ifdef A\n",
    b"#endif\n",
    b"input ",
    b"input group",
    b"C'",
    b"D'",
    b"'",
    b'"',
    b"/*",
    b"*/",
    b"//",
    b"\\\n",
    b"pack(1)",
    b"interface",
    b"{",
    b"}",
    b"(",
    b")",
    b"[",
    b"]",
    b"template<",
    b"operator",
    b"struct ",
    b"::",
    b"&&",
    b"*",
    b"\x00",
    b"\xff\xfe",
    b"\n",
    b";",
]

pytestmark = pytest.mark.fuzz


def _is_sound(content: bytes) -> None:
    lines = utf8_source(content).count(b"\n") + 1
    for finding in findings_in_text(content):
        assert 1 <= finding.line <= lines
        assert "\n" not in str(finding)


@given(st.binary(max_size=400))
def test_random_bytes(content: bytes) -> None:
    _is_sound(content)


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_random_pieces(content: bytes) -> None:
    _is_sound(content)


@settings(max_examples=60)
@given(st.sampled_from(SOURCES), st.randoms(use_true_random=False))
def test_mutated_sources(source: bytes, draw: random.Random) -> None:
    start = draw.randrange(len(source))
    content = bytearray(source[start : start + 3000])
    for _ in range(draw.randrange(1, 8)):
        place = draw.randrange(len(content) + 1)
        content[place : place + draw.randrange(6)] = draw.choice(PIECES)
    _is_sound(bytes(content))


@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_the_mask_moves_nothing(content: bytes) -> None:
    text = masked(content).text
    assert len(text) == len(content)
    assert [place for place, byte in enumerate(text) if byte == 10] == [
        place for place, byte in enumerate(content) if byte == 10
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"(" * 5000,
        b"{" * 5000,
        b"#ifdef A\n" * 2000,
        b"/*" * 20000,
        b'"' * 20001,
        b"#import\n" * 5000,
        b"a." * 5000,
        b"if(a)" * 3000,
        b"x=" * 5000,
        b"int " + b"*" * 3000 + b"p;",
        b"void f() { int a" + b"[2]" * 2000 + b"; }",
        b"D'" * 10000,
        b"input group " * 3000,
    ],
    ids=lambda content: content[:8].decode(errors="replace").strip(),
)
def test_deep_and_long_sources(content: bytes) -> None:
    _is_sound(content)


def test_a_folder_of_damaged_files_is_linted(tmp_path: Path) -> None:
    for number, source in enumerate(SOURCES):
        (tmp_path / f"{number}.mq5").write_bytes(source[: len(source) // 2])
    assert main([str(tmp_path)]) == 1
