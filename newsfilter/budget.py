"""How many calls of a day are left: EODHD counts them by UTC day, and a request may cost several."""

import threading
from pathlib import Path
from typing import Final

import msgspec

from newsfilter.http import FetchError, Problem
from newsfilter.postings import replace_whole

_NS_PER_DAY: Final = 86_400_000_000_000


class _Used(msgspec.Struct):
    day: int
    calls: int


class CallBudget:
    """Counts in the file `path`, so that a restart does not forget; at most `daily_calls` between two UTC midnights.

    Threads may share one.
    """

    def __init__(self, path: Path, daily_calls: int) -> None:
        self._path = path
        self._daily_calls = daily_calls
        self._spending = threading.Lock()

    def left(self, now_ns: int) -> int:
        """Calls left at `now_ns` [UTC ns]."""
        return self._daily_calls - self._used(now_ns // _NS_PER_DAY)

    def check(self, source: str, calls: int, now_ns: int) -> None:
        """See that a request may be made.

        Raises:
            FetchError: where it would cost more than is left.
        """
        left = self.left(now_ns)
        if calls > left:
            detail = (
                f"the request costs {calls} calls, and {max(0, left)} of {self._daily_calls} are left until 0:00 UTC"
            )
            seconds = (_NS_PER_DAY - now_ns % _NS_PER_DAY) / 1e9
            raise FetchError(source, Problem.BUDGET, detail, retry_after_s=seconds)

    def spend(self, calls: int, now_ns: int) -> None:
        """A request was answered; what failed costs nothing."""
        day = now_ns // _NS_PER_DAY
        with self._spending:
            used = _Used(day, self._used(day) + calls)
            replace_whole(self._path, msgspec.json.encode(used))

    def _used(self, day: int) -> int:
        try:
            used = msgspec.json.decode(self._path.read_bytes(), type=_Used)
        except (OSError, msgspec.MsgspecError):
            return 0  # none yet, or a damaged count: EODHD's own count still holds
        return used.calls if used.day == day else 0
