"""What the EA does with an intent: refuse what must not be done, do the rest once, and say what came of it.

The EA's own refusals use MT5's return codes and a text that begins with "EA:"; the server's refusals have none.
"""

import contextlib
from collections import deque
from typing import Final

import msgspec

from advisor.caretaker import Caretaker
from advisor.memory import IntentMemory, Remembered
from advisor.ordering import levels_of, request_for
from advisor.terminal import Terminal
from domain.intents import Intent, IntentKind, intent_id_in
from domain.requests import TradeAnswer, TradeRequest
from domain.retcodes import SAFE_TO_RETRY, Outcome, Retcode, outcome_of
from domain.servertime import utc_ns_from_server_msc
from domain.trading import AccountTradeMode, Deal, DealEntry, MarginMode, OrderState, OrderType
from domain.updates import IntentResult, ResultPhase, TradeUpdate

_MINUTE_MSC: Final = 60_000


class ExecutorGuards(msgspec.Struct, frozen=True, kw_only=True):
    """The EA's own hard limits. All but the pinned account stop new entries only: a position can always be closed.

    `login` 0 and empty `allowed_symbols` mean no limit; `retries` after a requote or a changed price.
    """

    login: int = 0
    demo_only: bool = False
    max_lots: float = 100.0
    orders_per_minute: int = 60
    max_spread_points: float = 1_000_000.0
    allowed_symbols: tuple[str, ...] = ()
    retries: int = 2


class Refusal(msgspec.Struct, frozen=True):
    """Why the EA does not do it."""

    retcode: Retcode
    text: str


