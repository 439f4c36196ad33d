"""Whatever bytes are in a file: usable quotes, or the one error that names the remedy."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.timeframes import Timeframe
from marketdata import CrossedQuotes, QuoteFile, QuoteFileError, load_quotes
from tests.marketdata.samples import MT5_BARS, MT5_DAYS, MT5_TICKS, PLAIN_BARS, PLAIN_TICKS

pytestmark = pytest.mark.fuzz

SAMPLES = [sample.encode() for sample in (MT5_BARS, MT5_DAYS, MT5_TICKS, PLAIN_BARS, PLAIN_TICKS)]
NASTY = [b"", b"nan", b"-1", b"1e400", b"inf", b'"', b"\xff\xfe", b"\x00", b"0", b"9" * 40, b",", b"\t", b"\r", b"\n"]
NASTY += [b"18446744073709551615", b"-9223372036854775808", b"99999999999999999", b"2025.13.45", b"\xe2\x80\xa8", b"<"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "EURUSD_M1.csv"


def _loads_or_refuses(path: Path, content: bytes, timeframe: Timeframe | None = None) -> None:
    path.write_bytes(content)
    outcome = _outcome(path, timeframe)
    if isinstance(outcome, QuoteFile):
        _is_usable(outcome)
        return
    assert outcome.path == path
    assert outcome.field
    assert outcome.remedy in str(outcome)
    assert outcome.row is None or outcome.row >= 1


def _outcome(path: Path, timeframe: Timeframe | None) -> QuoteFile | QuoteFileError:
    try:
        return load_quotes(path, timeframe=timeframe, crossed=CrossedQuotes.SWAP)
    except QuoteFileError as error:
        return error


def _is_usable(quotes: QuoteFile) -> None:
    assert (quotes.ticks is None) != (quotes.bars is None)
    if quotes.ticks is not None:
        assert (np.diff(quotes.ticks["time_msc"]) >= 0).all()
        assert (quotes.ticks["bid"] > 0).all()
        assert (quotes.ticks["ask"] >= quotes.ticks["bid"]).all()
        prices = quotes.ticks["bid"]
    else:
        assert quotes.bars is not None
        assert (np.diff(quotes.bars["time"]) > 0).all()
        assert (quotes.bars["low"] > 0).all()
        assert (quotes.bars["high"] >= quotes.bars["low"]).all()
        assert (quotes.bars["spread"] >= 0).all()
        prices = quotes.bars["close"]
    assert prices.size
    assert np.isfinite(prices).all()
    assert (prices == np.rint(prices * 10.0**quotes.digits) / 10.0**quotes.digits).all()


@given(content=st.binary(max_size=300))
@settings(max_examples=300)
def test_random_bytes(place: Path, content: bytes) -> None:
    _loads_or_refuses(place, content)


@given(header=st.sampled_from(SAMPLES), body=st.binary(max_size=300))
@settings(max_examples=300)
def test_random_bytes_below_a_good_header(place: Path, header: bytes, body: bytes) -> None:
    _loads_or_refuses(place, header.partition(b"\n")[0] + b"\n" + body)


@given(sample=st.sampled_from(SAMPLES), cut=st.integers(0, 400), packed=st.booleans())
@settings(max_examples=300)
def test_a_truncated_file(place: Path, sample: bytes, cut: int, packed: bool) -> None:
    content = gzip.compress(sample)[:cut] if packed else sample[:cut]
    _loads_or_refuses(place, content)


@given(data=st.data(), sample=st.sampled_from(SAMPLES))
@settings(max_examples=500)
def test_mutated_bytes(place: Path, data: st.DataObject, sample: bytes) -> None:
    content = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(content)))
        stop = min(start + data.draw(st.integers(0, 4)), len(content))
        content[start:stop] = data.draw(st.one_of(st.sampled_from(NASTY), st.binary(max_size=4)))
    _loads_or_refuses(place, bytes(content))


@given(data=st.data(), sample=st.sampled_from(SAMPLES))
@settings(max_examples=500)
def test_mutated_cells(place: Path, data: st.DataObject, sample: bytes) -> None:
    separator = b"\t" if b"\t" in sample else b","
    rows = [line.split(separator) for line in sample.splitlines()]
    for _ in range(data.draw(st.integers(1, 5))):
        row = data.draw(st.sampled_from(rows[1:]))
        row[data.draw(st.integers(0, len(row) - 1))] = data.draw(st.sampled_from(NASTY))
    _loads_or_refuses(place, b"\n".join(separator.join(row) for row in rows))


@given(data=st.data(), sample=st.sampled_from(SAMPLES))
@settings(max_examples=300)
def test_mutated_lines(place: Path, data: st.DataObject, sample: bytes) -> None:
    lines = sample.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 5))):
        change = data.draw(st.sampled_from(["drop", "double", "swap", "join"]))
        place_in_file = data.draw(st.integers(0, max(len(lines) - 1, 0)))
        if change == "drop":
            lines[place_in_file : place_in_file + 1] = []
        elif change == "double":
            lines[place_in_file:place_in_file] = lines[place_in_file : place_in_file + 1]
        elif change == "swap":
            lines[place_in_file : place_in_file + 2] = lines[place_in_file : place_in_file + 2][::-1]
        elif lines:
            lines[place_in_file] = lines[place_in_file].rstrip()
    _loads_or_refuses(place, b"".join(lines))


@given(
    sample=st.sampled_from(SAMPLES),
    encoding=st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32", "cp1252"]),
    cut=st.integers(0, 900),
)
@settings(max_examples=300)
def test_any_encoding(place: Path, sample: bytes, encoding: str, cut: int) -> None:
    _loads_or_refuses(place, sample.decode().encode(encoding)[:cut])


@given(sample=st.sampled_from(SAMPLES), timeframe=st.sampled_from(Timeframe))
def test_any_timeframe(place: Path, sample: bytes, timeframe: Timeframe) -> None:
    _loads_or_refuses(place, sample, timeframe)
