"""The table of an intent's life, against rules that are written down independently of it."""

from itertools import pairwise, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.lifecycle import (
    TURNS,
    Evidence,
    IntentRecord,
    Turn,
    after_deal,
    after_end,
    after_position,
    after_result,
    after_sending,
    end_evidence,
    evidence_of,
    executes,
    fill_evidence,
    is_trade,
    opens,
    says_something_new,
    turned,
)
from domain.intents import IntentKind, IntentState
from domain.retcodes import Retcode
from domain.trading import DealEntry, DealType
from domain.updates import IntentResult, ResultPhase
from tests.account.samples import deal, done, exit_deal, intent, result

ISSUED, ACKNOWLEDGED, UNKNOWN = IntentState.ISSUED, IntentState.ACKNOWLEDGED, IntentState.UNKNOWN
FILLED, PARTLY = IntentState.FILLED, IntentState.PARTLY_FILLED
REJECTED, EXPIRED = IntentState.REJECTED, IntentState.EXPIRED
OPEN_STATES = (ISSUED, ACKNOWLEDGED, UNKNOWN)
FINAL_STATES = (FILLED, PARTLY, REJECTED, EXPIRED)
EXECUTIONS = (Evidence.DONE, Evidence.PARTIAL, Evidence.FILLED_SOME, Evidence.FILLED_ALL)
CELLS = list(product(IntentState, Evidence))
EVIDENCE = st.sampled_from(Evidence)


def record(state: IntentState = ISSUED, phase: int = 0) -> IntentRecord:
    return IntentRecord(intent=intent(), state=state, phase=phase)


def path(evidence: tuple[Evidence, ...], state: IntentState = ISSUED) -> list[IntentState]:
    states = [state]
    for item in evidence:
        states.append(TURNS[states[-1], item].state)
    return states


# -- the table --------------------------------------------------------------------------------------------------------


def test_every_state_and_every_evidence_has_one_turn() -> None:
    assert set(TURNS) == set(CELLS)
    assert len(CELLS) == 77


def allowed_changes() -> set[tuple[IntentState, IntentState]]:
    """What may follow what, from the contract: final states stay, but for a completed fill and a late execution."""
    changes = {(state, state) for state in IntentState if state != ISSUED}
    changes |= {(state, final) for state in OPEN_STATES for final in FINAL_STATES}
    changes |= {(ISSUED, ACKNOWLEDGED), (ISSUED, UNKNOWN), (ACKNOWLEDGED, UNKNOWN)}
    return changes | {(PARTLY, FILLED), (EXPIRED, FILLED), (EXPIRED, PARTLY)}


@pytest.mark.parametrize(("state", "evidence"), CELLS)
def test_no_turn_is_outside_the_contract(state: IntentState, evidence: Evidence) -> None:
    assert (state, TURNS[state, evidence].state) in allowed_changes()


@pytest.mark.parametrize(("state", "evidence"), CELLS)
def test_the_same_evidence_twice_is_the_same_as_once(state: IntentState, evidence: Evidence) -> None:
    once = TURNS[state, evidence].state
    if (state, evidence) == (ACKNOWLEDGED, Evidence.NO_TRACE):  # the one step that takes a second look to conclude
        assert once == UNKNOWN
    else:
        assert TURNS[once, evidence].state == once


@pytest.mark.parametrize("state", OPEN_STATES)
@pytest.mark.parametrize(
    ("evidence", "following"),
    [
        (Evidence.DONE, FILLED),
        (Evidence.FILLED_ALL, FILLED),
        (Evidence.PARTIAL, PARTLY),
        (Evidence.FILLED_SOME, PARTLY),
        (Evidence.REFUSED, REJECTED),
        (Evidence.AMBIGUOUS, UNKNOWN),
        (Evidence.SILENCE, UNKNOWN),
        (Evidence.STANDS, FILLED),
        (Evidence.TOO_LATE, EXPIRED),
    ],
)
def test_an_open_intent_follows_its_evidence(state: IntentState, evidence: Evidence, following: IntentState) -> None:
    assert TURNS[state, evidence] == Turn(following)


def test_a_word_of_the_terminal_acknowledges() -> None:
    assert TURNS[ISSUED, Evidence.RECEIVED] == Turn(ACKNOWLEDGED)
    assert TURNS[ACKNOWLEDGED, Evidence.RECEIVED] == Turn(ACKNOWLEDGED)


def test_a_late_acknowledgement_does_not_settle_an_unknown_outcome() -> None:
    assert TURNS[UNKNOWN, Evidence.RECEIVED] == Turn(UNKNOWN)


