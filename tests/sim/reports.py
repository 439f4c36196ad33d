"""Deal lists of real MT5 servers, and a venue on which the simulated terminal plays them again.

A report does not say which position an exit closed. Of the open positions that fit (symbol, side and volume), the one
is taken whose profit, and then whose swap, agrees: that there is one, and that the balance then agrees, is what is
tested.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from domain.pricing import position_profit
from domain.retcodes import Retcode
from domain.symbols import CalcMode, SymbolSpec
from domain.trading import Deal, DealEntry, DealReason, MarginMode, Position
from sim.holidays import Holiday
from sim.profiles import AccountProfile, CommissionRule, LeverageTier
from sim.terms import HolidaySwap, SymbolTerms
from tests.sim.venues import EURUSD, USDJPY, XAUUSD, Venue, open_all_week, order

TESTER: Final = "mt5_reports/tester_geraked"
MAJORS: Final = {
    "EURUSD": 1.2,
    "GBPUSD": 1.35,
    "AUDUSD": 0.75,
    "NZDUSD": 0.7,
    "USDJPY": 110.0,
    "USDCHF": 0.92,
    "USDCAD": 1.3,
}
"""Pairs that convert every other currency into dollars, and what they stand at before the first deal."""
TESTER_TERMS: Final = SymbolTerms(holiday_swap=HolidaySwap.NIGHT_AFTER)
_PLENTY: Final = 5000  # leverage, so that a margin that nobody reported refuses nothing


class Line(NamedTuple):
    """One deal of a report."""

    time_msc: int
    symbol: str
    side: int
    entry: DealEntry
    volume: float
    price: float
    commission: float
    swap: float
    profit: float
    balance: float


def lines_of(rows: Iterable[dict[str, str]]) -> Iterator[Line]:
    """Deals in their order; the deposit is left out."""
    for row in rows:
        if row["Type"] in ("buy", "sell"):
            moment = datetime.strptime(row["Time"], "%Y.%m.%d %H:%M:%S").replace(tzinfo=UTC)
            money = (float(row[name].replace(" ", "")) for name in ("Commission", "Swap", "Profit", "Balance"))
            entry = DealEntry.IN if row["Direction"] == "in" else DealEntry.OUT
            side = 1 if row["Type"] == "buy" else -1
            figures = (float(row["Volume"]), float(row["Price"]), *money)
            yield Line(int(moment.timestamp()) * 1000, row["Symbol"], side, entry, *figures)


def lines_of_tester(reference: Path, name: str) -> list[Line]:
    """Of one of the Strategy Tester reports."""
    with gzip.open(reference / TESTER / name / "deals.csv.gz", "rt") as lines:
        return list(lines_of(list(csv.DictReader(lines))))


def spec_of(symbol: str, swaps: tuple[float, float] = (0.0, 0.0)) -> SymbolSpec:
    """A symbol of a report, named as there: 100,000 units, gold 100 ounces, oil 1,000 barrels."""
    base, profit = ("USD", "USD") if "OIL" in symbol else (symbol[:3], symbol[3:6])
    kind = XAUUSD if base == "XAU" else USDJPY if profit == "JPY" else EURUSD
    return msgspec.structs.replace(
        open_all_week(kind),
        name=symbol,
        currency_base=base,
        currency_profit=profit,
        currency_margin=base,
        swap_long=swaps[0],
        swap_short=swaps[1],
        volume_max=1000.0,
        calc_mode=CalcMode.CFD if "OIL" in symbol else CalcMode.FOREX,
        contract_size=1000.0 if "OIL" in symbol else kind.contract_size,
    )


class Replay:
    """The simulated terminal with every symbol of `lines` and the pairs that convert them."""

    def __init__(
        self,
        lines: Sequence[Line],
        *,
        deposit: float = 10_000.0,
        commission: float = 0.0,
        swaps: dict[str, tuple[float, float]] | None = None,
        holidays: tuple[Holiday, ...] = (),
        margin_mode: MarginMode = MarginMode.RETAIL_HEDGING,
    ) -> None:
        rates = swaps or {}
        postfix = lines[0].symbol[6:]
        names = dict.fromkeys([*(line.symbol for line in lines), *(pair + postfix for pair in MAJORS)])
        specs = [spec_of(name, rates.get(name[:6], (0.0, 0.0))) for name in names]
        profile = AccountProfile(
            login=1,
            server="S",
            deposit=deposit,
            tiers=(LeverageTier(equity_from=0.0, leverage=_PLENTY),),
            commission=CommissionRule(per_lot=commission),
            terms=dict.fromkeys(names, TESTER_TERMS),
            holidays=holidays,
            margin_mode=margin_mode,
        )
        self.lines = lines
        self.postfix = postfix
        self.swap_given = frozenset(name for name in names if name[:6] not in rates)
        self.venue = Venue(*specs, profile=profile, start_msc=lines[0].time_msc - 60_000)
        for pair, price in MAJORS.items():
            self.quote(pair + postfix, price, after_msc=1)
        self.given = 0.0

    def quote(self, symbol: str, price: float, *, after_msc: int = 0) -> None:
        """One price for both sides."""
        index = self.venue.terminal.symbols.index(symbol)
        self.venue.quote(price, price, symbol_index=index, after_msc=after_msc)

    def carry_out(self, line: Line, conversion: "Implied | None" = None, opened: float | None = None) -> Deal:
        """The same order at the same price and time, while the pair that converts its profit stands at `conversion`."""
        if conversion is not None:
            self.quote(conversion.pair, conversion.price, after_msc=line.time_msc - self.venue.clock_msc)
        self.quote(line.symbol, line.price, after_msc=line.time_msc - self.venue.clock_msc)
        request = order(line.side, line.volume, symbol=line.symbol)
        netting = self.venue.terminal.profile.margin_mode == MarginMode.RETAIL_NETTING
        if line.entry == DealEntry.OUT and not netting:
            request = msgspec.structs.replace(request, position_ticket=self.closed_by(line, opened).position_ticket)
        answer = self.venue.terminal.send(request, DealReason.CLIENT)
        assert answer.retcode == Retcode.DONE, (answer, line)
        deal = self.venue.terminal.deals[-1]
        self.given += line.swap if line.symbol in self.swap_given else 0.0
        return deal

    def closed_by(self, line: Line, opened: float | None) -> Position:
        """The position that this exit closed; `opened` is its price, where the report tells."""
        money = self.venue.terminal.pricing(line.symbol)
        fitting = [
            one
            for one in self.venue.terminal.positions()
            if (one.symbol, one.side) == (line.symbol, -line.side) and one.volume >= line.volume - 1e-9
        ]
        agreeing = [
            one
            for one in fitting
            if one.price_open == opened
            or (
                opened is None
                and position_profit(one.side, line.volume, one.price_open, line.price, money) == line.profit
            )
        ]
        assert agreeing, f"no open position fits {line}: {fitting}"
        return min(agreeing, key=lambda one: (one.volume != line.volume, abs(one.swap - line.swap)))

    def play(self, conversions: "Mapping[int, Implied] | None" = None) -> tuple[int, int]:
        """Play all lines; how many exits there were, and how many of them with a swap that was not given.

        `conversions` by the number of the line: what converts its profit.
        """
        exits, with_swap = 0, 0
        for number, line in enumerate(self.lines):
            deal = self.carry_out(line, (conversions or {}).get(number))
            swap = 0.0 if line.symbol in self.swap_given else line.swap
            assert (deal.profit, deal.commission, deal.swap) == (line.profit, line.commission, swap), (deal, line)
            balance = round(self.venue.terminal.money().balance + self.given, 2)
            assert balance == line.balance, (balance, line)
            exits += line.entry == DealEntry.OUT
            with_swap += swap != 0.0
        assert self.venue.terminal.positions() == ()
        return exits, with_swap


# -- what a report says of the rates its crosses were converted at -----------------------------------------------------


def is_cross(symbol: str) -> bool:
    return not {symbol[:3], symbol[3:6]} & {"USD", "USO"}


def converter_of(symbol: str) -> str:
    """The pair, with the symbol's postfix, that turns its profit currency into dollars."""
    foreign = symbol[3:6]
    return next(pair for pair in MAJORS if foreign in pair) + symbol[6:]


