"""What the EA does with an intent where orders are answered later, as after `OrderSendAsync`.

The order leaves, the EA goes on, and the result is told when the answer has come. Everything else is as in
`advisor.executor`: an intent is sent once, and again only after an answer that proves that nothing was done.
"""

from typing import NamedTuple, Protocol

import msgspec

from advisor.executor import Executor, ExecutorGuards, unfinished_result
from advisor.memory import IntentMemory
from advisor.ordering import request_for
from advisor.terminal import Terminal
from domain.intents import Intent
from domain.requests import TradeAnswer, TradeRequest
from domain.retcodes import SAFE_TO_RETRY
from domain.servertime import server_msc_from_utc_ns
from domain.trading import OrderType
from domain.updates import IntentResult, TradeUpdate


class DistantTerminal(Terminal, Protocol):
    """A terminal whose answers take their time. Times [ms] are the broker's clock."""

    def post(self, request: TradeRequest, sent_msc: int) -> int:
        """`OrderSendAsync` at `sent_msc`; the number that the answer will bear."""

    def take_answers(self) -> list[tuple[int, TradeAnswer]]:
        """Answers that have come since this was last asked, each with its request's number."""

    def pass_on(self) -> bool:
        """Let time pass until something comes or happens; whether anything can."""


class _Sent(NamedTuple):
    """An order without an answer."""

    intent: Intent
    request: TradeRequest
    tries: int
    begun_msc: int


class DeferredExecutor(Executor):
    """Executes intents on a terminal that answers later. `answered` has to be asked whenever time has passed."""

    def __init__(self, terminal: DistantTerminal, memory: IntentMemory, guards: ExecutorGuards, magic: int) -> None:
        super().__init__(terminal, memory, guards, magic)
        self._distant = terminal
        self._open: dict[int, _Sent] = {}

    def answered(self, update: TradeUpdate | None) -> TradeUpdate | None:
        """`update` with the results of orders that have been answered since."""
        results = self._results()
        if not results:
            return update
        changes = update or self._terminal.take_changes() or TradeUpdate(money=self._terminal.money())
        return msgspec.structs.replace(changes, results=(*changes.results, *results))

    @property
    def is_waiting(self) -> bool:
        """Whether an order has not been answered yet."""
        return bool(self._open)

    def wait_on(self) -> TradeUpdate | None:
        """Let the time pass that the next answer takes, although no tick comes; what that changed."""
        self._distant.pass_on()
        return self.answered(self._terminal.take_changes())

    def _ordered(self, intent: Intent, now_msc: int) -> tuple[IntentResult, ...]:
        """Send the order as of the moment it was decided: ticks that came meanwhile do not make it leave later."""
        decided_msc = server_msc_from_utc_ns(intent.decided_ns, self._terminal.server_offset_s)
        request = request_for(intent, self._terminal)
        self._send_later(_Sent(intent, request, 0, now_msc), min(decided_msc, now_msc))
        return (unfinished_result(intent, now_msc), *self._results())

    def _send_later(self, sent: _Sent, sent_msc: int) -> None:
        self._open[self._distant.post(sent.request, sent_msc)] = sent

    def _results(self) -> tuple[IntentResult, ...]:
        """What answers have come to; one that allows it sends its order again instead."""
        results = []
        while answers := self._distant.take_answers():
            now_msc = self._terminal.now_msc
            for number, answer in answers:
                sent = self._open.pop(number)
                if answer.retcode in SAFE_TO_RETRY and sent.tries < self._guards.retries:
                    self._send_again(sent, answer, now_msc)
                else:
                    results.append(self._settled(sent.intent, answer, sent.begun_msc, now_msc))
        return tuple(results)

    def _send_again(self, sent: _Sent, answer: TradeAnswer, now_msc: int) -> None:
        price = answer.ask if sent.request.type == OrderType.BUY else answer.bid
        request = msgspec.structs.replace(sent.request, price=price)
        self._send_later(sent._replace(request=request, tries=sent.tries + 1), now_msc)

    def _trace(self, intent: Intent, begun_msc: int, now_msc: int) -> IntentResult | None:
        """Without a connection the terminal does not know yet what the server did."""
        return super()._trace(intent, begun_msc, now_msc) if self._terminal.connected else None
