"""The symbols of one simulated broker: specification, latest quote, and the numbers that price a position."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.pricing import SymbolMoney, rounded_price, symbol_money
from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S, WEEK_S
from sim import accounting, matching

_SUNDAY_OFFSET_S: Final = 4 * DAY_S  # 1970-01-01 was a Thursday, MT5's week starts on Sunday


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
        for spec in self.specs:
            accounting.check_swap(spec)
        self.use_leverage(leverage)

    def use_leverage(self, leverage: int) -> None:
        """Price margins with leverage 1:`leverage` from now on."""
        self.leverage = leverage
        self.moneys: list[SymbolMoney] = [symbol_money(spec, *self._currency, leverage) for spec in self.specs]
        self.money_rows = np.concatenate([matching.money_row(money) for money in self.moneys])

    def take_quote(self, symbol_index: int, ticks: matching.Rows, index: int) -> None:
        """Make `ticks[index]` the symbol's quote, where it is one, and move the server's clock."""
        time_msc = int(matching.take_quote(ticks, index, self.quotes, symbol_index))
        self.now_msc = max(self.now_msc, time_msc)

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


def next_opening_s(spec: SymbolSpec, server_s: int) -> int:
    """When the symbol trades again after `server_s` [s, broker's clock], which lies outside its sessions."""
    second = (server_s + _SUNDAY_OFFSET_S) % WEEK_S
    waits = [(opens - second) % WEEK_S for opens, _ in spec.sessions]
    return server_s + min(waits)
