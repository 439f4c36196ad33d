"""Entries: what each gate asks, what an order may cost, and that nothing unknown ever leads to one."""

import math

import numpy as np
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from domain.pricing import notional_value, position_profit, required_margin
from risk.sizing import Bound
from strategy.decide import EntryDecision, score_threshold_for
from strategy.gates import NO_GATE, Action, Gate, Verdict
from tests.domain.instruments import USDJPY, dollars
from tests.domain.interpreted import bits
from tests.strategy.scenes import (
    BUY,
    PLAIN,
    EntryScene,
    Recorded,
    entry_scenes,
    leaf_names,
    likely_entries,
    strange_entry_scenes,
    symbol_rules,
)

VALUE, THRESHOLD, VERDICT = 0, 1, 2
JUDGED = list(Gate)
NAN, INF = math.nan, math.inf


def _verdicts(gates: Recorded) -> dict[Gate, Verdict]:
    return {gate: Verdict(int(gates[gate, VERDICT])) for gate in Gate}


def _decision_bits(decision: EntryDecision) -> list[int]:
    return bits([*decision[:-1], *decision.limits])


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_an_entry_by_hand() -> None:
    decision, gates = BUY.decided()
    assert decision.action == Action.BUY
    assert (decision.side, decision.lots, decision.price, decision.sl, decision.tp) == (1, 0.63, 1.1001, 1.0986, 1.1036)
    assert decision.reward_to_risk == pytest.approx((350 - 7) / (150 + 7))
    assert (decision.threshold, decision.bound, decision.refused_by) == (0.6, Bound.RISK, NO_GATE)
    expected = {
        Gate.TRADING_ALLOWED: (1.0, 1.0),
        Gate.WARM_UP: (200.0, 100.0),
        Gate.SESSION: (10_000.0, 300.0),
        Gate.SPREAD: (10.0, 25.0),
        Gate.CONFLUENCE: (0.8, 0.6),
        Gate.REWARD_TO_RISK: (343 / 157, 2.0),
        Gate.DUPLICATE: (INF, 300.0),
        Gate.SYMBOL_POSITIONS: (1.0, 1.0),
        Gate.MAX_SYMBOLS: (1.0, 4.0),
        Gate.RISK_LOTS: (100 / 157, 0.01),
        Gate.LEVERAGE: (0.63 * 110_010 / 10_000, 100.0),
        Gate.FREE_MARGIN: (138.61, 5000.0),
        Gate.VOLUME_LIMIT: (100.0, 0.01),
        Gate.VOLATILITY: (1.0, 3.0),
        Gate.KELLY: (0.05, 0.01 * 157 / 10_000),
        Gate.COOL_DOWN: (INF, 900.0),
        Gate.LOSING_STREAK: (0.0, 4.0),
        Gate.CURRENCY_EXPOSURE: (0.63 * 110_010 / 10_000, 50.0),
        Gate.OPEN_RISK: (0.63 * 157 / 10_000, 0.04),
        Gate.FLOATING_LOSS: (0.0, 0.1),
        Gate.DAY_LOSS: (0.0, 0.03),
        Gate.DRAWDOWN: (0.0, 0.12),
        Gate.PAUSED: (0.0, 0.0),
        Gate.NEWS: (math.inf, 0.0),
        Gate.SENTIMENT: (0.0, -0.6),
        Gate.WEEKEND: (200_000.0, 7200.0),
        Gate.ROLLOVER: (30_000.0, 600.0),
    }
    assert set(expected) == set(JUDGED)
    for gate, (value, threshold) in expected.items():
        assert tuple(gates[gate, :VERDICT]) == pytest.approx((value, threshold)), gate


def test_a_sell_by_hand() -> None:
    decision, _ = BUY.changed(score=-0.8).decided()
    assert (decision.action, decision.side) == (Action.SELL, -1)
    assert (decision.lots, decision.price, decision.sl, decision.tp) == (0.63, 1.1, 1.1015, 1.0965)


