"""Keeps the guards' table and the rules that people imposed in step with the account state.

Runs when something happened, never per tick, but for `Outlook.covers`.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

import numpy as np

from account.events import GuardChanged, GuardKind
from account.safety import Override
from account.state import NO_DAY, AccountState
from domain.updates import Money
from risk.guards import Guard, drawdown_threshold, halt_level, losses_of, threshold_of
from strategy.overrides import LEVERAGE, RISK, imposed_settings
from strategy.params import EngineSettings
from strategy.views import World, equity_of
from strategy.watch import Band, band_of, corridor_now, guard_rules_of, marks_of, next_time_msc

KINDS: Final = {Guard[kind.name]: kind for kind in GuardKind}
"""The guards of the kernel as the journal names them."""
_QUARTER: Final = 0.25

RulesOf = Callable[[EngineSettings, str], None]


class Outlook(NamedTuple):
    """Until when ticks may be passed over: bands by symbol row, what equity the terminal may tell, and a time."""

    bands: dict[int, Band]
    lowest: float
    highest: float
    balance: float
    until_msc: float
    server_offset_s: int

    def covers(self, row: int, bid: float, ask: float, time_msc: int, money: Money | None) -> bool:
        """Whether no guard can have anything to do at this quote."""
        if time_msc >= self.until_msc:
            return False
        if money is not None and money.balance == self.balance and not self.lowest <= money.equity <= self.highest:
            return False
        band = self.bands.get(row)
        return band is None or (band.bid_low < bid < band.bid_high and band.ask_low < ask < band.ask_high)


def outlook_of(tables: World, held: Collection[int], server_offset_s: int) -> Outlook:
    """The outlook from where everything stands now; `held` are the rows of symbols with positions.

    Each symbol may use its share of a quarter of the room that equity has, and the terminal's word another quarter: as
    its word becomes the new footing, half of the room may be used up unseen, and never all of it.
    """
    equity, corridor = float(equity_of(tables)), corridor_now(tables)
    share = _QUARTER / max(1, len(held))
    return Outlook(
        {row: band_of(tables, row, server_offset_s, share) for row in held},
        equity - max(0.0, equity - corridor.floor) * _QUARTER,
        equity + max(0.0, corridor.ceiling - equity) * _QUARTER,
        float(tables.account[0]["balance"]),
        next_time_msc(tables, server_offset_s),
        server_offset_s,
    )


def sync_guard(tables: World, account: AccountState) -> None:
    """Bring latches and marks to where the account state stands."""
    line, safety = tables.guard[0], account.safety
    for guard, kind in KINDS.items():
        latch = safety.guards.get(kind)
        line["levels"][guard] = latch.level if latch is not None else 0
        line["values"][guard] = latch.value if latch is not None else 0.0
    line["halted"] = int(safety.halt.is_on)
    line["broker_day"] = account.tracked_day if account.tracked_day != NO_DAY else account.broker_day
    line["day_start_equity"] = account.day_start_equity
    line["last_equity"] = account.last_equity
    line["last_loss_ns"], line["losses"] = safety.streak.last_loss_ns, safety.streak.count
    line["moved"] = 0
    tables.account[0]["peak_equity"] = account.peak_equity


def footing_of(tables: World) -> tuple[object, ...]:
    """What equity and the guards stand on, but for prices and what is open: money, marks and latches."""
    account, guard = tables.account, tables.guard
    return (
        account["balance"].item(),
        account["credit"].item(),
        account["peak_equity"].item(),
        guard["day_start_equity"].item(),
        guard["broker_day"].item(),
        guard["levels"].tobytes(),
    )


def impose(
    tables: World, settings: EngineSettings, active: Sequence[Override], names: Sequence[str], lay_out: RulesOf
) -> None:
    """Make the rules those of `settings` with all `active` overrides; `lay_out` writes the charts of one symbol."""
    line = tables.guard[0]
    rules = np.array(imposed_settings(settings, active, "").guards.rules())
    line["stale"] |= int((line["rules"] != rules).any())
    line["rules"] = rules
    ends = [override.expires_ns for override in active if override.expires_ns]
    line["expires_ns"] = min(ends, default=0)
    pauses = {override.symbol for override in active if override.is_pause}
    line["paused"] = int("" in pauses)
    for row, name in enumerate(names):
        tables.symbols[row]["paused"] = int(name in pauses)
    for row in sorted({int(symbol) for symbol in tables.charts["symbol"]}):
        lay_out(imposed_settings(settings, active, names[row]), names[row])


def imposed_limits(active: Sequence[Override], symbol: str) -> tuple[float, float]:
    """Risk fraction and leverage that a person imposed on `symbol`; NaN for none."""
    found = {RISK: np.nan, LEVERAGE: np.nan}
    for override in sorted(active, key=lambda one: one.symbol != ""):
        if override.name in found and override.symbol in ("", symbol) and not override.is_pause:
            found[override.name] = override.value
    return found[RISK], found[LEVERAGE]


def guard_changes(tables: World, account: AccountState, time_ns: int) -> list[GuardChanged]:
    """What the guards' table says beyond the account state."""
    line, rules = tables.guard[0], guard_rules_of(tables.guard)
    equity = float(equity_of(tables))
    losses = losses_of(equity, marks_of(tables))
    found = []
    for guard, kind in KINDS.items():
        level, before = int(line["levels"][guard]), account.safety.level_of(kind)
        if level == before:
            continue
        reached = threshold_of(guard, max(level, before), rules)
        threshold = reached if level > before else reached * rules.release_fraction
        if guard == Guard.DRAWDOWN and level > before:
            threshold = drawdown_threshold(level, rules)
        halts = guard == Guard.DRAWDOWN and level == halt_level(rules)
        found.append(
            GuardChanged(
                time_ns=time_ns,
                guard=kind,
                level=level,
                value=float(losses[guard]),
                threshold=float(threshold),
                equity=equity,
                halts=halts,
            )
        )
    return found
