"""What the trade server does without being asked: swaps at midnight, stops and targets, and the stop-out.

It acts at the ticks of symbols that positions are held in. `ServerWatch.scan` finds such a tick without looking at
every position at every tick; `ServerWatch.act` does there what is due.
"""

from typing import Final

import numpy as np

from domain.symbols import SymbolSpec
from domain.trading import DealReason, Position
from sim import matching
from sim.holdings import Fill, Holdings
from sim.market import Market, next_opening_s

_COMMENT_LIMIT: Final = 31


class ServerWatch:
    """Watches over `holdings` at the quotes of `market`."""

    def __init__(self, market: Market, holdings: Holdings) -> None:
        self._market = market
        self._holdings = holdings

    def scan(self, symbol_index: int, ticks: matching.Rows, start: int, stop: int) -> int:
        """Index of the first of `ticks[start:stop]` at which something is due, or `stop`."""
        rows = self._holdings.book.rows
        if not len(rows):
            return stop
        end = int(matching.first_at(ticks, start, stop, self._market.next_midnight_msc()))
        quotes, spec = self._market.quotes, self._market.specs[symbol_index]
        levels = self._levels(symbol_index, quotes)
        while start < end:
            start = int(matching.first_trigger(ticks, start, end, levels))
            if start == end:
                break
            if not spec.in_session(_second_of(ticks, start)):
                start = _reopening(spec, ticks, start, end)
                continue
            quotes = self._market.quotes.copy()
            matching.take_quote(ticks, start, quotes, symbol_index)
            if self._is_due(symbol_index, quotes):
                break
            levels = self._levels(symbol_index, quotes)
            start += 1
        return start

    def act(self, symbol_index: int, before_msc: int) -> None:
        """Do what is due at the latest tick, one of `symbol_index`; the tick before it came at `before_msc`."""
        if not len(self._holdings.book):
            return
        self._holdings.charge_swaps(before_msc)
        if self._market.in_session(symbol_index):
            self._close_triggered(symbol_index)
            self._stop_out(symbol_index)

    # -- what is due -------------------------------------------------------------------------------------------------

    def _levels(self, symbol_index: int, quotes: matching.Rows) -> matching.TriggerLevels:
        """Between these prices nothing is due; where no more than the stop-out is near, they lie before it."""
        rows = self._holdings.book.rows
        levels = matching.trigger_levels(rows, symbol_index)
        cushion = self._holdings.ledger.balance - self._holdings.stop_out_equity
        return matching.solvent_levels(rows, symbol_index, quotes, self._market.money_rows, cushion, levels)

    def _is_due(self, symbol_index: int, quotes: matching.Rows) -> bool:
        rows, quote = self._holdings.book.rows, quotes[symbol_index]
        if matching.triggered(rows, symbol_index, quote["bid"], quote["ask"], np.empty(len(rows), np.int64)):
            return True
        return self._holdings.is_broke(quotes) and symbol_index in rows["symbol_index"]

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
        """Close the position with the largest loss, look again, and so on until the margin level is above."""
        if symbol_index not in self._holdings.book.rows["symbol_index"]:
            return
        while self._holdings.is_broke(self._market.quotes):
            worst = self._worst_position()
            if worst is None:
                return
            money = self._holdings.money()
            level = 100.0 * money.equity / money.margin
            comment = f"[so {level:.2f}%/{money.equity:.2f}/{money.margin:.2f}]"
            self._close(worst, DealReason.SO, comment[:_COMMENT_LIMIT], slips=True)

    def _worst_position(self) -> Position | None:
        """The largest loss among the positions whose symbol trades now; of equal ones the oldest."""
        index_of = self._market.index_of
        tradable = [one for one in self._holdings.positions() if self._market.in_session(index_of[one.symbol])]
        return min(tradable, key=lambda one: one.profit + one.swap, default=None)

    def _close(self, position: Position, reason: DealReason, comment: str, *, slips: bool) -> None:
        slippage = self._holdings.profile.slippage_points if slips else 0.0
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


def _reopening(spec: SymbolSpec, ticks: matching.Rows, index: int, end: int) -> int:
    """Index of the first tick after `ticks[index]`, which lies outside the sessions, that may lie in one."""
    opens_msc = next_opening_s(spec, _second_of(ticks, index)) * 1000
    return int(matching.first_at(ticks, index + 1, end, opens_msc))


def _second_of(ticks: matching.Rows, index: int) -> int:
    return int(ticks[index]["time_msc"]) // 1000
