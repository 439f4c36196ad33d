"""A terminal behind the `MetaTrader5` package, as an EA needs one: looked at now and then, asked where it matters."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from advisor.terminal import TerminalLostError
from bridge.poller.clock import OffsetMeter
from bridge.poller.link import Link, PackageError
from bridge.poller.reading import account_of, money_of, order_of, position_of
from bridge.poller.sending import answer_to
from bridge.poller.specs import specs_of
from bridge.poller.trades import Trades
from domain.requests import TradeAnswer, TradeRequest, refused
from domain.retcodes import Retcode
from domain.servertime import NS_PER_MS
from domain.symbols import SymbolSpec, SymbolSpecError
from domain.trading import AccountSnapshot, Deal, Order, Position
from domain.updates import Money, TradeUpdate

_TRACE_MARGIN_MSC: Final = 60_000  # an order's beginning is noted by our idea of the broker's clock


Clock = Callable[[], int]
"""A clock [ns]."""


class Clocks(NamedTuple):
    """`monotonic` never jumps, `utc` tells the time of day; both [ns]."""

    monotonic: Clock
    utc: Clock


class AccountChangedError(RuntimeError):
    """Somebody logged the terminal in to another account; names both, and what to do."""

    def __init__(self, login: int, found: int) -> None:
        remedy = "nothing more is done here; log in to the first account again, or start the poller anew"
        super().__init__(f"the terminal has changed from account {login} to {found}: {remedy}")


class PolledTerminal:
    """The account that `link` finds logged in, and `symbols` (the broker's names).

    `look` sees what changed; prices, positions to be closed and history are asked for when they are needed. The
    broker's clock is that of the newest quote, and goes on between quotes with our own.

    Raises:
        TerminalLostError: any method, where the terminal is gone.
        PackageError: any method, for a call that fails although the terminal is there.
    """

    def __init__(self, link: Link, symbols: Sequence[str], clocks: Clocks) -> None:
        self.meter = OffsetMeter()
        self.symbols = tuple(symbols)
        self._link = link
        self._clocks = clocks
        self._trades = Trades(link)
        self._account: Any = link.asked("account_info")
        self._info: Any = link.asked("terminal_info")
        self._login = int(self._account.login)
        self._specs = {spec.name: spec for spec in specs_of(link, self.symbols, self._account)}
        self._newest = (0, clocks.monotonic())

    # -- looking ------------------------------------------------------------------------------------------------------

    def look(self) -> bool:
        """Read account, positions, orders and quotes; whether there is something that `take_changes` will tell.

        Raises:
            AccountChangedError: another account is logged in.
        """
        self._info = self._link.asked("terminal_info")
        account = self._link.asked("account_info")
        self._check_login(account)
        self._account = account
        for symbol in self.symbols:
            self.quote(symbol)
        self.meter.see(self._newest[0], self._clocks.utc())
        return self._trades.look(account, self._clocks.monotonic() // NS_PER_MS)

    def _check_login(self, account: Any) -> None:  # noqa: ANN401 - AccountInfo
        if int(account.login) != self._login:
            raise AccountChangedError(self._login, int(account.login))

    # -- what stands --------------------------------------------------------------------------------------------------

    @property
    def company(self) -> str:
        """Who runs the server."""
        return str(self._account.company)

    @property
    def build(self) -> int:
        """The terminal's build."""
        return int(self._info.build)

    @property
    def login(self) -> int:
        """The account's number."""
        return self._login

    @property
    def server_offset_s(self) -> int:
        """How far the broker's clock is ahead of UTC, as measured [s].

        Raises:
            RuntimeError: before it was measured; nothing may be told with a guess in its place.
        """
        if self.meter.offset_s is None:
            raise RuntimeError(self.meter.problem)
        return self.meter.offset_s

    @property
    def now_msc(self) -> int:
        """The broker's clock: the newest quote, and what has passed since it came [ms]."""
        newest_msc, seen_ns = self._newest
        return newest_msc + (self._clocks.monotonic() - seen_ns) // NS_PER_MS if newest_msc else 0

    @property
    def autotrading(self) -> bool:
        """Whether terminal and account let programs trade."""
        info, account = self._info, self._account
        return bool(
            info.trade_allowed and not info.tradeapi_disabled and account.trade_allowed and account.trade_expert
        )

    @property
    def connected(self) -> bool:
        """Whether the terminal has its server."""
        return bool(self._info.connected)

    @property
    def specs(self) -> tuple[SymbolSpec, ...]:
        """The specifications, read again: tick values follow the market."""
        with contextlib.suppress(SymbolSpecError, PackageError):  # at a moment without a price the last ones hold
            self._specs = {spec.name: spec for spec in specs_of(self._link, self.symbols, self._account)}
        return tuple(self._specs[symbol] for symbol in self.symbols)

    def spec(self, symbol: str) -> SymbolSpec | None:
        """The symbol's specification, if it is one of ours."""
        return self._specs.get(symbol)

    def known_spec(self, symbol: str) -> SymbolSpec:
        """The specification of one of our symbols.

        Raises:
            KeyError: for another one.
        """
        return self._specs[symbol]

    def quote(self, symbol: str) -> tuple[float, float, int]:
        """Bid, ask and time [ms, broker's clock] of the latest tick, asked for now; zeros where there is none."""
        tick = self._link.tried("symbol_info_tick", symbol)
        if tick is None:
            failure = self._link.failure("symbol_info_tick")
            if not isinstance(failure, PackageError):
                raise failure
            return 0.0, 0.0, 0
        time_msc = int(tick.time_msc)
        if time_msc > self._newest[0]:
            self._newest = (time_msc, self._clocks.monotonic())
        return float(tick.bid), float(tick.ask), time_msc

    def account(self) -> AccountSnapshot:
        """The account as it was at the last look."""
        return account_of(self._account, trade_allowed=self.autotrading, time_msc=self.now_msc)

    def money(self) -> Money:
        """The account's money as it was at the last look."""
        return money_of(self._account)

    def positions(self) -> tuple[Position, ...]:
        """Open positions as they were at the last look, oldest first."""
        return self._trades.positions()

    def position(self, position_ticket: int) -> Position | None:
        """The open position with this ticket, asked for now."""
        found = self._link.asked("positions_get", ticket=position_ticket) if position_ticket else ()
        return next((position_of(held) for held in found if held.ticket == position_ticket), None)

    def order(self, order_ticket: int) -> Order | None:
        """The pending order with this ticket, asked for now."""
        found = self._link.asked("orders_get", ticket=order_ticket) if order_ticket else ()
        return next((order_of(order) for order in found if order.ticket == order_ticket), None)

    def deals_since(self, time_msc: int) -> tuple[Deal, ...]:
        """The deals from about `time_msc` on [ms, broker's clock], oldest first, asked for now."""
        return self._trades.deals_since(time_msc - _TRACE_MARGIN_MSC)

    def finished_order(self, order_ticket: int) -> Order | None:
        """The order with this ticket in the history, asked for now."""
        found = self._link.asked("history_orders_get", ticket=order_ticket) if order_ticket else ()
        return next((order_of(order) for order in found if order.ticket == order_ticket), None)

    def snapshot(self, since_msc: int = 0, since_ticket: int = 0) -> TradeUpdate:
        """Everything there is now, with the deals after (`since_msc` [ms, broker's clock], `since_ticket`)."""
        self.look()
        return self._trades.snapshot(since_msc, since_ticket, self.now_msc)

    def take_changes(self) -> TradeUpdate | None:
        """What changed since this was last asked, or since the last snapshot; None for nothing."""
        return self._trades.take_changes()

    # -- requests -----------------------------------------------------------------------------------------------------

    def send(self, request: TradeRequest) -> TradeAnswer:
        """`order_send`, to the account this began with and to no other; then a look at what it did."""
        account = self._link.tried("account_info")
        if account is None or int(account.login) != self._login:
            return refused(Retcode.REJECT, f"account {self._login} is not logged in any more; nothing was sent")
        answer = answer_to(self._link, request)
        self._trades.expect_changes(self._clocks.monotonic() // NS_PER_MS)
        # the answer goes first, whatever has become of the terminal since: the next look will tell
        with contextlib.suppress(PackageError, TerminalLostError, AccountChangedError):
            self.look()
        return answer