def test_a_pair_that_is_converted_by_hand() -> None:
    # a sell at 149.900, ATR 0.200: stop 0.300 above, where a yen is 1 / 150.200 dollars; no commission
    scene = BUY._replace(symbol=symbol_rules(USDJPY, 0.0), money=dollars(USDJPY))
    decision, _ = scene.changed(bid=149.9, ask=149.905, atr=0.2, atr_baseline=0.2, score=-0.8).decided()
    assert (decision.action, decision.lots) == (Action.SELL, 0.5)
    assert (decision.price, decision.sl, decision.tp) == (149.9, 150.2, 149.2)


@pytest.mark.parametrize(
    ("atr", "baseline", "threshold"),
    [
        (0.001, 0.001, 0.6),
        (0.0005, 0.001, 0.6),  # calm: the base threshold, no lower
        (0.00125, 0.001, 0.75),
        (0.002, 0.001, 0.9),  # wild: the highest threshold, no higher
        (NAN, 0.001, NAN),
        (0.001, NAN, NAN),
        (0.001, 0.0, NAN),
    ],
)
def test_the_score_threshold_follows_volatility(atr: float, baseline: float, threshold: float) -> None:
    found = score_threshold_for(atr, baseline, BUY.rules.market)
    assert bits([round(found, 12)]) == bits([threshold])


@pytest.mark.parametrize(("points", "widest"), [(25, True), (26, False)])
@pytest.mark.parametrize("bid", [1.1, 1.23457, 0.98765, 1.00001])
def test_a_spread_at_its_limit_passes_at_any_price(bid: float, points: int, widest: bool) -> None:
    _, gates = BUY.changed(bid=bid, ask=round(bid + points * 1e-5, 5)).decided()
    assert gates[Gate.SPREAD, VALUE] == points
    assert _verdicts(gates)[Gate.SPREAD] is (Verdict.PASSED if widest else Verdict.REFUSED)


def test_news_is_not_judged_where_nobody_tells_any() -> None:
    decision, gates = BUY.changed(heard=0.0, left_s=NAN).decided()
    assert decision.action == Action.BUY
    assert _verdicts(gates)[Gate.NEWS] is Verdict.ABSENT


def test_a_calendar_that_cannot_be_relied_on_refuses() -> None:
    decision, gates = BUY.changed(left_s=NAN).decided()
    assert (decision.action, decision.refused_by) == (Action.HOLD, Gate.NEWS)
    assert _verdicts(gates)[Gate.NEWS] is Verdict.UNKNOWN


# -- one gate at a time ------------------------------------------------------------------------------------------------

