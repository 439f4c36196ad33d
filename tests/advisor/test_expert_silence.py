"""The EA's twin while its bridge is silent: the market goes on, stops follow, nothing opens, no tick is lost unseen."""

import msgspec
import numpy as np
import pytest

from advisor.expert import EaRules
from domain.intents import IntentKind, LocalCare
from tests.sim.bridge_double import WELCOME, Wire, times_of
from tests.sim.intents import NEVER_NS, intent, on
from tests.sim.rig import FLAT, Rig, at_batch
from tests.sim.venues import MONDAY_MSC
from wire.enums import ByeReason, ErrorCode
from wire.messages import Bye, ErrorMessage, Heartbeat

CARE = LocalCare(trailing_distance=0.001, trailing_step=0.0001)
OPENED = at_batch(2, intent(care=CARE, expires_ns=NEVER_NS))
RISING = [FLAT] * 3 + [(round(1.101 + 0.001 * row, 5), round(1.1012 + 0.001 * row, 5)) for row in range(9)]
SILENT = EaRules(silent_ms=3000)


def left_alone(rules: EaRules = SILENT, **options: object) -> Rig:
    """Three ticks were answered, with a position opened at the second; the fourth was not."""
    rig = Rig(OPENED, RISING, rules=rules, **options).connected()  # type: ignore[arg-type]  # options of Rig
    rig.wire.stream(3)
    rig.bridge.is_deaf = True
    assert rig.wire.stream() == 1
    return rig


def go_on(rig: Rig, ticks: int) -> int:
    """Let the market go on; how many ticks came."""
    before = rig.feed.played
    for _ in range(ticks):
        rig.wire.carry(rig.advisor.go_on(rig.bridge.now_ns))
    return rig.feed.played - before


