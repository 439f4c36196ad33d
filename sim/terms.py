"""What a broker sets for a symbol beyond what a client's terminal is told of it (`SymbolSpec`)."""

from enum import IntEnum
from typing import Final

import msgspec

WEEK: Final = 7
DAYS_IN_YEAR: Final = 360  # MT5's default for swaps in percent


class HolidaySwap(IntEnum):
    """What is charged for the night of a holiday: what any night costs, or nothing, but with another night.

    NIGHT_BEFORE is the platform's "automatically consider holidays"; NIGHT_AFTER is what the Strategy Tester does.
    """

    AS_USUAL = 0
    NIGHT_BEFORE = 1
    NIGHT_AFTER = 2


class SymbolTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one symbol, as in MetaTrader 5's platform help ("Margin", "Swaps").

    `uses_larger_leg`: margin of opposite positions is that of the dearer side. `swap_multipliers` count the night that
    ends each day, Sunday first; empty: from the specification's triple day, Saturday and Sunday 0. `days_in_year`
    divides swaps in percent. `holiday_swap` says what becomes of the nights of holidays.

    Raises:
        ValueError: for a number of multipliers other than 7 or 0, or a year without days.
    """

    uses_larger_leg: bool = False
    swap_multipliers: tuple[float, ...] = ()
    days_in_year: int = DAYS_IN_YEAR
    holiday_swap: HolidaySwap = HolidaySwap.AS_USUAL

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if len(self.swap_multipliers) not in (0, WEEK):
            raise ValueError(f"swap_multipliers has {len(self.swap_multipliers)} values; give 7, Sunday first, or none")
        if self.days_in_year < 1:
            raise ValueError(f"days_in_year is {self.days_in_year}; give 360, 365 or 366")
