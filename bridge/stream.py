"""Whether a terminal's ticks go on where they ended, also over a broken connection.

The EA numbers its batches without gaps over reconnections, and sends those again that were not answered. So a batch
that follows the last one continues the engine's bars, and one that was seen before must not be counted twice.
"""

from enum import IntEnum
from typing import Final

_REMEMBERED: Final = 4096
_NONE: Final = -1


class Place(IntEnum):
    """Where a batch belongs."""

    NEXT = 1
    AGAIN = 2
    ELSEWHERE = 3


class Stream:
    """The batches an engine was fed with."""

    def __init__(self) -> None:
        self._fed: list[tuple[int, int, int] | None] = [None] * _REMEMBERED
        self._next = _NONE

    def place_of(self, batch: int, ticks: int, last_msc: int) -> Place:
        """Where a batch of so many `ticks` whose last is of `last_msc` [ms, broker's clock] belongs."""
        if self.goes_on_with(batch):
            return Place.NEXT
        return Place.AGAIN if self._fed[batch % _REMEMBERED] == (batch, ticks, last_msc) else Place.ELSEWHERE

    def goes_on_with(self, batch: int) -> bool:
        """Whether `batch` is the one that follows the last."""
        return batch == self._next

    def fed(self, batch: int, ticks: int, last_msc: int) -> None:
        """The engine was fed with this batch."""
        if batch != self._next:
            self.broken()  # the EA counts anew: what is remembered is always one run without a gap
        self._fed[batch % _REMEMBERED] = batch, ticks, last_msc
        self._next = batch + 1

    def broken(self) -> None:
        """A batch was left out, or the account is in other hands: what comes next continues nothing."""
        self._fed = [None] * _REMEMBERED
        self._next = _NONE
