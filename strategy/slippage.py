"""What slippage to expect of a round trip: the setting, or what our own fills have lost where that is more."""

import math

from account.slippage import FillLosses, SymbolFills
from account.state import AccountState
from domain.intents import Intent
from strategy.params import EngineSettings, SlippageSettings
from strategy.symbol_rows import by_base

Seen = tuple[int, int]
"""Entries and exits that had been filled."""


def measured_points(fills: SymbolFills | None, settings: SlippageSettings, seen: Seen | None = None) -> float:
    """What the fills of a round trip are measured to lose, entry and exit together [points]; NaN: too few to tell.

    Each side counts once there are enough of it, and never below 0: to be lucky is no plan. `seen`: as things stood
    when so many had been filled; None: now. NaN as well where the settings do not want it measured.
    """
    if fills is None or not settings.measured:
        return math.nan
    entries, exits = seen or fills.seen
    found = [_loss(fills.entries, settings, entries), _loss(fills.exits, settings, exits)]
    known = [max(0.0, points) for points in found if not math.isnan(points)]
    return math.fsum(known) if known else math.nan


class ExpectedSlippage:
    """What is expected of each symbol under `settings`: the setting, or the measure where that is more."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._known: dict[str, tuple[object, float]] = {}

    def of_symbol(self, symbol: str, account: AccountState) -> float:
        """As the account stands [points]; worked out anew only after a fill."""
        fills = account.slippage.symbols.get(symbol)
        key = account.login, account.server, fills.seen if fills is not None else None
        known = self._known.get(symbol)
        if known is None or known[0] != key:
            known = self._known[symbol] = key, self._points(symbol, fills, None)
        return known[1]

    def of_entry(self, intent: Intent, account: AccountState) -> float:
        """What the size of an entry expected when it was issued [points]."""
        seen = account.slippage.at_issue.get(intent.intent_id, (0, 0))
        return self._points(intent.symbol, account.slippage.symbols.get(intent.symbol), seen)

    def _points(self, symbol: str, fills: SymbolFills | None, seen: Seen | None) -> float:
        least = by_base(symbol, self._settings.slippage_points)
        measured = measured_points(fills, self._settings.slippage, seen)
        return measured if measured > least else least


def _loss(losses: FillLosses, settings: SlippageSettings, seen: int) -> float:
    return losses.quantile(settings.quantile, settings.window_fills, settings.min_fills, seen)
