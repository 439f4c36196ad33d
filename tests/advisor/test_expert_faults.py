"""The EA's twin when frames are lost, bridges die and clocks run out."""

import pytest

from advisor.expert import EaRules
from domain.retcodes import Retcode
from tests.sim.bridge_double import Wire, decision, times_of
from tests.sim.intents import NEVER_NS, intent
from tests.sim.rig import FLAT, Rig, at_batch
from tests.sim.venues import MONDAY_MSC
from wire.enums import ByeReason
from wire.messages import Bye, ErrorMessage, Heartbeat


def test_ticks_that_were_not_answered_are_sent_again_after_a_reconnection() -> None:
    rig = Rig(rules=EaRules(window=3)).connected()
    rig.wire.stream(2)
    rig.bridge.is_deaf = True
    assert rig.wire.stream() == 3
    rig.advisor.disconnected()
    assert rig.advisor.is_over
    rig.bridge.is_deaf = False
    rig.bridge.heard.clear()
    rig.wire.connect()
    rig.wire.stream()
    assert times_of(rig.bridge.ticks) == [MONDAY_MSC + 100 * row for row in range(2, 10)]
    assert [batch.batch for batch in rig.bridge.ticks] == list(range(3, 11))
    assert rig.advisor.counts.batches_resent == 3
    assert rig.advisor.counts.sessions == 2
    assert rig.advisor.is_done


def test_history_after_a_reconnection_ends_before_the_first_tick_to_come() -> None:
    rig = Rig(quotes=[FLAT] * 10, step_msc=30_000).connected()
    rig.wire.stream(6)
    rig.bridge.is_deaf = True
    rig.wire.stream()
    rig.advisor.disconnected()
    rig.bridge.heard.clear()
    rig.wire.connect()
    opened = [int(time) for time in rig.bridge.histories[0].rates["time"]]
    minute_s = MONDAY_MSC // 1000
    assert opened == [minute_s, minute_s + 60, minute_s + 120]  # the bar of ticks 5 and 6 is the last, still running
    assert rig.bridge.histories[0].rates["tick_volume"].tolist() == [2, 2, 2]


def test_a_report_that_was_lost_is_in_the_next_snapshot() -> None:
    rig = Rig(at_batch(2, intent())).connected()
    rig.wire.stream(1)
    frames = rig.advisor.stream(rig.bridge.now_ns)
    answers = rig.bridge.answers_to(frames[0])
    for answer in answers:
        rig.advisor.receive(answer, rig.bridge.now_ns)  # and its report never arrives
    rig.advisor.disconnected()
    rig.wire.connect()
    snapshot = rig.bridge.snapshots[-1]
    assert [result.retcode for result in snapshot.update.results] == [Retcode.DONE]
    assert len(snapshot.update.positions) == 1
    assert rig.deals_of_ours() == 1


def test_an_intent_lost_on_the_way_and_sent_again_is_executed_once() -> None:
    rig = Rig(at_batch(2, intent())).connected()
    rig.wire.stream(1)
    rig.bridge.is_muted = True
    rig.wire.stream(1)
    rig.advisor.disconnected()
    rig.bridge.is_muted = False
    rig.wire.connect()
    rig.wire.tell(rig.bridge.order(intent()))
    rig.wire.stream()
    assert rig.deals_of_ours() == 1
    assert rig.advisor.is_done


def test_a_restarted_ea_knows_what_it_has_done() -> None:
    rig = Rig(at_batch(2, intent())).connected()
    rig.wire.stream(3)
    rig.advisor = rig.new_advisor()
    rig.wire = Wire(rig.advisor, rig.bridge)
    rig.wire.connect()
    rig.wire.tell(rig.bridge.order(intent()))
    assert rig.deals_of_ours() == 1
    assert rig.bridge.snapshots[-1].update.results[0].retcode == Retcode.DONE


def test_a_half_dead_bridge_is_left() -> None:
    """It sends heartbeats and answers nothing."""
    rig = Rig(rules=EaRules(half_dead_ms=3000)).connected()
    rig.bridge.is_deaf = True
    rig.wire.stream()
    for _ in range(4):
        rig.wire.wait(1000)
        if not rig.advisor.is_over:
            rig.wire.tell(rig.bridge.say(Heartbeat()))
    assert rig.advisor.is_over
    byes = [message for message in rig.bridge.heard if isinstance(message, Bye)]
    assert [bye.reason for bye in byes] == [ByeReason.RESTARTING]


