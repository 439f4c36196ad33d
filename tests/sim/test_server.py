"""Every answer of the trade server, by its return code."""

import msgspec
import pytest

from domain.requests import TradeAction, TradeAnswer, TradeRequest
from domain.retcodes import Retcode
from domain.symbols import ExecutionMode, FillingFlag, SymbolTradeMode
from domain.trading import DealEntry, DealReason, OrderFilling, OrderType
from sim.requests import Disturbance, ScriptedFills
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, USDJPY, Venue, order

IOC_TOO = msgspec.structs.replace(EURUSD, filling_flags=FillingFlag.FOK | FillingFlag.IOC)
SATURDAY_MSC = MONDAY_MSC + 5 * 86_400_000


def quoted(venue: Venue) -> Venue:
    venue.quote(1.1, 1.1002)
    return venue


def code(answer: TradeAnswer) -> Retcode:
    return Retcode(answer.retcode)


@pytest.mark.parametrize(("side", "price"), [(1, 1.1002), (-1, 1.1)])
def test_a_market_order_is_filled_at_its_side_of_the_quote(side: int, price: float) -> None:
    venue = quoted(Venue())
    answer = venue.open(side, 0.1, comment="mine")
    assert (code(answer), answer.price, answer.volume) == (Retcode.DONE, price, 0.1)
    assert (answer.bid, answer.ask, answer.comment) == (1.1, 1.1002, "Request executed")
    deal = venue.terminal.deals[-1]
    assert (deal.deal_ticket, deal.order_ticket) == (answer.deal_ticket, answer.order_ticket)
    assert (deal.entry, deal.reason, deal.comment) == (DealEntry.IN, DealReason.EXPERT, "mine")
    assert [one.order_ticket for one in venue.terminal.order_history] == [answer.order_ticket]


@pytest.mark.parametrize(("side", "price"), [(1, 1.1), (-1, 1.1002)])
def test_closing_by_ticket_books_the_profit(side: int, price: float) -> None:
    venue = quoted(Venue())
    ticket = venue.open(side, 0.1).order_ticket
    answer = venue.close(ticket)
    assert (code(answer), answer.price) == (Retcode.DONE, price)
    deal = venue.terminal.deals[-1]
    assert (deal.entry, deal.position_id, deal.profit) == (DealEntry.OUT, ticket, -2.0)
    assert venue.terminal.positions() == ()


def test_a_close_without_a_ticket_opens_the_opposite_position() -> None:
    venue = quoted(Venue())
    venue.open(1, 0.1)
    venue.open(-1, 0.1)
    assert [position.side for position in venue.terminal.positions()] == [1, -1]


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (0.0, Retcode.INVALID_VOLUME),
        (0.005, Retcode.INVALID_VOLUME),
        (0.015, Retcode.INVALID_VOLUME),
        (101.0, Retcode.INVALID_VOLUME),
        (0.01, Retcode.DONE),
    ],
)
def test_volume(volume: float, expected: Retcode) -> None:
    assert code(quoted(Venue()).open(1, volume)) == expected


@pytest.mark.parametrize(("sl", "tp"), [(1.1001, 0.0), (1.2, 0.0), (0.0, 1.0999), (-1.0, 0.0)])
def test_stops_on_the_wrong_side_are_10016(sl: float, tp: float) -> None:
    venue = quoted(Venue())
    assert code(venue.open(1, 0.1, sl=sl, tp=tp)) == Retcode.INVALID_STOPS
    assert venue.terminal.positions() == ()


def test_stops_inside_the_stops_level_are_10016() -> None:
    venue = quoted(Venue(msgspec.structs.replace(EURUSD, stops_level_points=50)))
    assert code(venue.open(1, 0.1, sl=1.0996)) == Retcode.INVALID_STOPS
    assert code(venue.open(1, 0.1, sl=1.0995)) == Retcode.DONE


def test_a_closed_session_is_10018() -> None:
    venue = quoted(Venue())
    ticket = venue.open(1, 0.1).order_ticket
    venue.quote(1.1, 1.1002, after_msc=SATURDAY_MSC - MONDAY_MSC)
    assert code(venue.open(1, 0.1)) == Retcode.MARKET_CLOSED
    assert code(venue.close(ticket)) == Retcode.MARKET_CLOSED
    assert code(venue.move(ticket, 1.09, 0.0)) == Retcode.MARKET_CLOSED


def test_no_money_is_10019() -> None:
    venue = quoted(Venue())
    assert code(venue.open(1, 46.0)) == Retcode.NO_MONEY  # 46 lots need 10,121.84 of 10,000.00
    assert code(venue.open(1, 45.0)) == Retcode.DONE
    assert code(venue.open(1, 1.0)) == Retcode.NO_MONEY


def test_a_hedge_needs_no_further_margin() -> None:
    venue = quoted(Venue())
    venue.open(1, 40.0)
    venue.quote(1.0985, 1.0987)  # two thirds are lost, but covering the position costs nothing
    assert venue.terminal.money().margin_free < 0.0
    assert code(venue.open(1, 0.01)) == Retcode.NO_MONEY
    assert code(venue.open(-1, 40.0)) == Retcode.DONE


