"""The generated functions that fill structures: current, and complete. The tests of the EA show that they are right."""

import re

import pytest

from tests.architecture.tree import ROOT
from wire import filling, items, records
from wire.enums import MessageType
from wire.layout import Record

COMMITTED = (ROOT / filling.FILLING_PATH).read_text(encoding="utf-8")
DONE_BY_HAND = {"WireSymbol": {"margin_rate_buy", "margin_rate_sell", "sessions"}}


def body_of(signature: str) -> str:
    found = re.search(re.escape(signature) + r"[^{]*\{(.*?)\n  \}", COMMITTED, re.DOTALL)
    assert found, signature
    return found.group(1)


def filled(code: str) -> list[str]:
    return re.findall(r"^   (?:CText::Put\()?body\.(\w+)[=,]", code, re.MULTILINE)


def test_the_committed_file_is_current() -> None:
    assert filling.mql5_filling() == COMMITTED, "run scripts/generate-wire-header"


@pytest.mark.parametrize(
    "record", [items.SYMBOL, items.DEAL, items.POSITION, items.ORDER, items.CALENDAR_VALUE], ids=lambda one: one.name
)
def test_every_field_is_filled_once(record: Record) -> None:
    code = body_of(f"void WireFill({record.name} &body")
    assert code.lstrip().startswith("ZeroMemory(body);")
    expected = {field.name for field in record.fields} - DONE_BY_HAND.get(record.name, set())
    assert sorted(filled(code)) == sorted(expected)


@pytest.mark.parametrize(
    ("function", "sharing"),
    [
        ("WireFillMoney", (records.HEARTBEAT, records.TICKS, records.REPORT, records.SNAPSHOT)),
        ("WireFillIdentity", (records.HELLO, records.SNAPSHOT)),
    ],
)
def test_what_several_structures_share_is_in_all_of_them(function: str, sharing: tuple[Record, ...]) -> None:
    names = set(filled(body_of(f"void {function}(T &body")))
    assert len(names) >= 4
    layouts = [{field.name: field.kind[:3] for field in record.fields if field.name in names} for record in sharing]
    assert layouts[0].keys() == names
    assert all(layout == layouts[0] for layout in layouts)


def test_every_amount_of_an_intent_is_checked() -> None:
    checked = re.findall(r"WireIsAmount\(body\.(\w+)\)", COMMITTED)
    assert checked == [field.name for field in records.INTENT.fields if field.kind.mql == "double"]


def test_sizes_are_those_of_the_bodies() -> None:
    cases = dict(re.findall(r"case WIRE_MESSAGE_(\w+): return\(\(int\)sizeof\((\w+)\)\)", COMMITTED))
    assert cases == {name: records.BODIES[MessageType[name]].name for name in cases}
    assert {"CHALLENGE", "WELCOME", "DECISION", "INTENT", "HEARTBEAT", "ERROR", "BYE", "HISTORY"} == cases.keys()
