"""Leverage that a broker lowers for a while: around news, over weekends, on holidays; for new positions alone.

JustMarkets, "Margin requirement changes": what was opened before keeps its margin, what is opened within a window is
charged at the reduced leverage until the window is over, and at the account's leverage from then on.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from domain.symbols import SymbolSpec
from domain.timeframes import MINUTE_S, WEEK_S

_SUNDAY_BEFORE_EPOCH_S: Final = 345_600  # 1970-01-01 was a Thursday
NEWS_BEFORE_S: Final = 10 * MINUTE_S  # JustMarkets help centre, "What is leverage"
NEWS_AFTER_S: Final = 5 * MINUTE_S

Window = tuple[int, int]


class ReducedLeverage(msgspec.Struct, frozen=True, kw_only=True):
    """At most 1:`leverage` for positions opened within a window [start, end).

    `weekly` windows [s since Sunday 00:00] may end in the next week; `dated` ones are seconds on the broker's clock. A
    symbol is concerned where it is among `symbols`, one of its currencies is among `currencies` (news), or both are
    among `pairs_of` (a kind of market); where all three are empty, every symbol is.

    Raises:
        ValueError: for a leverage below 1 or a window that ends before it starts.
    """

    leverage: int
    weekly: tuple[Window, ...] = ()
    dated: tuple[Window, ...] = ()
    symbols: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    pairs_of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no broker offers."""
        if self.leverage < 1:
            raise ValueError(f"leverage is {self.leverage}; give at least 1")
        for field in ("weekly", "dated"):
            if any(end <= start for start, end in getattr(self, field)):
                raise ValueError(f"{field} holds a window that ends before it starts")

    def ends_s(self, spec: SymbolSpec, server_s: int) -> int | None:
        """When the window that `server_s` lies in is over for the symbol [s, broker's clock]; None outside of any."""
        if not self._concerns(spec):
            return None
        ends = [end for start, end in self.dated if start <= server_s < end]
        second = (server_s + _SUNDAY_BEFORE_EPOCH_S) % WEEK_S
        for start, end in self.weekly:
            ends += [server_s - at + end for at in (second, second + WEEK_S) if start <= at < end]
        return max(ends, default=None)

    def _concerns(self, spec: SymbolSpec) -> bool:
        if not (self.symbols or self.currencies or self.pairs_of):
            return True
        pair = {spec.currency_base, spec.currency_profit}
        return spec.name in self.symbols or not pair.isdisjoint(self.currencies) or pair <= {*self.pairs_of}


class Cap(msgspec.Struct, frozen=True, kw_only=True):
    """Leverage of at most 1:`leverage` (0 = no limit) until `until_msc` [ms, broker's clock]."""

    leverage: int = 0
    until_msc: int = 0


NO_CAP: Final = Cap()


def cap_at(rules: Iterable[ReducedLeverage], spec: SymbolSpec, server_s: int) -> Cap:
    """What a position in `spec` opened at `server_s` [s, broker's clock] is limited to: the lowest that applies."""
    found = [(rule.leverage, end) for rule in rules if (end := rule.ends_s(spec, server_s)) is not None]
    if not found:
        return NO_CAP
    leverage = min(one for one, _ in found)
    return Cap(leverage=leverage, until_msc=1000 * max(end for one, end in found if one == leverage))


def around_news(
    times_s: Iterable[int], *, before_s: int = NEWS_BEFORE_S, after_s: int = NEWS_AFTER_S
) -> tuple[Window, ...]:
    """Windows around the publications at `times_s` [s, broker's clock]."""
    return tuple((time_s - before_s, time_s + after_s) for time_s in sorted(times_s))
