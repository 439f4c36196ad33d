"""What the EA is told of pending orders, and what it can ask about them; and answers that take their time."""

from typing import Any

import msgspec
import pytest

from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Retcode
from domain.symbols import FillingFlag
from domain.trading import DealReason, OrderFilling, OrderState, OrderTime, OrderType
from marketdata.tape import Tape
from sim.faults.distributions import Fixed
from sim.faults.plan import Acknowledgements, FaultPlan, Latency, Transactions
from sim.feed import Feed
from sim.mql5.abi import Domain, HostRequest, HostResult, TradeMode
from sim.mql5.constants import constants, members_of
from sim.mql5.desk import Desk
from sim.requests import Disturbance, ScriptedFills
from sim.terminal import SimTerminal
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, ticks_of

NAMES = {number: name for name, number in members_of("ENUM_TRADE_TRANSACTION_TYPE").items()}
IN_PARTS = msgspec.structs.replace(EURUSD, filling_flags=FillingFlag.IOC)
BIDS = [1.1000, 1.1001, 1.0990, 1.0985, 1.0980, 1.1020, 1.1021, 1.1022]
TICKET = 2_000_001
SLOW = FaultPlan(latency=Latency(to_server=Fixed(value=700.0), to_terminal=Fixed(value=800.0)))


class Told:
    """A desk, and in short words what its transactions say."""

    def __init__(self, *script: Disturbance, faults: FaultPlan | None = None) -> None:
        ticks = ticks_of([(bid, round(bid + 0.0002, 5)) for bid in BIDS])
        fills = ScriptedFills(script) if faults is None else None
        self.terminal = SimTerminal(PROFILE, (IN_PARTS,), start_msc=MONDAY_MSC, fills=fills, faults=faults)
        tape = Tape(("EURUSD",), {"EURUSD": ticks})
        self.feed = Feed(self.terminal, tape)
        self.desk = Desk(self.terminal, self.feed, tape)
        self.play()
        self.take()

    def play(self, ticks: int = 1) -> None:
        """So many ticks."""
        for _ in range(ticks):
            self.desk.server_acted(self.feed.play()[0])

    def take(self) -> list[str]:
        """What has been told since this was last asked: type, and the state of an order."""
        groups, self.desk.changes = self.desk.changes, []
        return [self._words(told) for group in groups for told, _, _ in group]

    @staticmethod
    def _words(told: object) -> str:
        name = NAMES[getattr(told, "type")].removeprefix("TRADE_TRANSACTION_")  # noqa: B009 - a ctypes structure
        is_order = name.startswith(("ORDER", "HISTORY"))
        return f"{name} {OrderState(getattr(told, 'order_state')).name}" if is_order else name  # noqa: B009

    def send(self, mode: TradeMode = TradeMode.SEND_NOW, /, **fields: Any) -> HostResult:  # noqa: ANN401
        """A request of the EA."""
        result = HostResult()
        self.desk.trade(mode, HostRequest(**({"symbol": b"EURUSD"} | fields)), result)
        return result

    def pend(self, kind: OrderType = OrderType.BUY_LIMIT, price: float = 1.0995, **fields: Any) -> HostResult:  # noqa: ANN401
        """A pending order of 0.1 lots that may stand in part."""
        common: dict[str, Any] = {"action": TradeAction.PENDING, "volume": 0.1, "type_filling": OrderFilling.RETURN}
        return self.send(**(common | {"type": kind, "price": price} | fields))

    def ask(self, what: str, domain: Domain = Domain.ORDER, ticket: int = TICKET) -> object:
        """A property of an order."""
        return self.desk.answer(domain, "", ticket, constants()[what])


def test_a_pending_order_is_added_placed_filled_and_finished() -> None:
    told = Told()
    assert told.pend().retcode == Retcode.DONE
    assert told.take() == ["ORDER_ADD STARTED", "ORDER_UPDATE PLACED", "REQUEST"]
    told.play(2)
    assert told.take() == ["DEAL_ADD", "ORDER_DELETE FILLED", "HISTORY_ADD FILLED"]


def test_new_terms_are_an_update() -> None:
    told = Told()
    told.pend()
    told.take()
    told.send(action=TradeAction.MODIFY, order=TICKET, price=1.0991)
    assert told.take() == ["ORDER_UPDATE PLACED", "REQUEST"]


