import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.executor import Executor, ExecutorGuards
from advisor.memory import DiskMemory, IntentMemory, RamMemory, Remembered
from domain.intents import Intent, IntentKind, comment_of, intent_id_in
from domain.retcodes import Retcode
from domain.trading import AccountTradeMode, OrderType
from domain.updates import IntentResult, ResultPhase, TradeUpdate
from sim.requests import Disturbance, ScriptedFills
from tests.sim.intents import NEVER_NS, VALID_NS, intent, on
from tests.sim.venues import EURUSD, MAGIC, MONDAY_MSC, PROFILE, USDJPY, Venue, order

LOST = Disturbance(lost_answer=True)
TIMED_OUT = Disturbance(retcode=Retcode.TIMEOUT)


class Desk:
    """An executor on a quoted venue."""

    def __init__(
        self,
        *faults: Disturbance,
        guards: ExecutorGuards | None = None,
        memory: IntentMemory | None = None,
        venue: Venue | None = None,
    ) -> None:
        self.venue = venue or Venue(fills=ScriptedFills(faults))
        self.memory = memory or RamMemory()
        self.executor = Executor(self.venue.terminal, self.memory, guards or ExecutorGuards(), MAGIC)
        if venue is None:
            self.venue.quote(1.1, 1.1002)
            self.venue.terminal.take_changes()

    def execute(self, wanted: Intent) -> TradeUpdate:
        return self.executor.execute(wanted, self.venue.terminal.now_msc)

    def result(self, wanted: Intent) -> IntentResult:
        return self.execute(wanted).results[-1]

    def restarted(self, memory: IntentMemory | None = None) -> "Desk":
        """The EA comes back; the broker has gone on."""
        return Desk(memory=memory or self.memory, venue=self.venue)


def count_of(desk: Desk, intent_id: int) -> int:
    return sum(intent_id_in(deal.comment) == intent_id for deal in desk.venue.terminal.deals)


# -- what is done ------------------------------------------------------------------------------------------------------


def test_an_entry_is_executed_and_told() -> None:
    desk = Desk()
    update = desk.execute(intent())
    received, final = update.results
    deal, position = update.deals[0], update.positions[0]
    assert (received.phase, received.retcode) == (ResultPhase.RECEIVED, 0)
    assert (final.phase, final.retcode, final.volume, final.price) == (ResultPhase.FINAL, Retcode.DONE, 0.1, 1.1002)
    assert final.order_ticket == final.position_ticket == position.position_ticket == deal.order_ticket
    assert (final.deal_ticket, final.text) == (deal.deal_ticket, "")
    assert deal.comment == position.comment == comment_of(0x1234)
    assert (position.magic, position.sl, position.tp) == (MAGIC, 1.09, 1.12)
    assert update.money == desk.venue.terminal.money()
    assert final.time_msc == desk.venue.terminal.now_msc


def test_a_partial_close_and_a_close() -> None:
    desk = Desk()
    ticket = desk.result(intent(volume=0.3)).position_ticket
    part = desk.execute(on(ticket, IntentKind.PARTIAL_CLOSE, side=-1, volume=0.1))
    assert (part.results[-1].retcode, part.results[-1].position_ticket) == (Retcode.DONE, ticket)
    assert [position.volume for position in part.positions] == [0.2]
    whole = desk.execute(on(ticket, IntentKind.CLOSE, side=-1, volume=0.2))
    assert (whole.results[-1].volume, whole.positions_gone) == (0.2, (ticket,))


def test_levels_are_moved() -> None:
    desk = Desk()
    ticket = desk.result(intent()).position_ticket
    update = desk.execute(on(ticket, IntentKind.MODIFY, sl=1.095, tp=1.13))
    assert update.results[-1].retcode == Retcode.DONE
    assert [(position.sl, position.tp) for position in update.positions] == [(1.095, 1.13)]


def test_a_pending_order_is_canceled_and_told() -> None:
    desk = Desk()
    ticket = desk.venue.pend(OrderType.BUY_LIMIT, 0.1, 1.09).order_ticket
    update = desk.execute(on(0, IntentKind.CANCEL, order_ticket=ticket))
    assert (update.results[-1].retcode, update.results[-1].order_ticket) == (Retcode.DONE, ticket)
    assert update.orders_gone == (ticket,)
    assert desk.venue.terminal.orders() == ()


