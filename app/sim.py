"""`companion sim`: a simulated terminal that other programs trade on."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.text import Text

import sim.metatrader5 as drop_in
from app.console import CommandError, ExitCode
from app.moments import shown
from app.playback import Market, Playback, account_of, market_of
from app.poll import Narrator, poller_config
from app.settings import load_settings
from bridge.poller.process import run_poller
from bridge.poller.terminal import Clocks
from domain.timeframes import HOUR_S, Timeframe
from sim.faults.fills import SeededFills
from sim.faults.presets import plan_named
from sim.faults.problems import FaultPlanError
from sim.feed import Feed
from sim.metatrader5.desk import DESK
from sim.metatrader5.serving import Counter, PortInUseError
from sim.terminal import SimTerminal

if TYPE_CHECKING:
    from bridge.poller.package import Package

_LOOK_S: Final = 0.25
_STEP_MS: Final = 1_000
_CHARTS: Final = (Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.M30, Timeframe.H1)
_MS_PER_S: Final = 1_000
_HOST: Final = "127.0.0.1"


class SimOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen. `speed` 0: a second of the market for each call; `skip_h` of it have passed at the start.

    `login` 0 makes one of the time of day: a new account is new to whoever remembers the last one.
    """

    playback: Playback
    port: int = 18_812
    speed: float = 1.0
    skip_h: float = 8.0
    faults: str = "none"
    bridge: str = ""
    login: int = 0


def run_sim(options: SimOptions, console: Console) -> None:
    """Offer the terminal until SIGTERM or SIGINT.

    Raises:
        CommandError: the port is taken, or there is no such fault plan.
        PlaybackError, QuoteFileError: quotes that cannot be played.
        SettingsRefusedError: with a bridge, without a secret that is long enough.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    market = market_of(msgspec.structs.replace(options.playback, charts=_CHARTS))
    for note in market.notes:
        console.print(f"note   {escape(note)}")
    terminal, feed = _terminal(options, market)
    _open(options, terminal, feed)
    try:
        with _counter(options.port) as counter:
            _introduce(console, counter, terminal, options)
            with _wire_client(options, terminal.symbols, console, stop):
                Watcher(console, counter, terminal, feed).watch(stop)
    finally:
        drop_in.detach()
    console.print("stopped")


def _terminal(options: SimOptions, market: Market) -> tuple[SimTerminal, Feed]:
    """The account at its beginning, and its quotes, some of them played already."""
    try:
        plan = msgspec.structs.replace(plan_named(options.faults), seed=options.playback.seed)
    except FaultPlanError as problem:
        raise CommandError(f"--faults: {problem}", code=ExitCode.USAGE) from None
    tape = market.tape
    begins_msc = tape.span_msc[0] if tape.span_msc else 0
    terminal = SimTerminal(
        msgspec.structs.replace(account_of(options.playback), login=options.login or int(time.time())),
        market.specs,
        server_offset_s=market.server_offset_s,
        start_msc=begins_msc,
        fills=SeededFills(plan),
    )
    feed = Feed(terminal, tape, history=market.history)
    feed.play_to(begins_msc + int(options.skip_h * HOUR_S * _MS_PER_S))
    return terminal, feed


def _open(options: SimOptions, terminal: SimTerminal, feed: Feed) -> None:
    """Let its market run, and connect this process to it."""
    if options.speed:
        drop_in.attach(terminal, feed, clock=lambda: time.monotonic() * options.speed)
    else:
        drop_in.attach(terminal, feed, step_ms=_STEP_MS)
    drop_in.initialize()


def _counter(port: int) -> Counter:
    try:
        return Counter(_HOST, port)
    except PortInUseError as taken:
        raise CommandError(str(taken), code=ExitCode.PROCESS) from None


def _introduce(console: Console, counter: Counter, terminal: SimTerminal, options: SimOptions) -> None:
    host, port = counter.address
    account = terminal.account()
    pace = f"{options.speed:g} times real time" if options.speed else "a second for each call"
    console.print(
        f"[bold]terminal on {host}:{port}[/]  account {account.login} at {account.server}, "
        f"{account.balance:,.2f} {account.currency}; {', '.join(terminal.symbols)}; {pace}"
    )
    console.print("in a program of yours, in place of `import MetaTrader5 as mt5`:")
    console.print(f'  import sim.metatrader5 as mt5; mt5.initialize("tcp://{host}:{port}")')
    console.print(f"`companion poll --sim {host}:{port}` trades on it. Ctrl-C stops it.")


@contextmanager
def _wire_client(
    options: SimOptions, symbols: tuple[str, ...], console: Console, stop: threading.Event
) -> Iterator[None]:
    """With a bridge named: a thread that speaks the wire protocol with it, as the EA on this terminal would."""
    if not options.bridge:
        yield
        return
    settings = load_settings()
    folder = TemporaryDirectory(prefix="companion-sim-")  # what it remembers belongs to this one life of the account
    config = msgspec.structs.replace(
        poller_config(settings), endpoint=options.bridge, state_dir=Path(folder.name), symbols=symbols
    )

    def speak() -> None:
        package = cast("Package", drop_in)
        clocks = Clocks(time.monotonic_ns, lambda: drop_in.utc_ns() or 0)
        try:
            run_poller(config, package, stop, Narrator(console).hear, clocks)
        except Exception as problem:  # noqa: BLE001 - the terminal goes on for its other callers
            console.print(f"[bold red]✗[/] the wire client ended: {escape(str(problem))}")

    thread = threading.Thread(target=speak, name="wire")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        folder.cleanup()


class Watcher:
    """Moves the market also while nobody calls, and shows how things stand: live on a screen, else at changes."""

    def __init__(self, console: Console, counter: Counter, terminal: SimTerminal, feed: Feed) -> None:
        self._console = console
        self._counter = counter
        self._terminal = terminal
        self._feed = feed
        self._told: tuple[Any, ...] = ()

    def watch(self, stop: threading.Event) -> None:
        """Until `stop`."""
        is_screen = self._console.is_terminal
        live = Live(console=self._console, auto_refresh=False, transient=True) if is_screen else None
        with live or nullcontext():
            while not stop.wait(_LOOK_S):
                utc = drop_in.utc_ns()  # a call as any other: the market moves
                if live is not None:
                    live.update(Text(self._line(utc or 0)), refresh=True)
                else:
                    self._tell(utc or 0)

    def _line(self, utc: int) -> str:
        with DESK.lock:
            terminal, feed = self._terminal, self._feed
            money = terminal.money()
            over = "; the quotes are over" if feed.is_over else ""
            return (
                f"{shown(utc, seconds=True)} UTC  {feed.played:,} of {feed.total:,} ticks{over}  "
                f"equity {money.equity:,.2f}  {len(terminal.positions())} positions  {len(terminal.orders())} orders  "
                f"{self._counter.callers} connected  {self._counter.calls:,} calls"
            )

    def _tell(self, utc: int) -> None:
        """A line where something changed that is not just time."""
        terminal = self._terminal
        with DESK.lock:
            now = (
                self._counter.callers,
                len(terminal.positions()),
                len(terminal.orders()),
                terminal.money().balance,
                self._feed.is_over,
            )
        if now != self._told:
            self._told = now
            self._console.print(self._line(utc), soft_wrap=True)
