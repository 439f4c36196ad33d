from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.timeframes import Timeframe
from marketdata.naming import NamedQuotes, told_by_name


@pytest.mark.parametrize(
    ("name", "symbol", "timeframe", "is_utc"),
    [
        ("EURUSD.csv", "EURUSD", None, False),
        ("XAUUSD_H4_202501020000_202506302000.csv.gz", "XAUUSD", Timeframe.H4, False),
        ("icmarkets_EURUSD_M5_2025_01_08_server.parquet", "EURUSD", Timeframe.M5, False),
        ("oanda_EURUSD_20140501_0507_utc.parquet", "EURUSD", None, True),
        ("fxcm_GBPUSD_M1_bidask_2012_02_utc.parquet", "GBPUSD", Timeframe.M1, True),
        ("ftmo_AUDUSD.x_M15_server.parquet", "AUDUSD.x", Timeframe.M15, False),
        ("ftmo_US500.cash_M15_server.parquet", "US500.cash", Timeframe.M15, False),
        ("metaquotes_US30_H1_server.parquet", "US30", Timeframe.H1, False),
        ("XAUUSD.ecn_M1_202501020000_202506302000.csv", "XAUUSD.ecn", Timeframe.M1, False),
        ("EURUSDm_M30.csv", "EURUSDm", Timeframe.M30, False),
        ("EURUSD+_H1.csv", "EURUSD+", Timeframe.H1, False),
        ("US30_202501020000_202501030000.csv", "US30", None, False),
        ("EURUSD_Daily_201801020000_202001310000.csv", "EURUSD", Timeframe.D1, False),
        ("EURUSD_Weekly_2018.csv", "EURUSD", Timeframe.W1, False),
        ("EURUSD_H1_starts_with_D1_bars.csv", "EURUSD", Timeframe.H1, False),
        ("H1 export of EURUSD.txt", "EURUSD", Timeframe.H1, False),
        ("EURUSD_h1.csv", "EURUSD", Timeframe.H1, False),
    ],
)
def test_a_plain_name_tells(name: str, symbol: str, timeframe: Timeframe | None, is_utc: bool) -> None:
    assert told_by_name(Path(name)) == NamedQuotes(symbol, timeframe, is_utc)


@pytest.mark.parametrize(
    "name",
    [
        "data.csv",
        "export.parquet",
        "quotes_default.csv",
        "ABCDEF.csv",
        "EURUSD_GBPUSD_H1.csv",
        "ticks_H1.csv",
        ".csv",
        "",
    ],
)
def test_a_name_without_one_plain_symbol_tells_none(name: str) -> None:
    assert told_by_name(Path(name)).symbol is None


@pytest.mark.parametrize("name", ["EURUSD.csv", "EURUSD_from_M1_to_H1.csv", "M1_D1_EURUSD.csv", "EURUSD_M7.csv"])
def test_a_name_with_no_or_two_timeframes_tells_none(name: str) -> None:
    assert told_by_name(Path(name)).timeframe is None


def test_one_symbol_named_twice_is_one_symbol() -> None:
    assert told_by_name(Path("EURUSD_M1/EURUSD_and_EURUSD_M1.csv")).symbol == "EURUSD"


def test_folders_tell_nothing() -> None:
    assert told_by_name(Path("EURUSD_H1_utc") / "data.csv") == NamedQuotes(None, None, is_utc=False)


@given(name=st.text(max_size=40))
def test_any_name_is_read_without_a_word(name: str) -> None:
    told = told_by_name(Path(name.replace("\0", "")))
    assert told.symbol is None or told.symbol in name