class Executor:
    """Executes intents of one `magic` on `terminal`; `memory` makes it idempotent.

    `caretaker` goes on with the stops by what is remembered while no intents come.

    Raises:
        ValueError: for an account that is not hedging: intents name positions.
    """

    def __init__(self, terminal: Terminal, memory: IntentMemory, guards: ExecutorGuards, magic: int) -> None:
        margin_mode = terminal.account().margin_mode
        if margin_mode is not MarginMode.RETAIL_HEDGING:
            raise ValueError(f"margin_mode {margin_mode.name}: the EA trades hedging accounts alone")
        self._terminal = terminal
        self._memory = memory
        self._guards = guards
        self._magic = magic
        self.caretaker = Caretaker(terminal, memory, magic)
        begun = sorted(entry.begun_msc for entry in memory.entries() if entry.begun_msc)
        self._sent_msc = deque(begun)  # those of an earlier life count, too

    def execute(self, intent: Intent, now_msc: int) -> TradeUpdate:
        """Do `intent` unless it was done before; the results and everything that changed.

        `now_msc` is the latest known server time [ms]. An intent that is known gets its old answer again, or, where the
        old answer was none, is looked for in the terminal. It is never sent a second time.
        """
        entry = self._memory.known(intent.intent_id)
        if entry is not None:
            return self._update((self._last_word(entry, now_msc),))
        received = _result(intent, now_msc, phase=ResultPhase.RECEIVED)
        refusal = self._refusal(intent, now_msc) or self._begun(intent, now_msc)
        if refusal is not None:
            final = _result(intent, now_msc, retcode=refusal.retcode, text=f"EA: {refusal.text}")
            self._remember(Remembered(intent=intent, result=final))
            return self._update((received, final))
        return self._update((received, *self._ordered(intent, now_msc)))

    def answered(self, update: TradeUpdate | None) -> TradeUpdate | None:
        """`update` with the results of orders that have been answered since; here every order is answered at once."""
        return update

    @property
    def is_waiting(self) -> bool:
        """Whether an order has not been answered yet."""
        return False

    def wait_on(self) -> TradeUpdate | None:
        """Let the time pass that an answer takes, although no tick comes; what that changed."""
        return None

    def last_words(self, now_msc: int) -> tuple[IntentResult, ...]:
        """The last result of every intent ever received, in their order; open questions are looked into first."""
        return tuple(self._last_word(entry, now_msc) for entry in self._memory.entries())

    # -- memory ----------------------------------------------------------------------------------------------------

    def _begun(self, intent: Intent, now_msc: int) -> Refusal | None:
        """Put on record that the order leaves now. What cannot be remembered must not be sent."""
        try:
            self._memory.keep(Remembered(intent=intent, begun_msc=now_msc))
        except OSError as problem:
            return Refusal(Retcode.REJECT, f"cannot remember the intent: {problem.strerror or problem}")
        self._sent_msc.append(now_msc)
        return None

    def _remember(self, entry: Remembered) -> None:
        """Keep a result. If it is lost, the intent is looked for in the terminal the next time it is asked about."""
        with contextlib.suppress(OSError):
            self._memory.keep(entry)

    def _last_word(self, entry: Remembered, now_msc: int) -> IntentResult:
        if entry.result is not None and outcome_of(entry.result.retcode) is not Outcome.UNKNOWN:
            return entry.result
        traced = self._trace(entry.intent, entry.begun_msc, now_msc)
        if traced is not None:
            self._remember(msgspec.structs.replace(entry, result=traced))
            return traced
        return entry.result or _result(entry.intent, now_msc, phase=ResultPhase.EXECUTING)

    def _trace(self, intent: Intent, begun_msc: int, now_msc: int) -> IntentResult | None:
        """What the terminal shows of an intent begun at `begun_msc` whose answer was lost; None where nothing."""
        if intent.kind == IntentKind.MODIFY:
            return self._trace_levels(intent, now_msc)
        if intent.kind == IntentKind.CANCEL:
            return self._trace_cancel(intent, now_msc)
        wanted = DealEntry.IN if intent.kind == IntentKind.OPEN else DealEntry.OUT
        for deal in reversed(self._terminal.deals_since(begun_msc)):
            if deal.entry == wanted and intent_id_in(deal.comment) == intent.intent_id:
                stands = self._terminal.position(deal.position_id) is not None
                return _result_of_deal(intent, deal, now_msc, stands=stands)
        return None

    def _trace_levels(self, intent: Intent, now_msc: int) -> IntentResult | None:
        position = self._terminal.position(intent.position_ticket)
        if position is None or (position.sl, position.tp) != levels_of(intent, self._terminal.spec(intent.symbol)):
            return None
        text = "EA: no answer, but the levels stand as asked"
        done = _result(intent, now_msc, retcode=Retcode.DONE, text=text)
        return msgspec.structs.replace(done, position_ticket=intent.position_ticket)

    def _trace_cancel(self, intent: Intent, now_msc: int) -> IntentResult | None:
        order = self._terminal.finished_order(intent.order_ticket)
        if order is None or order.state != OrderState.CANCELED:
            return None
        text = "EA: no answer, but the order is canceled"
        done = _result(intent, now_msc, retcode=Retcode.DONE, text=text)
        return msgspec.structs.replace(done, order_ticket=intent.order_ticket)

    def _update(self, results: tuple[IntentResult, ...]) -> TradeUpdate:
        changes = self._terminal.take_changes() or TradeUpdate(money=self._terminal.money())
        return msgspec.structs.replace(changes, results=results)

    # -- guards ----------------------------------------------------------------------------------------------------

    def _refusal(self, intent: Intent, now_msc: int) -> Refusal | None:
        guards, account = self._guards, self._terminal.account()
        if utc_ns_from_server_msc(now_msc, self._terminal.server_offset_s) > intent.expires_ns:
            return Refusal(Retcode.INVALID_EXPIRATION, "the intent came after its expiry")
        if guards.login and guards.login != account.login:
            return Refusal(Retcode.REJECT, f"account {account.login} is not the pinned {guards.login}")
        if guards.demo_only and account.trade_mode is not AccountTradeMode.DEMO:
            return Refusal(Retcode.REJECT, "pinned to demo accounts")
        if intent.magic != self._magic:
            return Refusal(Retcode.REJECT, f"magic {intent.magic} is not ours, {self._magic}")
        if intent.kind == IntentKind.OPEN:
            return self._entry_refusal(intent, now_msc)
        return self._foreign_refusal(intent)

    def _entry_refusal(self, intent: Intent, now_msc: int) -> Refusal | None:
        guards, spec = self._guards, self._terminal.spec(intent.symbol)
        if spec is None or (guards.allowed_symbols and intent.symbol not in guards.allowed_symbols):
            return Refusal(Retcode.REJECT, f"symbol {intent.symbol} is not allowed here")
        if intent.volume > guards.max_lots:
            return Refusal(Retcode.REJECT, f"{intent.volume} lots are above max_lots {guards.max_lots}")
        if self._sent_last_minute(now_msc) >= guards.orders_per_minute:
            return Refusal(Retcode.REJECT, f"more than {guards.orders_per_minute} orders in a minute")
        bid, ask, _ = self._terminal.quote(intent.symbol)
        spread_points = (ask - bid) / spec.point
        if spread_points > guards.max_spread_points:
            return Refusal(
                Retcode.REJECT, f"spread of {spread_points:.0f} points is above {guards.max_spread_points:g}"
            )
        return None

    def _foreign_refusal(self, intent: Intent) -> Refusal | None:
        """What is somebody else's is never touched; one that is gone is the server's to refuse."""
        order = self._terminal.order(intent.order_ticket)
        if order is not None and order.magic != self._magic:
            return Refusal(Retcode.REJECT, f"order {order.order_ticket} is not ours, magic {order.magic}")
        position = self._terminal.position(intent.position_ticket)
        if position is not None and position.magic != self._magic:
            return Refusal(Retcode.REJECT, f"position {position.position_ticket} is not ours, magic {position.magic}")
        return None

    def _sent_last_minute(self, now_msc: int) -> int:
        while self._sent_msc and self._sent_msc[0] <= now_msc - _MINUTE_MSC:
            self._sent_msc.popleft()
        return len(self._sent_msc)

    # -- the server ------------------------------------------------------------------------------------------------

    def _ordered(self, intent: Intent, now_msc: int) -> tuple[IntentResult, ...]:
        """Send the order of `intent`; what is known of it then."""
        answer = self._sent(request_for(intent, self._terminal))
        return (self._settled(intent, answer, now_msc, now_msc),)

    def _settled(self, intent: Intent, answer: TradeAnswer, begun_msc: int, now_msc: int) -> IntentResult:
        """The result that `answer` makes, remembered; the order left at `begun_msc`."""
        final = self._result_of(intent, answer, begun_msc, now_msc)
        self._remember(Remembered(intent=intent, begun_msc=begun_msc, result=final))
        return final

    def _sent(self, request: TradeRequest) -> TradeAnswer:
        """The server's answer; asked again, at the new quote, only where it is certain that nothing was done."""
        answer = self._terminal.send(request)
        for _ in range(self._guards.retries):
            if answer.retcode not in SAFE_TO_RETRY:
                break
            price = answer.ask if request.type == OrderType.BUY else answer.bid
            answer = self._terminal.send(msgspec.structs.replace(request, price=price))
        return answer

    def _result_of(self, intent: Intent, answer: TradeAnswer, begun_msc: int, now_msc: int) -> IntentResult:
        if outcome_of(answer.retcode) is Outcome.UNKNOWN:
            traced = self._trace(intent, begun_msc, now_msc)
            if traced is not None:
                return traced
        done = outcome_of(answer.retcode) in (Outcome.DONE, Outcome.PARTIAL)
        opened = done and intent.kind == IntentKind.OPEN
        return IntentResult(
            intent_id=intent.intent_id,
            phase=ResultPhase.FINAL,
            retcode=answer.retcode,
            order_ticket=answer.order_ticket,
            deal_ticket=answer.deal_ticket,
            position_ticket=answer.order_ticket if opened else intent.position_ticket,
            volume=answer.volume,
            price=answer.price,
            time_msc=now_msc,
            text="" if done else answer.comment,
        )


