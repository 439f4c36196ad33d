"""The way of an order through the drop-in: sent, answered, held, closed, remembered."""

import pytest

import sim.metatrader5 as mt5
from domain.retcodes import Retcode
from sim.requests import Disturbance, ScriptedFills
from tests.sim.metatrader5.market import ASK, BID, MONDAY_S, AttachedMarket, market_order
from tests.sim.venues import ticks_of

EARLIER, LATER = MONDAY_S - 100, MONDAY_S + 1000


@pytest.fixture
def market() -> AttachedMarket:
    made = AttachedMarket()
    made.play(5)
    return made


def _sent(request: dict[str, object]) -> mt5.OrderSendResult:
    answer = mt5.order_send(request)
    assert answer is not None
    return answer


def _position() -> mt5.TradePosition:
    held = mt5.positions_get()
    assert held is not None
    return held[0]


def test_a_market_order_opens_a_position_named_by_the_order(market: AttachedMarket) -> None:
    answer = _sent(market_order(sl=1.09, tp=1.11))
    assert (answer.retcode, answer.comment) == (mt5.TRADE_RETCODE_DONE, "Request executed")
    assert (answer.volume, answer.price, answer.bid, answer.ask) == (0.1, ASK, BID, ASK)
    assert mt5.last_error() == (1, "Success")
    held = _position()
    assert (held.ticket, held.identifier, held.type, held.volume) == (answer.order, answer.order, 0, 0.1)
    assert (held.price_open, held.price_current, held.sl, held.tp) == (ASK, BID, 1.09, 1.11)
    assert (held.time, held.time_msc) == (MONDAY_S + 5, (MONDAY_S + 5) * 1000)
    assert (held.magic, held.comment, held.symbol) == (234000, "python script open", "EURUSD")
    assert held.reason == mt5.POSITION_REASON_EXPERT
    assert held.profit == -2.0  # 2 points of a lot's 10 USD a pip, a tenth of a lot


def test_the_answer_repeats_the_request_with_zeros_for_what_was_not_given(market: AttachedMarket) -> None:
    answer = _sent(market_order())
    assert isinstance(answer.request, mt5.TradeRequest)
    given = market_order()
    assert {name: value for name, value in answer.request._asdict().items() if value} == {
        name: value for name, value in given.items() if value
    }
    assert (answer.request.position, answer.request.sl) == (0, 0.0)


def test_requests_are_numbered(market: AttachedMarket) -> None:
    assert [_sent(market_order()).request_id for _ in range(3)] == [1, 2, 3]


def test_a_position_is_closed_by_an_order_with_its_ticket(market: AttachedMarket) -> None:
    opened = _sent(market_order())
    closed = _sent(market_order(mt5.ORDER_TYPE_SELL, position=opened.order))
    assert closed.retcode == mt5.TRADE_RETCODE_DONE
    assert mt5.positions_get() == ()
    deals = mt5.history_deals_get(position=opened.order)
    assert deals is not None
    assert [(deal.entry, deal.type, deal.price, deal.profit) for deal in deals] == [
        (mt5.DEAL_ENTRY_IN, mt5.DEAL_TYPE_BUY, ASK, 0.0),
        (mt5.DEAL_ENTRY_OUT, mt5.DEAL_TYPE_SELL, BID, -2.0),
    ]
    orders = mt5.history_orders_get(position=opened.order)
    assert orders is not None
    assert [(order.ticket, order.state, order.volume_current) for order in orders] == [
        (opened.order, mt5.ORDER_STATE_FILLED, 0.0),
        (closed.order, mt5.ORDER_STATE_FILLED, 0.0),
    ]