def test_an_order_that_is_not_there_cannot_be_canceled() -> None:
    result = Desk().result(on(0, IntentKind.CANCEL, order_ticket=5))
    assert result.retcode == Retcode.INVALID
    assert "unknown order" in result.text


def test_an_order_of_somebody_else_is_not_canceled() -> None:
    desk = Desk()
    ticket = desk.venue.pend(OrderType.BUY_LIMIT, 0.1, 1.09, magic=5).order_ticket
    result = desk.result(on(0, IntentKind.CANCEL, order_ticket=ticket))
    assert (result.retcode, result.text) == (Retcode.REJECT, f"EA: order {ticket} is not ours, magic 5")
    assert len(desk.venue.terminal.orders()) == 1


@pytest.mark.parametrize(("fault", "retcode"), [(LOST, Retcode.DONE), (TIMED_OUT, Retcode.TIMEOUT)])
def test_a_cancel_whose_answer_was_lost_is_looked_for(fault: Disturbance, retcode: Retcode) -> None:
    desk = Desk(Disturbance(), fault)
    ticket = desk.venue.pend(OrderType.BUY_LIMIT, 0.1, 1.09).order_ticket
    result = desk.result(on(0, IntentKind.CANCEL, order_ticket=ticket))
    assert result.retcode == retcode
    assert result.text == ("EA: no answer, but the order is canceled" if fault is LOST else "timeout")


@pytest.mark.parametrize("retcode", [Retcode.REQUOTE, Retcode.PRICE_CHANGED, Retcode.PRICE_OFF])
def test_a_requote_is_tried_again(retcode: Retcode) -> None:
    desk = Desk(Disturbance(retcode=retcode), Disturbance(retcode=retcode))
    assert desk.result(intent()).retcode == Retcode.DONE
    assert count_of(desk, 0x1234) == 1


def test_requotes_come_to_an_end() -> None:
    desk = Desk(*[Disturbance(retcode=Retcode.REQUOTE)] * 3)
    assert desk.result(intent()).retcode == Retcode.REQUOTE
    assert count_of(desk, 0x1234) == 0


@pytest.mark.parametrize("retcode", [Retcode.REJECT, Retcode.NO_MONEY, Retcode.MARKET_CLOSED, Retcode.TIMEOUT])
def test_nothing_else_is_tried_again(retcode: Retcode) -> None:
    desk = Desk(Disturbance(retcode=retcode))
    assert desk.result(intent()).retcode == retcode
    assert count_of(desk, 0x1234) == 0


def test_the_server_s_refusal_is_handed_on_without_the_ea_s_mark() -> None:
    result = Desk().result(intent(sl=1.2))
    assert (result.retcode, result.text) == (Retcode.INVALID_STOPS, "invalid stops")


# -- what is refused ---------------------------------------------------------------------------------------------------


def refused(guards: ExecutorGuards, wanted: Intent, venue: Venue | None = None) -> IntentResult:
    desk = Desk(guards=guards)
    if venue is not None:
        desk = Desk(guards=guards, venue=venue)
    before = len(desk.venue.terminal.deals)
    result = desk.result(wanted)
    assert len(desk.venue.terminal.deals) == before
    assert result.text.startswith("EA: ")
    assert result.phase == ResultPhase.FINAL
    return result


@pytest.mark.parametrize(
    ("guards", "changes", "words"),
    [
        (ExecutorGuards(login=6), {}, "account 5 is not the pinned 6"),
        (ExecutorGuards(max_lots=0.09), {}, "0.1 lots are above max_lots 0.09"),
        (ExecutorGuards(max_spread_points=19.0), {}, "spread of 20 points is above 19"),
        (ExecutorGuards(allowed_symbols=("USDJPY",)), {}, "symbol EURUSD is not allowed"),
        (ExecutorGuards(orders_per_minute=0), {}, "more than 0 orders in a minute"),
        (ExecutorGuards(), {"symbol": "NOPE"}, "symbol NOPE is not allowed"),
        (ExecutorGuards(), {"magic": 9}, "magic 9 is not ours"),
    ],
)
def test_guards(guards: ExecutorGuards, changes: dict[str, object], words: str) -> None:
    result = refused(guards, msgspec.structs.replace(intent(), **changes))
    assert result.retcode == Retcode.REJECT
    assert words in result.text


