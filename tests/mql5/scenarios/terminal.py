"""A terminal that finds out by itself which intent a request belongs to, and that can die around an order."""

from collections.abc import Callable
from enum import StrEnum

from domain.intents import Intent, IntentKind, intent_id_in
from domain.requests import TradeAction, TradeAnswer, TradeRequest, refused
from domain.retcodes import Retcode
from domain.trading import DealReason, OrderType
from tests.crash.watched import WatchedTerminal

NOBODY = 0
"""Stands for the id of an intent where the EA acts by itself."""


class Moment(StrEnum):
    """When an EA dies."""

    BEGUN = "intent on disk, no order sent"
    ORDERED = "order executed, no result on disk"


class ObservedTerminal(WatchedTerminal):
    """`intents` are those that have reached the EA; `on_death` is told when it dies.

    It dies at `dies_at`, around the order of the intent `dies_for`: others may have reached it before that one.

    `requests` are all that were sent, with the intent each was taken for and the server's answer.
    """

    intents: dict[int, Intent]
    on_death: Callable[[], None]
    dies_at: Moment | None = None
    dies_for: int = NOBODY
    is_dead = False
    requests: list[tuple[int, TradeRequest, TradeAnswer]]

    def send(self, request: TradeRequest, reason: DealReason = DealReason.EXPERT) -> TradeAnswer:
        """Execute it, unless the EA is dead or dies before."""
        if reason != DealReason.EXPERT:
            return super().send(request, reason)
        self.intent_id = self._intent_of(request)
        if self.is_dead or self._dies(Moment.BEGUN):
            return refused(Retcode.CONNECTION)
        answer = super().send(request, reason)
        self.requests.append((self.intent_id, request, answer))
        self._dies(Moment.ORDERED)
        return answer

    def close_by_hand(self, position_ticket: int) -> None:
        """A person closes a position."""
        position = self.position(position_ticket)
        assert position is not None
        request = TradeRequest(
            action=TradeAction.DEAL,
            symbol=position.symbol,
            volume=position.volume,
            type=OrderType.SELL if position.side > 0 else OrderType.BUY,
            position_ticket=position_ticket,
        )
        assert self.send(request, DealReason.CLIENT).retcode == Retcode.DONE

    def open_by_hand(self, symbol: str, volume: float) -> int:
        """A person buys; the position's ticket."""
        request = TradeRequest(action=TradeAction.DEAL, symbol=symbol, volume=volume, type=OrderType.BUY)
        answer = self.send(request, DealReason.CLIENT)
        assert answer.retcode == Retcode.DONE
        return answer.order_ticket

    def _dies(self, moment: Moment) -> bool:
        if self.dies_at is not moment or self.intent_id != self.dies_for:
            return False
        self.dies_at = None
        self.is_dead = True
        self.on_death()
        return True

    def _intent_of(self, request: TradeRequest) -> int:
        """By its comment; new levels carry none, and are known by what they are."""
        named = intent_id_in(request.comment)
        if named is not None or request.action is not TradeAction.SLTP:
            return named or NOBODY
        wanted = (request.position_ticket, request.sl, request.tp)
        for intent in reversed(list(self.intents.values())):
            if intent.kind == IntentKind.MODIFY and (intent.position_ticket, intent.sl, intent.tp) == wanted:
                return intent.intent_id
        return NOBODY
