"""What brokers, people and second terminals do meanwhile: refusals, lost answers, trades by hand, no connection."""

from collections.abc import Iterable

import msgspec
import pytest

from account.events import FlagKind
from account.state import AccountState
from advisor.memory import DiskMemory, Remembered
from domain.intents import Intent, IntentKind, IntentState
from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Retcode
from domain.symbols import FillingFlag
from domain.trading import DealReason, OrderType
from sim.requests import Disturbance, ScriptedFills
from tests.crash.market import Market
from tests.crash.rig import Rig
from tests.crash.scenes import KINDS, MARKET, MakeRig, Trap, nothing, record_of, the_end
from tests.crash.verdicts import faults

pytestmark = [pytest.mark.crash, pytest.mark.integration]

REQUOTED = Disturbance(retcode=Retcode.REQUOTE)
REFUSED = Disturbance(retcode=Retcode.REJECT)
UNHEARD = Disturbance(lost_answer=True)
EXECUTING = (IntentKind.OPEN, IntentKind.PARTIAL_CLOSE, IntentKind.CLOSE)


def flags_of(state: AccountState, kind: FlagKind) -> list[str]:
    """Subjects of all flags of one kind."""
    return sorted(flag.partition(":")[2] for flag in state.flags if flag.startswith(f"{kind}:"))


# -- the server --------------------------------------------------------------------------------------------------------


def disturbed(make_rig: MakeRig, kind: IntentKind, script: Iterable[Disturbance], market: Market) -> tuple[Rig, Intent]:
    """A rig in which the next request of an intent of `kind`, and its repetitions, go as scripted."""
    fills = ScriptedFills(())
    rig = make_rig(market, fills=fills)

    def act(frame: bytes) -> Iterable[bytes]:
        fills._script.extend(script)
        return (frame,)

    intent = Trap(rig, kind, act).spring()
    return rig, intent


