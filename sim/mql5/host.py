"""Loads a compiled EA into this process, lends it a terminal, and calls its handlers one after another.

An EA has global variables, so a process can hold one EA, once.
"""

import ctypes
import functools
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from sim.matching import Rows
from sim.mql5 import abi
from sim.mql5.abi import Host, HostValue, Kind, LogLevel
from sim.mql5.build import Built
from sim.mql5.calendar import Calendar
from sim.mql5.desk import Desk, PropertyError
from sim.mql5.errors import EaFaultError, EaStartError
from sim.mql5.events import Event, EventKind
from sim.mql5.globals import GlobalVariables

_LOG: Final = logging.getLogger("ea")
_LEVELS: Final = {LogLevel.ALERTED: logging.WARNING, LogLevel.FAULTED: logging.ERROR, LogLevel.COMMENTED: logging.DEBUG}
_UNKNOWN_SYMBOL: Final = 4301
_TEXT_BYTES: Final = 256
_US_PER_MS: Final = 1000

# ctypes gives what C hands over no static type
Pointer: TypeAlias = Any
FunctionType: TypeAlias = Any
Given: TypeAlias = Any

_LOADED: Final[set[Path]] = set()

Heard = Callable[[int, bytes], None]
"""Told what happens on the EA's connections: `Traffic` and the bytes."""


