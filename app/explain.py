"""A decision record in plain words: what each gate saw, what it wanted, and how it answered."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from app.safety_words import guard_care_words, safety_words
from domain.timeframes import DAY_S, HOUR_S, MINUTE_S, Timeframe
from risk.limits import Regime
from risk.sizing import Bound
from strategy.gates import NO_GATE, Action, Care, DecisionKind, Gate, Verdict, gate_name

Words = Callable[[float], str]


class GateLine(msgspec.Struct, frozen=True, kw_only=True):
    """One gate of one decision. `value` and `threshold` are None where they are not numbers."""

    name: str
    verdict: str
    value: float | None
    threshold: float | None
    words: str


class Relation(NamedTuple):
    """How a gate compares: it passes where value `passes` threshold, and refuses where value `refuses` it."""

    passes: str
    refuses: str


_AT_MOST: Final = Relation("≤", ">")
_AT_LEAST: Final = Relation("≥", "<")
_MORE_THAN: Final = Relation(">", "≤")


def duration(seconds: float) -> str:
    """A span of time for people."""
    if not math.isfinite(seconds):
        return "never" if seconds > 0 else "unknown"
    if seconds < 2 * MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR_S:
        return f"{seconds / MINUTE_S:.0f} min"
    if seconds < 2 * DAY_S:
        return f"{seconds / HOUR_S:.1f} h"
    return f"{seconds / DAY_S:.1f} days"


def _plain(form: str) -> Words:
    return form.format


def _room(lots: float) -> str:
    return "no limit on this side" if math.isinf(lots) else f"room for {lots:g} lots on this side"


def _kelly(fraction: float) -> str:
    if math.isinf(fraction):
        return "not limited by Kelly"
    return f"half-Kelly risks {fraction:.3%} of equity" if fraction > 0.0 else "no edge in the recent round trips"


class _Wording(NamedTuple):
    relation: Relation
    value: Words
    threshold: Words


_ENTRY_WORDS: Final[dict[int, _Wording]] = {
    Gate.WARM_UP: _Wording(_AT_LEAST, _plain("{:.0f} bars seen"), _plain("{:.0f} needed")),
    Gate.SPREAD: _Wording(_AT_MOST, _plain("{:.1f} points"), _plain("limit {:.1f}")),
    Gate.CONFLUENCE: _Wording(_AT_LEAST, _plain("strength {:.2f}"), _plain("threshold {:.2f}")),
    Gate.REWARD_TO_RISK: _Wording(_AT_LEAST, _plain("{:.2f} : 1 after costs"), _plain("least {:.2f} : 1")),
    Gate.SYMBOL_POSITIONS: _Wording(_AT_MOST, _plain("{:.0f} with this entry"), _plain("limit {:.0f}")),
    Gate.MAX_SYMBOLS: _Wording(_AT_MOST, _plain("symbols in use with this entry: {:.0f}"), _plain("limit {:.0f}")),
    Gate.RISK_LOTS: _Wording(_AT_LEAST, _plain("{:.4f} lots by risk"), _plain("smallest volume {:g}")),
    Gate.LEVERAGE: _Wording(_AT_MOST, _plain("{:.2f} : 1 with this entry"), _plain("limit {:.0f} : 1")),
    Gate.FREE_MARGIN: _Wording(_AT_MOST, _plain("margin of {:.2f}"), _plain("{:.2f} may be used")),
    Gate.VOLUME_LIMIT: _Wording(_AT_LEAST, _room, _plain("smallest volume {:g}")),
    Gate.VOLATILITY: _Wording(_AT_MOST, _plain("ATR {:.2f} times its average"), _plain("limit {:.2f} times")),
    Gate.KELLY: _Wording(_AT_LEAST, _kelly, _plain("the smallest volume risks {:.3%}")),
    Gate.SESSION: _Wording(
        _MORE_THAN, lambda s: f"open for another {duration(s)}", lambda s: f"the last {duration(s)}, without entries"
    ),
    Gate.WEEKEND: _Wording(_MORE_THAN, lambda s: f"the week goes on for {duration(s)}", duration),
    Gate.ROLLOVER: _Wording(_AT_LEAST, lambda s: f"{duration(s)} from the broker's midnight", duration),
    Gate.SENTIMENT: _Wording(_MORE_THAN, _plain("articles speak {:+.2f} for this side"), _plain("refused at {:+.2f}")),
    Gate.DUPLICATE: _Wording(_AT_LEAST, lambda s: f"same signal {duration(s)} ago", duration),
}
_SHUT: Final = "inside a news window"
_TOO_OLD: Final = "the calendar cannot be relied on, and what is not known refuses"
_ANY_WORDS: Final = _Wording(Relation("against", "against"), _plain("{:g}"), _plain("limit {:g}"))
_CARE_WORDS: Final[dict[int, _Wording]] = {
    Care.TIME_STOP: _Wording(_AT_LEAST, lambda s: f"open for {duration(s)}", lambda s: f"limit {duration(s)}"),
    Care.PARTIAL_CLOSE: _Wording(_AT_LEAST, _plain("{:.2f} of the way to the target"), _plain("{:.2f}")),
    Care.RISK_AFTER_FILL: _Wording(_MORE_THAN, _plain("{:.2f} at risk to the stop"), _plain("{:.2f} allowed")),
    Care.WEEKEND: _Wording(_AT_MOST, lambda s: f"the week goes on for {duration(s)}", lambda s: f"limit {duration(s)}"),
    Care.ROLLOVER: _Wording(_AT_MOST, lambda s: f"{duration(s)} to the broker's midnight", duration),
    Care.NEWS: _Wording(_AT_MOST, lambda s: f"next event in {duration(s)}", lambda s: f"limit {duration(s)}"),
    Care.NEWS_LEVERAGE: _Wording(
        _MORE_THAN, _plain("{:.1f} times equity held inside news windows"), _plain("limit {:.0f}")
    ),
    Care.FREEZE_LEVEL: _Wording(
        _AT_MOST, _plain("{:.0f} points to the stop or target"), _plain("frozen within {:.0f}")
    ),
}
_IN_R: Final = _Wording(_AT_LEAST, _plain("gain {:.2f} R"), _plain("{:.2f} R"))
_REACHED: Final[dict[Relation, Callable[[float, float], bool]]] = {
    _AT_LEAST: operator.ge,
    _MORE_THAN: operator.gt,
    _AT_MOST: operator.le,
}


def gate_lines(record: np.void) -> list[GateLine]:
    """Every gate (of an entry) or rule (of a position) of a decision, in its order."""
    kind = int(record["kind"])
    seats = Gate if kind == DecisionKind.ENTRY else Care
    return [_gate_line(kind, int(seat), record["gates"][int(seat)]) for seat in seats]


def _gate_line(kind: int, seat: int, answer: Sequence[float]) -> GateLine:
    value, threshold, verdict = float(answer[0]), float(answer[1]), Verdict(int(answer[2]))
    return GateLine(
        name=gate_name(kind, seat),
        verdict=verdict.name.lower(),
        value=number_or_none(value),
        threshold=number_or_none(threshold),
        words=_words(kind, seat, value, threshold, verdict),
    )


def _words(kind: int, seat: int, value: float, threshold: float, verdict: Verdict) -> str:
    if verdict == Verdict.ABSENT:
        return "not asked: nothing is connected that could answer"
    if kind == DecisionKind.POSITION:
        return _care_words(seat, value, threshold, verdict)
    if verdict == Verdict.UNKNOWN:
        return _TOO_OLD if seat == Gate.NEWS else "not known yet, and what is not known refuses"
    return _entry_words(seat, value, threshold, passed=verdict == Verdict.PASSED)


def _entry_words(seat: int, value: float, threshold: float, *, passed: bool) -> str:
    if seat == Gate.TRADING_ALLOWED:
        return "allowed" if passed else "not allowed by the account or the symbol, or an order's outcome is not known"
    if seat == Gate.NEWS:
        return "no release near" if math.isinf(value) else f"next window in {duration(value)}" if passed else _SHUT
    if seat == Gate.SESSION and value <= 0.0:
        return "outside the symbol's trade sessions"
    if seat == Gate.DUPLICATE and math.isinf(value):
        return "no such signal before"
    words = safety_words(seat, value, threshold, duration, passed=passed)
    return words or _compared(_ENTRY_WORDS.get(seat, _ANY_WORDS), value, threshold, passed=passed)


def _compared(wording: _Wording, value: float, threshold: float, *, passed: bool) -> str:
    sign = wording.relation.passes if passed else wording.relation.refuses
    return f"{wording.value(value)} {sign} {wording.threshold(threshold)}"


def _care_words(seat: int, value: float, threshold: float, verdict: Verdict) -> str:
    guarded = guard_care_words(seat, value, threshold, fired=verdict == Verdict.FIRED)
    if guarded is not None:
        return guarded
    if verdict == Verdict.UNKNOWN:
        return "not known: the position has no stop, no target or no order of ours to measure by"
    if threshold <= 0.0 and verdict != Verdict.FIRED:
        return "off"
    wording = _CARE_WORDS.get(seat, _IN_R)
    reached = _REACHED[wording.relation](value, threshold)
    words = _compared(wording, value, threshold, passed=reached)
    if verdict == Verdict.REFUSED:
        return words if seat == Care.FREEZE_LEVEL else f"{words}, but within the freeze level nothing is done"
    return words if reached == (verdict == Verdict.FIRED) else f"{words}, but there is nothing to gain by it"


def number_or_none(value: float) -> float | None:
    """`value` as JSON can hold it."""
    return float(value) if math.isfinite(value) else None


def headline(record: np.void) -> str:
    """What was decided, in one line."""
    action = Action(int(record["action"]))
    if int(record["kind"]) == DecisionKind.POSITION:
        return _position_headline(record, action)
    if action == Action.HOLD:
        side = "sell" if int(record["side"]) < 0 else "buy"
        return f"no {side}: {refusal(record)}"
    return (
        f"{action.name} {record['lots']:g} lots at {record['price']:g}, stop {record['sl']:g}, target {record['tp']:g}"
    )


def _position_headline(record: np.void, action: Action) -> str:
    ticket = int(record["position_ticket"])
    rule = (
        ""
        if int(record["decided_by"]) == NO_GATE
        else f" ({gate_name(DecisionKind.POSITION, int(record['decided_by']))})"
    )
    if action == Action.MODIFY:
        return f"position {ticket}: stop to {record['sl']:g}{rule}"
    if action in (Action.PARTIAL_CLOSE, Action.CLOSE):
        return f"position {ticket}: close {record['lots']:g} lots{rule}"
    return f"position {ticket}: left alone"


def refusal(record: np.void) -> str:
    """The first gate that refused an entry, with its words."""
    seat = int(record["decided_by"])
    if seat == NO_GATE:
        return "the size comes to nothing"
    line = _gate_line(int(record["kind"]), seat, record["gates"][seat])
    return f"{line.name}, {line.words}"


def size_words(record: np.void) -> str:
    """How the size came about."""
    risk_lots = float(record["gates"][Gate.RISK_LOTS][0])
    if not record["lots"] > 0.0:
        return f"none; risk alone would have allowed {risk_lots:.4f} lots"
    bound = Bound(int(record["bound"])).name.lower().replace("_", " ")
    return f"{record['lots']:g} lots, set by {bound}; risk alone allows {risk_lots:.4f}"


def features_of(record: np.void, names: Sequence[str]) -> dict[str, float | None]:
    """What the model saw, by name."""
    return {name: number_or_none(float(value)) for name, value in zip(names, record["features"], strict=False)}


def timeframe_name(code: int) -> str:
    """MT5's name of a timeframe code."""
    return Timeframe(code).name


