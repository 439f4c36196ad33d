"""Looks for a new bulletin in a thread of its own, so that no disk, however slow, holds up a decision."""

import logging
import threading
from pathlib import Path
from typing import Final

from bridge.config import NewsRules
from bridge.terminal_calendar import TerminalCalendar
from bridge.trader import Trader
from newsfilter.bulletin import NO_BULLETIN, Bulletin
from newsfilter.events import NewsError
from newsfilter.postings import read_bulletin

_LOG: Final = logging.getLogger("companion.bridge")
_LOOK_S: Final = 1.0


class NewsWatch:
    """The newest bulletin in `path`: `bulletin`, immutable, replaced whole whenever another one was posted.

    A file that cannot be read changes nothing: the last bulletin holds as long as it says. Without `rules` nothing is
    looked for, and nobody is told anything.
    """

    def __init__(
        self,
        path: Path,
        rules: NewsRules | None,
        look_s: float = _LOOK_S,
        calendar: TerminalCalendar | None = None,
    ) -> None:
        self._path = path
        self._rules = rules
        self._look_s = look_s
        self._calendar = calendar
        self._seen: tuple[int, int, int] | None = None
        self._told: Bulletin | None = None
        self._said = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="news", daemon=True)
        self.bulletin: Bulletin = NO_BULLETIN

    def start(self) -> None:
        """Read what is there, and go on looking."""
        if self._rules is not None:
            self.look()
            self._thread.start()

    def close(self) -> None:
        """Stop looking; a disk that does not answer is not waited for long."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(self._look_s)

    def look(self) -> None:
        """Read the file if it is another one than last time."""
        try:
            there = self._path.stat()
        except OSError:
            return
        mark = there.st_mtime_ns, there.st_size, there.st_ino
        if mark == self._seen:
            return
        self._seen = mark
        try:
            self.bulletin = read_bulletin(self._path)
        except NewsError as problem:
            _LOG.error("news: %s", problem)

    def _watch(self) -> None:
        while not self._stop.wait(self._look_s):
            self.look()
            if self._calendar is not None:
                self._calendar.save()

    # -- the bridge's thread ------------------------------------------------------------------------------------------

    def has_more(self) -> bool:
        """Whether there is a bulletin that was not there when this was asked last."""
        told, self._told = self._told, self.bulletin
        return self._rules is not None and told is not self._told

    def tell(self, trader: Trader) -> None:
        """Let an account know the bulletin."""
        if self._rules is not None:
            trader.hear_news(self.bulletin, self._rules)

    def standing(self, now_ns: int) -> str:
        """What a person should know about the calendar at `now_ns` [UTC ns]; what is new goes to the log, too."""
        if self._rules is None:
            return ""
        words = self.bulletin.standing(now_ns)
        if words and self._rules.required and now_ns >= self.bulletin.reliable_until_ns:
            words = f"no entries: {words}"
        if words != self._said:
            self._said = words
            _LOG.warning("news: %s", words or "the calendar can be relied on")
        return words
