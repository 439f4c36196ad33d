"""The symbols of one simulated broker: specification, latest quote, and the numbers that price a position."""

from collections.abc import Mapping, Sequence

import numpy as np

from domain.pricing import SymbolMoney, margin_currency_rate, rounded_price, symbol_money
from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S
from sim import matching
from sim.conversion import FOREX_MODES, Chain, Rate, combined, conversions, has_foreign_margin, required_chain
from sim.holidays import Holiday, TradingHours
from sim.swaps import swap_currency


class Market:
    """Quotes and pricing of `specs`, in the order of their indices, for an account in `currency`.

    `start_msc` is the server's clock before the first quote [ms]. `fixed_rates` [account money per unit] convert
    currencies that no symbol trades. Profit of Forex symbols is converted by the side of the deal, as MT5 does by
    default; `converts_by_market`, by whether it is a gain or a loss.

    Raises:
        SymbolSpecError: for a symbol that cannot be priced, or whose profit, margin or swap cannot be converted.
    """

    def __init__(
        self,
        specs: Sequence[SymbolSpec],
        currency: str,
        currency_digits: int,
        leverage: int,
        start_msc: int,
        *,
        fixed_rates: Mapping[str, float] | None = None,
        converts_by_market: bool = False,
        holidays: Sequence[Holiday] = (),
    ) -> None:
        self.specs = tuple(specs)
        self.symbols = tuple(spec.name for spec in self.specs)
        self.index_of = {name: index for index, name in enumerate(self.symbols)}
        self.quotes = np.zeros(len(self.specs), matching.QUOTE_DTYPE)
        self.now_msc = start_msc
        self._currency = (currency, currency_digits)
        self._fixed_rates = {currency: 1.0, **(fixed_rates or {})}
        self._by_market = converts_by_market
        self._chains = conversions(self.specs, currency, frozenset(self._fixed_rates))
        self._rates: dict[int, tuple[Rate | None, Rate | None]] = {}
        self.hours = TradingHours(holidays)
        for index, spec in enumerate(self.specs):
            if spec.swap_long or spec.swap_short:
                self.swap_rate(index)
        self.use_leverage(leverage)

    def use_leverage(self, leverage: int) -> None:
        """Price margins with leverage 1:`leverage` from now on."""
        self.leverage = leverage
        self.moneys = [self._priced(index, leverage) for index in range(len(self.specs))]
        for index, rates in self._rates.items():
            self.moneys[index] = _converted(self.moneys[index], *rates)
        self.money_rows = np.concatenate([matching.money_row(money) for money in self.moneys])

    def _priced(self, index: int, leverage: int) -> SymbolMoney:
        spec, fixed = self.specs[index], self._fixed_rates
        quoted = has_foreign_margin(spec, self._currency[0])
        money = symbol_money(spec, *self._currency, leverage, quoted_margin=quoted)
        by_deal = spec.calc_mode in FOREX_MODES and not self._by_market
        profit, margin = fixed.get(spec.currency_profit), fixed.get(spec.currency_margin)
        return _converted(
            money._replace(by_deal=int(by_deal)),
            Rate(profit, profit) if profit is not None else None,
            Rate(margin, margin) if margin is not None else None,
        )

    def take_quote(self, symbol_index: int, ticks: matching.Rows, index: int) -> None:
        """Make `ticks[index]` the symbol's quote, where it is one, and move the server's clock."""
        time_msc = int(matching.take_quote(ticks, index, self.quotes, symbol_index))
        self.now_msc = max(self.now_msc, time_msc)
        self.convert(symbol_index)

    def convert(self, symbol_index: int) -> None:
        """Convert profit and margin of a symbol from now on at the latest quotes of the pairs of its currencies.

        Before their first quotes the tick value of the specification holds, and no order is taken (`is_convertible`).
        """
        profit, margin = self._chains.profit.get(symbol_index), self._chains.margin.get(symbol_index)
        if profit is None and margin is None:
            return
        rates = (self._rate(profit), self._rate(margin))
        if rates != self._rates.get(symbol_index):
            self._rates[symbol_index] = rates
            self.moneys[symbol_index] = _converted(self.moneys[symbol_index], *rates)
            self.money_rows[symbol_index] = tuple(self.moneys[symbol_index])

    def is_convertible(self, symbol_index: int) -> bool:
        """Whether each symbol that is needed to convert this one's profit and margin has a quote."""
        chains = (self._chains.profit.get(symbol_index, ()), self._chains.margin.get(symbol_index, ()))
        return all(self.is_quoted(leg.symbol_index) for stages in chains for leg in stages)

    def margin_rate(self, symbol_index: int, side: int, price: float) -> float:
        """Account money per unit of the symbol's margin currency for a deal on `side` at `price`."""
        return float(margin_currency_rate(side, price, self.moneys[symbol_index]))

    def swap_rate(self, symbol_index: int) -> Rate:
        """What a unit of the currency of the symbol's swap brings and costs now [account money]; 0 before a quote.

        Raises:
            SymbolSpecError: where nothing converts it.
        """
        currency = swap_currency(self.specs[symbol_index], self._currency[0])
        if currency in self._fixed_rates:
            return Rate(self._fixed_rates[currency], self._fixed_rates[currency])
        stages = required_chain(self.specs, self.specs[symbol_index], currency, self._currency[0])
        return self._rate(stages) or Rate(0.0, 0.0)

    def _rate(self, stages: Chain | None) -> Rate | None:
        if stages is None:
            return None
        return combined([Rate(*self.quote(leg.symbol_index)[:2]) for leg in stages], stages)

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
        return self.is_open(symbol_index, self.now_msc // 1000)

    def is_open(self, symbol_index: int, server_s: int) -> bool:
        """Whether the symbol trades at `server_s` [s, broker's clock]."""
        return self.hours.is_open(self.specs[symbol_index], server_s)

    def next_opening_s(self, symbol_index: int, server_s: int) -> int:
        """When the symbol trades again after `server_s` [s, broker's clock], at which it does not."""
        return self.hours.next_opening_s(self.specs[symbol_index], server_s)

    def next_midnight_msc(self) -> int:
        """The next beginning of a day on the broker's clock [ms]."""
        return (self.now_msc // (DAY_S * 1000) + 1) * DAY_S * 1000


def _converted(money: SymbolMoney, profit: Rate | None, margin: Rate | None) -> SymbolMoney:
    if profit is not None:
        money = money._replace(profit_rate=profit.bid, loss_rate=profit.ask)
    return money if margin is None else money._replace(margin_bid=margin.bid, margin_ask=margin.ask)
