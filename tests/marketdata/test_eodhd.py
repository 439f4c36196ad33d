"""EODHD's answers, in the forms its description shows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.timeframes import Timeframe
from marketdata import NoteKind, QuoteFileError, load_quotes
from marketdata.quotes import Vendor
from tests.marketdata.samples import outcome_of, stored


def minute(place: int, **changes: object) -> dict[str, Any]:
    stamp = 1_627_911_000 + 60 * place
    bar = {"timestamp": stamp, "gmtoffset": 0, "datetime": "2021-08-02 13:30:00"}
    return bar | {"open": 146.36, "high": 146.95, "low": 146.09, "close": 146.42, "volume": 3_930_530} | changes


def day(date: str, **changes: object) -> dict[str, Any]:
    prices = {"open": 1.0412, "high": 1.0456, "low": 1.0401, "close": 1.0421, "adjusted_close": 1.0421, "volume": 0}
    return {"date": date} | prices | changes


@pytest.mark.parametrize(
    ("step_s", "timeframe"), [(60, Timeframe.M1), (300, Timeframe.M5), (3600, Timeframe.H1)], ids=["1m", "5m", "1h"]
)
def test_intraday_tells_its_timeframe(tmp_path: Path, step_s: int, timeframe: Timeframe) -> None:
    start = 1_627_909_200
    rows = [minute(0, timestamp=start + step_s * place) for place in range(5)]
    quotes = load_quotes(stored(tmp_path, "AAPL.US.json", json.dumps(rows)), symbol="AAPL")
    assert quotes.bars is not None
    assert (quotes.vendor, quotes.timeframe, quotes.server_offset_s) == (Vendor.EODHD, timeframe, 0)
    assert quotes.bars["time"].tolist() == [start + step_s * place for place in range(5)]
    assert quotes.bars[0].tolist()[1:6] == (146.36, 146.95, 146.09, 146.42, 3_930_530)


def test_days_and_the_name_of_a_currency_pair(tmp_path: Path) -> None:
    rows = [day("2025-01-02"), day("2025-01-03", volume=None), day("2025-01-06")]
    quotes = load_quotes(stored(tmp_path, "EURUSD.FOREX.json", json.dumps(rows, indent=1)))
    assert quotes.bars is not None
    assert (quotes.symbol, quotes.timeframe, quotes.digits) == ("EURUSD", Timeframe.D1, 4)
    assert quotes.bars["time"].tolist() == [1_735_776_000, 1_735_862_400, 1_736_121_600]
    assert quotes.bars["tick_volume"].tolist() == [0, 0, 0]


def test_bars_without_a_price_and_warnings_are_dropped_and_noted(tmp_path: Path) -> None:
    rows = [day("2025-01-02"), day("2025-01-03", open=None), day("2025-01-06"), {"warning": "one year only"}]
    quotes = load_quotes(stored(tmp_path, "EURUSD.FOREX.json", json.dumps(rows)))
    assert quotes.bars is not None
    assert quotes.bars.size == 2
    kinds = [(note.kind, note.rows, note.first_row) for note in quotes.notes]
    assert kinds[:2] == [(NoteKind.CORRUPT_LINE, 1, 4), (NoteKind.NO_PRICE, 1, 2)]


INTRADAY_CSV = (
    "Timestamp,Gmtoffset,Datetime,Open,High,Low,Close,Volume\n"
    '1567517400,0,"2019-09-03 13:30:00",206.39,206.83,205.83,206.49,1254404\n'
    '1567517700,0,"2019-09-03 13:35:00",206.505,206.7543,206.125,206.1695,535720\n'
    '1567518000,0,"2019-09-03 13:40:00",206.17,206.5,206.1,206.4,435720\n'
)
DAYS_CSV = (
    "Date,Open,High,Low,Close,Adjusted_close,Volume\n"
    "2025-01-02,1.0412,1.0456,1.0401,1.0421,1.0421,0\n"
    "2025-01-03,1.0422,1.0436,1.0411,1.0431,1.0431,0\n"
    "2025-01-06,1.0412,1.0456,1.0401,1.0421,1.0421,0\n"
)


@pytest.mark.parametrize(("content", "timeframe"), [(INTRADAY_CSV, Timeframe.M5), (DAYS_CSV, Timeframe.D1)])
def test_its_csv_is_known_by_its_columns(tmp_path: Path, content: str, timeframe: Timeframe) -> None:
    quotes = load_quotes(stored(tmp_path, "EURUSD.csv", content))
    assert (quotes.vendor, quotes.timeframe, quotes.server_offset_s) == (Vendor.EODHD, timeframe, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"message": "Unauthenticated"}', "says 'Unauthenticated'"),
        ('{"errors": {"filter": ["The filter field is required."]}}', "filter field is required"),
        ('{"error": "too much", "code": 402}', "too much"),
        ("{broken", "something else"),
        ("[]", "without a bar"),
        ("[1, 2]", "no answer of EODHD"),
        ('[{"open": "NA"}]', "no answer of EODHD"),
        (json.dumps([minute(0), day("2025-01-02")]), "no date for every bar"),
        (json.dumps([day("02.01.2025")]), "cannot be read"),
        (json.dumps([minute(0, timestamp=-5), minute(1)]), "outside 1970 to 2100"),
        (json.dumps([day("2025-01-03"), day("2025-01-10"), day("2025-01-17")]), "604800 s apart"),
    ],
)
def test_what_is_no_list_of_bars_is_refused_with_its_words(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(QuoteFileError, match="EURUSD") as refused:
        load_quotes(stored(tmp_path, "EURUSD.json", content))
    assert words in str(refused.value)


VALUES = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.booleans())
ROWS = st.dictionaries(st.sampled_from([*minute(0), *day("x"), "warning"]), VALUES, max_size=8)


@given(rows=st.lists(ROWS | st.builds(minute, st.integers(-9, 9)), max_size=6), cut=st.none() | st.integers(0, 300))
@settings(max_examples=100)
@pytest.mark.fuzz
def test_any_json_is_bars_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], cut: int | None
) -> None:
    path = stored(tmp_path_factory.getbasetemp(), "EURUSD.json", json.dumps(rows)[:cut] or "[")
    outcome = outcome_of(path)
    assert outcome.path == path
    if not isinstance(outcome, QuoteFileError):
        assert outcome.bars is not None
        assert (np.diff(outcome.bars["time"]) > 0).all()
        assert (outcome.bars["low"] > 0).all()


@pytest.mark.parametrize(
    ("name", "timeframe", "first_s"),
    [
        ("http_eodhd_intraday_0.json", Timeframe.M5, 1_759_336_500),
        ("http_client_eod_data_0.json", Timeframe.D1, 1_734_480_000),
    ],
)
def test_captured_answers(reference: Path, tmp_path: Path, name: str, timeframe: Timeframe, first_s: int) -> None:
    body = json.loads((reference / "eodhd" / name).read_text())["body"]
    quotes = load_quotes(stored(tmp_path, name, json.dumps(body)), symbol="X")
    assert quotes.bars is not None
    assert (quotes.timeframe, quotes.bars.size, quotes.bars["time"][0]) == (timeframe, len(body), first_s)
    assert quotes.bars["close"].tolist() == [row["close"] for row in body]


@pytest.mark.parametrize("name", ["http_client_intraday_401_error_0.json", "openapi_examples_api_evangelist.json"])
def test_other_json_is_refused(reference: Path, name: str) -> None:
    with pytest.raises(QuoteFileError, match="is no list of bars"):
        load_quotes(reference / "eodhd" / name, symbol="X")


def test_a_captured_csv(reference: Path) -> None:
    quotes = load_quotes(reference / "eodhd" / "intraday_AAPL.US_5m_2019_csv_format.csv", symbol="AAPL")
    assert quotes.bars is not None
    assert (quotes.vendor, quotes.timeframe, quotes.bars["time"][0]) == (Vendor.EODHD, Timeframe.M5, 1_567_517_400)
