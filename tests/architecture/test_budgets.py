"""Size and naming rules that no linter knows."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, modules, packages, project_files

LONGEST_FUNCTION = 50
LONGEST_FILE = 400
VAGUE_NAMES = {"base", "common", "handler", "handlers", "helper", "helpers", "manager", "misc", "util", "utils"}
NO_CODE = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def _python_files() -> list[Path]:
    return [path for path in project_files() if path.suffix == ".py"]


def _code_lines(source: bytes) -> set[int]:
    """Numbers of the lines that hold code: no blanks, comments or docstrings."""
    lines: set[int] = set()
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def _lines_of(node: Definition) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _longest_functions(source: bytes, longer_than: int) -> dict[str, int]:
    """Lines of code of the functions that have more of them; tokens are looked at only where there can be any."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Definition)]
    found = [node for node in found if len(_lines_of(node)) > longer_than]
    code = _code_lines(source) if found else set()
    sizes = {node.name: len(code.intersection(_lines_of(node))) for node in found}
    return {name: size for name, size in sizes.items() if size > longer_than}


def test_code_lines_are_counted_as_meant() -> None:
    source = b'"""Module."""\n\n\ndef f() -> str:\n    """Doc."""\n    # why\n    return (\n        "a"\n    )\n'
    assert _code_lines(source) == {4, 7, 8, 9}
    assert _longest_functions(source, 3) == {"f": 4}
    assert _longest_functions(source, 4) == {}


def test_no_function_is_too_long() -> None:
    files = _python_files()
    assert files
    found = {path.relative_to(ROOT): _longest_functions(path.read_bytes(), LONGEST_FUNCTION) for path in files}
    assert {str(path): functions for path, functions in found.items() if functions} == {}


def test_no_file_is_too_long() -> None:
    sources = {path.relative_to(ROOT): path.read_bytes() for path in _python_files()}
    long = {path: source for path, source in sources.items() if source.count(b"\n") > LONGEST_FILE}
    sizes = {str(path): len(_code_lines(source)) for path, source in long.items()}
    assert {path: size for path, size in sizes.items() if size > LONGEST_FILE} == {}


def test_no_module_has_a_vague_name() -> None:
    assert [str(path.relative_to(ROOT)) for path in _python_files() if path.stem in VAGUE_NAMES] == []


def _names_given(tree: ast.Module) -> set[str]:
    """Names of arguments, fields, variables and functions that `tree` defines."""
    names = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, Definition)}
    return names | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


@pytest.mark.parametrize("source", ["def f(id): ...", "class A:\n    id: int", "risk_pct = 1", "def loss_pct(): ..."])
def test_an_unclear_name_is_seen(source: str) -> None:
    assert _unclear(_names_given(ast.parse(source)))


def _unclear(names: set[str]) -> list[str]:
    """A bare `id` does not tell which of MT5's numbers is meant; per cent and fraction get mixed up."""
    return sorted(name for name in names if name == "id" or name.lower().endswith("_pct"))


def test_no_name_is_unclear() -> None:
    unclear = {name: _unclear(_names_given(tree)) for name, tree in modules(*packages())}
    assert {name: found for name, found in unclear.items() if found} == {}
