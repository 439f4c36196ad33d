"""How the charts of a session come to know what was before its ticks."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bridge.histories import Chart, Histories
from bridge.stream import Place
from bridge.trader import Trader
from domain.servertime import NS_PER_S
from wire.messages import History, HistoryRequest, Message
from wire.session import BridgeSession

if TYPE_CHECKING:
    from strategy.tables import Table

_ASK_AGAIN_NS: Final = 5 * NS_PER_S


class Schooling:
    """Gives history to charts that need it, and asks the terminal for more (`say`) where some is missing."""

    def __init__(self, session: BridgeSession, trader: Trader, say: Callable[[Message], None]) -> None:
        self.streams = False
        self._session = session
        self._trader = trader
        self._say = say
        self._histories = Histories()
        self._bars: dict[Chart, Table] = {}
        self._asked_ns: int | None = None

    def learn(self, part: History) -> None:
        """Take a part of a chart's history."""
        joined = self._histories.joined(self._session.symbols[part.symbol_index], part)
        if joined is not None and joined[0] in self._wanted():
            chart, bars = joined
            if self.streams:
                self._trader.warm_up(chart, bars)
            else:
                self._bars[chart] = bars  # the first batch of ticks shows whether it is needed

    def begin_stream(self, place: Place) -> None:
        """Before the first ticks of a session: charts that the ticks do not continue learn from their history."""
        self.streams = True
        if place == Place.ELSEWHERE:
            self._trader.warm.clear()
            self._trader.stream.broken()
        for chart, bars in self._bars.items():
            if chart not in self._trader.warm:
                self._trader.warm_up(chart, bars)
        self._bars.clear()

    def forget(self) -> None:
        """Ticks were left out: what the charts know is no longer what was, until they are given history again."""
        self._trader.warm.clear()
        self._bars.clear()
        self._asked_ns = None

    def cold(self) -> list[Chart]:
        """Charts without history. What was warm in an earlier session counts once the ticks have shown to go on."""
        warm = self._trader.warm if self.streams else self._bars.keys()
        return sorted(self._wanted() - warm)

    def ask(self, now_ns: int) -> None:
        """Ask for the history that is missing, now and then."""
        cold = self.cold()
        if not cold or (self._asked_ns is not None and now_ns - self._asked_ns < _ASK_AGAIN_NS):
            return
        self._asked_ns = now_ns
        places = {name: place for place, name in enumerate(self._session.symbols)}
        for name, timeframe in cold:
            if name in places:
                bars = self._trader.bars_wanted
                self._say(HistoryRequest(symbol_index=places[name], timeframe=timeframe, bars=bars))

    def _wanted(self) -> set[Chart]:
        return {(chart.symbol, chart.timeframe) for chart in self._trader.engine.wanted_charts}
