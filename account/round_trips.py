"""Positions of ours from their opening to the last of them closed: what a strategy is judged by."""

import math
from typing import Final, Self

import msgspec

from domain.intents import Intent
from domain.pricing import position_profit, symbol_money
from domain.symbols import SymbolSpec, SymbolSpecError
from domain.trading import Deal

MAX_KEPT: Final = 1024
"""Round trips that are remembered, the latest ones; older ones stay in the journal."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What opened a position, and what the account needs to price its stop."""

    intent: Intent
    spec: SymbolSpec | None
    currency: str
    currency_digits: int
    leverage: int

    def risk_of(self, deal: Deal) -> float:
        """What `deal` loses if the intent's stop is hit: from the real fill, with what it cost [account money].

        NaN where the stop is not known or the symbol cannot be priced.
        """
        if self.intent.sl <= 0.0 or self.spec is None:
            return math.nan
        try:
            money = symbol_money(self.spec, self.currency, self.currency_digits, max(1, self.leverage))
        except SymbolSpecError:
            return math.nan
        loss = -position_profit(self.intent.side, deal.volume, deal.price, self.intent.sl, money)
        return loss - deal.commission - deal.fee


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """One position of ours. `profit` is net of commission, swap and fees, `initial_risk` what its first stop costs.

    Money is the account's; `lots` were opened; times [UTC ns]; `closed_ns` 0 while some of it is open.
    """

    position_id: int
    intent_id: int
    signal_id: int
    symbol: str
    side: int
    lots: float
    opened_ns: int
    closed_ns: int
    profit: float
    initial_risk: float

    @property
    def r_multiple(self) -> float:
        """Profit in units of the initial risk [R]; NaN where that is not known."""
        return self.profit / self.initial_risk if self.initial_risk > 0.0 else math.nan

    @classmethod
    def begun(cls, deal: Deal, opening: Opening, time_ns: int) -> Self:
        """The round trip at its first deal."""
        intent = opening.intent
        return cls(
            position_id=deal.position_id,
            intent_id=intent.intent_id,
            signal_id=intent.signal_id,
            symbol=deal.symbol,
            side=intent.side,
            lots=deal.volume,
            opened_ns=time_ns,
            closed_ns=0,
            profit=deal.balance_change,
            initial_risk=opening.risk_of(deal),
        )

    def grown(self, deal: Deal, opening: Opening) -> Self:
        """The same with one more fill of its opening."""
        return msgspec.structs.replace(
            self,
            lots=self.lots + deal.volume,
            profit=self.profit + deal.balance_change,
            initial_risk=self.initial_risk + opening.risk_of(deal),
        )


class RoundTrips(msgspec.Struct, kw_only=True):
    """Round trips of one account: `running` by position_id, `closed` in the order of their end, the latest ones."""

    running: dict[int, RoundTrip] = msgspec.field(default_factory=dict)
    closed: list[RoundTrip] = msgspec.field(default_factory=list)
    ended: int = 0

    def open(self, deal: Deal, opening: Opening, time_ns: int) -> None:
        """Book a deal that opens a position of ours, or one more part of it."""
        known = self.running.get(deal.position_id)
        self.running[deal.position_id] = (
            known.grown(deal, opening) if known is not None else RoundTrip.begun(deal, opening, time_ns)
        )
        if len(self.running) > MAX_KEPT:  # positions that no deal ever closed
            self.running.pop(next(iter(self.running)))

    def close(self, deal: Deal, time_ns: int, *, is_last: bool) -> None:
        """Book a deal that closes some of a position, or, as the last one, all that was left."""
        known = self.running.get(deal.position_id)
        if known is None:
            return
        trip = msgspec.structs.replace(known, profit=known.profit + deal.balance_change)
        if not is_last:
            self.running[deal.position_id] = trip
            return
        del self.running[deal.position_id]
        self.closed.append(msgspec.structs.replace(trip, closed_ns=time_ns))
        self.ended += 1
        if len(self.closed) > MAX_KEPT:
            del self.closed[0]
