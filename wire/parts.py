"""Long answers in several frames, and together again."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec

from domain.updates import TradeUpdate
from wire.enums import ErrorCode
from wire.errors import WireError
from wire.messages import History, Snapshot

_LISTS = ("results", "deals", "positions", "orders")


def snapshot_parts(snapshot: Snapshot, items_per_part: int) -> list[Snapshot]:
    """`snapshot` as parts of at most `items_per_part` items, in the order they are to be sent."""
    update = snapshot.update
    tagged = [(name, item) for name in _LISTS for item in getattr(update, name)]
    chunks = list(_chunks(tagged, items_per_part)) or [[]]
    return [
        msgspec.structs.replace(
            snapshot,
            part=number,
            parts=len(chunks),
            update=TradeUpdate(
                money=update.money,
                complete=len(chunks) == 1,
                **_lists(chunk),
            ),
        )
        for number, chunk in enumerate(chunks, start=1)
    ]


def _lists(tagged: Sequence[tuple[str, Any]]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(item for list_name, item in tagged if list_name == name) for name in _LISTS}


def _chunks(items: Sequence[tuple[str, Any]], size: int) -> Iterator[Sequence[tuple[str, Any]]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def joined_snapshot(parts: Sequence[Snapshot]) -> Snapshot:
    """The whole of which `parts` are all the parts, in order; account and money are the last part's.

    Raises:
        WireError: where a part is missing or out of order.
    """
    numbers = [(part.part, part.parts) for part in parts]
    if not numbers or numbers != [(number, len(parts)) for number in range(1, len(parts) + 1)]:
        detail = f"are {numbers}; all parts are needed, in order"
        raise WireError(ErrorCode.OUT_OF_SEQUENCE, "WireSnapshot.part", detail)
    last = parts[-1]
    lists = {name: tuple(chain.from_iterable(getattr(part.update, name) for part in parts)) for name in _LISTS}
    update = TradeUpdate(money=last.update.money, complete=True, **lists)
    return Snapshot(account=last.account, update=update)


def history_parts(history: History, bars_per_part: int) -> list[History]:
    """`history` as parts of at most `bars_per_part` bars, in the order they are to be sent."""
    bars = history.rates
    starts = range(0, len(bars), bars_per_part) or range(1)
    return [
        msgspec.structs.replace(history, rates=bars[start : start + bars_per_part], part=number, parts=len(starts))
        for number, start in enumerate(starts, start=1)
    ]