def test_an_acknowledged_intent_never_expires_for_want_of_a_trace() -> None:
    assert TURNS[ACKNOWLEDGED, Evidence.NO_TRACE].state == UNKNOWN
    assert TURNS[ISSUED, Evidence.NO_TRACE].state == EXPIRED
    assert TURNS[UNKNOWN, Evidence.NO_TRACE].state == EXPIRED


@pytest.mark.parametrize("state", OPEN_STATES)
def test_only_a_refusal_rejects(state: IntentState) -> None:
    rejecting = [evidence for evidence in Evidence if TURNS[state, evidence].state == REJECTED]
    assert rejecting == [Evidence.REFUSED]


@pytest.mark.parametrize("state", OPEN_STATES)
@pytest.mark.parametrize("evidence", [Evidence.AMBIGUOUS, Evidence.SILENCE])
def test_what_says_nothing_ends_nothing(state: IntentState, evidence: Evidence) -> None:
    assert not TURNS[state, evidence].state.is_final


@pytest.mark.parametrize(("state", "evidence"), CELLS)
def test_what_is_surprising(state: IntentState, evidence: Evidence) -> None:
    executed = evidence in EXECUTIONS
    contradicted = (state == REJECTED and executed) or (
        state in (FILLED, PARTLY) and evidence in (Evidence.REFUSED, Evidence.TOO_LATE)
    )
    late = state == EXPIRED and (executed or evidence == Evidence.STANDS)
    assert TURNS[state, evidence].surprising == (contradicted or late)


@pytest.mark.parametrize("evidence", EXECUTIONS)
def test_an_execution_after_the_expiry_counts(evidence: Evidence) -> None:
    assert TURNS[EXPIRED, evidence].state in (FILLED, PARTLY)


@given(st.lists(EVIDENCE, max_size=12))
def test_no_history_leaves_the_contract(evidence: list[Evidence]) -> None:
    states = path(tuple(evidence))
    assert all(change in allowed_changes() | {(ISSUED, ISSUED)} for change in pairwise(states))


@given(st.lists(EVIDENCE, max_size=8))
def test_an_intent_does_not_end_twice(evidence: list[Evidence]) -> None:
    ends = [state for before, state in pairwise(path(tuple(evidence))) if state.is_final and state != before]
    assert ends in (
        [],
        [FILLED],
        [REJECTED],
        [EXPIRED],
        [PARTLY],
        [PARTLY, FILLED],
        [EXPIRED, FILLED],
        [EXPIRED, PARTLY],
        [EXPIRED, PARTLY, FILLED],
    )


@pytest.mark.parametrize(
    "pieces",
    [
        (Evidence.RECEIVED, Evidence.DONE, Evidence.FILLED_ALL),
        (Evidence.RECEIVED, Evidence.AMBIGUOUS, Evidence.FILLED_ALL),
        (Evidence.SILENCE, Evidence.DONE, Evidence.FILLED_SOME),
        (Evidence.PARTIAL, Evidence.FILLED_SOME, Evidence.FILLED_ALL),
    ],
)
def test_the_order_in_which_a_fill_is_learned_does_not_matter(pieces: tuple[Evidence, ...]) -> None:
    assert {path(order)[-1] for order in permutations(pieces)} == {FILLED}


# -- what proves what -------------------------------------------------------------------------------------------------

REFUSALS = sorted(
    set(Retcode)
    - {Retcode.DONE, Retcode.NO_CHANGES, Retcode.DONE_PARTIAL, Retcode.PLACED}
    - {Retcode.TIMEOUT, Retcode.CONNECTION, Retcode.ERROR, Retcode.INVALID_EXPIRATION}
)


@pytest.mark.parametrize("retcode", REFUSALS)
def test_a_refusal_of_the_server_rejects(retcode: Retcode) -> None:
    assert evidence_of(result(retcode=retcode)) == Evidence.REFUSED


@pytest.mark.parametrize(
    ("retcode", "evidence"),
    [
        (Retcode.DONE, Evidence.DONE),
        (Retcode.NO_CHANGES, Evidence.DONE),
        (Retcode.DONE_PARTIAL, Evidence.PARTIAL),
        (Retcode.PLACED, Evidence.RECEIVED),
        (Retcode.TIMEOUT, Evidence.AMBIGUOUS),
        (Retcode.CONNECTION, Evidence.AMBIGUOUS),
        (Retcode.ERROR, Evidence.AMBIGUOUS),
        (Retcode.INVALID_EXPIRATION, Evidence.TOO_LATE),
        (0, Evidence.AMBIGUOUS),
        (10037, Evidence.AMBIGUOUS),
        (99999, Evidence.AMBIGUOUS),
    ],
)
def test_what_a_final_retcode_proves(retcode: int, evidence: Evidence) -> None:
    assert evidence_of(result(retcode=retcode)) == evidence


