"""The EA's twin against the bridge's real session, carried in memory."""

import pytest

from advisor.expert import EaRules
from domain.intents import Intent, IntentKind
from domain.retcodes import Retcode
from domain.timeframes import Timeframe
from domain.trading import OrderType
from domain.updates import ResultPhase
from sim.requests import Disturbance, ScriptedFills
from tests.sim.bridge_double import decision, times_of
from tests.sim.intents import NEVER_NS, intent, on
from tests.sim.rig import FLAT, OTHER_SECRET, Rig, at_batch
from tests.sim.test_feed import HISTORY
from tests.sim.venues import MAGIC, MONDAY_MSC
from wire.enums import ErrorCode
from wire.messages import ErrorMessage, HistoryRequest, Ticks, Welcome
from wire.states import SessionState

# -- the handshake -----------------------------------------------------------------------------------------------------


def test_a_session_begins_with_everything_the_bridge_needs() -> None:
    rig = Rig().connected()
    hello = rig.bridge.session.hello
    assert hello is not None
    assert (hello.login, hello.server, hello.currency, hello.leverage) == (5, "Sim-Demo", "USD", 500)
    assert (hello.terminal_id, hello.magic, hello.trade_allowed, hello.server_offset_s) == (77, MAGIC, True, 0)
    assert rig.bridge.symbols[0].specs == rig.venue.terminal.specs
    (snapshot,) = rig.bridge.snapshots
    assert snapshot.account == rig.venue.terminal.account()
    assert snapshot.update.deals == rig.venue.terminal.deals
    assert [beat.ready for beat in rig.bridge.heartbeats] == [True]
    assert rig.bridge.session.state is SessionState.LIVE
    assert rig.advisor.is_live
    assert rig.advisor.counts.sessions == 1


def test_history_is_sent_for_every_symbol_and_wanted_timeframe() -> None:
    welcome = Welcome(session=1, timeframes=(Timeframe.M1, Timeframe.M5), history_bars=3)
    rig = Rig(welcome=welcome).connected()
    sent = {(one.symbol_index, one.timeframe): one.rates for one in rig.bridge.histories}
    assert set(sent) == {(symbol, frame) for symbol in (0, 1) for frame in (Timeframe.M1, Timeframe.M5)}
    assert sent[0, Timeframe.M1]["time"].tolist() == HISTORY["time"].tolist()[-3:]
    assert [len(sent[key]) for key in ((0, Timeframe.M5), (1, Timeframe.M1))] == [0, 0]


def test_history_can_be_asked_for_again() -> None:
    rig = Rig().connected()
    rig.wire.stream(4)
    request = HistoryRequest(symbol_index=0, timeframe=Timeframe.M1, bars=2)
    rig.wire.tell(rig.bridge.say(request))
    assert len(rig.bridge.histories[-1].rates) == 2


def test_long_lists_come_in_parts_that_fit_a_frame() -> None:
    small = Welcome(session=1, timeframes=(Timeframe.M1,), history_bars=3, max_frame_bytes=4096)
    rig = Rig(welcome=small, max_ticks=1000)
    rig.venue.quote(*FLAT)
    for _ in range(30):
        rig.venue.open(1, 0.01)
    rig.wire.connect()
    assert [snapshot.parts for snapshot in rig.bridge.snapshots] == [len(rig.bridge.snapshots)] * len(
        rig.bridge.snapshots
    )
    assert len(rig.bridge.snapshots) > 3
    assert sum(len(snapshot.update.positions) for snapshot in rig.bridge.snapshots) == 30
    assert rig.advisor.is_live


def test_a_watermark_leaves_old_deals_out() -> None:
    rig = Rig(welcome=Welcome(session=1, deal_watermark_msc=MONDAY_MSC + 1))
    rig.venue.quote(*FLAT)
    rig.venue.open(1, 0.1)
    rig.wire.connect()
    assert rig.bridge.snapshots[0].update.deals == rig.venue.terminal.deals[1:]


def test_pending_orders_are_told_in_snapshot_and_report() -> None:
    """Placed by hand, then reached: the bridge hears of both, and its CANCEL is carried out."""
    rig = Rig(quotes=[FLAT, (1.0988, 1.099), FLAT], step_msc=1000)
    rig.venue.quote(*FLAT, after_msc=0)
    reached, waiting = (rig.venue.pend(OrderType.BUY_LIMIT, 0.1, price).order_ticket for price in (1.099, 1.05))
    rig.wire.connect()
    (snapshot,) = rig.bridge.snapshots
    assert snapshot.update.orders == rig.venue.terminal.orders()
    assert [order.order_ticket for order in snapshot.update.orders] == [reached, waiting]
    rig.wire.stream()
    (report,) = rig.bridge.reports
    assert (report.update.orders, report.update.orders_gone) == ((), (reached,))
    assert [deal.order_ticket for deal in report.update.deals] == [reached]
    rig.wire.tell(rig.bridge.order(on(0, IntentKind.CANCEL, order_ticket=waiting, expires_ns=NEVER_NS)))
    assert rig.bridge.reports[-1].update.orders_gone == (waiting,)
    assert rig.bridge.reports[-1].update.results[-1].retcode == Retcode.DONE


