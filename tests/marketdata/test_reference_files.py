"""Real files. The expected numbers are those of the files' own description, or counted in the raw lines here."""

import datetime as dt
import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest

from domain.timeframes import Timeframe
from marketdata import CrossedQuotes, NoteKind, QuoteFile, QuoteFileError, load_quotes
from tests.marketdata.samples import stored

NFP_MSC = int(dt.datetime(2014, 5, 2, 12, 30, tzinfo=dt.UTC).timestamp() * 1000)
REPAIRS = set(NoteKind) - {NoteKind.MISSING_COLUMN, NoteKind.TIME_TRUNCATED}


def _s(*moment: int) -> int:
    year, month, day, hour = moment
    return int(dt.datetime(year, month, day, hour, tzinfo=dt.UTC).timestamp())


def _ticks(quotes: QuoteFile) -> npt.NDArray[np.void]:
    assert quotes.ticks is not None
    return quotes.ticks


def _bars(quotes: QuoteFile) -> npt.NDArray[np.void]:
    assert quotes.bars is not None
    return quotes.bars


def _first_notes(quotes: QuoteFile) -> list[tuple[NoteKind, int, int | None]]:
    """Repairs and drops; what a file lacks altogether is tested elsewhere."""
    return [(note.kind, note.rows, note.first_row) for note in quotes.notes if note.kind in REPAIRS]


@pytest.mark.parametrize(
    ("name", "symbol", "digits", "rows"),
    [
        ("oanda_EURUSD_20140501_0507_utc.parquet", "EURUSD", 5, 186_092),
        ("oanda_XAUUSD_20140502_0506_utc.parquet", "XAUUSD", 3, 622_660),
        ("truefx_USDJPY_20130101_utc.csv", "USDJPY", 3, 1_000),
        ("dukascopy_GBPJPY_20121203_00_03h_utc.parquet", "GBPJPY", 3, 7_206),
    ],
)
def test_clean_ticks_are_all_there(reference: Path, name: str, symbol: str, digits: int, rows: int) -> None:
    quotes = load_quotes(reference / "ticks" / name)
    assert (quotes.symbol, quotes.digits, quotes.timeframe, quotes.server_offset_s) == (symbol, digits, None, 0)
    assert _ticks(quotes).size == rows
    assert _first_notes(quotes) == []


@pytest.mark.parametrize(
    "name", ["oanda_EURUSD_20140501_0507_utc.parquet", "dukascopy_GBPJPY_20121203_00_03h_utc.parquet"]
)
def test_clean_ticks_keep_their_bits(reference: Path, name: str) -> None:
    table = pq.read_table(reference / "ticks" / name)
    ticks = _ticks(load_quotes(reference / "ticks" / name))
    assert ticks["bid"].tobytes() == table["bid"].to_numpy().tobytes()
    assert ticks["ask"].tobytes() == table["ask"].to_numpy().tobytes()
    assert ticks["time_msc"].tolist() == table["time"].to_numpy().astype("datetime64[ms]").astype(np.int64).tolist()


