"""Processes that a command starts and watches: the bridge, its recorder, the simulated terminal.

A child gets its job as one JSON line on its standard input and its secret in its environment, never on a command line
that others on this machine can read. The pipe is also its leash: when the parent dies, however it dies, the child reads
the end of it and stops. What a child has to say comes back as JSON lines on its standard output; its log is a file.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, Final, Self

import msgspec

from app.console import CommandError, ExitCode

GRACE_S: Final = 10.0
_LOG_LINES: Final = 5
_LOG_BYTES: Final = 10 * 1024 * 1024
_FIRST_DELAY_S: Final = 1.0
_LONGEST_DELAY_S: Final = 60.0
_STEADY_S: Final = 60.0


class ChildSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How a child is started: `python -m module`, with `job` on its standard input."""

    name: str
    module: str
    job: dict[str, Any]
    log: Path
    environment: dict[str, str] = {}

    def __repr__(self) -> str:
        """Never shows the environment: it may hold the secret."""
        return f"ChildSpec(name={self.name!r}, module={self.module!r})"


class Note(msgspec.Struct, frozen=True):
    """Something a child said: its `event` and what belongs to it."""

    child: str
    event: str
    content: dict[str, Any]


class ChildDiedError(CommandError):
    """A child ended although nobody asked it to; names its log and repeats its last lines."""

    def __init__(self, name: str, code: int, log: Path) -> None:
        tail = last_lines(log)
        said = "".join(f"\n    {line}" for line in tail)
        super().__init__(f"the {name} process ended with status {code}{said}", f"its log is {log}", ExitCode.PROCESS)
        self.name = name


class Child:
    """One running process."""

    def __init__(self, spec: ChildSpec, notes: "queue.Queue[Note]") -> None:
        self.spec = spec
        self.started_s = time.monotonic()
        self._notes = notes
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        _rotate(spec.log)
        with spec.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", spec.module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **spec.environment},
                start_new_session=True,  # Ctrl-C reaches the parent alone, which stops its children in order
            )
        self.tell(**spec.job)
        self._listener = threading.Thread(target=self._listen, name=f"listen-{spec.name}", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def tell(self, **word: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        """Say something to it."""
        pipe = self._process.stdin
        line = json.dumps(word).encode() + b"\n"
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # it is dead already; its status says so to whoever asks
                pipe.write(line)
                pipe.flush()

    def _listen(self) -> None:
        pipe = self._process.stdout
        if pipe is None:
            return
        for line in pipe:
            note = _note_in(self.spec.name, line)
            if note is not None:
                self._notes.put(note)

    def ask_to_stop(self) -> None:
        """Let go of the leash."""
        pipe = self._process.stdin
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):  # it is dead already
                pipe.close()

    def wait(self, timeout_s: float) -> int | None:
        """Its status once it has ended and everything it said was heard; None if it still runs."""
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        self._listener.join(timeout_s)
        return status

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def release(self) -> None:
        """Close what is left open."""
        self.ask_to_stop()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _rotate(log: Path) -> None:
    """Keep one old log beside the new one."""
    if log.is_file() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))


def _note_in(name: str, line: bytes) -> Note | None:
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return Note(name, content.pop("event"), content) if isinstance(content, dict) and "event" in content else None


def last_lines(log: Path, count: int = _LOG_LINES) -> list[str]:
    """The end of a log file."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-count:]


class Household:
    """Children that belong together; all of them have ended when the `with` block is left, however it is left."""

    def __init__(self) -> None:
        self.children: dict[str, Child] = {}
        self.notes: queue.Queue[Note] = queue.Queue()

    def start(self, spec: ChildSpec) -> Child:
        """Start a child, or start it anew."""
        child = Child(spec, self.notes)
        self.children[spec.name] = child
        return child

    def next_note(self, timeout_s: float) -> Note | None:
        """What a child said next; None where nothing came in time."""
        try:
            return self.notes.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def check(self, *names: str) -> None:
        """Make sure that these children are alive (all, where none is named).

        Raises:
            ChildDiedError: for one that is not.
        """
        for name in names or tuple(self.children):
            child = self.children[name]
            status = child.status
            if status is not None:
                raise ChildDiedError(name, status, child.spec.log)

    def stop(self, *names: str, grace_s: float = GRACE_S) -> None:
        """Ask these children (all, the last started first, where none is named) to stop, and wait until they have."""
        for name in names or tuple(reversed(self.children)):
            child = self.children.pop(name, None)
            if child is None:
                continue
            child.ask_to_stop()
            if child.wait(grace_s) is None:
                child.kill()
            child.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop(grace_s=GRACE_S if kind is None else GRACE_S / 2)


class Restarts:
    """When a child that died may be started again: after 1 s, 2 s, ... up to a minute; a steady minute forgives all."""

    def __init__(self) -> None:
        self._delay_s = 0.0
        self._due_s = 0.0

    def died(self, now_s: float, lived_s: float) -> float:
        """Note a death; the seconds until the next start."""
        self._delay_s = (
            _FIRST_DELAY_S if lived_s >= _STEADY_S else min(_LONGEST_DELAY_S, max(_FIRST_DELAY_S, 2.0 * self._delay_s))
        )
        self._due_s = now_s + self._delay_s
        return self._delay_s

    def is_due(self, now_s: float) -> bool:
        """Whether it may be started now."""
        return now_s >= self._due_s


# -- the child's side -------------------------------------------------------------------------------------------------


class Leash:
    """The child's end of the pipe: its job, and the word to stop."""

    def __init__(self, pipe: IO[bytes] | None = None) -> None:
        self._pipe = pipe or sys.stdin.buffer
        self.stopped = threading.Event()

    def next_word(self) -> dict[str, Any] | None:
        """What the parent says next, its job before all; None where it has let go."""
        line = self._pipe.readline()
        return dict(json.loads(line)) if line.endswith(b"\n") else None

    def watch(self) -> threading.Event:
        """Set once the parent let go or died."""
        threading.Thread(target=self._wait, name="leash", daemon=True).start()
        return self.stopped

    def _wait(self) -> None:
        while self._pipe.read(4096):
            pass
        self.stopped.set()


def say(event: str, **content: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Tell the parent; a parent that is gone is told nothing."""
    line = json.dumps({"event": event, **content}) + "\n"
    with contextlib.suppress(BrokenPipeError):  # the leash ends this process
        sys.stdout.write(line)
        sys.stdout.flush()