def test_a_wrong_secret_ends_all_attempts() -> None:
    rig = Rig(bridge_secret=OTHER_SECRET)
    frames = rig.advisor.connect(b"n" * 16, rig.bridge.now_ns)
    (challenge,) = rig.bridge.answers_to(frames[0])
    (answer,) = rig.advisor.receive(challenge, rig.bridge.now_ns)
    assert rig.advisor.is_over
    assert rig.advisor.refusal is not None
    assert rig.advisor.refusal.code is ErrorCode.BAD_SECRET
    assert rig.bridge.session.receive(answer, rig.bridge.now_ns)


@pytest.mark.parametrize(
    ("code", "final"), [(ErrorCode.BAD_VERSION, True), (ErrorCode.REFUSED, True), (ErrorCode.DUPLICATE_LOGIN, False)]
)
def test_what_the_bridge_refuses(code: ErrorCode, *, final: bool) -> None:
    rig = Rig().connected()
    rig.wire.tell(rig.bridge.session.refuse(code, "because", rig.bridge.now_ns))
    assert rig.advisor.is_over
    assert (rig.advisor.refusal is not None) is final


def test_an_error_that_is_not_fatal_changes_nothing() -> None:
    rig = Rig().connected()
    error = ErrorMessage(code=ErrorCode.UNKNOWN_SYMBOL, fatal=False, ref_seq=0, text="?")
    rig.wire.tell(rig.bridge.say(error))
    assert rig.advisor.is_live


# -- ticks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_ticks", [1, 3, 100])
def test_every_tick_arrives_once_and_in_order(max_ticks: int) -> None:
    rig = Rig(max_ticks=max_ticks).connected()
    rig.wire.stream()
    assert times_of(rig.bridge.ticks) == [MONDAY_MSC + 100 * row for row in range(10)]
    assert rig.advisor.is_done
    assert rig.advisor.counts.ticks == 10
    assert rig.advisor.counts.decisions == rig.advisor.counts.batches == len(rig.bridge.ticks)


def test_the_bridge_s_limit_of_ticks_holds() -> None:
    rig = Rig(max_ticks=100, welcome=Welcome(session=1, max_ticks=4)).connected()
    rig.wire.stream()
    assert [len(batch.ticks) for batch in rig.bridge.ticks] == [4, 4, 2]


def test_nothing_is_streamed_before_the_session_lives() -> None:
    rig = Rig()
    assert rig.advisor.stream(rig.bridge.now_ns) == []
    rig.advisor.connect(b"n" * 16, rig.bridge.now_ns)
    assert rig.advisor.stream(rig.bridge.now_ns) == []


def test_in_lock_step_a_tick_waits_for_the_decision() -> None:
    rig = Rig().connected()
    rig.bridge.is_deaf = True
    assert rig.wire.stream() == 1
    assert rig.wire.stream() == 0
    rig.bridge.is_deaf = False
    rig.wire.tell(rig.bridge.say(decision(rig.bridge.ticks[0])))
    assert rig.wire.stream() == 9


def test_in_lock_step_a_tick_waits_for_the_intents_too() -> None:
    rig = Rig().connected()
    rig.bridge.is_deaf = True
    rig.wire.stream()
    rig.wire.tell(rig.bridge.say(decision(rig.bridge.ticks[0], intents=2)))
    assert rig.wire.stream() == 0
    rig.wire.tell(rig.bridge.order(intent(intent_id=1)))
    assert rig.wire.stream() == 0
    assert not rig.advisor.is_done
    rig.wire.tell(rig.bridge.order(intent(intent_id=2)))
    assert rig.wire.stream() == 1


@pytest.mark.parametrize("window", [2, 5])
def test_a_window_of_batches_may_be_unanswered(window: int) -> None:
    rig = Rig(rules=EaRules(window=window)).connected()
    rig.bridge.is_deaf = True
    assert rig.wire.stream() == window
    rig.wire.tell(rig.bridge.say(decision(rig.bridge.ticks[0])))
    assert rig.wire.stream() == 1


