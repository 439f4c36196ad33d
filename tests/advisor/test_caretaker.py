"""Care on a real account: whose stops move, by which instructions, and what a refusal leads to."""

from pathlib import Path

import pytest

from advisor.caretaker import Caretaker
from advisor.memory import DiskMemory, RamMemory, Remembered
from domain.intents import Intent, IntentKind, LocalCare, comment_of
from domain.retcodes import Retcode
from sim.requests import Disturbance, ScriptedFills
from tests.sim.intents import intent, on
from tests.sim.venues import EURUSD, MAGIC, MONDAY_MSC, USDJPY, Venue

WIDE = LocalCare(trailing_distance=0.004, trailing_step=0.0001)
TIGHT = LocalCare(trailing_distance=0.002, trailing_step=0.0001)
EARLY = LocalCare(break_even_gain=0.001, break_even_offset=0.0002)


class Cared:
    """A venue with a buy of 0.1 lots at 1.1002, its stop at 1.09, and the intents an EA remembers."""

    def __init__(self, *intents: Intent, fills: ScriptedFills | None = None) -> None:
        self.venue = Venue(EURUSD, USDJPY, fills=fills)
        self.venue.quote(1.1, 1.1002)
        comment = comment_of(intent().intent_id)
        self.ticket = self.venue.open(1, 0.1, sl=1.09, tp=1.12, comment=comment).order_ticket
        self.memory = RamMemory()
        for one in intents:
            self.memory.keep(Remembered(intent=one))
        self.caretaker = Caretaker(self.venue.terminal, self.memory, MAGIC)
        self.caretaker.begin()

    def at(self, bid: float, after_msc: int = 100) -> int:
        self.venue.quote(bid, bid + 0.0002, after_msc=after_msc)
        return self.caretaker.look_after(self.venue.terminal.now_msc)

    @property
    def levels(self) -> tuple[float, float]:
        position = self.venue.terminal.position(self.ticket)
        assert position is not None
        return position.sl, position.tp


def modify(ticket: int, care: LocalCare, intent_id: int = 0xE) -> Intent:
    return intent(IntentKind.MODIFY, intent_id=intent_id, position_ticket=ticket, care=care)


def test_the_stop_follows_by_the_opening_intent_and_the_target_stays() -> None:
    cared = Cared(intent(care=WIDE))
    assert cared.caretaker.has_charges
    assert [cared.at(bid) for bid in (1.099, 1.102, 1.1051, 1.1040, 1.1061)] == [0, 1, 1, 0, 1]
    assert cared.levels == (1.1021, 1.12)
    assert len(cared.venue.terminal.deals) == 2  # the deposit and the entry: nothing was opened or closed


def test_the_last_modification_holds_whatever_became_of_it() -> None:
    cared = Cared(intent(care=WIDE))
    for intent_id, care in ((0xE, EARLY), (0xF, TIGHT)):
        cared.memory.keep(Remembered(intent=modify(cared.ticket, care, intent_id)))
    cared.caretaker.begin()
    assert cared.at(1.1051) == 1
    assert cared.levels == (1.1031, 1.12)


def test_closing_a_part_says_nothing_about_the_stop() -> None:
    cared = Cared(intent(care=WIDE))
    cared.memory.keep(Remembered(intent=on(cared.ticket, IntentKind.PARTIAL_CLOSE, volume=0.05)))
    cared.caretaker.begin()
    assert cared.at(1.1051) == 1


@pytest.mark.parametrize("remembered", [(), (intent(),)], ids=["unknown", "without instructions"])
def test_without_instructions_a_stop_stays(remembered: tuple[Intent, ...]) -> None:
    cared = Cared(*remembered)
    assert not cared.caretaker.has_charges
    assert cared.at(1.1191) == 0
    assert cared.levels == (1.09, 1.12)


def test_positions_of_others_are_never_touched() -> None:
    cared = Cared(intent(care=WIDE))
    cared.venue.by_hand(1, 0.1)
    strangers = Caretaker(cared.venue.terminal, cared.memory, MAGIC + 1)
    strangers.begin()
    assert not strangers.has_charges
    cared.venue.quote(1.1051, 1.1053)
    assert strangers.look_after(cared.venue.terminal.now_msc) == 0
    assert cared.at(1.1051) == 1
    assert [position.sl for position in cared.venue.terminal.positions()] == [1.1011, 0.0]


def test_a_refusal_is_asked_again_once_a_second() -> None:
    refusals = [Disturbance(), *[Disturbance(retcode=Retcode.REJECT)] * 2]
    cared = Cared(intent(care=WIDE), fills=ScriptedFills(refusals))
    assert [cared.at(1.1051, after_msc) for after_msc in (100, 500, 499, 1, 999, 1)] == [0, 0, 0, 0, 0, 1]


def test_a_terminal_that_may_not_trade_moves_nothing() -> None:
    cared = Cared(intent(care=WIDE))
    cared.venue.terminal.autotrading = False
    assert cared.at(1.1051) == 0
    cared.venue.terminal.autotrading = True
    assert cared.at(1.1051, after_msc=1000) == 1


def test_instructions_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "intents.log"
    with DiskMemory(path) as memory:
        memory.keep(Remembered(intent=intent(care=WIDE)))
    cared = Cared()
    with DiskMemory(path) as memory:
        again = Caretaker(cared.venue.terminal, memory, MAGIC)
        again.begin()
        cared.venue.quote(1.1051, 1.1053)
        assert again.look_after(MONDAY_MSC) == 1
    assert cared.levels == (1.1011, 1.12)
