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


def _function_lengths(source: bytes) -> dict[str, int]:
    code = _code_lines(source)
    return {
        node.name: len(code & set(range(node.lineno, (node.end_lineno or node.lineno) + 1)))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, Definition)
    }


def test_code_lines_are_counted_as_meant() -> None:
    source = b'"""Module."""\n\n\ndef f() -> str:\n    """Doc."""\n    # why\n    return (\n        "a"\n    )\n'
    assert _code_lines(source) == {4, 7, 8, 9}
    assert _function_lengths(source) == {"f": 4}


def test_no_function_is_too_long() -> None:
    lengths = {
        (path, name): size for path in _python_files() for name, size in _function_lengths(path.read_bytes()).items()
    }
    assert lengths
    too_long = [
        f"{path.relative_to(ROOT)} {name}: {size}" for (path, name), size in lengths.items() if size > LONGEST_FUNCTION
    ]
    assert too_long == []


def test_no_file_is_too_long() -> None:
    lengths = {path: len(_code_lines(path.read_bytes())) for path in _python_files()}
    assert [f"{path.relative_to(ROOT)}: {size}" for path, size in lengths.items() if size > LONGEST_FILE] == []


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