WILD = {"atr_baseline": 0.0004, "score": 0.9}  # an ATR of 2.5 times its average
AT_THE_THRESHOLD: list[tuple[Gate, dict[str, float], dict[str, float]]] = [
    (Gate.TRADING_ALLOWED, {"trading_allowed": 1.0}, {"trading_allowed": 0.0}),
    (Gate.WARM_UP, {"bars_seen": 100.0}, {"bars_seen": 99.0}),
    (Gate.SESSION, {"session_left_s": 300.001}, {"session_left_s": 300.0}),
    (Gate.WEEKEND, {"week_left_s": 7200.001}, {"week_left_s": 7200.0}),
    (Gate.ROLLOVER, {"midnight_s": 600.0}, {"midnight_s": 599.999}),
    (Gate.SESSION, {"session_left_s": 1.0, "session_close_buffer_s": 0.0}, {"session_left_s": 0.0}),
    (Gate.NEWS, {"left_s": 0.001}, {"left_s": 0.0}),
    (Gate.SENTIMENT, {"tone": -0.599}, {"tone": -0.6}),
    (Gate.SENTIMENT, {"tone": -1.0, "block_tone": 0.0}, {"tone": -1.0}),
    (Gate.SPREAD, {"max_spread_points": 10.0}, {"max_spread_points": 9.999}),
    (Gate.SPREAD, {"max_spread_atr_fraction": 0.1}, {"max_spread_atr_fraction": 0.0999}),
    (Gate.SPREAD, {"bid": 1.1001}, {"bid": 1.10011}),
    (Gate.CONFLUENCE, {"score": 0.6}, {"score": 0.5999}),
    (Gate.CONFLUENCE, {"score": 0.75, "atr_baseline": 0.0008}, {"score": 0.74, "atr_baseline": 0.0008}),
    (Gate.REWARD_TO_RISK, {"target_atr": 3.22}, {"target_atr": 3.2}),
    (Gate.REWARD_TO_RISK, {"commission_per_lot": 16.0}, {"commission_per_lot": 17.0}),
    (Gate.DUPLICATE, {"since_same_buy_s": 300.0}, {"since_same_buy_s": 299.999}),
    (Gate.SYMBOL_POSITIONS, {"symbol_positions": 0.0}, {"symbol_positions": 1.0}),
    (Gate.SYMBOL_POSITIONS, {"symbol_positions": 2.0, "max_symbol_positions": 3.0}, {"symbol_positions": 1.0}),
    (Gate.MAX_SYMBOLS, {"other_symbols": 3.0}, {"other_symbols": 4.0}),
    (Gate.RISK_LOTS, {"equity": 157.0}, {"equity": 156.0}),
    (Gate.LEVERAGE, {"notional_open": 998_899.0}, {"notional_open": 998_999.0}),
    (Gate.FREE_MARGIN, {"margin_free": 4.41}, {"margin_free": 4.39}),
    (Gate.VOLUME_LIMIT, {"volume_limit": 1.0, "volume_buy": 0.99}, {"volume_limit": 1.0, "volume_buy": 0.995}),
    (Gate.VOLUME_LIMIT, {"volume_limit": 1.0, "volume_sell": 1.0}, {"volume_limit": 1.0, "volume_buy": 1.0}),
    (Gate.VOLATILITY, WILD | {"max_ratio": 2.51}, WILD | {"max_ratio": 2.49}),
    (Gate.KELLY, {"kelly_fraction": 0.000158}, {"kelly_fraction": 0.000156}),
    (Gate.KELLY, {"kelly_fraction": INF}, {"kelly_fraction": 0.0}),
    (Gate.KELLY, {"kelly_fraction": 0.000158}, {"kelly_fraction": -0.2}),
    (Gate.COOL_DOWN, {"since_loss_s": 900.0}, {"since_loss_s": 899.9}),
    (Gate.LOSING_STREAK, {"losses": 3.0}, {"losses": 4.0, "since_loss_s": 14_399.0}),
    (Gate.LOSING_STREAK, {"losses": 9.0, "since_loss_s": 14_400.0}, {"losses": 9.0, "since_loss_s": 1000.0}),
    (Gate.CURRENCY_EXPOSURE, {"quote": -498_899.0}, {"quote": -498_901.0}),
    (Gate.CURRENCY_EXPOSURE, {"base": 498_899.0}, {"base": 498_901.0}),
    (Gate.OPEN_RISK, {"open_risk": 398.0}, {"open_risk": 399.0}),
    (Gate.FLOATING_LOSS, {"floating_loss": 0.0999}, {"floating_loss": 0.09, "floating_level": 1.0}),
    (Gate.DAY_LOSS, {"day_loss": 0.0299}, {"day_loss": 0.03, "day_level": 1.0}),
    (Gate.DRAWDOWN, {"drawdown_level": 1.0}, {"drawdown_level": 2.0}),
    (Gate.PAUSED, {"imposed": 0.0}, {"imposed": 1.0}),
]


