"""What the EA does with one intent, to the last digit: a scripted bridge, a still market."""

import itertools
from collections.abc import Callable

import msgspec
import pytest

from domain.intents import Intent, IntentKind, LocalCare, comment_of
from domain.requests import TradeAction
from domain.retcodes import Retcode
from domain.symbols import FillingFlag
from domain.trading import OrderFilling, OrderType
from sim.requests import Disturbance, ScriptedFills
from tests.crash.market import MAGIC, PROFILE
from tests.mql5.scenarios.conftest import MakeStage
from tests.mql5.scenarios.scripted import EURUSD, PRICE, SPREAD, Quotes, Stage, quotes
from tests.mql5.scenarios.terminal import Moment
from tests.mql5.scenarios.tunnel import TO_BRIDGE, TO_TERMINAL, Lengthy
from tests.sim.bridge_double import times_of
from wire.codec import read_header
from wire.messages import Auth, Symbols

pytestmark = pytest.mark.integration

BOTH = pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])


def ids_of(stage: Stage) -> list[str]:
    return [request.comment for request in stage.requests]


# -- requests ----------------------------------------------------------------------------------------------------------


@BOTH
def test_an_opening_order(stage: Stage, side: int) -> None:
    intent = stage.intent(side=side, sl=PRICE - side * 0.01, tp=PRICE + side * 0.02)
    stage.say(intent)
    (request,) = stage.requests
    assert request.action is TradeAction.DEAL
    assert request.type is (OrderType.BUY if side > 0 else OrderType.SELL)
    assert request.price == pytest.approx(PRICE + SPREAD if side > 0 else PRICE)
    assert (request.volume, request.sl, request.tp) == (0.1, round(intent.sl, 5), round(intent.tp, 5))
    assert (request.magic, request.deviation_points, request.position_ticket) == (MAGIC, 20, 0)
    assert request.comment == comment_of(intent.intent_id)
    assert stage.last_word(intent).retcode == Retcode.DONE


@pytest.mark.parametrize(
    ("flags", "filling"),
    [
        (FillingFlag.FOK, OrderFilling.FOK),
        (FillingFlag.IOC, OrderFilling.IOC),
        (FillingFlag.FOK | FillingFlag.IOC, OrderFilling.FOK),
    ],
    ids=["fill or kill", "immediate or cancel", "both"],
)
def test_the_filling_mode_is_one_the_symbol_allows(
    make_stage: MakeStage, flags: FillingFlag, filling: OrderFilling
) -> None:
    stage = make_stage(Quotes(spec=msgspec.structs.replace(EURUSD, filling_flags=flags))).live()
    stage.say(stage.intent())
    assert [request.filling for request in stage.requests] == [filling]
    assert len(stage.chart.terminal.positions()) == 1


@pytest.mark.parametrize(("asked", "sent"), [(0.129, 0.12), (0.1, 0.1), (0.29, 0.29), (0.57, 0.57), (1.0 - 1e-9, 1.0)])
def test_a_volume_is_rounded_down_to_the_step(stage: Stage, asked: float, sent: float) -> None:
    stage.say(stage.intent(volume=asked))
    assert [request.volume for request in stage.requests] == [sent]


@BOTH
@pytest.mark.parametrize(
    ("kind", "asked", "sent"), [(IntentKind.CLOSE, 0.05, 0.1), (IntentKind.PARTIAL_CLOSE, 0.04, 0.04)]
)
def test_a_close_deals_the_other_way(stage: Stage, side: int, kind: IntentKind, asked: float, sent: float) -> None:
    position = stage.opened(side)
    stage.say(stage.intent(kind, volume=asked, position_ticket=position.position_ticket))
    request = stage.requests[-1]
    assert request.type is (OrderType.SELL if side > 0 else OrderType.BUY)
    assert request.price == pytest.approx(PRICE if side > 0 else PRICE + SPREAD)
    assert (request.volume, request.position_ticket) == (sent, position.position_ticket)
    left = [one.volume for one in stage.chart.terminal.positions()]
    assert left == ([] if kind is IntentKind.CLOSE else [pytest.approx(0.06)])


@BOTH
def test_new_levels(stage: Stage, side: int) -> None:
    position = stage.opened(side)
    levels = {"sl": round(PRICE - side * 0.005, 5), "tp": round(PRICE + side * 0.007, 5)}
    stage.say(stage.intent(IntentKind.MODIFY, position_ticket=position.position_ticket, **levels))
    assert stage.requests[-1].action is TradeAction.SLTP
    (now,) = stage.chart.terminal.positions()
    assert {"sl": now.sl, "tp": now.tp} == levels


