"""Quotes written the way others write them come back the same, tick for tick."""

import datetime as dt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dtypes import TICK_FLAG_ASK, TICK_FLAG_BID
from domain.timeframes import Timeframe
from marketdata import Tape, load_quotes, ohlc_ticks, synthetic_market, write_bars, write_ticks
from tests.marketdata.samples import bars_of, candles, stored

WEEK = synthetic_market(seed=3, days=2)
DIGITS = {"EURUSD": 5, "USDJPY": 3, "XAUUSD": 2}


def _stamp(msc: int, style: str) -> str:
    moment = dt.datetime.fromtimestamp(msc // 1000, tz=dt.UTC)
    return f"{moment:{style}}.{msc % 1000:03d}"


def _as_mt5_export(ticks: npt.NDArray[np.void], digits: int) -> str:
    """MT5's tick export: a side that a tick did not change stays blank."""
    lines = ["<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>"]
    for tick in ticks.tolist():
        _, bid, ask, _, _, msc, flags, _ = tick
        bid_cell = f"{bid:.{digits}f}" if flags & TICK_FLAG_BID else ""
        ask_cell = f"{ask:.{digits}f}" if flags & TICK_FLAG_ASK else ""
        lines.append(f"{_stamp(msc, '%Y.%m.%d')[:10]}\t{_stamp(msc, '%H:%M:%S')}\t{bid_cell}\t{ask_cell}\t\t\t{flags}")
    return "\r\n".join([*lines, ""])


def _as_plain_csv(ticks: npt.NDArray[np.void], separator: str) -> str:
    lines = [separator.join(("time", "bid", "ask"))]
    lines += [
        f"{_stamp(tick[5], '%Y-%m-%d %H:%M:%S')}{separator}{tick[1]!r}{separator}{tick[2]!r}" for tick in ticks.tolist()
    ]
    return "\n".join(lines)


@pytest.mark.parametrize("symbol", WEEK)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_mt5_tick_export(tmp_path: Path, symbol: str, encoding: str) -> None:
    ticks = WEEK[symbol][:2000]
    content = _as_mt5_export(ticks, DIGITS[symbol]).encode(encoding)
    loaded = load_quotes(stored(tmp_path, f"{symbol}_202506020000_202506030000.csv", content))
    assert (loaded.symbol, loaded.digits, loaded.notes) == (symbol, DIGITS[symbol], ())
    assert loaded.ticks is not None
    assert loaded.ticks.tobytes() == ticks.tobytes()


@pytest.mark.parametrize("symbol", WEEK)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_plain_csv_file(tmp_path: Path, symbol: str, separator: str) -> None:
    """Python writes the shortest decimals that read back, not a fixed count of them."""
    ticks = WEEK[symbol][:2000]
    loaded = load_quotes(stored(tmp_path, f"{symbol}.csv", _as_plain_csv(ticks, separator)))
    assert (loaded.digits, loaded.notes) == (DIGITS[symbol], ())
    assert loaded.ticks is not None
    assert loaded.ticks.tobytes() == ticks.tobytes()


@pytest.mark.parametrize("symbol", WEEK)
def test_a_parquet_file(tmp_path: Path, symbol: str) -> None:
    path = tmp_path / "quotes.parquet"
    write_ticks(path, WEEK[symbol], symbol=symbol, digits=DIGITS[symbol], server_offset_s=10_800)
    loaded = load_quotes(path)
    assert (loaded.symbol, loaded.digits, loaded.server_offset_s, loaded.notes) == (symbol, DIGITS[symbol], 10_800, ())
    assert loaded.ticks is not None
    assert loaded.ticks.tobytes() == WEEK[symbol].tobytes()


@given(shapes=candles(), timeframe=st.sampled_from([Timeframe.M1, Timeframe.M15, Timeframe.H4]))
def test_an_mt5_bar_export(
    tmp_path_factory: pytest.TempPathFactory, shapes: list[tuple[int, int, int, int]], timeframe: Timeframe
) -> None:
    bars = bars_of(shapes, timeframe.seconds)
    lines = ["<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"]
    for time, *prices, ticks, spread, volume in bars.tolist():
        moment = dt.datetime.fromtimestamp(time, tz=dt.UTC)
        cells = [f"{moment:%Y.%m.%d}", f"{moment:%H:%M:%S}", *(f"{price:.5f}" for price in prices)]
        lines.append("\t".join([*cells, str(ticks), str(volume), str(spread)]))
    folder = tmp_path_factory.mktemp("bars")
    loaded = load_quotes(stored(folder, f"EURUSD_{timeframe.name}_2025.csv", "\r\n".join([*lines, ""])))
    assert (loaded.digits, loaded.timeframe, loaded.notes) == (5, timeframe, ())
    assert loaded.bars is not None
    assert loaded.bars.tobytes() == bars.tobytes()


@given(shapes=candles())
def test_bars_through_parquet_to_ticks_on_a_tape(
    tmp_path_factory: pytest.TempPathFactory, shapes: list[tuple[int, int, int, int]]
) -> None:
    bars = bars_of(shapes)
    path = tmp_path_factory.mktemp("tape") / "bars.parquet"
    write_bars(path, bars, symbol="EURUSD", timeframe=Timeframe.M1, digits=5, server_offset_s=0)
    loaded = load_quotes(path)
    assert loaded.bars is not None
    assert loaded.timeframe is not None
    tape = Tape([loaded.symbol], {loaded.symbol: ohlc_ticks(loaded.bars, loaded.timeframe, loaded.point)})
    assert tape.total == 4 * bars.size
    assert [len(batch) for batch in tape.batches(batch_ms=60_000)] == [1] * bars.size
