from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from domain.dtypes import RATES_DTYPE, TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID
from domain.timeframes import Timeframe
from marketdata.cleaning import clean_bars, clean_ticks
from marketdata.quotes import CrossedQuotes, ImportLog, NoteKind, QuoteFileError
from marketdata.raw import RawQuotes
from tests.marketdata.samples import candles

START_S = 1_735_776_000


def _log() -> ImportLog:
    return ImportLog(Path("EURUSD_M1.csv"))


def _ticks(*quotes: tuple[int, float, float], **fields: list[float]) -> RawQuotes:
    times = np.array([START_S * 1000 + quote[0] for quote in quotes], dtype=np.int64)
    columns = {"bid": np.array([quote[1] for quote in quotes]), "ask": np.array([quote[2] for quote in quotes])}
    columns |= {name: np.array(values, dtype=np.float64) for name, values in fields.items()}
    return RawQuotes(times, columns, np.arange(2, len(quotes) + 2))


def _bars(*prices: tuple[float, float, float, float], **fields: list[float]) -> RawQuotes:
    names = ("open", "high", "low", "close")
    columns = {name: np.array([row[place] for row in prices]) for place, name in enumerate(names)}
    columns |= {name: np.array(values, dtype=np.float64) for name, values in fields.items()}
    times = (START_S + 60 * np.arange(len(prices))) * 1000
    return RawQuotes(times, columns, np.arange(2, len(prices) + 2))


GOOD_BAR = (1.10001, 1.10005, 1.10000, 1.10003)


def test_ticks_are_mt5s_own_record() -> None:
    raw = _ticks((17, 1.10001, 1.10003), (999, 1.10002, 1.10003), (2000, 1.10002, 1.10004), (2000, 1.1, 1.10002))
    ticks, digits, _ = clean_ticks(raw, digits=None, crossed=CrossedQuotes.DROP, log=_log())
    assert digits == 5
    assert ticks.dtype == TICK_DTYPE
    assert ticks["time"].tolist() == [START_S, START_S, START_S + 2, START_S + 2]
    assert ticks["time_msc"].tolist() == [START_S * 1000 + ms for ms in (17, 999, 2000, 2000)]
    both = TICK_FLAG_BID | TICK_FLAG_ASK
    assert ticks["flags"].tolist() == [both, TICK_FLAG_BID, TICK_FLAG_ASK, both]


def test_given_flags_and_volumes_are_kept() -> None:
    raw = _ticks((1, 1.1, 1.11), (2, 1.1, 1.12), last=[0, 1.1], volume=[0, 3], flags=[6, 1158], volume_real=[0, 2.5])
    ticks, *_ = clean_ticks(raw, digits=None, crossed=CrossedQuotes.DROP, log=_log())
    assert ticks["flags"].tolist() == [6, 1158]
    assert ticks["last"].tolist() == [0.0, 1.1]
    assert ticks["volume"].tolist() == [0, 3]
    assert ticks["volume_real"].tolist() == [0.0, 2.5]


def test_a_tick_that_repeats_the_prices_later_stays() -> None:
    ticks, *_ = clean_ticks(_ticks((1, 1.1, 1.12), (2, 1.1, 1.12)), digits=2, crossed=CrossedQuotes.DROP, log=_log())
    assert ticks["flags"].tolist() == [6, 6]


def test_an_identical_tick_is_dropped_and_a_distinct_one_of_the_same_millisecond_kept() -> None:
    log = _log()
    raw = _ticks((1, 1.1, 1.12), (1, 1.1, 1.12), (1, 1.11, 1.12), (1, 1.1, 1.12))
    ticks, *_ = clean_ticks(raw, digits=None, crossed=CrossedQuotes.DROP, log=log)
    assert ticks["bid"].tolist() == [1.1, 1.11, 1.1]
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.DUPLICATE, 1, 3)]


@pytest.mark.parametrize(
    ("policy", "quotes"),
    [
        (CrossedQuotes.DROP, [(1.1, 1.12), (1.1, 1.1)]),
        (CrossedQuotes.KEEP, [(1.1, 1.12), (1.13, 1.12), (1.1, 1.1)]),
        (CrossedQuotes.SWAP, [(1.1, 1.12), (1.12, 1.13), (1.1, 1.1)]),
    ],
)
def test_crossed_quotes_follow_the_policy(policy: CrossedQuotes, quotes: list[tuple[float, float]]) -> None:
    log = _log()
    raw = _ticks((1, 1.1, 1.12), (2, 1.13, 1.12), (3, 1.1, 1.1))
    ticks, *_ = clean_ticks(raw, digits=None, crossed=policy, log=log)
    assert list(zip(ticks["bid"].tolist(), ticks["ask"].tolist(), strict=True)) == quotes
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.CROSSED, 1, 3)]


def test_ticks_of_which_none_is_left_are_refused() -> None:
    with pytest.raises(QuoteFileError, match="no usable quote"):
        clean_ticks(_ticks((1, 1.2, 1.1)), digits=None, crossed=CrossedQuotes.DROP, log=_log())


