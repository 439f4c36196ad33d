"""`companion run`: the bridge, its recorder and the news, watched over, waiting for an Expert Advisor."""

import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape

from app.child import MODULE, SECRET_VARIABLE, config_out
from app.console import CommandError, ExitCode
from app.folders import LIVE, check_writable, status_of
from app.newsroom import HOW_TO_SET_ONE, news_process, newsroom_of
from app.retention import delete_outdated
from app.settings import ServiceSettings, load_settings
from app.supervision import ChildSpec, Household, Note, Restarts, last_lines
from bridge.config import Places

_TICK_S: Final = 0.5
_START_S: Final = 300.0
_CLEAN_EVERY_S: Final = 3600.0


def run_service(console: Console) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsRefusedError: without a secret that is long enough.
        CommandError: where the bridge cannot begin to serve.
    """
    settings = load_settings()
    secret = settings.secret_bytes()
    folder = settings.data_dir / LIVE
    check_writable(folder)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    console.print(f"starting the bridge; data in {escape(str(folder))}", soft_wrap=True)
    with Household() as household:
        Service(settings, secret, folder, household, console).serve(stop)
    console.print("stopped")


class Service:
    """Keeps all processes running and says what changes."""

    def __init__(
        self, settings: ServiceSettings, secret: bytes, folder: Path, household: Household, console: Console
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._household = household
        self._console = console
        config = config_out(settings.bridge_config(folder, b""))
        self._specs = {role: self._spec(role, config, secret.decode()) for role in ("bridge", "recorder")}
        self._prepare_news()
        self._restarts = {role: Restarts() for role in self._specs}
        self._down: set[str] = set()
        self._was_ready = False
        self._seen: dict[str, str] = {}

    def _prepare_news(self) -> None:
        """Post what is known of news by the present settings, before the bridge looks; loud where nobody can know."""
        room = newsroom_of(self._settings, self._folder)
        room.post()
        if room.sources or room.asks_for_articles:
            self._specs["news"] = news_process(self._settings, self._folder)
        if not room.sources and self._settings.news.required:
            self._console.print("[bold red]✗[/] no calendar source is set up, so no position will be opened")
            self._console.print(f"  {HOW_TO_SET_ONE}", soft_wrap=True)

    def _spec(self, role: str, config: dict[str, Any], secret: str) -> ChildSpec:
        return ChildSpec(
            name=role,
            module=MODULE,
            job={"role": role, "log_level": self._settings.log_level, "config": config},
            log=self._folder / "logs" / f"{role}.log",
            environment={SECRET_VARIABLE: secret},
        )

    def serve(self, stop: threading.Event) -> None:
        """Watch until `stop` is set; then news, bridge and recorder end in this order."""
        for spec in self._specs.values():
            self._household.start(spec)
        begun_s = cleaned_s = time.monotonic()
        self._clean()
        while not stop.is_set():
            self._hear(self._household.next_note(_TICK_S))
            self._mind_the_dead()
            self._say_what_changed()
            if not self._was_ready and time.monotonic() - begun_s > _START_S:
                raise CommandError("the bridge did not start in time", self._logs(), ExitCode.PROCESS)
            if time.monotonic() - cleaned_s > _CLEAN_EVERY_S:
                cleaned_s = time.monotonic()
                self._clean()
        self._console.print("stopping")
        self._household.stop("news", "bridge", "recorder")

    def _hear(self, note: Note | None) -> None:
        if note is not None and note.event == "ready":
            self._introduce(note.content["endpoint"])
        elif note is not None and note.event == "failed" and note.child != "news" and not self._was_ready:
            raise CommandError(
                f"the {note.child} cannot start: {note.content['problem']}", _remedy(note), ExitCode.PROCESS
            )

    def _introduce(self, endpoint: str) -> None:
        if self._was_ready:
            self._console.print(f"bridge is back on {endpoint}")
            return
        self._was_ready = True
        host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
        magic = self._settings.engine().magic
        self._console.print(f"[bold]bridge on {endpoint}[/], waiting for an EA. Enter in its inputs:")
        self._console.print(
            f"  host {host}   port {port}   magic number {magic}   secret: the value of {SECRET_VARIABLE}"
        )
        self._console.print(f"and allow {host} in MetaTrader: Tools > Options > Expert Advisors > WebRequest")
        self._console.print("Ctrl-C stops it. `companion doctor` looks at it from another window.")

    def _mind_the_dead(self) -> None:
        now_s = time.monotonic()
        for role, child in tuple(self._household.children.items()):
            status = child.status
            if status is None:
                continue
            if role not in self._down:
                self._down.add(role)
                self._report_death(role, status, self._restarts[role].died(now_s, now_s - child.started_s))
            elif self._restarts[role].is_due(now_s):
                self._down.discard(role)
                self._household.stop(role)
                self._household.start(self._specs[role])

    def _report_death(self, role: str, status: int, wait_s: float) -> None:
        log = self._specs[role].log
        self._console.print(f"[bold red]✗[/] the {role} process ended with status {status}; again in {wait_s:.0f} s")
        for line in last_lines(log):
            self._console.print(f"    {escape(line)}")

    def _say_what_changed(self) -> None:
        """One line for each terminal that comes, goes, or meets an obstacle, and for how the calendar stands."""
        status = status_of(self._folder)
        if self._was_ready and status:
            self._say("news", status.get("news") or "the calendar can be relied on")
        for terminal in status.get("terminals", []):
            words = terminal["obstacle"] or "trading"
            alerts = "; ".join(f"{name}: {text}" for name, text in terminal["alerts"].items())
            now = f"{words} ({alerts})" if alerts else words
            self._say(terminal["account"], now)

    def _say(self, subject: str, words: str) -> None:
        if self._seen.get(subject) != words:
            self._seen[subject] = words
            self._console.print(f"{datetime.now(UTC):%H:%M:%S} UTC  {escape(subject)}: {escape(words)}")

    def _clean(self) -> None:
        recordings = Places(self._folder).recordings
        deleted = delete_outdated(recordings, datetime.now(UTC).date(), self._settings.retention_days)
        if deleted:
            self._console.print(f"deleted recordings of {deleted} days that were older than the settings keep")

    def _logs(self) -> str:
        return f"the logs are in {self._folder / 'logs'}"


def _remedy(note: Note) -> str:
    if "in use" in note.content["problem"] and note.content["kind"] == "ZMQError":
        return "another bridge may be running (`companion doctor`); else set COMPANION_BRIDGE__ENDPOINT to another port"
    return ""
