"""What our fills lost against the prices that were asked for, by symbol: what slippage to expect is judged by it."""

import math
from typing import Final

import msgspec

from account.lifecycle import opens
from domain.intents import Intent
from domain.trading import Deal, DealReason, DealType, Position

MAX_KEPT: Final = 1024
"""Fills that are remembered of a symbol, the latest ones of entries and of exits; older ones stay in the journal."""

_POINT_DIGITS: Final = 2  # binary noise of a difference of prices


def asked_price(deal: Deal, intent: Intent | None, position: Position | None) -> float:
    """The price that was asked for: the intent's, of a stop the stop itself; 0 where the deal has none.

    A target cannot be filled worse, and what a person or the broker closed was asked for by nobody here.
    """
    if intent is not None:
        return intent.price
    return position.sl if position is not None and deal.reason == DealReason.SL else 0.0


def points_lost(deal: Deal, asked: float, point: float) -> float:
    """How much worse than `asked` the deal was filled [points]; below 0 where it was better."""
    side = 1.0 if deal.type == DealType.BUY else -1.0
    return round(side * (deal.price - asked) / point, _POINT_DIGITS)


class FillLosses(msgspec.Struct, kw_only=True):
    """Losses of one kind of fills [points], the latest ones; `seen` counts all there ever were."""

    latest: list[float] = msgspec.field(default_factory=list)
    seen: int = 0

    def note(self, points: float) -> None:
        """One more fill."""
        self.latest.append(points)
        self.seen += 1
        if len(self.latest) > MAX_KEPT:
            del self.latest[0]

    def quantile(self, quantile: float, window: int, least: int, seen: int) -> float:
        """What at least `quantile` of the `window` latest fills did not lose more than [points]; NaN below `least`.

        `seen`: as things stood when so many had been seen. Definition 1 of R. J. Hyndman and Y. Fan, *Sample Quantiles
        in Statistical Packages*, The American Statistician 50(4), 1996: the loss of a fill that there was.
        """
        end = max(0, len(self.latest) - (self.seen - seen))
        known = sorted(self.latest[max(0, end - window) : end])
        if len(known) < max(1, least):
            return math.nan
        return known[max(0, math.ceil(quantile * len(known) - 1e-9) - 1)]


class SymbolFills(msgspec.Struct, kw_only=True):
    """Fills of one symbol."""

    entries: FillLosses = msgspec.field(default_factory=FillLosses)
    exits: FillLosses = msgspec.field(default_factory=FillLosses)

    @property
    def seen(self) -> tuple[int, int]:
        """Entries and exits that there ever were."""
        return self.entries.seen, self.exits.seen


class Slippage(msgspec.Struct, kw_only=True):
    """Fills of one account by symbol, and how many there were when an entry was issued (by intent_id)."""

    symbols: dict[str, SymbolFills] = msgspec.field(default_factory=dict)
    at_issue: dict[int, tuple[int, int]] = msgspec.field(default_factory=dict)

    def issue(self, intent: Intent) -> None:
        """An entry goes out: what was known until now was known to its size."""
        fills = self.symbols.get(intent.symbol)
        if fills is not None:
            self.at_issue.setdefault(intent.intent_id, fills.seen)

    def book(self, deal: Deal, asked: float, point: float) -> None:
        """Book a deal that was asked for at `asked` [price]."""
        if not (asked > 0.0 and deal.price > 0.0 and point > 0.0):
            return
        fills = self.symbols.setdefault(deal.symbol, SymbolFills())
        (fills.entries if opens(deal) else fills.exits).note(points_lost(deal, asked, point))