def test_bars_are_mt5s_own_record() -> None:
    raw = _bars(GOOD_BAR, GOOD_BAR, tick_volume=[7, 8], spread=[3, 4], real_volume=[0, 9])
    bars, digits, _ = clean_bars(raw, Timeframe.M1, digits=None, log=_log())
    assert digits == 5
    assert bars.dtype == RATES_DTYPE
    assert bars.tolist() == [(START_S, *GOOD_BAR, 7, 3, 0), (START_S + 60, *GOOD_BAR, 8, 4, 9)]


@given(shapes=candles())
def test_clean_bars_come_back_as_they_were(shapes: list[tuple[int, int, int, int]]) -> None:
    raw = _bars(*(tuple(points / 10**5 for points in shape) for shape in shapes))  # type: ignore[arg-type]  # each has four
    log = _log()
    bars, *_ = clean_bars(raw, Timeframe.M1, digits=5, log=log)
    for name in ("open", "high", "low", "close"):
        assert bars[name].tolist() == raw.fields[name].tolist()
    assert {note.kind for note in log.notes} == {NoteKind.MISSING_COLUMN}


def test_missing_volume_and_spread_are_said() -> None:
    log = _log()
    bars, *_ = clean_bars(_bars(GOOD_BAR), Timeframe.M1, digits=None, log=log)
    assert (bars["spread"][0], bars["tick_volume"][0]) == (0, 0)
    assert [note.reason.partition(":")[0] for note in log.notes] == ["tick_volume", "spread"]


@pytest.mark.parametrize("garbage", [-1.0, float("nan"), 1.8446744073709552e19, 2e9])
def test_a_garbage_volume_becomes_nothing(garbage: float) -> None:
    log = _log()
    bars, *_ = clean_bars(
        _bars(GOOD_BAR, GOOD_BAR, tick_volume=[5, garbage], spread=[1, 1]), Timeframe.M1, digits=5, log=log
    )
    assert bars["tick_volume"].tolist() == [5, 0]
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.VOLUME, 1, 3)]


@pytest.mark.parametrize("garbage", [-5.0, float("nan"), 3e9])
def test_a_garbage_spread_becomes_nothing(garbage: float) -> None:
    log = _log()
    bars, *_ = clean_bars(
        _bars(GOOD_BAR, GOOD_BAR, tick_volume=[5, 5], spread=[garbage, 2]), Timeframe.M1, digits=5, log=log
    )
    assert bars["spread"].tolist() == [0, 2]
    assert [(note.kind, note.first_row) for note in log.notes] == [(NoteKind.SPREAD, 2)]


def test_the_closing_ask_gives_the_spread() -> None:
    log = _log()
    asks = [GOOD_BAR[3] + 0.00012, GOOD_BAR[3] - 0.00001, float("nan"), GOOD_BAR[3]]
    bars, *_ = clean_bars(_bars(*[GOOD_BAR] * 4, ask_close=asks, tick_volume=[1] * 4), Timeframe.M1, digits=5, log=log)
    assert bars["spread"].tolist() == [12, 0, 0, 0]
    assert [(note.kind, note.first_row) for note in log.notes] == [(NoteKind.SPREAD, 4), (NoteKind.CROSSED, 3)]


@pytest.mark.parametrize("bad", [(1.1, 1.05, 1.0, 1.02), (1.1, 1.2, 1.11, 1.15), (1.1, 1.2, 1.0, 1.25)])
def test_an_impossible_bar_is_dropped(bad: tuple[float, float, float, float]) -> None:
    log = _log()
    bars, *_ = clean_bars(_bars(GOOD_BAR, bad, GOOD_BAR), Timeframe.M1, digits=5, log=log)
    assert bars["time"].tolist() == [START_S, START_S + 120]
    assert (log.notes[0].kind, log.notes[0].first_row) == (NoteKind.BAD_RANGE, 3)


def test_binary_noise_makes_no_bar_impossible() -> None:
    noisy = (1.1, float(np.nextafter(1.1, 0.0)), 1.0, 1.05)
    bars, *_ = clean_bars(_bars(noisy, GOOD_BAR), Timeframe.M1, digits=5, log=_log())
    assert bars["high"][0] == 1.1


def test_many_impossible_bars_are_swapped_columns() -> None:
    swapped = [(1.1, 1.0, 1.2, 1.1)] * 30
    with pytest.raises(QuoteFileError, match="order of the columns") as caught:
        clean_bars(_bars(*swapped), Timeframe.M1, digits=5, log=_log())
    assert caught.value.row == 2


def test_a_bar_without_a_price_is_dropped() -> None:
    log = _log()
    bars, *_ = clean_bars(_bars(GOOD_BAR, (1.1, 1.1, 0.0, 1.1), GOOD_BAR), Timeframe.M1, digits=5, log=log)
    assert bars.size == 2
    assert log.notes[0].kind is NoteKind.NO_PRICE
