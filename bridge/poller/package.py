"""The functions of the `MetaTrader5` package that the poller calls.

The package itself on Windows and under Wine, and `sim.metatrader5` anywhere, are such an object. What a function
returns on failure is None (False for `initialize` and `symbol_select`); `last_error` then tells why.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

COPY_TICKS_ALL: Final = -1
"""The package's constant: every tick, whatever changed with it."""


class Package(Protocol):
    """What is used of the package. Arguments by place are by place alone there, too."""

    def initialize(self, *path: str, **named: Any) -> bool:  # noqa: ANN401 - the package's named arguments differ in type
        """Connect to a terminal, starting it if need be."""

    def shutdown(self) -> Any:  # noqa: ANN401 - of no use
        """End the connection."""

    def last_error(self) -> tuple[int, str]:
        """Code and text of the last call's outcome."""

    def terminal_info(self) -> Any:  # noqa: ANN401 - a struct of the package
        """The terminal's state."""

    def account_info(self) -> Any:  # noqa: ANN401 - a struct of the package
        """The account."""

    def symbols_get(self) -> Sequence[Any] | None:
        """Every symbol of the broker."""

    def symbol_select(self, symbol: str, enable: bool, /) -> bool:  # noqa: FBT001 - the package's signature
        """Show a symbol in Market Watch."""

    def symbol_info(self, symbol: str, /) -> Any:  # noqa: ANN401 - a struct of the package
        """A symbol's specification."""

    def symbol_info_tick(self, symbol: str, /) -> Any:  # noqa: ANN401 - a struct of the package
        """A symbol's latest tick."""

    def copy_rates_from_pos(self, symbol: str, timeframe: int, start_pos: int, count: int, /) -> Any:  # noqa: ANN401 - an array
        """Bars, counted back from the running one."""

    def copy_ticks_from(self, symbol: str, date_from: int, count: int, flags: int, /) -> Any:  # noqa: ANN401 - an array
        """Ticks from a second on."""

    def copy_ticks_range(self, symbol: str, date_from: int, date_to: int, flags: int, /) -> Any:  # noqa: ANN401 - an array
        """Ticks between two seconds."""

    def positions_get(self, **named: Any) -> Sequence[Any] | None:  # noqa: ANN401 - the package's named arguments differ in type
        """Open positions."""

    def orders_get(self, **named: Any) -> Sequence[Any] | None:  # noqa: ANN401 - the package's named arguments differ in type
        """Active orders."""

    def history_deals_get(self, *dates: int, **named: Any) -> Sequence[Any] | None:  # noqa: ANN401 - the same
        """Deals."""

    def history_orders_get(self, *dates: int, **named: Any) -> Sequence[Any] | None:  # noqa: ANN401 - the same
        """Finished orders."""

    def order_calc_margin(self, action: int, symbol: str, volume: float, price: float, /) -> float | None:
        """Margin of an order by itself."""

    def order_send(self, request: dict[str, Any], /) -> Any:  # noqa: ANN401 - a struct of the package
        """Send a request to the server."""
