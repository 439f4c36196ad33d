"""The few words of a decision: the most telling record, its gates counted, every number fit for the wire."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.answers import WATCHING, deciding, holding
from domain.timeframes import Timeframe
from strategy.gates import NO_GATE as NO_SEAT
from strategy.gates import Action, Care, DecisionKind, Gate, Verdict
from strategy.tables import DECISION_DTYPE, Table
from wire.codec import decode, encode
from wire.enums import NO_GATE
from wire.messages import Decision


def an_entry(action: Action = Action.HOLD, decided_by: int = NO_SEAT, score: float = 0.5, **verdicts: Verdict) -> Table:
    row = np.zeros(1, DECISION_DTYPE)
    row["kind"], row["action"], row["decided_by"] = DecisionKind.ENTRY, action, decided_by
    row["timeframe"], row["score"], row["time_ns"] = Timeframe.M15, score, 7
    for name, verdict in verdicts.items():
        row["gates"][0, Gate[name.upper()], 2] = verdict
    return row


def care(action: Action, rule: int, ticket: int = 42) -> Table:
    row = np.zeros(1, DECISION_DTYPE)
    row["kind"], row["action"], row["decided_by"] = DecisionKind.POSITION, action, rule
    row["timeframe"], row["position_ticket"], row["score"] = Timeframe.H1, ticket, np.nan
    return row


def test_nothing_to_decide() -> None:
    decision = holding(3, 1, 99)
    assert (decision.batch, decision.symbol_index, decision.decided_ns) == (3, 1, 99)
    assert (decision.action, decision.intents_following, decision.text) == (Action.HOLD, 0, WATCHING)
    assert decision.first_refusing_gate == NO_GATE


def test_a_refused_entry_names_its_gate() -> None:
    rows = an_entry(decided_by=Gate.SPREAD, spread=Verdict.REFUSED, session=Verdict.PASSED, confluence=Verdict.UNKNOWN)
    decision = deciding(1, 0, rows, 0)
    assert (decision.gates_passed, decision.gates_refused) == (1, 2)
    assert decision.first_refusing_gate == Gate.SPREAD
    assert decision.text == "M15 hold: spread"
    assert (decision.timeframe, decision.decided_ns) == (Timeframe.M15, 7)


def test_an_entry_names_its_lots() -> None:
    rows = an_entry(Action.BUY)
    rows["lots"] = 0.25
    decision = deciding(1, 0, rows, 1)
    assert (decision.text, decision.intents_following) == ("M15 buy 0.25", 1)
    assert decision.first_refusing_gate == NO_GATE


def test_position_care_names_its_ticket_and_rule() -> None:
    decision = deciding(1, 0, care(Action.PARTIAL_CLOSE, Care.PARTIAL_CLOSE), 1)
    assert decision.text == "H1 #42 partial close: partial close"
    assert decision.first_refusing_gate == NO_GATE
    assert decision.score == 0.0


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([an_entry(Action.SELL), an_entry(decided_by=Gate.WARM_UP)], "M15 sell 0"),
        ([an_entry(decided_by=Gate.WARM_UP), care(Action.HOLD, NO_SEAT)], "M15 hold: warm up"),
        ([care(Action.HOLD, NO_SEAT, 1), care(Action.HOLD, NO_SEAT, 2)], "H1 #2 hold"),
    ],
)
def test_the_most_telling_record_speaks(rows: list[Table], text: str) -> None:
    assert deciding(1, 0, np.concatenate(rows), 0).text == text


@given(st.floats(), st.sampled_from(Action), st.sampled_from([NO_SEAT, *Gate]))
def test_every_answer_fits_the_wire(score: float, action: Action, seat: int) -> None:
    decision = deciding(1, 0, an_entry(action, seat, score), 1)
    _, read = decode(encode(decision))
    assert isinstance(read, Decision)
    assert read == decision
