"""Options that several commands share, declared once: fields of a struct that a command takes as one argument."""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

Group = TypeVar("Group", bound=msgspec.Struct)


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Show typer each field of a parameter that is annotated with a struct as an option of the command's own.

    What was typed comes back to `command` as one value of that struct. Fields are declared as typer wants its
    parameters: `Annotated[float, typer.Option(help=...)] = 1.0`.
    """
    signature = inspect.signature(command)
    groups = {name: one.annotation for name, one in signature.parameters.items() if _is_group(one.annotation)}

    @functools.wraps(command)
    def run(**typed: Any) -> None:  # noqa: ANN401 - whatever the options hold
        gathered = {
            name: kind(**{field: typed.pop(field) for field in kind.__struct_fields__}) for name, kind in groups.items()
        }
        command(**typed, **gathered)

    shown = [each for parameter in signature.parameters.values() for each in _shown(parameter)]
    run.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined] # what typer reads
    return run


def _is_group(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)


def _shown(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    if not _is_group(parameter.annotation):
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        return
    for field in msgspec.structs.fields(parameter.annotation):
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=_default_of(field), annotation=field.type
        )


def _default_of(field: msgspec.structs.FieldInfo) -> object:
    if field.required:
        return inspect.Parameter.empty
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def listed(names: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in names.split(",") if name.strip())