def unfinished_result(intent: Intent, now_msc: int) -> IntentResult:
    """The word on an intent whose order has left and has not been answered."""
    return _result(intent, now_msc, phase=ResultPhase.EXECUTING)


def _result(
    intent: Intent, now_msc: int, *, phase: ResultPhase = ResultPhase.FINAL, retcode: int = 0, text: str = ""
) -> IntentResult:
    return IntentResult(
        intent_id=intent.intent_id,
        phase=phase,
        retcode=retcode,
        order_ticket=0,
        deal_ticket=0,
        position_ticket=0,
        volume=0.0,
        price=0.0,
        time_msc=now_msc,
        text=text,
    )


def _result_of_deal(intent: Intent, deal: Deal, now_msc: int, *, stands: bool) -> IntentResult:
    """What a deal says whose answer was lost; `stands` is whether its position is still open."""
    # a CLOSE may find less left than it was decided for: then all is done
    partly = deal.volume + 1e-9 < intent.volume and (stands or intent.kind != IntentKind.CLOSE)
    return IntentResult(
        intent_id=intent.intent_id,
        phase=ResultPhase.FINAL,
        retcode=Retcode.DONE_PARTIAL if partly else Retcode.DONE,
        order_ticket=deal.order_ticket,
        deal_ticket=deal.deal_ticket,
        position_ticket=deal.position_id,
        volume=deal.volume,
        price=deal.price,
        time_msc=now_msc,
        text="EA: no answer, found by its comment",
    )
