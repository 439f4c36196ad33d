"""Refusals of settings name the setting, what is allowed, and what to do; never a secret."""

import pytest
from pydantic import Field, ValidationError, create_model

from app.fields import Group, leaves
from app.problems import (
    PREFIX,
    SettingProblem,
    SettingsRefusedError,
    explained,
    setting_name,
    unknown_setting,
    unreadable,
)

KNOWN = ("COMPANION_SYMBOLS", "COMPANION_ENTRY__RISK_FRACTION", "COMPANION_ENTRY__MAX_SYMBOLS", "COMPANION_SECRET")
SHAPE = create_model("Shape", __base__=Group, secret=(int, Field(default=1, ge=5, description="hidden")))


def test_a_name_is_built_from_its_path() -> None:
    assert setting_name(("entry", "risk_fraction")) == "COMPANION_ENTRY__RISK_FRACTION"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("COMPANION_SYMBOL", "did you mean COMPANION_SYMBOLS?"),
        ("COMPANION_RISK_FRACTION", "did you mean COMPANION_ENTRY__RISK_FRACTION?"),
        ("COMPANION_ENTRY", "name one of them, such as COMPANION_ENTRY__MAX_SYMBOLS"),
        ("COMPANION_QQQ", "docs/configuration.md lists all settings"),
    ],
)
def test_the_nearest_known_name_is_told(name: str, remedy: str) -> None:
    assert unknown_setting(name, KNOWN).remedy == remedy


def test_the_prefix_makes_no_name_similar() -> None:
    assert "did you mean" not in unknown_setting(f"{PREFIX}ZZZZZ", KNOWN).remedy


def test_a_secret_value_is_left_out() -> None:
    with pytest.raises(ValidationError) as refused:
        SHAPE.model_validate({"secret": 3})
    (error,) = refused.value.errors()
    fields = dict(leaves(SHAPE))
    assert "3" not in str(explained(error, fields, "COMPANION_SECRET"))
    assert "is 3: must be at least 5 (hidden)" in str(explained(error, fields, "COMPANION_OTHER"))


def test_a_place_nobody_declared_is_told_by_its_path() -> None:
    with pytest.raises(ValidationError) as refused:
        SHAPE.model_validate({"strange": 3, "secret": 7})
    (error,) = refused.value.errors()
    assert explained(error, dict(leaves(SHAPE)), "").name == "COMPANION_STRANGE"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ('error parsing value for field "model_parameters" from source', "COMPANION_MODEL_PARAMETERS"),
        ("?", "COMPANION_*"),
    ],
)
def test_text_that_is_no_json_is_told_by_name(words: str, name: str) -> None:
    assert unreadable(words).name == name


def test_all_problems_are_in_the_error() -> None:
    error = SettingsRefusedError(SettingProblem("A", "is bad", "mend it"), SettingProblem("B", "is gone"))
    assert str(error) == "A is bad; mend it\nB is gone"
    assert [problem.name for problem in error.problems] == ["A", "B"]
