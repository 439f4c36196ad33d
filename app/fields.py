"""Settings that other rooms declare as msgspec structs, made into pydantic fields with their ranges and help."""

from collections.abc import Container, Iterator
from typing import Annotated, Any, Final, get_args, get_origin

import annotated_types
import msgspec
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

FieldDefinition = tuple[Any, Any]

_LIMITS: Final = ("ge", "gt", "le", "lt")


class Group(BaseModel):
    """Settings that share the first part of their name."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


def group_of(name: str, *sources: type[msgspec.Struct], **more: FieldDefinition) -> type[Group]:
    """A group of settings with the fields of `sources` and `more`, which wins where both declare one."""
    fields: dict[str, Any] = dict(more)
    for source in sources:
        fields.update(fields_of(source, leave_out=more))
    return create_model(name, __base__=Group, **fields)


def fields_of(source: type[msgspec.Struct], leave_out: Container[str] = ()) -> dict[str, FieldDefinition]:
    """Name -> (type, default) of the plain fields of `source`, with the ranges and descriptions it declares."""
    defaults = source()
    return {
        field.name: (_annotation(field.type), getattr(defaults, field.name))
        for field in msgspec.structs.fields(source)
        if field.name not in leave_out
    }


def _annotation(declared: Any) -> Any:  # noqa: ANN401 - a type of any kind
    if get_origin(declared) is not Annotated:
        return declared
    plain, *metas = get_args(declared)
    return Annotated[plain, Field(**_constraints(plain, metas))]


def _constraints(plain: type, metas: list[object]) -> dict[str, Any]:
    found: dict[str, Any] = {"allow_inf_nan": False} if plain is float else {}
    for meta in metas:
        if isinstance(meta, msgspec.Meta):
            given = {limit: getattr(meta, limit) for limit in (*_LIMITS, "min_length", "description")}
            found.update({limit: value for limit, value in given.items() if value is not None})
    return found


def leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every single setting of `model` with the path that leads to it, groups resolved."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, (*path, name))
        else:
            yield (*path, name), field


def range_in_words(field: FieldInfo) -> str:
    """What values the field takes ("above 0, at most 0.02"); empty where its type says it all."""
    lower = upper = ""
    for limit in field.metadata:
        if isinstance(limit, annotated_types.Ge):
            lower = f"at least {_number(limit.ge)}"
        elif isinstance(limit, annotated_types.Gt):
            lower = f"above {_number(limit.gt)}"
        elif isinstance(limit, annotated_types.Le):
            upper = f"at most {_number(limit.le)}"
        elif isinstance(limit, annotated_types.Lt):
            upper = f"below {_number(limit.lt)}"
        elif isinstance(limit, annotated_types.MinLen):
            lower = f"at least {limit.min_length} of them"
    return ", ".join(part for part in (lower, upper) if part)


def _number(value: object) -> str:
    return f"{value:,}".replace(",", "_") if isinstance(value, int) else f"{value:g}"
