"""The record as the engine saw it: what it was fed with and what it decided, in order."""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import msgspec
import numpy as np

from account.events import AccountEvent
from bridge.introductions import TerminalInfo
from bridge.records import Entry, EntryKind, warm_up_of
from bridge.trader import EngineStart
from domain.dtypes import RATES_DTYPE
from domain.timeframes import Timeframe
from domain.updates import Money
from newsfilter.board import NewsBoard
from strategy.tables import DECISION_DTYPE, Table
from wire.codec import decode
from wire.errors import WireError
from wire.messages import Ticks

_EVENTS: Final[msgspec.json.Decoder[list[AccountEvent]]] = msgspec.json.Decoder(list[AccountEvent])
_TERMINAL: Final = msgspec.json.Decoder(TerminalInfo)
_BOARD: Final = msgspec.json.Decoder(NewsBoard)
_START: Final = msgspec.json.Decoder(EngineStart)
_GAP: Final = msgspec.json.Decoder(dict[str, object])


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A new engine began."""

    seq: int
    account: str
    start: EngineStart


class Warmed(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A chart was given its history."""

    seq: int
    account: str
    symbol: str
    timeframe: Timeframe
    bars: Table


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """Account events were given to the engine."""

    seq: int
    account: str
    events: tuple[AccountEvent, ...]


class Informed(msgspec.Struct, frozen=True, kw_only=True):
    """The engine was told what is known of news."""

    seq: int
    account: str
    board: NewsBoard


class Fed(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A batch of ticks came; `consumed` tells whether the engine was fed with it."""

    seq: int
    account: str
    wall_ns: int
    symbol: str
    batch: int
    server_offset_s: int
    money: Money
    ticks: Table
    consumed: bool


class Decided(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The engine's decision records; `symbols` has the name for each row."""

    seq: int
    account: str
    wall_ns: int
    symbols: tuple[str, ...]
    rows: Table


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Entries are missing here: a full disk, a removed or damaged file."""

    seq: int
    reason: str


Input: TypeAlias = Started | Warmed | Booked | Informed | Fed | Decided | Lost


class InputReader:
    """Turns entries into inputs. It must be shown every TERMINAL entry of the segments it reads."""

    def __init__(self) -> None:
        self.terminals: dict[int, TerminalInfo] = {}

    def read(self, entries: Iterable[Entry]) -> Iterator[Input]:
        """The inputs in `entries`; everything else is left out."""
        for entry in entries:
            found = self.input_of(entry)
            if found is not None:
                yield found

    def input_of(self, entry: Entry) -> Input | None:
        """What an entry means for the engine; None where it means nothing to it, Lost where it cannot be read."""
        try:
            return self._input_of(entry)
        except (msgspec.MsgspecError, struct.error, LookupError, ValueError) as unreadable:
            return Lost(seq=entry.seq, reason=f"entry {entry.seq} was written by another version: {unreadable}")

    def _input_of(self, entry: Entry) -> Input | None:
        if entry.kind == EntryKind.TERMINAL:
            self.terminals[entry.terminal] = _TERMINAL.decode(entry.payload)
            return None
        if entry.kind == EntryKind.NOTE:
            return _lost_of(entry)
        if entry.kind == EntryKind.ENGINE_START:
            start = _START.decode(entry.payload)
            return Started(seq=entry.seq, account=start.account, start=start)
        info = self.terminals.get(entry.terminal)
        return self._engine_input(entry, info) if info is not None else None

    def _engine_input(self, entry: Entry, info: TerminalInfo) -> Input | None:
        match entry.kind:
            case EntryKind.EVENTS:
                return Booked(seq=entry.seq, account=info.account, events=tuple(_EVENTS.decode(entry.payload)))
            case EntryKind.WARM_UP:
                symbol, timeframe, bars = warm_up_of(entry.payload)
                return Warmed(
                    seq=entry.seq,
                    account=info.account,
                    symbol=symbol,
                    timeframe=Timeframe(timeframe),
                    bars=np.frombuffer(bars, RATES_DTYPE),
                )
            case EntryKind.NEWS:
                return Informed(seq=entry.seq, account=info.account, board=_BOARD.decode(entry.payload))
            case EntryKind.DECISIONS:
                return _decided_of(entry, info)
            case EntryKind.INBOUND:
                return _fed_of(entry, info)
            case _:
                return None


def _lost_of(entry: Entry) -> Lost | None:
    note = _GAP.decode(entry.payload)
    if "lost_from_seq" not in note:
        return None
    reason = f"entries {note['lost_from_seq']} to {note['lost_to_seq']} could not be written: {note['error']}"
    return Lost(seq=entry.seq, reason=reason)


def _decided_of(entry: Entry, info: TerminalInfo) -> Decided | Lost:
    if len(entry.payload) % DECISION_DTYPE.itemsize:
        return Lost(seq=entry.seq, reason="decision records of another version of this program")
    rows: Table = np.frombuffer(entry.payload, DECISION_DTYPE)
    symbols = tuple(info.names[index] for index in rows["symbol"])
    return Decided(seq=entry.seq, account=info.account, wall_ns=entry.wall_ns, symbols=symbols, rows=rows)


def _fed_of(entry: Entry, info: TerminalInfo) -> Fed | None:
    try:
        _, message = decode(entry.payload, info.symbols)
    except WireError:
        return None
    if not isinstance(message, Ticks):
        return None
    return Fed(
        seq=entry.seq,
        account=info.account,
        wall_ns=entry.wall_ns,
        symbol=info.symbols[message.symbol_index] if message.symbol_index < len(info.symbols) else "?",
        batch=message.batch,
        server_offset_s=message.server_offset_s,
        money=message.money,
        ticks=message.ticks,
        consumed=entry.is_consumed,
    )
