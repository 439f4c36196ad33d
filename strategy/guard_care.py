"""What the account's guards do with an open position, before anything else that is done for it."""

from typing import Final, NamedTuple

from domain.jit import njit_inlined
from risk.guards import lots_over
from strategy.entry_rules import SymbolRules
from strategy.gates import Action, Care, Verdict
from strategy.position_rules import CareRules
from strategy.position_views import PositionDecision, PositionView
from strategy.positions import decide_position
from strategy.verdicts import VERDICT, Gates, note

_PARTIAL_CLOSE: Final = int(Action.PARTIAL_CLOSE)
_CLOSE: Final = int(Action.CLOSE)
_GUARD_REDUCE: Final = int(Care.GUARD_REDUCE)
_GUARD_CLOSE: Final = int(Care.GUARD_CLOSE)
_FREEZE_LEVEL: Final = int(Care.FREEZE_LEVEL)
_REFUSED: Final = float(Verdict.REFUSED)


class GuardCare(NamedTuple):
    """What the guards leave of a position: the part of its first volume it may keep, and 1 where trading is halted."""

    kept_fraction: float
    halted: float


@njit_inlined
def lots_to_close(view: PositionView, guard: GuardCare, symbol: SymbolRules) -> float:
    """Lots of the position that the guards want closed [lots]."""
    if guard.halted > 0.0:
        return view.volume
    return lots_over(view.volume, view.initial_lots, guard.kept_fraction, symbol.volume_min, symbol.volume_step)


@njit_inlined
def decide_guarded(
    view: PositionView, rules: CareRules, symbol: SymbolRules, guard: GuardCare, gates: Gates
) -> PositionDecision:
    """Decide what an open position needs at a tick: what the guards ask for, else what `decide_position` does.

    Within the freeze level the server would refuse that, too, and nothing is asked.
    """
    decision = decide_position(view, rules, symbol, gates)
    lots = lots_to_close(view, guard, symbol)
    closes = note(gates, _GUARD_CLOSE, guard.halted, 1.0, guard.halted > 0.0 and lots > 0.0)
    reduces = lots > 0.0 and not closes
    note(gates, _GUARD_REDUCE, view.volume, guard.kept_fraction * view.initial_lots, reduces)
    if not closes and not reduces:
        return decision
    rule = _GUARD_CLOSE if closes else _GUARD_REDUCE
    if gates[_FREEZE_LEVEL, VERDICT] == _REFUSED:
        gates[rule, VERDICT] = _REFUSED
        return decision
    action = _CLOSE if lots >= view.volume else _PARTIAL_CLOSE
    return PositionDecision(action, lots, view.sl, view.tp, rule)