@pytest.mark.parametrize("filling", [OrderFilling.IOC, OrderFilling.RETURN, OrderFilling.BOC])
def test_another_filling_than_the_symbol_s_is_10030(filling: OrderFilling) -> None:
    request = msgspec.structs.replace(order(1, 0.1), filling=filling)
    assert code(quoted(Venue()).terminal.send(request)) == Retcode.INVALID_FILL


@pytest.mark.parametrize(
    "request_",
    [
        msgspec.structs.replace(order(1, 0.1), symbol="NOPE"),
        msgspec.structs.replace(order(1, 0.1), type=OrderType.BUY_LIMIT),
        TradeRequest(action=TradeAction.PENDING, symbol="EURUSD", volume=0.1, type=OrderType.BUY, price=1.0),
        TradeRequest(action=TradeAction.PENDING, symbol="NOPE", volume=0.1, type=OrderType.BUY_LIMIT, price=1.0),
        TradeRequest(action=TradeAction.REMOVE, order_ticket=5),
        TradeRequest(action=TradeAction.MODIFY, order_ticket=5),
    ],
)
def test_what_is_not_understood_or_not_simulated_is_10013_with_words(request_: TradeRequest) -> None:
    answer = quoted(Venue()).terminal.send(request_)
    assert code(answer) == Retcode.INVALID
    assert "not simulated" in answer.comment or "unknown" in answer.comment


@pytest.mark.parametrize("side", [1, -1])
def test_closing_in_the_wrong_direction_or_symbol_is_10013(side: int) -> None:
    venue = quoted(Venue(EURUSD, USDJPY))
    venue.quote(150.0, 150.1, symbol_index=1)
    ticket = venue.open(side, 0.1).order_ticket
    same_side = msgspec.structs.replace(order(side, 0.1), position_ticket=ticket)
    other_symbol = msgspec.structs.replace(order(-side, 0.1, symbol="USDJPY"), position_ticket=ticket)
    for request in (same_side, other_symbol):
        answer = venue.terminal.send(request)
        assert code(answer) == Retcode.INVALID
        assert "opposite type" in answer.comment
    assert len(venue.terminal.positions()) == 1


def test_a_position_that_is_gone_is_10036() -> None:
    venue = quoted(Venue())
    ticket = venue.open(1, 0.1).order_ticket
    venue.close(ticket)
    request = msgspec.structs.replace(order(-1, 0.1), position_ticket=ticket)
    assert code(venue.terminal.send(request)) == Retcode.POSITION_CLOSED
    assert code(venue.move(ticket, 1.0, 0.0)) == Retcode.POSITION_CLOSED


def test_closing_more_than_there_is_is_10038() -> None:
    venue = quoted(Venue())
    ticket = venue.open(1, 0.1).order_ticket
    assert code(venue.close(ticket, 0.11)) == Retcode.INVALID_CLOSE_VOLUME
    assert code(venue.close(ticket, 0.1)) == Retcode.DONE


def test_levels_can_be_moved_and_removed_but_not_left() -> None:
    venue = quoted(Venue())
    ticket = venue.open(1, 0.1, sl=1.09, tp=1.12).order_ticket
    assert code(venue.move(ticket, 1.09, 1.12)) == Retcode.NO_CHANGES
    assert code(venue.move(ticket, 1.095, 1.12)) == Retcode.DONE
    assert code(venue.move(ticket, 1.1001, 1.12)) == Retcode.INVALID_STOPS
    assert code(venue.move(ticket, 0.0, 0.0)) == Retcode.DONE
    (position,) = venue.terminal.positions()
    assert (position.sl, position.tp) == (0.0, 0.0)


def test_a_frozen_position_is_10029() -> None:
    venue = quoted(Venue(msgspec.structs.replace(EURUSD, freeze_level_points=20)))
    ticket = venue.open(1, 0.1, sl=1.0995).order_ticket
    venue.quote(1.0996, 1.0998)
    assert code(venue.move(ticket, 1.09, 0.0)) == Retcode.FROZEN
    assert code(venue.close(ticket)) == Retcode.FROZEN
    venue.quote(1.0998, 1.1)
    assert code(venue.close(ticket)) == Retcode.DONE


@pytest.mark.parametrize(
    ("mode", "side", "expected"),
    [
        (SymbolTradeMode.DISABLED, 1, Retcode.TRADE_DISABLED),
        (SymbolTradeMode.LONGONLY, -1, Retcode.LONG_ONLY),
        (SymbolTradeMode.SHORTONLY, 1, Retcode.SHORT_ONLY),
        (SymbolTradeMode.CLOSEONLY, 1, Retcode.CLOSE_ONLY),
        (SymbolTradeMode.LONGONLY, 1, Retcode.DONE),
    ],
)
def test_the_symbol_s_trade_mode(mode: SymbolTradeMode, side: int, expected: Retcode) -> None:
    venue = quoted(Venue(msgspec.structs.replace(EURUSD, trade_mode=mode)))
    assert code(venue.open(side, 0.1)) == expected


