"""Positions as deals and nights change them: opened, added to, reduced, reversed, charged with swap.

On a hedging account every order opens a position of its own; on a netting account there is one position a symbol, which
orders of its side enlarge and orders of the other side reduce, close or turn around.
"""

from typing import Any, Final, NamedTuple

import msgspec

from domain import volumes
from domain.pricing import position_profit, rounded_money
from domain.timeframes import DAY_S
from domain.trading import DealEntry, DealReason
from sim import swaps
from sim.book import PositionBook
from sim.ledger import Execution
from sim.leverage import cap_at
from sim.market import Market
from sim.pending import NEVER_MSC
from sim.profiles import AccountProfile

_PRICE_DIGITS: Final = 10  # of an average price: beyond it there is binary noise alone


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution that is about to be booked; `magic` and `comment` are the order's."""

    volume: float
    price: float
    reason: DealReason
    magic: int
    comment: str
    sl: float = 0.0
    tp: float = 0.0


class Overnight(NamedTuple):
    """A position that a midnight has changed, and the deals that closed and opened it again, if it was."""

    position_ticket: int
    deals: tuple[Execution, ...]


class Exposure:
    """The positions in `book`, at `market`, of the account `profile`."""

    def __init__(self, book: PositionBook, market: Market, profile: AccountProfile) -> None:
        self._book = book
        self._market = market
        self._profile = profile
        self._money_digits = profile.currency_digits

    def enter(self, order_ticket: int, symbol_index: int, side: int, fill: Fill) -> Execution:
        """A new position, named by the ticket of its order."""
        self._add(order_ticket, order_ticket, symbol_index, side, fill)
        return self._execution(order_ticket, side, DealEntry.IN, fill)

    def enlarge(self, row: Any, fill: Fill) -> Execution:  # noqa: ANN401 - a row of the book
        """More of the same side: the open price becomes the average, levels that the order has replace the old ones."""
        old, side = float(row["volume"]), int(row["side"])
        worth = old * float(row["price_open"]) + fill.volume * fill.price
        row["price_open"] = round(worth / (old + fill.volume), _PRICE_DIGITS)
        self._blend_margin(row, fill)
        row["volume"] = volumes.on_grid(old + fill.volume, self._step(row))
        row["sl"], row["tp"] = fill.sl or row["sl"], fill.tp or row["tp"]
        row["time_update_msc"] = self._market.now_msc
        return self._execution(int(row["position_id"]), side, DealEntry.IN, fill)

    def reduce(self, row: Any, fill: Fill, entry: DealEntry = DealEntry.OUT) -> Execution:  # noqa: ANN401 - a row
        """Less of it, with the swap's share; nothing left means that it is gone."""
        index, side, volume = int(row["symbol_index"]), int(row["side"]), float(row["volume"])
        position_id = int(row["position_id"])
        money = self._market.moneys[index]
        profit = float(position_profit(side, fill.volume, float(row["price_open"]), fill.price, money))
        swap = float(rounded_money(float(row["swap"]) * fill.volume / volume, self._money_digits))
        left = volumes.on_grid(volume - fill.volume, self._step(row))
        if left > 0.0:
            row["volume"] = left
            row["swap"] = rounded_money(float(row["swap"]) - swap, self._money_digits)
            row["time_update_msc"] = self._market.now_msc
        else:
            self._book.remove(int(row["position_ticket"]))
        return self._execution(position_id, -side, entry, fill, profit, swap)

    def reverse(self, row: Any, order_ticket: int, fill: Fill) -> Execution:  # noqa: ANN401 - a row of the book
        """All of it closed and the rest opened on the other side, by one deal: same identifier, new ticket."""
        index, side, held = int(row["symbol_index"]), int(row["side"]), float(row["volume"])
        position_id = int(row["position_id"])
        opened = volumes.on_grid(fill.volume - held, self._step(row))
        closed = self.reduce(row, msgspec.structs.replace(fill, volume=held))
        self._add(order_ticket, position_id, index, -side, msgspec.structs.replace(fill, volume=opened))
        deal = self._execution(position_id, -side, DealEntry.INOUT, fill, closed.profit, closed.swap)
        return msgspec.structs.replace(deal, volume_opened=opened)

    def charge_swaps(self, before_msc: int) -> list[Overnight]:
        """Charge every midnight since `before_msc` [ms, broker's clock] to the positions open then; what changed."""
        changed = (
            self._charge_night(row, day)
            for day in swaps.midnights_between(before_msc, self._market.now_msc)
            for row in self._book.rows
            if row["time_msc"] < _midnight_msc(day)
        )
        return [one for one in changed if one is not None]

    def _charge_night(self, row: Any, day: int) -> Overnight | None:  # noqa: ANN401 - a row of the book; writing to it writes to the book
        index, market = int(row["symbol_index"]), self._market
        spec = market.specs[index]
        terms = self._profile.terms_of(spec.name)
        nights = swaps.nights_charged(day, spec, terms, market.hours)
        if nights == 0.0 or not (spec.swap_long or spec.swap_short):
            return None
        if spec.swap_mode in swaps.REOPENS:
            return self._reopen(row, day, nights)
        side = int(row["side"])
        night = swaps.Night(
            side=side,
            volume=float(row["volume"]),
            price_open=float(row["price_open"]),
            price=market.price(index, -side),
            rate=market.swap_rate(index),
            nights=nights,
        )
        swap = swaps.swap_of_night(spec, market.moneys[index], terms, night)
        row["swap"] = rounded_money(float(row["swap"]) + swap, self._money_digits)
        return Overnight(int(row["position_ticket"]), ()) if swap else None

    def _reopen(self, row: Any, day: int, nights: float) -> Overnight:  # noqa: ANN401 - a row of the book
        """The position closed at the quote and opened again, under its ticket, at the price that holds the swap."""
        index, side, volume = int(row["symbol_index"]), int(row["side"]), float(row["volume"])
        market, position_id = self._market, int(row["position_id"])
        price, (bid, _, _) = market.price(index, -side), market.quote(index)
        profit = float(position_profit(side, volume, float(row["price_open"]), price, market.moneys[index]))
        again = swaps.reopening_price(market.specs[index], side, price, bid, nights)
        row["price_open"], row["time_msc"] = again, _midnight_msc(day)
        row["margin_rate"] = market.margin_rate(index, side, again)
        closing, opening = (
            Fill(volume=volume, price=one, reason=DealReason.ROLLOVER, magic=int(row["magic"]), comment="")
            for one in (price, again)
        )
        deals = (
            self._execution(position_id, -side, DealEntry.OUT, closing, profit),
            self._execution(position_id, side, DealEntry.IN, opening),
        )
        return Overnight(int(row["position_ticket"]), deals)

    def margin_fields(self, symbol_index: int, side: int, price: float) -> dict[str, float]:
        """What a position opened now keeps for its margin: the rate of conversion, and a reduced leverage."""
        market = self._market
        cap = cap_at(self._profile.reduced, market.specs[symbol_index], market.now_msc // 1000)
        return {
            "margin_rate": market.margin_rate(symbol_index, side, price),
            "leverage_cap": cap.leverage,
            "cap_until_msc": cap.until_msc,
        }

    def next_cap_end_msc(self) -> int:
        """When the first reduced leverage of a position is over [ms, broker's clock]."""
        rows = self._book.rows
        ends = rows["cap_until_msc"][rows["leverage_cap"] > 0]
        return int(ends.min()) if len(ends) else NEVER_MSC

    def end_caps(self) -> bool:
        """Give positions whose time of reduced leverage is over the account's; whether there were any."""
        rows = self._book.rows
        over = (rows["leverage_cap"] > 0) & (rows["cap_until_msc"] <= self._market.now_msc)
        rows["leverage_cap"][over] = 0
        return bool(over.any())

    def _blend_margin(self, row: Any, fill: Fill) -> None:  # noqa: ANN401 - a row of the book
        """Rate and leverage of a position that grows become the average by volume."""
        added = self.margin_fields(int(row["symbol_index"]), int(row["side"]), fill.price)
        old, new = float(row["volume"]), fill.volume
        row["margin_rate"] = (old * float(row["margin_rate"]) + new * added["margin_rate"]) / (old + new)
        if row["leverage_cap"] or added["leverage_cap"]:
            full = self._market.leverage
            caps = [min(int(cap) or full, full) for cap in (row["leverage_cap"], added["leverage_cap"])]
            row["leverage_cap"] = round((old + new) / (old / caps[0] + new / caps[1]))
            row["cap_until_msc"] = max(int(row["cap_until_msc"]), int(added["cap_until_msc"]))

    def _add(self, ticket: int, position_id: int, symbol_index: int, side: int, fill: Fill) -> None:
        now_msc = self._market.now_msc
        self._book.add(
            fill.comment,
            position_ticket=ticket,
            position_id=position_id,
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
            **self.margin_fields(symbol_index, side, fill.price),
        )

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

    def _step(self, row: Any) -> float:  # noqa: ANN401 - a row of the book
        return self._market.specs[int(row["symbol_index"])].volume_step


def _midnight_msc(day: int) -> int:
    """When `day` [days since 1970-01-01] ends [ms, broker's clock]."""
    return (day + 1) * DAY_S * 1000