def keep_alive(rig: Rig, milliseconds: int) -> None:
    """Time passes; the bridge sends heartbeats and answers nothing."""
    for _ in range(milliseconds // 500):
        rig.wire.wait(500)
        rig.wire.tell(rig.bridge.say(Heartbeat()))


def stop_of(rig: Rig) -> float:
    (position,) = rig.venue.terminal.positions()
    return position.sl


def test_before_its_time_the_market_waits() -> None:
    rig = left_alone()
    keep_alive(rig, 3000)
    assert not rig.advisor.is_silent(rig.bridge.now_ns)
    assert go_on(rig, 5) == 0


@pytest.mark.parametrize("is_live", [True, False], ids=["heartbeats alone", "no session"])
def test_stops_follow_while_nobody_answers(is_live: bool) -> None:
    rig = left_alone()
    if is_live:
        keep_alive(rig, 3500)
    else:
        rig.advisor.disconnected()
        rig.bridge.now_ns += 3_001_000_000
    assert go_on(rig, 4) == 4
    assert stop_of(rig) == 1.104  # the bid is 1.105
    assert rig.advisor.counts.stops_moved == 4  # the tick without an answer moved it not
    assert rig.advisor.counts.intents == 1
    assert rig.deals_of_ours() == 1
    reported = [position.sl for report in rig.bridge.reports for position in report.update.positions]
    assert (reported[-1] == 1.104) == is_live


def test_a_new_session_is_shown_the_stop_and_then_every_tick() -> None:
    rig = left_alone()
    rig.advisor.disconnected()
    rig.bridge.now_ns += 3_001_000_000
    go_on(rig, 4)
    rig.bridge.is_deaf = False
    rig.bridge.heard.clear()
    rig.wire.connect()
    assert [position.sl for position in rig.bridge.snapshots[-1].update.positions] == [1.104]
    assert not rig.advisor.is_silent(rig.bridge.now_ns)
    rig.wire.stream()
    assert times_of(rig.bridge.ticks) == [MONDAY_MSC + 100 * row for row in range(3, 12)]
    assert [len(batch.ticks) for batch in rig.bridge.ticks] == [1, 4, 1, 1, 1, 1]
    assert [batch.batch for batch in rig.bridge.ticks] == [4, 5, 6, 7, 8, 9]  # without a gap: the bars go on
    counts = rig.advisor.counts
    assert (counts.ticks, counts.batches, counts.batches_resent, counts.ticks_dropped) == (12, 9, 1, 0)
    assert rig.advisor.is_done


def test_history_ends_before_the_ticks_that_wait() -> None:
    rig = left_alone(step_msc=30_000)
    rig.advisor.disconnected()
    rig.bridge.now_ns += 3_001_000_000
    go_on(rig, 6)
    rig.bridge.heard.clear()
    rig.wire.connect()
    assert rig.bridge.histories[0].rates["tick_volume"].tolist()[-1] == 1  # the third tick; the fourth was not answered
    assert int(rig.bridge.histories[0].rates["time"][-1]) == MONDAY_MSC // 1000 + 60


def test_an_answer_after_all_ends_the_silence() -> None:
    rig = left_alone()
    keep_alive(rig, 3500)
    go_on(rig, 2)
    rig.bridge.is_deaf = False
    late = list(rig.bridge._decided(rig.bridge.ticks[-1]))
    rig.wire.tell(*late)
    assert go_on(rig, 2) == 0
    rig.wire.stream()
    assert times_of(rig.bridge.ticks) == [MONDAY_MSC + 100 * row for row in range(12)]
    assert rig.advisor.is_done


def test_an_intent_that_comes_late_opens_nothing() -> None:
    rig = left_alone(step_msc=2_000)
    keep_alive(rig, 3500)
    go_on(rig, 4)
    stale = intent(intent_id=0x77, decided_ns=0, expires_ns=MONDAY_MSC * 1_000_000 + 7_000_000_000)
    rig.wire.tell(rig.bridge.order(stale))
    assert rig.deals_of_ours() == 1


def test_instructions_of_a_later_intent_hold() -> None:
    rig = left_alone()
    keep_alive(rig, 3500)
    go_on(rig, 1)
    tighter = LocalCare(trailing_distance=0.0005, trailing_step=0.0001)
    (position,) = rig.venue.terminal.positions()
    new = on(position.position_ticket, IntentKind.MODIFY, sl=1.1015, tp=1.12, expires_ns=NEVER_NS, care=tighter)
    rig.wire.tell(rig.bridge.order(new))
    keep_alive(rig, 3500)
    go_on(rig, 1)
    assert stop_of(rig) == 1.1025  # the bid is 1.103


def test_ticks_beyond_the_limit_are_dropped_and_told() -> None:
    rig = left_alone(msgspec.structs.replace(SILENT, backlog_ticks=3))
    rig.advisor.disconnected()
    rig.bridge.now_ns += 3_001_000_000
    go_on(rig, 5)
    rig.bridge.is_deaf = False
    rig.bridge.heard.clear()
    rig.wire.connect()
    rig.wire.stream()
    errors = [message for message in rig.bridge.heard if isinstance(message, ErrorMessage)]
    assert [(error.code, error.fatal) for error in errors] == [(ErrorCode.OUT_OF_SEQUENCE, False)]
    assert "3 ticks" in errors[0].text
    assert rig.advisor.counts.ticks_dropped == 3  # the one without an answer, and two of five
    assert times_of(rig.bridge.ticks) == [MONDAY_MSC + 100 * row for row in range(6, 12)]
    assert rig.bridge.ticks[0].batch == 6  # 5 never comes: nothing is gone on with


def test_a_living_session_ends_when_ticks_are_dropped() -> None:
    rig = left_alone(msgspec.structs.replace(SILENT, backlog_ticks=3))
    keep_alive(rig, 3500)
    go_on(rig, 4)
    byes = [message for message in rig.bridge.heard if isinstance(message, Bye)]
    assert [bye.reason for bye in byes] == [ByeReason.RESTARTING]
    assert rig.advisor.is_over
    assert go_on(rig, 2) == 2


def test_a_terminal_that_never_met_a_bridge_waits_unless_it_has_positions() -> None:
    rig = Rig(rules=SILENT)
    rig.advisor.connect(b"n" * 16, rig.bridge.now_ns)
    rig.bridge.now_ns += 60_000_000_000
    assert go_on(rig, 3) == 0
    rig = left_alone()
    rig.advisor = rig.new_advisor(SILENT)
    rig.wire = Wire(rig.advisor, rig.bridge)
    rig.advisor.connect(b"n" * 16, rig.bridge.now_ns)
    assert go_on(rig, 3) == 0
    rig.bridge.now_ns += 3_001_000_000
    assert go_on(rig, 3) == 3
    assert stop_of(rig) == 1.103


def test_an_impatient_stream_looks_after_its_stops_as_well() -> None:
    """With a limit on the wait for an answer the ticks themselves go on."""
    rig = Rig(OPENED, RISING, rules=EaRules(silent_ms=3000, decision_wait_ms=1)).connected()
    rig.wire.stream(3)
    rig.bridge.is_deaf = True
    rig.wire.stream(1)
    keep_alive(rig, 3500)
    rig.wire.stream(1)
    assert stop_of(rig) == 1.101
    assert rig.advisor.counts.stops_moved == 1


def test_switched_off_the_market_waits_for_ever() -> None:
    rig = left_alone(EaRules(silent_ms=0))
    rig.advisor.disconnected()
    rig.bridge.now_ns += 3_600_000_000_000
    assert go_on(rig, 3) == 0


def test_a_calm_market_is_no_silent_bridge() -> None:
    rig = Rig(OPENED, RISING, rules=SILENT).connected()
    rig.wire.stream(3)
    keep_alive(rig, 20_000)
    assert go_on(rig, 3) == 0


def test_a_merged_batch_fits_what_the_session_takes() -> None:
    rig = left_alone(welcome=msgspec.structs.replace(WELCOME, max_ticks=2))
    rig.advisor.disconnected()
    rig.bridge.now_ns += 3_001_000_000
    go_on(rig, 5)
    rig.bridge.is_deaf = False
    rig.wire.connect()
    rig.bridge.heard.clear()
    rig.wire.stream()
    assert [len(batch.ticks) for batch in rig.bridge.ticks] == [1, 2, 2, 1, 1, 1, 1]
    assert np.all(np.diff(times_of(rig.bridge.ticks)) == 100)
