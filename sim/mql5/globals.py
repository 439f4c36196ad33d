"""Global variables of the terminal: numbers by name that outlive the EA, on the disk only after a flush."""

import json
from pathlib import Path
from typing import Final

from sim.mql5.abi import GlobalQuestion

FILE_NAME: Final = "globals.json"


class GlobalVariables:
    """Kept in `directory`; read when made, written by `flush`."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._kept: dict[str, tuple[float, int]] = {}
        if self._path.exists():
            self._kept = {name: (value, time_s) for name, (value, time_s) in json.loads(self._path.read_text()).items()}

    def answer(self, question: int, name: str, value: float, now_s: int) -> float | None:
        """Do what is asked at `now_s` [s]; None where there is no such variable."""
        if question == GlobalQuestion.SET:
            self._kept[name] = (value, now_s)
            return value
        if question == GlobalQuestion.COUNT:
            return float(len(self._kept))
        if question == GlobalQuestion.FLUSH:
            self.flush()
            return 0.0
        if name not in self._kept:
            return None
        found, time_s = self._kept[name]
        if question == GlobalQuestion.DELETE:
            del self._kept[name]
        return float(time_s) if question == GlobalQuestion.TIME else found

    def flush(self) -> None:
        """Write them down."""
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(self._kept), encoding="utf-8")
        draft.replace(self._path)
