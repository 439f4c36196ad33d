"""The simulated terminal with compiled answers: what the EA asks at every tick costs it what it costs in a terminal.

The answers of `sim.mql5.desk` are Python, which no terminal is made of: some 80 us of each tick. They are kept for the
handshake; then those of `quick_terminal.cpp` take over, for an account without positions that does not trade.
"""

import ctypes
import struct
import subprocess
from ctypes import c_double, c_int32, c_int64, c_void_p
from pathlib import Path
from typing import Final

import numpy as np

from domain.trading import AccountSnapshot
from sim.mql5.build import RUNTIME, compiler
from sim.mql5.constants import constants
from sim.mql5.host import EaHost
from strategy.tables import Table

_SOURCE: Final = Path(__file__).with_name("quick_terminal.cpp")
_FLAGS: Final = ("-std=c++20", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Werror")
_ROOM: Final = 1 << 24
_TALK: Final = struct.Struct("<iIq")
_MONEY: Final = ("balance", "equity", "margin", "margin_free")

Talk = tuple[int, bytes, int]
"""What happened on the connection, its bytes, when [ns of the performance counter]."""


class State(ctypes.Structure):
    """As quick_terminal.cpp declares it."""

    _pack_ = 1
    _fields_ = (
        ("rows", c_void_p),
        ("times", c_void_p),
        ("played", c_int64),
        *((name, c_double) for name in _MONEY),
        *((f"{name}_id", c_int32) for name in _MONEY),
        ("talk", c_void_p),
        ("room", c_int64),
        ("used", c_int64),
    )


def compiled(folder: Path) -> Path:
    """The library, in `folder`."""
    library = folder / "quick_terminal.so"
    command = [*compiler(), *_FLAGS, "-I", str(RUNTIME), str(_SOURCE), "-o", str(library)]
    subprocess.run(command, check=True)
    return library


class QuickTerminal:
    """Answers `ea` from now on. `ticks` are all there will be."""

    def __init__(self, library: Path, ea: EaHost, ticks: Table, account: AccountSnapshot) -> None:
        self._rows = np.ascontiguousarray(ticks)
        assert self._rows.dtype.itemsize == 60
        self._times = np.ascontiguousarray(ticks["time_msc"])
        self._talk = np.zeros(_ROOM, np.uint8)
        self.state = State(rows=self._rows.ctypes.data, times=self._times.ctypes.data)
        self.state.talk, self.state.room = self._talk.ctypes.data, _ROOM
        for name in _MONEY:
            setattr(self.state, name, getattr(account, name))
            setattr(self.state, f"{name}_id", constants()[f"ACCOUNT_{name.upper()}"])
        ctypes.CDLL(str(library)).take_over(ctypes.byref(ea.host), ctypes.byref(self.state))

    def show(self, count: int) -> int:
        """`count` more ticks have come; time of the last of them [ms]."""
        self.state.played += count
        return int(self._times[self.state.played - 1])

    def heard(self) -> list[Talk]:
        """What has happened on the connection since the last time."""
        used, at, found = self.state.used, 0, []
        assert used <= _ROOM, "more was said than there is room for"
        said = self._talk[:used].tobytes()
        self.state.used = 0
        while at < used:
            what, length, at_ns = _TALK.unpack_from(said, at)
            at += _TALK.size
            found.append((what, said[at : at + length], at_ns))
            at += length
        return found