def test_stops_are_moved(market: AttachedMarket) -> None:
    ticket = _sent(market_order()).order
    moved = _sent({"action": mt5.TRADE_ACTION_SLTP, "symbol": "EURUSD", "position": ticket, "sl": 1.09, "tp": 1.12})
    assert moved.retcode == mt5.TRADE_RETCODE_DONE
    assert (_position().sl, _position().tp) == (1.09, 1.12)
    again = _sent({"action": mt5.TRADE_ACTION_SLTP, "position": ticket, "sl": 1.09, "tp": 1.12})
    assert (again.retcode, again.comment) == (mt5.TRADE_RETCODE_NO_CHANGES, "No changes")


@pytest.mark.parametrize(
    ("changes", "retcode", "comment"),
    [
        ({"type_filling": mt5.ORDER_FILLING_IOC}, mt5.TRADE_RETCODE_INVALID_FILL, "Unsupported filling mode"),
        ({"volume": 0.015}, mt5.TRADE_RETCODE_INVALID_VOLUME, "Invalid volume"),
        ({"sl": 1.2}, mt5.TRADE_RETCODE_INVALID_STOPS, "Invalid stops"),
        ({"volume": 90.0}, mt5.TRADE_RETCODE_NO_MONEY, "No money"),
        ({"symbol": "GBPUSD"}, mt5.TRADE_RETCODE_INVALID, "Invalid request"),
        ({"action": 99}, mt5.TRADE_RETCODE_INVALID, "Invalid request"),
        ({"type": 77}, mt5.TRADE_RETCODE_INVALID, "Invalid request"),
        ({"position": 123}, mt5.TRADE_RETCODE_POSITION_CLOSED, "Position doesn't exist"),
    ],
)
def test_a_refusal_is_an_answer_and_checked_beforehand(
    changes: dict[str, object], retcode: int, comment: str, market: AttachedMarket
) -> None:
    request = market_order() | changes
    checked = mt5.order_check(request)
    assert checked is not None
    answer = _sent(request)
    assert (checked.retcode, checked.comment) == (retcode, comment) == (answer.retcode, answer.comment)
    assert (answer.deal, answer.order) == (0, 0)
    assert mt5.positions_total() == 0


def test_a_good_request_is_checked_with_code_0_and_its_margin(market: AttachedMarket) -> None:
    checked = mt5.order_check(market_order())
    assert checked is not None
    assert (checked.retcode, checked.comment) == (0, "Done")
    assert checked.margin == mt5.order_calc_margin(mt5.ORDER_TYPE_BUY, "EURUSD", 0.1, ASK) == 22.0
    assert checked.margin_free == pytest.approx(10_000.0 - 22.0)
    assert checked.margin_level == pytest.approx(10_000.0 / 22.0 * 100.0)
    assert mt5.positions_total() == 0, "a check sends nothing"
    assert _sent(market_order()).retcode == mt5.TRADE_RETCODE_DONE
    account = mt5.account_info()
    assert account is not None
    assert account.margin == checked.margin


def test_with_autotrading_off_the_request_is_refused_by_the_terminal(market: AttachedMarket) -> None:
    market.terminal.autotrading = False
    answer = _sent(market_order())
    assert (answer.retcode, answer.comment) == (10027, "AutoTrading disabled by client")
    terminal = mt5.terminal_info()
    assert terminal is not None
    assert terminal.trade_allowed is False


def test_the_deposit_is_the_first_deal(market: AttachedMarket) -> None:
    deals = mt5.history_deals_get(EARLIER, LATER)
    assert deals is not None
    assert [(deal.type, deal.profit, deal.symbol) for deal in deals] == [(mt5.DEAL_TYPE_BALANCE, 10_000.0, "")]


def test_the_account_adds_up(market: AttachedMarket) -> None:
    _sent(market_order())
    account = mt5.account_info()
    assert account is not None
    assert account.equity == account.balance + account.profit == pytest.approx(9_998.0)
    assert account.margin_free == pytest.approx(account.equity - account.margin)
    assert account.margin_level == pytest.approx(account.equity / account.margin * 100.0)
    assert (account.margin_so_call, account.margin_so_so) == (40.0, 20.0)
    assert (account.login, account.server, account.currency) == (5, "Sim-Demo", "USD")


