"""MT5's deals as orders of a cash account without leverage, such as vectorbt keeps.

vectorbt buys with cash: it knows no margin, and no profit in a foreign currency. Profit, though, is linear in the price
of what is held, and does not ask how the purchase was paid for. So the same account comes out of three rules:

- *Margin* is what the simulated terminal checks and calls for, before a deal reaches vectorbt. There each purchase is
  paid in full, from a *cushion* of cash beside the deposit that is larger than anything the account could ever hold;
  the cushion is taken away when all orders are booked, and what is left is the account's equity.
- *Units*: a lot is `contract_size` units, at the price of the deal.
- *Currency*: where profit is in the account's currency the asset is the symbol. Where the symbol is quoted the other
  way round (USDJPY for an account in dollars) the asset is the foreign currency, at 1 / price dollars a unit: a buy of
  USDJPY sells yen. `volume * contract_size * price_open` yen gain exactly MT5's `(close - open) / close` dollars.

Commission, fees and swap are fees of the order, at the time MT5 books them.
"""

from typing import Final, NamedTuple

from domain.pricing import Conversion, SymbolMoney
from domain.symbols import CalcMode, SymbolSpec, SymbolSpecError
from domain.trading import Deal, DealEntry, DealType

CUSHION: Final = 1e9
"""Cash beside the deposit [account money]: ten thousand lots of a pair; a double still holds a ten-millionth of it."""

_BY_TICK_VALUE: Final = (CalcMode.FUTURES, CalcMode.EXCH_FUTURES, CalcMode.EXCH_FUTURES_FORTS)


class CashOrder(NamedTuple):
    """One purchase (`size` above 0) or sale [units] at `price` [account money a unit], with `fees` [account money]."""

    symbol: str
    size: float
    price: float
    fees: float


class CashBook:
    """Turns deals into orders; knows at which price each position was opened.

    Raises:
        SymbolSpecError: for a symbol whose profit is in a currency that neither rule turns into the account's.
    """

    def __init__(self, specs: tuple[SymbolSpec, ...], monies: dict[str, SymbolMoney]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._monies = monies
        self._opened: dict[int, tuple[float, float]] = {}
        for spec in specs:
            money = monies[spec.name]
            if money.profit_conversion == Conversion.FIXED_RATE or spec.calc_mode in _BY_TICK_VALUE:
                problem = "its profit is converted at a rate of its own, which a cash account cannot hold; use exact"
                raise SymbolSpecError(spec.name, "currency_profit", problem)

    def value_of(self, symbol: str, price: float) -> float:
        """What one unit of the asset behind `symbol` is worth at the symbol's `price` [account money]."""
        return 1.0 / price if self.is_inverse(symbol) else price

    def order_of(self, deal: Deal) -> CashOrder:
        """The order that books what `deal` books. Deals have to come in their order."""
        side = 1.0 if deal.type is DealType.BUY else -1.0
        units = deal.volume * self._specs[deal.symbol].contract_size
        opened = self._price_open(deal)
        size = -side * units * opened if self.is_inverse(deal.symbol) else side * units
        fees = -(deal.commission + deal.fee + deal.swap)
        return CashOrder(deal.symbol, size, self.value_of(deal.symbol, deal.price), fees)

    def is_inverse(self, symbol: str) -> bool:
        """Whether what is held of `symbol` is its profit currency, as of USDJPY for an account in dollars."""
        return self._monies[symbol].profit_conversion == Conversion.INVERSE_PRICE

    def _price_open(self, deal: Deal) -> float:
        """Mean opening price of the deal's position [price]."""
        if deal.entry is DealEntry.IN:
            lots, price = self._opened.get(deal.position_id, (0.0, 0.0))
            volume = lots + deal.volume
            self._opened[deal.position_id] = volume, (lots * price + deal.volume * deal.price) / volume
            return deal.price
        return self._opened[deal.position_id][1]
