"""Where an account stands: its regime, what keeps it from entering now, and how far each guard is away."""

import math
from typing import Final

import msgspec
import numpy as np

from account.safety import Override
from account.state import AccountState
from risk.guards import Guard, GuardRules, Marks, drawdown_threshold, halt_level, losses_of
from risk.limits import Limits, Regime, Standing, Steering, effective_limits, tier_leverage
from strategy.evidence import proof_of
from strategy.overrides import imposed_settings
from strategy.params import EngineSettings
from strategy.safekeeping import KINDS, imposed_limits
from strategy.slippage import ExpectedSlippage, measured_points

_NS_PER_S: Final = 1_000_000_000


class GuardReport(msgspec.Struct, frozen=True, kw_only=True):
    """One guard: its loss and the next threshold [fractions], and how far equity may still fall [account money].

    `since_ns` [UTC ns] is when it latched, 0 where it is not; the day's guard knows `level` 1, the drawdown's more.
    """

    guard: str
    level: int
    loss: float
    threshold: float
    left_ccy: float
    left_fraction: float
    since_ns: int


class OverrideReport(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person imposed; `expires_ns` 0: for good [UTC ns]."""

    kind: str
    name: str
    symbol: str
    value: float
    reason: str
    author: str
    since_ns: int
    expires_ns: int


class SlippageReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a round trip on one symbol is expected to lose in its fills [points], and what was measured.

    `measured` is None while the fills are too few to tell; `entries` and `exits` count those that there were.
    """

    symbol: str
    expected: float
    measured: float | None
    entries: int
    exits: int


class RiskReport(msgspec.Struct, frozen=True, kw_only=True):
    """Where an account stands at `time_ns` [UTC ns]. `binds` says what refuses entries now, in words."""

    account: str
    time_ns: int
    currency: str
    balance: float
    equity: float
    regime: str
    risk_fraction: float
    max_leverage: float
    binds: tuple[str, ...]
    halted_since_ns: int
    halt_reason: str
    halt_author: str
    losing_streak: int
    guards: tuple[GuardReport, ...]
    overrides: tuple[OverrideReport, ...]
    slippage: tuple[SlippageReport, ...] = ()


def risk_report(key: str, account: AccountState, settings: EngineSettings, equity: float, time_ns: int) -> RiskReport:
    """The report of `account` (named `key`) under `settings`, with `equity` [account money] at `time_ns` [UTC ns]."""
    active = account.safety.active_overrides(time_ns)
    settings = imposed_settings(settings, active, "")
    guards = _guards(account, settings.guards.rules(), equity)
    halt, limits = account.safety.halt, _limits(account, settings, active, equity)
    return RiskReport(
        account=key,
        time_ns=time_ns,
        currency=account.currency,
        balance=account.balance,
        equity=equity,
        regime=Regime(limits.regime).name.lower(),
        risk_fraction=limits.risk_fraction,
        max_leverage=limits.max_leverage,
        binds=_binds(account, settings, active, time_ns),
        halted_since_ns=halt.since_ns,
        halt_reason=halt.reason,
        halt_author=halt.author,
        losing_streak=account.safety.streak.count,
        guards=guards,
        overrides=tuple(OverrideReport(**msgspec.structs.asdict(it)) for it in active),
        slippage=_slippage(account, settings),
    )


def _slippage(account: AccountState, settings: EngineSettings) -> tuple[SlippageReport, ...]:
    expected, found = ExpectedSlippage(settings), []
    for symbol, fills in sorted(account.slippage.symbols.items()):
        points = measured_points(fills, settings.slippage)
        entries, exits = fills.seen
        found.append(
            SlippageReport(
                symbol=symbol,
                expected=expected.of_symbol(symbol, account),
                measured=None if math.isnan(points) else points,
                entries=entries,
                exits=exits,
            )
        )
    return tuple(found)


def _limits(account: AccountState, settings: EngineSettings, active: tuple[Override, ...], equity: float) -> Limits:
    """The limits of an entry on a calm market without news, of which the account alone knows nothing."""
    caps, rules = settings.leverage, settings.guards.rules()
    trips, bound = proof_of(account.round_trips.closed, caps.proof_trips, caps.proof_quantile)
    granted = tier_leverage(equity, np.array(settings.tiers).reshape(-1, 2))
    drawdown, streak = account.drawdown_fraction(equity), float(account.safety.streak.count)
    allowed = min(float(account.leverage or math.inf), granted)
    standing = Standing(allowed, drawdown, streak, math.nan, math.nan, trips, bound)
    lowered = account.safety.level_of(KINDS[Guard.DRAWDOWN]) > 0
    steering = Steering(
        rules.drawdown_risk_scale if lowered else 1.0,
        rules.drawdown_max_leverage if lowered else math.inf,
        *imposed_limits(active, ""),
    )
    return effective_limits(settings.entry_rules().limits, standing, steering, 1.0)


def _guards(account: AccountState, rules: GuardRules, equity: float) -> tuple[GuardReport, ...]:
    funds = account.balance + account.credit
    marks = Marks(account.balance, funds, account.day_start_equity, account.peak_equity)
    losses = losses_of(equity, marks)
    drawdown = account.safety.level_of(KINDS[Guard.DRAWDOWN])
    following = drawdown_threshold(min(drawdown + 1, halt_level(rules)), rules)
    floors = (
        (rules.floating_loss_fraction, funds - account.balance * rules.floating_loss_fraction),
        (rules.day_loss_fraction, account.day_start_equity * (1.0 - rules.day_loss_fraction)),
        (following, account.peak_equity * (1.0 - following)),
    )
    found = []
    for guard, kind in KINDS.items():
        threshold, floor = floors[guard]
        latch = account.safety.guards.get(kind)
        found.append(
            GuardReport(
                guard=kind.value,
                level=latch.level if latch else 0,
                loss=float(losses[guard]),
                threshold=threshold,
                left_ccy=round(equity - floor, 2),
                left_fraction=float(threshold - losses[guard]),
                since_ns=latch.since_ns if latch else 0,
            )
        )
    return tuple(found)


def _binds(
    account: AccountState, settings: EngineSettings, active: tuple[Override, ...], time_ns: int
) -> tuple[str, ...]:
    safety, rules = account.safety, settings.portfolio
    found = []
    if safety.halt.is_on:
        found.append(f"halted: {safety.halt.reason}")
    found += [f"paused{f' on {it.symbol}' if it.symbol else ''}: {it.reason}" for it in active if it.is_pause]
    for guard, kind in KINDS.items():
        latched = safety.level_of(kind)
        if latched > (1 if guard == Guard.DRAWDOWN else 0):
            found.append(kind.value.replace("_", " "))
    since_s = (time_ns - safety.streak.last_loss_ns) / _NS_PER_S if safety.streak.last_loss_ns else math.inf
    if since_s < rules.cool_down_s:
        found.append(f"cool down: {rules.cool_down_s - since_s:.0f} s left")
    if 0 < rules.max_losing_streak <= safety.streak.count and since_s < rules.losing_streak_pause_s:
        found.append(f"losing streak of {safety.streak.count}: {rules.losing_streak_pause_s - since_s:.0f} s left")
    return tuple(found)
