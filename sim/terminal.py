"""A MetaTrader 5 terminal and its trade server in one object: quotes in, orders filled, deals and positions kept.

Life cycle as in MT5: a request makes an order, the order makes deals, a deal opens a position, enlarges, reduces,
reverses or closes it. What is simulated, from which source, and what is not: docs/simulated-terminal.md.
"""

import bisect
from collections.abc import Sequence
from typing import Final

from domain.pricing import SymbolMoney
from domain.requests import TradeAnswer, TradeRequest, refused
from domain.retcodes import Retcode
from domain.symbols import SymbolSpec
from domain.trading import AccountSnapshot, Deal, DealReason, DealType, MarginMode, Order, Position
from domain.updates import Money, TradeUpdate
from sim import matching
from sim.holdings import Holdings
from sim.market import Market
from sim.pending import OrderDetail
from sim.profiles import AccountProfile
from sim.requests import FairFills, FillPlan
from sim.server import TradeServer
from sim.watch import ServerWatch


class SimTerminal:
    """One account at one simulated broker.

    `profile` is the account, `specs` the symbols in the order of their indices, `fills` may disturb requests;
    `start_msc` is the server's clock before the first quote [ms], `server_offset_s` how far it is ahead of UTC [s].
    `autotrading` and `connected` are the two switches a user or a network can flip.

    Raises:
        ValueError: for an account of an exchange.
        SymbolSpecError: for a symbol that cannot be priced.
    """

    company: Final = "simulated"
    build: Final = 0  # no MetaQuotes build

    def __init__(
        self,
        profile: AccountProfile,
        specs: Sequence[SymbolSpec],
        *,
        server_offset_s: int = 0,
        start_msc: int = 0,
        fills: FillPlan | None = None,
    ) -> None:
        if profile.margin_mode is MarginMode.EXCHANGE:
            raise ValueError("margin_mode EXCHANGE is not simulated; use RETAIL_HEDGING or RETAIL_NETTING")
        self.profile = profile
        self.server_offset_s = server_offset_s
        self.autotrading = True
        self.connected = True
        leverage = profile.leverage_at(profile.deposit)
        self._market = Market(
            specs,
            profile.currency,
            profile.currency_digits,
            leverage,
            start_msc,
            fixed_rates=profile.fixed_rates,
            converts_by_market=profile.converts_by_market,
            holidays=profile.holidays,
        )
        self._holdings = Holdings(profile, self._market)
        plan = fills or FairFills()
        self._server = TradeServer(self._market, self._holdings, plan)
        self._watch = ServerWatch(self._market, self._holdings, plan)

    @property
    def specs(self) -> tuple[SymbolSpec, ...]:
        """The broker's symbols by index."""
        return self._market.specs

    @property
    def symbols(self) -> tuple[str, ...]:
        """Their names."""
        return self._market.symbols

    @property
    def now_msc(self) -> int:
        """The server's clock: time of the latest tick of any symbol [ms, broker's clock]."""
        return self._market.now_msc

    # -- the market ------------------------------------------------------------------------------------------------

    def scan(self, symbol_index: int, ticks: matching.Rows, start: int, stop: int) -> int:
        """Index of the first of `ticks[start:stop]` at which the server acts by itself, or `stop`.

        It acts at a stop loss, a take profit or a stop-out inside a trade session, and at the first tick of a broker
        day while positions are open (swap); where a pending order is reached, and when one expires. `ticks` are in time
        order.
        """
        return self._watch.scan(symbol_index, ticks, start, stop)

    def settle(self, symbol_index: int, ticks: matching.Rows, index: int) -> None:
        """Make `ticks[index]` the symbol's quote; the caller knows from `scan` that nothing happens up to it."""
        self._market.take_quote(symbol_index, ticks, index)

    def on_tick(self, symbol_index: int, ticks: matching.Rows, index: int) -> TradeUpdate | None:
        """Take `ticks[index]` in: swap of a midnight that has passed, what this quote reaches, stop-out.

        What changed, changes by hand since the last report included; None for nothing.
        """
        before_msc = self.now_msc
        self._market.take_quote(symbol_index, ticks, index)
        self._watch.act(symbol_index, before_msc)
        return self.take_changes()

    def quote(self, symbol: str) -> tuple[float, float, int]:
        """Bid, ask and time [ms, broker's clock] of the latest tick; zeros before the first.

        Raises:
            KeyError: for a symbol the broker does not have.
        """
        return self._market.quote(self._market.index_of[symbol])

    def is_open(self, symbol: str) -> bool:
        """Whether the symbol trades now: its sessions and the broker's holidays.

        Raises:
            KeyError: for a symbol the broker does not have.
        """
        return self._market.in_session(self._market.index_of[symbol])

    def pricing(self, symbol: str) -> SymbolMoney:
        """The numbers that price `symbol` now, with the account's leverage and the latest conversion rate.

        Raises:
            KeyError: for a symbol the broker does not have.
        """
        return self._market.moneys[self._market.index_of[symbol]]

    # -- the account -----------------------------------------------------------------------------------------------

    def money(self) -> Money:
        """The account's money at the latest quotes."""
        return self._holdings.money()

    @property
    def margin_call(self) -> bool:
        """Whether the margin level has come down to the account's margin call."""
        money = self.money()
        return money.margin > 0.0 and money.equity <= self.profile.margin_call_fraction * money.margin

    def account(self) -> AccountSnapshot:
        """The account as the terminal shows it."""
        money, profile = self.money(), self.profile
        return AccountSnapshot(
            login=profile.login,
            server=profile.server,
            currency=profile.currency,
            currency_digits=profile.currency_digits,
            leverage=self._market.leverage,
            margin_mode=profile.margin_mode,
            trade_mode=profile.trade_mode,
            trade_allowed=self.autotrading,
            balance=money.balance,
            credit=self._holdings.ledger.credit,
            equity=money.equity,
            margin=money.margin,
            margin_free=money.margin_free,
            time_msc=self.now_msc,
        )

    def spec(self, symbol: str) -> SymbolSpec | None:
        """The symbol's specification, if the broker has the symbol."""
        index = self._market.index_of.get(symbol)
        return None if index is None else self.specs[index]

    def positions(self) -> tuple[Position, ...]:
        """Open positions, oldest first."""
        return self._holdings.positions()

    def position(self, position_ticket: int) -> Position | None:
        """The open position with this ticket."""
        return self._holdings.position(position_ticket)

    def orders(self) -> tuple[Order, ...]:
        """Pending orders, oldest first."""
        return tuple(pending.order for pending in self._holdings.pending)

    def order(self, order_ticket: int) -> Order | None:
        """The pending order with this ticket."""
        pending = self._holdings.pending.get(order_ticket)
        return None if pending is None else pending.order

    def order_detail(self, order_ticket: int) -> OrderDetail | None:
        """What else is known of an order, pending or in the history."""
        pending = self._holdings.pending.get(order_ticket)
        return self._holdings.ledger.details.get(order_ticket) if pending is None else pending.detail

    @property
    def deals(self) -> tuple[Deal, ...]:
        """All deals, oldest first; the first is the deposit."""
        return tuple(self._holdings.ledger.deals)

    @property
    def order_history(self) -> tuple[Order, ...]:
        """All finished orders in the order in which they were finished."""
        return tuple(self._holdings.ledger.orders)

    def deals_since(self, time_msc: int) -> tuple[Deal, ...]:
        """The deals from `time_msc` on [ms, broker's clock], oldest first."""
        deals = self._holdings.ledger.deals
        return tuple(deals[bisect.bisect_left(deals, time_msc, key=lambda deal: deal.time_msc) :])

    def finished_order(self, order_ticket: int) -> Order | None:
        """The order with this ticket in the history."""
        orders = reversed(self._holdings.ledger.orders)
        return next((order for order in orders if order.order_ticket == order_ticket), None)

    def snapshot(self, since_msc: int = 0, since_ticket: int = 0) -> TradeUpdate:
        """Everything there is, with the deals after (`since_msc` [ms, broker's clock], `since_ticket`)."""
        since = (since_msc, since_ticket)
        chosen = tuple(deal for deal in self._holdings.ledger.deals if (deal.time_msc, deal.deal_ticket) > since)
        self._holdings.mark_reported()
        return TradeUpdate(
            money=self.money(), deals=chosen, positions=self.positions(), orders=self.orders(), complete=True
        )

    def take_changes(self) -> TradeUpdate | None:
        """What changed since this was last asked, or since the last snapshot; None for nothing."""
        return self._holdings.take_changes()

    def operate(self, kind: DealType, amount: float, comment: str = "") -> Deal | Retcode:
        """What the broker's back office does: a deposit or withdrawal (BALANCE), CREDIT, CORRECTION, INTEREST, ...

        10019 where more is taken out than is free. It is reported with the next change, as any deal.

        Raises:
            ValueError: for a kind of deal that trades.
        """
        return self._holdings.operate(kind, amount, comment)

    # -- requests --------------------------------------------------------------------------------------------------

    def send(self, request: TradeRequest, reason: DealReason = DealReason.EXPERT) -> TradeAnswer:
        """`OrderSend`: check the request and execute it at the latest quote.

        A request with `position_ticket` closes that position; one without opens a new one, whatever else is open, on a
        hedging account, and changes the symbol's one position on a netting account. `reason` CLIENT makes it an order
        by hand, which the AutoTrading switch does not stop.
        """
        if not self.connected:
            return refused(Retcode.CONNECTION)
        if not self.autotrading and reason == DealReason.EXPERT:
            return refused(Retcode.CLIENT_DISABLES_AT)
        return self._server.execute(request, reason)

    def checked(self, request: TradeRequest, reason: DealReason = DealReason.EXPERT) -> TradeAnswer:
        """`OrderCheck`: what the server would answer now were nothing to disturb `request` on its way; nothing is done.

        The request is carried out on a copy of the account, so that no second set of rules can differ from the first.
        """
        market, holdings = self._holdings.rehearsal()
        return TradeServer(market, holdings, FairFills()).execute(request, reason)
