"""Ticks around a minute, from Parquet and from what is still live, in whatever order they were recorded."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine_on_record import settings_at
from app.ticks_on_record import TicksAround, ticks_around
from bridge.capture import CaptureWriter
from bridge.inputs import Fed
from bridge.introductions import TerminalInfo
from bridge.recordings import Partition, day_of, inputs_table, ticks_table, write_partition
from bridge.records import Entry, EntryFlag, EntryKind
from bridge.trader import EngineStart
from domain.dtypes import TICK_DTYPE
from domain.updates import Money
from strategy.params import EngineSettings
from wire.codec import encode
from wire.messages import Ticks

ACCOUNT = "S:7"
START_NS = 1_750_000_000_000_000_000
SECOND = 1_000_000_000
OFFSET_S = 10_800
MONEY = Money(balance=1.0, equity=1.0, margin=0.0, margin_free=1.0)


def ticks_at(*seconds: int) -> np.ndarray:
    ticks = np.zeros(len(seconds), TICK_DTYPE)
    ticks["time_msc"] = START_NS // 1_000_000 + OFFSET_S * 1000 + np.array(seconds) * 1000
    ticks["time"] = ticks["time_msc"] // 1000
    ticks["bid"], ticks["ask"] = 1.1, 1.2
    return ticks


def fed(seq: int, *seconds: int, consumed: bool = True, symbol: str = "EURUSD") -> Fed:
    return Fed(
        seq=seq,
        account=ACCOUNT,
        wall_ns=START_NS,
        symbol=symbol,
        batch=seq,
        server_offset_s=OFFSET_S,
        money=MONEY,
        ticks=ticks_at(*seconds),
        consumed=consumed,
    )


def record(folder: Path, *batches: Fed) -> None:
    for batch in batches:
        first_ns = int(batch.ticks["time_msc"][0] - OFFSET_S * 1000) * 1_000_000
        place = Partition("ticks", ACCOUNT, batch.symbol, day_of(first_ns))
        write_partition(folder / "recordings", place, batch.seq, ticks_table([batch]))


def capture(folder: Path, *batches: Fed) -> None:
    """What the bridge would have captured, and not recorded yet."""
    writer = CaptureWriter(folder / "capture", mono_ns=0, wall_ns=START_NS)
    info = TerminalInfo(
        account=ACCOUNT, terminal_id="t", session=1, symbols=("EURUSD", "XAUUSD"), names=("EURUSD", "XAUUSD")
    )
    writer.introduce(1, msgspec.json.encode(info), 0, START_NS)
    for batch in batches:
        message = Ticks(
            symbol_index=info.symbols.index(batch.symbol),
            batch=batch.batch,
            server_offset_s=OFFSET_S,
            wants_decision=True,
            money=MONEY,
            ticks=batch.ticks,
        )
        flags = EntryFlag.CONSUMED if batch.consumed else EntryFlag.NONE
        writer.append(EntryKind.INBOUND, 1, encode(message, symbols=info.symbols), 0, START_NS, flags)
    writer.close(0, START_NS)


def look(folder: Path, start_s: int, stop_s: int, symbol: str = "EURUSD") -> TicksAround:
    return ticks_around(folder, ACCOUNT, symbol, START_NS + start_s * SECOND, START_NS + stop_s * SECOND)


def seconds_of(found: TicksAround) -> tuple[int | None, int | None, int, int]:
    before, after = (None if one is None else (one - START_NS) // SECOND for one in found[:2])
    return before, after, found.inside, found.unused


@pytest.mark.parametrize("keep", [record, capture], ids=["recorded", "live"])
@pytest.mark.parametrize(
    ("start_s", "stop_s", "expected"),
    [
        (60, 120, (59, 120, 3, 1)),
        (0, 60, (None, 60, 2, 0)),
        (500, 560, (121, None, 0, 0)),
        (121, 122, (120, None, 1, 1)),
        (62, 63, (61, 119, 0, 0)),
    ],
)
def test_ticks_are_counted_in_a_half_open_span(
    tmp_path: Path, keep: type, start_s: int, stop_s: int, expected: tuple[int | None, int | None, int, int]
) -> None:
    keep(tmp_path, fed(1, 5, 59), fed(2, 60, 61), fed(3, 119, 120, 121, consumed=False))
    assert seconds_of(look(tmp_path, start_s, stop_s)) == expected


def test_recorded_and_live_ticks_are_seen_together(tmp_path: Path) -> None:
    record(tmp_path, fed(1, 5))
    capture(tmp_path, fed(2, 65))
    assert seconds_of(look(tmp_path, 10, 20)) == (5, 65, 0, 0)


def test_a_batch_that_was_sent_again_does_not_confuse(tmp_path: Path) -> None:
    capture(tmp_path, fed(2, 60, 61), fed(3, 5, 6), fed(4, 120))
    assert seconds_of(look(tmp_path, 10, 70)) == (6, 120, 2, 0)


def test_ticks_of_another_symbol_are_left_out(tmp_path: Path) -> None:
    record(tmp_path, fed(1, 5), fed(2, 6, symbol="XAUUSD"))
    capture(tmp_path, fed(3, 30, symbol="XAUUSD"))
    assert seconds_of(look(tmp_path, 0, 60)) == (None, None, 1, 0)
    assert seconds_of(look(tmp_path, 0, 60, "XAUUSD")) == (None, None, 2, 0)


def test_neighbors_are_found_over_a_weekend(tmp_path: Path) -> None:
    record(tmp_path, fed(1, 0), fed(2, 3 * 86_400))
    assert seconds_of(look(tmp_path, 86_400, 86_460)) == (0, 3 * 86_400, 0, 0)


def test_without_a_record_there_is_nothing(tmp_path: Path) -> None:
    assert look(tmp_path, 0, 60) == TicksAround(None, None, 0, 0)


@given(
    seconds=st.lists(st.integers(0, 600), min_size=1, max_size=30, unique=True),
    start_s=st.integers(0, 600),
    length_s=st.integers(1, 120),
)
def test_what_is_found_is_what_is_there(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int], start_s: int, length_s: int
) -> None:
    folder = tmp_path_factory.mktemp("record")
    ordered = sorted(seconds)
    record(folder, fed(1, *ordered))
    stop_s = start_s + length_s
    assert seconds_of(look(folder, start_s, stop_s)) == (
        max((second for second in ordered if second < start_s), default=None),
        min((second for second in ordered if second >= stop_s), default=None),
        sum(start_s <= second < stop_s for second in ordered),
        0,
    )


# -- with which settings ---------------------------------------------------------------------------------------------


def start_of(model: str, account: str = ACCOUNT) -> bytes:
    settings = EngineSettings(model=model)
    start = EngineStart(
        account=account, journal_seq=0, account_digest="", kernels="", decision_layout="", settings=settings
    )
    return msgspec.json.encode(start)


def model_at(folder: Path, seq: int) -> str | None:
    settings = settings_at(folder, ACCOUNT, seq)
    return settings.model if settings else None


def test_the_settings_of_the_last_start_before_count(tmp_path: Path) -> None:
    entries = [
        Entry(EntryKind.ENGINE_START, 0, 1, seq, 0, START_NS, start_of(model))
        for seq, model in ((10, "confluence"), (20, "donchian"))
    ]
    place = Partition("inputs", ACCOUNT, "", day_of(START_NS))
    write_partition(tmp_path / "recordings", place, 10, inputs_table(entries))
    assert [model_at(tmp_path, seq) for seq in (9, 10, 19, 20, 99)] == [
        None,
        "confluence",
        "confluence",
        "donchian",
        "donchian",
    ]


def test_a_start_that_is_still_live_counts_too(tmp_path: Path) -> None:
    writer = CaptureWriter(tmp_path / "capture", mono_ns=0, wall_ns=START_NS)
    writer.append(EntryKind.ENGINE_START, 1, start_of("donchian", "S:8"), 0, START_NS)
    writer.append(EntryKind.ENGINE_START, 1, start_of("confluence"), 0, START_NS)
    writer.close(0, START_NS)
    assert model_at(tmp_path, 100) == "confluence"


def test_without_a_start_nothing_is_known(tmp_path: Path) -> None:
    assert model_at(tmp_path, 100) is None
