"""Declarations of other rooms become fields with the same ranges, defaults and words."""

from typing import Annotated

import msgspec
import pytest
from msgspec import Meta
from pydantic import ValidationError

from app.fields import Group, fields_of, group_of, leaves, range_in_words
from bridge.config import DeskRules
from strategy.params import CareSettings, EntrySettings


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    closed: Annotated[int, Meta(ge=2, le=5000, description="whole")] = 3
    opened: Annotated[float, Meta(gt=0.0, lt=1.0, description="part")] = 0.5
    free: Annotated[float, Meta(description="any")] = 0.0
    plain: bool = True
    named: Annotated[Annotated[int, Meta(ge=1)], Meta(description="nested")] = 1


SAMPLE = group_of("SampleGroup", Sample, more=(str, "x"))


def words(name: str) -> str:
    return range_in_words(SAMPLE.model_fields[name])


@pytest.mark.parametrize(
    ("name", "told"),
    [("closed", "at least 2, at most 5_000"), ("opened", "above 0, below 1"), ("free", ""), ("named", "at least 1")],
)
def test_a_range_is_told_in_words(name: str, told: str) -> None:
    assert words(name) == told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("closed", 1),
        ("closed", 5001),
        ("closed", 2.5),
        ("opened", 0.0),
        ("opened", 1.0),
        ("free", float("nan")),
        ("named", 0),
    ],
)
def test_a_declared_range_holds(name: str, value: float) -> None:
    with pytest.raises(ValidationError):
        SAMPLE.model_validate({name: value})


@pytest.mark.parametrize(("name", "value"), [("closed", 2), ("closed", 5000), ("opened", 0.999), ("plain", False)])
def test_what_the_range_holds_is_taken(name: str, value: float) -> None:
    assert SAMPLE.model_validate({name: value}).model_dump()[name] == value


def test_defaults_and_descriptions_come_along() -> None:
    assert SAMPLE().model_dump() == {"closed": 3, "opened": 0.5, "free": 0.0, "plain": True, "named": 1, "more": "x"}
    assert [SAMPLE.model_fields[name].description for name in ("closed", "opened", "named")] == [
        "whole",
        "part",
        "nested",
    ]


def test_a_field_can_be_left_out() -> None:
    assert "plain" not in fields_of(Sample, leave_out=("plain",))


def test_a_name_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        SAMPLE.model_validate({"other": 1})


def test_leaves_are_found_through_groups() -> None:
    outer = group_of("Outer", inner=(SAMPLE, SAMPLE()))
    assert {path for path, _ in leaves(outer)} == {("inner", name) for name in SAMPLE.model_fields}


@pytest.mark.parametrize("source", [EntrySettings, CareSettings, DeskRules])
def test_what_other_rooms_declare_says_what_it_means(source: type[msgspec.Struct]) -> None:
    group: type[Group] = group_of("Any", source)
    assert [name for name, field in group.model_fields.items() if not field.description] == []
    assert set(group.model_fields) == set(source.__struct_fields__)
