"""The installation guide quotes the EA as it is: its inputs, its messages, its states."""

import re

import pytest

from sim.mql5.lint import source_files
from tests.architecture.tree import ROOT

PAGE = (ROOT / "docs" / "install-ea.md").read_text(encoding="utf-8")
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in source_files([ROOT / "ea"])}
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
MESSAGES = re.findall(
    r"^\| `([^`]+)` \|.*\|.*\|$", PAGE[PAGE.index("| message |") : PAGE.index("| sight |")], re.MULTILINE
)


def _said() -> str:
    """Every string of the EA, one a line; what StringFormat fills in is `...`."""
    strings = [text for source in SOURCES.values() for text in STRING.findall(source)]
    return "\n".join(re.sub(r"%[\d.]*(?:I64)?[a-z]", "...", text.replace("\\\\", "\\")) for text in strings)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_page_is_one_of_the_ea(message: str) -> None:
    said = _said()
    for part in filter(None, (part.strip() for part in message.split("..."))):
        assert part in said, part


def test_there_are_messages() -> None:
    assert len(MESSAGES) > 20


@pytest.mark.parametrize("source", ["Panel.mqh"])
def test_every_obstacle_the_chart_shows_is_on_the_page(source: str) -> None:
    shown = re.findall(r'return\((?:StringFormat\()?"([^"%]{12,})', SOURCES[source])
    shown += re.findall(r'\? "" : "([^"]+)"', SOURCES[source])
    assert len(shown) > 6
    missing = [text for text in shown if not any(_starts(message, text) for message in MESSAGES)]
    assert missing == []


def _starts(message: str, text: str) -> bool:
    return text.startswith(message.partition("...")[0].strip())


def test_every_message_about_the_files_is_on_the_page() -> None:
    kept = re.findall(r'm_problem=Complaint\((?:StringFormat\()?"([^"]+)"', SOURCES["Memory.mqh"])
    kept += re.findall(r'"MQL5[^" ]+%s%s ([^"]+)"', SOURCES["Memory.mqh"])
    assert len(kept) > 3
    for text in kept:
        head = re.split(r"[:,%(]", text)[0].strip()
        assert any(head in message for message in MESSAGES), text


def test_inputs_of_the_page_are_inputs_of_the_ea() -> None:
    declared = set(re.findall(r"^input \w+\s+(Inp\w+)=", SOURCES["Companion.mq5"], re.MULTILINE))
    assert declared
    assert set(re.findall(r"\bInp[A-Z]\w+", PAGE)) <= declared


def test_states_of_the_page_are_states_of_the_ea() -> None:
    states = set(re.findall(r"^\s+(SESSION_[A-Z]+),?\s+// ", SOURCES["Session.mqh"], re.MULTILINE))
    assert set(re.findall(r"\bSESSION_[A-Z]+\b", PAGE)) == states


def test_files_of_the_page_are_there() -> None:
    assert (ROOT / "ea" / "Experts" / "Companion.mq5").is_file()
    assert "ea/Experts/Companion.mq5" in PAGE
    assert "Expert=Companion\n" in PAGE


def test_the_states_on_the_panel_are_what_the_page_shows() -> None:
    shown = re.search(r'Comment\(StringFormat\("([^"]+)"', SOURCES["Panel.mqh"])
    assert shown is not None
    lines = re.sub(r"%[\d.]*(?:I64)?[a-z]", "...", shown.group(1)).split("\\n")
    assert lines[:3] == ["Companion ...:...: ...", "... ticks sent", "last decision ..."]
    assert "ticks sent\nlast decision EURUSD.m" in PAGE