# -- once, and never again ---------------------------------------------------------------------------------------------


def test_an_intent_that_comes_twice_is_done_once(stage: Stage) -> None:
    intent = stage.intent()
    stage.say(intent, intent)
    stage.say(intent)
    assert ids_of(stage) == [comment_of(intent.intent_id)]
    stage.chart.until(lambda: len(stage.final_words(intent)) == 3, "a word for each time")
    words = {(word.retcode, word.deal_ticket, word.position_ticket) for word in stage.final_words(intent)}
    assert len(words) == 1


@pytest.mark.parametrize(("moment", "requests"), [(Moment.BEGUN, 0), (Moment.ORDERED, 1)], ids=["begun", "ordered"])
def test_after_its_death_it_knows_what_it_had_begun(stage: Stage, moment: Moment, requests: int) -> None:
    intent = stage.intent()
    stage.chart.terminal.dies_at, stage.chart.terminal.dies_for = moment, intent.intent_id
    stage.say(intent)
    assert not stage.chart.is_running
    stage.play()
    stage.say(intent)
    stage.play(2)
    assert len(stage.requests) == requests
    assert len(stage.chart.terminal.positions()) == requests
    if requests:
        assert stage.last_word(intent).retcode == Retcode.DONE
        assert stage.last_word(intent).position_ticket == stage.chart.terminal.positions()[0].position_ticket


def test_a_done_intent_is_still_known_after_a_restart(stage: Stage) -> None:
    intent = stage.intent()
    stage.say(intent)
    stage.chart.leave()
    stage.play()
    stage.say(intent)
    assert len(stage.requests) == 1
    assert stage.last_word(intent).retcode == Retcode.DONE


@pytest.mark.parametrize(
    "retcode", [Retcode.REJECT, Retcode.TIMEOUT, Retcode.ERROR, Retcode.CONNECTION, Retcode.LOCKED]
)
def test_what_may_have_been_done_is_not_sent_again(make_stage: MakeStage, retcode: Retcode) -> None:
    stage = make_stage(fills=ScriptedFills([Disturbance(retcode=retcode)])).live()
    stage.say(stage.intent())
    stage.play(3)
    assert len(stage.requests) == 1


def test_an_answer_that_was_lost_is_found_in_the_history(make_stage: MakeStage) -> None:
    stage = make_stage(fills=ScriptedFills([Disturbance(lost_answer=True)])).live()
    intent = stage.intent()
    stage.say(intent)
    assert len(stage.requests) == 1
    assert stage.last_word(intent).retcode == Retcode.DONE
    assert stage.last_word(intent).deal_ticket == stage.chart.terminal.deals[-1].deal_ticket


@pytest.mark.parametrize(
    ("requotes", "sent", "retcode"), [(1, 2, Retcode.DONE), (2, 3, Retcode.DONE), (9, 3, Retcode.REQUOTE)]
)
def test_a_requote_is_tried_again_at_the_new_price(
    make_stage: MakeStage, requotes: int, sent: int, retcode: Retcode
) -> None:
    stage = make_stage(fills=ScriptedFills([Disturbance(retcode=Retcode.REQUOTE)] * requotes)).live()
    intent = stage.intent()
    stage.say(intent)
    assert len(stage.requests) == sent
    assert stage.last_word(intent).retcode == retcode


# -- its own limits ----------------------------------------------------------------------------------------------------


def an_expired(stage: Stage) -> Intent:
    return stage.intent(expires_ns=stage.intent().decided_ns - 1)


REFUSALS: list[tuple[str, dict[str, str], Callable[[Stage], Intent], Retcode, str]] = [
    ("expired", {}, an_expired, Retcode.INVALID_EXPIRATION, "after its expiry"),
    ("login", {"InpLogin": str(PROFILE.login + 1)}, Stage.intent, Retcode.REJECT, "is not the pinned"),
    ("magic", {}, lambda stage: stage.intent(magic=MAGIC + 1), Retcode.REJECT, "is not ours"),
    ("symbol", {"InpAllowedSymbols": "GBPUSD, XAUUSD"}, Stage.intent, Retcode.REJECT, "not allowed here"),
    ("lots", {"InpMaxLots": "0.09"}, Stage.intent, Retcode.REJECT, "above max_lots"),
    ("spread", {"InpMaxSpreadPoints": "9"}, Stage.intent, Retcode.REJECT, "spread of 10 points is above 9"),
    ("orders", {"InpOrdersPerMinute": "0"}, Stage.intent, Retcode.REJECT, "more than 0 orders"),
]


