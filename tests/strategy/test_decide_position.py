"""Care for open positions: a stop only ever tightens, closing comes first, and the unknown changes nothing."""

import math

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from strategy.gates import NO_GATE, Action, Care, Verdict
from strategy.position_views import PositionDecision
from tests.domain.interpreted import bits
from tests.strategy.care_scenes import HELD, PLAIN, CareScene, care_scenes, strange_care_scenes
from tests.strategy.scenes import Recorded

VALUE, THRESHOLD, VERDICT = 0, 1, 2
NAN = math.nan
NOISE = 1e-9
ONE_R, HALF_WAY, ONE_AND_A_HALF_R = 1.10151, 1.10175, 1.10226  # a point beyond, where binary noise does not matter
CLOSING = (
    Care.TIME_STOP,
    Care.WEEKEND,
    Care.ROLLOVER,
    Care.NEWS,
    Care.RISK_AFTER_FILL,
    Care.NEWS_LEVERAGE,
)
MOVING = (
    Care.BREAK_EVEN,
    Care.TRAILING,
    Care.CHANDELIER,
    Care.TRAILING_FIXED,
    Care.TRAILING_STEPPED,
    Care.WEEKEND,
    Care.NEWS,
)
HALVED = {"volume": 0.5}  # the partial close lies behind


def _verdicts(gates: Recorded) -> dict[Care, Verdict]:
    return {care: Verdict(int(gates[care, VERDICT])) for care in Care}


def _applied(scene: CareScene, decision: PositionDecision) -> CareScene:
    """The scene once the terminal has done what was decided."""
    if decision.action == Action.MODIFY:
        return scene.changed(sl=decision.sl, tp=decision.tp)
    left = round(scene.view.volume - decision.lots, 8)
    held = scene.view.calendar.held_leverage * (left / scene.view.volume)
    return scene.changed(volume=left, held_leverage=held)


# -- by hand -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mirror", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize(
    ("scene", "action", "rule", "lots", "sl"),
    [
        (HELD, Action.HOLD, NO_GATE, 0.0, 1.0985),
        # 1 R: the stop goes 10 points beyond the entry
        (HELD.at(ONE_R), Action.MODIFY, Care.BREAK_EVEN, 0.0, 1.1001),
        (HELD.at(1.10148), Action.HOLD, NO_GATE, 0.0, 1.0985),
        # half of the way to the target: half of the volume
        (HELD.at(HALF_WAY), Action.PARTIAL_CLOSE, Care.PARTIAL_CLOSE, 0.5, 1.0985),
        (HELD.at(1.10174), Action.MODIFY, Care.BREAK_EVEN, 0.0, 1.1001),
        (HELD.at(HALF_WAY).changed(**HALVED), Action.MODIFY, Care.BREAK_EVEN, 0.0, 1.1001),
        # 1.5 R: 2 ATR behind the price
        (HELD.at(ONE_AND_A_HALF_R).changed(**HALVED), Action.MODIFY, Care.TRAILING, 0.0, 1.10026),
        (HELD.at(1.10224).changed(**HALVED), Action.MODIFY, Care.BREAK_EVEN, 0.0, 1.1001),
        # once it trails it follows in steps of 0.1 ATR, 10 points
        (HELD.at(1.10234).changed(**HALVED, sl=1.10025), Action.HOLD, NO_GATE, 0.0, 1.10025),
        (HELD.at(1.10236).changed(**HALVED, sl=1.10025), Action.MODIFY, Care.TRAILING, 0.0, 1.10036),
        # the price fell back: the stop stays
        (HELD.at(1.1005).changed(**HALVED, sl=1.10036), Action.HOLD, NO_GATE, 0.0, 1.10036),
        # a position that lost its stop gets one
        (HELD.at(ONE_R).changed(sl=0.0), Action.MODIFY, Care.BREAK_EVEN, 0.0, 1.1001),
        # its time is over
        (HELD.changed(max_holding_s=600.0), Action.CLOSE, Care.TIME_STOP, 1.0, 1.0985),
        (HELD.changed(max_holding_s=600.1), Action.HOLD, NO_GATE, 0.0, 1.0985),
    ],
)
def test_care_by_hand(scene: CareScene, action: Action, rule: int, lots: float, sl: float, mirror: bool) -> None:
    decision, _ = (scene.mirrored() if mirror else scene).decided()
    assert (decision.action, decision.rule, decision.lots) == (action, rule, lots)
    assert decision.sl == (round(2.2 - sl, 5) if mirror else sl)
    assert decision.tp == (1.0965 if mirror else 1.1035)


