"""The symbols of one simulated broker: specification, latest quote, and the numbers that price a position."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from domain.pricing import SymbolMoney, rounded_price, symbol_money
from domain.symbols import CalcMode, SymbolSpec
from domain.timeframes import DAY_S, WEEK_S
from sim import accounting, matching

_SUNDAY_OFFSET_S: Final = 4 * DAY_S  # 1970-01-01 was a Thursday, MT5's week starts on Sunday

_FOREX_MODES: Final = (CalcMode.FOREX, CalcMode.FOREX_NO_LEVERAGE)
_TICK_VALUE_MODES: Final = (CalcMode.FUTURES, CalcMode.EXCH_FUTURES)  # their tick value is the specification's


class ConversionSource(NamedTuple):
    """The symbol whose quote converts another's profit; `is_inverse` where its base is the account's currency."""

    symbol_index: int
    is_inverse: bool


class Market:
    """Quotes and pricing of `specs`, in the order of their indices, for an account in `currency`.

    `start_msc` is the server's clock before the first quote [ms].

    Raises:
        SymbolSpecError: for a symbol that cannot be priced or whose swap is not simulated.
    """

    def __init__(
        self, specs: Sequence[SymbolSpec], currency: str, currency_digits: int, leverage: int, start_msc: int
    ) -> None:
        self.specs = tuple(specs)
        self.symbols = tuple(spec.name for spec in self.specs)
        self.index_of = {name: index for index, name in enumerate(self.symbols)}
        self.quotes = np.zeros(len(self.specs), matching.QUOTE_DTYPE)
        self.now_msc = start_msc
        self._currency = (currency, currency_digits)
        self._rates: dict[int, float] = {}
        self._sources = conversion_sources(self.specs, currency)
        for spec in self.specs:
            accounting.check_swap(spec)
        self.use_leverage(leverage)

    def use_leverage(self, leverage: int) -> None:
        """Price margins with leverage 1:`leverage` from now on."""
        self.leverage = leverage
        self.moneys: list[SymbolMoney] = [symbol_money(spec, *self._currency, leverage) for spec in self.specs]
        for index, rate in self._rates.items():
            self.moneys[index] = self.moneys[index]._replace(profit_rate=rate)
        self.money_rows = np.concatenate([matching.money_row(money) for money in self.moneys])

    def take_quote(self, symbol_index: int, ticks: matching.Rows, index: int) -> None:
        """Make `ticks[index]` the symbol's quote, where it is one, and move the server's clock."""
        time_msc = int(matching.take_quote(ticks, index, self.quotes, symbol_index))
        self.now_msc = max(self.now_msc, time_msc)
        self.convert(symbol_index)

    def convert(self, symbol_index: int) -> None:
        """Convert profit of a symbol from now on at the latest quote of the symbol that trades its profit currency.

        Nothing changes where the account's currency is in the symbol itself, where there is no such other symbol, or
        before its first quote: then the tick value of the specification holds.
        """
        source = self._sources.get(symbol_index)
        if source is None or not self.is_quoted(source.symbol_index):
            return
        bid, ask, _ = self.quote(source.symbol_index)
        rate = 1.0 / ask if source.is_inverse else bid
        if rate != self._rates.get(symbol_index):
            self._rates[symbol_index] = rate
            self.moneys[symbol_index] = self.moneys[symbol_index]._replace(profit_rate=rate)
            self.money_rows[symbol_index]["profit_rate"] = rate

    def quote(self, symbol_index: int) -> tuple[float, float, int]:
        """Bid, ask and time [ms, broker's clock] of the latest tick; zeros before the first."""
        row = self.quotes[symbol_index]
        return float(row["bid"]), float(row["ask"]), int(row["time_msc"])

    def is_quoted(self, symbol_index: int) -> bool:
        """Whether both sides have a price."""
        bid, ask, _ = self.quote(symbol_index)
        return bid > 0.0 and ask > 0.0

    def price(self, symbol_index: int, side: int) -> float:
        """What a deal on `side` is done at: the ask for a buy, the bid for a sell."""
        return float(self.quotes[symbol_index]["ask" if side > 0 else "bid"])

    def fill_price(self, symbol_index: int, side: int, slippage_points: float) -> float:
        """The same, worsened by `slippage_points`, on the symbol's grid."""
        spec = self.specs[symbol_index]
        worsened = self.price(symbol_index, side) + side * slippage_points * spec.point
        return float(rounded_price(worsened, spec.tick_size, spec.digits)) if slippage_points else worsened

    def in_session(self, symbol_index: int) -> bool:
        """Whether the symbol trades at the server's clock."""
        return self.specs[symbol_index].in_session(self.now_msc // 1000)

    def next_midnight_msc(self) -> int:
        """The next beginning of a day on the broker's clock [ms]."""
        return (self.now_msc // (DAY_S * 1000) + 1) * DAY_S * 1000


def conversion_sources(specs: Sequence[SymbolSpec], currency: str) -> dict[int, ConversionSource]:
    """Of each symbol whose profit is in a currency foreign to it and the account: which other one converts it."""
    pairs = {
        (spec.currency_base, spec.currency_profit): index
        for index, spec in enumerate(specs)
        if spec.calc_mode in _FOREX_MODES
    }
    found = {}
    for index, spec in enumerate(specs):
        foreign = spec.currency_profit
        is_own = foreign == currency or (spec.currency_base == currency and spec.calc_mode in _FOREX_MODES)
        if is_own or spec.calc_mode in _TICK_VALUE_MODES:
            continue
        if (foreign, currency) in pairs:
            found[index] = ConversionSource(pairs[foreign, currency], is_inverse=False)
        elif (currency, foreign) in pairs:
            found[index] = ConversionSource(pairs[currency, foreign], is_inverse=True)
    return found


def next_opening_s(spec: SymbolSpec, server_s: int) -> int:
    """When the symbol trades again after `server_s` [s, broker's clock], which lies outside its sessions."""
    second = (server_s + _SUNDAY_OFFSET_S) % WEEK_S
    waits = [(opens - second) % WEEK_S for opens, _ in spec.sessions]
    return server_s + min(waits)
