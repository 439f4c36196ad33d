"""Keeps what terminals tell of MetaTrader's own calendar, and puts it where the news process finds it.

The bridge's thread alone takes values in; what it has is immutable, and the thread that looks for bulletins writes it.
"""

import logging
from pathlib import Path
from typing import Final

import msgspec

from domain.servertime import NS_PER_S
from newsfilter.events import NewsError
from newsfilter.terminal import ToldCalendar, heard, read_told, write_told
from wire.messages import Calendar

_LOG: Final = logging.getLogger("companion.bridge")
_CLOCKS_STEP_S: Final = 900  # offsets of brokers' clocks are whole quarters of an hour
_CONFIRMED_NS: Final = 60 * NS_PER_S


class TerminalCalendar:
    """The calendar of all terminals together: MT5's numbers of the values are the same everywhere."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._told = _known(path)
        self._saved = self._told

    def hear(self, message: Calendar, server_offset_s: int, utc_ns: int, *, whole: bool) -> str:
        """Take in what a terminal tells at `utc_ns` [UTC ns]; why it cannot be used, empty where it can.

        `server_offset_s` is the measured offset of its server's clock [s]: with a wrong one every event would stand
        at a wrong time, so the time the message itself was sent at must agree with it.
        """
        measured_s = round((message.server_time_s - utc_ns / NS_PER_S) / _CLOCKS_STEP_S) * _CLOCKS_STEP_S
        if measured_s != server_offset_s:
            return f"its times cannot be converted: the server is {measured_s} s ahead of UTC, not {server_offset_s} s"
        self._told = heard(self._told, message.values, server_offset_s, utc_ns, whole=whole)
        return ""

    def confirm(self, utc_ns: int) -> None:
        """A terminal that tells its calendar is there at `utc_ns` [UTC ns]: what it has not told has not changed."""
        if utc_ns - self._told.as_of_ns >= _CONFIRMED_NS:
            self._told = msgspec.structs.replace(self._told, as_of_ns=utc_ns)

    def save(self) -> None:
        """Write the file where there is something new. Call it from a thread that may wait for the disk."""
        told = self._told
        if self._path is None or told is self._saved:
            return
        try:
            write_told(self._path, told)
        except OSError as problem:
            _LOG.warning("the terminals' calendar cannot be written: %s", problem)
            return
        self._saved = told


def _known(path: Path | None) -> ToldCalendar:
    try:
        return read_told(path) if path is not None else ToldCalendar()
    except NewsError as problem:
        _LOG.warning("%s", problem)
        return ToldCalendar()