def test_a_record_holds_all_rules() -> None:
    _, gates = HELD.at(ONE_R).decided()
    assert tuple(gates[Care.TIME_STOP]) == (600.0, 0.0, Verdict.PASSED)
    assert tuple(gates[Care.PARTIAL_CLOSE]) == pytest.approx((0.00151 / 0.0035, 0.5, Verdict.PASSED))
    assert tuple(gates[Care.BREAK_EVEN]) == pytest.approx((151 / 150, 1.0, Verdict.FIRED))
    assert tuple(gates[Care.TRAILING]) == pytest.approx((151 / 150, 1.5, Verdict.PASSED))
    assert tuple(gates[Care.RISK_AFTER_FILL]) == pytest.approx((157.0, 157.0 * 1.1, Verdict.PASSED))
    assert tuple(gates[Care.WEEKEND]) == (200_000.0, 1800.0, Verdict.PASSED)
    assert tuple(gates[Care.ROLLOVER]) == (30_000.0, 0.0, Verdict.PASSED)
    assert tuple(gates[Care.FREEZE_LEVEL]) == (199.0, 0.0, Verdict.PASSED)
    assert tuple(gates[Care.NEWS]) == (50_000.0, 0.0, Verdict.PASSED)
    assert tuple(gates[Care.NEWS_LEVERAGE]) == (0.0, 100.0, Verdict.PASSED)
    for trailing in (Care.CHANDELIER, Care.TRAILING_FIXED, Care.TRAILING_STEPPED):
        assert tuple(gates[trailing]) == pytest.approx((151 / 150, 1.5, Verdict.PASSED))
    vacant = [seat for seat in range(len(gates)) if seat not in list(Care)]
    assert np.isnan(gates[vacant, :VERDICT]).all()
    assert (gates[vacant, VERDICT] == Verdict.ABSENT).all()


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"max_holding_s": 1.0}, [Care.TIME_STOP, Care.PARTIAL_CLOSE, Care.TRAILING]),
        ({}, [Care.PARTIAL_CLOSE, Care.TRAILING]),
        (HALVED, [Care.TRAILING]),
        (HALVED | {"trailing_atr": 0.0}, [Care.BREAK_EVEN]),
        (HALVED | {"trailing_atr": 0.0, "break_even_r": 0.0}, [NO_GATE]),
    ],
)
def test_closing_comes_before_halving_and_halving_before_the_stop(changes: dict[str, float], rules: list[int]) -> None:
    decision, gates = HELD.at(1.1025).changed(**changes).decided()
    assert decision.rule == rules[0]
    fired = [care for care, verdict in _verdicts(gates).items() if verdict is Verdict.FIRED]
    assert [care for care in fired if care is not Care.BREAK_EVEN or rules == [care]] == [
        rule for rule in rules if rule != NO_GATE
    ]


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"volume": 0.01, "initial_lots": 0.01}, Action.MODIFY),  # nothing would be left
        ({"volume": 0.02, "initial_lots": 0.02}, Action.PARTIAL_CLOSE),
        ({"volume": 0.03, "initial_lots": 0.03}, Action.PARTIAL_CLOSE),
        ({"part_1": 0.0}, Action.MODIFY),
        ({"part_1": 0.004}, Action.MODIFY),  # less than the smallest volume
        ({"volume_min": 0.1, "volume": 0.15, "initial_lots": 0.15, "part_1": 0.7}, Action.MODIFY),
        ({"volume_min": 0.1, "volume": 0.2, "initial_lots": 0.2}, Action.PARTIAL_CLOSE),
        ({"volume": 0.99}, Action.PARTIAL_CLOSE),  # a hundredth of it is closed already
        ({"volume": 0.505}, Action.MODIFY),  # less than the smallest volume is missing
        ({"tp": 0.0}, Action.MODIFY),  # no target, no part of the way
    ],
)
def test_when_a_part_is_closed(changes: dict[str, float], action: Action) -> None:
    assert HELD.at(HALF_WAY).changed(**changes).decided()[0].action == action


@pytest.mark.parametrize("stops_points", [0, 139, 141])
def test_break_even_waits_until_the_stops_level_allows_it(stops_points: int) -> None:
    # the price is 141 points beyond the new stop; one tick more than the level is needed
    decision, _ = HELD.at(ONE_R).changed(stops_level=stops_points * 1e-5).decided()
    assert decision.action == (Action.HOLD if stops_points == 141 else Action.MODIFY)


# -- whatever happens --------------------------------------------------------------------------------------------------


