"""HistData's files, with the rows that their specification shows."""

import zipfile
from pathlib import Path

import pytest

from domain.timeframes import Timeframe
from marketdata import QuoteFileError, load_quotes
from marketdata.quotes import Vendor
from tests.marketdata.samples import stored

BARS = (
    "20120201 000000;1.306600;1.306600;1.306560;1.306560;0\n"
    "20120201 000100;1.306570;1.306570;1.306470;1.306560;0\n"
    "20120201 000200;1.306520;1.306560;1.306520;1.306560;0\n"
)
TICKS = (
    "20120201 000003660,1.306600,1.306770,0\n"
    "20120201 000003973,1.306580,1.306750,0\n"
    "20120201 000005003,1.306590,1.306760,0\n"
)
FOR_METATRADER = (
    "2012.02.01,00:00,1.306600,1.306600,1.306560,1.306560,0\n"
    "2012.02.01,00:01,1.306570,1.306570,1.306470,1.306560,0\n"
    "2012.02.01,00:02,1.306520,1.306560,1.306520,1.306560,0\n"
)
MIDNIGHT_S = 1_328_054_400  # 2012-02-01 00:00, on whatever clock


@pytest.mark.parametrize(
    ("name", "content"),
    [("DAT_ASCII_EURUSD_M1_201202.csv", BARS), ("DAT_MT_EURUSD_M1_201202.csv", FOR_METATRADER)],
)
def test_bars_are_on_eastern_standard_time(tmp_path: Path, name: str, content: str) -> None:
    quotes = load_quotes(stored(tmp_path, name, content))
    assert quotes.bars is not None
    assert (quotes.vendor, quotes.symbol, quotes.timeframe) == (Vendor.HISTDATA, "EURUSD", Timeframe.M1)
    assert (quotes.server_offset_s, quotes.digits) == (-18_000, 5)
    assert quotes.bars["time"].tolist() == [MIDNIGHT_S, MIDNIGHT_S + 60, MIDNIGHT_S + 120]
    assert quotes.bars[1][["open", "high", "low", "close"]].tolist() == (1.30657, 1.30657, 1.30647, 1.30656)


def test_ticks_have_milliseconds_and_no_signs_in_their_times(tmp_path: Path) -> None:
    quotes = load_quotes(stored(tmp_path, "DAT_ASCII_EURUSD_T_201202.csv", TICKS))
    assert quotes.ticks is not None
    assert (quotes.vendor, quotes.timeframe, quotes.server_offset_s) == (Vendor.HISTDATA, None, -18_000)
    assert (quotes.ticks["time_msc"] - MIDNIGHT_S * 1000).tolist() == [3660, 3973, 5003]
    assert quotes.ticks["bid"].tolist() == [1.3066, 1.30658, 1.30659]
    assert quotes.ticks["ask"].tolist() == [1.30677, 1.30675, 1.30676]


def test_the_ascii_form_needs_no_name(tmp_path: Path) -> None:
    assert load_quotes(stored(tmp_path, "x.txt", BARS), symbol="EURUSD").vendor is Vendor.HISTDATA


def test_an_archive_as_the_site_sends_it(tmp_path: Path) -> None:
    path = tmp_path / "HISTDATA_COM_MT_EURUSD_M1202401.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("DAT_MT_EURUSD_M1_202401.csv", FOR_METATRADER)
        archive.writestr("DAT_MT_EURUSD_M1_202401.txt", "gaps")
    quotes = load_quotes(path)
    assert (quotes.vendor, quotes.symbol, quotes.server_offset_s) == (Vendor.HISTDATA, "EURUSD", -18_000)


def test_the_same_rows_under_a_brokers_name_are_a_brokers(tmp_path: Path) -> None:
    quotes = load_quotes(stored(tmp_path, "EURUSD_M1.csv", FOR_METATRADER))
    assert (quotes.vendor, quotes.server_offset_s) == (Vendor.CSV, None)


def test_no_date_but_a_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuoteFileError):
        load_quotes(stored(tmp_path, "DAT_ASCII_EURUSD_T_201202.csv", TICKS.replace("20120201", "20121301")))