def test_removed_and_expired_orders_leave_for_the_history() -> None:
    told = Told()
    told.pend()
    told.pend(price=1.0994, type_time=OrderTime.SPECIFIED, expiration=MONDAY_MSC // 1000 + 1)
    told.take()
    told.send(action=TradeAction.REMOVE, order=TICKET)
    assert told.take() == ["ORDER_DELETE CANCELED", "HISTORY_ADD CANCELED", "REQUEST"]
    told.play()
    assert told.take() == ["ORDER_DELETE EXPIRED", "HISTORY_ADD EXPIRED"]


def test_a_fill_in_parts_updates_the_order_until_nothing_is_left() -> None:
    told = Told(Disturbance(), Disturbance(fill_fraction=0.5))
    told.pend()
    told.take()
    told.play(2)
    assert told.take() == ["DEAL_ADD", "ORDER_UPDATE PARTIAL"]
    assert told.ask("ORDER_VOLUME_CURRENT") == 0.05
    told.play()
    assert told.take() == ["DEAL_ADD", "ORDER_DELETE FILLED", "HISTORY_ADD FILLED"]


def test_a_stop_limit_turns_into_a_limit_by_an_update() -> None:
    told = Told()
    told.pend(OrderType.SELL_STOP_LIMIT, 1.0995, stoplimit=1.1010)
    told.take()
    assert told.ask("ORDER_PRICE_STOPLIMIT") == 1.1010
    told.play(2)
    assert told.take() == ["ORDER_UPDATE PLACED"]
    assert told.ask("ORDER_TYPE") == OrderType.SELL_LIMIT
    told.play(3)
    assert told.take() == ["DEAL_ADD", "ORDER_DELETE FILLED", "HISTORY_ADD FILLED"]


def test_a_market_order_is_never_placed() -> None:
    told = Told()
    told.send(action=TradeAction.DEAL, volume=0.1, type=0, type_filling=OrderFilling.IOC)
    assert told.take() == ["ORDER_ADD STARTED", "DEAL_ADD", "ORDER_DELETE FILLED", "HISTORY_ADD FILLED", "REQUEST"]


def test_orders_that_stood_before_the_ea_are_no_news() -> None:
    told = Told()
    told.pend()
    tape = told.feed.tape
    desk = Desk(told.terminal, told.feed, tape)
    told.terminal.take_changes()
    told.play(2)
    told.desk = desk
    request = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=0.1, filling=OrderFilling.IOC)
    told.terminal.send(request, DealReason.CLIENT)
    desk.server_acted(told.terminal.take_changes())
    assert told.take()[0] == "ORDER_ADD STARTED"


def test_what_an_ea_can_ask_about_an_order() -> None:
    told = Told()
    expires_s = MONDAY_MSC // 1000 + 1
    told.pend(sl=1.09, tp=1.12, type_time=OrderTime.SPECIFIED, expiration=expires_s, magic=7, comment=b"mine")
    wanted = {
        "ORDER_TYPE_FILLING": OrderFilling.RETURN,
        "ORDER_TYPE_TIME": OrderTime.SPECIFIED,
        "ORDER_TIME_EXPIRATION": expires_s,
        "ORDER_REASON": DealReason.EXPERT,
        "ORDER_STATE": OrderState.PLACED,
        "ORDER_TIME_DONE": 0,
        "ORDER_PRICE_CURRENT": 1.1002,
        "ORDER_SL": 1.09,
        "ORDER_MAGIC": 7,
        "ORDER_COMMENT": "mine",
    }
    assert {what: told.ask(what) for what in wanted} == wanted
    told.play()
    past = {"ORDER_STATE": OrderState.EXPIRED, "ORDER_TIME_DONE": expires_s, "ORDER_TYPE_FILLING": OrderFilling.RETURN}
    assert {what: told.ask(what, Domain.PAST_ORDER) for what in past} == past


# -- over a line -------------------------------------------------------------------------------------------------------

BUY: dict[str, Any] = {"action": TradeAction.DEAL, "volume": 0.1, "type": 0, "type_filling": OrderFilling.IOC}


def test_order_send_waits_while_the_market_goes_on() -> None:
    """Sent at 0 s, executed at 0.7 s, heard at 1.5 s: the tick of 1 s has come meanwhile."""
    told = Told(faults=SLOW)
    result = told.send(**BUY)
    assert (result.retcode, result.price) == (Retcode.DONE, 1.1002)
    assert told.terminal.now_msc == MONDAY_MSC + 1_500
    assert told.feed.played == 2
    assert told.desk.has_new_ticks
    assert sorted(told.take()) == sorted(
        ["ORDER_ADD STARTED", "DEAL_ADD", "ORDER_DELETE FILLED", "HISTORY_ADD FILLED", "REQUEST"]
    )


def test_order_send_async_returns_and_is_answered_later() -> None:
    told = Told(faults=SLOW)
    assert told.send(TradeMode.SEND_LATER, **BUY).retcode == Retcode.PLACED
    told.desk.execute_later()
    assert (told.desk.is_waiting, told.take()) == (True, [])
    told.play(2)
    assert told.take() == ["ORDER_ADD STARTED", "DEAL_ADD", "ORDER_DELETE FILLED", "HISTORY_ADD FILLED", "REQUEST"]
    assert not told.desk.is_waiting


def test_after_the_last_tick_an_answer_still_comes() -> None:
    told = Told(faults=SLOW)
    told.play(len(BIDS) - 1)
    told.send(TradeMode.SEND_LATER, **BUY)
    told.desk.execute_later()
    while told.desk.is_waiting:
        told.desk.wait_on()
    assert "REQUEST" in told.take()


def test_a_lost_answer_takes_its_time_and_the_deal_is_told() -> None:
    lost = FaultPlan(acknowledgements=Acknowledgements(lost_rate=1.0, timeout_ms=2_500))
    told = Told(faults=lost)
    assert told.send(**BUY).retcode == Retcode.TIMEOUT
    assert told.terminal.now_msc == MONDAY_MSC + 2_500
    assert "DEAL_ADD" in told.take()


@pytest.mark.parametrize("mode", [TradeMode.SEND_NOW, TradeMode.SEND_LATER])
def test_a_deal_may_be_told_twice(mode: TradeMode) -> None:
    twice = FaultPlan(transactions=Transactions(duplicate_rate=1.0, delay_ms=Fixed(value=1_500.0)))
    told = Told(faults=twice)
    told.send(mode, **BUY)
    told.desk.execute_later()
    told.play(3)
    words = told.take()
    assert (words.count("DEAL_ADD"), words.count("ORDER_ADD STARTED")) == (2, 1)
