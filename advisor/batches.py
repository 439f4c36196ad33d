"""Ticks on their way to the bridge, and where they come from."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy.typing as npt

from domain.timeframes import Timeframe
from domain.updates import Money, TradeUpdate

Rows: TypeAlias = npt.NDArray[Any]


@dataclass(slots=True, kw_only=True)
class Batch:
    """Ticks of one symbol on their way. 0 in `sent_ns`: not sent yet.

    `start` is their place among the symbol's ticks, a number that grows with them. `number` 0 is one that gets its
    number when it leaves. `server_offset_s` is the broker's lead over UTC at these ticks, if not the terminal's of now.
    """

    number: int
    symbol: str
    symbol_index: int
    start: int
    ticks: Rows
    money: Money
    sent_ns: int = 0
    server_offset_s: int | None = None


class TickFeed(Protocol):
    """Gives the ticks of a market once and in order."""

    max_ticks: int

    @property
    def is_over(self) -> bool:
        """Whether no tick will ever come again."""

    @property
    def has_ticks(self) -> bool:
        """Whether `play` has something to give now."""

    def next_number(self) -> int:
        """The number of the next batch to leave."""

    def play(self) -> tuple[TradeUpdate | None, Batch]:
        """What changed at the server up to the next batch, and that batch, of up to `max_ticks`."""

    def play_unheard(self) -> tuple[TradeUpdate | None, Batch]:
        """As `play`, for a batch that cannot leave now and has no number yet."""

    def reached(self, symbol: str) -> int:
        """The place behind the last tick of `symbol` that was played."""

    def bars(self, symbol: str, timeframe: Timeframe, count: int, played: int) -> Rows:
        """The last `count` bars (RATES_DTYPE) where the ticks before place `played` have come; the last one runs."""
