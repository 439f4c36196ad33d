from typing import Annotated, Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from signals.models import SignalModel, signal_model
from signals.parameters import (
    SignalParameterError,
    allowed_range,
    checked_parameters,
    parameter_types,
    parameters_array,
    parameters_from,
)


class Numbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    whole: Annotated[int, Meta(ge=2, le=10)] = 5
    part: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.5
    free: float = 1.0
    low: int = 0

    def __post_init__(self) -> None:
        if self.low > self.whole:
            raise ValueError("low must not be above whole")


@pytest.fixture(scope="module")
def donchian() -> SignalModel:
    return signal_model("donchian")


def test_the_array_has_the_order_of_the_fields() -> None:
    array = parameters_array(Numbers(low=-3, free=2.5))
    assert array.dtype == np.float64
    assert array.tolist() == [5.0, 0.5, 2.5, -3.0]


def test_a_range_in_words() -> None:
    words = {name: allowed_range(number) for name, number in parameter_types(Numbers).items()}
    assert words == {
        "whole": "a whole number at least 2 and at most 10",
        "part": "a number above 0.0 and below 1.0",
        "free": "a number",
        "low": "a whole number",
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Numbers()),
        ({"whole": 2, "part": 0.25}, Numbers(whole=2, part=0.25)),
        ({"whole": 7.0, "free": 3}, Numbers(whole=7, free=3.0)),
    ],
)
def test_values_replace_defaults(values: dict[str, Any], expected: Numbers) -> None:
    found = checked_parameters("m", Numbers, values)
    assert found == expected
    assert [type(value) for value in msgspec.structs.astuple(found)] == [int, float, float, int]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"whole": 1}, ["m", "whole", "1", "at least 2 and at most 10"]),
        ({"whole": 11}, ["whole", "11"]),
        ({"whole": 2.5}, ["whole", "2.5", "a whole number"]),
        ({"whole": True}, ["whole", "True"]),
        ({"whole": "3"}, ["whole", "'3'"]),
        ({"whole": None}, ["whole", "None"]),
        ({"part": 0.0}, ["part", "0.0", "above 0.0 and below 1.0"]),
        ({"part": 1.0}, ["part", "1.0"]),
        ({"free": float("nan")}, ["free", "nan"]),
        ({"free": float("inf")}, ["free", "inf"]),
        ({"free": 10**400}, ["free"]),
        ({"hole": 3}, ["hole", "whole, part, free, low"]),
        ({"low": 6}, ["contradict", "low must not be above whole"]),
    ],
)
def test_a_refusal_names_parameter_value_and_range(values: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SignalParameterError) as caught:
        checked_parameters("m", Numbers, values)
    assert all(word in str(caught.value) for word in words)
    assert caught.value.model == "m"
    assert caught.value.parameter in {*values, "parameters"}


@given(
    st.dictionaries(
        st.sampled_from(["whole", "part", "free", "low", "", "other"]),
        st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.text(), st.lists(st.integers())),
    )
)
def test_anything_else_is_either_parameters_or_a_refusal(values: dict[str, Any]) -> None:
    try:
        found = checked_parameters("m", Numbers, values)
    except SignalParameterError:
        return
    assert msgspec.convert(msgspec.structs.asdict(found), Numbers) == found
    assert np.all(np.isfinite(parameters_array(found)))


class NoNumber(msgspec.Struct):
    word: str = "a"


class NoDefault(msgspec.Struct):
    period: int


@pytest.mark.parametrize(("kind", "remedy"), [(NoNumber, "annotate"), (NoDefault, "default")])
def test_a_record_that_holds_no_parameters_is_refused(kind: type[msgspec.Struct], remedy: str) -> None:
    with pytest.raises(TypeError, match=remedy):
        parameter_types(kind)


def test_parameters_of_a_model(donchian: SignalModel) -> None:
    assert parameters_array(parameters_from(donchian, {})).tolist() == [20.0]
    assert parameters_array(parameters_from(donchian, {"channel_period": 55})).tolist() == [55.0]


def test_a_refusal_names_the_model(donchian: SignalModel) -> None:
    with pytest.raises(SignalParameterError, match="'donchian': channel_period = 1 is refused"):
        parameters_from(donchian, {"channel_period": 1})
