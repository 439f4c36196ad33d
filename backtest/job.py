"""What a backtest is given: rules, an account at a simulated broker, and quotes on one clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.dtypes import TICK_DTYPE
from domain.serverclock import UTC_CLOCK, ServerClock
from domain.servertime import server_msc_from_utc_ns, utc_ns_from_server_msc
from domain.symbols import SymbolSpec
from marketdata.quotes import Ticks
from marketdata.tape import Tape
from newsfilter.board import NewsBoard
from sim.profiles import AccountProfile
from strategy.events import WarmUp
from strategy.params import EngineSettings

_NS_PER_S: Final = 1_000_000_000


class JobError(ValueError):
    """A backtest that cannot be run as asked; names what is wrong and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One backtest.

    `ticks` are TICK_DTYPE by the broker's symbol name, on the broker's `clock`; ticks made of bars will do. `warm_up`
    is the history before the first tick, `news` what the calendar says; None means that nobody tells of news, and
    nothing is judged by it.

    Raises:
        JobError: for quotes that are missing, of another dtype, or of a symbol without a specification.
    """

    settings: EngineSettings
    profile: AccountProfile
    specs: tuple[SymbolSpec, ...]
    ticks: Mapping[str, Ticks]
    clock: ServerClock = UTC_CLOCK
    warm_up: tuple[WarmUp, ...] = ()
    news: NewsBoard | None = None

    def __post_init__(self) -> None:
        """Refuse what could only fail halfway through a run."""
        described = {spec.name for spec in self.specs}
        for symbol, ticks in self.ticks.items():
            if symbol not in described:
                raise JobError(f"{symbol}: there are quotes of it, but no specification; give one in specs")
            if ticks.dtype != TICK_DTYPE:
                raise JobError(f"{symbol}: quotes have dtype {ticks.dtype}; make TICK_DTYPE of them")
        if not any(len(ticks) for ticks in self.ticks.values()):
            raise JobError("there are no quotes; give ticks of at least one symbol")

    @property
    def tape(self) -> Tape:
        """The ticks of all symbols in the order of time."""
        return Tape(tuple(self.ticks), self.ticks)

    @property
    def start_msc(self) -> int:
        """Time of the first tick [ms, broker's clock]."""
        return min(int(ticks[0]["time_msc"]) for ticks in self.ticks.values() if len(ticks))

    @property
    def end_msc(self) -> int:
        """Time of the last tick [ms, broker's clock]."""
        return max(int(ticks[-1]["time_msc"]) for ticks in self.ticks.values() if len(ticks))

    def spec_of(self, symbol: str) -> SymbolSpec:
        """The specification of `symbol`.

        Raises:
            KeyError: for a symbol the broker does not have.
        """
        return {spec.name: spec for spec in self.specs}[symbol]

    def server_s(self, time_ns: int) -> int:
        """Broker's clock [s] at UTC `time_ns` [ns]."""
        utc_s = time_ns // _NS_PER_S
        return utc_s + self.clock.offset_at_utc(utc_s)

    def server_msc(self, time_ns: int) -> int:
        """Broker's clock [ms] at UTC `time_ns` [ns]."""
        return server_msc_from_utc_ns(time_ns, self.clock.offset_at_utc(time_ns // _NS_PER_S))

    def utc_ns(self, server_msc: int) -> int:
        """UTC [ns] at `server_msc` on the broker's clock [ms]."""
        return utc_ns_from_server_msc(server_msc, self.clock.offset_at(server_msc))
