"""Dukascopy's files, packed here as they are packed there."""

import lzma
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.timeframes import Timeframe
from marketdata import NoteKind, QuoteFileError, load_quotes
from marketdata.dukascopy import known_digits
from marketdata.quotes import Vendor
from tests.marketdata.samples import outcome_of

HOUR = "EURUSD/2025/00/31/13h_ticks.bi5"
DAY = "USDJPY/2024/11/02/BID_candles_min_1.bi5"
HOUR_MS = 1_738_328_400_000  # 2025-01-31 13:00 UTC


def packed(records: Sequence[tuple[float, ...]], form: str = ">IIIff") -> bytes:
    return lzma.compress(b"".join(struct.pack(form, *record) for record in records), format=lzma.FORMAT_ALONE)


def stored_at(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_ticks_of_an_hour(tmp_path: Path) -> None:
    records = [(0, 104012, 104008, 1.5, 0.75), (3_599_999, 104013, 104009, 1.0, 1.0)]
    quotes = load_quotes(stored_at(tmp_path, HOUR, packed(records)))
    assert quotes.ticks is not None
    assert (quotes.symbol, quotes.digits, quotes.server_offset_s) == ("EURUSD", 5, 0)
    assert (quotes.vendor, quotes.notes) == (Vendor.DUKASCOPY, ())
    assert quotes.ticks["time_msc"].tolist() == [HOUR_MS, HOUR_MS + 3_599_999]
    assert quotes.ticks["ask"].tolist() == [1.04012, 1.04013]
    assert quotes.ticks["bid"].tolist() == [1.04008, 1.04009]


def test_candles_of_a_day_without_the_minutes_that_had_no_tick(tmp_path: Path) -> None:
    """Open, close, low, high is their order; a minute without ticks repeats the last close with volume 0."""
    records = [
        (0, 150_010, 150_020, 149_990, 150_030, 12.5),
        (60, 150_020, 150_020, 150_020, 150_020, 0.0),
        (120, 150_020, 150_000, 149_995, 150_025, 3.0),
    ]
    quotes = load_quotes(stored_at(tmp_path, DAY, packed(records, ">IIIIIf")))
    assert quotes.bars is not None
    assert (quotes.symbol, quotes.digits, quotes.timeframe) == ("USDJPY", 3, Timeframe.M1)
    assert quotes.bars[["time", "open", "high", "low", "close"]].tolist() == [
        (1_733_097_600, 150.01, 150.03, 149.99, 150.02),
        (1_733_097_720, 150.02, 150.025, 149.995, 150.0),
    ]
    assert (NoteKind.NO_TICK, 1, 2) in [(note.kind, note.rows, note.first_row) for note in quotes.notes]


@pytest.mark.parametrize(
    ("symbol", "digits"),
    [("EURUSD", 5), ("GBPJPY", 3), ("XAUUSD", 3), ("NZDCAD", 5), ("USDTRY", None), ("USA500IDXUSD", None)],
)
def test_only_known_scales_are_taken_for_granted(symbol: str, digits: int | None) -> None:
    assert known_digits(symbol) == digits


def test_another_scale_has_to_be_given(tmp_path: Path) -> None:
    path = stored_at(tmp_path, HOUR.replace("EURUSD", "USA500IDXUSD"), packed([(5, 6_000_123, 6_000_001, 1, 1)]))
    with pytest.raises(QuoteFileError, match=r"scaled by a point that the file does not tell; pass digits="):
        load_quotes(path)
    quotes = load_quotes(path, digits=3)
    assert quotes.ticks is not None
    assert quotes.ticks["bid"].tolist() == [6000.001]


@pytest.mark.parametrize(
    ("name", "content", "field"),
    [
        ("EURUSD_13h_ticks.bi5", packed([(0, 2, 1, 1, 1)]), "time"),
        ("renamed.dat", packed([(0, 2, 1, 1, 1)]), "time"),
        ("EURUSD/2025/12/01/13h_ticks.bi5", packed([(0, 2, 1, 1, 1)]), "path"),
        ("EURUSD/2025/01/30/13h_ticks.bi5", packed([(0, 2, 1, 1, 1)]), "path"),
        ("EURUSD/2025/00/31/24h_ticks.bi5", packed([(0, 2, 1, 1, 1)]), "time"),
        ("EURUSD/2025/00/31/ASK_candles_min_1.bi5", packed([(0, 2, 1, 1, 1)]), "side"),
        (HOUR, b"", "file"),
        (HOUR, b"no LZMA at all", "file"),
        (HOUR, packed([(0, 2, 1, 1, 1)])[:-9], "file"),
        (HOUR, lzma.compress(b"x" * 21, format=lzma.FORMAT_ALONE), "file"),
        (HOUR, packed([(3_600_000, 2, 1, 1, 1)]), "time"),
        (DAY, packed([(86_400, 2, 2, 2, 2, 1)], ">IIIIIf"), "time"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str, content: bytes, field: str) -> None:
    with pytest.raises(QuoteFileError) as refused:
        load_quotes(stored_at(tmp_path, name, content))
    assert refused.value.field == field
    assert refused.value.remedy


@given(content=st.binary(max_size=80), whole=st.booleans(), name=st.sampled_from([HOUR, DAY]))
@settings(max_examples=100)
@pytest.mark.fuzz
def test_any_bytes_are_quotes_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, whole: bool, name: str
) -> None:
    size = 20 if name == HOUR else 24
    body = content[: len(content) // size * size] if whole else content
    folder = tmp_path_factory.getbasetemp()
    for packing in (lzma.compress(body, format=lzma.FORMAT_ALONE), content):
        path = stored_at(folder, name, packing)
        outcome = outcome_of(path)
        assert outcome.path == path
        if isinstance(outcome, QuoteFileError):
            continue
        rows = outcome.ticks if outcome.ticks is not None else outcome.bars
        assert rows is not None
        assert (np.diff(rows["time"]) >= 0).all()


def test_real_hours_are_the_decoded_ones(reference: Path) -> None:
    folder = reference / "ticks" / "dukascopy_bi5" / "GBPJPY" / "2012" / "11" / "03"
    table = pq.read_table(reference / "ticks" / "dukascopy_GBPJPY_20121203_00_03h_utc.parquet")
    ticks = np.concatenate([load_quotes(path).ticks for path in sorted(folder.iterdir())])
    assert ticks["time_msc"].tolist() == table["time"].to_numpy().astype("datetime64[ms]").astype(np.int64).tolist()
    for side in ("bid", "ask"):
        assert ticks[side].tolist() == [float(f"{price:.3f}") for price in table[side].to_pylist()]
