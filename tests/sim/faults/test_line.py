"""A terminal over a line: when requests arrive, at which quote they are executed, and what comes back when."""

import itertools
from typing import Any

import msgspec
import pytest

from domain.requests import TradeAction, TradeAnswer, TradeRequest
from domain.retcodes import Retcode
from domain.trading import DealReason
from domain.updates import TradeUpdate
from sim.faults.distributions import Empirical, Fixed
from sim.faults.plan import Acknowledgements, Connection, Execution, FaultPlan, Latency, Outage, Transactions
from sim.terminal import SimTerminal
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, USDJPY, open_all_week, order, ticks_of

FLAT = (1.1, 1.1002)
OUT_MSC = 300
SLOW = Latency(to_server=Fixed(value=700.0), to_terminal=Fixed(value=float(OUT_MSC)))


class Distant:
    """A terminal over a line, quoted every second: 1.1000, 1.1001, 1.1002 and so on, two points apart."""

    def __init__(self, plan: FaultPlan | None = None, **parts: Any) -> None:  # noqa: ANN401 - parts of a plan
        chosen = plan or FaultPlan(**({"latency": SLOW} | parts))
        specs = (open_all_week(EURUSD), USDJPY)
        self.terminal = SimTerminal(PROFILE, specs, start_msc=MONDAY_MSC, faults=chosen)
        self.terminal.snapshot()
        self.told: list[tuple[int, TradeUpdate]] = []
        self.heard: list[tuple[int, int, TradeAnswer]] = []
        self.at = -1

    def play(self, ticks: int, *, step_points: int = 10) -> "Distant":
        """So many seconds."""
        for _ in range(ticks):
            self.at += 1
            bid = round(1.1 + self.at * step_points * 1e-5, 5)
            rows = ticks_of([(bid, round(bid + 0.0002, 5))], start_msc=MONDAY_MSC + self.at * 1000)
            if self.terminal.scan(0, rows, 0, 1) == 0:
                update = self.terminal.on_tick(0, rows, 0)
                self.note(update)
            else:
                self.terminal.settle(0, rows, 0)
        return self

    def note(self, update: TradeUpdate | None) -> None:
        """What the terminal says now."""
        if update is not None:
            self.told.append((self.terminal.now_msc - MONDAY_MSC, update))
        for number, answer in self.terminal.take_answers():
            self.heard.append((self.terminal.now_msc - MONDAY_MSC, number, answer))

    def post(self, request: TradeRequest, sent_msc: int | None = None) -> int:
        """Send a request now."""
        number = self.terminal.post(request, self.terminal.now_msc if sent_msc is None else sent_msc)
        self.note(self.terminal.take_changes())
        return number

    def rest(self) -> "Distant":
        """Everything that is still on its way."""
        while self.terminal.pass_on():
            self.note(self.terminal.take_changes())
        return self

    @property
    def codes(self) -> list[int]:
        return [answer.retcode for _, _, answer in self.heard]


def test_it_is_executed_at_the_price_of_its_arrival() -> None:
    """Sent at second 1, it arrives at 1.7: the ask of second 1 stands until second 2."""
    distant = Distant().play(2)
    distant.post(order(1, 0.1))
    assert len(distant.terminal.deals) == 1, "nothing has arrived yet"
    distant.play(1, step_points=0)
    deal = distant.terminal.deals[-1]
    assert (deal.price, deal.time_msc - MONDAY_MSC) == (1.1003, 1_700)


def test_a_request_that_arrives_with_a_quote_gets_that_quote() -> None:
    distant = Distant(latency=Latency(to_server=Fixed(value=2_000.0))).play(2)
    distant.post(order(1, 0.1))
    distant.play(2)
    deal = distant.terminal.deals[-1]
    assert (deal.price, deal.time_msc - MONDAY_MSC) == (1.1005, 3_000)


def test_answer_and_news_arrive_later_still() -> None:
    distant = Distant().play(2)
    number = distant.post(order(1, 0.1))
    distant.terminal.pass_to(MONDAY_MSC + 1_999)
    distant.note(distant.terminal.take_changes())
    assert (distant.heard, distant.told) == ([], [])
    distant.play(1)  # 1.7 s and 300 ms more: exactly now
    assert [(at, name) for at, name, _ in distant.heard] == [(2_000, number)]
    assert [(at, [deal.time_msc - MONDAY_MSC for deal in told.deals]) for at, told in distant.told] == [
        (2_000, [1_700])
    ]


def test_what_was_decided_earlier_left_earlier() -> None:
    """A bridge that answers late does not make the request leave late, unless it would have arrived in the past."""
    distant = Distant().play(3)
    distant.post(order(1, 0.1), MONDAY_MSC + 1_500)
    distant.post(order(1, 0.1), MONDAY_MSC + 100)
    distant.play(2)
    assert [deal.time_msc - MONDAY_MSC for deal in distant.terminal.deals[1:]] == [2_200, 2_200]