@pytest.mark.parametrize(
    ("inputs", "make", "retcode", "words"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_an_intent_is_refused(
    make_stage: MakeStage, inputs: dict[str, str], make: Callable[[Stage], Intent], retcode: Retcode, words: str
) -> None:
    stage = make_stage(inputs=inputs).live()
    stage.play(2)
    intent = make(stage)
    stage.say(intent)
    assert stage.requests == []
    assert stage.last_word(intent).retcode == retcode
    assert words in stage.last_word(intent).text


def test_a_position_of_somebody_else_is_not_closed(make_stage: MakeStage) -> None:
    stage = make_stage().live()
    stage.play()
    theirs = stage.chart.terminal.open_by_hand("EURUSD", 0.1)
    stage.play()
    stage.say(stage.intent(IntentKind.CLOSE, position_ticket=theirs))
    assert stage.requests == []
    assert len(stage.chart.terminal.positions()) == 1


def test_the_minute_passes(make_stage: MakeStage) -> None:
    stage = make_stage(inputs={"InpOrdersPerMinute": "2"}).live()
    for _ in range(4):
        stage.say(stage.intent())
    assert len(stage.requests) == 2
    stage.play(60)
    stage.say(stage.intent())
    assert len(stage.requests) == 3


# -- quotes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_ticks", [1, 3, 7])
@pytest.mark.parametrize("step_ms", [0, 1])
def test_every_tick_arrives_once_also_within_one_millisecond(
    make_stage: MakeStage, max_ticks: int, step_ms: int
) -> None:
    prices = [PRICE + place * 1e-5 for place in range(60)]
    market = Quotes(quotes(prices, step_ms=step_ms))
    stage = make_stage(market, max_ticks=max_ticks).live()
    while not stage.chart.feed.is_over:
        stage.play()
    heard = [batch for double in stage.doubles for batch in double.ticks]
    assert [float(row["bid"]) for batch in heard for row in batch.ticks] == list(market.ticks["EURUSD"]["bid"])
    assert times_of(heard) == list(market.ticks["EURUSD"]["time_msc"])


def test_ticks_without_an_answer_go_out_again_and_none_is_lost(make_stage: MakeStage) -> None:
    market = Quotes(quotes([PRICE + place * 1e-5 for place in range(30)], step_ms=0))
    stage = make_stage(market).live()
    for place in range(30):
        is_lost = place % 7 == 3
        if is_lost:
            stage.chart.tunnel.hold(TO_BRIDGE, TO_TERMINAL)
        stage.chart.tick()
        if is_lost:
            assert stage.chart.observer.waiting == 1, "the tick has not left"
            stage.chart.tunnel.cut()
            stage.chart.tunnel.release()
            stage.chart.until(lambda: not stage.chart.is_live, "the end of the session")
        stage.live()
        stage.chart.settle()
    stage.chart.until(lambda: stage.chart.observer.is_settled, "all answers")
    heard = {batch.batch: batch for double in stage.doubles for batch in double.ticks}
    bids = [float(row["bid"]) for _, batch in sorted(heard.items()) for row in batch.ticks]
    assert bids == list(market.ticks["EURUSD"]["bid"])


# -- the session -------------------------------------------------------------------------------------------------------


def test_a_bridge_that_does_not_know_the_secret_learns_nothing(make_stage: MakeStage) -> None:
    stage = make_stage(secret=b"somebody who only knows the address")
    stage.chart.until(lambda: "authentication failed" in stage.chart.ea.comment, "a word on the chart")
    stage.chart.pass_ms(5_000)
    heard = [message for double in stage.doubles for message in double.heard]
    assert not any(isinstance(message, Auth | Symbols) for message in heard)
    assert stage.problems == []
    assert len(stage.doubles) == 1, "it tries again only after a minute"
    assert not stage.chart.is_live


def test_acknowledgements_keep_up(stage: Stage) -> None:
    said: list[int] = []
    acknowledged: list[tuple[int, int]] = []

    def note(direction: str, frame: bytes) -> tuple[bytes]:
        header = read_header(frame)
        if direction == TO_TERMINAL:
            said.append(header.seq)
        elif said:
            acknowledged.append((header.ack, said[-1]))
        return (frame,)

    stage.chart.tunnel.post = note
    stage.say(stage.intent())
    stage.play(20)
    assert acknowledged[-1][0] >= said[0]
    assert all(newest - ack < 20 for ack, newest in acknowledged)
    assert [ack for ack, _ in acknowledged] == sorted(ack for ack, _ in acknowledged)
    assert any(ack == newest for ack, newest in acknowledged)


@pytest.mark.parametrize("ticks", [1, 2, 200])
def test_batches_of_every_length_pass(make_stage: MakeStage, ticks: int) -> None:
    stage = make_stage(max_ticks=ticks).live()
    stage.play()
    assert [len(batch.ticks) for double in stage.doubles for batch in double.ticks] == [ticks]
    assert stage.problems == []
    assert stage.chart.observer.counts.sessions == 1


def test_a_bridge_that_writes_every_length_in_eight_bytes_is_understood(stage: Stage) -> None:
    stage.chart.tunnel.post = lambda direction, frame: (Lengthy(frame) if direction == TO_TERMINAL else frame,)
    stage.opened()
    stage.play(5)
    assert stage.problems == []
    assert stage.chart.observer.counts.sessions == 1


# -- while nobody answers ----------------------------------------------------------------------------------------------


def silent_for(stage: Stage, seconds: int) -> None:
    for _ in range(seconds):
        stage.chart.tick()
        stage.chart.pass_ms(950)


def rising(side: int, pips: int, then: int = 40) -> Quotes:
    """A minute of nothing, `pips` in favor of `side`, one a second, and nothing again."""
    way = [0.0] * 6 + [step * 1e-4 * side for step in range(1, pips + 1)]
    way += [way[-1]] * then
    return Quotes(quotes([round(PRICE + move, 5) for move in way]))


@BOTH
def test_break_even_goes_beyond_the_open_price(make_stage: MakeStage, side: int) -> None:
    stage = make_stage(rising(side, 30)).live()
    care = LocalCare(break_even_gain=0.0010, break_even_offset=0.0002)
    position = stage.cared_for(side, care, sl=round(PRICE - side * 0.01, 5))
    stage.fall_silent()
    silent_for(stage, 34)
    (now,) = stage.chart.terminal.positions()
    assert now.sl == pytest.approx(position.price_open + side * 0.0002, abs=1e-9)
    assert len(stage.own_requests) == 1


@BOTH
def test_trailing_follows_the_price_and_never_goes_back(make_stage: MakeStage, side: int) -> None:
    way = [0.0] * 4 + [step * 1e-4 * side for step in [*range(1, 40), *range(39, 32, -1)]]
    stage = make_stage(Quotes(quotes([round(PRICE + move, 5) for move in way]))).live()
    care = LocalCare(trailing_gain=0.0010, trailing_distance=0.0012, trailing_step=0.0002)
    position = stage.cared_for(side, care)
    stage.fall_silent()
    stops = [position.sl]
    for _ in range(len(way) - stage.chart.feed.played):
        silent_for(stage, 1)
        stops += [one.sl for one in stage.chart.terminal.positions() if one.sl != stops[-1]]
    moved = [stop for stop in stops if stop]
    assert len(moved) > 5
    assert moved == sorted(moved, reverse=side < 0)
    best = PRICE + side * 0.0039 + (0.0 if side > 0 else SPREAD)
    assert abs(moved[-1] - (best - side * 0.0012)) <= 0.0002 + 1e-9
    steps = [abs(after - before) for before, after in itertools.pairwise(moved)]
    assert min(steps) >= 0.0002 - 1e-9


@BOTH
def test_nothing_moves_against_the_position(make_stage: MakeStage, side: int) -> None:
    stage = make_stage(rising(-side, 20)).live()
    care = LocalCare(break_even_gain=0.0005, break_even_offset=0.0001, trailing_gain=0.0005, trailing_distance=0.0005)
    position = stage.cared_for(side, care, sl=round(PRICE - side * 0.01, 5))
    stage.fall_silent()
    silent_for(stage, 30)
    assert [one.sl for one in stage.chart.terminal.positions()] == [position.sl]
    assert stage.own_requests == []


def test_without_instructions_nothing_moves(make_stage: MakeStage) -> None:
    stage = make_stage(rising(1, 30)).live()
    stage.opened(1, sl=round(PRICE - 0.01, 5))
    stage.fall_silent()
    silent_for(stage, 34)
    assert stage.own_requests == []


def test_while_the_bridge_answers_stops_are_its_own_business(make_stage: MakeStage) -> None:
    stage = make_stage(rising(1, 30)).live()
    stage.cared_for(1, LocalCare(break_even_gain=0.0005, break_even_offset=0.0001))
    for _ in range(34):
        stage.play()
        stage.chart.pass_ms(950)
    assert stage.own_requests == []
