"""A chart and a real bridge: what every scenario plays on, and what must be true when it ends."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from account.booking import SETTLE_NS
from account.lifecycle import IntentRecord
from account.state import AccountState
from domain.intents import Intent, IntentKind
from domain.servertime import NS_PER_MS
from sim.mql5.calendar import Calendar
from sim.requests import FillPlan
from tests.crash.market import RULES, TICK_MSC, Market, bridge_config
from tests.crash.points import Plan
from tests.crash.verdicts import account_in, faults
from tests.mql5.scenarios.bridges import Lives, Nursery
from tests.mql5.scenarios.chart import Chart
from tests.mql5.scenarios.terminal import NOBODY, Moment
from tests.mql5.scenarios.tunnel import TO_TERMINAL, Arrival, Post, undisturbed
from wire.codec import decode, frame_type
from wire.enums import MessageType
from wire.messages import IntentMessage

MARKET: Final = Market(3_000)
QUICK: Final = msgspec.structs.replace(RULES, heartbeat_ms=50, silence_ms=15_000, unanswered_ms=300)
CAUGHT_UP_S: Final = 60.0
_CATCH_UP_STEP_MS: Final = 50


class Scene:
    """One account's EA and its bridge; a context manager that starts both and lets them trade a little."""

    def __init__(
        self,
        folder: Path,
        nursery: Nursery,
        *,
        market: Market = MARKET,
        fills: FillPlan | None = None,
        inputs: Mapping[str, str] | None = None,
        calendar: Calendar | None = None,
    ) -> None:
        self.market = market
        config = bridge_config(folder / "bridge", "tcp://127.0.0.1:0", market.settings, QUICK)
        self.lives = Lives(nursery, config)
        self.chart = Chart(folder / "terminal", market, 0, fills=fills, inputs=inputs, calendar=calendar)

    def __enter__(self) -> Self:
        self.chart.__enter__()
        self.start_bridge()
        self.chart.start()
        self.play(20)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lives.kill()
        self.chart.__exit__()

    # -- bridge -----------------------------------------------------------------------------------------------------

    def start_bridge(self, plan: Plan | None = None) -> None:
        """A new life of the bridge."""
        self.chart.tunnel.target = self.lives.start(plan)

    def kill_bridge(self) -> None:
        """`kill -9`."""
        self.lives.kill()
        self.chart.tunnel.cut()

    def post(self, post: Post) -> None:
        """What becomes of frames from now on."""
        self.chart.tunnel.post = post

    def intent_in(self, frame: bytes) -> Intent:
        """The intent of an INTENT frame."""
        message = decode(frame, self.market.symbols)[1]
        assert isinstance(message, IntentMessage)
        return message.intent

    def death(self, moment: Moment) -> Post:
        """Lets an INTENT pass, around whose order the terminal dies."""

        def act(_direction: str, frame: bytes) -> Iterable[Arrival]:
            self.chart.terminal.dies_for = self.intent_in(frame).intent_id
            self.chart.terminal.dies_at = moment
            return (frame,)

        return act

    # -- play -------------------------------------------------------------------------------------------------------

    def revive(self) -> None:
        """Whoever is dead lives again, and both find each other."""
        while not self.chart.is_live:
            if self.lives.is_over:
                self.start_bridge()
            if not self.chart.is_running:
                self.chart.start()
            self.chart.until(self._has_changed, "a session")

    def _has_changed(self) -> bool:
        return self.chart.is_live or not self.chart.is_running or self.lives.is_over

    def play(self, ticks: int) -> None:
        """So many ticks, each answered before the next."""
        until = self.chart.feed.played + ticks
        while self.chart.feed.played < until:
            self.revive()
            self.chart.tick()
            self.chart.settle()

    def play_until(self, condition: Callable[[], object], ticks: int = 4_000) -> None:
        """Ticks until something has happened; `condition` is asked after each."""
        for _ in range(ticks):
            if condition():
                return
            self.play(1)
        raise AssertionError(f"it has not happened within {ticks} ticks")

    def end(self) -> AccountState:
        """Go on undisturbed until everything must be known, stop both sides; what the journal then holds is right."""
        self.post(undisturbed)
        self.chart.tunnel.release()
        self.play(len(self.market.symbols) * SETTLE_NS // (TICK_MSC * NS_PER_MS) + 100)
        self.chart.tunnel.cut()  # a new session begins with a snapshot, after which no intent is unknown
        self.chart.pass_ms(1_000)
        self.play(2)
        del self.chart.terminal.effects[NOBODY]
        self._let_the_bridge_catch_up()
        self.chart.leave()
        self.lives.stop()
        wrong = self._faults()
        assert not wrong, "; ".join(wrong)
        return account_in(self.lives.config.places)

    def _let_the_bridge_catch_up(self) -> None:
        """The last report may still be on its way, and the journal a moment behind.

        The machine's clock goes no faster than real time: a bridge that waits for a processor must not look silent.
        """
        until_s = time.monotonic() + CAUGHT_UP_S
        while self._faults() and time.monotonic() < until_s:
            time.sleep(_CATCH_UP_STEP_MS / 1000)
            self.chart.pass_ms(_CATCH_UP_STEP_MS)

    def _faults(self) -> list[str]:
        return faults(account_in(self.lives.config.places), self.chart.terminal, self.chart.remembered())


class Trap:
    """At the first INTENT of `kind`, `become` decides what arrives in its place; `found` is the intent."""

    def __init__(self, scene: Scene, kind: IntentKind, become: Post) -> None:
        self.found: Intent | None = None
        self._scene = scene
        self._kind = kind
        self._become = become
        scene.post(self)

    def __call__(self, direction: str, frame: bytes) -> Iterable[Arrival]:
        """What arrives."""
        if self.found is None and direction == TO_TERMINAL and frame_type(frame) == MessageType.INTENT:
            intent = self._scene.intent_in(frame)
            if intent.kind == self._kind:
                self.found = intent
                return self._become(direction, frame)
        return (frame,)

    def spring(self) -> Intent:
        """Play until it springs; the intent."""
        self._scene.play_until(lambda: self.found is not None)
        assert self.found is not None
        return self.found


def record_of(state: AccountState, intent: Intent) -> IntentRecord:
    """What the journal knows of an intent in the end."""
    return state.intents[intent.intent_id]