def test_a_real_account_is_refused_where_demo_is_pinned() -> None:
    venue = Venue(profile=msgspec.structs.replace(PROFILE, trade_mode=AccountTradeMode.REAL))
    venue.quote(1.1, 1.1002)
    assert "pinned to demo" in refused(ExecutorGuards(demo_only=True), intent(), venue).text


@pytest.mark.parametrize(("late_ms", "fine"), [(0, True), (1, False)])
def test_an_intent_is_good_until_its_expiry_on_the_server_s_clock(late_ms: int, *, fine: bool) -> None:
    venue = Venue(server_offset_s=10_800)
    venue.quote(1.1, 1.1002)
    expires_ns = (venue.terminal.now_msc - 10_800_000 - late_ms) * 1_000_000
    result = Desk(venue=venue).result(intent(expires_ns=expires_ns, decided_ns=expires_ns - VALID_NS))
    assert result.retcode == (Retcode.DONE if fine else Retcode.INVALID_EXPIRATION)


def test_a_position_of_somebody_else_is_never_touched() -> None:
    desk = Desk()
    desk.venue.by_hand(1, 0.1)
    ticket = desk.venue.terminal.positions()[0].position_ticket
    for kind in (IntentKind.CLOSE, IntentKind.PARTIAL_CLOSE, IntentKind.MODIFY):
        result = desk.result(on(ticket, kind, volume=0.1, sl=1.0))
        assert (result.retcode, "is not ours, magic 0" in result.text) == (Retcode.REJECT, True)
    assert [position.volume for position in desk.venue.terminal.positions()] == [0.1]


def test_a_position_can_be_closed_whatever_the_entry_guards_say() -> None:
    desk = Desk()
    ticket = desk.result(intent()).position_ticket
    strict = ExecutorGuards(max_lots=0.01, orders_per_minute=0, max_spread_points=0.0, allowed_symbols=("X",))
    later = Desk(guards=strict, venue=desk.venue)
    assert later.result(on(ticket, IntentKind.CLOSE, volume=0.1)).retcode == Retcode.DONE


def test_orders_a_minute_are_counted_on_the_server_s_clock() -> None:
    desk = Desk(guards=ExecutorGuards(orders_per_minute=2))

    def entry(number: int) -> int:
        return desk.result(intent(intent_id=number, expires_ns=NEVER_NS)).retcode

    assert [entry(1), entry(2), entry(3)] == [Retcode.DONE, Retcode.DONE, Retcode.REJECT]
    desk.venue.quote(1.1, 1.1002, after_msc=59_999)
    assert entry(4) == Retcode.REJECT
    desk.venue.quote(1.1, 1.1002, after_msc=1)
    assert entry(5) == Retcode.DONE


def test_orders_of_an_earlier_life_count_towards_the_minute() -> None:
    guards = ExecutorGuards(orders_per_minute=2)
    desk = Desk(guards=guards)
    for number in (1, 2):
        assert desk.result(intent(intent_id=number, expires_ns=NEVER_NS)).retcode == Retcode.DONE
    later = Desk(guards=guards, memory=desk.memory, venue=desk.venue)
    assert later.result(intent(intent_id=3, expires_ns=NEVER_NS)).retcode == Retcode.REJECT
    later.venue.quote(1.1, 1.1002, after_msc=60_000)
    assert later.result(intent(intent_id=4, expires_ns=NEVER_NS)).retcode == Retcode.DONE


# -- once --------------------------------------------------------------------------------------------------------------


def test_a_duplicate_gets_the_same_answer_and_no_order() -> None:
    desk = Desk()
    first = desk.execute(intent())
    again = desk.execute(intent())
    assert again.results == first.results[-1:]
    assert (again.deals, again.positions) == ((), ())
    assert count_of(desk, 0x1234) == 1


