"""What one account holds: positions, history and money, and what changes them: a fill, new levels, a midnight."""

import copy
import math
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, NamedTuple

import msgspec
import numpy as np

from domain import volumes
from domain.pricing import required_margin, rounded_money
from domain.retcodes import Retcode
from domain.trading import Deal, DealEntry, DealType, MarginMode, Order, OrderState, OrderType, Position
from domain.updates import Money, TradeUpdate
from sim import margins, matching
from sim.book import PositionBook
from sim.exposure import Exposure, Fill
from sim.ledger import Execution, Ledger, filled_order
from sim.market import Market
from sim.pending import OrderDetail, PendingBook, PendingOrder
from sim.profiles import AccountProfile


class ChangeKind(Enum):
    """What a change is about."""

    DEAL = 0
    POSITION = 1
    ORDER = 2


class Change(NamedTuple):
    """Something that changed, by its ticket."""

    kind: ChangeKind
    ticket: int


class Holdings:
    """Positions, deals and money of `profile` at `market`; remembers what has changed since it was last asked."""

    def __init__(self, profile: AccountProfile, market: Market) -> None:
        self.profile = profile
        self.book = PositionBook()
        self.pending = PendingBook()
        self.exposure = Exposure(self.book, market, profile)
        self.ledger = Ledger(profile)
        self.margin = 0.0
        self._tier = profile.tier_bounds(profile.deposit)
        self._market = market
        self._reported = 0
        self._changed: dict[int, None] = {}
        self._orders_changed: dict[int, None] = {}
        self.ledger.deposit(profile.deposit, market.now_msc)

    # -- what stands -----------------------------------------------------------------------------------------------

    def money(self) -> Money:
        """The account's money at the latest quotes."""
        balance, equity = self.ledger.balance, self.equity()
        margin_free = float(rounded_money(equity - self.margin, self.profile.currency_digits))
        return Money(balance=balance, equity=equity, margin=self.margin, margin_free=margin_free)

    def equity(self) -> float:
        """Balance and floating profit at the latest quotes [account money]."""
        return self._equity_at(self._market.quotes)

    @property
    def stop_out_equity(self) -> float:
        """The equity at and below which positions are closed by force; minus infinity where no margin is used."""
        fraction = self.profile.stop_out_fraction
        return fraction * self.margin if self.margin > 0.0 and fraction > 0.0 else -math.inf

    def room(self) -> tuple[float, float]:
        """How far the floating profit may fall, and rise, from 0 until the stop-out or another leverage is due."""
        funds = self.ledger.funds
        return funds - max(self.stop_out_equity, self._tier[0]), self._tier[1] - funds

    def has_left_tier(self, quotes: matching.Rows) -> bool:
        """Whether another leverage applies at `quotes` (QUOTE_DTYPE, one row a symbol)."""
        return not self._tier[0] <= self._equity_at(quotes) < self._tier[1]

    def is_broke(self, quotes: matching.Rows) -> bool:
        """Whether the margin level is down at the stop-out at `quotes` (QUOTE_DTYPE, one row a symbol)."""
        return self._equity_at(quotes) <= self.stop_out_equity

    def _equity_at(self, quotes: matching.Rows) -> float:
        if not len(self.book):
            return self.ledger.funds
        floating = matching.floating_profit(self.book.rows, quotes, self._market.money_rows)
        return float(rounded_money(self.ledger.funds + floating, self.profile.currency_digits))

    @property
    def is_netting(self) -> bool:
        """Whether there is one position a symbol."""
        return self.profile.margin_mode == MarginMode.RETAIL_NETTING

    def opened_volume(self, symbol_index: int, side: int, volume: float) -> float:
        """How much of an order for `volume` [lots] would open: on a netting account, what exceeds the other side."""
        held = self.book.row_on(symbol_index) if self.is_netting else None
        if held is None or int(held["side"]) == side:
            return volume
        return max(0.0, volumes.on_grid(volume - float(held["volume"]), self._market.specs[symbol_index].volume_step))

    def margin_with(self, symbol_index: int, side: int, volume: float, price: float) -> float:
        """Margin the account would need with `volume` more opened [account money]."""
        rows, market = self.book.rows, self._market
        own = rows["symbol_index"] == symbol_index
        others = rows[~own]
        kept = rows[own & (rows["side"] == side)] if self.is_netting else rows[own]
        extra = np.zeros(1, matching.POSITION_DTYPE)
        extra["symbol_index"], extra["side"], extra["volume"], extra["price_open"] = symbol_index, side, volume, price
        for field, value in self.exposure.margin_fields(symbol_index, side, price).items():
            extra[field] = value
        spec, money = market.specs[symbol_index], market.moneys[symbol_index]
        terms = self.profile.terms_of(spec.name)
        reserved = self._reserved_on(symbol_index)
        opened = margins.margin_to_open(kept, symbol_index, spec, money, extra, terms, reserved)
        return self._rounded(self._margin_of(others, besides=symbol_index) + opened)

    def position(self, position_ticket: int) -> Position | None:
        """The open position with this ticket."""
        row = self.book.row_of(position_ticket)
        if row is None:
            return None
        index = int(row["symbol_index"])
        market = self._market
        return self.book.position(row, market.symbols, market.price(index, -int(row["side"])), market.moneys[index])

    def positions(self) -> tuple[Position, ...]:
        """Open positions, oldest first."""
        found = (self.position(ticket) for ticket in self.book)
        return tuple(position for position in found if position is not None)

    def take_changes(self) -> TradeUpdate | None:
        """What changed since this was last asked; None for nothing."""
        deals = self.ledger.deals[self._reported :]
        if not deals and not self._changed and not self._orders_changed:
            return None
        update = self._update(deals, tuple(self._changed), tuple(self._orders_changed))
        self.mark_reported()
        return update

    def drained(self) -> tuple[Change, ...]:
        """The names of what changed since this was last asked, in the order of `TradeUpdate`."""
        deals = self.ledger.deals[self._reported :]
        changes = (
            *(Change(ChangeKind.DEAL, deal.deal_ticket) for deal in deals),
            *(Change(ChangeKind.POSITION, ticket) for ticket in self._changed),
            *(Change(ChangeKind.ORDER, ticket) for ticket in self._orders_changed),
        )
        self.mark_reported()
        return changes

    def update_of(self, changes: Iterable[Change]) -> TradeUpdate:
        """How what `changes` name stands now: a deal as it is, a position or order as it stands or as gone."""
        named: dict[ChangeKind, list[int]] = {kind: [] for kind in ChangeKind}
        for change in changes:
            named[change.kind].append(change.ticket)
        deals = [self.ledger.deal(ticket) for ticket in named[ChangeKind.DEAL]]
        return self._update(deals, named[ChangeKind.POSITION], named[ChangeKind.ORDER])

    def _update(self, deals: Sequence[Deal], positions: Sequence[int], orders: Sequence[int]) -> TradeUpdate:
        found = [(ticket, self.position(ticket)) for ticket in positions]
        standing = [(ticket, self.pending.get(ticket)) for ticket in orders]
        return TradeUpdate(
            money=self.money(),
            deals=tuple(deals),
            positions=tuple([position for _, position in found if position is not None]),
            positions_gone=tuple([ticket for ticket, position in found if position is None]),
            orders=tuple([one.order for _, one in standing if one is not None]),
            orders_gone=tuple([ticket for ticket, one in standing if one is None]),
        )

    def mark_reported(self) -> None:
        """Everything so far has been told (by a complete snapshot)."""
        self._reported = len(self.ledger.deals)
        self._changed = {}
        self._orders_changed = {}

    def rehearsal(self) -> tuple[Market, "Holdings"]:
        """A copy to try things on, and its market: quotes, positions, orders and money, but no history.

        Nothing that a request is checked against lies in the history, and copying a long one would take its time.
        """
        ledger = self.ledger
        memo: dict[int, object] = {id(one): one for one in (self.profile, *self._market.specs)}
        memo |= {id(kept): [] for kept in (ledger.deals, ledger.orders)}
        memo |= {id(kept): {} for kept in (ledger.details, self._changed, self._orders_changed)}
        holdings = copy.deepcopy(self, memo)
        return holdings._market, holdings  # noqa: SLF001 - of its own kind

    # -- what changes it -------------------------------------------------------------------------------------------

    def trade(self, symbol_index: int, side: int, fill: Fill) -> Deal:
        """The deal of a market order: a new position, or on a netting account a change of the one there is."""
        ticket = self.ledger.take_order_ticket()
        held = self.book.row_on(symbol_index) if self.is_netting else None
        execution = self._execute(held, ticket, symbol_index, side, fill)
        return self._book_market_order(ticket, symbol_index, side, fill, execution)

    def fill_pending(self, pending: PendingOrder, fill: Fill) -> Deal:
        """A pending order's deal; on a hedging account later parts enlarge the position that the first part opened.

        What is left of the order stands on as PARTIAL.
        """
        ticket, index = pending.order.order_ticket, pending.symbol_index
        held = self.book.row_on(index) if self.is_netting else self.book.row_of(ticket)
        execution = self._execute(held, ticket, index, pending.side, fill)
        left = volumes.on_grid(pending.order.volume_current - fill.volume, self._market.specs[index].volume_step)
        rest = pending.with_order(volume_current=left, state=OrderState.PARTIAL, position_id=execution.position_id)
        self.pending.put(rest)
        self._orders_changed[ticket] = None
        deal = self.ledger.book(rest.order, execution)
        if left <= 0.0:
            self.finish(rest, OrderState.FILLED)
        self.follow_equity()
        return deal

    def reduce(self, position_ticket: int, fill: Fill) -> Deal:
        """Close `fill.volume` of a position, with its share of the swap; nothing left means that it is gone.

        Raises:
            KeyError: for a ticket that is not open.
        """
        row: Any = self.book.row_of(position_ticket)
        if row is None:
            raise KeyError(position_ticket)
        index, side = int(row["symbol_index"]), -int(row["side"])
        self._changed[position_ticket] = None
        execution = self.exposure.reduce(row, fill)
        return self._book_market_order(self.ledger.take_order_ticket(), index, side, fill, execution)

    def close_by(self, position_ticket: int, other_ticket: int, fill: Fill) -> Deal:
        """Close `fill.volume` of two opposite positions by each other: one order, two deals, the first with the profit.

        Both deals are at the open price of the second position, which is `fill.price`.

        Raises:
            KeyError: for a ticket that is not open.
        """
        order_ticket = self.ledger.take_order_ticket()
        side, index = 0, 0
        deals = []
        for ticket in (position_ticket, other_ticket):
            row: Any = self.book.row_of(ticket)
            if row is None:
                raise KeyError(ticket)
            index, side = int(row["symbol_index"]), -int(row["side"])
            self._changed[ticket] = None
            execution = self.exposure.reduce(row, fill, DealEntry.OUT_BY)
            order = self._market_order(order_ticket, index, side, fill, execution.position_id)
            deals.append(self.ledger.book(order, execution))
        closing = self._market_order(order_ticket, index, -side, fill, position_ticket)
        detail = OrderDetail(reason=fill.reason, time_done_msc=self._market.now_msc, position_by=other_ticket)
        self.ledger.keep(msgspec.structs.replace(closing, type=OrderType.CLOSE_BY), detail)
        self.follow_equity()
        return deals[0]

    def place(self, pending: PendingOrder) -> None:
        """A new pending order, or new terms for one that stands."""
        self.pending.put(pending)
        self._orders_changed[pending.order.order_ticket] = None
        self._sum_margin()

    def finish(self, pending: PendingOrder, state: OrderState) -> None:
        """A pending order stands no more; it goes into the history."""
        ticket = pending.order.order_ticket
        self.pending.remove(ticket)
        done = pending.finished(state, self._market.now_msc)
        self.ledger.keep(done.order, done.detail)
        self._orders_changed[ticket] = None
        self._sum_margin()

    def reserved_margin(self, pending: PendingOrder) -> float:
        """What a pending order reserves of the margin [account money]."""
        fraction = self.profile.pending_margin_fraction
        if fraction <= 0.0:
            return 0.0
        order, money = pending.order, self._market.moneys[pending.symbol_index]
        return fraction * float(required_margin(pending.side, order.volume_current, order.price_open, money))

    def operate(self, kind: DealType, amount: float, comment: str) -> Deal | Retcode:
        """Book money that comes in or goes out; no more can go out than is free."""
        if amount < 0.0 and -amount > self.money().margin_free:
            return Retcode.NO_MONEY
        deal = self.ledger.operate(kind, amount, self._market.now_msc, comment)
        self.follow_equity()
        return deal

    def move_stops(self, position_ticket: int, sl: float, tp: float) -> None:
        """Set the levels of an open position."""
        row: Any = self.book.row_of(position_ticket)
        row["sl"], row["tp"] = sl, tp
        self._changed[position_ticket] = None

    def end_caps(self) -> None:
        """The account's leverage for positions whose time of reduced leverage is over."""
        if self.exposure.next_cap_end_msc() <= self._market.now_msc and self.exposure.end_caps():
            self._sum_margin()

    def charge_swaps(self, before_msc: int) -> None:
        """Add the swap of every midnight since `before_msc` [ms, broker's clock] to the positions open then."""
        for one in self.exposure.charge_swaps(before_msc):
            self._changed[one.position_ticket] = None
            row: Any = self.book.row_of(one.position_ticket)
            for execution in one.deals:
                self.ledger.roll(execution, self._market.symbols[int(row["symbol_index"])], int(row["magic"]))
            if one.deals:
                self.follow_equity()

    def _execute(self, held: Any, ticket: int, symbol_index: int, side: int, fill: Fill) -> Execution:  # noqa: ANN401 - a row of the book, or None
        """What the fill of order `ticket` does to the position it meets."""
        self._changed[ticket if held is None else int(held["position_ticket"])] = None
        if held is None:
            return self.exposure.enter(ticket, symbol_index, side, fill)
        if int(held["side"]) == side:
            return self.exposure.enlarge(held, fill)
        if not self.opened_volume(symbol_index, side, fill.volume):
            return self.exposure.reduce(held, fill)
        self._changed[ticket] = None
        return self.exposure.reverse(held, ticket, fill)

    def _book_market_order(self, ticket: int, symbol_index: int, side: int, fill: Fill, execution: Execution) -> Deal:
        order = self._market_order(ticket, symbol_index, side, fill, execution.position_id)
        self.ledger.keep(order, OrderDetail(reason=fill.reason, time_done_msc=order.time_setup_msc))
        deal = self.ledger.book(order, execution)
        self.follow_equity()
        return deal

    def _market_order(self, ticket: int, symbol_index: int, side: int, fill: Fill, position_id: int) -> Order:
        return filled_order(
            ticket,
            position_id,
            self._market.symbols[symbol_index],
            side,
            fill.volume,
            sl=fill.sl,
            tp=fill.tp,
            magic=fill.magic,
            comment=fill.comment,
            time_msc=self._market.now_msc,
        )

    def follow_equity(self) -> None:
        """Use the leverage of the tier that the equity is in, and the margin that goes with it."""
        equity = self.equity()
        if not self._tier[0] <= equity < self._tier[1]:
            self._tier = self.profile.tier_bounds(equity)
            leverage = self.profile.leverage_at(equity)
            if leverage != self._market.leverage:
                self._market.use_leverage(leverage)
        self._sum_margin()

    def _sum_margin(self) -> None:
        self.margin = self._margin_of(self.book.rows)

    def _margin_of(self, rows: matching.Rows, *, besides: int = -1) -> float:
        """Margin of the positions in `rows` and of all pending orders, those of one symbol left out."""
        if not len(rows) and not len(self.pending):
            return 0.0
        used = set(rows["symbol_index"].tolist())
        if self.profile.pending_margin_fraction > 0.0:
            used |= {one.symbol_index for one in self.pending}
        return self._rounded(sum(self._margin_on(rows, index) for index in sorted(used - {besides})))

    def _margin_on(self, rows: matching.Rows, index: int) -> float:
        spec, reserved = self._market.specs[index], self._reserved_on(index)
        terms = self.profile.terms_of(spec.name)
        return margins.symbol_margin(rows, index, spec, self._market.moneys[index], terms, reserved)

    def _reserved_on(self, symbol_index: int) -> margins.Reserved:
        if self.profile.pending_margin_fraction <= 0.0:
            return 0.0, 0.0
        own = [one for one in self.pending if one.symbol_index == symbol_index]
        buys, sells = (sum(self.reserved_margin(one) for one in own if one.side == side) for side in (1, -1))
        return buys, sells

    def _rounded(self, amount: float) -> float:
        return float(rounded_money(amount, self.profile.currency_digits))