def test_a_calm_market_is_no_half_dead_bridge() -> None:
    rig = Rig(rules=EaRules(half_dead_ms=3000)).connected()
    rig.wire.stream(1)
    for _ in range(10):
        rig.wire.wait(1000)
        rig.wire.tell(rig.bridge.say(Heartbeat()))
    assert rig.advisor.is_live


def test_a_silent_bridge_is_given_up() -> None:
    rig = Rig().connected()
    for _ in range(60):
        rig.bridge.now_ns += 100_000_000
        rig.advisor.on_time(rig.bridge.now_ns)
    assert rig.advisor.is_over
    assert rig.advisor.refusal is None


def test_a_damaged_frame_ends_the_session_with_an_answer() -> None:
    rig = Rig().connected()
    (answer,) = rig.advisor.receive(b"garbage", rig.bridge.now_ns)
    assert rig.advisor.is_over
    (message,) = rig.bridge.session.receive(answer, rig.bridge.now_ns)
    assert isinstance(message, ErrorMessage)
    assert message.fatal
    assert rig.advisor.receive(b"more", rig.bridge.now_ns) == []


def test_the_bridge_s_good_bye_ends_the_session() -> None:
    rig = Rig().connected()
    rig.wire.tell(rig.bridge.say(Bye(reason=ByeReason.RESTARTING)))
    assert rig.advisor.is_over
    rig.wire.connect()
    assert rig.advisor.is_live


def test_heartbeats_are_sent_when_they_are_due_and_tell_the_state() -> None:
    rig = Rig().connected()
    rig.wire.stream(2)
    rig.venue.terminal.autotrading = False
    rig.wire.wait(1000)
    beat = rig.bridge.heartbeats[-1]
    assert len(rig.bridge.heartbeats) == 2
    assert (beat.ready, beat.trade_allowed, beat.connected) == (True, False, True)
    assert (beat.server_time_s, beat.ticks_sent) == (MONDAY_MSC // 1000, 2)
    assert beat.money == rig.venue.terminal.money()


def test_a_snapshot_is_sent_when_the_bridge_asks() -> None:
    rig = Rig(at_batch(1, intent())).connected()
    rig.wire.stream(2)
    rig.wire.tell(rig.bridge.say(Heartbeat(snapshot_wanted=True)))
    assert len(rig.bridge.snapshots) == 2
    assert [result.retcode for result in rig.bridge.snapshots[1].update.results] == [Retcode.DONE]
    assert rig.advisor.is_live


def test_leaving_says_good_bye_once() -> None:
    rig = Rig().connected()
    rig.wire.carry(rig.advisor.leave(rig.bridge.now_ns))
    assert isinstance(rig.bridge.heard[-1], Bye)
    assert rig.bridge.session.is_over
    assert rig.advisor.leave(rig.bridge.now_ns) == []


def test_without_a_session_nothing_happens() -> None:
    rig = Rig()
    assert rig.advisor.is_over
    assert rig.advisor.deadline_ns is None
    assert rig.advisor.receive(b"x", 0) == []
    assert rig.advisor.on_time(0) == []
    assert rig.advisor.leave(0) == []


def test_round_trips_are_measured() -> None:
    rig = Rig().connected()
    rig.bridge.is_deaf = True
    rig.wire.stream()
    rig.bridge.now_ns += 5_000_000
    rig.wire.tell(rig.bridge.say(decision(rig.bridge.ticks[0])))
    assert rig.advisor.counts.round_trips.percentiles_us(50) == (5000.0,)


@pytest.mark.parametrize("cut", range(1, 10, 2))
def test_wherever_the_connection_breaks_each_order_is_there_once(cut: int) -> None:
    """A connection is lost after every `cut` batches, and with it the answers on the way."""
    wanted = [intent(intent_id=number, volume=0.01, expires_ns=NEVER_NS) for number in range(1, 11)]
    rig = Rig(lambda ticks: (wanted[ticks.batch - 1],)).connected()
    while not rig.advisor.is_done:
        rig.wire.stream(cut)
        rig.bridge.is_muted = True
        rig.wire.stream(1)
        rig.bridge.is_muted = False
        if not rig.advisor.is_done:
            rig.advisor.disconnected()
            rig.wire.connect()
    assert rig.deals_of_ours() == 10
    assert sorted(entry.intent.intent_id for entry in rig.memory.entries()) == list(range(1, 11))
