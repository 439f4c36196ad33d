"""What the lint finds, what it leaves alone, and how it reports."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sim.mql5.lint import RULES, findings, findings_in_text, main, source_files
from sim.mql5.linting.source import parsed
from tests.mql5.rows import ROWS, Row
from tests.mql5.snippets import COMPILER, Snippet, bad_snippets, large_good_programs, small_good_snippets

BAD = bad_snippets()


def _rules(code: str) -> list[str]:
    return [finding.rule for finding in findings_in_text(code.encode())]


def test_there_are_as_many_snippets_as_meant() -> None:
    assert len(BAD) == len({snippet.name for snippet in BAD}) == 90
    assert len(small_good_snippets()) == 14
    assert len(large_good_programs()) >= 5


@pytest.mark.parametrize("snippet", [bad for bad in BAD if COMPILER not in bad.rules], ids=lambda bad: bad.name)
def test_a_bad_snippet_breaks_its_rule(snippet: Snippet) -> None:
    assert set(snippet.rules) <= set(_rules(snippet.code)), snippet.reason


@pytest.mark.parametrize("snippet", [bad for bad in BAD if COMPILER in bad.rules], ids=lambda bad: bad.name)
def test_what_is_left_to_the_compiler_is_nothing_the_lint_sees(snippet: Snippet) -> None:
    assert _rules(snippet.code) == []


@pytest.mark.parametrize("snippet", small_good_snippets(), ids=lambda good: good.name)
def test_a_good_snippet_breaks_nothing_but_policy(snippet: Snippet) -> None:
    assert set(_rules(snippet.code)) == set(snippet.rules)


def test_larger_programs_are_clean() -> None:
    found = findings(parsed(path, path.read_bytes()) for path in large_good_programs())
    assert [str(finding) for finding in found] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_rule_sees_what_it_is_for_and_leaves_the_remedy_alone(row: Row) -> None:
    assert row.rule in _rules(row.wrong)
    assert row.rule not in _rules(row.right)


def test_every_rule_is_seen_at_work() -> None:
    shown = {rule for snippet in BAD for rule in snippet.rules} | {row.rule for row in ROWS}
    assert sorted({rule.name for rule in RULES} - shown - {"encoding"}) == []


def test_every_rule_has_a_name_of_its_own_and_a_remedy() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    for rule in RULES:
        assert rule.wrong, rule.name
        assert rule.remedy, rule.name
        assert not rule.remedy.endswith("."), rule.name


def test_a_finding_tells_place_rule_message_and_remedy() -> None:
    (finding,) = findings_in_text(b"int g_a;\n\nulong g_b=5ULL;\n", Path("ea/A.mq5"))
    assert str(finding) == (
        "ea/A.mq5:3: number: MQL5 has no such number: no suffix, no octal, no digit separator; "
        "write it in decimal or with 0x"
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_are_counted_in_every_encoding_and_line_end(encoding: str, line_end: str) -> None:
    code = line_end.join(
        ["// Größe", '#property strict "x', "/* two", "lines */", 'input group "g"', "int g_a=010;", ""]
    )
    (finding,) = findings_in_text(code.encode(encoding))
    assert (finding.line, finding.rule) == (6, "number")


def test_what_is_not_utf8_is_said() -> None:
    (finding,) = findings_in_text(b"int g_a;\n// Gr\xf6\xdfe\n")
    assert (finding.line, finding.rule) == (2, "encoding")


def test_types_of_one_file_are_known_in_another() -> None:
    declared = parsed(Path("a.mqh"), b"struct Quote { int bid; };\n")
    used = parsed(Path("b.mq5"), b"int Bid(Quote quote) { return(quote.bid); }\n")
    assert [finding.rule for finding in findings([used])] == []
    assert [(finding.path.name, finding.rule) for finding in findings([used, declared])] == [
        ("b.mq5", "object-by-value")
    ]


@pytest.mark.parametrize(
    "code",
    [
        'void OnTick(void) { Print("goto auto -> #import nullptr delete"); }',
        "// auto x=5; int *p; goto a;\nint g_a;",
        '/* #import "a.dll"\n   unsigned int x; */\nint g_a;',
        '#define NOTE "new delete"\nint g_a;',
    ],
)
def test_words_in_strings_and_comments_are_only_words(code: str) -> None:
    assert _rules(code) == []


def _tree(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("int g_a=010;\n")


def test_folders_are_searched_for_sources(tmp_path: Path) -> None:
    _tree(tmp_path, ["A.mq5", "Include/B.mqh", "Include/notes.txt", "C.MQ5"])
    assert [path.name for path in source_files([tmp_path])] == ["A.mq5", "C.MQ5", "B.mqh"]


def test_status_says_whether_something_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _tree(tmp_path, ["bad/A.mq5"])
    (tmp_path / "good.mq5").write_text("int g_a=8;\n")
    assert main([str(tmp_path / "good.mq5")]) == 0
    assert capsys.readouterr().out == ""
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'bad' / 'A.mq5'}:1: number: ")
    assert main([str(tmp_path / "gone.mq5")]) == 2
    assert "gone.mq5: No such file" in capsys.readouterr().err
    assert main([]) == 2


def test_it_runs_as_a_command(tmp_path: Path) -> None:
    _tree(tmp_path, ["A.mq5"])
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "sim.mql5.lint", str(tmp_path)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1