@pytest.mark.parametrize("phase", [ResultPhase.RECEIVED, ResultPhase.EXECUTING])
@pytest.mark.parametrize("retcode", [0, Retcode.DONE, Retcode.REJECT, Retcode.TIMEOUT])
def test_a_retcode_before_the_final_phase_means_nothing(phase: ResultPhase, retcode: int) -> None:
    early = IntentResult(
        intent_id=1,
        phase=phase,
        retcode=retcode,
        order_ticket=0,
        deal_ticket=0,
        position_ticket=0,
        volume=0.0,
        price=0.0,
        time_msc=0,
    )
    assert evidence_of(early) == Evidence.RECEIVED


@pytest.mark.parametrize(
    ("lots", "evidence"),
    [
        (0.1, Evidence.FILLED_ALL),
        (0.05 + 0.03 + 0.02, Evidence.FILLED_ALL),
        (0.07 + 0.02 + 0.01, Evidence.FILLED_ALL),
        (0.2, Evidence.FILLED_ALL),
        (0.09, Evidence.FILLED_SOME),
        (0.0999, Evidence.FILLED_SOME),
    ],
)
def test_a_fill_is_whole_when_the_volumes_add_up(lots: float, evidence: Evidence) -> None:
    assert fill_evidence(record(), lots) == evidence


@pytest.mark.parametrize(
    ("state", "evidence"),
    [(EXPIRED, Evidence.NO_TRACE), (UNKNOWN, Evidence.SILENCE), (FILLED, Evidence.STANDS), (ISSUED, Evidence.SILENCE)],
)
def test_what_the_bridge_must_know_to_end_an_intent(state: IntentState, evidence: Evidence) -> None:
    assert end_evidence(state) == evidence


# -- which deal executes which intent ---------------------------------------------------------------------------------

ENTRY_KINDS = {
    DealEntry.IN: {IntentKind.OPEN},
    DealEntry.INOUT: {IntentKind.OPEN},
    DealEntry.OUT: {IntentKind.CLOSE, IntentKind.PARTIAL_CLOSE},
    DealEntry.OUT_BY: {IntentKind.CLOSE, IntentKind.PARTIAL_CLOSE},
}


@pytest.mark.parametrize(("entry", "kind"), list(product(DealEntry, IntentKind)))
def test_an_entry_executes_an_opening_and_an_exit_a_closing(entry: DealEntry, kind: IntentKind) -> None:
    assert executes(intent(kind=kind), deal(entry=entry)) == (kind in ENTRY_KINDS[entry])


def test_a_stop_loss_that_carries_the_entry_comment_is_no_second_entry() -> None:
    assert not executes(intent(), exit_deal(comment="CMP0000000000000abc[sl 1.09500]"))


@pytest.mark.parametrize("kind", list(DealType))
def test_an_entry_of_money_executes_nothing(kind: DealType) -> None:
    trade = kind in (DealType.BUY, DealType.SELL)
    assert executes(intent(), deal(type=kind)) == trade
    assert is_trade(deal(type=kind)) == trade


def test_a_deal_of_another_symbol_executes_nothing() -> None:
    assert not executes(intent(), deal(symbol="EURUSD"))


def test_what_opens() -> None:
    assert [entry for entry in DealEntry if opens(deal(entry=entry))] == [DealEntry.IN, DealEntry.INOUT]


# -- the record -------------------------------------------------------------------------------------------------------


def test_sending_counts_the_attempts() -> None:
    assert after_sending(record(), 1).attempts == 1
    assert after_sending(after_sending(record(), 2), 1).attempts == 2


def test_a_result_leaves_its_figures() -> None:
    after = after_result(record(), done(text="ok"))
    assert (after.state, after.phase, after.retcode) == (FILLED, ResultPhase.FINAL, Retcode.DONE)
    assert (after.order_ticket, after.deal_tickets, after.position_ticket) == (401, (501,), 401)
    assert after.filled_lots == 0.1
    assert after.reason == "10009 DONE (ok)"


