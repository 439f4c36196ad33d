"""What a broker sets for a symbol beyond what a client's terminal is told of it (`SymbolSpec`)."""

from typing import Final

import msgspec

WEEK: Final = 7
DAYS_IN_YEAR: Final = 360  # MT5's default for swaps in percent


class SymbolTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one symbol, as in MetaTrader 5's platform help ("Margin", "Swaps").

    `uses_larger_leg`: margin of opposite positions is that of the dearer side. `swap_multipliers` count the night that
    ends each day, Sunday first; empty: from the specification's triple day, Saturday and Sunday 0. `days_in_year`
    divides swaps in percent. `swap_skips_holidays`: the night of a holiday is charged with the night before it.

    Raises:
        ValueError: for a number of multipliers other than 7 or 0, or a year without days.
    """

    uses_larger_leg: bool = False
    swap_multipliers: tuple[float, ...] = ()
    days_in_year: int = DAYS_IN_YEAR
    swap_skips_holidays: bool = False

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if len(self.swap_multipliers) not in (0, WEEK):
            raise ValueError(f"swap_multipliers has {len(self.swap_multipliers)} values; give 7, Sunday first, or none")
        if self.days_in_year < 1:
            raise ValueError(f"days_in_year is {self.days_in_year}; give 360, 365 or 366")