@pytest.mark.parametrize(
    ("action", "close", "profit"),
    [(mt5.ORDER_TYPE_BUY, 1.11, 1000.0), (mt5.ORDER_TYPE_SELL, 1.11, -1000.0), (mt5.ORDER_TYPE_BUY, 1.0995, -50.0)],
)
def test_profit_is_computed(action: int, close: float, profit: float, market: AttachedMarket) -> None:
    assert mt5.order_calc_profit(action, "EURUSD", 1.0, 1.1, close) == profit


def test_the_conveniences_buy_sell_and_close(market: AttachedMarket) -> None:
    bought, sold = mt5.Buy("EURUSD", 0.2, comment="by name"), mt5.Sell("EURUSD", 0.1)
    assert bought is not None
    assert sold is not None
    assert (bought.price, sold.price, bought.request.deviation) == (ASK, BID, 10)
    assert mt5.Close("EURUSD", ticket=sold.order) is True
    assert [held.comment for held in mt5.positions_get() or ()] == ["by name"]
    assert mt5.Close("EURUSD") is True
    assert mt5.Close("EURUSD") is False


def test_stops_hit_while_the_market_moves_are_found_in_the_history(market: AttachedMarket) -> None:
    ticket = _sent(market_order(sl=1.0999)).order
    rows = market.ticks["EURUSD"]
    rows["bid"][10], rows["ask"][10] = 1.0998, 1.1
    market.play(60)
    assert mt5.positions_total() == 0
    deals = mt5.history_deals_get(position=ticket)
    assert deals is not None
    assert (deals[-1].reason, deals[-1].price, deals[-1].comment) == (mt5.DEAL_REASON_SL, 1.0998, "[sl 1.09990]")
    orders = mt5.history_orders_get(ticket=deals[-1].order)
    assert orders is not None
    assert orders[0].reason == mt5.ORDER_REASON_SL


def test_the_history_is_asked_by_time_with_both_ends_and_by_ticket(market: AttachedMarket) -> None:
    tickets = []
    for second in (5, 6, 7):
        market.play(second)
        tickets.append(_sent(market_order()).order)
    first, last = MONDAY_S + 5, MONDAY_S + 7
    for begin in range(first - 1, last + 2):
        for end in range(begin, last + 2):
            wanted = [ticket for at, ticket in enumerate(tickets) if begin <= first + at <= end]
            deals, orders = mt5.history_deals_get(begin, end), mt5.history_orders_get(begin, end)
            assert deals is not None
            assert orders is not None
            assert [deal.order for deal in deals] == wanted == [order.ticket for order in orders]
            assert mt5.history_deals_total(begin, end) == len(wanted) == mt5.history_orders_total(begin, end)
    for ticket in tickets:
        assert [deal.order for deal in mt5.history_deals_get(ticket=ticket) or ()] == [ticket]
        assert [order.ticket for order in mt5.history_orders_get(ticket=ticket) or ()] == [ticket]
        assert [held.ticket for held in mt5.positions_get(ticket=ticket) or ()] == [ticket]
    assert mt5.history_deals_get(ticket=12345) == ()


def test_a_ticket_of_0_and_an_empty_symbol_let_all_through(market: AttachedMarket) -> None:
    _sent(market_order())
    everything = mt5.positions_get()
    assert everything is not None
    assert len(everything) == 1
    assert everything == mt5.positions_get(ticket=0, symbol="NOSUCH") == mt5.positions_get(symbol="", group="NOSUCH")
    assert mt5.positions_get(symbol="EURUSD", group="NOSUCH") == everything
    assert mt5.positions_get(symbol="NOSUCH") == ()


