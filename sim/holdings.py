"""What one account holds: positions, history and money, and what changes them: a fill, new levels, a midnight."""

import math
from typing import Any

import msgspec
import numpy as np

from domain.pricing import position_profit, required_margin, rounded_money
from domain.timeframes import DAY_S
from domain.trading import Deal, DealEntry, DealReason, OrderState, Position
from domain.updates import Money, TradeUpdate
from sim import accounting, checks, matching
from sim.book import PositionBook
from sim.ledger import Execution, Ledger, filled_order
from sim.market import Market
from sim.pending import OrderDetail, PendingBook, PendingOrder
from sim.profiles import AccountProfile


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution that is about to be booked; `magic` and `comment` are the order's."""

    volume: float
    price: float
    reason: DealReason
    magic: int
    comment: str
    sl: float = 0.0
    tp: float = 0.0


class Holdings:
    """Positions, deals and money of `profile` at `market`; remembers what has changed since it was last asked."""

    def __init__(self, profile: AccountProfile, market: Market) -> None:
        self.profile = profile
        self.book = PositionBook()
        self.pending = PendingBook()
        self.ledger = Ledger(profile)
        self.margin = 0.0
        self._reserved = 0.0
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

    def is_broke(self, quotes: matching.Rows) -> bool:
        """Whether the margin level is down at the stop-out at `quotes` (QUOTE_DTYPE, one row a symbol)."""
        return self._equity_at(quotes) <= self.stop_out_equity

    def _equity_at(self, quotes: matching.Rows) -> float:
        if not len(self.book):
            return self.ledger.balance
        floating = matching.floating_profit(self.book.rows, quotes, self._market.money_rows)
        return float(rounded_money(self.ledger.balance + floating, self.profile.currency_digits))

    def margin_with(self, symbol_index: int, side: int, volume: float, price: float) -> float:
        """Margin the account would need with one more position [account money]."""
        extra = np.zeros(1, matching.POSITION_DTYPE)
        extra["symbol_index"], extra["side"], extra["volume"], extra["price_open"] = symbol_index, side, volume, price
        return self._rounded(self._margin_of(np.concatenate([self.book.rows, extra])) + self._reserved)

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
        deals = tuple(self.ledger.deals[self._reported :])
        if not deals and not self._changed and not self._orders_changed:
            return None
        found = (self.position(ticket) for ticket in self._changed)
        positions = tuple(position for position in found if position is not None)
        gone = tuple(ticket for ticket in self._changed if self.book.row_of(ticket) is None)
        standing = [self.pending.get(ticket) for ticket in self._orders_changed]
        orders_gone = tuple(ticket for ticket in self._orders_changed if self.pending.get(ticket) is None)
        self.mark_reported()
        return TradeUpdate(
            money=self.money(),
            deals=deals,
            positions=positions,
            positions_gone=gone,
            orders=tuple(one.order for one in standing if one is not None),
            orders_gone=orders_gone,
        )

    def mark_reported(self) -> None:
        """Everything so far has been told (by a complete snapshot)."""
        self._reported = len(self.ledger.deals)
        self._changed = {}
        self._orders_changed = {}

    # -- what changes it -------------------------------------------------------------------------------------------

    def open(self, symbol_index: int, side: int, fill: Fill) -> Deal:
        """A new position, named by the ticket of its order; the deal that opened it."""
        ticket = self.ledger.take_order_ticket()
        self._add_position(ticket, symbol_index, side, fill)
        return self._book_deal(ticket, ticket, symbol_index, side, DealEntry.IN, fill)

    def fill_pending(self, pending: PendingOrder, fill: Fill) -> Deal:
        """A pending order's deal: a new position under its ticket, or more of the one that its first part opened.

        What is left of the order stands on as PARTIAL.
        """
        ticket, index = pending.order.order_ticket, pending.symbol_index
        row: Any = self.book.row_of(ticket)
        if row is None:
            self._add_position(ticket, index, pending.side, fill)
        else:
            self._add_volume(row, fill)
        left = checks.on_grid(pending.order.volume_current - fill.volume, self._market.specs[index].volume_step)
        rest = pending.with_order(volume_current=left, state=OrderState.PARTIAL, position_id=ticket)
        self.pending.put(rest)
        self._orders_changed[ticket] = None
        deal = self.ledger.book(rest.order, self._execution(ticket, pending.side, DealEntry.IN, fill))
        if left <= 0.0:
            self.finish(rest, OrderState.FILLED)
        self._changed[ticket] = None
        self._refresh_margin()
        return deal

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

    def _add_position(self, ticket: int, symbol_index: int, side: int, fill: Fill) -> None:
        now_msc = self._market.now_msc
        self.book.add(
            fill.comment,
            position_ticket=ticket,
            symbol_index=symbol_index,
            side=side,
            volume=fill.volume,
            price_open=fill.price,
            sl=fill.sl,
            tp=fill.tp,
            swap=0.0,
            magic=fill.magic,
            time_msc=now_msc,
            time_update_msc=now_msc,
        )

    def _add_volume(self, row: Any, fill: Fill) -> None:  # noqa: ANN401 - a row of the book
        """More of the same side: the open price becomes the average of both."""
        old = float(row["volume"])
        whole = checks.on_grid(old + fill.volume, self._market.specs[int(row["symbol_index"])].volume_step)
        row["price_open"] = (old * float(row["price_open"]) + fill.volume * fill.price) / (old + fill.volume)
        row["volume"] = whole
        row["time_update_msc"] = self._market.now_msc

    def reduce(self, position_ticket: int, fill: Fill) -> Deal:
        """Close `fill.volume` of a position, with its share of the swap; nothing left means that it is gone.

        Raises:
            KeyError: for a ticket that is not open.
        """
        row: Any = self.book.row_of(position_ticket)
        if row is None:
            raise KeyError(position_ticket)
        index, side, volume = int(row["symbol_index"]), int(row["side"]), float(row["volume"])
        profit = position_profit(side, fill.volume, float(row["price_open"]), fill.price, self._market.moneys[index])
        swap = float(rounded_money(float(row["swap"]) * fill.volume / volume, self.profile.currency_digits))
        left = checks.on_grid(volume - fill.volume, self._market.specs[index].volume_step)
        if left > 0.0:
            row["volume"] = left
            row["swap"] = rounded_money(float(row["swap"]) - swap, self.profile.currency_digits)
            row["time_update_msc"] = self._market.now_msc
        else:
            self.book.remove(position_ticket)
        order_ticket = self.ledger.take_order_ticket()
        return self._book_deal(order_ticket, position_ticket, index, -side, DealEntry.OUT, fill, float(profit), swap)

    def move_stops(self, position_ticket: int, sl: float, tp: float) -> None:
        """Set the levels of an open position."""
        row: Any = self.book.row_of(position_ticket)
        row["sl"], row["tp"] = sl, tp
        self._changed[position_ticket] = None

    def charge_swaps(self, before_msc: int) -> None:
        """Add the swap of every midnight since `before_msc` [ms, broker's clock] to the positions open then."""
        for day in accounting.midnights_between(before_msc, self._market.now_msc):
            for row in self.book.rows:
                if row["time_msc"] < (day + 1) * DAY_S * 1000:
                    self._charge_night(row, day)

    def _charge_night(self, row: Any, day: int) -> None:  # noqa: ANN401 - a row of the book; writing to it writes to the book
        index, side = int(row["symbol_index"]), int(row["side"])
        spec, money = self._market.specs[index], self._market.moneys[index]
        nights = accounting.nights_charged(day, spec.swap_rollover3days)
        price = self._market.price(index, -side)
        swap = accounting.swap_of_night(spec, money, side, float(row["volume"]), price, nights)
        if swap != 0.0:
            row["swap"] = rounded_money(float(row["swap"]) + swap, self.profile.currency_digits)
            self._changed[int(row["position_ticket"])] = None

    def _book_deal(
        self,
        order_ticket: int,
        position_id: int,
        symbol_index: int,
        side: int,
        entry: DealEntry,
        fill: Fill,
        profit: float = 0.0,
        swap: float = 0.0,
    ) -> Deal:
        order = filled_order(
            order_ticket,
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
        self.ledger.keep(order, OrderDetail(reason=fill.reason, time_done_msc=order.time_setup_msc))
        deal = self.ledger.book(order, self._execution(position_id, side, entry, fill, profit, swap))
        self._changed[position_id] = None
        self._refresh_margin()
        return deal

    def _execution(
        self, position_id: int, side: int, entry: DealEntry, fill: Fill, profit: float = 0.0, swap: float = 0.0
    ) -> Execution:
        return Execution(
            position_id=position_id,
            side=side,
            entry=entry,
            reason=fill.reason,
            volume=fill.volume,
            price=fill.price,
            time_msc=self._market.now_msc,
            profit=profit,
            swap=swap,
        )

    def _refresh_margin(self) -> None:
        """Leverage follows the equity at each deal (assumption: the broker does not say when); so does the margin."""
        leverage = self.profile.leverage_at(self.equity())
        if leverage != self._market.leverage:
            self._market.use_leverage(leverage)
        self._sum_margin()

    def _sum_margin(self) -> None:
        self._reserved = sum(self.reserved_margin(one) for one in self.pending)
        self.margin = self._rounded(self._margin_of(self.book.rows) + self._reserved)

    def _margin_of(self, rows: matching.Rows) -> float:
        market = self._market
        used = sorted({int(index) for index in rows["symbol_index"]})
        margins = (accounting.symbol_margin(rows, index, market.specs[index], market.moneys[index]) for index in used)
        return self._rounded(sum(margins))

    def _rounded(self, amount: float) -> float:
        return float(rounded_money(amount, self.profile.currency_digits))
