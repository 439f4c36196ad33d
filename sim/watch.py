"""What the trade server does without being asked: swaps, pending orders, stops and targets, and the stop-out.

It acts at the ticks of symbols that have positions or orders. `ServerWatch.scan` finds such a tick without looking at
every position at every tick; `ServerWatch.act` does there what is due.
"""

from typing import Final

import numpy as np

from domain.trading import DealReason, OrderState, Position
from sim import matching
from sim.activation import Activation
from sim.exposure import Fill
from sim.holdings import Holdings
from sim.market import Market
from sim.pending import PendingOrder
from sim.requests import FillPlan

_COMMENT_LIMIT: Final = 31


class ServerWatch:
    """Watches over `holdings` at the quotes of `market`; `fills` may disturb the filling of pending orders."""

    def __init__(self, market: Market, holdings: Holdings, fills: FillPlan) -> None:
        self._market = market
        self._holdings = holdings
        self._fills = fills
        self._activation = Activation(market, holdings, fills)

    def scan(self, symbol_index: int, ticks: matching.Rows, start: int, stop: int) -> int:
        """Index of the first of `ticks[start:stop]` at which something is due, or `stop`."""
        pending = self._holdings.pending
        if not len(self._holdings.book) and not len(pending):
            return stop
        next_msc = pending.next_expiry_msc
        if len(self._holdings.book):
            next_msc = min(next_msc, self._market.next_midnight_msc(), self._holdings.exposure.next_cap_end_msc())
        end = int(matching.first_at(ticks, start, stop, next_msc))
        self._market.convert(symbol_index)  # as the first tick of this symbol will
        quotes = self._market.quotes
        levels = self._levels(symbol_index, quotes)
        while start < end:
            start = int(matching.first_trigger(ticks, start, end, levels))
            if start == end:
                break
            if not self._market.is_open(symbol_index, _second_of(ticks, start)):
                opens_msc = 1000 * self._market.next_opening_s(symbol_index, _second_of(ticks, start))
                start = int(matching.first_at(ticks, start + 1, end, opens_msc))
                continue
            quotes = self._market.quotes.copy()
            matching.take_quote(ticks, start, quotes, symbol_index)
            if self._is_due(symbol_index, quotes):
                break
            levels = self._levels(symbol_index, quotes)
            start += 1
        return start

    def pass_time(self, before_msc: int) -> None:
        """Do what is due at the server's clock without a tick: it stood at `before_msc`."""
        self._holdings.charge_swaps(before_msc)
        self._holdings.end_caps()
        self._activation.expire()

    def act(self, symbol_index: int, before_msc: int) -> None:
        """Do what is due at the latest tick, one of `symbol_index`; the tick before it came at `before_msc`."""
        if not len(self._holdings.book) and not len(self._holdings.pending):
            return
        self.pass_time(before_msc)
        if self._market.in_session(symbol_index):
            self._close_triggered(symbol_index)
            if self._activation.activate(symbol_index):
                self._close_triggered(symbol_index)  # a gap may have passed the levels of a new position, too
            self._stop_out(symbol_index)

    # -- what is due -------------------------------------------------------------------------------------------------

    def _levels(self, symbol_index: int, quotes: matching.Rows) -> matching.TriggerLevels:
        """Between these prices nothing is due; where no more than the stop-out is near, they lie before it."""
        holdings = self._holdings
        rows, moneys = holdings.book.rows, self._market.money_rows
        levels = matching.quiet_levels(rows, symbol_index, quotes, moneys, *holdings.room())
        if len(holdings.pending):
            levels = matching.order_levels(holdings.pending.rows, symbol_index, levels)
        return levels

    def _is_due(self, symbol_index: int, quotes: matching.Rows) -> bool:
        rows, orders = self._holdings.book.rows, self._holdings.pending.rows
        bid, ask = float(quotes[symbol_index]["bid"]), float(quotes[symbol_index]["ask"])
        if matching.triggered(rows, symbol_index, bid, ask, np.empty(len(rows), np.int64)):
            return True
        if len(orders) and matching.reached_orders(orders, symbol_index, bid, ask, np.empty(len(orders), np.bool_)):
            return True
        if symbol_index not in rows["symbol_index"]:
            return False
        return self._holdings.is_broke(quotes) or self._holdings.has_left_tier(quotes)

    # -- stops and targets -------------------------------------------------------------------------------------------

    def _close_triggered(self, symbol_index: int) -> None:
        bid, ask, _ = self._market.quote(symbol_index)
        rows = self._holdings.book.rows
        reasons = np.empty(len(rows), np.int64)
        if not matching.triggered(rows, symbol_index, bid, ask, reasons):
            return
        hits = [
            (int(rows[row]["position_ticket"]), DealReason(int(reasons[row]))) for row in np.flatnonzero(reasons >= 0)
        ]
        for position_ticket, reason in hits:
            self._close_at_level(position_ticket, reason)

    def _close_at_level(self, position_ticket: int, reason: DealReason) -> None:
        position = self._holdings.position(position_ticket)
        if position is None:
            return
        stopped = reason == DealReason.SL
        level = position.sl if stopped else position.tp
        digits = self._market.specs[self._market.index_of[position.symbol]].digits
        comment = f"[{'sl' if stopped else 'tp'} {level:.{digits}f}]"
        self._close(position, reason, comment, slips=stopped)  # a take profit is never worse than its level

    # -- stop-out ----------------------------------------------------------------------------------------------------

    def _stop_out(self, symbol_index: int) -> None:
        """Drop the order that reserves most, then close the position with the largest loss, one by one.

        The margin level is looked at again after each, until it is above.
        """
        if symbol_index not in self._holdings.book.rows["symbol_index"]:
            return
        if self._holdings.has_left_tier(self._market.quotes):
            self._holdings.follow_equity()
        while self._holdings.is_broke(self._market.quotes):
            greedy = self._greediest_order()
            if greedy is not None:
                self._holdings.finish(greedy, OrderState.CANCELED)
                continue
            worst = self._worst_position()
            if worst is None:
                return
            money = self._holdings.money()
            level = 100.0 * money.equity / money.margin
            comment = f"[so {level:.2f}%/{money.equity:.2f}/{money.margin:.2f}]"
            self._close(worst, DealReason.SO, comment[:_COMMENT_LIMIT], slips=True)

    def _greediest_order(self) -> PendingOrder | None:
        """The pending order that reserves the most margin; None where none reserves any."""
        holdings = self._holdings
        found = max(holdings.pending, key=holdings.reserved_margin, default=None)
        return found if found is not None and holdings.reserved_margin(found) > 0.0 else None

    def _worst_position(self) -> Position | None:
        """The largest loss among the positions whose symbol trades now; of equal ones the oldest."""
        index_of = self._market.index_of
        tradable = [one for one in self._holdings.positions() if self._market.in_session(index_of[one.symbol])]
        return min(tradable, key=lambda one: one.profit + one.swap, default=None)

    def _close(self, position: Position, reason: DealReason, comment: str, *, slips: bool) -> None:
        slippage = self._holdings.profile.slippage_points + self._fills.stop_slippage_points() if slips else 0.0
        index = self._market.index_of[position.symbol]
        fill = Fill(
            volume=position.volume,
            price=self._market.fill_price(index, -position.side, slippage),
            reason=reason,
            magic=position.magic,
            comment=comment,
            sl=position.sl,
            tp=position.tp,
        )
        self._holdings.reduce(position.position_ticket, fill)


def _second_of(ticks: matching.Rows, index: int) -> int:
    return int(ticks[index]["time_msc"]) // 1000
