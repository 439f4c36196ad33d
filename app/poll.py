"""`companion poll`: the EA's work from Python, beside a terminal that the MetaTrader5 package reaches."""

import importlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, cast

import msgspec
from rich.console import Console
from rich.markup import escape

from advisor.executor import ExecutorGuards
from advisor.host import TerminalRefusedError
from app.console import CommandError, ExitCode
from app.settings import ServiceSettings, load_settings
from bridge.poller.link import NoTerminalError, Start
from bridge.poller.package import Package
from bridge.poller.process import SYSTEM_CLOCKS, PollerConfig, run_poller
from bridge.poller.terminal import AccountChangedError, Clocks

_NAME: Final = "MetaTrader5"
_ANYWHERE: Final = ("tcp://0.0.0.0:", "tcp://[::]:", "tcp://*:")
_ELSEWHERE: Final = "here use the EA (docs/install-ea.md), run this under Wine's Python, or try it with `companion sim`"


def run_poll(console: Console, sim: str) -> None:
    """Trade until SIGTERM or SIGINT, on the real package or on a simulated terminal.

    Raises:
        SettingsRefusedError: without a secret that is long enough.
        CommandError: where there is no package, no terminal, or an account that cannot be traded.
    """
    settings = load_settings()
    package, clocks = _simulated() if sim else (_installed(), SYSTEM_CLOCKS)
    config = poller_config(settings)
    if sim:
        config = msgspec.structs.replace(config, state_dir=settings.data_dir / "poller-sim", start=_start(sim))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    console.print(f"looking for a terminal; bridge at {config.endpoint}")
    try:
        run_poller(config, package, stop, Narrator(console).hear, clocks)
    except NoTerminalError as missing:
        raise CommandError(str(missing), missing.remedy, ExitCode.PROCESS) from None
    except TerminalRefusedError as refused:
        remedy = "compare COMPANION_SECRET and the settings of both sides; the bridge's own words are above"
        raise CommandError(str(refused), remedy, ExitCode.PROCESS) from None
    except AccountChangedError as changed:
        raise CommandError(str(changed), code=ExitCode.PROCESS) from None
    console.print("stopped")


def poller_config(settings: ServiceSettings) -> PollerConfig:
    """What the poller is started with."""
    wanted = settings.poller
    password = wanted.password.get_secret_value() if wanted.password is not None else ""
    return PollerConfig(
        endpoint=wanted.bridge or reachable(settings.endpoint),
        secret=settings.secret_bytes(),
        state_dir=settings.data_dir / "poller",
        magic=settings.engine().magic,
        symbols=settings.engine().symbols,
        interval_ms=wanted.interval_ms,
        start=Start(
            path=wanted.terminal_path,
            login=wanted.login,
            password=password,
            server=wanted.server,
            timeout_ms=wanted.timeout_ms,
        ),
        guards=ExecutorGuards(
            login=wanted.login,
            demo_only=not settings.account.allow_real,
            max_lots=wanted.max_lots,
            orders_per_minute=wanted.orders_per_minute,
            max_spread_points=wanted.max_spread_points,
        ),
    )


def reachable(endpoint: str) -> str:
    """Where to connect to a bridge on this machine that listens on `endpoint`."""
    for listening in _ANYWHERE:
        if endpoint.startswith(listening):
            return f"tcp://127.0.0.1:{endpoint.removeprefix(listening)}"
    return endpoint


def _installed() -> Package:
    """The package itself.

    Raises:
        CommandError: where it is not, or cannot be.
    """
    system = str(sys.platform)
    if system != "win32":
        problem = f"the {_NAME} package exists for Windows alone, and this is {system}"
        raise CommandError(problem, _ELSEWHERE, ExitCode.PROCESS)
    try:
        return cast("Package", importlib.import_module(_NAME))
    except ImportError as missing:
        remedy = f"install it into this Python: {sys.executable} -m pip install {_NAME}"
        raise CommandError(f"the {_NAME} package cannot be imported: {missing}", remedy, ExitCode.PROCESS) from None


def _simulated() -> tuple[Package, Clocks]:
    """The drop-in, and the clocks of its market."""
    import sim.metatrader5 as drop_in

    return cast("Package", drop_in), Clocks(time.monotonic_ns, lambda: drop_in.utc_ns() or 0)


def _start(sim: str) -> Start:
    """How the drop-in finds the terminal of `companion sim`.

    Raises:
        CommandError: for what is no address of this machine.
    """
    from sim.metatrader5.remote import address_of

    if address_of(sim) is None:
        problem = f"--sim {sim}: use the address that `companion sim` shows, such as 127.0.0.1:18812"
        raise CommandError(problem, code=ExitCode.USAGE)
    return Start(path=sim)


class Narrator:
    """Puts what the poller says into lines; the same line never twice in a row."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""
        self._was: tuple[Any, ...] = ()

    def hear(self, event: str, **content: Any) -> None:  # noqa: ANN401 - what belongs to the event
        """Tell about one event."""
        line = _LINES[event](content) if event in _LINES else self._standing(content)
        if line and line != self._last:
            self._last = line
            self._console.print(f"{datetime.now(UTC):%H:%M:%S} UTC  {escape(line)}", soft_wrap=True)

    def _standing(self, content: dict[str, Any]) -> str:
        """What has changed about the session, the switches and the ticks; else nothing."""
        now = (content["live"], content["autotrading"], content["connected"], content["gap"])
        if now == self._was:
            return ""
        self._was = now
        words = ["trading with the bridge" if content["live"] else "no session with the bridge; stops are looked after"]
        words += [] if content["autotrading"] else ["AutoTrading is off: switch it on in the terminal's toolbar"]
        words += [] if content["connected"] else ["the terminal has no connection to its server"]
        return "; ".join(words + ([content["gap"]] if content["gap"] else []))


_LINES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "terminal": lambda said: f"account {said['login']} at {said['server']}: {', '.join(said['symbols'])}",
    "measured": lambda said: f"the broker's clock is {said['server_offset_s'] / 3600:+g} h from UTC, measured",
    "waiting": lambda said: " - ".join(filter(None, (said["problem"], said.get("remedy", "")))),
    "lost": lambda said: f"{said['problem']}; looking for it again",
    "back": lambda _: "the terminal is back",
}