@pytest.mark.parametrize(
    ("script", "state", "effects"),
    [
        ((REQUOTED,), IntentState.FILLED, 1),
        ((REQUOTED, REQUOTED), IntentState.FILLED, 1),
        ((REQUOTED, REQUOTED, REQUOTED), IntentState.REJECTED, 0),
        ((REFUSED,), IntentState.REJECTED, 0),
        ((UNHEARD,), IntentState.FILLED, 1),
        ((REQUOTED, UNHEARD), IntentState.FILLED, 1),
        ((Disturbance(retcode=Retcode.TOO_MANY_REQUESTS),), IntentState.REJECTED, 0),
        ((Disturbance(slippage_points=3.0),), IntentState.FILLED, 1),
    ],
    ids=["requote", "two requotes", "requotes only", "reject", "answer lost", "requote, lost", "too many", "slippage"],
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_the_server_answers(
    make_rig: MakeRig,
    kind: IntentKind,
    script: tuple[Disturbance, ...],
    state: IntentState,
    effects: int,
) -> None:
    rig, intent = disturbed(make_rig, kind, script, MARKET)
    end = the_end(rig)
    assert record_of(end, intent).state == state
    assert rig.terminal.effects[intent.intent_id] == effects


IN_PARTS = Market(3_000)
IN_PARTS.specs = tuple(msgspec.structs.replace(spec, filling_flags=FillingFlag.IOC) for spec in IN_PARTS.specs)


@pytest.mark.parametrize("heard", [True, False], ids=["answer heard", "answer lost"])
@pytest.mark.parametrize("kind", EXECUTING, ids=lambda kind: kind.name)
def test_a_fill_in_part(make_rig: MakeRig, kind: IntentKind, *, heard: bool) -> None:
    half = Disturbance(fill_fraction=0.5, lost_answer=not heard)
    rig, intent = disturbed(make_rig, kind, (half,), IN_PARTS)
    end = the_end(rig)
    record = record_of(end, intent)
    deals = [deal for deal in rig.terminal.deals if deal.deal_ticket in record.deal_tickets]
    assert len(deals) == 1
    assert record.filled_lots == deals[0].volume < intent.volume
    assert record.state == IntentState.PARTLY_FILLED


# -- no connection, no permission --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_without_its_broker_an_intent_is_unknown_until_it_is_reconciled(rig: Rig, kind: IntentKind) -> None:
    def act(frame: bytes) -> Iterable[bytes]:
        rig.terminal.connected = False
        return (frame,)

    intent = Trap(rig, kind, act).spring()
    assert rig.live_state_of(intent) == IntentState.UNKNOWN
    rig.play(30)
    assert rig.live_state_of(intent) == IntentState.UNKNOWN
    rig.terminal.connected = True
    state = the_end(rig, settled=True)
    assert record_of(state, intent).state == IntentState.EXPIRED
    assert record_of(state, intent).retcode == Retcode.CONNECTION
    assert len(state.intents) > len(rig.terminal.effects) - 1, "it goes on trading afterwards"


def test_an_intent_that_is_unknown_lets_no_other_entry_through(rig: Rig) -> None:
    def act(frame: bytes) -> Iterable[bytes]:
        rig.terminal.connected = False
        return (frame,)

    intent = Trap(rig, IntentKind.OPEN, act).spring()
    rig.terminal.connected = True
    rig.play(200)
    others = [
        record.intent
        for record in rig.account().intents.values()
        if record.intent.symbol == intent.symbol and record.intent.decided_ns > intent.decided_ns
    ]
    assert [other.kind for other in others if other.kind == IntentKind.OPEN] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_with_autotrading_off_intents_are_rejected_and_none_follow(rig: Rig, kind: IntentKind) -> None:
    def act(frame: bytes) -> Iterable[bytes]:
        rig.terminal.autotrading = False
        return (frame,)

    intent = Trap(rig, kind, act).spring()
    assert rig.live_state_of(intent) == IntentState.REJECTED
    rig.wait(1.5)
    entries = rig.account().intents.keys()
    rig.play(150)
    later = [record.intent.kind for i, record in rig.account().intents.items() if i not in entries]
    assert IntentKind.OPEN not in later
    rig.terminal.autotrading = True
    rig.wait(1.5)
    rig.play(300)
    state = the_end(rig)
    assert record_of(state, intent).retcode == Retcode.CLIENT_DISABLES_AT
    reopened = [i for i in state.intents.keys() - entries if state.intents[i].intent.kind == IntentKind.OPEN]
    assert reopened


# -- by hand -----------------------------------------------------------------------------------------------------------


def close_by_hand(rig: Rig, position_ticket: int) -> None:
    position = rig.terminal.position(position_ticket)
    assert position is not None
    request = TradeRequest(
        action=TradeAction.DEAL,
        symbol=position.symbol,
        volume=position.volume,
        type=OrderType.SELL if position.side > 0 else OrderType.BUY,
        position_ticket=position_ticket,
    )
    assert rig.terminal.send(request, DealReason.CLIENT).retcode == Retcode.DONE


def open_by_hand(rig: Rig, symbol: str = "EURUSD", volume: float = 0.37) -> int:
    request = TradeRequest(action=TradeAction.DEAL, symbol=symbol, volume=volume, type=OrderType.BUY)
    answer = rig.terminal.send(request, DealReason.CLIENT)
    assert answer.retcode == Retcode.DONE
    return answer.order_ticket


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: kind.name)
def test_a_position_closed_by_hand_while_an_intent_is_on_its_way(rig: Rig, kind: IntentKind) -> None:
    def act(frame: bytes) -> Iterable[bytes]:
        assert trap.found is not None
        close_by_hand(rig, trap.found.position_ticket)
        return (frame,)

    trap = Trap(rig, kind, act)
    intent = trap.spring()
    state = the_end(rig)
    record = record_of(state, intent)
    assert (record.state, record.retcode) == (IntentState.REJECTED, Retcode.POSITION_CLOSED)
    assert len(flags_of(state, FlagKind.CLOSED_BY_HAND)) == 1


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: kind.name)
def test_a_position_closed_by_hand_while_the_intent_is_lost_and_nobody_looks(rig: Rig, kind: IntentKind) -> None:
    intent = Trap(rig, kind, nothing).spring()
    rig.kill_bridge()
    close_by_hand(rig, intent.position_ticket)
    state = the_end(rig)
    record = record_of(state, intent)
    assert (record.state, record.retcode) == (IntentState.REJECTED, Retcode.POSITION_CLOSED)
    assert len(flags_of(state, FlagKind.CLOSED_BY_HAND)) == 1


