"""An intent's id survives its way through an order comment; how intents can end."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.intents import COMMENT_LIMIT, IntentState, comment_of, intent_id_in

intent_ids = st.integers(0, 2**64 - 1)
appended = st.sampled_from(["", "[sl 1.23456]", "[tp 4033.03]", " [so 19.98%/100.00]", "]", " to #123", "\x00"])
FINAL = {IntentState.FILLED, IntentState.PARTLY_FILLED, IntentState.REJECTED, IntentState.EXPIRED}


@given(intent_id=intent_ids, text=appended)
@example(intent_id=0, text="")
@example(intent_id=2**64 - 1, text="[sl 1.0]")
def test_an_id_is_found_again_whatever_the_server_appends(intent_id: int, text: str) -> None:
    assert intent_id_in(comment_of(intent_id) + text) == intent_id


@given(intent_id=intent_ids)
def test_a_comment_is_short_and_plain(intent_id: int) -> None:
    comment = comment_of(intent_id)
    assert len(comment) <= COMMENT_LIMIT
    assert set(comment) <= set(string.ascii_letters + string.digits)


def test_the_limit_is_what_brokers_keep() -> None:
    assert COMMENT_LIMIT == 27


@given(first=intent_ids, second=intent_ids)
def test_two_ids_never_share_a_comment(first: int, second: int) -> None:
    assert (comment_of(first) == comment_of(second)) == (first == second)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "batchClose",
        "[sl 4028.45]",
        "[tp 4033.03]",
        "0.01397",
        "DRILL-DEMO-001-POS",
        "CMP",
        "CMP00000000000000f",
        "CMP00000000000000FF",
        "cmp00000000000000ff",
        " CMP00000000000000ff",
        "CMP-0000000000000ff",
        "CMP0000000000000g0f",
    ],
)
def test_foreign_comments_are_not_ours(comment: str) -> None:
    assert intent_id_in(comment) is None


@given(comment=st.text(max_size=40))
def test_any_text_is_ours_only_if_we_wrote_it(comment: str) -> None:
    found = intent_id_in(comment)
    assert found is None or comment.startswith(comment_of(found))


@given(intent_id=intent_ids, kept=st.integers(0, 18))
def test_a_comment_that_was_cut_is_not_guessed(intent_id: int, kept: int) -> None:
    assert intent_id_in(comment_of(intent_id)[:kept]) is None


@pytest.mark.parametrize("state", IntentState)
def test_final_states(state: IntentState) -> None:
    assert state.is_final == (state in FINAL)
