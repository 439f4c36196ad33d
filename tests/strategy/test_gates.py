"""Numbers of gates and verdicts are on record for ever; the page explains every one of them."""

from enum import IntEnum
from pathlib import Path

import pytest

from strategy.gates import GATE_SEATS, NO_GATE, Action, Care, DecisionKind, Gate, Verdict, gate_name
from strategy.guard_care import GuardCare, decide_guarded
from tests.strategy.care_scenes import HELD, CareScene
from tests.strategy.scenes import BUY, Recorded

PAGE = Path(__file__).resolve().parents[2] / "docs" / "decisions.md"

# what old records hold: a number may be added, never changed or used again
ON_RECORD: list[tuple[type[IntEnum], dict[str, int]]] = [
    (
        Gate,
        {
            "TRADING_ALLOWED": 0,
            "WARM_UP": 1,
            "SESSION": 2,
            "SPREAD": 3,
            "NEWS": 4,
            "CONFLUENCE": 5,
            "REWARD_TO_RISK": 6,
            "DUPLICATE": 7,
            "SYMBOL_POSITIONS": 8,
            "MAX_SYMBOLS": 9,
            "RISK_LOTS": 10,
            "LEVERAGE": 11,
            "FREE_MARGIN": 12,
            "VOLUME_LIMIT": 13,
            "WEEKEND": 24,
            "ROLLOVER": 25,
            "SENTIMENT": 26,
        },
    ),
    (
        Care,
        {
            "TIME_STOP": 0,
            "PARTIAL_CLOSE": 1,
            "BREAK_EVEN": 2,
            "TRAILING": 3,
            "RISK_AFTER_FILL": 4,
            "WEEKEND": 5,
            "ROLLOVER": 6,
            "CHANDELIER": 7,
            "TRAILING_FIXED": 8,
            "TRAILING_STEPPED": 9,
            "FREEZE_LEVEL": 12,
            "NEWS": 13,
            "NEWS_LEVERAGE": 14,
        },
    ),
    (Verdict, {"ABSENT": 0, "PASSED": 1, "REFUSED": 2, "UNKNOWN": 3, "FIRED": 4}),
    (Action, {"HOLD": 0, "BUY": 1, "SELL": 2, "MODIFY": 3, "PARTIAL_CLOSE": 4, "CLOSE": 5}),
    (DecisionKind, {"ENTRY": 1, "POSITION": 2}),
]
SEATS = [(DecisionKind.ENTRY, gate) for gate in Gate] + [(DecisionKind.POSITION, care) for care in Care]


@pytest.mark.parametrize(("enumeration", "numbers"), ON_RECORD)
def test_numbers_on_record_stay(enumeration: type[IntEnum], numbers: dict[str, int]) -> None:
    members = {member.name: member.value for member in enumeration}
    assert {name: members.get(name) for name in numbers} == numbers
    assert len(set(members.values())) == len(enumeration.__members__)


def test_every_gate_has_a_seat() -> None:
    assert max(Gate) < GATE_SEATS
    assert max(Care) < GATE_SEATS
    assert NO_GATE not in set(Gate) | set(Care)


@pytest.mark.parametrize(
    ("kind", "seat", "name"),
    [
        (DecisionKind.ENTRY, 6, "reward to risk"),
        (DecisionKind.ENTRY, 0, "trading allowed"),
        (DecisionKind.POSITION, 0, "time stop"),
        (DecisionKind.POSITION, 3, "trailing"),
    ],
)
def test_names_for_people(kind: int, seat: int, name: str) -> None:
    assert gate_name(kind, seat) == name


@pytest.mark.parametrize(
    ("kind", "seat"), [(DecisionKind.ENTRY, 27), (DecisionKind.POSITION, 27), (DecisionKind.ENTRY, NO_GATE)]
)
def test_a_vacant_seat_has_no_name(kind: int, seat: int) -> None:
    with pytest.raises(ValueError, match="not a valid"):
        gate_name(kind, seat)


# -- the page ----------------------------------------------------------------------------------------------------------


def _record(kind: DecisionKind, gates: Recorded) -> str:
    names = Gate if kind is DecisionKind.ENTRY else Care
    return "\n".join(_line(gate_name(kind, seat), *gates[seat]) for seat in names)


def _line(name: str, value: float, threshold: float, verdict: float) -> str:
    return f"{name:<18}{value:>12.6g}{threshold:>12.6g}  {Verdict(int(verdict)).name}"


def _guarded(scene: CareScene) -> Recorded:
    gates = scene.decided()[1]
    decide_guarded(*scene, GuardCare(kept_fraction=1.0, halted=0.0), gates)
    return gates


@pytest.mark.parametrize(("kind", "seat"), SEATS)
def test_the_page_explains_every_gate(kind: DecisionKind, seat: IntEnum) -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {seat.value} |")]
    assert any(f"| {seat.value} | `{seat.name}` |" in row for row in rows)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_page_explains_every_verdict(verdict: Verdict) -> None:
    assert f"| {verdict.value} | `{verdict.name}` |" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "gates"),
    [
        (DecisionKind.ENTRY, BUY.changed(bid=1.0999, score=0.55).decided()[1]),
        (DecisionKind.POSITION, _guarded(HELD.at(1.10151))),
    ],
    ids=["entry", "position"],
)
def test_the_page_shows_records_as_they_are(kind: DecisionKind, gates: Recorded) -> None:
    assert _record(kind, gates) in PAGE.read_text(encoding="utf-8")
