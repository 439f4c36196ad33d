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
from domain.serverclock import Daylight, ServerClock
from domain.symbols import SymbolSpec
from domain.trading import AccountSnapshot, Deal, DealReason, DealType, MarginMode, Order, Position
from domain.updates import Money, TradeUpdate
from sim import matching
from sim.faults.fills import SeededFills
from sim.faults.line import Line
from sim.faults.outages import NEVER_MSC, Outages
from sim.faults.plan import FaultPlan
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
    `autotrading` and `connected` are the two switches a user or a network can flip. `faults` are what goes wrong:
    where they delay or lose messages, `post` takes requests that are answered later; where they give the broker a
    clock, it goes before `server_offset_s`, and where `fills` are given, those go before the faults' own.

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
        faults: FaultPlan | None = None,
    ) -> None:
        if profile.margin_mode is MarginMode.EXCHANGE:
            raise ValueError("margin_mode EXCHANGE is not simulated; use RETAIL_HEDGING or RETAIL_NETTING")
        self.profile = profile
        self.autotrading = True
        self._is_plugged_in = True
        planned = faults or FaultPlan()
        self.clock = planned.clock or ServerClock(winter_offset_s=server_offset_s, daylight=Daylight.NONE)
        self._offset_s, self._offset_until_msc = 0, -1
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
        plan = fills or (FairFills() if faults is None else SeededFills(faults))
        self._server = TradeServer(self._market, self._holdings, plan)
        self._watch = ServerWatch(self._market, self._holdings, plan)
        self._line = self._laid_line(planned, start_msc) if planned.is_on_the_line else None
        self.answers_later = self._line is not None
        self.is_disturbed = self.answers_later or self.clock.daylight is not Daylight.NONE

    def _laid_line(self, plan: FaultPlan, start_msc: int) -> Line:
        self._holdings.mark_reported()  # the deposit was there before the line: it is no news

        def shown(utc_msc: int) -> int:
            return utc_msc + self.clock.offset_at_utc(utc_msc // 1000) * 1000

        return Line(plan, Outages(plan.connection, plan.seed, start_msc, shown), start_msc)

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

    @property
    def server_offset_s(self) -> int:
        """How far the server's clock is ahead of UTC now [s]."""
        now_msc = self._market.now_msc
        if now_msc >= self._offset_until_msc:
            self._offset_s, self._offset_until_msc = self.clock.offset_at(now_msc), self.clock.next_change(now_msc)
        return self._offset_s

    @property
    def connected(self) -> bool:
        """Whether the terminal has its server: nobody has pulled the plug, and no outage lasts."""
        return self._is_plugged_in and (self._line is None or self._line.outages.at(self.now_msc) is None)

    @connected.setter
    def connected(self, is_plugged_in: bool) -> None:
        self._is_plugged_in = is_plugged_in

    # -- the market ------------------------------------------------------------------------------------------------

    def scan(self, symbol_index: int, ticks: matching.Rows, start: int, stop: int) -> int:
        """Index of the first of `ticks[start:stop]` at which the server acts by itself, or `stop`.

        It acts at a stop loss, a take profit or a stop-out inside a trade session, and at the first tick of a broker
        day while positions are open (swap); where a pending order is reached, and when one expires. `ticks` are in time
        order. Something on the line that arrives counts, too.
        """
        if self._line is not None:
            stop = int(matching.first_at(ticks, start, stop, self._line.due_msc))
        return self._watch.scan(symbol_index, ticks, start, stop)

    @property
    def is_flat(self) -> bool:
        """Whether neither a position nor a pending order stands."""
        return not len(self._holdings.book) and not len(self._holdings.pending)

    def settle(self, symbol_index: int, ticks: matching.Rows, index: int) -> None:
        """Make `ticks[index]` the symbol's quote; the caller knows from `scan` that nothing happens up to it."""
        self._market.take_quote(symbol_index, ticks, index)

    def on_tick(self, symbol_index: int, ticks: matching.Rows, index: int) -> TradeUpdate | None:
        """Take `ticks[index]` in: swap of a midnight that has passed, what this quote reaches, stop-out.

        What changed, changes by hand since the last report included; None for nothing.
        """
        if self._line is not None:
            self.pass_to(int(ticks["time_msc"][index]) - 1)
        before_msc = self.now_msc
        self._market.take_quote(symbol_index, ticks, index)
        self._watch.act(symbol_index, before_msc)
        self._tell()
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
        """What changed since this was last asked, or since the last snapshot; None for nothing.

        Over a line, what the terminal has been told by now; each with how it stands now.
        """
        if self._line is None:
            return self._holdings.take_changes()
        news = self._line.take_news()
        return self._holdings.update_of(news) if news else None

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
        answer = self._server.execute(request, reason)
        self._tell()
        return answer

    def checked(self, request: TradeRequest, reason: DealReason = DealReason.EXPERT) -> TradeAnswer:
        """`OrderCheck`: what the server would answer now were nothing to disturb `request` on its way; nothing is done.

        The request is carried out on a copy of the account, so that no second set of rules can differ from the first.
        """
        market, holdings = self._holdings.rehearsal()
        return TradeServer(market, holdings, FairFills()).execute(request, reason)

    # -- the line --------------------------------------------------------------------------------------------------

    def post(self, request: TradeRequest, sent_msc: int, reason: DealReason = DealReason.EXPERT) -> int:
        """`OrderSendAsync`: the number under which `take_answers` gives the answer, when it has come.

        The request was sent at `sent_msc`, which may lie a little in the past [ms, broker's clock].

        Raises:
            RuntimeError: for a terminal without a line; `send` answers at once there.
        """
        line = self._laid()
        if not self._is_plugged_in or (not self.autotrading and reason == DealReason.EXPERT):
            return line.refuse(refused(Retcode.CLIENT_DISABLES_AT if self._is_plugged_in else Retcode.CONNECTION))
        number = line.post(request, reason, sent_msc, self.now_msc)
        self.pass_to(self.now_msc)
        return number

    def take_answers(self) -> list[tuple[int, TradeAnswer]]:
        """Answers that have arrived since this was last asked, each with its request's number."""
        return self._laid().take_answers()

    def wake(self, at_msc: int) -> None:
        """Let `scan` stop at the first tick from `at_msc` on [ms, broker's clock], too; without a line it does not."""
        if self._line is not None:
            self._line.wake(at_msc)

    def pass_to(self, time_msc: int) -> None:
        """Let everything happen that is due on the line up to `time_msc`, at the quotes as they stand then."""
        line = self._laid()
        while (due_msc := line.due_msc) <= time_msc:
            self._move_clock(due_msc)
            posted = line.step()
            if posted is not None:
                answer, disturbance = self._server.execute_openly(posted.request, posted.reason)
                line.answer(posted.number, answer, disturbance, self.now_msc)
            line.tell(self._holdings.drained(), self.now_msc)

    @property
    def due_msc(self) -> int:
        """When something is next due on the line [ms, broker's clock]; far in the future without one."""
        return NEVER_MSC if self._line is None else self._line.due_msc

    def pass_on(self) -> bool:
        """Let the next thing on the line happen, whenever it is due; whether there was any."""
        line = self._line
        if line is None or not line.is_busy:
            return False
        self.pass_to(max(line.due_msc, self.now_msc))
        return True

    def part(self, ticks: matching.Rows, start: int, stop: int) -> tuple[int, int]:
        """Where the first part of `ticks[start:stop]` under one offset, and with or without a connection, ends.

        And when the connection comes back [ms, broker's clock] if there is none in it, else 0.
        """
        time_msc = int(ticks["time_msc"][start])
        edge_msc, back_msc = self.clock.next_change(time_msc), 0
        if self._line is not None:
            outage = self._line.outages.at(time_msc)
            edge_msc = min(edge_msc, self._line.outages.next_start(time_msc) if outage is None else outage[1])
            back_msc = 0 if outage is None else outage[1]
        return int(matching.first_at(ticks, start, stop, edge_msc)), back_msc

    def move_clock(self, time_msc: int) -> None:
        """Let the server's clock go on to `time_msc` [ms, broker's clock] without a tick."""
        if self._line is not None:
            self.pass_to(time_msc)
        self._move_clock(time_msc)
        self._tell()

    def _move_clock(self, time_msc: int) -> None:
        before_msc = self.now_msc
        if time_msc > before_msc:
            self._market.now_msc = time_msc
            self._watch.pass_time(before_msc)

    def _tell(self) -> None:
        """Put the news of what has changed on the line, and take in what arrives at once."""
        if self._line is not None:
            self._line.tell(self._holdings.drained(), self.now_msc)
            self.pass_to(self.now_msc)

    def _laid(self) -> Line:
        if self._line is None:
            raise RuntimeError("this terminal answers at once: its fault plan delays and loses nothing")
        return self._line
