"""Fault plans: what is refused, and that the refusal names the field."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retcodes import Outcome, Retcode, outcome_of
from sim.faults.distributions import Empirical, Fixed, Lognormal, Normal, Uniform
from sim.faults.plan import Connection, FaultPlan, Latency, Outage, Transactions, plan_in, retcode_of
from sim.faults.presets import PRESETS, plan_named
from sim.faults.problems import FaultPlanError

PLAN_STRUCTS = [
    FaultPlan,
    *(type(value) for value in msgspec.structs.astuple(FaultPlan()) if isinstance(value, msgspec.Struct)),
    Outage,
    Fixed,
    Uniform,
    Lognormal,
    Normal,
    Empirical,
]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"lattency": {}}, "fault plan", "lattency"),
        ({"seed": -1}, "seed", ">= 0"),
        ({"latency": {"to_server": {"kind": "fixed", "value": -1.0}}}, "latency.to_server", "below 0"),
        ({"latency": {"to_server": {"kind": "normal", "sigma": 1.0}}}, "latency.to_server", "below 0"),
        ({"latency": {"to_terminal": {"kind": "guess"}}}, "latency.to_terminal.kind", "guess"),
        ({"latency": {"to_server": {"kind": "uniform", "low": 3.0, "high": 1.0}}}, "latency.to_server", "above high"),
        ({"latency": {"to_server": {"kind": "lognormal", "median": 0.0}}}, "latency.to_server.median", "> 0"),
        ({"latency": {"to_server": {"kind": "empirical", "values": []}}}, "latency.to_server.values", "length >= 1"),
        ({"execution": {"requote_rate": 1.5}}, "execution.requote_rate", "<= 1"),
        ({"execution": {"rejects": {"NONSENSE": 0.1}}}, "execution", "NONSENSE"),
        ({"execution": {"rejects": {"DONE": 0.1}}}, "execution", "carried out"),
        ({"execution": {"requote_rate": 0.6, "rejects": {"REJECT": 0.6}}}, "execution", "more than 1"),
        ({"acknowledgements": {"lost_as": "DONE"}}, "acknowledgements.lost_as", "DONE"),
        ({"acknowledgements": {"timeout_ms": 0}}, "acknowledgements.timeout_ms", ">= 1"),
        ({"transactions": {"delay_ms": {"kind": "fixed", "value": -5.0}}}, "transactions", "below 0"),
        ({"connection": {"outages": [{"start": "noon", "seconds": 1.0}]}}, "connection.outages", "noon"),
        ({"connection": {"outages": [{"start": "2025-06-02T14:00", "seconds": 0.0}]}}, "connection.outages", "> 0"),
        ({"news": {"releases": ["tomorrow"]}}, "news", "tomorrow"),
        ({"clock": {"daylight": "mars"}}, "clock.daylight", "mars"),
        ({"clock": {"winter_offset_s": 7_201}}, "clock.winter_offset_s", "multiple"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(given: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(FaultPlanError) as refused:
        plan_in(given)
    assert refused.value.field.startswith(field)
    assert words in str(refused.value)


@pytest.mark.parametrize("struct", PLAN_STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_says_what_it_is(struct: type[msgspec.Struct]) -> None:
    for field in msgspec.json.schema(struct)["$defs"][struct.__name__]["properties"].items():
        name, told = field
        assert name == "kind" or told.get("description"), f"{struct.__name__}.{name}"


@pytest.mark.parametrize("code", Retcode)
def test_any_retcode_but_those_that_say_done_can_be_asked_for(code: Retcode) -> None:
    if outcome_of(code) in (Outcome.REFUSED, Outcome.UNKNOWN):
        assert retcode_of(code.name.lower()) == retcode_of(str(int(code))) == code
    else:
        with pytest.raises(FaultPlanError):
            retcode_of(code.name)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(msgspec.json.encode(PRESETS[name]))
    assert plan_named(str(file)) == plan_named(name) == PRESETS[name]


def test_a_plan_in_toml(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(
        'seed = 7\nlatency.to_server = {kind = "fixed", value = 120}\n[execution.rejects]\n10019 = 0.25\n'
        '[[connection.outages]]\nstart = "2025-06-02T14:00"\nseconds = 30\n'
    )
    plan = plan_named(str(file))
    assert (plan.seed, plan.latency.to_server) == (7, Fixed(value=120.0))
    assert plan.execution.refusals == ((Retcode.REQUOTE, 0.0), (Retcode.NO_MONEY, 0.25))
    assert plan.connection.outages[0].span_utc_msc == (1_748_872_800_000, 1_748_872_830_000)


@pytest.mark.parametrize("text", ["seed = ", "[[["])
def test_a_file_that_cannot_be_read_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(text)
    with pytest.raises(FaultPlanError, match=r"plan\.toml cannot be read"):
        plan_named(str(file))


def test_a_name_that_means_nothing_lists_those_that_do() -> None:
    with pytest.raises(FaultPlanError, match="none, typical, rough, nfp"):
        plan_named("gentle")


def test_what_makes_requests_travel() -> None:
    assert not FaultPlan().is_on_the_line
    assert not FaultPlan(execution=plan_named("rough").execution).is_on_the_line
    assert FaultPlan(latency=Latency(to_server=Fixed(value=1.0))).is_on_the_line
    assert FaultPlan(transactions=Transactions(duplicate_rate=0.1)).is_on_the_line
    assert FaultPlan(connection=Connection(outages_per_day=1.0)).is_on_the_line


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from([*FaultPlan.__struct_fields__, "kind", "value", "rejects"]) | st.text(), inner
        ),
    )
)
def test_whatever_a_file_holds_it_is_a_plan_or_refused(found: object) -> None:
    try:
        plan = plan_in(found)
    except FaultPlanError:
        return
    assert plan_in(json.loads(msgspec.json.encode(plan))) == plan
