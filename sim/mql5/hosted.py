"""The EA's own source on the simulated terminal, to a real bridge: what `sim.session_host` is for the Python twin.

Two clocks, as in a terminal. The *broker's* clock is that of the ticks. The *machine's* clock (GetTickCount64, timers)
goes on between two ticks by their distance, but by no more than `LEAP_MS`: the bridge lives in real time, and would
otherwise seem to have been silent for hours. Timer events that would only find the same state again are left out.
"""

import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from advisor.host import BridgeUnreachableError, TerminalRefusedError
from domain.servertime import NS_PER_MS, NS_PER_S
from marketdata.tape import Tape
from sim.feed import Feed
from sim.mql5.build import Built, build
from sim.mql5.calendar import Calendar
from sim.mql5.desk import Desk
from sim.mql5.errors import BuildError, EaStartError
from sim.mql5.events import EventKind, EventQueue
from sim.mql5.host import EaHost
from sim.mql5.observer import Observer
from sim.pace import Progress
from sim.rehearsal import rehearse
from sim.session_host import TerminalConfig, statistics_of
from sim.statistics import TerminalStatistics
from sim.terminal import SimTerminal

LEAP_MS: Final = 50
"""Most that the machine's clock goes on between two ticks [ms]."""

PATIENCE_MS: Final = 10_000
"""Real time the bridge has for an answer before the EA's clock begins to move [ms]."""

Meddling = Callable[[EaHost, Desk], None]
"""Called between two steps; may change what the sockets do wrong, the terminal's switches, or trade by hand."""

_IDLE_MS: Final = 20
_TELL_NS: Final = 200 * NS_PER_MS
_REASON_CLOSE: Final = 9
_SOURCE: Final = Path("Experts", "Companion.mq5")


class Extras(NamedTuple):
    """What a run can do without."""

    calendar: Calendar | None = None
    on_progress: Progress | None = None
    meddle: Meddling | None = None


def ea_folder() -> Path:
    """Where the EA's source lies: `ea/` beside the packages.

    Raises:
        BuildError: it was not installed with them.
    """
    folder = Path(__file__).resolve().parents[2] / "ea"
    if not (folder / _SOURCE).is_file():
        raise BuildError(f"the EA's source is not in {folder}; run this from a copy of the project")
    return folder


def build_companion(*, sanitize: bool = False) -> Built:
    """The project's own EA.

    Raises:
        SourceError, BuildError: as `build` does.
    """
    folder = ea_folder()
    return build(folder / _SOURCE, folder / "Include", sanitize=sanitize)


def run_compiled(
    config: TerminalConfig,
    on_progress: Progress | None = None,
    *,
    built: Built | None = None,
    calendar: Calendar | None = None,
    meddle: Meddling | None = None,
) -> TerminalStatistics:
    """Play the configured ticks on the compiled EA's terminal, and end with the numbers.

    As `run_terminal` does for the twin. A process can do this once with a `built` EA, for it has global variables.

    Raises:
        TerminalRefusedError: wrong secret, wrong version, or an account the bridge does not want.
        BridgeUnreachableError: no live session for `host.give_up_s`.
        BuildError, SourceError: the EA cannot be built here.
        EaStartError, EaFaultError: it does not start, or does what MetaTrader removes an EA for.
    """
    made = built or build_companion()
    tape = Tape(tuple(config.ticks), config.ticks)
    start_msc = tape.span_msc[0] if tape.span_msc else 0
    terminal = SimTerminal(
        config.profile,
        config.specs,
        server_offset_s=config.server_offset_s,
        start_msc=start_msc,
        faults=config.faults,
    )
    feed = Feed(terminal, tape, max_ticks=config.max_ticks, batch_ms=config.batch_ms, history=config.history)
    for symbol, ticks in zip(tape.symbols, tape.ticks, strict=True):
        if len(ticks):
            rehearse(config.profile, config.specs[terminal.symbols.index(symbol)], ticks)
    desk, observer = Desk(terminal, feed, tape), Observer()
    begun = time.monotonic()
    _Chart(config, made, desk, feed, observer, Extras(calendar, on_progress, meddle)).run()
    order_list = hashlib.sha256(msgspec.json.encode([list(observer.intents.values()), terminal.deals])).hexdigest()
    return statistics_of(observer.counts, terminal, order_list, time.monotonic() - begun)


def inputs_of(config: TerminalConfig) -> dict[str, str]:
    """The EA's inputs for `config`."""
    where, rules, guards = urlsplit(config.endpoint), config.rules, config.guards
    lock_step = rules.window == 1 and not rules.decision_wait_ms
    return {
        "InpHost": where.hostname or "",
        "InpPort": str(where.port or 0),
        "InpSecret": config.secret.decode(),
        "InpSymbols": ",".join(spec.name for spec in config.specs),
        "InpMagic": str(config.magic),
        "InpLockStep": str(lock_step).lower(),
        "InpDecisionWaitMs": str(rules.decision_wait_ms),
        "InpRetries": str(guards.retries),
        "InpLogin": str(guards.login),
        "InpDemoOnly": str(guards.demo_only).lower(),
        "InpAllowedSymbols": ",".join(guards.allowed_symbols),
        "InpMaxLots": str(guards.max_lots),
        "InpOrdersPerMinute": str(guards.orders_per_minute),
        "InpMaxSpreadPoints": str(int(guards.max_spread_points)),
    }


