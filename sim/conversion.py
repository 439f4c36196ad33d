"""Which symbols' quotes turn money of one currency into another's, and at what rate.

Source: MetaTrader 5 platform help, "Conversion". The pair of both currencies is looked for among the Forex symbols,
with the postfix of the symbol that is traded first, then in alphabetical order; where there is none, the way leads
through the US dollar. Each stage is done at the rate that is worse for the client: what is sold at the bid, what is
bought at the ask.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from domain.symbols import CalcMode, SymbolSpec, SymbolSpecError

FOREX_MODES: Final = (CalcMode.FOREX, CalcMode.FOREX_NO_LEVERAGE)
_TICK_VALUE_MODES: Final = (CalcMode.FUTURES, CalcMode.EXCH_FUTURES)  # their tick value is the specification's
_BRIDGE: Final = "USD"
_PAIR_LENGTH: Final = 6  # of a name like EURUSD; the postfix is what follows


class Leg(NamedTuple):
    """One stage: the symbol, and whether its quote is turned around."""

    symbol_index: int
    is_inverse: bool


Chain = tuple[Leg, ...]
"""Stages from one currency to another."""


class Rate(NamedTuple):
    """Account money that a unit of another currency brings when it is sold, and costs when it is bought."""

    bid: float
    ask: float


class Conversions(NamedTuple):
    """By symbol index: how its profit and its margin become account money, where that takes other symbols' quotes."""

    profit: dict[int, Chain]
    margin: dict[int, Chain]


def conversions(specs: Sequence[SymbolSpec], currency: str, known: frozenset[str] = frozenset()) -> Conversions:
    """What the symbols need for an account in `currency`; currencies that are `known` by a fixed rate need nothing.

    Raises:
        SymbolSpecError: where nothing converts a symbol's profit or margin currency.
    """
    profit, margin = {}, {}
    for index, spec in enumerate(specs):
        if _has_foreign_profit(spec, currency) and spec.currency_profit not in known:
            profit[index] = required_chain(specs, spec, spec.currency_profit, currency, "currency_profit")
        if has_foreign_margin(spec, currency) and spec.currency_margin not in known:
            margin[index] = required_chain(specs, spec, spec.currency_margin, currency, "currency_margin")
    return Conversions(profit, margin)


def chain(specs: Sequence[SymbolSpec], spec: SymbolSpec, source: str, target: str) -> Chain | None:
    """Stages from `source` to `target` money for a deal in `spec`; None where there is no way."""
    direct = _leg(specs, spec, source, target)
    if direct is not None:
        return (direct,)
    if _BRIDGE in (source, target):
        return None
    first, second = _leg(specs, spec, source, _BRIDGE), _leg(specs, spec, _BRIDGE, target)
    return None if first is None or second is None else (first, second)


def combined(quotes: Sequence[Rate], stages: Chain) -> Rate | None:
    """The rate along `stages`, whose symbols stand at `quotes` (one a stage); None before each of them has a quote."""
    bid, ask = 1.0, 1.0
    for quote, leg in zip(quotes, stages, strict=True):
        if quote.bid <= 0.0 or quote.ask <= 0.0:
            return None
        bid *= 1.0 / quote.ask if leg.is_inverse else quote.bid
        ask *= 1.0 / quote.bid if leg.is_inverse else quote.ask
    return Rate(bid, ask)


def postfix_of(spec: SymbolSpec) -> str:
    """What a broker put behind the pair in the symbol's name: `.ecn` of EURUSD.ecn."""
    pair = spec.currency_base + spec.currency_profit
    return spec.name[_PAIR_LENGTH:] if spec.name.startswith(pair) else ""


def _has_foreign_profit(spec: SymbolSpec, currency: str) -> bool:
    own = spec.currency_profit == currency or (spec.currency_base == currency and spec.calc_mode in FOREX_MODES)
    return not own and spec.calc_mode not in _TICK_VALUE_MODES


def has_foreign_margin(spec: SymbolSpec, currency: str) -> bool:
    """Where the symbol is itself priced in one of both currencies for the other, its own deal price converts."""
    pair = {spec.currency_base, spec.currency_profit}
    if spec.currency_margin == currency or pair == {spec.currency_margin, currency}:
        return False
    by_tick_value = spec.calc_mode == CalcMode.CFDINDEX and spec.margin_initial <= 0.0
    return not (by_tick_value and spec.currency_margin == spec.currency_profit)


def _leg(specs: Sequence[SymbolSpec], spec: SymbolSpec, source: str, target: str) -> Leg | None:
    fitting = [
        (postfix_of(one) != postfix_of(spec), one.name, index)
        for index, one in enumerate(specs)
        if one.calc_mode in FOREX_MODES and {one.currency_base, one.currency_profit} == {source, target}
    ]
    if not fitting:
        return None
    index = min(fitting)[2]
    return Leg(index, is_inverse=specs[index].currency_base == target)


def required_chain(
    specs: Sequence[SymbolSpec], spec: SymbolSpec, source: str, target: str, field: str = "swap"
) -> Chain:
    """As `chain`.

    Raises:
        SymbolSpecError: naming `field` of `spec`, where there is no way.
    """
    found = chain(specs, spec, source, target)
    if found is None:
        problem = (
            f"is {source}, which no symbol converts into {target}; add {source}{target} or {target}{source} "
            f"to the symbols, or a rate of {source} to the account's fixed_rates"
        )
        raise SymbolSpecError(spec.name, field, problem)
    return found