def test_after_a_bounded_wait_it_goes_on_and_takes_the_answer_later() -> None:
    rig = Rig(rules=EaRules(decision_wait_ms=200)).connected()
    rig.bridge.is_deaf = True
    assert rig.wire.stream() == 1
    rig.wire.wait(100)
    assert rig.wire.stream() == 0
    rig.wire.wait(200)
    assert rig.wire.stream() == 1
    rig.wire.tell(rig.bridge.say(decision(rig.bridge.ticks[0])))
    assert (rig.advisor.counts.decisions, rig.advisor.counts.decisions_late) == (1, 1)
    rig.wire.tell(rig.bridge.say(decision(rig.bridge.ticks[1])))
    assert rig.advisor.counts.decisions_late == 1


def test_money_is_the_account_s_at_the_last_tick() -> None:
    rig = Rig(quotes=[FLAT, (1.2, 1.2002)]).connected()
    rig.wire.stream(1)
    rig.venue.open(1, 0.1)
    rig.wire.stream()
    first, second = rig.bridge.ticks
    assert first.money.equity == 10_000.0
    assert second.money == rig.venue.terminal.money()
    assert second.money.equity == pytest.approx(10_000.0 + 0.0998 * 10_000)


# -- orders ------------------------------------------------------------------------------------------------------------


def test_an_intent_is_executed_at_its_tick_and_reported_before_the_next() -> None:
    rig = Rig(at_batch(3, intent())).connected()
    rig.wire.stream()
    order_of_events = [
        type(message).__name__
        for message in rig.bridge.heard
        if isinstance(message, Ticks) or type(message).__name__ == "Report"
    ]
    assert order_of_events == ["Ticks"] * 3 + ["Report"] + ["Ticks"] * 7
    (report,) = rig.bridge.reports
    received, final = report.update.results
    assert (received.phase, final.phase, final.retcode) == (ResultPhase.RECEIVED, ResultPhase.FINAL, Retcode.DONE)
    assert report.time_msc == MONDAY_MSC + 200 == final.time_msc
    assert report.update.deals[0].deal_ticket == final.deal_ticket
    assert rig.advisor.is_done


def test_what_the_server_does_is_reported_before_the_tick_that_caused_it() -> None:
    quotes = [FLAT, FLAT, FLAT, (1.0895, 1.0897), FLAT]
    rig = Rig(at_batch(1, intent(sl=1.09)), quotes).connected()
    rig.wire.stream()
    kinds = [type(message).__name__ for message in rig.bridge.heard][-7:]
    assert kinds == ["Ticks", "Report", "Ticks", "Ticks", "Report", "Ticks", "Ticks"]
    stopped = rig.bridge.reports[-1].update
    assert stopped.deals[0].comment == "[sl 1.09000]"
    assert stopped.positions_gone == (stopped.deals[0].position_id,)


def test_an_intent_that_comes_twice_is_executed_once() -> None:
    rig = Rig(at_batch(1, intent(), intent())).connected()
    rig.wire.stream()
    assert rig.deals_of_ours() == 1
    first, second = (report.update.results for report in rig.bridge.reports)
    assert second == first[-1:]


def test_an_intent_after_its_expiry_is_refused() -> None:
    rig = Rig(at_batch(2, intent(expires_ns=MONDAY_MSC * 1_000_000))).connected()
    rig.wire.stream()
    assert rig.bridge.reports[0].update.results[-1].retcode == Retcode.INVALID_EXPIRATION
    assert rig.deals_of_ours() == 0


def test_a_position_is_opened_moved_and_closed() -> None:
    ticket = 2_000_001

    def script(ticks: Ticks) -> tuple[Intent, ...]:
        steps = {
            1: (intent(),),
            3: (on(ticket, IntentKind.MODIFY, sl=1.095, tp=1.13),),
            5: (on(ticket, IntentKind.CLOSE, side=-1, volume=0.1),),
        }
        return steps.get(ticks.batch, ())

    rig = Rig(script).connected()
    rig.wire.stream()
    codes = [report.update.results[-1].retcode for report in rig.bridge.reports]
    assert codes == [Retcode.DONE] * 3
    assert rig.venue.terminal.positions() == ()
    assert rig.advisor.counts.intents == rig.advisor.counts.reports == 3


def test_a_lost_broker_acknowledgement_still_gives_a_final_word() -> None:
    rig = Rig(at_batch(1, intent()), fills=ScriptedFills([Disturbance(lost_answer=True)])).connected()
    rig.wire.stream()
    assert rig.bridge.reports[0].update.results[-1].retcode == Retcode.DONE
