"""Libraries we are compared with, each in an environment and a process of its own: lines in, JSON out."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

NAUTILUS: Final = "nautilus_trader==1.221.0"
HFTBACKTEST: Final = "hftbacktest==2.4.4"
BACKTESTING: Final = "backtesting==0.6.6"
_HERE: Final = Path(__file__).resolve().parent


class Peer:
    """A running peer; a round for every line it is sent."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._said()

    def once(self, line: str = "") -> dict[str, Any]:
        """One run."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._said()

    def _said(self) -> dict[str, Any]:
        """The next line it prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the peer has stopped; its message is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def running_peer(python: Path, script: str, quotes: np.ndarray, *arguments: str) -> Iterator[Peer]:
    """`script` of this folder with `quotes` (ticks or bars) loaded and turned into the peer's own objects."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "quotes.npy"
        np.save(file, quotes)
        command = [str(python), str(_HERE / script), str(file), *arguments]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Peer(process)
            finally:
                process.kill()


def peer_python(requirement: str, chosen: Path | None) -> Path:
    """Interpreter that has `requirement`; made in .venv-peers where none was named, once."""
    if chosen is not None:
        return chosen
    name = requirement.partition("==")[0].removesuffix("_trader")
    python = _HERE.parent / ".venv-peers" / name / "bin" / "python"
    if not python.exists():
        print(f"installing {requirement} into {python.parent.parent}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(python.parent.parent)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", requirement], check=True)
    return python
