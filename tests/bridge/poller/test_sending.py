"""Requests as the package takes them, and answers that say no more than they do."""

import pytest

import sim.metatrader5 as mt5
from bridge.poller.sending import answer_to, request_fields
from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Outcome, Retcode, outcome_of
from sim.metatrader5.arguments import request_fields as as_the_package_checks
from tests.bridge.poller.world import Failing, World
from tests.sim.venues import EURUSD, order, ticks_of

REQUESTS = [
    order(1, 1.0, sl=1.0, tp=2.0, comment="CMP0123456789abcdef"),
    TradeRequest(action=TradeAction.SLTP, symbol="EURUSD", position_ticket=5),
    TradeRequest(action=TradeAction.REMOVE, order_ticket=7),
    TradeRequest(action=TradeAction.CLOSE_BY, position_ticket=5, position_by=6),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.action.name)
def test_every_field_has_the_type_the_package_insists_on(request_: TradeRequest) -> None:
    fields = request_fields(request_)
    assert as_the_package_checks(fields) == fields
    assert all(type(value) in (int, float, str) for value in fields.values())


def test_levels_that_are_taken_away_are_sent_as_zeros() -> None:
    fields = request_fields(REQUESTS[1])
    assert fields == {"action": 6, "magic": 0, "symbol": "EURUSD", "position": 5, "sl": 0.0, "tp": 0.0}


@pytest.mark.parametrize(
    ("code", "retcode"),
    [
        (-2, Retcode.INVALID),
        (-8, Retcode.CLIENT_DISABLES_AT),
        (-1, Retcode.TIMEOUT),
        (-10001, Retcode.TIMEOUT),
        (-10002, Retcode.TIMEOUT),
        (-10004, Retcode.TIMEOUT),
        (-10005, Retcode.TIMEOUT),
        (1, Retcode.TIMEOUT),
    ],
)
def test_without_an_answer_only_a_proof_is_a_refusal(code: int, retcode: Retcode) -> None:
    package = Failing(order_send=lambda _request: None)
    link = World().link(package)
    package.last_error = lambda: (code, "words")
    answer = answer_to(link, REQUESTS[0])
    assert answer.retcode == retcode
    assert "words" in answer.comment
    assert outcome_of(answer.retcode) is (Outcome.UNKNOWN if retcode == Retcode.TIMEOUT else Outcome.REFUSED)


def test_an_answer_is_taken_over_field_by_field() -> None:
    world = World({"EURUSD": ticks_of([(1.1, 1.1002)])}, (EURUSD,))
    world.play()
    answer = answer_to(world.link(), order(1, 0.5))
    (position,) = world.terminal.positions()
    assert (answer.retcode, answer.order_ticket) == (Retcode.DONE, position.position_ticket)
    assert (answer.volume, answer.price, answer.bid, answer.ask) == (0.5, 1.1002, 1.1, 1.1002)
    assert answer.comment == "Request executed"
    assert answer.deal_ticket == mt5.history_deals_get(ticket=answer.order_ticket)[0].ticket  # type: ignore[index]
