"""Lint and compiler together: what one lets pass the other refuses, and both accept what is good."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from sim.mql5.build import RUNTIME, _flags, compiler, prelude, prelude_code
from sim.mql5.errors import SourceError
from sim.mql5.expansion import expanded
from sim.mql5.lint import findings_in_text
from sim.mql5.rewriting import translated
from tests.mql5.snippets import COMPILER, Snippet, bad_snippets, small_good_snippets

FEWEST_CAUGHT = 89
NOT_SUPPORTED = {"object_pointer", "library"}
"""Good MQL5 that this project's policy refuses, and the rewriter with it."""

_ERROR = re.compile(r"^(?:.*/)?(?P<name>\w+)\.mq5:\d+(?::\d+)?: (?:fatal )?error: (?P<why>.*)", re.MULTILINE)

pytestmark = pytest.mark.integration


class Compiled(NamedTuple):
    refused: dict[str, str]
    """Name of each refused snippet -> the first objection."""
    elsewhere: list[str]
    """Errors that stand in no snippet: in the runtime, or in how the snippets were put together."""


def compiled(snippets: Sequence[Snippet], folder: Path) -> Compiled:
    """All snippets in one file, each in a namespace; again without those refused: some checks wait until types fit."""
    (folder / "prelude.hpp").write_text(prelude_code(), encoding="utf-8")
    refused: dict[str, str] = {}
    parts: dict[str, str] = {}
    for snippet in snippets:
        path = folder / f"{snippet.name}.mq5"
        path.write_text(snippet.code, encoding="utf-8")
        try:
            parts[snippet.name] = translated(expanded(path, folder), prelude().types).code
        except SourceError as refusal:
            refused[snippet.name] = str(refusal)
    elsewhere: list[str] = []
    while True:
        errors = _errors({name: part for name, part in parts.items() if name not in refused}, folder)
        found = {match["name"]: match["why"] for match in reversed(list(_ERROR.finditer(errors)))}
        elsewhere = [line for line in errors.splitlines() if " error: " in line and not _ERROR.match(line)]
        if not found or elsewhere:
            return Compiled(refused, elsewhere)
        refused |= found


def _errors(parts: dict[str, str], folder: Path) -> str:
    spaces = [
        f"namespace snippet_{name} {{ using namespace mql; namespace ea = snippet_{name};\n{part}\n}}"
        for name, part in parts.items()
    ]
    (folder / "all.cpp").write_text("\n".join(['#include "runtime.hpp"', *spaces]), encoding="utf-8")
    options = [*_flags(sanitize=False), "-fmax-errors=0", "-isystem", str(RUNTIME), "-isystem", str(folder)]
    command = [*compiler(), *options, "-c", str(folder / "all.cpp"), "-o", str(folder / "all.o")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    )
    return done.stderr if done.returncode else ""


def _passes_lint(snippet: Snippet) -> bool:
    return not findings_in_text(snippet.code.encode())


def test_lint_and_compiler_catch_the_bad_snippets(tmp_path: Path) -> None:
    bad = bad_snippets()
    told = compiled([snippet for snippet in bad if COMPILER in snippet.rules], tmp_path)
    assert told.elsewhere == []
    missed = [snippet.name for snippet in bad if _passes_lint(snippet) and snippet.name not in told.refused]
    assert len(bad) - len(missed) >= FEWEST_CAUGHT, missed
    assert missed == []


def test_the_compiler_accepts_the_good_snippets(tmp_path: Path) -> None:
    good = [snippet for snippet in small_good_snippets() if snippet.name not in NOT_SUPPORTED]
    assert compiled(good, tmp_path) == Compiled({}, [])


def test_the_rewriter_refuses_what_policy_forbids(tmp_path: Path) -> None:
    refused = compiled(
        [snippet for snippet in small_good_snippets() if snippet.name in NOT_SUPPORTED], tmp_path
    ).refused
    assert set(refused) == NOT_SUPPORTED


def test_a_snippet_is_blamed_for_its_own_mistake(tmp_path: Path) -> None:
    snippets = [
        Snippet("sound", (), "", "int F(void) { return(1); }"),
        Snippet("wrong", (), "", "\nint F(void) { return(G()); }"),
    ]
    told = compiled(snippets, tmp_path)
    assert list(told.refused) == ["wrong"]
    assert "G" in told.refused["wrong"]
    assert told.elsewhere == []
