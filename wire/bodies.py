"""Reading and writing the messages outside the hot path, driven by the declaration."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from domain.dtypes import RATES_DTYPE
from domain.intents import Intent, IntentKind, LocalCare
from domain.symbols import SymbolSpec
from domain.trading import AccountSnapshot, Deal, Order, Position
from domain.updates import IntentResult, TradeUpdate
from wire import items, records
from wire.enums import ErrorCode, FrameFlag
from wire.errors import WireError
from wire.layout import Frame, Record
from wire.messages import (
    Calendar,
    CalendarValue,
    Heartbeat,
    History,
    HistoryRequest,
    IntentMessage,
    Report,
    Snapshot,
    Symbols,
)
from wire.quotes import BODY_AT, RATES_AT, check_length, checked_rates, item_bytes, money_of

Item = TypeVar("Item")
asdict: Final = msgspec.structs.asdict

_HEARTBEAT_BITS: Final = {
    "ready": FrameFlag.READY,
    "snapshot_wanted": FrameFlag.SNAPSHOT_WANTED,
    "trade_allowed": FrameFlag.TRADE_ALLOWED,
    "connected": FrameFlag.CONNECTED,
}
HEARTBEAT_FLAGS: Final = sum(_HEARTBEAT_BITS.values())
_CARE_FIELDS: Final = LocalCare.__struct_fields__
_NEEDED: Final[Mapping[IntentKind, tuple[tuple[str, ...], ...]]] = {
    IntentKind.OPEN: (("side",), ("volume",)),
    IntentKind.CLOSE: (("position_ticket",), ("volume",)),
    IntentKind.PARTIAL_CLOSE: (("position_ticket",), ("volume",)),
    IntentKind.MODIFY: (("position_ticket", "order_ticket"),),
    IntentKind.CANCEL: (("order_ticket",),),
}
"""For each kind of intent: of each group at least one field is not zero."""


class ItemReader:
    """Walks over the items of a frame whose length has been checked."""

    def __init__(self, frame: Frame, offset: int) -> None:
        self._frame = frame
        self._offset = offset

    def take(self, record: Record, build: Callable[..., Item], count: int) -> tuple[Item, ...]:
        """The next `count` items."""
        start, size = self._offset, record.size
        self._offset += count * size
        return tuple(
            _built(record, build, record.read(self._frame, offset)) for offset in range(start, self._offset, size)
        )


def _built(record: Record, build: Callable[..., Item], values: Mapping[str, Any]) -> Item:
    try:
        return build(**values)
    except ValueError as problem:  # a domain type that checks itself, such as SymbolSpec
        raise record.error("", str(problem)) from problem


def _ticket_of(ticket: int) -> int:
    return ticket


def _bytes_of(record: Record, values: Iterable[msgspec.Struct]) -> bytes:
    return b"".join([record.write(asdict(value)) for value in values])


def _gone_bytes(tickets: Iterable[int]) -> bytes:
    return b"".join([items.GONE.write({"ticket": ticket}) for ticket in tickets])


def _check_sum(count: int, counts: Sequence[int]) -> None:
    if sum(counts) != count:
        raise records.HEADER.error("items", f"are {count}; the body's counts add up to {sum(counts)}")


def _check_part(record: Record, part: int, parts: int) -> None:
    if not 1 <= part <= parts:
        raise record.error("part", f"is {part} of {parts}; parts count from 1")


# ------------------------------------------------------------------------------------------------- symbols, calendar


def read_symbols(frame: Frame, count: int) -> Symbols:
    """SYMBOLS with at least one symbol, each name once."""
    check_length(frame, BODY_AT + count * items.SYMBOL.size)
    specs = ItemReader(frame, BODY_AT).take(items.SYMBOL, SymbolSpec, count)
    if not specs or len({spec.name for spec in specs}) != count:
        raise items.SYMBOL.error("name", "must be there, and once only")
    return Symbols(specs=specs)


def write_symbols(message: Symbols) -> bytes:
    """Items of a SYMBOLS frame."""
    return _bytes_of(items.SYMBOL, message.specs)


def read_calendar(frame: Frame, count: int) -> Calendar:
    """CALENDAR and its values."""
    body = records.CALENDAR
    check_length(frame, BODY_AT + body.size + count * items.CALENDAR_VALUE.size)
    values = ItemReader(frame, BODY_AT + body.size).take(items.CALENDAR_VALUE, CalendarValue, count)
    return Calendar(**body.read(frame, BODY_AT), values=values)


def write_calendar(message: Calendar) -> bytes:
    """Body and items of a CALENDAR frame."""
    return records.CALENDAR.write(asdict(message)) + _bytes_of(items.CALENDAR_VALUE, message.values)


# ----------------------------------------------------------------------------------------------------------- history


def read_history(frame: Frame, count: int) -> History | HistoryRequest:
    """HISTORY: an answer, or (`parts` 0) a request."""
    check_length(frame, RATES_AT + count * items.RATES_BYTES)
    values = records.HISTORY.read(frame, BODY_AT)
    part, parts, bars = values.pop("part"), values.pop("parts"), values.pop("bars")
    if parts == 0:
        if part or count or not bars:
            raise records.HISTORY.error("bars", f"is {bars} in a request; ask for bars, and send none")
        return HistoryRequest(**values, bars=bars)
    _check_part(records.HISTORY, part, parts)
    if bars != count:
        raise records.HISTORY.error("bars", f"is {bars}, but {count} items follow")
    return History(**values, part=part, parts=parts, rates=checked_rates(frame, RATES_AT, count))


def write_history(message: History) -> bytes:
    """Body and items of an answer."""
    _check_part(records.HISTORY, message.part, message.parts)
    payload = records.HISTORY.write(asdict(message) | {"bars": len(message.rates)})
    payload += item_bytes(message.rates, RATES_DTYPE)
    checked_rates(payload, records.HISTORY.size, len(message.rates))
    return payload


def write_history_request(message: HistoryRequest) -> bytes:
    """Body of a request."""
    if message.bars < 1:
        raise records.HISTORY.error("bars", f"is {message.bars}; ask for at least one")
    return records.HISTORY.write(asdict(message) | {"part": 0, "parts": 0})


# ----------------------------------------------------------------------------------------------------------- intents


def read_intent(frame: Frame, symbols: Sequence[str]) -> IntentMessage:
    """INTENT; `symbols` are the names of this session."""
    values = records.INTENT.read(frame, BODY_AT)
    comment, index = values.pop("comment"), values.pop("symbol_index")
    if index >= len(symbols):
        raise WireError(ErrorCode.UNKNOWN_SYMBOL, "WireIntent.symbol_index", f"is {index} of {len(symbols)} symbols")
    care = LocalCare(**{field: values.pop(field) for field in _CARE_FIELDS})
    intent = Intent(**values, symbol=symbols[index], care=care)
    _check_intent(intent)
    return IntentMessage(intent=intent, comment=comment)


def write_intent(message: IntentMessage, symbols: Sequence[str]) -> bytes:
    """Body of an INTENT frame."""
    intent = message.intent
    _check_intent(intent)
    if intent.symbol not in symbols:
        detail = f"is {intent.symbol!r}; not among this session's SYMBOLS"
        raise WireError(ErrorCode.UNKNOWN_SYMBOL, "Intent.symbol", detail)
    index = symbols.index(intent.symbol)
    own = {"symbol_index": index, "comment": message.comment}
    return records.INTENT.write(asdict(intent) | asdict(intent.care) | own)


def _check_intent(intent: Intent) -> None:
    for group in _NEEDED[intent.kind]:
        if not any(getattr(intent, field) for field in group):
            raise records.INTENT.error(group[0], f"is missing; {intent.kind.name} needs {' or '.join(group)}")


# ----------------------------------------------------------------------------------------------- reports and snapshots


def read_report(frame: Frame, count: int) -> Report:
    """REPORT and its items."""
    check_at_least(frame, records.REPORT)
    values = records.REPORT.read(frame, BODY_AT)
    counts = [values[name] for name in ("results", "deals", "positions", "orders")]
    gone = [values["positions_gone"], values["orders_gone"]]
    _check_sum(count, counts + gone)
    items_at = BODY_AT + records.REPORT.size
    check_length(frame, items_at + _size_of(counts) + sum(gone) * items.GONE.size)
    walk = ItemReader(frame, items_at)
    update = TradeUpdate(
        money=money_of(values),
        results=walk.take(items.RESULT, IntentResult, counts[0]),
        deals=walk.take(items.DEAL, Deal, counts[1]),
        positions=walk.take(items.POSITION, Position, counts[2]),
        positions_gone=_tickets(walk, gone[0]),
        orders=walk.take(items.ORDER, Order, counts[3]),
        orders_gone=_tickets(walk, gone[1]),
    )
    return Report(time_msc=values["time_msc"], update=update)


def _size_of(counts: Sequence[int]) -> int:
    kinds = (items.RESULT, items.DEAL, items.POSITION, items.ORDER)
    return sum(count * record.size for count, record in zip(counts, kinds, strict=True))


def _tickets(walk: ItemReader, count: int) -> tuple[int, ...]:
    return walk.take(items.GONE, _ticket_of, count)


def check_at_least(frame: Frame, body: Record) -> None:
    """Refuse a frame too short for its body."""
    if len(frame) < BODY_AT + body.size:
        check_length(frame, BODY_AT + body.size)


def write_report(message: Report) -> bytes:
    """Body and items of a REPORT frame."""
    update = message.update
    if update.complete:
        raise records.REPORT.error("", "carries a complete update; that is a SNAPSHOT")
    body = asdict(update.money) | _counts(update) | {"time_msc": message.time_msc}
    return b"".join(
        [
            records.REPORT.write(body),
            _bytes_of(items.RESULT, update.results),
            _bytes_of(items.DEAL, update.deals),
            _bytes_of(items.POSITION, update.positions),
            _gone_bytes(update.positions_gone),
            _bytes_of(items.ORDER, update.orders),
            _gone_bytes(update.orders_gone),
        ]
    )


def _counts(update: TradeUpdate) -> dict[str, int]:
    return {
        name: len(getattr(update, name))
        for name in ("results", "deals", "positions", "positions_gone", "orders", "orders_gone")
    }


def read_snapshot(frame: Frame, count: int) -> Snapshot:
    """SNAPSHOT, or one part of it."""
    check_at_least(frame, records.SNAPSHOT)
    values = records.SNAPSHOT.read(frame, BODY_AT)
    counts = [values.pop(name) for name in ("results", "deals", "positions", "orders")]
    part, parts = values.pop("part"), values.pop("parts")
    _check_part(records.SNAPSHOT, part, parts)
    _check_sum(count, counts)
    check_length(frame, BODY_AT + records.SNAPSHOT.size + _size_of(counts))
    walk = ItemReader(frame, BODY_AT + records.SNAPSHOT.size)
    update = TradeUpdate(
        money=money_of(values),
        results=walk.take(items.RESULT, IntentResult, counts[0]),
        deals=walk.take(items.DEAL, Deal, counts[1]),
        positions=walk.take(items.POSITION, Position, counts[2]),
        orders=walk.take(items.ORDER, Order, counts[3]),
        complete=parts == 1,
    )
    return Snapshot(account=AccountSnapshot(**values), update=update, part=part, parts=parts)


def write_snapshot(message: Snapshot) -> bytes:
    """Body and items of a SNAPSHOT frame."""
    update = message.update
    _check_part(records.SNAPSHOT, message.part, message.parts)
    if update.positions_gone or update.orders_gone or update.complete != (message.parts == 1):
        raise records.SNAPSHOT.error("", "is a complete update, or part of one: nothing in it is gone")
    if update.money != money_of(asdict(message.account)):
        raise records.SNAPSHOT.error("balance", "differs between the account and its update")
    body = asdict(message.account) | _counts(update) | {"part": message.part, "parts": message.parts}
    return b"".join(
        [
            records.SNAPSHOT.write(body),
            _bytes_of(items.RESULT, update.results),
            _bytes_of(items.DEAL, update.deals),
            _bytes_of(items.POSITION, update.positions),
            _bytes_of(items.ORDER, update.orders),
        ]
    )


# --------------------------------------------------------------------------------------------------------- heartbeats


def read_heartbeat(frame: Frame, flags: int) -> Heartbeat:
    """HEARTBEAT with the header's bits."""
    values = records.HEARTBEAT.read(frame, BODY_AT)
    return Heartbeat(
        server_time_s=values["server_time_s"],
        utc_s=values["utc_s"],
        server_offset_s=values["server_offset_s"],
        money=money_of(values),
        ticks_sent=values["ticks_sent"],
        ping_ms=values["ping_ms"],
        **{field: bool(flags & bit) for field, bit in _HEARTBEAT_BITS.items()},
    )


def write_heartbeat(message: Heartbeat) -> bytes:
    """Body of a HEARTBEAT frame."""
    return records.HEARTBEAT.write(asdict(message.money) | asdict(message))


def heartbeat_flags(message: Heartbeat) -> int:
    """The header's bits for `message`."""
    return sum(bit for field, bit in _HEARTBEAT_BITS.items() if getattr(message, field))