class _Chart:
    """One EA on its chart, from OnInit to OnDeinit."""

    def __init__(
        self,
        config: TerminalConfig,
        built: Built,
        desk: Desk,
        feed: Feed,
        observer: Observer,
        extras: Extras,
    ) -> None:
        if not config.specs:
            raise EaStartError("no symbol for the EA's chart")
        self._config = config
        self._desk = desk
        self._feed = feed
        self._observer = observer
        self._extras = extras
        self._queue = EventQueue(random.Random(config.seed))  # noqa: S311 - an order of events, not a secret
        self._symbol = next(iter(config.ticks), config.specs[0].name)
        self._timer_due_us = 0
        self._live_ns = time.monotonic_ns()
        self._told_ns = 0
        self._paced_from_ns = 0
        self._ea = EaHost(
            built,
            desk,
            inputs=inputs_of(config),
            files_dir=config.state_dir,
            symbol=self._symbol,
            calendar=extras.calendar,
            heard=self._heard,
        )

    def _heard(self, what: int, data: bytes) -> None:
        self._observer.take(what, data)
        self._ea.host.patience_ms = PATIENCE_MS if self._observer.is_owed else 0

    def run(self) -> None:
        """Until every tick has been played and answered."""
        self._ea.start()
        while not self._is_done():
            if self._observer.refusal is not None:
                raise TerminalRefusedError(self._observer.refusal)
            if self._may_play():
                self._play()
            else:
                self._idle()
            self._look_around()
            if self._extras.meddle is not None:
                self._extras.meddle(self._ea, self._desk)
        self._ea.stop(_REASON_CLOSE)
        self._tell()

    def _is_done(self) -> bool:
        return self._feed.is_over and self._observer.is_settled and not self._desk.is_waiting

    def _may_play(self) -> bool:
        """Whether the EA is ready for a tick, and the pace allows one."""
        observer = self._observer
        if self._feed.is_over or not observer.is_live or observer.waiting >= self._config.rules.window:
            return False
        return self._due_ns() <= time.monotonic_ns()

    def _due_ns(self) -> int:
        pace = self._config.host.ticks_per_second
        if not pace:
            return 0
        self._paced_from_ns = self._paced_from_ns or time.monotonic_ns()
        return self._paced_from_ns + int(self._feed.played * NS_PER_S / pace)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _play(self) -> None:
        """The next batch: what the server did by itself first, then its ticks."""
        terminal, before_msc = self._desk.terminal, self._desk.terminal.now_msc
        update, batch = self._feed.play()
        self._desk.touch()
        leap_ms = min(max(terminal.now_msc - before_msc, 0), LEAP_MS)
        self._ea.host.machine_us += leap_ms * 1000
        self._ea.quoted(terminal.now_msc)
        self._ea.host.server_offset_s = terminal.server_offset_s
        self._desk.server_acted(update)
        self._post_changes()  # before the tick: the server acted before the EA can see it
        if batch.symbol == self._symbol:
            self._queue.post(EventKind.TICK)
        elif self._ea.timer_ms:  # MetaTrader calls OnTick for the chart's symbol alone
            self._ea.host.machine_us = max(self._ea.host.machine_us, self._timer_due_us)
        self._work()

    def _idle(self) -> None:
        """Nothing to play: real time passes until the bridge says something, at most one period of the timer."""
        if self._feed.is_over and self._desk.is_waiting:
            self._desk.wait_on()  # no tick will bring what is still on its way
        period_ms = min(self._ea.timer_ms or _IDLE_MS, LEAP_MS)
        self._ea.wait_readable(period_ms)
        self._ea.pass_ms(period_ms)
        self._work()

    def _work(self) -> None:
        """Everything in the queue, and all that follows from it."""
        if self._ea.timer_ms and self._ea.host.machine_us >= self._timer_due_us:
            self._timer_due_us = self._ea.host.machine_us + self._ea.timer_ms * 1000
            self._queue.post(EventKind.TIMER)
        while True:
            self._post_changes()
            self._desk.reveal()
            event = self._queue.begin()
            if event is None:
                if not self._desk.execute_later():
                    return
                continue
            try:
                self._ea.handle(event)
            finally:
                self._queue.end()
            self._catch_up()

    def _catch_up(self) -> None:
        """Ticks came while the EA waited for an answer: its clocks go on, and one event tells it of them all."""
        if not self._desk.has_new_ticks:
            return
        self._desk.has_new_ticks = False
        self._ea.host.machine_us = max(self._ea.host.machine_us + LEAP_MS * 1000, self._timer_due_us)
        self._ea.quoted(self._desk.terminal.now_msc)
        self._queue.post(EventKind.TICK)
        self._queue.post(EventKind.TIMER)

    def _post_changes(self) -> None:
        changes, self._desk.changes = self._desk.changes, []
        for group in changes:
            self._queue.post_transactions(group)
            self._queue.post(EventKind.TRADE)

    # -- now and then --------------------------------------------------------------------------------------------------

    def _look_around(self) -> None:
        now_ns = time.monotonic_ns()
        if self._observer.is_live:
            self._live_ns = now_ns
        silent_s = (now_ns - self._live_ns) / NS_PER_S
        if silent_s > self._config.host.give_up_s:
            words = EaStartError(f"the EA's last words: {self._ea.comment or (self._ea.logged or ['none'])[-1]}")
            raise BridgeUnreachableError(self._config.endpoint, silent_s) from words
        if self._ea.is_removed:
            raise EaStartError("the EA removed itself from the chart")
        if now_ns - self._told_ns > _TELL_NS:
            self._tell()
            self._told_ns = now_ns

    def _tell(self) -> None:
        if self._extras.on_progress is not None:
            self._extras.on_progress(self._feed.played, self._feed.total)
