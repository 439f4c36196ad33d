"""What the rewriter changes, keeps, and refuses."""

import calendar
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mql5.build import code_of, prelude
from sim.mql5.errors import SourceError
from sim.mql5.expansion import expanded
from sim.mql5.rewriting import Translation, translated
from sim.mql5.tokens import decoded, spelling, tokens_of

LINE = re.compile(r'^#line (\d+) "(.*)"$')


def translation(folder: Path, source: str | bytes, **includes: str) -> Translation:
    path = folder / "Ea.mq5"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    for name, text in includes.items():
        (folder / f"{name}.mqh").write_text(text, encoding="utf-8")
    return translated(expanded(path, folder), prelude().types)


def lines_of(code: str) -> dict[tuple[str, int], str]:
    """What the compiler takes for each line of each source file."""
    lines: dict[tuple[str, int], str] = {}
    path, number = "", 0
    for text in code.split("\n"):
        mark = LINE.match(text)
        if mark:
            path, number = Path(mark[2]).name, int(mark[1])
            continue
        lines[path, number] = lines.get((path, number), "") + text
        number += 1
    return lines


SOURCE = """#property version "1.0"
#include <Inner.mqh>
input int InpOne=1;   // what it is
/* two
   lines */ uchar g_bytes[4],
   g_more[];
enum ENUM_A {
   A_ONE,
   A_TWO=5
};
struct Packed pack(1) {
   uchar name[2];
   long big;
};
#define LONG_ONE(x) \\
   ((x)+1)
int Later(const uchar &bytes[],
          const int n=3) {
   return(bytes[0]+n);
}
"""
INNER = "int g_inner=2;\n\nint g_last=3;"


def test_every_line_keeps_its_number(tmp_path: Path) -> None:
    lines = lines_of(translation(tmp_path, SOURCE, Inner=INNER).code)
    for (name, number), wanted in {
        ("Inner.mqh", 1): "g_inner",
        ("Inner.mqh", 3): "g_last",
        ("Ea.mq5", 3): "MQL_INPUT",
        ("Ea.mq5", 5): "mql::Fixed<uchar, (4)> g_bytes; mql::Array<uchar> g_more",
        ("Ea.mq5", 7): "enum ENUM_A : int",
        ("Ea.mq5", 9): "A_TWO",
        ("Ea.mq5", 11): "MQL_PACKED struct Packed",
        ("Ea.mq5", 13): "mql::long64 big",
        ("Ea.mq5", 17): "int Later(mql::ConstView<uchar> bytes",
        ("Ea.mq5", 19): "return(bytes[0]+n)",
    }.items():
        assert wanted in lines[name, number]


@given(
    st.lists(
        st.sampled_from(
            [
                "",
                "int value{n}=1;",
                "// a comment",
                "/* one\n two */",
                "uchar bytes{n}[3];",
                "string text{n}[],\n   other{n};",
                "enum ENUM_{n} {{ ONE_{n},\n TWO_{n} }};",
                "struct S{n} {{\n int a[2];\n}};",
                'void F{n}(const int &a[],\n string b="x") {{ }}',
                "input double Inp{n}=1.0;",
                "#define M{n} \\\n 1",
                '#property copyright "x"',
                "#ifdef NOTHING\n#endif",
            ]
        ),
        max_size=12,
    )
)
def test_marked_lines_stay_where_they_are(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    source = "".join(f"{piece.format(n=n)}\nint mark{n}=0;\n" for n, piece in enumerate(pieces))
    lines = lines_of(translation(tmp_path_factory.mktemp("marks"), source).code)
    for number, text in enumerate(source.splitlines(), start=1):
        if text.startswith("int mark"):
            assert lines["Ea.mq5", number] == text


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_tokens_leave_nothing_out(text: str) -> None:
    try:
        tokens = tokens_of(text, Path("x.mq5"))
    except SourceError:
        return
    assert "".join(token.text for token in tokens) == text
    before = ""
    for token in tokens:
        assert token.line == 1 + before.count("\n")
        before += token.text


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2099, 1, 1)))  # noqa: DTZ001 - MQL5 has no time zones
def test_dates_are_seconds(moment: datetime) -> None:
    seconds = calendar.timegm(moment.timetuple())
    for form in ("%Y.%m.%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"):
        (token,) = tokens_of(f"D'{moment.strftime(form)}'", Path("x.mq5"))
        assert spelling(token) == f"((datetime){seconds}L)"


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_colors_are_blue_green_red(parts: tuple[int, int, int]) -> None:
    red, green, blue = parts
    (token,) = tokens_of(f"C'{red}, {hex(green)},{blue}'", Path("x.mq5"))
    assert int(spelling(token).removeprefix("((color)").removesuffix(")"), 0) == red + 256 * green + 65536 * blue


