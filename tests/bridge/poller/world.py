"""A market behind the drop-in, and a poller that sees each of its ticks."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import sim.metatrader5 as mt5
from advisor.executor import ExecutorGuards
from advisor.expert import EaRules, ExpertAdvisor
from advisor.host import ConnectionRules
from bridge.poller.link import Link
from bridge.poller.pace import PollPace
from bridge.poller.process import Poller, PollerConfig, _silence
from bridge.poller.terminal import Clocks
from domain.symbols import SymbolSpec
from marketdata import Tape
from sim.feed import Charts, Feed
from sim.profiles import AccountProfile
from sim.requests import FillPlan
from sim.terminal import SimTerminal
from strategy.tables import Table
from tests.bridge.floor import PROFILE, SECRET, Market
from tests.strategy.markets import MAGIC, a_spec

if TYPE_CHECKING:
    from bridge.poller.package import Package

STOPPED = Clocks(lambda: 0, lambda: 0)


class Failing:
    """The drop-in with some of its functions replaced."""

    def __init__(self, **replaced: Callable[..., Any]) -> None:
        vars(self).update(replaced)

    def __setattr__(self, name: str, value: object) -> None:
        vars(self)[name] = value

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the drop-in has under that name
        return getattr(mt5, name)


class World:
    """A simulated terminal attached to the drop-in; its market goes on when it is told to."""

    def __init__(
        self,
        ticks: Mapping[str, Table] | None = None,
        specs: tuple[SymbolSpec, ...] = (),
        *,
        market: Market | None = None,
        profile: AccountProfile = PROFILE,
        fills: FillPlan | None = None,
        history: Charts | None = None,
    ) -> None:
        self.ticks = dict(ticks or {"EURUSD": (market or Market(ticks=10)).ticks})
        first_msc = min(int(rows["time_msc"][0]) for rows in self.ticks.values())
        self.terminal = SimTerminal(profile, specs or (a_spec(),), start_msc=first_msc, fills=fills)
        tape = Tape(tuple(self.ticks), self.ticks)
        self.feed = Feed(self.terminal, tape, history=history or (market.history if market else None))
        mt5.attach(self.terminal, self.feed)

    def play(self, ticks: int = 1) -> None:
        """The next ticks, as far as there are any."""
        for _ in range(ticks):
            if not self.feed.is_over:
                self.feed.play_unheard()

    def link(self, package: object = mt5) -> Link:
        """An open connection to it."""
        link = Link(cast("Package", package))
        link.open()
        return link


class LockStep(PollPace):
    """Lets the market go on by one tick when the last one has been answered and its intents are executed."""

    world: World
    advisor: ExpertAdvisor
    stop: threading.Event
    until: int

    def look(self, now_ns: int) -> bool:
        advisor, world = self.advisor, self.world
        if advisor.is_live and not (advisor._unanswered or advisor._intents_due or self._feed.has_ticks):
            if world.feed.is_over or world.feed.played >= self.until:
                self.stop.set()
            else:
                world.play()
        return super().look(now_ns)


class SteppedPoller(Poller):
    """A poller that misses no tick, on a market that waits for it."""

    world: World
    until = 1 << 60
    """Ticks of the market after which it stops."""

    def _pace(self, advisor: ExpertAdvisor) -> PollPace:
        pace = LockStep(self.terminal, self.feed, 0)
        pace.world, pace.advisor, pace.stop, pace.until = self.world, advisor, self._stop, self.until
        self.terminal.meter.offset_s = 0
        return pace


def a_config(folder: Path, endpoint: str, **changes: Any) -> PollerConfig:  # noqa: ANN401 - fields of the configuration
    """A poller of this folder; it waits for its bridge whatever comes."""
    fields: dict[str, Any] = {
        "endpoint": endpoint,
        "secret": SECRET,
        "state_dir": folder / "poller",
        "magic": MAGIC,
        "symbols": ("EURUSD",),
        "interval_ms": 1,
        "rules": EaRules(silent_ms=0),
        "guards": ExecutorGuards(),
        "connection": ConnectionRules(first_wait_ms=20, longest_wait_ms=200, give_up_s=60.0),
    }
    return PollerConfig(**(fields | changes))


def stepped(world: World, config: PollerConfig, package: object = mt5) -> SteppedPoller:
    """A poller in lock-step with `world`."""
    stop = threading.Event()
    poller = SteppedPoller(config, world.link(package), stop, _silence, STOPPED)
    poller.world = world
    return poller
