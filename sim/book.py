"""The open positions of one account, as rows a kernel can walk, oldest first."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from domain.pricing import SymbolMoney, position_profit
from domain.trading import Position, PositionType
from sim.matching import POSITION_DTYPE, Rows

_FIRST_CAPACITY: Final = 16


class PositionBook:
    """Rows of POSITION_DTYPE and the comments that belong to them."""

    def __init__(self) -> None:
        self._rows: Rows = np.zeros(_FIRST_CAPACITY, POSITION_DTYPE)
        self._comments: dict[int, str] = {}
        self._places: dict[int, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        """Tickets, oldest first."""
        return iter(tuple(self._places))

    @property
    def rows(self) -> Rows:
        """The positions, shape [n]: a view, valid until the book changes."""
        return self._rows[: self._count]

    def add(self, comment: str, **fields: float) -> None:
        """Append a position under a ticket that is not there yet. `fields` are those of POSITION_DTYPE."""
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        row = self._rows[self._count]
        for name in POSITION_DTYPE.names or ():
            row[name] = fields[name]
        ticket = int(fields["position_ticket"])
        self._comments[ticket] = comment
        self._places[ticket] = self._count
        self._count += 1

    def row_of(self, position_ticket: int) -> Any | None:  # noqa: ANN401 - a numpy record; writing to it writes to the book
        """The row of a ticket, or None where no such position is open."""
        place = self._places.get(position_ticket)
        return None if place is None else self._rows[place]

    def row_on(self, symbol_index: int) -> Any | None:  # noqa: ANN401 - a numpy record; writing to it writes to the book
        """The row of a symbol's first position, or None; on a netting account there is no other."""
        found = np.flatnonzero(self.rows["symbol_index"] == symbol_index)
        return self._rows[found[0]] if len(found) else None

    def remove(self, position_ticket: int) -> None:
        """Take a closed position out; a ticket that is not there changes nothing."""
        place = self._places.pop(position_ticket, None)
        if place is None:
            return
        self._rows[place : self._count - 1] = self._rows[place + 1 : self._count]
        self._count -= 1
        for behind in list(self._places)[place:]:
            self._places[behind] -= 1
        del self._comments[position_ticket]

    def comment_of(self, position_ticket: int) -> str:
        """Comment of the order that opened the position."""
        return self._comments[position_ticket]

    def position(self, row: Any, symbols: Sequence[str], close_price: float, money: SymbolMoney) -> Position:  # noqa: ANN401
        """The position in `row` as MT5 reports it, with its floating profit at `close_price`."""
        ticket, side = int(row["position_ticket"]), int(row["side"])
        volume, price_open = float(row["volume"]), float(row["price_open"])
        return Position(
            position_ticket=ticket,
            position_id=int(row["position_id"]),
            symbol=symbols[int(row["symbol_index"])],
            type=PositionType.BUY if side > 0 else PositionType.SELL,
            magic=int(row["magic"]),
            volume=volume,
            price_open=price_open,
            sl=float(row["sl"]),
            tp=float(row["tp"]),
            swap=float(row["swap"]),
            profit=float(position_profit(side, volume, price_open, close_price, money)),
            time_msc=int(row["time_msc"]),
            time_update_msc=int(row["time_update_msc"]),
            comment=self._comments[ticket],
        )
