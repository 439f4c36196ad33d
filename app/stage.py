"""A performance: bridge, recorder and simulated terminal as processes of their own, joined by ZeroMQ here."""

import contextlib
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from app.child import MODULE, SECRET_VARIABLE, config_out
from app.console import CommandError, ExitCode
from app.folders import status_of
from app.playback import Playback
from app.played_calendar import bulletin_of
from app.settings import ServiceSettings
from app.supervision import ChildSpec, Household, Note
from bridge.config import Places
from bridge.files import FolderInUseError, FolderLock
from newsfilter.bulletin import Bulletin
from newsfilter.events import NewsError
from newsfilter.postings import write_bulletin

_ANY_PORT: Final = "tcp://127.0.0.1:*"
_START_S: Final = 300.0  # the first start compiles
_TICK_S: Final = 0.2
_RECORDING_S: Final = 60.0
_TOLD_AS_THEY_ARE: Final = ("PlaybackError", "QuoteFileError", "BuildError", "SourceError")


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """How far a performance is; `balance` and `equity` as the bridge sees them."""

    played: int
    total: int
    utc_msc: int
    decisions: int
    orders: int
    balance: float
    equity: float


class Stage:
    """Sets up, plays and clears away. Use as a context; everything it started has ended afterwards."""

    def __init__(self, settings: ServiceSettings, folder: Path, playback: Playback, *, window: int = 1) -> None:
        self._settings = settings
        self._folder = folder
        self._playback = playback
        self._window = window
        self._secret = secrets.token_hex(32)
        self._household = Household()
        self._stack = contextlib.ExitStack()
        self.loaded: dict[str, Any] = {}
        self._endpoint = ""

    def __enter__(self) -> Self:
        try:
            self._stack.enter_context(FolderLock(self._folder.with_name(f"{self._folder.name}.lock")))
        except FolderInUseError:
            problem = f"another run is using {self._folder}"
            raise CommandError(problem, "wait for its end, or use --keep", ExitCode.PROCESS) from None
        self._stack.enter_context(self._household)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # -- setting up ---------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Start the terminal, which prepares its quotes; `loaded` then says what they are."""
        job = {
            "playback": msgspec.to_builtins(self._playback),
            "state_dir": str(self._folder / "terminal"),
            "magic": self._settings.engine().magic,
            "window": self._window,
        }
        self._start("terminal", job)

    def open(self, symbols: tuple[str, ...] | None = None) -> None:
        """Start the bridge, for `symbols` in place of those of the settings."""
        engine, places = self._settings.engine(), Places(self._folder)
        if self.loaded.get("made"):
            engine = engine.on_made_ticks()
        bulletin = self._bulletin()
        if bulletin is not None:
            write_bulletin(places.bulletin, bulletin)
        config = self._settings.bridge_config(
            self._folder,
            b"",
            endpoint=_ANY_PORT,
            engine=msgspec.structs.replace(engine, symbols=symbols) if symbols else engine,
            rules=msgspec.structs.replace(self._settings.rules(), clock_check=False),
            allowed_logins=(),
            news=None if bulletin is None else self._settings.news.rules(),
        )
        self._start("bridge", {"config": config_out(config)})
        self._start("recorder", {"config": config_out(config), "finish": True})

    def _bulletin(self) -> Bulletin | None:
        try:
            return bulletin_of(self._playback, self._settings.news)
        except NewsError as problem:
            raise CommandError(str(problem), code=ExitCode.DATA) from None

    def _start(self, role: str, job: dict[str, Any]) -> None:
        self._household.start(
            ChildSpec(
                name=role,
                module=MODULE,
                job={"role": role, "log_level": self._settings.log_level, **job},
                log=self._folder / "logs" / f"{role}.log",
                environment={SECRET_VARIABLE: self._secret},
            )
        )

    def wait_until_loaded(self) -> dict[str, Any]:
        """What the terminal is going to play."""
        self._hear(lambda: bool(self.loaded), "the quotes could not be prepared in time")
        return self.loaded

    def wait_until_open(self) -> str:
        """The bridge's endpoint."""
        self._hear(lambda: bool(self._endpoint), "the bridge did not start in time")
        return self._endpoint

    def _hear(self, is_enough: Any, problem: str) -> None:  # noqa: ANN401 - a question without arguments
        until_s = time.monotonic() + _START_S
        while not is_enough():
            if time.monotonic() > until_s:
                raise CommandError(problem, f"the logs are in {self._folder / 'logs'}", ExitCode.PROCESS)
            self._take(self._next())

    def _next(self) -> Note | None:
        note = self._household.next_note(_TICK_S)
        if note is None:
            self._household.check()
        return note

    def _take(self, note: Note | None) -> None:
        if note is None:
            return
        if note.event == "loaded":
            self.loaded = note.content
        elif note.event == "ready":
            self._endpoint = note.content["endpoint"]
        elif note.event == "failed":
            raise self._refusal(note)

    def _refusal(self, note: Note) -> CommandError:
        if note.content["kind"] in _TOLD_AS_THEY_ARE:
            return CommandError(str(note.content["problem"]), code=ExitCode.DATA)
        problem = f"the {note.child} process cannot go on: {note.content['problem']}"
        return CommandError(problem, f"its log is {self._folder / 'logs' / note.child}.log", ExitCode.PROCESS)

    # -- playing ------------------------------------------------------------------------------------------------------

    def play(self) -> Iterator[Scene | dict[str, Any]]:
        """Let it begin. Gives a scene a few times a second, and last the terminal's own numbers."""
        self.wait_until_loaded()
        endpoint = self.wait_until_open()
        self._household.children["terminal"].tell(endpoint=endpoint)
        while True:
            note = self._next()
            self._take(note)
            if note is not None and note.event == "progress":
                yield self._scene(note.content)
            elif note is not None and note.event == "done":
                yield dict(note.content["statistics"])
                return

    def _scene(self, told: dict[str, Any]) -> Scene:
        terminals = status_of(self._folder).get("terminals", [])
        first = terminals[0] if terminals else {}
        return Scene(
            played=told["played"],
            total=told["total"],
            utc_msc=told["utc_msc"],
            decisions=sum(first.get("decisions", {}).values()),
            orders=first.get("intents", 0),
            balance=first.get("balance", self._playback.deposit),
            equity=first.get("equity", self._playback.deposit),
        )

    def clear(self) -> dict[str, Any]:
        """Stop everything in order, the recorder last; the bridge's last status."""
        self._household.stop("terminal")
        self._household.stop("bridge")
        self._household.stop("recorder", grace_s=_RECORDING_S)
        return status_of(self._folder)