def test_a_refusal_is_remembered_too() -> None:
    desk = Desk(guards=ExecutorGuards(max_lots=0.01))
    refusal = desk.result(intent())
    later = Desk(memory=desk.memory, venue=desk.venue)
    assert later.result(intent()) == refusal
    assert count_of(later, 0x1234) == 0


@given(st.lists(st.integers(1, 4), max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_no_intent_is_ever_executed_twice(order: list[int], restarts: list[bool]) -> None:
    """Intents arrive in any order and number, answers get lost, the EA restarts: each is executed exactly once."""
    desk = Desk(LOST, Disturbance(), LOST)
    for number, restart in zip(order, restarts, strict=False):
        assert desk.result(intent(intent_id=number)).retcode == Retcode.DONE
        if restart:
            desk = desk.restarted()
    assert [count_of(desk, number) for number in range(1, 5)] == [int(number in order) for number in range(1, 5)]


def test_a_lost_acknowledgement_is_found_by_its_comment() -> None:
    desk = Desk(LOST)
    update = desk.execute(intent())
    final = update.results[-1]
    assert (final.retcode, final.price, final.volume) == (Retcode.DONE, 1.1002, 0.1)
    assert (final.deal_ticket, final.order_ticket) == (update.deals[0].deal_ticket, update.deals[0].order_ticket)
    assert final.text == "EA: no answer, found by its comment"


@pytest.mark.parametrize("kind", [IntentKind.CLOSE, IntentKind.PARTIAL_CLOSE])
def test_a_lost_close_is_found_by_its_comment(kind: IntentKind) -> None:
    desk = Desk(Disturbance(), LOST)
    ticket = desk.result(intent(volume=0.2)).position_ticket
    final = desk.result(on(ticket, kind, side=-1, volume=0.2 if kind == IntentKind.CLOSE else 0.1))
    assert (final.retcode, final.position_ticket) == (Retcode.DONE, ticket)


def test_a_lost_modification_is_found_by_its_levels() -> None:
    desk = Desk(Disturbance(), LOST)
    ticket = desk.result(intent()).position_ticket
    final = desk.result(on(ticket, IntentKind.MODIFY, sl=1.095, tp=1.13))
    assert (final.retcode, final.position_ticket) == (Retcode.DONE, ticket)
    assert final.text == "EA: no answer, but the levels stand as asked"


def test_what_left_no_trace_stays_unknown_and_is_not_sent_again() -> None:
    desk = Desk(TIMED_OUT)
    first = desk.result(intent())
    assert (first.retcode, first.phase) == (Retcode.TIMEOUT, ResultPhase.FINAL)
    assert desk.result(intent()) == first
    assert desk.restarted().result(intent()) == first
    assert count_of(desk, 0x1234) == 0


def test_an_answer_that_turns_up_late_is_taken() -> None:
    desk = Desk(TIMED_OUT)
    desk.result(intent())
    desk.venue.open(1, 0.1, comment=comment_of(0x1234))
    assert desk.result(intent()).retcode == Retcode.DONE
    assert desk.executor.last_words(0)[0].retcode == Retcode.DONE


# -- restarts ----------------------------------------------------------------------------------------------------------


def killed_before_sending(desk: Desk, wanted: Intent) -> Desk:
    desk.memory.keep(Remembered(intent=wanted, begun_msc=MONDAY_MSC))
    return desk.restarted()


def killed_after_sending(desk: Desk, wanted: Intent) -> Desk:
    desk.execute(wanted)
    desk.memory.keep(Remembered(intent=wanted, begun_msc=MONDAY_MSC))
    return desk.restarted()


def test_an_interrupted_intent_that_never_left_is_not_sent_again() -> None:
    desk = killed_before_sending(Desk(), intent())
    (word,) = desk.executor.last_words(MONDAY_MSC)
    assert (word.phase, word.retcode) == (ResultPhase.EXECUTING, 0)
    assert desk.result(intent()).phase == ResultPhase.EXECUTING
    assert count_of(desk, 0x1234) == 0


def test_an_interrupted_intent_that_did_leave_is_recognised() -> None:
    desk = killed_after_sending(Desk(), intent())
    (word,) = desk.executor.last_words(MONDAY_MSC)
    assert (word.phase, word.retcode) == (ResultPhase.FINAL, Retcode.DONE)
    assert desk.result(intent()).retcode == Retcode.DONE
    assert count_of(desk, 0x1234) == 1


def test_an_entry_that_was_stopped_out_meanwhile_is_still_recognised() -> None:
    desk = Desk()
    desk.execute(intent())
    desk.memory.keep(Remembered(intent=intent(), begun_msc=MONDAY_MSC))
    desk.venue.quote(1.08, 1.0802)
    assert desk.venue.terminal.positions() == ()
    word = desk.restarted().result(intent())
    assert (word.retcode, word.volume, word.price) == (Retcode.DONE, 0.1, 1.1002)


def test_last_words_come_in_the_order_of_the_intents() -> None:
    desk = Desk()
    for number in (3, 1, 2):
        desk.execute(intent(intent_id=number))
    assert [word.intent_id for word in desk.executor.last_words(0)] == [3, 1, 2]


def test_a_partly_filled_lost_answer_is_partial() -> None:
    desk = Desk(TIMED_OUT)
    desk.result(intent(volume=0.3))
    desk.venue.open(1, 0.1, comment=comment_of(0x1234))
    assert desk.executor.last_words(0)[0].retcode == Retcode.DONE_PARTIAL


@pytest.mark.parametrize(("left_over", "retcode"), [(True, Retcode.DONE_PARTIAL), (False, Retcode.DONE)])
def test_a_lost_close_is_done_when_nothing_is_left_of_its_position(left_over: bool, retcode: int) -> None:
    """By hand there may be less to close than was decided: then all is done, whatever the volume."""
    desk = Desk(Disturbance(), TIMED_OUT)
    ticket = desk.result(intent(volume=0.3)).position_ticket
    closing = on(ticket, IntentKind.CLOSE, side=-1, volume=0.3)
    assert desk.result(closing).retcode == Retcode.TIMEOUT
    desk.venue.close(ticket, 0.1)
    rest = order(-1, 0.1 if left_over else 0.2, comment=comment_of(closing.intent_id))
    desk.venue.terminal.send(msgspec.structs.replace(rest, position_ticket=ticket))
    assert desk.executor.last_words(0)[-1].retcode == retcode


def test_memory_on_disk_survives_the_ea(tmp_path: Path) -> None:
    path = tmp_path / "intents.log"
    with DiskMemory(path) as memory:
        desk = Desk(memory=memory)
        first = desk.result(intent())
    with DiskMemory(path) as again:
        assert desk.restarted(again).result(intent()) == first
    assert count_of(desk, 0x1234) == 1


def broken_write(fails: Callable[[int], bool]) -> Callable[[int, bytes], int]:
    real, calls = os.write, [0]

    def write(descriptor: int, data: bytes) -> int:
        calls[0] += 1
        if fails(calls[0]):
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    return write


def test_what_cannot_be_remembered_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with DiskMemory(tmp_path / "intents.log") as memory:
        desk = Desk(memory=memory)
        monkeypatch.setattr(os, "write", broken_write(lambda _: True))
        result = desk.result(intent())
        assert (result.retcode, "No space left" in result.text) == (Retcode.REJECT, True)
        assert count_of(desk, 0x1234) == 0


def test_a_result_that_cannot_be_written_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "intents.log"
    with DiskMemory(path) as memory:
        desk = Desk(memory=memory)
        monkeypatch.setattr(os, "write", broken_write(lambda call: call == 2))
        assert desk.result(intent()).retcode == Retcode.DONE
        monkeypatch.undo()
    with DiskMemory(path) as again:
        assert desk.restarted(again).result(intent()).retcode == Retcode.DONE
    assert count_of(desk, 0x1234) == 1


def test_two_symbols_keep_their_quotes_apart() -> None:
    venue = Venue(EURUSD, USDJPY)
    venue.quote(1.1, 1.1002)
    venue.quote(150.0, 150.02, symbol_index=1)
    desk = Desk(venue=venue)
    assert desk.result(intent(symbol="USDJPY", sl=149.0, tp=152.0)).price == 150.02
