"""A desk: who is let in, what may leave before the journal is safe, and that no connection changes a decision."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from account.events import IntentIssued, IntentSent, SessionOpened
from account.state import AccountState
from bridge.config import DeskRules
from bridge.records import EntryKind
from bridge.trader import Trader
from domain.intents import intent_id_in
from domain.timeframes import Timeframe
from domain.trading import DealEntry
from domain.updates import TradeUpdate
from marketdata import Tape
from sim.runner import Runner
from sim.terminal import SimTerminal
from strategy.engine import Engine
from strategy.events import WarmUp
from strategy.tables import Table
from tests.bridge.floor import (
    EAGER,
    HELLO,
    MONEY,
    PROFILE,
    RULES,
    SECOND,
    SECRET,
    Floor,
    Market,
    Script,
    intents,
    played,
    some_ticks,
    texts,
)
from tests.strategy.markets import START_MSC, a_spec
from wire.enums import ByeReason, ErrorCode
from wire.messages import (
    Ask,
    Bye,
    Challenge,
    Decision,
    ErrorMessage,
    Heartbeat,
    IntentMessage,
    Report,
    Symbols,
    Ticks,
    Welcome,
)
from wire.session import TerminalSession

MARKET = Market()


@pytest.fixture(scope="module")
def undisturbed() -> Floor:
    return played(MARKET)


def ids_of(floor: Floor) -> list[int]:
    return [message.intent.intent_id for message in floor.heard.of(IntentMessage)]


def entries_by_intent(floor: Floor) -> list[int]:
    """The intent of every deal that opened a position."""
    found = [intent_id_in(deal.comment) for deal in floor.terminal.deals if deal.entry == DealEntry.IN and deal.symbol]
    return [intent_id for intent_id in found if intent_id is not None]


# -- the same decisions as without a wire ------------------------------------------------------------------------------


def test_it_decides_what_the_runner_decides_bit_for_bit(undisturbed: Floor) -> None:
    terminal = SimTerminal(PROFILE, (a_spec(),), start_msc=int(MARKET.ticks["time_msc"][0]))
    bars = MARKET.bars[-undisturbed.line.trader.bars_wanted :]
    history = WarmUp("EURUSD", Timeframe.M1, bars)
    tape = Tape(("EURUSD",), {"EURUSD": MARKET.ticks})
    result = Runner(Engine(EAGER), terminal, tape, warm_up=[history]).run()
    assert len(result.intents) > 10
    assert undisturbed.heard.decisions.tobytes() == result.decisions.tobytes()
    assert ids_of(undisturbed) == [intent.intent_id for intent in result.intents]
    assert undisturbed.terminal.deals == result.deals


def test_every_batch_gets_exactly_one_decision(undisturbed: Floor) -> None:
    answered = [decision.batch for decision in undisturbed.heard.of(Decision)]
    assert answered == list(range(1, len(MARKET.ticks) + 1))


def test_as_many_intents_follow_as_the_decision_says(undisturbed: Floor) -> None:
    waiting = 0
    for message in undisturbed.heard.messages:
        if isinstance(message, Decision):
            assert waiting == 0
            waiting = message.intents_following
        elif isinstance(message, IntentMessage):
            waiting -= 1
    assert waiting == 0


def test_the_journal_replays_to_the_same_account(undisturbed: Floor) -> None:
    replayed = AccountState.replayed(undisturbed.heard.journal)
    assert replayed.digest() == undisturbed.line.trader.account.digest()


def test_every_intent_is_journaled_before_it_is_sent(undisturbed: Floor) -> None:
    events = undisturbed.heard.journal
    issued = [event.intent.intent_id for event in events if isinstance(event, IntentIssued)]
    sent = [event.intent_id for event in events if isinstance(event, IntentSent)]
    assert issued == sent == ids_of(undisturbed)


@pytest.mark.parametrize("max_ticks", [7, 500])
def test_batches_of_many_ticks_are_decided_too(max_ticks: int) -> None:
    floor = played(MARKET, max_ticks=max_ticks)
    assert floor.terminal.now_msc == MARKET.ticks["time_msc"][-1]
    assert ids_of(floor)
    assert floor.line.trader.account.open_intents() == []


# -- broken connections ------------------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(st.lists(st.integers(1, 250), min_size=1, max_size=4))
def test_a_broken_connection_changes_no_decision(undisturbed_decisions: Table, pauses: list[int]) -> None:
    floor = Floor(MARKET)
    floor.connect()
    for batches in pauses:
        floor.play(batches)
        floor.reconnect()
    floor.play()
    assert floor.heard.decisions.tobytes() == undisturbed_decisions.tobytes()


@pytest.fixture(scope="module")
def undisturbed_decisions(undisturbed: Floor) -> Table:
    return undisturbed.heard.decisions


@settings(max_examples=15)
@given(st.lists(st.integers(1, 250), min_size=1, max_size=4), st.data())
def test_a_restart_sends_no_intent_twice_and_forgets_none(pauses: list[int], data: st.DataObject) -> None:
    """The bridge dies between any two frames; what was not committed is gone, the journal stays."""
    floor = Floor(MARKET)
    floor.connect()
    for batches in pauses:
        floor.play(batches)
        floor.line.now_ns += 1
        die_between_frames(floor, data.draw(st.integers(0, 6)))
        floor.reconnect(Trader("Test-Demo:5000001", EAGER, floor.heard.journal))
    floor.play()
    opened = entries_by_intent(floor)
    assert len(opened) == len(set(opened))
    account = floor.line.trader.account
    assert {p.position_ticket for p in floor.terminal.positions()} == set(account.positions)
    assert set(opened) <= set(account.intents)
    assert account.open_intents() == []


def die_between_frames(floor: Floor, frames: int) -> None:
    """Let `frames` more frames of the terminal be handled, and lose every answer to them."""
    waiting = floor.ea.stream(floor.line.now_ns)
    for frame in waiting[:frames]:
        floor.line.give(frame)


def test_an_intent_that_was_lost_on_the_way_is_sent_again_with_the_same_number() -> None:
    floor, lost = stopped_at_an_intent()
    floor.reconnect()
    again = ids_of(floor)
    assert again.count(lost) == 2
    assert entries_by_intent(floor).count(lost) == 1
    attempts = [e.attempt for e in floor.heard.journal if isinstance(e, IntentSent) and e.intent_id == lost]
    assert attempts == [1, 2]


def test_an_intent_that_was_lost_for_too_long_is_not_sent_again() -> None:
    floor, lost = stopped_at_an_intent()
    floor.terminal.settle(0, some_ticks(60_000, start_msc=floor.terminal.now_msc), 0)  # a minute passes at the server
    floor.reconnect()
    assert ids_of(floor).count(lost) == 1
    assert lost not in entries_by_intent(floor)
    assert floor.line.trader.account.intents[lost].state.name == "EXPIRED"


def stopped_at_an_intent() -> tuple[Floor, int]:
    """A terminal whose connection broke before the first intent reached it."""
    floor = Floor(MARKET)
    floor.connect()
    while not floor.feed.is_over:
        floor.line.now_ns += SECOND // 1000
        answers = [answer for frame in floor.ea.stream(floor.line.now_ns) for answer in floor.line.give(frame)]
        if ids_of(floor):
            return floor, ids_of(floor)[0]
        floor.pass_on(frame for answer in answers for frame in floor.ea.receive(answer, floor.line.now_ns))
    raise AssertionError("a market without an intent")


# -- who is let in -----------------------------------------------------------------------------------------------------


def test_the_way_in() -> None:
    script = Script()
    assert script.desk.obstacle() == "session is open"
    (challenge,) = script.say(HELLO)
    assert isinstance(challenge, Challenge)
    (welcome,) = script.hand(script.session.authenticate(script.line.now_ns))
    assert isinstance(welcome, Welcome)
    assert welcome.session == 1
    assert welcome.timeframes == EAGER.timeframes
    assert script.reconcile() == []
    assert script.desk.obstacle() == "session is reconciled"
    assert script.remember() == []
    assert script.ready() == []
    assert script.desk.obstacle() == ""
    opened = script.line.heard.journal[0]
    assert isinstance(opened, SessionOpened)
    assert (opened.login, opened.session, opened.terminal_id) == (HELLO.login, 1, f"{7:016x}")


def test_sessions_are_counted_over_restarts() -> None:
    first = Script().live()
    second = Script(trader=Trader("Test-Demo:5000001", EAGER, first.line.heard.journal))
    (welcome,) = second.enter()
    assert isinstance(welcome, Welcome)
    assert welcome.session == 2


@pytest.mark.parametrize(
    ("secret", "fields", "code"),
    [
        (b"another secret", {}, ErrorCode.BAD_SECRET),
        (SECRET, {"version_min": 7, "version_max": 9}, ErrorCode.BAD_VERSION),
    ],
)
def test_strangers_are_refused(secret: bytes, fields: dict[str, int], code: ErrorCode) -> None:
    script = Script(secret=secret)
    frames = script.line.give(script.session.send(msgspec.structs.replace(HELLO, **fields), 1))
    if code is ErrorCode.BAD_SECRET:  # the terminal would notice first that the bridge does not know the secret
        honest = TerminalSession(SECRET, 1)
        honest.send(HELLO, 1)
        honest.receive(frames[0], 1)
        proof = bytearray(honest.authenticate(1))
        proof[-1] ^= 1
        frames = script.line.give(bytes(proof))
    error = script.line.heard.of(ErrorMessage)[-1]
    assert error.code is code
    assert error.fatal
    assert script.desk.is_over
    assert script.line.heard.journal == []
    assert "protocol" in script.desk.all_alerts()


def test_another_magic_is_refused_with_the_remedy() -> None:
    script = Script(hello=msgspec.structs.replace(HELLO, magic=5))
    (error,) = script.enter()
    assert isinstance(error, ErrorMessage)
    assert (error.code, error.fatal) == (ErrorCode.REFUSED, True)
    assert f"set it to {EAGER.magic}" in error.text
    assert script.line.heard.journal == []


@pytest.mark.parametrize("frame", [b"", b"noise", bytes(100), b"\xff" * 5000])
def test_noise_ends_the_session_with_a_reason(frame: bytes) -> None:
    script = Script()
    script.line.give(frame)
    assert script.desk.is_over
    assert script.line.heard.of(ErrorMessage)[0].fatal
    assert script.line.give(frame) == []


def test_an_unknown_symbol_index_ends_the_session() -> None:
    script = Script().live()
    frame = script.session.send(Ask(symbol_index=0, batch=1, server_offset_s=0, money=MONEY), 1)
    index_at = 32  # the first field behind the header
    script.line.give(frame[:index_at] + b"\x09\x00" + frame[index_at + 2 :])
    assert script.line.heard.of(ErrorMessage)[0].code is ErrorCode.UNKNOWN_SYMBOL


def test_nothing_is_heard_before_the_proof() -> None:
    script = Script()
    script.say(HELLO)
    other = Script().live()
    script.line.give(other.session.send(Heartbeat(), 1))
    assert script.desk.is_over
    assert script.trader.account.login == 0


# -- time --------------------------------------------------------------------------------------------------------------


def test_it_says_so_when_it_has_nothing_to_say() -> None:
    script = Script().live()
    assert script.wait(999_000_000) == []
    (beat,) = script.wait(1_000_000)
    assert isinstance(beat, Heartbeat)
    assert not beat.snapshot_wanted


def test_a_silent_terminal_is_given_up() -> None:
    script = Script().live()
    script.line.wait(6 * SECOND)
    assert script.desk.is_over
    assert "silent" in script.desk.all_alerts()["terminal"]
    assert script.line.heard.of(ErrorMessage)[-1].code is ErrorCode.SILENT


def test_a_slow_handshake_is_given_up() -> None:
    script = Script()
    script.line.wait(11 * SECOND)
    assert script.desk.is_over


def test_good_bye_both_ways() -> None:
    script = Script().live()
    script.desk.leave(ByeReason.STOPPING, "later", 0, 0)
    (bye,) = script.heard(script.line.take())
    assert isinstance(bye, Bye)
    assert script.desk.is_over
    script.desk.leave(ByeReason.STOPPING, "once is enough", 0, 0)
    assert script.line.take() == []
    other = Script().live()
    other.say(Bye(reason=ByeReason.RESTARTING, text="update"))
    assert other.desk.is_over
    assert other.desk.all_alerts()["terminal"] == "left: restarting update"


def test_what_the_terminal_complains_about_is_shown() -> None:
    script = Script().live()
    script.say(ErrorMessage(code=ErrorCode.INTERNAL, fatal=False, ref_seq=1, text="disk full"))
    assert script.desk.all_alerts()["terminal"] == "INTERNAL: disk full"
    assert script.desk.obstacle() == ""


def test_a_lost_connection_is_over() -> None:
    script = Script().live()
    script.desk.lost()
    assert script.desk.is_over


def test_being_turned_away_twice_says_it_once() -> None:
    script = Script()
    script.say(HELLO)
    script.desk.turn_away(ErrorCode.REFUSED, "no", 1, 1)
    script.desk.turn_away(ErrorCode.REFUSED, "no", 1, 1)
    assert len(script.line.take()) == 1


# -- the journal first -------------------------------------------------------------------------------------------------


def at_an_intent() -> Floor:
    """A desk with an intent in its outbox that nobody has journaled yet; silence takes long to end the session."""
    floor = Floor(MARKET, rules=msgspec.structs.replace(RULES, silence_ms=60_000))
    floor.connect()
    line = floor.line
    while not floor.feed.is_over:
        line.now_ns += SECOND // 1000
        for frame in floor.ea.stream(line.now_ns):
            line.desk.receive(frame, line.now_ns, line.utc_ns)
            if line.desk.needs_journal:
                return floor
        floor.pass_on(frame for answer in line.take() for frame in floor.ea.receive(answer, line.now_ns))
    raise AssertionError("a market without an intent")


def test_an_intent_waits_for_the_journal() -> None:
    floor = at_an_intent()
    unsaved = floor.line.trader.take_unsaved()
    assert [type(event) for event in unsaved] == [IntentIssued, IntentSent]
    floor.line.take()
    assert len(ids_of(floor)) == 1
    assert not floor.line.desk.needs_journal


def test_what_cannot_be_journaled_is_not_sent() -> None:
    floor = at_an_intent()
    floor.line.desk.withhold("the disk is full")
    assert not floor.line.desk.needs_journal
    answers = floor.line.take()
    assert ids_of(floor) == []
    decision = floor.heard.of(Decision)[-1]
    assert (decision.intents_following, decision.text) == (0, "the disk is full")
    floor.pass_on(frame for answer in answers for frame in floor.ea.receive(answer, floor.line.now_ns))
    floor.step()
    assert floor.heard.of(Decision)[-1].text == "not ready: the disk is full"
    assert floor.line.desk.all_alerts()["journal"] == "the disk is full"
    assert floor.line.desk.obstacle() == "the disk is full"


def test_after_the_journal_works_again_the_intent_is_settled_and_trading_goes_on() -> None:
    floor = at_an_intent()
    floor.line.desk.withhold("the disk is full")
    floor.pass_on(frame for answer in floor.line.take() for frame in floor.ea.receive(answer, floor.line.now_ns))
    floor.line.desk.resume(floor.line.now_ns)
    floor.pass_on(frame for answer in floor.line.take() for frame in floor.ea.receive(answer, floor.line.now_ns))
    assert floor.line.desk.obstacle() == ""
    (record,) = floor.line.trader.account.open_intents()
    floor.play(10)
    answers = floor.line.wait(6 * SECOND)
    assert floor.line.trader.account.intents[record.intent.intent_id].state.name == "UNKNOWN"
    floor.pass_on(frame for answer in answers for frame in floor.ea.receive(answer, floor.line.now_ns))
    assert floor.line.trader.account.intents[record.intent.intent_id].state.name == "EXPIRED"
    assert entries_by_intent(floor) == []


# -- what is captured --------------------------------------------------------------------------------------------------


def test_a_batch_is_placed_among_the_records_it_led_to() -> None:
    script = Script().live()
    script.line.trader.take_records()
    frame = script.session.send(Report(time_msc=START_MSC, update=TradeUpdate(money=MONEY)), script.line.now_ns)
    script.desk.receive(frame, script.line.now_ns, script.line.utc_ns)
    assert place_of_batch(script) is None
    script.tick(some_ticks(0))
    assert place_of_batch(script) == 1  # the chart's history comes first
    script.tick(some_ticks(10))
    assert place_of_batch(script) == 0
    kinds = [record.kind for record in script.line.heard.records]
    assert kinds[0] == EntryKind.ENGINE_START
    assert EntryKind.WARM_UP in kinds


def place_of_batch(script: Script) -> int | None:
    return script.desk.fed_at


def test_symbols_may_be_told_again() -> None:
    script = Script().live()
    assert texts(script.tick(some_ticks(0))) == ["watching"]
    script.say(Symbols(specs=(a_spec(tick_value=1.1),)))
    assert script.trader.account.specs["EURUSD"].tick_value == 1.1
    assert texts(script.tick(some_ticks(1))) == ["watching"]


def test_rules_reach_the_terminal() -> None:
    rules = DeskRules(clock_check=False, max_ticks=3, heartbeat_ms=100, silence_ms=400, decision_wait_ms=9)
    (welcome,) = Script(rules=rules).enter()
    assert isinstance(welcome, Welcome)
    assert (welcome.max_ticks, welcome.heartbeat_ms, welcome.silence_ms, welcome.decision_wait_ms) == (3, 100, 400, 9)


def test_too_many_ticks_end_the_session() -> None:
    script = Script(rules=msgspec.structs.replace(RULES, max_ticks=2)).live()
    wide = Script().live()
    wide.batch = script.batch
    message = Ticks(
        symbol_index=0, batch=1, server_offset_s=0, wants_decision=True, money=MONEY, ticks=some_ticks(0, 1, 2)
    )
    script.line.give(wide.session.send(message, script.line.now_ns))
    assert script.line.heard.of(ErrorMessage)[0].code is ErrorCode.TOO_LARGE


def test_no_intent_without_a_decision_to_act(undisturbed: Floor) -> None:
    acted = np.count_nonzero(undisturbed.heard.decisions["action"])
    assert len(intents(undisturbed.heard.messages)) == acted
