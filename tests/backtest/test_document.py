"""What is written as JSON comes back the same, and what is no such document is refused."""

import contextlib
import math
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.document import DocumentError, document_of, json_of, value_from


class Inner(NamedTuple):
    name: str
    value: float
    later: int = 7


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    one: Inner
    many: tuple[Inner, ...]
    perhaps: Inner | None
    words: dict[str, float]
    count: int
    ratio: float = 0.0


NUMBERS = st.floats(allow_nan=True, allow_infinity=False)
INNERS = st.builds(Inner, st.text(max_size=5), NUMBERS, st.integers(-(2**53), 2**53))
OUTERS = st.builds(
    Outer,
    one=INNERS,
    many=st.lists(INNERS, max_size=3).map(tuple),
    perhaps=st.none() | INNERS,
    words=st.dictionaries(st.text(max_size=3), NUMBERS, max_size=2),
    count=st.integers(-(2**53), 2**53),
    ratio=NUMBERS,
)


@settings(max_examples=30)
@given(OUTERS)
def test_it_comes_back_the_same(value: Outer) -> None:
    assert json_of(value_from(json_of(value), Outer)) == json_of(value)


def test_names_stand_beside_their_values_and_nothing_is_null() -> None:
    found = document_of(Outer(one=Inner("a", math.nan), many=(), perhaps=None, words={"b": 1.0}, count=2))
    assert found["one"] == {"name": "a", "value": pytest.approx(math.nan, nan_ok=True), "later": 7}
    back = value_from(
        b'{"one": {"name": "a", "value": null}, "many": [], "perhaps": null, "words": {}, "count": 1}', Outer
    )
    assert math.isnan(back.one.value)
    assert back.one.later == 7, "what a later version has added has its default"
    assert back.perhaps is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Input data was truncated"),
        (b"\xff", "byte"),
        (b"[]", "Expected `object`"),
        (b'{"one": {"value": 1.0}}', "Inner lacks name"),
        (
            b'{"one": {"name": "a", "value": "b"}, "many": [], "perhaps": null, "words": {}, "count": 1}',
            "Expected `float`",
        ),
        (b'{"one": 5, "many": 3, "perhaps": null, "words": 1, "count": null}', "Expected"),
    ],
)
def test_what_is_no_such_document_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        value_from(content, Outer)


@settings(max_examples=60)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:0nul ', max_size=40).map(str.encode))
def test_any_bytes_are_a_value_or_refused(content: bytes) -> None:
    with contextlib.suppress(DocumentError):
        value_from(content, Outer)