@pytest.mark.parametrize(("requotes", "retcode", "sent"), [(3, 10009, 4), (9, 10009, 10), (12, 10004, 10)])
def test_the_conveniences_try_ten_times_at_a_requote(requotes: int, retcode: int, sent: int) -> None:
    again = [Disturbance(retcode=Retcode.REQUOTE)] * requotes
    AttachedMarket(fills=ScriptedFills(again)).play(1)
    bought = mt5.Buy("EURUSD", 0.1)
    assert bought is not None
    assert (bought.retcode, bought.request_id) == (retcode, sent)
    dear = mt5.Buy("EURUSD", 0.1, ASK)
    assert dear is not None
    assert dear.request_id == sent + 1, "with a price of one's own there is one try"


def test_a_closed_market_is_seen_beforehand() -> None:
    saturday = ticks_of([(BID, ASK)] * 9, start_msc=(MONDAY_S + 5 * 86_400) * 1000)
    AttachedMarket({"EURUSD": saturday}).play(6 * 86_400)
    for request in (market_order(), market_order(2, action=mt5.TRADE_ACTION_PENDING, price=1.0)):
        checked = mt5.order_check(request)
        assert checked is not None
        assert (checked.retcode, checked.comment) == (mt5.TRADE_RETCODE_MARKET_CLOSED, "Market closed")
        assert _sent(request).retcode == mt5.TRADE_RETCODE_MARKET_CLOSED


def test_what_was_never_quoted_has_no_prices() -> None:
    AttachedMarket()
    checked = mt5.order_check(market_order())
    assert checked is not None
    assert (checked.retcode, checked.margin) == (mt5.TRADE_RETCODE_PRICE_OFF, 0.0)
    assert _sent(market_order()).retcode == mt5.TRADE_RETCODE_PRICE_OFF


def test_a_partly_closed_position_keeps_its_time_and_shows_when_it_changed(market: AttachedMarket) -> None:
    ticket = _sent(market_order(volume=0.3)).order
    market.play(20)
    assert _sent(market_order(mt5.ORDER_TYPE_SELL, 0.1, position=ticket)).volume == 0.1
    held = _position()
    assert (held.ticket, held.volume) == (ticket, 0.2)
    assert (held.time, held.time_update) == (MONDAY_S + 5, MONDAY_S + 20)
    assert (held.time_msc, held.time_update_msc) == ((MONDAY_S + 5) * 1000, (MONDAY_S + 20) * 1000)


@pytest.mark.parametrize(("side", "price"), [(mt5.ORDER_TYPE_BUY, ASK), (mt5.ORDER_TYPE_SELL, BID)])
def test_a_check_takes_the_margin_at_the_price_of_its_side_and_none_for_closing(
    side: int, price: float, market: AttachedMarket
) -> None:
    checked = mt5.order_check(market_order(side, 10.0))
    assert checked is not None
    assert checked.margin == mt5.order_calc_margin(side, "EURUSD", 10.0, price)
    opened = _sent(market_order(side, 10.0))
    closing = mt5.order_check(market_order(1 - side, 10.0, position=opened.order))
    opposite = mt5.order_check(market_order(1 - side, 10.0))
    account = mt5.account_info()
    assert closing is not None
    assert opposite is not None
    assert account is not None
    assert closing.margin == account.margin
    assert opposite.margin > account.margin, "simplified: an opposite position is not set off"


def test_a_check_copies_no_history_and_leaves_no_trace(market: AttachedMarket) -> None:
    for _ in range(5):
        opened = mt5.order_send(market_order())
        assert opened is not None
        mt5.order_send(market_order(mt5.ORDER_TYPE_SELL, position=opened.order))
    before = (mt5.history_deals_total(0, MONDAY_S + 10_000), mt5.positions_get(), mt5.account_info())
    checked = mt5.order_check(market_order())
    assert checked is not None
    assert checked.retcode == 0
    _, copied = market.terminal._holdings.rehearsal()
    assert (copied.ledger.deals, copied.ledger.orders, copied.ledger.details) == ([], [], {})
    assert (mt5.history_deals_total(0, MONDAY_S + 10_000), mt5.positions_get(), mt5.account_info()) == before