class Implied(NamedTuple):
    """The converting pair of an exit from a cross; the bounds of its rate and the price on its grid between them."""

    pair: str
    price: float
    low: float
    high: float

    @property
    def is_sharp(self) -> bool:
        """Whether no other price of the grid fits."""
        return self.high - self.low < _grid_of(self.pair)


def implied_quotes(lines: Sequence[Line], opened: Mapping[int, float] | None = None) -> dict[int, Implied]:
    """Of each exit from a cross, by its number: the price of the converting pair that gives the profit reported.

    `opened` are the entry prices of exits by number, where the report tells; else exits close entries of their volume
    in the order they were opened, and those of one symbol and side at one moment must have one price in common.

    Raises:
        AssertionError: where no such price exists.
    """
    baskets: dict[tuple[str, int, int], list[tuple[int, float, float]]] = defaultdict(list)
    entries: dict[tuple[str, int, float], list[float]] = defaultdict(list)
    for number, line in enumerate(lines):
        if not is_cross(line.symbol):
            continue
        if line.entry == DealEntry.IN:
            entries[line.symbol, line.side, line.volume].append(line.price)
            continue
        waiting = entries[line.symbol, -line.side, line.volume]
        price = waiting.pop(0) if opened is None else opened[number]
        moved = (line.price - price) * -line.side * line.volume * 100_000
        low, high = sorted((line.profit + half) / moved for half in (-0.005, 0.005))
        basket = line.time_msc if opened is None else number
        baskets[line.symbol, line.side, basket].append((number, low, high))
    return {
        number: _price_between(converter_of(symbol), members)
        for (symbol, _, _), members in baskets.items()
        for number, _, _ in members
    }


def _price_between(pair: str, members: Sequence[tuple[int, float, float]]) -> Implied:
    """The price of `pair` on its grid, nearest to the middle, whose rate lies within the bounds of all `members`."""
    low, high = max(one[1] for one in members), min(one[2] for one in members)
    assert low <= high, (pair, members)
    if pair.startswith("USD"):
        low, high = 1.0 / high, 1.0 / low
    scale = round(1.0 / _grid_of(pair))
    price = round((low + high) / 2.0 * scale) / scale
    assert low <= price <= high, (pair, low, price, high)
    return Implied(pair, price, low, high)


def _grid_of(pair: str) -> float:
    return 1e-3 if "JPY" in pair else 1e-5
