"""Which positions, orders and deals a call wants: the package's arguments as one question to ask of each.

A ticket or position of 0 and an empty symbol choose nothing and let all through: wrappers of others call that way.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from sim.metatrader5.arguments import Moment, group_text, moment, whole, words
from sim.metatrader5.failures import INVALID_ARGUMENTS, UNNAMED_ARGUMENTS, CallError, invalid
from sim.metatrader5.masks import chooser
from sim.metatrader5.structs import TradeDeal, TradeOrder

_DATES = 2


class Standing(Protocol):
    """A position or an active order."""

    ticket: int
    symbol: str


Past = TypeVar("Past", TradeOrder, TradeDeal)
Question: TypeAlias = Callable[[Past], bool]


def standing(unnamed: Sequence[object], named: Mapping[str, Any]) -> Callable[[Standing], bool]:
    """Of several arguments the ticket alone counts, else the symbol; those passed over are not even looked at.

    Raises:
        CallError: for an unnamed argument, or one of the wrong type.
    """
    if unnamed:
        raise CallError(UNNAMED_ARGUMENTS)
    if "ticket" in named:
        ticket = whole(named["ticket"], invalid("ticket"))
        return lambda held: ticket in (0, held.ticket)
    if "symbol" in named:
        symbol = words(named["symbol"], invalid("symbol"))
        return lambda held: symbol in ("", held.symbol)
    chosen = chooser(group_text(named.get("group", ""), invalid("group")))
    return lambda held: chosen(held.symbol)


def past(
    dates: Sequence[Moment], named: Mapping[str, Any], time_of: Callable[[Past], int], ticket_of: Callable[[Past], int]
) -> Callable[[Past], bool]:
    """Two dates and perhaps a group; without dates a ticket, else a position.

    Raises:
        CallError: for another number of dates, none of the three, or an argument of the wrong type.
    """
    if len(dates) == _DATES:
        return _between(dates, named, time_of)
    if dates and named:
        raise CallError(UNNAMED_ARGUMENTS)
    if not dates and "ticket" in named:
        ticket = whole(named["ticket"], invalid("ticket"))
        return lambda record: ticket in (0, ticket_of(record))
    if not dates and "position" in named:
        position = whole(named["position"], invalid("position"))
        return lambda record: position in (0, record.position_id)
    raise CallError(INVALID_ARGUMENTS)


def _between(
    dates: Sequence[Moment], named: Mapping[str, Any], time_of: Callable[[Past], int]
) -> Callable[[Past], bool]:
    begin, end = (moment(date) for date in dates)
    chosen = chooser(group_text(named.get("group", ""), invalid("group")))
    return lambda record: begin <= time_of(record) <= end and chosen(record.symbol)
