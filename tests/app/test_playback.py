"""What is played: the invented week and quotes from files, on a clock on which trade sessions fit."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.playback import (
    DEMO_NAMES,
    DEMO_SERVER_OFFSET_S,
    Market,
    Playback,
    PlaybackError,
    account_of,
    bars_of,
    market_of,
    new_york_close_offset_s,
)
from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.timeframes import DAY_S, HOUR_S, Timeframe
from domain.trading import AccountTradeMode
from marketdata import (
    DEMO_START_UTC_S,
    CrossedQuotes,
    QuoteFileError,
    TickModel,
    ticks_of_bars,
    write_bars,
    write_ticks,
)

MONDAY_S = DEMO_START_UTC_S


def some_ticks(start_s: int = MONDAY_S, count: int = 100, step_s: int = 30, price: float = 1.1) -> np.ndarray:
    ticks = np.zeros(count, TICK_DTYPE)
    ticks["time"] = start_s + step_s * np.arange(count)
    ticks["time_msc"] = ticks["time"] * 1000
    ticks["bid"] = np.round(price + 1e-5 * (np.arange(count) % 7), 5)
    ticks["ask"] = np.round(ticks["bid"] + 1e-4, 5)
    ticks["flags"] = 6
    return ticks


def stored(folder: Path, name: str = "EURUSD", offset_s: int | None = 0, **kwargs: int) -> str:
    path = folder / f"{name}-{len(list(folder.iterdir()))}.parquet"
    write_ticks(path, some_ticks(**kwargs), symbol=name, digits=5, server_offset_s=offset_s)
    return str(path)


def played(*files: str, **kwargs: object) -> Market:
    return market_of(Playback(files=files, **kwargs))  # type: ignore[arg-type]  # rows of a table of cases


# -- the invented week -----------------------------------------------------------------------------------------------


def test_the_week_begins_on_monday_with_warm_charts() -> None:
    market = market_of(Playback(days=1, charts=(Timeframe.M15, Timeframe.H1)))
    assert tuple(market.ticks) == DEMO_NAMES
    assert market.server_offset_s == DEMO_SERVER_OFFSET_S
    for name, ticks in market.ticks.items():
        assert int(ticks["time"][0]) >= MONDAY_S + DEMO_SERVER_OFFSET_S
        assert int(ticks["time"][-1]) < MONDAY_S + DAY_S + DEMO_SERVER_OFFSET_S
        for timeframe in (Timeframe.M15, Timeframe.H1):
            bars = market.history[name, timeframe]
            assert len(bars) >= 200
            assert int(bars["time"][-1]) < int(ticks["time"][0])


def test_the_clock_of_the_invented_broker_fits_its_sessions() -> None:
    market = market_of(Playback(days=7))
    for spec in market.specs:
        seconds = market.ticks[spec.name]["time"].tolist()
        outside = sum(1 for second in seconds if not spec.in_session(second))
        assert outside < 0.01 * len(seconds)


def test_the_same_seed_makes_the_same_market() -> None:
    first, again, other = (market_of(Playback(days=1, seed=seed)) for seed in (4, 4, 5))
    assert first.ticks["EURUSD"].tobytes() == again.ticks["EURUSD"].tobytes()
    assert first.ticks["EURUSD"].tobytes() != other.ticks["EURUSD"].tobytes()


def test_a_symbol_alone_moves_as_among_others() -> None:
    alone = market_of(Playback(days=1, symbols=("XAUUSD",)))
    assert alone.ticks["XAUUSD"].tobytes() == market_of(Playback(days=1)).ticks["XAUUSD"].tobytes()


@pytest.mark.parametrize("symbols", [("GBPUSD",), ("EURUSD", "GBPUSD"), ()])
def test_only_what_is_invented_can_be_played(symbols: tuple[str, ...]) -> None:
    with pytest.raises(PlaybackError, match="which has EURUSD, USDJPY, XAUUSD"):
        market_of(Playback(symbols=symbols))


def test_the_account_is_a_demo_account_with_the_deposit() -> None:
    account = account_of(Playback(deposit=500.0))
    assert (account.deposit, account.currency, account.trade_mode) == (500.0, "USD", AccountTradeMode.DEMO)


# -- bars ------------------------------------------------------------------------------------------------------------


def test_bars_hold_every_tick_and_the_last_one_is_closed() -> None:
    ticks = some_ticks(count=100, step_s=30)
    bars = bars_of(ticks, Timeframe.M15, 1e-5)
    assert int(bars["tick_volume"].sum()) == 100
    assert len(bars) == 4
    assert (bars["time"] % 900 == 0).all()
    assert bars["close"][-1] == ticks["bid"][-1]


def test_no_ticks_make_no_bars() -> None:
    assert len(bars_of(np.zeros(0, TICK_DTYPE), Timeframe.M15, 1e-5)) == 0


# -- files -----------------------------------------------------------------------------------------------------------


def test_quotes_in_utc_are_put_on_a_brokers_clock(tmp_path: Path) -> None:
    market = played(stored(tmp_path))
    assert market.server_offset_s == 3 * HOUR_S
    assert int(market.ticks["EURUSD"]["time"][0]) == MONDAY_S + 3 * HOUR_S
    assert int(market.ticks["EURUSD"]["time_msc"][0]) == (MONDAY_S + 3 * HOUR_S) * 1000
    assert market.notes == ()


def test_the_brokers_clock_can_be_chosen(tmp_path: Path) -> None:
    market = played(stored(tmp_path), server_offset_s=-5 * HOUR_S)
    assert market.server_offset_s == -5 * HOUR_S
    assert int(market.ticks["EURUSD"]["time"][0]) == MONDAY_S - 5 * HOUR_S


def test_a_recording_knows_its_own_clock(tmp_path: Path) -> None:
    market = played(stored(tmp_path, offset_s=7200))
    assert market.server_offset_s == 7200
    assert int(market.ticks["EURUSD"]["time"][0]) == MONDAY_S


@pytest.mark.parametrize(("asked", "offset_s", "notes"), [(None, 0, 1), (7200, 7200, 0)])
def test_a_clock_nobody_knows_is_left_as_it_stands(
    tmp_path: Path, asked: int | None, offset_s: int, notes: int
) -> None:
    market = played(stored(tmp_path, offset_s=None), server_offset_s=asked)
    assert market.server_offset_s == offset_s
    assert int(market.ticks["EURUSD"]["time"][0]) == MONDAY_S
    assert len(market.notes) == notes


def test_files_on_different_clocks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybackError, match=r"different clocks .* on UTC\+0.* on UTC\+2.*replay them one by one"):
        played(stored(tmp_path), stored(tmp_path, "GBPUSD", 7200))


def test_files_of_one_symbol_are_joined_in_order(tmp_path: Path) -> None:
    later, earlier = stored(tmp_path, start_s=MONDAY_S + 9000), stored(tmp_path)
    market = played(later, earlier)
    assert len(market.ticks["EURUSD"]) == 200
    assert (np.diff(market.ticks["EURUSD"]["time_msc"]) > 0).all()


def test_files_that_overlap_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybackError, match="overlap in time"):
        played(stored(tmp_path), stored(tmp_path, start_s=MONDAY_S + 60))


def test_several_symbols_play_together(tmp_path: Path) -> None:
    market = played(stored(tmp_path), stored(tmp_path, "GBPUSD", start_s=MONDAY_S + 1))
    assert market.tape.symbols == ("EURUSD", "GBPUSD")
    assert market.tape.total == 200


def test_bars_are_played_as_four_ticks_each(tmp_path: Path) -> None:
    bars = np.zeros(3, RATES_DTYPE)
    bars["time"] = MONDAY_S + 60 * np.arange(3)
    bars["open"], bars["high"], bars["low"], bars["close"] = 1.1, 1.102, 1.099, 1.101
    bars["spread"], bars["tick_volume"] = 12, 20
    path = tmp_path / "EURUSD_M1.parquet"
    write_bars(path, bars, symbol="EURUSD", timeframe=Timeframe.M1, digits=5, server_offset_s=7200)
    assert len(played(str(path)).ticks["EURUSD"]) == 12


@pytest.mark.parametrize(("name", "digits"), [("EURUSD", 5), ("EURUSD.m", 5), ("eurusd.ecn", 5)])
def test_the_simulated_broker_takes_the_files_name(tmp_path: Path, name: str, digits: int) -> None:
    (spec,) = played(stored(tmp_path, name)).specs
    assert (spec.name, spec.digits, spec.contract_size) == (name, digits, 100_000.0)


def test_the_digits_of_the_file_count(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    ticks = some_ticks(price=2300.0)
    ticks["bid"] = np.round(ticks["bid"], 3)
    ticks["ask"] = ticks["bid"] + 0.25
    write_ticks(path, ticks, symbol="XAUUSD", digits=3, server_offset_s=0)
    (spec,) = played(str(path)).specs
    assert (spec.digits, spec.point, spec.tick_size) == (3, 0.001, 0.001)
    assert spec.tick_value == pytest.approx(0.1)  # 100 ounces a lot, a tick of 0.001


def test_a_symbol_that_is_not_simulated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybackError, match=r"GBPSEK is not simulated; known are EURUSD"):
        played(stored(tmp_path, "GBPSEK"))


def test_a_cross_needs_the_pairs_that_convert_it(tmp_path: Path) -> None:
    paths = [str(stored(tmp_path, name)) for name in ("EURGBP", "GBPUSD", "EURUSD")]
    with pytest.raises(PlaybackError, match=r"EURGBP.*add GBPUSD or USDGBP.*replay files of those symbols beside it"):
        played(paths[0])
    assert [spec.name for spec in played(*paths).specs] == ["EURGBP", "GBPUSD", "EURUSD"]


def test_a_file_that_is_no_quotes_is_refused_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "EURUSD.csv"
    path.write_text("hello\nworld\n")
    with pytest.raises(QuoteFileError):
        played(str(path))


def test_crossed_quotes_are_handled_as_asked(tmp_path: Path) -> None:
    ticks = some_ticks(count=2000)
    ticks["ask"][5] = ticks["bid"][5] - 1e-4
    path = tmp_path / "x.parquet"
    write_ticks(path, ticks, symbol="EURUSD", digits=5, server_offset_s=0)
    dropped, kept = (played(str(path), crossed=how) for how in (CrossedQuotes.DROP, CrossedQuotes.KEEP))
    assert (len(dropped.ticks["EURUSD"]), len(kept.ticks["EURUSD"])) == (1999, 2000)
    assert any("crossed" in note for note in dropped.notes)


# -- ticks of bars ---------------------------------------------------------------------------------------------------


def some_bars(timeframe: Timeframe = Timeframe.M1, count: int = 30) -> np.ndarray:
    bars = np.zeros(count, RATES_DTYPE)
    bars["time"] = MONDAY_S + timeframe.seconds * np.arange(count)
    opens = 110_000 + 3 * (np.arange(count) % 5)
    for name, points in (("open", 0), ("high", 9), ("low", -7), ("close", 4)):
        bars[name] = (opens + points) / 1e5
    bars["tick_volume"], bars["spread"] = 4 + np.arange(count), 12
    return bars


def as_text(bars: np.ndarray, header: str, line: str) -> bytes:
    rows = []
    for bar in bars:
        moment = datetime.fromtimestamp(int(bar["time"]), tz=UTC)
        rows.append(line.format(**{name: bar[name].item() for name in RATES_DTYPE.names or ()}, at=moment))
    return "".join([header, *rows]).encode()


MT5_BARS = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
MT5_LINE = "{at:%Y.%m.%d\t%H:%M:%S}\t{open:.5f}\t{high:.5f}\t{low:.5f}\t{close:.5f}\t{tick_volume}\t0\t{spread}\r\n"
CSV_BARS = "time;open;high;low;close;tick_volume;spread\n"
CSV_LINE = "{at:%Y-%m-%d %H:%M};{open:.5f};{high:.5f};{low:.5f};{close:.5f};{tick_volume};{spread}\n"
BARE_LINE = "{at:%Y.%m.%d,%H:%M},{open:.5f},{high:.5f},{low:.5f},{close:.5f},{tick_volume}\n"


def bar_file(folder: Path, kind: str, bars: np.ndarray) -> str:
    """`bars` of M1 in one of the formats that can be imported."""
    path = folder / f"EURUSD_M1_{kind}"
    if kind == "recording":
        write_bars(path, bars, symbol="EURUSD", timeframe=Timeframe.M1, digits=5, server_offset_s=7200)
    elif kind == "arrays":
        pq.write_table(pa.table({name: bars[name] for name in RATES_DTYPE.names or ()}), path)
    elif kind == "mt5":
        path.write_bytes(as_text(bars, MT5_BARS, MT5_LINE))
    elif kind == "mt5-utf16-gz":
        path.write_bytes(gzip.compress(as_text(bars, MT5_BARS, MT5_LINE).decode().encode("utf-16")))
    elif kind == "csv":
        path.write_bytes(as_text(bars, CSV_BARS, CSV_LINE))
    else:
        path.write_bytes(as_text(bars, "", BARE_LINE))
    return str(path)


@pytest.mark.parametrize("model", TickModel)
@pytest.mark.parametrize("kind", ["recording", "arrays", "mt5", "mt5-utf16-gz", "csv", "bare"])
def test_bars_of_every_format_become_ticks(tmp_path: Path, kind: str, model: TickModel) -> None:
    bars = some_bars()
    if kind == "bare":
        bars["spread"] = 0
    ticks = played(bar_file(tmp_path, kind, bars), ticks=model).ticks["EURUSD"]
    assert ticks.tobytes() == ticks_of_bars(bars, Timeframe.M1, 1e-5, model).tobytes()
    assert len(ticks) == (int(bars["tick_volume"].sum()) if model is TickModel.EVERY_TICK else 4 * len(bars))


def test_a_bar_without_ticks_enough_is_named_with_its_file(tmp_path: Path) -> None:
    bars = some_bars()
    bars["tick_volume"][7] = 2
    path = bar_file(tmp_path, "csv", bars)
    assert len(played(path).ticks["EURUSD"]) == 120
    with pytest.raises(PlaybackError, match=r"EURUSD_M1_csv: bar 7 .*00:07:00\): tick_volume is 2, .*need 4 ticks"):
        played(path, ticks=TickModel.EVERY_TICK)


def test_longer_bars_are_four_quotes_each_and_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "EURUSD_H1"
    bars = some_bars(Timeframe.H1)
    write_bars(path, bars, symbol="EURUSD", timeframe=Timeframe.H1, digits=5, server_offset_s=7200)
    market = played(str(path))
    assert len(market.ticks["EURUSD"]) == 4 * len(bars)
    assert market.notes == ("EURUSD_H1: four quotes a bar of H1: what happened first inside a bar is a guess",)
    with pytest.raises(
        PlaybackError, match=r"EURUSD_H1: MT5 makes every tick of M1 bars only, these are H1; .*use ohlc"
    ):
        played(str(path), ticks=TickModel.EVERY_TICK)


def test_real_ticks_stay_what_they_are(tmp_path: Path) -> None:
    path = stored(tmp_path)
    made, asked = played(path), played(path, ticks=TickModel.EVERY_TICK)
    assert made.ticks["EURUSD"].tobytes() == asked.ticks["EURUSD"].tobytes()
    assert made.notes == ()
    assert asked.notes == ("every-tick is for bars; the files hold real ticks, which are played as they are",)


# -- New York's close ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (datetime(2014, 3, 8, 12, tzinfo=UTC), 2),
        (datetime(2014, 3, 9, 12, tzinfo=UTC), 3),
        (datetime(2014, 5, 2, 12, tzinfo=UTC), 3),
        (datetime(2014, 11, 1, 12, tzinfo=UTC), 3),
        (datetime(2014, 11, 2, 12, tzinfo=UTC), 2),
        (datetime(2025, 1, 1, tzinfo=UTC), 2),
        (datetime(2026, 3, 8, 12, tzinfo=UTC), 3),
    ],
)
def test_midnight_is_new_yorks_close(moment: datetime, hours: int) -> None:
    assert new_york_close_offset_s(int(moment.timestamp())) == hours * HOUR_S


@given(st.integers(1_167_609_600, 2_000_000_000))
def test_the_offset_is_that_of_summer_or_winter(utc_s: int) -> None:
    assert new_york_close_offset_s(utc_s) in (2 * HOUR_S, 3 * HOUR_S)