def test_one_direction_keeps_its_order() -> None:
    distant, numbers = Distant(latency=Latency(to_server=Empirical(values=(10.0, 3_000.0)))), []
    for number in range(20):
        distant.play(1)
        numbers.append(distant.post(order(1, 0.01, comment=str(number))))
    distant.play(6)
    assert [number for _, number, _ in distant.heard] == numbers
    assert [deal.comment for deal in distant.terminal.deals[1:]] == [str(number) for number in range(20)]
    pauses = {later.time_msc - deal.time_msc for deal, later in itertools.pairwise(distant.terminal.deals[1:])}
    assert {0, 1_000} <= pauses
    assert min(pauses) == 0


@pytest.mark.parametrize("lost_as", ["TIMEOUT", "CONNECTION"])
def test_a_lost_answer_is_given_up_though_the_order_was_executed(lost_as: Any) -> None:  # noqa: ANN401 - a literal
    lost = Acknowledgements(lost_rate=1.0, lost_as=lost_as, timeout_ms=4_000)
    distant = Distant(acknowledgements=lost).play(1)
    distant.post(order(1, 0.1))
    distant.play(3)
    assert (distant.heard, len(distant.terminal.positions())) == ([], 1)
    assert [len(told.deals) for _, told in distant.told] == [1], "the deal itself is told in time"
    distant.play(2)
    assert distant.codes == [Retcode[lost_as]]
    assert distant.heard[0][0] == 4_000


@pytest.mark.parametrize(
    ("late_ms", "code", "heard_at"), [(1_000.0, Retcode.DONE, 2_000), (9_000.0, Retcode.TIMEOUT, 5_000)]
)
def test_a_late_answer(late_ms: float, code: Retcode, heard_at: int) -> None:
    late = Acknowledgements(late_rate=1.0, late_ms=Fixed(value=late_ms), timeout_ms=5_000)
    distant = Distant(acknowledgements=late).play(1)
    distant.post(order(1, 0.1))
    distant.play(20)
    assert distant.codes == [code], "what comes after the terminal has given up is no answer any more"
    assert distant.heard[0][0] == heard_at


def test_a_request_may_take_longer_than_the_terminal_waits() -> None:
    slow = Latency(to_server=Fixed(value=8_000.0))
    distant = Distant(latency=slow, acknowledgements=Acknowledgements(timeout_ms=2_000)).play(1)
    distant.post(order(1, 0.1))
    distant.play(6)
    assert (distant.codes, distant.terminal.positions()) == ([Retcode.TIMEOUT], ())
    distant.play(6)
    assert len(distant.terminal.positions()) == 1, "it was executed after all"
    assert distant.codes == [Retcode.TIMEOUT]


def test_the_server_refuses_on_arrival() -> None:
    distant = Distant(execution=Execution(rejects={"NO_MONEY": 1.0})).play(1)
    distant.post(order(1, 0.1))
    assert distant.play(2).codes == [Retcode.NO_MONEY]
    distant.terminal.autotrading = False
    distant.post(order(1, 0.1))
    assert distant.codes[1:] == [Retcode.CLIENT_DISABLES_AT], "the terminal refuses at once"


def test_news_told_twice_and_overtaken() -> None:
    busy = Transactions(duplicate_rate=1.0, delay_ms=Fixed(value=4_000.0))
    distant = Distant(latency=Latency(), transactions=busy).play(1)
    distant.post(order(1, 0.1))
    distant.play(8)
    tickets = [[deal.deal_ticket for deal in told.deals] for _, told in distant.told]
    assert tickets == [[1_000_002], [1_000_002]]
    assert [[one.position_ticket for one in told.positions] for _, told in distant.told] == [[2_000_001]] * 2


def test_news_may_come_in_another_order() -> None:
    seen = set()
    for seed in range(12):
        faults = Transactions(reorder_rate=0.5, delay_ms=Fixed(value=1_500.0))
        distant = Distant(FaultPlan(seed=seed, transactions=faults)).play(1)
        distant.post(order(1, 0.1))
        distant.play(4)
        seen.add(tuple((bool(told.deals), bool(told.positions)) for _, told in distant.told))
    assert seen == {((True, True),), ((True, False), (False, True)), ((False, True), (True, False))}


def test_a_position_that_has_gone_meanwhile_is_told_as_gone() -> None:
    """What is told is how it stands when it is told, as an EA that looks at its terminal would see it."""
    distant = Distant(transactions=Transactions(duplicate_rate=1.0, delay_ms=Fixed(value=3_000.0))).play(1)
    distant.post(order(1, 0.1))
    distant.play(2)
    ticket = distant.terminal.positions()[0].position_ticket
    distant.post(msgspec.structs.replace(order(-1, 0.1), position_ticket=ticket))
    distant.play(8)
    gone = [told.positions_gone for _, told in distant.told]
    assert distant.told[0][1].positions
    assert gone[-1] == (ticket,)
    assert all(not told.positions for _, told in distant.told[1:])


