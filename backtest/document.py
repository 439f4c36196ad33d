"""Figures as JSON that a person can read: objects with names, null for what is not defined; and back again."""

import functools
import types
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")

_UNIONS: Final = (Union, types.UnionType)


class DocumentError(ValueError):
    """A document that is no JSON, or not of the kind that was asked for; says where."""


def document_of(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """`value` as dictionaries, lists and plain values: structs and named tuples by the names of their fields."""
    if isinstance(value, msgspec.Struct):
        return {name: document_of(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: document_of(one) for name, one in zip(value._fields, value, strict=True)}
    if isinstance(value, tuple | list):
        return [document_of(one) for one in value]
    if isinstance(value, dict):
        return {str(key): document_of(one) for key, one in value.items()}
    return msgspec.to_builtins(value)


def json_of(value: object) -> bytes:
    """`document_of` as indented JSON, one line feed at its end."""
    return msgspec.json.format(msgspec.json.encode(document_of(value)), indent=2) + b"\n"


def value_from(content: bytes, kind: type[T]) -> T:
    """The value of `kind` that `json_of` has written; null where a number belongs is NaN.

    Raises:
        DocumentError: for anything else.
    """
    try:
        return msgspec.convert(_shaped(msgspec.json.decode(content), kind), kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise DocumentError(str(problem)) from None


def _shaped(found: Any, kind: Any) -> Any:  # noqa: ANN401 - JSON and a type annotation
    """`found` as msgspec converts it to `kind`: named tuples as lists, NaN for null."""
    if kind is float:
        return float("nan") if found is None else found
    origin = get_origin(kind)
    if origin in _UNIONS:
        return None if found is None else _shaped(found, next(one for one in get_args(kind) if one is not type(None)))
    if origin is tuple and isinstance(found, list):
        return [_shaped(one, get_args(kind)[0]) for one in found]
    if origin is dict and isinstance(found, dict):
        return {key: _shaped(one, get_args(kind)[1]) for key, one in found.items()}
    if isinstance(kind, type) and isinstance(found, dict):
        return _fields_shaped(found, kind)
    return found


def _fields_shaped(found: dict[str, Any], kind: type) -> Any:  # noqa: ANN401 - JSON
    if issubclass(kind, msgspec.Struct):
        hints = _hints(kind)
        return {name: _shaped(one, hints[name]) if name in hints else one for name, one in found.items()}
    if issubclass(kind, tuple):
        hints = _hints(kind)
        missing = [name for name in hints if name not in found and name not in _defaults(kind)]
        if missing:
            raise DocumentError(f"{kind.__name__} lacks {', '.join(missing)}")
        return [_shaped(found[name], hint) if name in found else _defaults(kind)[name] for name, hint in hints.items()]
    return found


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    fields: tuple[str, ...] = getattr(kind, "_fields", ()) or getattr(kind, "__struct_fields__", ())
    hints = get_type_hints(kind)
    return {name: hints[name] for name in fields}


def _defaults(kind: type) -> dict[str, Any]:
    return dict(getattr(kind, "_field_defaults", {}))
