"""A process that executes intents until it is killed; the broker's books are a file that outlives it."""

import os
import sys
from pathlib import Path

from advisor.executor import Executor, ExecutorGuards
from advisor.memory import DiskMemory
from domain.intents import intent_id_in
from domain.requests import TradeAnswer, TradeRequest
from domain.trading import DealReason
from sim.terminal import SimTerminal
from tests.sim.intents import NEVER_NS, intent
from tests.sim.venues import EURUSD, MAGIC, MONDAY_MSC, PROFILE, order, ticks_of

INTENTS = 400


class LastingBroker(SimTerminal):
    """Every order that reached it is on disk before it is answered, and stands again after a restart."""

    def __init__(self, path: Path) -> None:
        super().__init__(PROFILE, (EURUSD,), start_msc=MONDAY_MSC)
        self.on_tick(0, ticks_of([(1.1, 1.1002)]), 0)
        comments = path.read_text(encoding="ascii").splitlines() if path.exists() else []
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for comment in comments:
            super().send(order(1, 0.01, comment=comment))

    def send(self, request: TradeRequest, reason: DealReason = DealReason.EXPERT) -> TradeAnswer:
        """Write it down, then do it."""
        os.write(self._file, f"{request.comment}\n".encode())
        return super().send(request, reason)


def main(folder: Path) -> None:
    """Execute intents 1 to INTENTS, those of an earlier life included."""
    with DiskMemory(folder / "intents.log") as memory:
        terminal = LastingBroker(folder / "broker.txt")
        executor = Executor(terminal, memory, ExecutorGuards(orders_per_minute=10**9), MAGIC)
        print("ready", flush=True)
        for number in range(1, INTENTS + 1):
            wanted = intent(intent_id=number, volume=0.01, expires_ns=NEVER_NS)
            executor.execute(wanted, terminal.now_msc)
        words = executor.last_words(terminal.now_msc)
        print("done", sum(intent_id_in(deal.comment) is not None for deal in terminal.deals), len(words), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
