"""A terminal that counts what every intent really did to the account, and an EA's memory that can lose its end."""

import os
import random
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from advisor.executor import Executor, ExecutorGuards
from advisor.memory import DiskMemory, IntentMemory, Remembered
from domain.intents import Intent
from domain.requests import TradeAnswer, TradeRequest
from domain.symbols import SymbolSpec
from domain.trading import DealReason
from domain.updates import TradeUpdate
from sim.profiles import AccountProfile
from sim.requests import FillPlan
from sim.terminal import SimTerminal


class Killed(BaseException):
    """Stands for SIGKILL where no process dies: nothing may catch it but the test."""


class EaPoint(StrEnum):
    """Where an EA dies."""

    INTENT_CAME = "INTENT came, nothing on disk"
    BEGINNING = "line about the intent half on disk"
    BEGUN = "intent on disk, no order sent"
    ORDERED = "order executed, no result on disk"
    RESULT_TORN = "line about the result half on disk"
    RESULT_KEPT = "result on disk, not reported"
    REPORTED = "REPORT handed to the socket"
    WELCOMED = "WELCOME came, SNAPSHOT not sent"
    LISTED = "SNAPSHOT handed to the socket"
    DECISION_CAME = "DECISION came, INTENT not"
    TICKS_SENT = "TICKS handed to the socket"
    ANYWHERE = "between any two steps of the program"


class EaFate:
    """When an EA dies: at `point`, the `nth` time."""

    def __init__(self, point: EaPoint | None = None, nth: int = 1) -> None:
        self.point = point
        self._left = nth

    def is_due(self, point: EaPoint) -> bool:
        """Whether the EA dies now, being at `point`."""
        if point != self.point:
            return False
        self._left -= 1
        return self._left == 0

    def reach(self, point: EaPoint) -> None:
        """Die, or go on."""
        if self.is_due(point):
            raise Killed(point)


class WatchedTerminal(SimTerminal):
    """Broker and account. `effects` counts by intent how often a request of it changed something; `levels` are all the
    stops and targets that ever stood, each with its position's ticket.

    Nobody may die while it `is_at_work`: a broker outlives its terminals.
    """

    def __init__(
        self, profile: AccountProfile, specs: Sequence[SymbolSpec], *, start_msc: int, fills: FillPlan | None = None
    ) -> None:
        super().__init__(profile, specs, start_msc=start_msc, fills=fills)
        self.effects: Counter[int] = Counter()
        self.levels: set[tuple[int, float, float]] = set()
        self.intent_id = 0
        self.fate = EaFate()
        self.is_at_work = False

    def send(self, request: TradeRequest, reason: DealReason = DealReason.EXPERT) -> TradeAnswer:
        """Execute it, and note whether it did anything."""
        if reason == DealReason.EXPERT:
            self.fate.reach(EaPoint.BEGUN)
        self.is_at_work = True
        before = self._holdings.ledger.deals[-1].deal_ticket, _levels(self)
        answer = super().send(request, reason)
        if reason == DealReason.EXPERT:
            self.effects[self.intent_id] += before != (self._holdings.ledger.deals[-1].deal_ticket, _levels(self))
        self.levels.update(_levels(self))
        self.is_at_work = False
        if reason == DealReason.EXPERT:
            self.fate.reach(EaPoint.ORDERED)
        return answer


def _levels(terminal: SimTerminal) -> list[tuple[int, float, float]]:
    return [(position.position_ticket, position.sl, position.tp) for position in terminal.positions()]


class WatchedExecutor(Executor):
    """Tells the terminal which intent its requests belong to."""

    def __init__(self, terminal: WatchedTerminal, memory: IntentMemory, guards: ExecutorGuards, magic: int) -> None:
        super().__init__(terminal, memory, guards, magic)
        self._watched = terminal

    def execute(self, intent: Intent, now_msc: int) -> TradeUpdate:
        """Do it."""
        self._watched.fate.reach(EaPoint.INTENT_CAME)
        self._watched.intent_id = intent.intent_id
        update = super().execute(intent, now_msc)
        self._watched.fate.reach(EaPoint.RESULT_KEPT)
        return update


class ForgetfulMemory(DiskMemory):
    """Knows how much of its file the disk certainly has, and can lose any part of the rest when it dies."""

    def __init__(self, path: Path, terminal: WatchedTerminal, chance: random.Random) -> None:
        super().__init__(path)
        self._path = path
        self._terminal = terminal
        self._chance = chance
        self._forced_bytes = path.stat().st_size
        self._is_torn = False

    def keep(self, entry: Remembered) -> None:
        """Remember it; or die over it."""
        point = EaPoint.BEGINNING if entry.result is None else EaPoint.RESULT_TORN
        if self._terminal.fate.is_due(point):
            self._tear(entry)
            raise Killed(point)
        super().keep(entry)
        if entry.result is None:
            self._forced_bytes = self._path.stat().st_size

    def _tear(self, entry: Remembered) -> None:
        before = self._path.stat().st_size
        super().keep(entry)
        os.truncate(self._path, self._chance.randrange(before, self._path.stat().st_size))
        self._is_torn = True

    def die(self) -> None:
        """The machine goes down with the EA: of what was not forced to the disk any part may be missing."""
        self.close()
        if not self._is_torn:
            os.truncate(self._path, self._chance.randint(self._forced_bytes, self._path.stat().st_size))