def test_no_quote_is_10021() -> None:
    assert code(Venue().open(1, 0.1)) == Retcode.PRICE_OFF


def test_the_limit_of_positions_is_10040() -> None:
    venue = quoted(Venue(profile=msgspec.structs.replace(PROFILE, limit_positions=2)))
    codes = [code(venue.open(1, 0.01)) for _ in range(3)]
    assert codes == [Retcode.DONE, Retcode.DONE, Retcode.LIMIT_POSITIONS]


def test_the_limit_of_volume_is_10034_for_each_direction() -> None:
    venue = quoted(Venue(msgspec.structs.replace(EURUSD, volume_limit=0.3)))
    assert code(venue.open(1, 0.2)) == Retcode.DONE
    assert code(venue.open(1, 0.2)) == Retcode.LIMIT_VOLUME
    assert code(venue.open(1, 0.1)) == Retcode.DONE
    assert code(venue.open(-1, 0.3)) == Retcode.DONE


@pytest.mark.parametrize(
    ("price", "deviation", "expected"),
    [(1.1002, 0, Retcode.DONE), (1.1001, 9, Retcode.REQUOTE), (1.1001, 10, Retcode.DONE), (1.1003, 10, Retcode.DONE)],
)
def test_instant_execution_requotes_beyond_the_deviation(price: float, deviation: int, expected: Retcode) -> None:
    venue = quoted(Venue(msgspec.structs.replace(EURUSD, execution_mode=ExecutionMode.INSTANT)))
    answer = venue.terminal.send(msgspec.structs.replace(order(1, 0.1), price=price, deviation_points=deviation))
    assert code(answer) == expected
    assert (answer.bid, answer.ask) == (1.1, 1.1002)


def test_market_execution_ignores_price_and_deviation() -> None:
    venue = quoted(Venue())
    answer = venue.terminal.send(msgspec.structs.replace(order(1, 0.1), price=9.0))
    assert (code(answer), answer.price) == (Retcode.DONE, 1.1002)


@pytest.mark.parametrize("retcode", [Retcode.REQUOTE, Retcode.REJECT, Retcode.TIMEOUT, Retcode.TOO_MANY_REQUESTS])
def test_a_disturbed_request_is_not_executed(retcode: Retcode) -> None:
    venue = quoted(Venue(fills=ScriptedFills([Disturbance(retcode=retcode)])))
    assert code(venue.open(1, 0.1)) == retcode
    assert venue.terminal.positions() == ()
    assert code(venue.open(1, 0.1)) == Retcode.DONE


def test_a_lost_acknowledgement_is_a_timeout_although_the_order_was_filled() -> None:
    venue = quoted(Venue(fills=ScriptedFills([Disturbance(lost_answer=True)])))
    answer = venue.open(1, 0.1)
    assert (code(answer), answer.deal_ticket, answer.price) == (Retcode.TIMEOUT, 0, 0.0)
    assert len(venue.terminal.positions()) == 1


def test_fill_or_kill_cannot_be_filled_in_part() -> None:
    venue = quoted(Venue(IOC_TOO, fills=ScriptedFills([Disturbance(fill_fraction=0.5)])))
    assert code(venue.open(1, 0.1)) == Retcode.REJECT
    assert venue.terminal.positions() == ()


@pytest.mark.parametrize(("fraction", "filled"), [(0.5, 0.05), (0.55, 0.05), (0.1, 0.01)])
def test_immediate_or_cancel_takes_what_there_is(fraction: float, filled: float) -> None:
    venue = quoted(Venue(IOC_TOO, fills=ScriptedFills([Disturbance(fill_fraction=fraction)])))
    answer = venue.terminal.send(msgspec.structs.replace(order(1, 0.1), filling=OrderFilling.IOC))
    assert (code(answer), answer.volume) == (Retcode.DONE_PARTIAL, filled)
    assert [position.volume for position in venue.terminal.positions()] == [filled]


def test_nothing_to_be_had_is_a_reject() -> None:
    venue = quoted(Venue(IOC_TOO, fills=ScriptedFills([Disturbance(fill_fraction=0.05)])))
    answer = venue.terminal.send(msgspec.structs.replace(order(1, 0.1), filling=OrderFilling.IOC))
    assert code(answer) == Retcode.REJECT


def test_slippage_of_the_account_and_of_the_request_add_up() -> None:
    slippery = msgspec.structs.replace(PROFILE, slippage_points=2.0)
    venue = quoted(Venue(profile=slippery, fills=ScriptedFills([Disturbance(slippage_points=3.0)])))
    ticket = venue.open(1, 0.1).order_ticket
    assert venue.terminal.deals[-1].price == 1.10025
    assert venue.close(ticket).price == 1.09998


def test_a_long_comment_is_cut() -> None:
    venue = quoted(Venue())
    venue.open(1, 0.1, comment="x" * 50)
    assert venue.terminal.deals[-1].comment == "x" * 31
