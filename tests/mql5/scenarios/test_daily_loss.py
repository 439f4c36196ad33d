"""InpMaxDailyLoss: entries end for the broker's day; whatever ends or guards a position goes on."""

import msgspec
import pytest

from domain.intents import Intent, IntentKind
from domain.retcodes import Retcode
from domain.servertime import NS_PER_S
from domain.trading import Position
from tests.crash.market import PROFILE, START_MSC
from tests.mql5.scenarios.conftest import MakeStage
from tests.mql5.scenarios.scripted import PRICE, Quotes, Stage, quotes

pytestmark = pytest.mark.integration

DAY_S = 86_400
LIMITED = {"InpMaxDailyLoss": "50"}
LOTS = 1.0  # 100 pips of 10 in the account's currency


def minutes(*pips: float) -> Quotes:
    """A quote a minute from ten minutes before the broker's midnight, `pips` away from the price at the beginning."""
    return Quotes(quotes([round(PRICE + move * 1e-4, 5) for move in pips], step_ms=60_000))


def lasting(stage: Stage, kind: IntentKind, **changes: object) -> Intent:
    """An intent that is still good a quote later."""
    made = stage.intent(kind, **changes)
    return msgspec.structs.replace(made, expires_ns=made.decided_ns + 180 * NS_PER_S)


def opened(stage: Stage, side: int = 1) -> Position:
    stage.say(lasting(stage, IntentKind.OPEN, side=side, volume=LOTS))
    return stage.chart.terminal.positions()[-1]


def retcode_of(stage: Stage, intent: Intent) -> int:
    stage.say(intent)
    return stage.last_word(intent).retcode


def is_refused(stage: Stage) -> bool:
    intent = lasting(stage, IntentKind.OPEN, volume=0.01)
    requests = len(stage.requests)
    stage.say(intent)
    word = stage.last_word(intent)
    is_ours = word.retcode == Retcode.REJECT and "today reaches the limit of 50.00" in word.text
    assert is_ours == (len(stage.requests) == requests)
    assert is_ours or word.retcode == Retcode.DONE
    return is_ours


def lost(stage: Stage) -> float:
    return PROFILE.deposit - stage.chart.terminal.money().equity


@pytest.mark.parametrize("side", [1, -1], ids=["long", "short"])
def test_a_loss_that_floats_counts_while_it_is_there(make_stage: MakeStage, side: int) -> None:
    stage = make_stage(minutes(*[0.0] * 3, -6.0 * side, -6.0 * side, 30.0 * side, 30.0 * side), inputs=LIMITED).live()
    stage.play()
    opened(stage, side)
    assert not is_refused(stage), "the spread alone"
    assert is_refused(stage)
    assert lost(stage) > 50.0
    stage.play()
    assert not is_refused(stage), "it has come back"


def test_only_entries_are_refused(make_stage: MakeStage) -> None:
    stage = make_stage(minutes(*[0.0] * 2, *[-10.0] * 8), inputs=LIMITED).live()
    position = opened(stage)
    stage.play()
    assert is_refused(stage)
    about = {"position_ticket": position.position_ticket}
    assert retcode_of(stage, lasting(stage, IntentKind.MODIFY, sl=PRICE - 0.005, **about)) == Retcode.DONE
    assert retcode_of(stage, lasting(stage, IntentKind.PARTIAL_CLOSE, volume=0.4, **about)) == Retcode.DONE
    assert retcode_of(stage, lasting(stage, IntentKind.CLOSE, volume=0.6, **about)) == Retcode.DONE
    assert stage.chart.terminal.positions() == ()
    assert is_refused(stage), "the loss is taken now"


def test_a_loss_that_was_taken_lasts_until_the_brokers_midnight(make_stage: MakeStage) -> None:
    stage = make_stage(minutes(0.0, 0.0, *[-10.0] * 20), inputs=LIMITED).live()
    position = opened(stage)
    stage.play()
    stage.say(lasting(stage, IntentKind.CLOSE, volume=LOTS, position_ticket=position.position_ticket))
    midnight_msc = (START_MSC // 1000 // DAY_S + 1) * DAY_S * 1000
    while stage.chart.terminal.now_msc + 60_000 < midnight_msc:
        assert is_refused(stage)
    assert not is_refused(stage), "a new day"
    assert stage.chart.terminal.now_msc == midnight_msc


def test_the_loss_of_today_is_known_to_an_ea_that_was_started_again(make_stage: MakeStage) -> None:
    stage = make_stage(minutes(0.0, 0.0, *[-10.0] * 5), inputs=LIMITED).live()
    position = opened(stage)
    stage.play()
    stage.say(lasting(stage, IntentKind.CLOSE, volume=LOTS, position_ticket=position.position_ticket))
    stage.chart.leave()
    assert is_refused(stage)


@pytest.mark.parametrize(("slack", "refused"), [(0.0, True), (0.01, False)], ids=["reached", "a cent short of it"])
def test_to_the_cent_with_commission(make_stage: MakeStage, slack: float, refused: bool) -> None:
    commission = 0.5 * LOTS  # of both deals
    limit = 110.0 + commission + slack  # ten pips, one of spread
    stage = make_stage(minutes(0.0, 0.0, *[-10.0] * 5), inputs={"InpMaxDailyLoss": f"{limit:.2f}"}).live()
    position = opened(stage)
    stage.play()
    stage.say(lasting(stage, IntentKind.CLOSE, volume=LOTS, position_ticket=position.position_ticket))
    stage.chart.until(lambda: not stage.chart.terminal.positions(), "the close")
    assert lost(stage) == pytest.approx(limit - slack)
    entry = lasting(stage, IntentKind.OPEN, volume=0.01)
    assert retcode_of(stage, entry) == (Retcode.REJECT if refused else Retcode.DONE)


def test_without_a_limit_there_is_none(make_stage: MakeStage) -> None:
    stage = make_stage(minutes(*[0.0] * 2, *[-500.0] * 4)).live()
    opened(stage)
    stage.play()
    assert not is_refused(stage)