OUTAGE = Connection(outages=(Outage(start="2025-01-06T12:00:04", seconds=10.0),))


def test_without_a_connection_nothing_leaves() -> None:
    distant = Distant(connection=OUTAGE).play(6)
    states = [distant.terminal.connected]
    distant.post(order(1, 0.1))
    assert distant.codes == [Retcode.CONNECTION]
    distant.play(12)
    assert [*states, distant.terminal.connected] == [False, True]
    assert len(distant.terminal.deals) == 1


@pytest.mark.parametrize(("sent_at", "executed"), [(3.9, False), (3.0, True)], ids=["request lost", "answer lost"])
def test_what_is_on_its_way_when_the_connection_breaks_is_lost(sent_at: float, *, executed: bool) -> None:
    latency = Latency(to_server=Fixed(value=500.0), to_terminal=Fixed(value=2_000.0))
    distant = Distant(latency=latency, connection=OUTAGE).play(4)
    distant.terminal.pass_to(MONDAY_MSC + int(sent_at * 1000))
    distant.terminal.move_clock(MONDAY_MSC + int(sent_at * 1000))
    distant.post(order(1, 0.1))
    distant.play(1)
    assert distant.codes == [Retcode.CONNECTION], "the terminal notices at once"
    assert distant.heard[0][0] == 4_000
    assert len(distant.terminal.positions()) == executed
    distant.play(9)
    assert distant.told == [], "there is no news while it lasts"
    distant.play(6)
    assert [len(told.deals) for _, told in distant.told] == [1] * executed


def test_the_server_goes_on_without_the_terminal() -> None:
    distant = Distant(connection=OUTAGE).play(1)
    distant.post(order(1, 0.1, tp=1.1009))
    distant.play(12)
    assert [deal.reason for deal in distant.terminal.deals[1:]] == [DealReason.EXPERT, DealReason.TP]
    assert [told.positions_gone for _, told in distant.told] == [()]
    distant.play(6)
    at, told = distant.told[-1]
    assert (told.positions_gone, at >= 14_000) == ((2_000_001,), True)


def test_time_alone_charges_swap_and_ends_orders() -> None:
    """Between two ticks over midnight a request arrives: the night has been charged before it closes its position."""
    midnight_msc = MONDAY_MSC + 12 * 3_600_000
    spec = msgspec.structs.replace(open_all_week(EURUSD), swap_long=-7.5)
    plan = FaultPlan(latency=Latency(to_server=Fixed(value=30_000.0)))
    terminal = SimTerminal(PROFILE, (spec,), start_msc=midnight_msc - 60_000, faults=plan)
    ticks = ticks_of([FLAT, FLAT, FLAT], start_msc=midnight_msc - 50_000, step_msc=40_000)
    terminal.on_tick(0, ticks, 0)
    terminal.post(order(1, 1.0), terminal.now_msc)
    terminal.on_tick(0, ticks, 1)
    terminal.post(msgspec.structs.replace(order(-1, 1.0), position_ticket=2_000_001), terminal.now_msc)
    terminal.on_tick(0, ticks, 2)
    closing = terminal.deals[-1]
    assert (closing.time_msc, closing.swap) == (midnight_msc + 20_000, -7.5)


def test_by_hand_at_the_server_it_is_done_at_once() -> None:
    distant = Distant().play(1)
    answer = distant.terminal.send(order(1, 0.1), DealReason.CLIENT)
    assert answer.retcode == Retcode.DONE
    assert distant.terminal.take_changes() is None
    distant.play(2)
    assert [len(told.deals) for _, told in distant.told] == [1]


def test_a_snapshot_shows_everything_at_once() -> None:
    distant = Distant().play(1)
    distant.post(order(1, 0.1))
    distant.terminal.pass_to(MONDAY_MSC + 700)
    assert len(distant.terminal.snapshot().deals) == 2


def test_after_the_last_tick_the_rest_arrives() -> None:
    distant = Distant().play(1)
    distant.post(order(1, 0.1))
    distant.rest()
    assert distant.codes == [Retcode.DONE]
    assert [len(told.deals) for _, told in distant.told] == [1]
    assert distant.terminal.now_msc == MONDAY_MSC + 1_000


def test_a_terminal_without_faults_answers_at_once_alone() -> None:
    for faults in (None, FaultPlan(), FaultPlan(execution=Execution(requote_rate=0.5))):
        plain = SimTerminal(PROFILE, (EURUSD,), faults=faults)
        assert not plain.answers_later
        with pytest.raises(RuntimeError, match="answers at once"):
            plain.post(TradeRequest(action=TradeAction.DEAL), 0)
        assert not plain.pass_on()