@pytest.mark.parametrize(
    "content", ["int a=1;".encode("utf-16"), b"\xef\xbb\xbfint a=1;", b"int a=1;", b"int a=1;\r\n"]
)
def test_every_encoding_of_metaeditor(content: bytes) -> None:
    assert decoded(content).strip() == "int a=1;"


def test_a_file_is_included_once(tmp_path: Path) -> None:
    code = translation(tmp_path, '#include "Inner.mqh"\n#include <Inner.mqh>\n', Inner="int g_inner=2;").code
    assert code.count("g_inner") == 1


def test_what_a_host_must_know(tmp_path: Path) -> None:
    source = SOURCE + 'int OnInit(void) { return(0); }\nvoid OnTick() { }\ninput group "x"\nsinput string InpTwo="a";'
    told = translation(tmp_path, source, Inner=INNER)
    assert [(one.type, one.name) for one in told.inputs] == [("int", "InpOne"), ("string", "InpTwo")]
    assert told.handlers == ("OnInit", "OnTick")
    assert told.enums["ENUM_A"] == ("A_ONE", "A_TWO = 5")
    assert "MQL_HANDLER_OnTick" in code_of(told)


def test_structs_with_strings_are_not_packed(tmp_path: Path) -> None:
    code = translation(tmp_path, "struct A { string s; };\nstruct B { uchar c; A a; };\nstruct C { uchar c; };").code
    assert "MQL_PACKED struct C" in code
    assert code.count("MQL_PACKED") == 1


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        ('\n#import "user32.dll"\n', 2, "no DLL"),
        ("#include <Nowhere.mqh>", 1, "cannot open include file"),
        ("#pragma once", 1, "unknown directive"),
        ("int a=1;\nauto b=2;", 2, "auto is not MQL5"),
        ("int a=10u;", 1, "numbers have no suffix"),
        ("int a=010;", 1, "leading zero"),
        ("datetime d=D'12:30';", 1, "write a whole date"),
        ("datetime d=D'2026.02.30';", 1, "is no date"),
        ("color c=C'1,2';", 1, "is no color"),
        ("color c=C'1,2,300';", 1, "is no color"),
        ("class A { };\nA *g_a;", 2, "pointers are not supported"),
        ("void F(void) { int a=new int; }", 1, "objects on the heap"),
        ("struct A pack(4) { int a; };", 1, "only pack(1)"),
        ("input int InpOne;", 1, "an input needs a value"),
        ("void F(void) {", 1, "{ is never closed"),
        ("}", 1, "} without {"),
        ("double OnTester(void) { return(0); }", 1, "never called by this harness"),
        ("int a=`;", 1, "unexpected character"),
        ("class A { void F(void) { G(this); } };", 1, "this: only this.member"),
    ],
)
def test_what_is_refused(tmp_path: Path, source: str, line: int, problem: str) -> None:
    with pytest.raises(SourceError, match=re.escape(problem)) as refused:
        translation(tmp_path, source)
    assert (refused.value.line, refused.value.path.name) == (line, "Ea.mq5")


def test_what_is_neither_utf_8_nor_utf_16_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="neither UTF-8 nor UTF-16"):
        translation(tmp_path, b"// \xff\xff\xff")
