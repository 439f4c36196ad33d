"""Every answer of the trade server has a meaning, and what is not known to be refused is never taken as refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retcodes import SAFE_TO_RETRY, Outcome, Retcode, explained, outcome_of

# MQL5 reference, "Return Codes of the Trade Server"
MT5_CODES = {
    10004: "REQUOTE",
    10006: "REJECT",
    10007: "CANCEL",
    10008: "PLACED",
    10009: "DONE",
    10010: "DONE_PARTIAL",
    10011: "ERROR",
    10012: "TIMEOUT",
    10013: "INVALID",
    10014: "INVALID_VOLUME",
    10015: "INVALID_PRICE",
    10016: "INVALID_STOPS",
    10017: "TRADE_DISABLED",
    10018: "MARKET_CLOSED",
    10019: "NO_MONEY",
    10020: "PRICE_CHANGED",
    10021: "PRICE_OFF",
    10022: "INVALID_EXPIRATION",
    10023: "ORDER_CHANGED",
    10024: "TOO_MANY_REQUESTS",
    10025: "NO_CHANGES",
    10026: "SERVER_DISABLES_AT",
    10027: "CLIENT_DISABLES_AT",
    10028: "LOCKED",
    10029: "FROZEN",
    10030: "INVALID_FILL",
    10031: "CONNECTION",
    10032: "ONLY_REAL",
    10033: "LIMIT_ORDERS",
    10034: "LIMIT_VOLUME",
    10035: "INVALID_ORDER",
    10036: "POSITION_CLOSED",
    10038: "INVALID_CLOSE_VOLUME",
    10039: "CLOSE_ORDER_EXIST",
    10040: "LIMIT_POSITIONS",
    10041: "REJECT_CANCEL",
    10042: "LONG_ONLY",
    10043: "SHORT_ONLY",
    10044: "CLOSE_ONLY",
    10045: "FIFO_CLOSE",
    10046: "HEDGE_PROHIBITED",
}
NOT_REFUSED = {
    10008: Outcome.PENDING,
    10009: Outcome.DONE,
    10010: Outcome.PARTIAL,
    10011: Outcome.UNKNOWN,
    10012: Outcome.UNKNOWN,
    10025: Outcome.DONE,
    10031: Outcome.UNKNOWN,
}


def test_the_list_is_complete() -> None:
    assert {code.value: code.name for code in Retcode} == MT5_CODES


@pytest.mark.parametrize("retcode", MT5_CODES)
def test_what_each_code_means(retcode: int) -> None:
    assert outcome_of(retcode) is NOT_REFUSED.get(retcode, Outcome.REFUSED)


def test_no_unknown_code_is_taken_as_a_refusal() -> None:
    unknown = [retcode for retcode in range(20_001) if retcode not in MT5_CODES]
    assert {outcome_of(retcode) for retcode in unknown} == {Outcome.UNKNOWN}


@given(retcode=st.integers(-(2**31), 2**32))
def test_every_number_has_an_outcome(retcode: int) -> None:
    assert isinstance(outcome_of(retcode), Outcome)
    assert str(retcode) in explained(retcode)


def test_only_what_was_refused_may_be_tried_again() -> None:
    assert {Retcode.REQUOTE, Retcode.PRICE_CHANGED, Retcode.PRICE_OFF} == SAFE_TO_RETRY
    assert {outcome_of(retcode) for retcode in SAFE_TO_RETRY} == {Outcome.REFUSED}


def test_explanations_name_the_code_and_the_remedy() -> None:
    assert explained(10027) == "10027 CLIENT_DISABLES_AT: switch AutoTrading on in the terminal"
    assert explained(10009) == "10009 DONE"
    assert explained(10037) == "retcode 10037 (not in MT5's published list)"