class EaHost:
    """One EA and what it may ask for.

    `inputs` by name, as text; names the EA does not declare are refused. `heard` listens to its connections.
    `comment` is what stands on the chart, `logged` all its lines.

    Raises:
        EaStartError: for an input the EA does not have.
    """

    def __init__(
        self,
        built: Built,
        desk: Desk,
        *,
        inputs: Mapping[str, str],
        files_dir: Path,
        symbol: str,
        timeframe: int = 1,
        calendar: Calendar | None = None,
        heard: Heard | None = None,
    ) -> None:
        self.logged: list[str] = []
        self.comment = ""
        self.timer_ms = 0
        self.is_removed = False
        self._built = built
        self._desk = desk
        self._calendar = calendar or Calendar()
        self._heard = heard
        self._problem: BaseException | None = None
        self._lent: Any = None  # rows the EA is copying from
        files_dir.mkdir(parents=True, exist_ok=True)
        self._globals = GlobalVariables(files_dir)
        _check_inputs(built, inputs)
        self.host = Host(size=ctypes.sizeof(Host), abi=abi.VERSION, drop_after=-1, period=timeframe)
        self._describe(symbol, inputs, files_dir)
        self._library = self._load()

    def _describe(self, symbol: str, inputs: Mapping[str, str], files_dir: Path) -> None:
        host, spec = self.host, self._desk.terminal.spec(symbol)
        if spec is None:
            raise EaStartError(f"the terminal has no symbol {symbol} for the EA's chart")
        host.symbol, host.digits, host.point = symbol.encode(), spec.digits, spec.point
        host.inputs = "".join(f"{name}={value}\n" for name, value in inputs.items()).encode()
        host.files_dir, host.common_dir = os.fsencode(files_dir), os.fsencode(files_dir / "common")
        host.server_offset_s = self._desk.terminal.server_offset_s
        host.server_msc = host.quote_msc = self._desk.terminal.now_msc
        self._kept_alive = {name: kind(self._kept(name, kind)) for name, kind in abi.FUNCTIONS.items()}
        for name, function in self._kept_alive.items():
            setattr(host, name, function)

    def _kept(self, name: str, kind: FunctionType) -> Callable[..., Any]:
        """The method that answers, with its exception kept for whoever called the EA: C cannot carry it."""
        method = getattr(self, f"_on_{name}")
        failed = None if kind._restype_ is None else kind._restype_(-_UNKNOWN_SYMBOL).value

        @functools.wraps(method)
        def answer(*given: Given) -> Given:
            try:
                return method(*given)
            except BaseException as problem:  # noqa: BLE001 - raised again when the handler has returned
                self._problem = self._problem or problem
                return failed

        return answer

    def _load(self) -> ctypes.CDLL:
        if self._built.library in _LOADED:
            raise EaStartError(f"{self._built.library.name} is on a chart of this process already; start another one")
        _LOADED.add(self._built.library)
        os.environ[abi.ADDRESS_VARIABLE] = f"{ctypes.addressof(self.host):x}"
        try:
            library = ctypes.CDLL(str(self._built.library), mode=os.RTLD_NOW | os.RTLD_LOCAL)
        finally:
            del os.environ[abi.ADDRESS_VARIABLE]
        library.ea_fault.restype = ctypes.c_char_p
        self._raise_kept()
        return library

    # -- calling the EA ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """OnInit.

        Raises:
            EaStartError: it refused to start.
            EaFaultError: it faulted.
        """
        code = self._call("OnInit")
        if code:
            raise EaStartError(f"OnInit returned {code}: {self.logged[-1] if self.logged else 'no reason given'}")

    def stop(self, reason: int) -> None:
        """OnDeinit with MT5's `reason`, then the destructors of global objects; global variables are written down."""
        self.host.is_stopped, self.host.deinit_reason = 1, reason
        self._call("OnDeinit", ctypes.c_int(reason))
        self._library.ea_finish()
        self._globals.flush()

    def handle(self, event: Event) -> None:
        """Call the handler of `event`, if the EA has it.

        Raises:
            EaFaultError: it faulted; the EA is dead.
        """
        if event.kind is EventKind.TRANSACTION:
            self._call(event.kind.value, *(ctypes.byref(part) for part in event.content))
        else:
            self._call(event.kind.value)

    def _call(self, handler: str, *given: Given) -> int:
        if handler not in self._built.handlers:
            return 0
        code = int(getattr(self._library, f"ea_{handler}")(*given))
        self._raise_kept()
        fault = self._library.ea_fault()
        if fault:
            raise EaFaultError(fault.decode())
        return code

    def _raise_kept(self) -> None:
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem

    def wait_readable(self, wait_ms: int) -> bool:
        """Whether the EA could read something from a connection, waiting up to `wait_ms` of real time for it."""
        return bool(self._library.ea_wait_readable(wait_ms))

    # -- clocks --------------------------------------------------------------------------------------------------------

    def pass_ms(self, milliseconds: int) -> None:
        """The machine's clock goes on, and the server's with it."""
        self.host.machine_us += milliseconds * _US_PER_MS
        self.host.server_msc += milliseconds

    def quoted(self, now_msc: int) -> None:
        """A quote of `now_msc` [ms, broker's clock] has arrived."""
        self.host.quote_msc = now_msc
        self.host.server_msc = max(self.host.server_msc, now_msc)

    # -- what the EA asks ----------------------------------------------------------------------------------------------

    def _on_log(self, level: int, text: bytes) -> None:
        line = text.decode(errors="replace")
        if level == LogLevel.COMMENTED:
            self.comment = line
            return
        self.logged.append(line)
        _LOG.log(_LEVELS.get(LogLevel(level), logging.INFO), "%s", line)

    def _on_property(self, domain: int, kind: int, name: bytes, ticket: int, which: int, value: Pointer) -> int:
        try:
            answer = self._desk.answer(domain, name.decode(), ticket, which)
        except PropertyError as missing:
            return missing.code
        target: HostValue = value[0]
        if kind == Kind.STRING:
            target.text = abi.fitted(str(answer), _TEXT_BYTES)
        elif kind == Kind.DOUBLE:
            target.real = float(answer)
        else:
            target.integer = int(answer)
        return 0

    def _on_pool(self, domain: int, question: int, first: int, second: int) -> int:
        return self._desk.pool(domain, question, first, second)

    def _on_trade(self, mode: int, request: Pointer, result: Pointer) -> int:
        return int(self._desk.trade(mode, request[0], result[0]))

    def _on_estimate(self, what: int, kind: int, symbol: bytes, volume: float, price: float, close: float) -> float:
        return self._desk.estimate(what, kind, symbol.decode(), volume, price, close)

    def _on_ticks(self, symbol: bytes, flags: int, from_msc: int, to_msc: int, count: int, rows: Pointer) -> int:
        return self._lend(self._desk.ticks(symbol.decode(), flags, from_msc, to_msc, count), rows)

    def _on_rates(self, symbol: bytes, timeframe: int, by: int, first: int, second: int, rows: Pointer) -> int:
        return self._lend(self._desk.rates(symbol.decode(), timeframe, by, first, second), rows)

    def _lend(self, found: Rows | None, rows: Pointer) -> int:
        if found is None:
            return -_UNKNOWN_SYMBOL
        self._lent = np.ascontiguousarray(found)
        rows[0] = self._lent.ctypes.data
        return len(found)

    def _on_session(self, symbol: bytes, day: int, index: int, from_s: Pointer, to_s: Pointer) -> int:
        found = self._desk.session(symbol.decode(), day, index)
        if found is None:
            return _UNKNOWN_SYMBOL
        from_s[0], to_s[0] = found
        return 0

    def _on_global_variable(self, question: int, name: bytes, value: Pointer) -> int:
        found = self._globals.answer(question, name.decode(), value[0], self.host.server_msc // 1000)
        if found is None:
            return 0
        value[0] = found
        return 1

    def _on_calendar(
        self,
        question: int,
        number: int,
        from_s: int,
        to_s: int,
        country: bytes,
        currency: bytes,
        rows: Pointer,
    ) -> int:
        found = self._calendar.rows(question, number, (from_s, to_s), country.decode(), currency.decode())
        self._lent = found
        rows[0] = ctypes.addressof(found)
        return len(found)

    def _on_timer(self, period_ms: int) -> None:
        self.timer_ms = period_ms

    def _on_traffic(self, _socket: int, what: int, data: Pointer, length: int) -> None:
        if self._heard is not None:
            self._heard(what, ctypes.string_at(data, length) if length else b"")

    def _on_remove(self) -> None:
        self.is_removed = True


def _check_inputs(built: Built, inputs: Mapping[str, str]) -> None:
    known = [one.name for one in built.inputs]
    for name, value in inputs.items():
        if name not in known:
            raise EaStartError(f"the EA has no input {name}; it has {', '.join(known) or 'none'}")
        if "\n" in value or "\0" in value:
            raise EaStartError(f"input {name} cannot hold a line break")