@given(scene=care_scenes())
@settings(max_examples=600)
def test_a_stop_never_loosens_and_keeps_its_distance(scene: CareScene) -> None:
    decision, _ = scene.decided()
    event(Action(decision.action).name)
    view = scene.view
    assert decision.tp == view.tp
    if decision.action != Action.MODIFY:
        assert decision.sl == view.sl
        return
    assert view.sl == 0.0 or (decision.sl - view.sl) * view.side > 0.0
    close_price = view.bid if view.side > 0 else view.ask
    assert (close_price - decision.sl) * view.side >= scene.symbol.stops_level + scene.symbol.tick_size - NOISE
    assert decision.sl == round(decision.sl, 5) > 0.0
    assert decision.rule in (*MOVING, Care.RISK_AFTER_FILL)


@given(scene=care_scenes())
@settings(max_examples=400)
def test_a_partial_close_leaves_a_position(scene: CareScene) -> None:
    decision, _ = scene.decided()
    event(f"{Action(decision.action).name} {decision.rule}")
    assert decision.action != Action.CLOSE or decision.lots == scene.view.volume
    if decision.action == Action.PARTIAL_CLOSE:
        step, least = scene.symbol.volume_step, scene.symbol.volume_min
        assert decision.lots >= least
        assert scene.view.volume - decision.lots >= least - NOISE
        assert decision.lots == round(round(decision.lots / step) * step, 8)
        if decision.rule == Care.PARTIAL_CLOSE:
            parts = sum(scene.rules.legs[1::2])
            assert (
                scene.view.initial_lots - scene.view.volume + decision.lots <= scene.view.initial_lots * parts + NOISE
            )
    elif decision.action != Action.CLOSE:
        assert decision.lots == 0.0


@given(scene=care_scenes())
@settings(max_examples=400)
def test_what_was_done_is_not_done_again(scene: CareScene) -> None:
    decision, _ = scene.decided()
    if decision.action in (Action.MODIFY, Action.PARTIAL_CLOSE):
        again, _ = _applied(scene, decision).decided()
        assert again.rule != decision.rule
        assert again.action != decision.action or Care.NEWS_LEVERAGE in (again.rule, decision.rule)


@given(scene=care_scenes())
@settings(max_examples=200)
def test_at_one_quote_it_comes_to_rest(scene: CareScene) -> None:
    actions = []
    for _ in range(5):
        decision, _ = scene.decided()
        if decision.action in (Action.HOLD, Action.CLOSE):
            break
        actions.append(decision.action)
        scene = _applied(scene, decision)
    closes, moves = actions.count(Action.PARTIAL_CLOSE), actions.count(Action.MODIFY)
    assert (closes, moves) <= (3, 2)  # for the fill, for news, and for what is gained
    assert scene.decided()[0].action in (Action.HOLD, Action.CLOSE)


@given(scene=care_scenes())
@settings(max_examples=300)
def test_the_rule_that_acts_is_the_first_that_fired(scene: CareScene) -> None:
    decision, gates = scene.decided()
    fired = [care for care, verdict in _verdicts(gates).items() if verdict is Verdict.FIRED]
    if not fired:
        assert (decision.action, decision.rule) == (Action.HOLD, NO_GATE)
        return
    tightens = {
        Care.WEEKEND: scene.rules.hours.weekend_stop_atr > 0.0,
        Care.NEWS: scene.rules.news.news_stop_atr > 0.0,
    }
    closing = [care for care in CLOSING if care in fired and not tightens.get(care, False)]
    moving = [care for care in MOVING if care in fired and tightens.get(care, True)]
    if decision.action == Action.CLOSE:
        assert decision.rule == closing[0]
    elif decision.action == Action.PARTIAL_CLOSE:
        # a stop that would be put for the fill, but that another rule puts tighter, waits until a part is closed
        assert decision.rule in set(fired) & {Care.RISK_AFTER_FILL, Care.NEWS_LEVERAGE, Care.PARTIAL_CLOSE}
    else:
        assert decision.rule in (Care.RISK_AFTER_FILL, moving[-1] if moving else None)