@pytest.mark.parametrize("mirror", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize(("gate", "passing", "refusing"), AT_THE_THRESHOLD)
def test_each_gate_refuses_alone(
    gate: Gate, passing: dict[str, float], refusing: dict[str, float], mirror: bool
) -> None:
    passed, refused = BUY.changed(**passing), BUY.changed(**refusing)
    if mirror:
        passed, refused = passed.mirrored(), refused.mirrored()
    decision, gates = passed.decided()
    assert decision.action == (Action.SELL if mirror else Action.BUY), _verdicts(gates)
    decision, gates = refused.decided()
    assert (decision.action, decision.lots, decision.refused_by) == (Action.HOLD, 0.0, gate)
    expected = dict.fromkeys(JUDGED, Verdict.PASSED) | {gate: Verdict.REFUSED}
    assert _verdicts(gates) == expected


def test_no_gate_is_left_out() -> None:
    assert {gate for gate, _, _ in AT_THE_THRESHOLD} == set(JUDGED)


@pytest.mark.parametrize(
    ("change", "gate"),
    [({"since_same_sell_s": 0.0}, Gate.DUPLICATE), ({"volume_sell": 99.0, "volume_limit": 50.0}, Gate.VOLUME_LIMIT)],
)
def test_the_other_side_does_not_count(change: dict[str, float], gate: Gate) -> None:
    assert BUY.changed(**change).decided()[0].action == Action.BUY
    decision, _ = BUY.changed(**change, score=-0.8).decided()
    assert (decision.action, decision.refused_by) == (Action.HOLD, gate)


def test_every_reason_is_on_record_and_the_first_one_named() -> None:
    scene = BUY.changed(bars_seen=0.0, score=0.1, symbol_positions=1.0, other_symbols=9.0, margin_free=0.0)
    decision, gates = scene.decided()
    refusing = {gate for gate, verdict in _verdicts(gates).items() if verdict is Verdict.REFUSED}
    assert refusing == {Gate.WARM_UP, Gate.CONFLUENCE, Gate.SYMBOL_POSITIONS, Gate.MAX_SYMBOLS, Gate.FREE_MARGIN}
    assert decision.refused_by == Gate.WARM_UP


# -- the unknown -------------------------------------------------------------------------------------------------------

UNKNOWN_BY_FIELD = {
    "trading_allowed": Gate.TRADING_ALLOWED,
    "bars_seen": Gate.WARM_UP,
    "bars_needed": Gate.WARM_UP,
    "session_left_s": Gate.SESSION,
    "week_left_s": Gate.WEEKEND,
    "midnight_s": Gate.ROLLOVER,
    "bid": Gate.SPREAD,
    "ask": Gate.SPREAD,
    "score": Gate.CONFLUENCE,
    "atr": Gate.CONFLUENCE,
    "atr_baseline": Gate.CONFLUENCE,
    "since_same_buy_s": Gate.DUPLICATE,
    "symbol_positions": Gate.SYMBOL_POSITIONS,
    "other_symbols": Gate.MAX_SYMBOLS,
    "margin_free": Gate.FREE_MARGIN,
    "notional_open": Gate.LEVERAGE,
    "allowed_leverage": Gate.LEVERAGE,
    "leverage_cap": Gate.LEVERAGE,
    "risk_scale": Gate.RISK_LOTS,
    "kelly_fraction": Gate.KELLY,
}
# what may be unknown: nobody has to tell of news or overrides, a run without its figures is not proven, and what lowers
# the leverage lowers it where it is unknown; the rest of the evidence is only on record
MAY_BE_UNKNOWN = (
    "drawdown",
    "losing_streak",
    "news_negative",
    "news_window",
    "tone",
    "proof_trips",
    "expectancy_bound_r",
    "risk_override",
    "leverage_override",
    "trips",
    "win_rate",
    "win_r",
    "loss_r",
)
MUST_BE_KNOWN = [name for name in leaf_names(BUY.view) if name not in (*MAY_BE_UNKNOWN, "heard")]


@pytest.mark.parametrize(("field", "gate"), UNKNOWN_BY_FIELD.items())
def test_an_unknown_figure_is_no_yes(field: str, gate: Gate) -> None:
    decision, gates = BUY.changed(**{field: NAN}).decided()
    assert (decision.action, decision.lots, decision.refused_by) == (Action.HOLD, 0.0, gate)
    assert _verdicts(gates)[gate] is Verdict.UNKNOWN


@pytest.mark.parametrize("field", [name for name in MUST_BE_KNOWN if not name.endswith(("sell", "sell_s"))])
def test_no_figure_at_all_may_be_unknown(field: str) -> None:
    assert BUY.changed(**{field: NAN}, volume_limit=50.0).decided()[0].action == Action.HOLD


@pytest.mark.parametrize(
    ("change", "side"),
    # an ATR so large that a stop would have to lie below zero: MT5 would read "no stop" or "no target"
    [({"atr": 0.8}, 1), ({"atr": 0.8, "score": -0.9}, -1)],
)
def test_a_level_below_the_price_axis_is_no_level(change: dict[str, float], side: int) -> None:
    scene = BUY.changed(atr_baseline=0.8, equity=1e9, margin_free=1e9, **change)
    decision, gates = scene.changed(score=0.9 * side).decided()
    assert (decision.action, decision.refused_by) == (Action.HOLD, Gate.REWARD_TO_RISK)
    assert _verdicts(gates)[Gate.REWARD_TO_RISK] is Verdict.UNKNOWN


@given(scene=strange_entry_scenes())
@settings(max_examples=400)
def test_a_decision_is_made_whatever_the_figures(scene: EntryScene) -> None:
    decision, gates = scene.decided()
    acted = decision.action != Action.HOLD
    assert acted == (decision.refused_by == NO_GATE)
    assert acted == all(verdict is Verdict.PASSED for gate, verdict in _verdicts(gates).items() if gate in JUDGED)
    unknown = np.isnan(gates[JUDGED, VALUE]) | np.isnan(gates[JUDGED, THRESHOLD])
    assert ((gates[JUDGED, VERDICT] == Verdict.UNKNOWN) == unknown).all()


# -- what every decision keeps -----------------------------------------------------------------------------------------


@given(scene=entry_scenes())
@settings(max_examples=300)
def test_every_seat_is_written(scene: EntryScene) -> None:
    _, gates = scene.decided()
    vacant = [seat for seat in range(len(gates)) if seat not in JUDGED]
    assert np.isnan(gates[vacant, :VERDICT]).all()
    assert (gates[vacant, VERDICT] == Verdict.ABSENT).all()
    assert set(gates[JUDGED, VERDICT]) <= {Verdict.PASSED, Verdict.REFUSED, Verdict.UNKNOWN}


@given(scene=likely_entries())
@settings(max_examples=500)
def test_an_order_keeps_every_promise(scene: EntryScene) -> None:
    decision, _ = scene.decided()
    event(f"bound by {Bound(decision.bound).name}")
    assume(decision.action != Action.HOLD)
    assert decision.action == (Action.BUY if scene.view.market.score > 0.0 else Action.SELL)
    assert decision.side == (1 if scene.view.market.score > 0.0 else -1)
    assert abs(scene.view.market.score) >= decision.threshold >= scene.rules.market.score_threshold
    assert decision.reward_to_risk >= scene.rules.levels.min_reward_to_risk
    _assert_levels(scene, decision.side, decision.sl, decision.tp)
    _assert_volume(scene, decision.side, decision.lots)
    _assert_cost(scene, decision.side, decision.lots, decision.price, decision.sl)


def _assert_levels(scene: EntryScene, side: int, sl: float, tp: float) -> None:
    triggers_at = scene.view.market.bid if side > 0 else scene.view.market.ask
    noise = 1e-6 * scene.symbol.tick_size
    assert sl > 0.0
    assert tp > 0.0
    assert (triggers_at - sl) * side >= max(scene.symbol.stops_level, scene.symbol.tick_size / 2) - noise
    assert (tp - triggers_at) * side >= scene.symbol.stops_level - noise
    assert (sl, tp) == (round(sl, scene.symbol.digits), round(tp, scene.symbol.digits))


def _assert_volume(scene: EntryScene, side: int, lots: float) -> None:
    symbol, held = scene.symbol, scene.view.money.volume_buy if side > 0 else scene.view.money.volume_sell
    assert symbol.volume_min <= lots <= symbol.volume_max
    assert lots == round(round(lots / symbol.volume_step) * symbol.volume_step, 8)
    assert symbol.volume_limit == 0.0 or held + lots <= symbol.volume_limit + 1e-9


def _assert_cost(scene: EntryScene, side: int, lots: float, price: float, sl: float) -> None:
    view, limits = scene.view.money, scene.decided()[0].limits
    # a fill at the decided price; with all the slippage that is expected it may still not cost more
    worst = sl - side * scene.symbol.slippage
    loss = lots * scene.symbol.commission_per_lot - position_profit(side, lots, price, worst, scene.money)
    budget = min(limits.risk_fraction, scene.view.evidence.kelly_fraction) * view.equity
    assert 0.0 <= loss <= budget * (1.0 + 2.0 * scene.symbol.slippage / price) + 0.005001
    assert limits.risk_fraction <= scene.rules.limits.risk_fraction
    after = view.notional_open + notional_value(lots, price, scene.money)
    assert after <= limits.max_leverage * view.equity * (1 + 1e-12)
    assert required_margin(side, lots, price, scene.money) <= scene.rules.sizing.max_margin_fraction * view.margin_free


@given(scene=likely_entries(), less=st.floats(0.0, 1.0))
def test_a_smaller_account_never_trades_more(scene: EntryScene, less: float) -> None:
    view = scene.view.money
    poorer = scene.changed(equity=view.equity * less, margin_free=view.margin_free * less)
    assert poorer.decided()[0].lots <= scene.decided()[0].lots


@given(
    spread=st.integers(0, 24),
    score=st.floats(-1.0, 1.0).filter(lambda score: score != 0.0),
    atr=st.integers(20, 400),
    equity=st.integers(200, 100_000),
    stops=st.sampled_from([0, 100, 800]),
    held=st.tuples(st.floats(0.0, 9.0), st.floats(0.0, 9.0)),
)
def test_buys_and_sells_are_decided_alike(
    spread: int, score: float, atr: int, equity: int, stops: int, held: tuple[float, float]
) -> None:
    # with 2 points as unit of ATR 1.5 and 3.5 of it are whole points, so that no rounding turns one way; and no ratio
    # of whole points hangs on the last bit of a mirrored price
    scene = BUY.changed(
        min_reward_to_risk=1.99999,
        ask=round(1.1 + spread * 1e-5, 5),
        score=score,
        atr=atr * 2e-5,
        atr_baseline=atr * 2e-5,
        equity=float(equity),
        stops_level=stops * 1e-5,
        volume_limit=10.0,
        volume_buy=held[0],
        volume_sell=held[1],
    )
    one, gates = scene.decided()
    other, mirrored_gates = scene.mirrored().decided()
    assert _verdicts(gates) == _verdicts(mirrored_gates)
    assert (one.side, one.lots, one.bound) == (-other.side, other.lots, other.bound)
    assert sorted([one.action, other.action]) in ([Action.HOLD, Action.HOLD], [Action.BUY, Action.SELL])
    assert (one.sl + other.sl, one.tp + other.tp) == pytest.approx((2.2001, 2.2001), abs=1e-9)


# -- compiled and not --------------------------------------------------------------------------------------------------


@given(scene=st.one_of(entry_scenes(), likely_entries(), strange_entry_scenes()))
@settings(max_examples=600)
def test_the_kernel_agrees_with_python(scene: EntryScene) -> None:
    decision, gates = scene.decided()
    try:
        with np.errstate(all="ignore"):
            plain_decision, plain_gates = scene.decided(PLAIN)
    except ZeroDivisionError:  # where Python stops, the kernel goes on with an infinity: it must not trade on it
        assert decision.action == Action.HOLD
        return
    assert _decision_bits(decision) == _decision_bits(plain_decision)
    assert bits(gates) == bits(plain_gates)


@given(scene=strange_entry_scenes())
def test_nothing_is_remembered(scene: EntryScene) -> None:
    first, gates = scene.decided()
    BUY.decided()
    again, same_gates = scene.decided()
    assert _decision_bits(first) == _decision_bits(again)
    assert bits(gates) == bits(same_gates)
