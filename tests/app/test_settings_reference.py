"""What is written about the settings is what they are."""

import re

import pytest
from dotenv import dotenv_values

from app.problems import SettingsRefusedError
from app.settings import load_settings, setting_names
from app.settings_reference import EXAMPLE_PATH, TABLES_PATH, example, with_tables
from tests.app.real_command import ROOT

REMEDY = "run scripts/generate-settings-reference"


def test_the_tables_are_current() -> None:
    document = (ROOT / TABLES_PATH).read_text(encoding="utf-8")
    assert document == with_tables(document), REMEDY


def test_the_example_is_current() -> None:
    assert (ROOT / EXAMPLE_PATH).read_text(encoding="utf-8") == example(), REMEDY


def test_the_tables_hold_every_setting_once() -> None:
    told = re.findall(r"^\| `(COMPANION_[A-Z0-9_]+)`", (ROOT / TABLES_PATH).read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(setting_names())


def test_a_document_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lost its marks"):
        with_tables("# Settings\n")


def test_writing_twice_changes_nothing() -> None:
    document = (ROOT / TABLES_PATH).read_text(encoding="utf-8")
    assert with_tables(with_tables(document)) == with_tables(document)


def test_the_example_can_be_used_as_it_is() -> None:
    with open(".env", "w", encoding="utf-8") as file:  # noqa: PTH123 - where a person would put it
        file.write(example())
    assert load_settings().engine() == load_settings().engine()


def test_every_default_of_the_example_can_be_uncommented() -> None:
    lines = [re.sub(r"^# (COMPANION_)", r"\1", line) for line in example().splitlines()]
    with open(".env", "w", encoding="utf-8") as file:  # noqa: PTH123 - where a person would put it
        file.write("\n".join(lines))
    assert set(dotenv_values(".env")) == setting_names()
    with pytest.MonkeyPatch.context() as elsewhere:
        settings = load_settings()
        elsewhere.setenv("COMPANION_SYMBOLS", "")
        elsewhere.chdir("/")
        assert settings.model_dump(exclude={"data_dir"}) == load_settings().model_dump(exclude={"data_dir"})


def test_no_line_of_the_example_is_longer_than_a_screen() -> None:
    assert [line for line in example().splitlines() if len(line) > 125] == []


def test_a_secret_of_the_example_is_no_secret() -> None:
    with pytest.raises(SettingsRefusedError):
        load_settings().secret_bytes()