def as_json(record: np.void, symbol: str, features: Sequence[str]) -> dict[str, Any]:
    """A decision with everything that led to it, as JSON holds it."""
    plain = (
        "lots",
        "price",
        "sl",
        "tp",
        "bid",
        "ask",
        "score",
        "atr",
        "atr_baseline",
        "equity",
        "balance",
        "margin_free",
        "risk_fraction",
        "max_leverage",
        "allowed_leverage",
        "drawdown",
        "losing_streak",
        "proof_trips",
        "expectancy_bound_r",
        "tone",
        "tone_scale",
        "trips",
        "win_rate",
        "win_r",
        "loss_r",
        "kelly_fraction",
    )
    whole = ("time_ns", "bar_time", "side", "setup", "intent_id", "position_ticket", "bars_seen", "kelly_reopens_ns")
    return {
        "symbol": symbol,
        "timeframe": timeframe_name(int(record["timeframe"])),
        "kind": DecisionKind(int(record["kind"])).name.lower(),
        "action": Action(int(record["action"])).name.lower(),
        "headline": headline(record),
        "bound": Bound(int(record["bound"])).name.lower(),
        "regime": Regime(int(record["regime"])).name.lower(),
        **{name: int(record[name]) for name in whole},
        **{name: number_or_none(float(record[name])) for name in plain},
        "features": features_of(record, features),
        "gates": [msgspec.structs.asdict(line) for line in gate_lines(record)],
    }
