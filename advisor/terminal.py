"""What an EA needs of the terminal it runs on; the simulated one and the real one behind its Python package have it."""

from collections.abc import Sequence
from typing import Protocol

from domain.requests import TradeAnswer, TradeRequest
from domain.symbols import SymbolSpec
from domain.trading import AccountSnapshot, Deal, Order, Position
from domain.updates import Money, TradeUpdate


class TerminalLostError(RuntimeError):
    """The terminal cannot be asked any more; what was asked last may or may not have been done."""


class Terminal(Protocol):
    """One terminal with one account. Times [ms] are the broker's clock.

    Every method may raise TerminalLostError where the terminal is a program of its own.
    """

    @property
    def company(self) -> str:
        """Who runs the server."""

    @property
    def build(self) -> int:
        """The terminal's build; 0 where there is none."""

    @property
    def server_offset_s(self) -> int:
        """How far the broker's clock is ahead of UTC, as measured [s]."""

    @property
    def now_msc(self) -> int:
        """The broker's clock as far as it is known."""

    @property
    def autotrading(self) -> bool:
        """Whether programs may trade."""

    @property
    def connected(self) -> bool:
        """Whether the terminal has its server."""

    @property
    def specs(self) -> tuple[SymbolSpec, ...]:
        """The symbols the EA speaks of, by index."""

    @property
    def symbols(self) -> Sequence[str]:
        """Their names."""

    def spec(self, symbol: str) -> SymbolSpec | None:
        """The symbol's specification, if it is one of them."""

    def quote(self, symbol: str) -> tuple[float, float, int]:
        """Bid, ask and time of the latest tick; zeros before the first."""

    def account(self) -> AccountSnapshot:
        """The account."""

    def money(self) -> Money:
        """The account's money."""

    def positions(self) -> tuple[Position, ...]:
        """Open positions, oldest first."""

    def position(self, position_ticket: int) -> Position | None:
        """The open position with this ticket."""

    def order(self, order_ticket: int) -> Order | None:
        """The pending order with this ticket."""

    def deals_since(self, time_msc: int) -> Sequence[Deal]:
        """The deals from `time_msc` on, oldest first."""

    def finished_order(self, order_ticket: int) -> Order | None:
        """The order with this ticket in the history."""

    def snapshot(self, since_msc: int = 0, since_ticket: int = 0) -> TradeUpdate:
        """Everything there is, with the deals after (`since_msc`, `since_ticket`)."""

    def take_changes(self) -> TradeUpdate | None:
        """What changed since this was last asked, or since the last snapshot; None for nothing."""

    def send(self, request: TradeRequest) -> TradeAnswer:
        """`OrderSend`."""