# a buy of which every rule but one has done its work, so that the field in question decides alone
@pytest.mark.parametrize(
    ("scene", "fields"),
    [
        (HELD.changed(max_holding_s=1.0), ("age_s", "volume")),
        (HELD.changed(news_close_s=6e4), ("event_left_s", "volume")),
        (HELD.changed(held_leverage=200.0), ("held_leverage", "volume")),
        (HELD.changed(news_close_s=6e4, news_stop_atr=0.5), ("event_left_s", "atr", "sl", "tp", "bid")),
        (HELD.at(HALF_WAY).changed(break_even_r=0.0), ("volume", "price_open", "tp", "bid")),
        (HELD.at(ONE_R), ("price_open", "sl", "tp", "initial_risk", "bid")),
        (HELD.at(1.103).changed(**HALVED, sl=1.1001), ("price_open", "sl", "tp", "initial_risk", "bid", "atr")),
    ],
)
def test_the_unknown_does_nothing(scene: CareScene, fields: tuple[str, ...]) -> None:
    assert scene.decided()[0].action != Action.HOLD
    for field in fields:
        decision, gates = scene.changed(**{field: NAN}).decided()
        assert decision.action == Action.HOLD, field
        assert Verdict.FIRED not in _verdicts(gates).values()


@pytest.mark.parametrize("mirror", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize("zeros", [("price_open",), ("bid", "ask")])
def test_a_price_of_zero_is_unknown(zeros: tuple[str, ...], mirror: bool) -> None:
    scene = HELD.at(1.1025).mirrored() if mirror else HELD.at(1.1025)
    assert scene.decided()[0].action == Action.PARTIAL_CLOSE
    decision, gates = scene.changed(**dict.fromkeys(zeros, 0.0)).decided()
    assert decision.action == Action.HOLD
    verdicts = _verdicts(gates)
    asked = (Care.PARTIAL_CLOSE, Care.BREAK_EVEN, Care.TRAILING, Care.CHANDELIER, Care.TRAILING_STEPPED)
    assert {verdicts[care] for care in asked} == {Verdict.UNKNOWN}
    assert Verdict.FIRED not in verdicts.values()


@given(scene=strange_care_scenes())
@settings(max_examples=400)
def test_no_request_carries_an_unknown_figure(scene: CareScene) -> None:
    decision, gates = scene.decided()
    if decision.action == Action.MODIFY:
        assert not math.isnan(decision.sl + decision.tp)
    if decision.action in (Action.CLOSE, Action.PARTIAL_CLOSE):
        assert decision.lots > 0.0
    assert (decision.action == Action.HOLD) == (Verdict.FIRED not in _verdicts(gates).values())


@given(scene=care_scenes(), field=st.sampled_from(["initial_risk", "price_open"]))
def test_without_a_risk_no_stop_is_moved(scene: CareScene, field: str) -> None:
    # a stop that the server dropped is put back by what was decided, whatever R is
    decision, gates = scene.changed(**{field: NAN}, planned_lots=NAN, weekend_stop_atr=0.0).decided()
    assert decision.action in (Action.HOLD, Action.CLOSE, Action.PARTIAL_CLOSE)
    assert _verdicts(gates)[Care.TRAILING] is Verdict.UNKNOWN


@given(
    gain=st.integers(-140, 600),
    risk=st.integers(50, 200),
    atr=st.integers(5, 100),
    buffer=st.integers(0, 20),
    stops=st.sampled_from([0, 50]),
    halved=st.booleans(),
)
def test_buys_and_sells_are_cared_for_alike(
    gain: int, risk: int, atr: int, buffer: int, stops: int, halved: bool
) -> None:
    # half points, so that a comparison never hangs on the last bit of a mirrored price
    scene = HELD.at(round(1.1 + gain * 1e-5, 5)).changed(
        initial_risk=(risk + 0.5) * 1e-5,
        atr=atr * 1e-5,
        min_step_atr=0.5 / atr,
        break_even_buffer_points=float(buffer),
        stops_level=(stops - 0.5) * 1e-5,
        tp=1.10501,
        volume=0.5 if halved else 1.0,
    )
    one, gates = scene.decided()
    other, mirrored_gates = scene.mirrored().decided()
    assert (one.action, one.lots, one.rule) == (other.action, other.lots, other.rule)
    assert one.sl + other.sl == pytest.approx(2.2, abs=1e-9)
    assert _verdicts(gates) == _verdicts(mirrored_gates)


# -- compiled and not --------------------------------------------------------------------------------------------------


@given(scene=st.one_of(care_scenes(), strange_care_scenes()))
@settings(max_examples=600)
def test_the_kernel_agrees_with_python(scene: CareScene) -> None:
    decision, gates = scene.decided()
    with np.errstate(all="ignore"):
        plain_decision, plain_gates = scene.decided(PLAIN)
    assert bits(decision) == bits(plain_decision)
    assert bits(gates) == bits(plain_gates)


def test_a_scene_names_only_fields_there_are() -> None:
    assert HELD.changed(bid=1.2, age_s=5.0).view == HELD.view._replace(
        bid=1.2, clock=HELD.view.clock._replace(age_s=5.0)
    )