@pytest.mark.parametrize(
    ("name", "usual_points", "at_news_points"),
    [("oanda_EURUSD_20140501_0507_utc.parquet", 11, 150), ("oanda_XAUUSD_20140502_0506_utc.parquet", 280, 2650)],
)
def test_spreads_are_those_described(reference: Path, name: str, usual_points: int, at_news_points: int) -> None:
    """Median at the close of the minutes: 1.1 pip and 0.28; 15 pips and 2.65 when the payrolls came out."""
    quotes = load_quotes(reference / "ticks" / name)
    ticks = _ticks(quotes)
    spreads = np.rint((ticks["ask"] - ticks["bid"]) / quotes.point)
    closes = np.append(np.flatnonzero(np.diff(ticks["time_msc"] // 60_000)), ticks.size - 1)
    assert np.median(spreads[closes]) == pytest.approx(usual_points, rel=0.01)
    news = (ticks["time_msc"] >= NFP_MSC) & (ticks["time_msc"] < NFP_MSC + 60_000)
    assert spreads[news].max() == at_news_points
    assert spreads.max() == at_news_points


def test_a_third_of_a_millisecond_is_cut_and_said(reference: Path) -> None:
    path = reference / "ticks" / "oanda_XAUUSD_20140502_0506_utc.parquet"
    given = pq.read_table(path)["time"].to_numpy().astype(np.int64)
    quotes = load_quotes(path)
    assert (_ticks(quotes)["time_msc"] == given // 1_000_000).all()
    assert [(note.kind, note.rows) for note in quotes.notes] == [
        (NoteKind.TIME_TRUNCATED, int(np.count_nonzero(given % 1_000_000)))
    ]


@pytest.mark.parametrize("policy", CrossedQuotes)
def test_crossed_quotes_are_counted_as_described(reference: Path, policy: CrossedQuotes) -> None:
    """About 10 % crossed, 12 % without a spread, of 106,163."""
    path = reference / "ticks" / "fxcm_EURUSD_20140501_0504_utc_crossed_quotes.parquet"
    table = pq.read_table(path)
    bid, ask = table["bid"].to_numpy(), table["ask"].to_numpy()
    crossed, equal = int(np.count_nonzero(ask < bid)), int(np.count_nonzero(ask == bid))
    assert table.num_rows == 106_163
    assert round(crossed / table.num_rows, 1) == 0.1
    assert equal / table.num_rows == pytest.approx(0.12, abs=0.01)
    quotes = load_quotes(path, crossed=policy)
    ticks = _ticks(quotes)
    assert _first_notes(quotes) == [(NoteKind.CROSSED, crossed, 1 + int(np.argmax(ask < bid)))]
    assert ticks.size == (106_163 - crossed if policy is CrossedQuotes.DROP else 106_163)
    assert np.count_nonzero(ticks["ask"] < ticks["bid"]) == (crossed if policy is CrossedQuotes.KEEP else 0)
    assert np.count_nonzero(ticks["ask"] == ticks["bid"]) == equal


BARS = [
    ("m1/icmarkets_EURUSD_M1_2025_01_08_server.parquet", "EURUSD", Timeframe.M1, 5, 247_411, None),
    ("m1/icmarkets_EURUSD_M5_2025_01_08_server.parquet", "EURUSD", Timeframe.M5, 5, 49_536, None),
    ("m1/icmarkets_EURUSD_M15_2025_01_08_server.parquet", "EURUSD", Timeframe.M15, 5, 16_512, None),
    ("m1/icmarkets_EURUSD_M30_2025_01_08_server.parquet", "EURUSD", Timeframe.M30, 5, 8_256, None),
    ("m1/icmarkets_EURUSD_H1_2025_01_08_server.parquet", "EURUSD", Timeframe.H1, 5, 4_128, None),
    ("m1/icmarkets_EURUSD_H4_2025_01_08_server.parquet", "EURUSD", Timeframe.H4, 5, 1_032, None),
    ("m1/icmarkets_EURUSD_D1_2025_01_08_server.parquet", "EURUSD", Timeframe.D1, 5, 172, None),
    ("bars/metaquotes_demo_EURUSD_H1_2018_2023_server.parquet", "EURUSD", Timeframe.H1, 5, 37_292, None),
    ("bars/metaquotes_demo_USDJPY_H1_2018_2023_server.parquet", "USDJPY", Timeframe.H1, 3, 37_295, None),
    ("bars/metaquotes_demo_XAUUSD_H1_2018_2023_server.parquet", "XAUUSD", Timeframe.H1, 2, 35_359, None),
    ("bars/vantage_live_EURUSD_H1_2021_2024_server.parquet", "EURUSD", Timeframe.H1, 5, 20_684, None),
    ("bars/vantage_live_XAUUSD_H1_2021_2024_server.parquet", "XAUUSD", Timeframe.H1, 2, 19_646, None),
    ("bars/oanda_EURUSD_H1_bidask_to2014_utc.parquet", "EURUSD", Timeframe.H1, 5, 49_806, 0),
    ("bars/oanda_XAUUSD_H1_bidask_to2014_utc.parquet", "XAUUSD", Timeframe.H1, 3, 52_676, 0),
    ("bars/metaquotes_US30_M15_server.parquet", "US30", Timeframe.M15, 1, 11_998, None),
    ("bars/metaquotes_US30_H1_server.parquet", "US30", Timeframe.H1, 2, 9_998, None),
    ("bars/ftmo_US500.cash_M15_server.parquet", "US500.cash", Timeframe.M15, 2, 47_149, None),
    ("bars/ftmo_AUDUSD.x_M15_server.parquet", "AUDUSD.x", Timeframe.M15, 5, 50_000, None),
]


@pytest.mark.parametrize(("name", "symbol", "timeframe", "digits", "rows", "offset"), BARS)
def test_clean_bars_are_all_there(
    reference: Path, name: str, symbol: str, timeframe: Timeframe, digits: int, rows: int, offset: int | None
) -> None:
    quotes = load_quotes(reference / name)
    assert (quotes.symbol, quotes.timeframe, quotes.digits) == (symbol, timeframe, digits)
    assert quotes.server_offset_s == offset
    assert _bars(quotes).size == rows == pq.read_metadata(reference / name).num_rows
    assert _first_notes(quotes) == []


@pytest.mark.parametrize(
    "name", [row[0] for row in BARS if row[0].startswith(("m1", "bars/metaquotes_demo", "bars/vantage"))]
)
def test_clean_bars_keep_their_decimals(reference: Path, name: str) -> None:
    """MT5's arrays hold 1.0353999999999999 here and 1.0354 there; we keep the decimal number, one float for each."""
    table = pq.read_table(reference / name)
    quotes = load_quotes(reference / name)
    bars = _bars(quotes)
    for column in ("open", "high", "low", "close"):
        expected = [float(f"{price:.{quotes.digits}f}") for price in table[column].to_pylist()]
        assert bars[column].tolist() == expected
    for column in ("tick_volume", "spread"):
        assert (bars[column] == table[column].to_numpy()).all()
    assert (bars["time"] == table["server_time"].to_numpy().astype("datetime64[s]").astype(np.int64)).all()


def test_crossed_closes_of_bars_are_counted_as_described(reference: Path) -> None:
    path = reference / "m1" / "fxcm_GBPUSD_M1_bidask_2012_02_utc.parquet"
    table = pq.read_table(path)
    ask_below = table["close_ask"].to_numpy() < table["close_bid"].to_numpy()
    quotes = load_quotes(path)
    assert _bars(quotes).size == 30_117
    assert _first_notes(quotes) == [(NoteKind.CROSSED, 347, 1 + int(np.argmax(ask_below)))]
    assert (_bars(quotes)["spread"][ask_below] == 0).all()
    assert _bars(quotes)["close"].tobytes() == table["close_bid"].to_numpy().tobytes()


@pytest.mark.parametrize("timeframe", ["M5", "M15", "M30", "H1", "H4"])
def test_mt5s_own_exports(reference: Path, timeframe: str) -> None:
    path = next((reference / "mt5_export").glob(f"XAUUSD_{timeframe}_*.csv.gz"))
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    quotes = load_quotes(path)
    bars = _bars(quotes)
    assert (quotes.symbol, quotes.timeframe, quotes.digits) == ("XAUUSD", Timeframe[timeframe], 2)
    assert (quotes.server_offset_s, quotes.notes) == (None, ())
    assert bars.size == len(lines) - 1
    for place in (0, bars.size // 2, bars.size - 1):
        date, clock, *numbers = lines[place + 1].split("\t")
        moment = dt.datetime.strptime(f"{date} {clock} +0000", "%Y.%m.%d %H:%M:%S %z")
        opens, high, low, close, ticks, volume, spread = map(float, numbers)
        expected = (int(moment.timestamp()), opens, high, low, close, int(ticks), int(spread), int(volume))
        assert bars[place].tolist() == expected


def test_dirty_leading_days_of_eurusd_are_cut_off(reference: Path) -> None:
    """The first hour is 2023-02-03 15:00; above it each line is a day."""
    path = reference / "dirty" / "EURUSD_H1_starts_with_D1_bars.csv"
    lines = path.read_text().splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("2023-02-03 15:00"))
    quotes = load_quotes(path)
    assert _first_notes(quotes) == [(NoteKind.FOREIGN_BARS, first - 1, 2)]
    assert _bars(quotes)["time"][0] == _s(2023, 2, 3, 15)
    assert _bars(quotes).size == len(lines) - first


def test_dirty_leading_days_of_gold_are_cut_off_with_the_one_that_looks_native(reference: Path) -> None:
    """The day 2018-03-19 00:00 (volume 2003) stands one hour before the first hour, 01:00 (volume 279)."""
    path = reference / "dirty" / "XAUUSD_H1_starts_with_D1_bars_2007.csv"
    lines = path.read_text().splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("2018-03-19 01:00"))
    quotes = load_quotes(path)
    assert _first_notes(quotes) == [(NoteKind.FOREIGN_BARS, first - 1, 2)]
    assert _bars(quotes)["time"][0] == _s(2018, 3, 19, 1)
    assert _bars(quotes)["tick_volume"][0] == 279
    assert _bars(quotes).size == len(lines) - first


def test_dirty_scaled_prices_are_refused(reference: Path) -> None:
    path = reference / "dirty" / "EURUSD_H4_prices_scaled_by_point_float_noise.csv"
    with pytest.raises(QuoteFileError, match="multiplied by 1/point") as caught:
        load_quotes(path)
    assert (caught.value.path, caught.value.field) == (path, "price")
    with pytest.raises(QuoteFileError, match="multiplied by 1/point"):
        load_quotes(path, digits=5)


def test_dirty_first_line_is_dropped(reference: Path) -> None:
    path = reference / "dirty" / "EURUSD_M15_corrupt_first_line_no_header.csv"
    lines = path.read_text().splitlines()
    assert lines[0].startswith("-(2018-10-12 12:00")
    quotes = load_quotes(path)
    assert _first_notes(quotes) == [(NoteKind.NO_HEADER, 0, None), (NoteKind.CORRUPT_LINE, 1, 1)]
    assert _bars(quotes).size == len(lines) - 1
    assert _bars(quotes)["close"][-1] == float(lines[-1].split(",")[4])


@pytest.mark.parametrize("garbage", ["1053-(2018", "-1053", "4.94e-324e9", "1.8446744073709552e+19", "\u0660x", ""])
def test_dirty_last_volume_is_repaired(reference: Path, tmp_path: Path, garbage: str) -> None:
    """In the extract at hand the volume is whole again (1 to 3,173), so the last one is spoiled here."""
    lines = (reference / "dirty" / "EURUSD_M1_last_volume_garbage.csv").read_text().splitlines()
    spoiled = lines[-1].rpartition(",")[0] + "," + garbage
    quotes = load_quotes(stored(tmp_path, "EURUSD_M1.csv", "\n".join([*lines[:-1], spoiled])))
    assert _bars(quotes).size == len(lines) == 2000
    assert _bars(quotes)["tick_volume"][-1] == 0
    repaired = [] if garbage == "" else [(NoteKind.VOLUME, 1, 2000)]
    assert _first_notes(quotes) == [(NoteKind.NO_HEADER, 0, None), *repaired]


def test_dirty_extract_itself_is_read_whole_and_without_a_header(reference: Path) -> None:
    path = reference / "dirty" / "EURUSD_M1_last_volume_garbage.csv"
    quotes = load_quotes(path)
    volumes = [int(line.rpartition(",")[2]) for line in path.read_text().splitlines()]
    assert _first_notes(quotes) == [(NoteKind.NO_HEADER, 0, None)]
    assert _bars(quotes)["tick_volume"].tolist() == volumes


def test_every_dirty_file_is_refused_or_repaired(reference: Path) -> None:
    for path in sorted((reference / "dirty").iterdir()):
        try:
            notes = _first_notes(load_quotes(path))
        except QuoteFileError as error:
            notes = [(NoteKind.NO_PRICE, 0, error.row)]
        assert notes, path.name


@pytest.mark.parametrize(
    "name",
    ["calendar/forexfactory_high_2020_2023_utc.csv", "vectors/stockcharts/cs-macd.csv", "logs/terminal_log_utf16.log"],
)
def test_other_files_are_refused(reference: Path, name: str) -> None:
    with pytest.raises(QuoteFileError):
        load_quotes(reference / name, symbol="EURUSD", timeframe=Timeframe.H1)


@pytest.mark.parametrize("symbol", ["EURUSD", "XAUUSD"])
def test_days_of_another_vendor(reference: Path, symbol: str) -> None:
    path = reference / "eodhd" / f"eod_{symbol}_forex_d1.csv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    quotes = load_quotes(path)
    assert (quotes.symbol, quotes.timeframe) == (symbol, Timeframe.D1)
    assert _bars(quotes).size == len(lines) - 1
