"""A kernel as Python runs it, with every kernel it calls: what the compiled one must equal bit by bit."""

from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def interpreted(kernel: Callable[P, R]) -> Callable[P, R]:
    """`kernel` without compilation, through and through."""
    found: Callable[P, R] = _plain(kernel, {})
    return found


def _plain(value: Any, scopes: dict[int, dict[str, Any]]) -> Any:  # noqa: ANN401 - anything a kernel may refer to
    function = getattr(value, "py_func", None)
    if function is None:
        return value
    scope = scopes.get(id(function.__globals__))
    if scope is None:
        scope = scopes[id(function.__globals__)] = {}
        scope.update({name: _plain(item, scopes) for name, item in function.__globals__.items()})
    cells = tuple(CellType(_plain(cell.cell_contents, scopes)) for cell in function.__closure__ or ())
    return FunctionType(function.__code__, scope, function.__name__, function.__defaults__, cells)
