"""A terminal on paper: it does what it is asked at most once, keeps the truth, and tells it in pieces."""

from typing import Any

from domain.intents import Intent, IntentKind, comment_of
from domain.pricing import rounded_money
from domain.retcodes import Retcode
from domain.servertime import server_msc_from_utc_ns
from domain.trading import Deal, DealEntry, DealReason, DealType, Position, PositionType
from domain.updates import IntentResult, Money, ResultPhase, TradeUpdate
from tests.account.samples import MAGIC, OFFSET_S, deal, deposit, position, result

SYMBOL = "EURUSD.s"


class PaperTerminal:
    """One account at a broker. What happened since the last report waits in `changes`."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.balance = 0.0
        self.positions: dict[int, Position] = {}
        self.deals: list[Deal] = []
        self.memory: dict[int, IntentResult] = {}
        self.executed: dict[int, float] = {}
        self.by_hand: set[int] = set()
        self._tickets = 1_000
        self._told_deals = 0
        self._told: dict[int, Position] = {}
        self._results: list[IntentResult] = []
        self.put_in(10_000.0)

    # -- what can happen ----------------------------------------------------------------------------------------------

    def receive(self, intent: Intent, outcome: str) -> None:
        """Do what the intent asks, once; `outcome` is done, partial, refused, silent (done, but the answer is lost)."""
        known = self.memory.get(intent.intent_id)
        if known is not None:
            self._results.append(known)
            return
        self._results.append(result(ResultPhase.RECEIVED, intent_id=intent.intent_id, time_msc=self._now_msc()))
        if self.now_ns > intent.expires_ns:
            self._answer(intent, Retcode.INVALID_EXPIRATION)
        elif outcome == "refused" or (intent.kind != IntentKind.OPEN and intent.position_ticket not in self.positions):
            self._answer(intent, Retcode.REJECT)
        elif outcome == "dropped":
            self._answer(intent, Retcode.TIMEOUT)
        else:
            self._execute(intent, outcome)

    def open_by_hand(self) -> None:
        self.by_hand.add(self._open(None, 0.3, ""))

    def close(self, position_ticket: int, volume: float, reason: DealReason, profit: float, comment: str = "") -> Deal:
        """Close `volume` lots of a position, or all that is left of it."""
        open_position = self.positions[position_ticket]
        closed = min(volume, open_position.volume)
        left = round(open_position.volume - closed, 2)
        booked = self._book(
            deal(
                self._next(),
                order_ticket=self._next(),
                position_id=open_position.position_id,
                type=DealType.SELL,
                entry=DealEntry.OUT,
                reason=reason,
                magic=open_position.magic if reason == DealReason.EXPERT else 0,
                volume=closed,
                profit=profit,
                swap=-0.07,
                time_msc=self._now_msc(),
                comment=comment,
            )
        )
        if left > 0.0:
            self.positions[position_ticket] = self._changed(open_position, left)
        else:
            del self.positions[position_ticket]
        return booked

    def put_in(self, amount: float) -> None:
        self._book(deposit(amount, self._next(), time_msc=self._now_msc()))

    # -- what it tells ------------------------------------------------------------------------------------------------

    def changes(self) -> TradeUpdate:
        """What happened since the last call."""
        deals, self._told_deals = tuple(self.deals[self._told_deals :]), len(self.deals)
        moved = tuple(it for ticket, it in self.positions.items() if self._told.get(ticket) != it)
        gone = tuple(sorted(self._told.keys() - self.positions.keys()))
        self._told = dict(self.positions)
        results, self._results = tuple(self._results), []
        return TradeUpdate(money=self.money(), results=results, deals=deals, positions=moved, positions_gone=gone)

    def snapshot(self, since_msc: int) -> TradeUpdate:
        """All there is, with the deals from `since_msc` on."""
        self.changes()
        deals = tuple(one for one in self.deals if one.time_msc >= since_msc)
        return TradeUpdate(money=self.money(), deals=deals, positions=tuple(self.positions.values()), complete=True)

    def money(self) -> Money:
        return Money(balance=self.balance, equity=self.balance, margin=0.0, margin_free=self.balance)

    # -- how it is done -----------------------------------------------------------------------------------------------

    def _execute(self, intent: Intent, outcome: str) -> None:
        volume = round(intent.volume / 2, 2) if outcome == "partial" else intent.volume
        comment = comment_of(intent.intent_id)
        before = len(self.deals)
        if intent.kind == IntentKind.OPEN:
            ticket = self._open(intent.intent_id, volume, comment)
        else:
            ticket = intent.position_ticket
            volume = self.close(ticket, volume, DealReason.EXPERT, 3.21, comment).volume
        self.executed[intent.intent_id] = self.executed.get(intent.intent_id, 0.0) + volume
        if outcome == "silent":
            self._answer(intent, Retcode.TIMEOUT)
            return
        last = self.deals[before]
        self._answer(
            intent,
            Retcode.DONE_PARTIAL if outcome == "partial" else Retcode.DONE,
            {
                "order_ticket": last.order_ticket,
                "deal_ticket": last.deal_ticket,
                "position_ticket": ticket,
                "volume": volume,
            },
        )

    def _open(self, intent_id: int | None, volume: float, comment: str) -> int:
        ticket, magic = self._next(), MAGIC if intent_id else 0
        now_msc = self._now_msc()
        halves = (round(volume / 2, 2), round(volume - round(volume / 2, 2), 2))
        for lots in halves:
            reason = DealReason.EXPERT if intent_id else DealReason.CLIENT
            self._book(
                deal(
                    self._next(),
                    order_ticket=ticket,
                    position_id=ticket,
                    reason=reason,
                    magic=magic,
                    volume=lots,
                    commission=-0.35,
                    time_msc=now_msc,
                    comment=comment,
                )
            )
        self.positions[ticket] = position(
            ticket,
            type=PositionType.BUY,
            magic=magic,
            volume=volume,
            time_msc=now_msc,
            time_update_msc=now_msc,
            comment=comment,
        )
        return ticket

    def _answer(self, intent: Intent, retcode: Retcode, figures: dict[str, Any] | None = None) -> None:
        told: dict[str, Any] = {"time_msc": self._now_msc()} | (figures or {})
        word = result(retcode=retcode, intent_id=intent.intent_id, **told)
        self.memory[intent.intent_id] = word
        self._results.append(word)

    def _changed(self, old: Position, volume: float) -> Position:
        return position(
            old.position_ticket,
            magic=old.magic,
            volume=volume,
            time_msc=old.time_msc,
            time_update_msc=self._now_msc(),
            comment=old.comment,
        )

    def _book(self, one: Deal) -> Deal:
        self.deals.append(one)
        self.balance = rounded_money(self.balance + one.balance_change, 2)
        return one

    def _next(self) -> int:
        self._tickets += 1
        return self._tickets

    def _now_msc(self) -> int:
        return server_msc_from_utc_ns(self.now_ns, OFFSET_S)
