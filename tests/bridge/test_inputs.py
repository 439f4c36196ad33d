"""Entries become what the engine saw; what cannot be read is named as lost, never guessed, never raised."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import encoded
from bridge.inputs import Booked, Decided, Fed, InputReader, Lost, Started, Warmed
from bridge.introductions import TerminalInfo
from bridge.records import Entry, EntryFlag, EntryKind, warm_up_of, warm_up_payload
from bridge.trader import Trader
from domain.timeframes import Timeframe
from strategy.tables import DECISION_DTYPE
from tests.bridge.floor import EAGER, MONEY, some_bars, some_ticks
from tests.strategy.markets import a_spec, opening_events
from wire.codec import encode
from wire.messages import Heartbeat, Ticks

INFO = TerminalInfo(account="a:1", terminal_id="7", session=3, symbols=("GBPUSD", "EURUSD"), names=("X", "EURUSD"))
MESSAGE = Ticks(symbol_index=1, batch=4, server_offset_s=60, wants_decision=True, money=MONEY, ticks=some_ticks(0, 5))


def an_entry(kind: EntryKind, payload: bytes, flags: EntryFlag = EntryFlag.NONE, terminal: int = 1) -> Entry:
    return Entry(kind, flags, terminal, 9, 5, 11, payload)


@pytest.fixture
def reader() -> InputReader:
    reader = InputReader()
    assert reader.input_of(an_entry(EntryKind.TERMINAL, msgspec.json.encode(INFO))) is None
    return reader


def test_a_batch(reader: InputReader) -> None:
    fed = reader.input_of(an_entry(EntryKind.INBOUND, encode(MESSAGE), EntryFlag.CONSUMED))
    assert isinstance(fed, Fed)
    assert (fed.account, fed.symbol, fed.batch, fed.server_offset_s, fed.wall_ns) == ("a:1", "EURUSD", 4, 60, 11)
    assert fed.consumed
    assert fed.ticks.tobytes() == MESSAGE.ticks.tobytes()
    assert fed.money == MONEY


def test_a_batch_the_engine_was_not_fed_with(reader: InputReader) -> None:
    fed = reader.input_of(an_entry(EntryKind.INBOUND, encode(MESSAGE)))
    assert isinstance(fed, Fed)
    assert not fed.consumed


@pytest.mark.parametrize("payload", [encode(Heartbeat()), b"noise", encode(MESSAGE)[:-1]])
def test_other_frames_mean_nothing_to_the_engine(reader: InputReader, payload: bytes) -> None:
    assert reader.input_of(an_entry(EntryKind.INBOUND, payload)) is None


def test_what_left_means_nothing_to_the_engine(reader: InputReader) -> None:
    assert reader.input_of(an_entry(EntryKind.OUTBOUND, encode(MESSAGE))) is None


def test_events(reader: InputReader) -> None:
    events = opening_events([a_spec()])
    booked = reader.input_of(an_entry(EntryKind.EVENTS, b"[" + b",".join(map(encoded, events)) + b"]"))
    assert isinstance(booked, Booked)
    assert list(booked.events) == events


def test_history(reader: InputReader) -> None:
    bars = some_bars(5)
    warmed = reader.input_of(an_entry(EntryKind.WARM_UP, warm_up_payload("EURUSD", Timeframe.H4, bars.tobytes())))
    assert isinstance(warmed, Warmed)
    assert (warmed.symbol, warmed.timeframe) == ("EURUSD", Timeframe.H4)
    assert warmed.bars.tobytes() == bars.tobytes()


@given(st.text(max_size=20), st.integers(0, 2**32 - 1), st.binary(max_size=100))
def test_a_history_payload_reads_back(symbol: str, timeframe: int, bars: bytes) -> None:
    assert warm_up_of(warm_up_payload(symbol, timeframe, bars)) == (symbol, timeframe, bars)


def test_decisions(reader: InputReader) -> None:
    rows = np.zeros(2, DECISION_DTYPE)
    rows["symbol"] = 1
    decided = reader.input_of(an_entry(EntryKind.DECISIONS, rows.tobytes()))
    assert isinstance(decided, Decided)
    assert decided.symbols == ("EURUSD", "EURUSD")
    assert decided.rows.tobytes() == rows.tobytes()


def test_a_start(reader: InputReader) -> None:
    record = Trader("a:1", EAGER, (), 17).take_records()[0]
    started = reader.input_of(an_entry(EntryKind.ENGINE_START, record.payload))
    assert isinstance(started, Started)
    assert (started.account, started.start.journal_seq) == ("a:1", 17)
    assert started.start.settings == EAGER


def test_notes(reader: InputReader) -> None:
    gap = {"lost_from_seq": 4, "lost_to_seq": 6, "error": "disk full"}
    lost = reader.input_of(an_entry(EntryKind.NOTE, json.dumps(gap).encode(), terminal=0))
    assert isinstance(lost, Lost)
    assert lost.reason == "entries 4 to 6 could not be written: disk full"
    assert reader.input_of(an_entry(EntryKind.NOTE, b'{"cut_bytes": 3}', terminal=0)) is None


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (EntryKind.DECISIONS, bytes(DECISION_DTYPE.itemsize - 1)),
        (EntryKind.EVENTS, b'[{"event": "of another version"}]'),
        (EntryKind.ENGINE_START, b"{}"),
        (EntryKind.WARM_UP, b""),
        (EntryKind.WARM_UP, warm_up_payload("EURUSD", 999, b"")),
        (EntryKind.TERMINAL, b"[]"),
        (EntryKind.NOTE, b"{"),
    ],
)
def test_what_another_version_wrote_is_lost(reader: InputReader, kind: EntryKind, payload: bytes) -> None:
    assert isinstance(reader.input_of(an_entry(kind, payload)), Lost)


def test_terminals_nobody_introduced_are_left_out() -> None:
    assert InputReader().input_of(an_entry(EntryKind.INBOUND, encode(MESSAGE))) is None


@given(st.sampled_from(EntryKind), st.binary(max_size=300))
def test_no_payload_raises(kind: EntryKind, payload: bytes) -> None:
    reader = InputReader()
    reader.terminals[1] = INFO
    list(reader.read([an_entry(kind, payload)]))