@pytest.mark.parametrize("when", ["both live", "bridge dead", "EA dead"])
def test_a_position_opened_by_hand_is_counted_and_never_touched(rig: Rig, when: str) -> None:
    if when == "bridge dead":
        rig.kill_bridge()
    if when == "EA dead":
        rig.kill_ea()
    ticket = open_by_hand(rig)
    position = rig.terminal.position(ticket)
    assert position is not None
    rig.play(300)
    rig.kill_bridge()
    rig.play(100)
    state = the_end(rig)
    assert len(flags_of(state, FlagKind.MANUAL_POSITION)) == 1
    after = rig.terminal.position(ticket)
    assert after is not None
    assert (after.volume, after.sl, after.tp) == (position.volume, position.sl, position.tp)
    assert ticket not in {record.intent.position_ticket for record in state.intents.values()}
    assert state.positions[ticket].volume == position.volume


# -- a second terminal -------------------------------------------------------------------------------------------------


class SecondTerminal:
    """Another terminal that is logged in to the same account, with an EA, a disk and a connection of its own."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.first = rig.ea
        self.first_memory = rig.memory
        self._first_place = rig.peer, rig._place

    def takes_the_stage(self) -> None:
        """From now on `rig.ea` is this one."""
        rig = self._rig
        rig.peer, rig._place = b"", rig.folder / "second" / "intents.log"
        rig.ea, rig.memory = None, None
        rig.start_ea(terminal_id=8)

    def leaves_the_stage(self) -> None:
        """From now on `rig.ea` is the first one again, where it was left."""
        rig = self._rig
        if rig.memory is not None:
            rig.memory.close()
        rig.ea, rig.memory = self.first, self.first_memory
        rig.peer, rig._place = self._first_place


def test_a_second_terminal_is_refused_while_the_first_one_lives(rig: Rig) -> None:
    second = SecondTerminal(rig)
    second.takes_the_stage()
    assert rig.service is not None
    assert list(rig.service._roster.refusals.values()) == [1]
    assert rig.ea is not None
    assert rig.ea.is_over
    second.leaves_the_stage()
    rig.play(100)
    assert rig.peers == 2, "the first one's session went on"
    the_end(rig)


@pytest.mark.parametrize("late", [True, False], ids=["executed late", "never executed"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_intent_is_not_sent_again_to_another_terminal(rig: Rig, kind: IntentKind, *, late: bool) -> None:
    """The first one may have it, frozen as it is, and execute it yet. Only its own memory could tell."""
    intent = Trap(rig, kind, nothing).spring()
    rig.kill_bridge()
    second = SecondTerminal(rig)
    rig.start_bridge()
    second.takes_the_stage()
    assert rig.terminal.effects[intent.intent_id] == 0
    assert rig.live_state_of(intent) == IntentState.UNKNOWN
    if late:
        assert second.first is not None
        second.first._executor.execute(intent, rig.terminal.now_msc)
        rig.terminal._holdings._reported -= 1  # the second terminal sees the first one's deals, too
        rig.terminal._holdings._changed[intent.position_ticket] = None
    rig.settle()
    state = rig.finish()
    assert second.first_memory is not None
    remembered = [*second.first_memory.entries(), *the_memory(rig)]
    second.first_memory.close()
    assert faults(state, rig.terminal, remembered) == []
    assert record_of(state, intent).state == (IntentState.FILLED if late else IntentState.EXPIRED)


def the_memory(rig: Rig) -> list[Remembered]:
    with DiskMemory(rig._place) as memory:
        return list(memory.entries())
