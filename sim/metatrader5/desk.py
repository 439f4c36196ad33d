"""The one connection a process has: which terminal it would find, whether it is connected, what `last_error` tells."""

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeVar

from sim.feed import Feed
from sim.metatrader5.arguments import CError, Kind, placed
from sim.metatrader5.demo import demo_station
from sim.metatrader5.failures import NO_CONNECTION, SUCCESS, UNASKED, CallError, Failure
from sim.metatrader5.station import Clock, Station
from sim.terminal import SimTerminal

if TYPE_CHECKING:
    from sim.metatrader5.remote import Remote

P = ParamSpec("P")
R = TypeVar("R")


class Desk:
    """State of one process; `lock` is held during each call, because third parties call from several threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.error: Failure = UNASKED
        self.registered: Station | None = None
        self.connected = False
        self.remote: Remote | None = None

    def station(self) -> Station:
        """The connected terminal, its market moved to where it should be.

        Raises:
            CallError: without a connection.
        """
        if not self.connected or self.registered is None:
            raise CallError(NO_CONNECTION)
        self.registered.catch_up()
        return self.registered

    def asked(self, function: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:  # noqa: ANN401 - what it returns
        """What `function` of the other process's terminal returns; a connection that breaks is given up.

        Raises:
            CallError: it is broken.
            CError: where C would leave an error behind.
        """
        if self.remote is None:
            raise CallError(NO_CONNECTION)
        try:
            result, self.error = self.remote.call(function, arguments, named)
        except CallError:
            self.hang_up()
            raise
        return result

    def hang_up(self) -> None:
        """End the connection to another process, if there is one."""
        if self.remote is not None:
            self.remote.close()
            self.remote = None

    def found(self) -> Station:
        """The terminal that `initialize` finds: the attached one, else a demonstration."""
        if self.registered is None:
            self.registered = demo_station()
        return self.registered


DESK: Final = Desk()


def attach(terminal: SimTerminal, feed: Feed, *, step_ms: int = 0, clock: Clock | None = None) -> None:
    """Make `terminal` the one that `initialize` finds, in place of any before it; a connection is ended.

    Args:
        terminal: the simulated terminal.
        feed: what moves its market. The caller plays it, unless one of the following is given.
        step_ms: before each call the market moves by so much [ms, broker's clock].
        clock: before each call the market moves to where this clock is [s, from any beginning].

    Raises:
        ValueError: for a negative `step_ms`.
    """
    if step_ms < 0:
        raise ValueError(f"step_ms is {step_ms}; time only moves forward")
    with DESK.lock:
        DESK.hang_up()
        DESK.registered = Station(terminal, feed, step_ms, clock)
        DESK.connected = False
        DESK.error = UNASKED


def detach() -> None:
    """Forget the attached terminal; `initialize` would then find the demonstration."""
    with DESK.lock:
        DESK.hang_up()
        DESK.registered = None
        DESK.connected = False
        DESK.error = UNASKED


class Builtin(Generic[P, R]):
    """A function that, as one written in C, does not become a method where a class keeps it: wrappers of others do.

    `function` gives it its name, its module and its signature.
    """

    def __init__(self, function: Callable[P, R], answer: Callable[P, R]) -> None:
        self._answer = answer
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: P.args, **named: P.kwargs) -> R:
        """Call it."""
        return self._answer(*arguments, **named)

    def __repr__(self) -> str:
        return f"<built-in function {vars(self)['__name__']}>"

    def __reduce__(self) -> str:
        return str(vars(self)["__qualname__"])


def builtin(function: Callable[P, R]) -> Callable[P, R]:
    """`function` as one of the package's functions written in C."""
    return Builtin(function, function)


def call(
    *kinds: Kind,
    failure: Any = None,  # noqa: ANN401 - False or None
    optional: int = 0,
    stays: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function of the package: arguments checked by place, `failure` returned where it fails, `last_error` kept.

    `kinds` are those of the arguments, the last `optional` of which may be left out; a function without any checks its
    arguments itself. While the terminal is another process's, all but those that `stays` are carried out there.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        """`function` as the package has it: callable by anybody, with its failures told the package's way."""

        def answer(*arguments: P.args, **named: P.kwargs) -> R:
            """One call at a time: its arguments checked, its outcome kept for `last_error`.

            Raises:
                TypeError: for a named argument where only places are taken.
                SystemError: where the package's C code would leave an error behind.
            """
            if kinds and named:
                raise TypeError(f"{function.__name__}() takes no keyword arguments")
            with DESK.lock:
                try:
                    values = placed(kinds, optional, arguments) if kinds else arguments
                    if DESK.remote is not None and not stays:
                        return DESK.asked(function.__name__, tuple(values), dict(named))  # type: ignore[no-any-return]
                    result = function(*values, **named)
                except CallError as error:
                    DESK.error = error.failure
                    return None if error.returns_none else failure  # type: ignore[return-value]
                except CError as error:
                    DESK.error = error.failure
                    words = f"<built-in function {function.__name__}> returned a result with an exception set"
                    raise SystemError(words) from error.cause
                DESK.error = SUCCESS
                return result

        return Builtin(function, answer)

    return decorate


@call()
def utc_ns() -> int | None:
    """UTC of the market's present [ns]: where its clock stands, also between two quotes; None without a connection.

    Not a function of the package: for programs that pair the broker's clock with UTC, on a market that is not of today.
    """
    return DESK.station().utc_ns
