from pathlib import Path

import pytest

from marketdata.columns import is_header, layout_of, plain_name
from marketdata.quotes import ImportLog, QuoteFileError


def _log() -> ImportLog:
    return ImportLog(Path("EURUSD.csv"))


@pytest.mark.parametrize("dressed", ["<TICKVOL>", " tickvol ", '"TickVol"', "TICKVOL"])
def test_dress_does_not_matter(dressed: str) -> None:
    assert plain_name(dressed) == "tickvol"


def test_spaces_and_dashes_are_one_thing() -> None:
    assert plain_name("Tick Volume") == plain_name("tick-volume") == "tick_volume"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<TICKVOL>", "<VOL>", "<SPREAD>"), True),
        (("timestamp", "bid", "ask"), True),
        (("Date", "AdjClose", "Close"), True),
        (("time_utc", "bid_open", "ask_open"), True),
        (("DateTime", "Currency", "Impact"), False),
        (("2018-10-12 12:15", "1.1574", "1.1576"), False),
        (("bid", "ask"), False),
        ((), False),
    ],
)
def test_a_header_names_a_time_and_a_price(columns: tuple[str, ...], expected: bool) -> None:
    assert is_header(columns) is expected


def test_an_mt5_bar_export() -> None:
    columns = ("<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<TICKVOL>", "<VOL>", "<SPREAD>")
    layout = layout_of(columns, _log())
    assert layout.is_bars
    assert (layout.time, layout.clock) == ("<DATE>", "<TIME>")
    assert layout.fields == {
        "open": "<OPEN>",
        "high": "<HIGH>",
        "low": "<LOW>",
        "close": "<CLOSE>",
        "tick_volume": "<TICKVOL>",
        "real_volume": "<VOL>",
        "spread": "<SPREAD>",
    }


def test_days_have_no_time_of_day() -> None:
    layout = layout_of(("<DATE>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>"), _log())
    assert (layout.time, layout.clock) == ("<DATE>", None)


def test_arrays_of_the_metatrader5_package() -> None:
    ticks = layout_of(("time", "bid", "ask", "last", "volume", "time_msc", "flags", "volume_real"), _log())
    assert not ticks.is_bars
    assert ticks.time == "time_msc"
    assert set(ticks.fields) == {"bid", "ask", "last", "volume", "flags", "volume_real"}
    rates = layout_of(("time", "open", "high", "low", "close", "tick_volume", "spread", "real_volume"), _log())
    assert rates.is_bars
    assert rates.fields["real_volume"] == "real_volume"


@pytest.mark.parametrize(
    ("columns", "bid_close", "ask_close"),
    [
        (("time_utc", "bid_open", "bid_high", "bid_low", "bid_close", "ask_close"), "bid_close", "ask_close"),
        (("timestamp", "open_bid", "high_bid", "low_bid", "close_bid", "close_ask"), "close_bid", "close_ask"),
    ],
)
def test_bars_of_both_sides(columns: tuple[str, ...], bid_close: str, ask_close: str) -> None:
    layout = layout_of(columns, _log())
    assert layout.is_bars
    assert (layout.fields["close"], layout.fields["ask_close"]) == (bid_close, ask_close)


@pytest.mark.parametrize(
    ("columns", "tick_volume", "real_volume"),
    [
        (("time", "open", "high", "low", "close", "volume"), "volume", None),
        (("time", "open", "high", "low", "close", "vol"), "vol", None),
        (("time", "open", "high", "low", "close", "volume", "tick_volume"), "tick_volume", "volume"),
        (("time", "open", "high", "low", "close"), None, None),
    ],
)
def test_the_only_volume_is_ticks(columns: tuple[str, ...], tick_volume: str | None, real_volume: str | None) -> None:
    fields = layout_of(columns, _log()).fields
    assert (fields.get("tick_volume"), fields.get("real_volume")) == (tick_volume, real_volume)


@pytest.mark.parametrize(
    ("time", "is_utc"), [("time_utc", True), ("Gmt time", True), ("server_time", False), ("time", False)]
)
def test_a_column_can_prove_utc(time: str, is_utc: bool) -> None:
    assert layout_of((time, "bid", "ask"), _log()).is_utc is is_utc


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        (("bid", "ask"), "time"),
        (("time", "bid"), "ask"),
        (("time", "open", "high", "close"), "low"),
        (("time", "bid_open", "bid_high", "ask_close"), "low"),
        (("time", "price"), "open"),
        ((), "time"),
    ],
)
def test_what_is_missing_is_named(columns: tuple[str, ...], field: str) -> None:
    with pytest.raises(QuoteFileError, match="name the columns") as caught:
        layout_of(columns, _log())
    assert caught.value.field == field


def test_each_wanted_column_is_read_once() -> None:
    assert layout_of(("date", "time", "bid", "ask"), _log()).wanted == ("date", "time", "bid", "ask")


def test_a_repeated_column_counts_the_first_time() -> None:
    layout = layout_of(("time", "bid", "ask", "BID"), _log())
    assert layout.fields["bid"] == "bid"