def test_figures_of_zero_do_not_replace_known_ones() -> None:
    after = after_result(after_result(record(), done()), result(retcode=Retcode.DONE))
    assert (after.order_ticket, after.deal_tickets, after.position_ticket, after.filled_lots) == (401, (501,), 401, 0.1)


def test_a_refusal_says_what_to_do() -> None:
    after = after_result(record(), result(retcode=Retcode.CLIENT_DISABLES_AT, volume=0.1))
    assert after.state == REJECTED
    assert "switch AutoTrading on" in after.reason
    assert after.filled_lots == 0.0


def test_a_phase_is_never_taken_back() -> None:
    after = after_result(after_result(record(), done()), result(ResultPhase.RECEIVED))
    assert (after.state, after.phase, after.retcode) == (FILLED, ResultPhase.FINAL, Retcode.DONE)


def test_deals_add_up_to_the_fill() -> None:
    first = after_deal(record(), deal(501, volume=0.04))
    assert (first.state, first.filled_lots, first.position_ticket, first.order_ticket) == (PARTLY, 0.04, 401, 401)
    whole = after_deal(first, deal(502, volume=0.06))
    assert (whole.state, whole.filled_lots, whole.deal_tickets) == (FILLED, 0.1, (501, 502))


def test_a_result_and_its_deal_are_one_fill() -> None:
    for after in (
        after_deal(after_result(record(), done()), deal(501)),
        after_result(after_deal(record(), deal(501)), done()),
    ):
        assert (after.state, after.filled_lots, after.deal_tickets) == (FILLED, 0.1, (501,))


def test_a_result_without_a_price_or_volume_is_completed_by_its_deal() -> None:
    after = after_deal(after_result(record(), done(volume=0.0, deal_ticket=0)), deal(777))
    assert (after.state, after.filled_lots, after.deal_tickets) == (FILLED, 0.1, (777,))


def test_a_position_is_evidence_as_well() -> None:
    after = after_position(record(UNKNOWN), 401, 0.1)
    assert (after.state, after.filled_lots, after.position_ticket) == (FILLED, 0.1, 401)
    assert after_position(record(UNKNOWN), 401, 0.05).state == PARTLY


def test_an_end_gives_its_reason_once() -> None:
    after = after_end(record(), UNKNOWN, "no word")
    assert (after.state, after.reason) == (UNKNOWN, "no word")
    assert after_end(after, UNKNOWN, "still no word") is after
    assert after_end(record(FILLED), EXPIRED, "late") == record(FILLED)


@pytest.mark.parametrize(
    ("state", "phase", "said", "new"),
    [
        (ISSUED, 0, result(ResultPhase.RECEIVED), True),
        (ACKNOWLEDGED, 1, result(ResultPhase.RECEIVED), False),
        (ACKNOWLEDGED, 1, result(ResultPhase.EXECUTING), True),
        (ACKNOWLEDGED, 2, result(ResultPhase.RECEIVED), False),
        (FILLED, 0, result(ResultPhase.RECEIVED), True),
        (FILLED, 2, done(), True),
        (FILLED, 3, done(), False),
        (FILLED, 3, result(ResultPhase.EXECUTING), False),
        (UNKNOWN, 3, done(), True),
        (UNKNOWN, 3, result(retcode=Retcode.TIMEOUT), False),
        (UNKNOWN, 3, result(retcode=Retcode.REJECT), True),
        (REJECTED, 3, done(), False),
        (EXPIRED, 3, done(), True),
        (PARTLY, 3, done(), True),
        (PARTLY, 3, result(retcode=Retcode.DONE_PARTIAL), False),
    ],
)
def test_when_a_result_says_something_new(state: IntentState, phase: int, said: IntentResult, new: bool) -> None:
    assert says_something_new(record(state, phase=phase), said) == new


@given(
    st.lists(st.sampled_from([ResultPhase.RECEIVED, ResultPhase.EXECUTING, ResultPhase.FINAL]), max_size=6), EVIDENCE
)
def test_a_result_that_was_booked_says_nothing_new(phases: list[ResultPhase], first: Evidence) -> None:
    state = record(TURNS[ISSUED, first].state)
    for phase in phases:
        if says_something_new(state, result(phase)):
            state = after_result(state, result(phase))
        assert not says_something_new(state, result(phase))


@pytest.mark.parametrize("state", list(IntentState))
def test_a_record_is_open_until_it_is_final(state: IntentState) -> None:
    assert record(state).is_open == (state in OPEN_STATES)
    assert turned(record(state), Evidence.RECEIVED) == TURNS[state, Evidence.RECEIVED]
