"""Bars and ticks: which ones a call gives, compared with all of them, filtered the slow way."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim.metatrader5 as mt5
from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.timeframes import Timeframe
from sim.metatrader5.charts import monthly
from tests.sim.metatrader5.market import MONDAY_S, AttachedMarket, quotes_at
from tests.sim.venues import EURUSD, MONDAY_MSC, USDJPY

Rows = npt.NDArray[Any]
# some of them to the minute or the second: where a bar opens, or a tick stands, is where a bound can be wrong
PROBE_S = st.integers(MONDAY_S - 400, MONDAY_S + 4000) | st.integers(-6, 60).map(lambda minute: MONDAY_S + 60 * minute)
GAPS = st.lists(
    st.integers(0, 90_000) | st.integers(0, 90).map(lambda second: second * 1000), min_size=1, max_size=60
) | st.lists(st.integers(0, 3).map(lambda minute: minute * 60_000), min_size=1, max_size=60)
PRICES = [1.1 + 0.0001 * (at * 7 % 23) for at in range(60)]
FRAMES = (Timeframe.M1, Timeframe.M2, Timeframe.M5, Timeframe.H1, Timeframe.D1, Timeframe.W1, Timeframe.MN1)


def _market(gaps: list[int], played_s: int) -> AttachedMarket:
    times = (MONDAY_MSC + np.cumsum(gaps)).tolist()
    rows = quotes_at(times, PRICES[: len(gaps)])
    rows["ask"] = np.round(rows["bid"] + 0.0001 * (1 + np.arange(len(gaps)) * 3 % 7), 5)
    market = AttachedMarket({"EURUSD": rows})
    market.play(played_s)
    return market


def _seen(market: AttachedMarket, played_s: int) -> Rows:
    ticks = market.ticks["EURUSD"]
    return ticks[ticks["time_msc"] <= MONDAY_MSC + played_s * 1000]


def _slow_bars(ticks: Rows, frame: Timeframe) -> list[tuple[int, float, float, float, float, int, int]]:
    """Bars of bids by calendar arithmetic, one tick after the other."""
    bars: dict[int, list[tuple[float, float]]] = {}
    for tick in ticks:
        at = datetime.fromtimestamp(int(tick["time_msc"]) // 1000, UTC)
        if frame is Timeframe.MN1:
            begin = at.replace(day=1, hour=0, minute=0, second=0)
        elif frame is Timeframe.W1:
            begin = (at - timedelta(days=(at.weekday() + 1) % 7)).replace(hour=0, minute=0, second=0)
        else:
            begin = at - timedelta(seconds=int(at.timestamp()) % frame.seconds)
        bars.setdefault(int(begin.timestamp()), []).append((float(tick["bid"]), float(tick["ask"])))
    return [_slow_bar(begin, quotes) for begin, quotes in bars.items()]


def _slow_bar(begin: int, quotes: list[tuple[float, float]]) -> tuple[int, float, float, float, float, int, int]:
    bids = [bid for bid, _ in quotes]
    spread = min(round((ask - bid) / EURUSD.point) for bid, ask in quotes)
    return begin, bids[0], max(bids), min(bids), bids[-1], len(bids), spread


def _plain(rows: Rows | None) -> list[Any]:
    assert rows is not None
    assert rows.dtype == RATES_DTYPE
    return [tuple(row)[:-1] for row in rows.tolist()]


@given(GAPS, st.integers(0, 4000), st.sampled_from(FRAMES))
def test_bars_are_those_of_the_ticks_played(gaps: list[int], played_s: int, frame: Timeframe) -> None:
    market = _market(gaps, played_s)
    assert _plain(_all(frame)) == _slow_bars(_seen(market, played_s), frame)


def _all(frame: Timeframe) -> Rows:
    found = mt5.copy_rates_from_pos("EURUSD", frame, 0, 90_000)
    return np.zeros(0, RATES_DTYPE) if found is None else found


@given(GAPS, st.lists(st.integers(0, 1500), max_size=5), st.sampled_from(FRAMES))
def test_bars_asked_for_while_they_grow_are_those_asked_for_once(
    gaps: list[int], steps: list[int], frame: Timeframe
) -> None:
    market = _market(gaps, 0)
    for played_s in np.cumsum(steps).tolist():
        market.play(played_s)
        _all(frame)
    grown = _plain(_all(frame))
    _market(gaps, sum(steps))
    assert grown == _plain(_all(frame))


@given(GAPS, PROBE_S, PROBE_S)
def test_a_range_of_bars_holds_those_that_open_in_it(gaps: list[int], begin: int, end: int) -> None:
    _market(gaps, 5000)
    found = mt5.copy_rates_range("EURUSD", mt5.TIMEFRAME_M1, begin, end)
    if begin > end:
        assert found is None
        assert mt5.last_error() == (-2, "Terminal: Invalid params")
    else:
        assert _plain(found) == [row for row in _plain(_all(Timeframe.M1)) if begin <= row[0] <= end]
        assert mt5.last_error() == (1, "Success")


@given(GAPS, PROBE_S, st.integers(1, 20))
def test_bars_from_a_date_end_with_the_one_that_holds_it(gaps: list[int], date: int, count: int) -> None:
    _market(gaps, 5000)
    expected = [row for row in _plain(_all(Timeframe.M1)) if row[0] <= date][-count:]
    found = mt5.copy_rates_from("EURUSD", mt5.TIMEFRAME_M1, date, count)
    assert _plain(found) == expected if expected else found is None


@given(GAPS, st.integers(0, 80), st.integers(1, 20))
def test_bars_by_position_count_backwards_from_the_running_one(gaps: list[int], start: int, count: int) -> None:
    _market(gaps, 5000)
    everything = _plain(_all(Timeframe.M1))
    found = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, start, count)
    if start >= len(everything):
        assert found is None
        assert mt5.last_error() == (-1, "Terminal: Call failed")
    else:
        assert _plain(found) == everything[: len(everything) - start][-count:]


@given(GAPS, PROBE_S, PROBE_S, st.integers(1, 30))
def test_ticks_by_date(gaps: list[int], begin: int, end: int, count: int) -> None:
    market = _market(gaps, 2000)
    seen = _seen(market, 2000)
    first = mt5.copy_ticks_from("EURUSD", begin, count, mt5.COPY_TICKS_ALL)
    assert first is not None
    assert first.dtype == TICK_DTYPE
    assert first.tolist() == seen[seen["time_msc"] >= begin * 1000][:count].tolist()
    if begin <= end:
        found = mt5.copy_ticks_range("EURUSD", begin, end, mt5.COPY_TICKS_ALL)
        assert found is not None
        inside = (seen["time_msc"] >= begin * 1000) & (seen["time_msc"] <= end * 1000)
        assert found.tolist() == seen[inside].tolist()


@given(st.lists(st.integers(0, 127), min_size=1, max_size=40))
def test_ticks_by_what_they_changed(flags: list[int]) -> None:
    market = _market([100] * len(flags), 0)
    market.ticks["EURUSD"]["flags"] = flags
    market.play(4000)
    asked = {mt5.COPY_TICKS_ALL: 127, mt5.COPY_TICKS_INFO: 6, mt5.COPY_TICKS_TRADE: 24}
    for copied, bits in asked.items():
        found = mt5.copy_ticks_from("EURUSD", 0, 1000, copied)
        assert found is not None
        wanted = [flag for flag in flags if flag & bits or copied == mt5.COPY_TICKS_ALL]
        assert found["flags"].tolist() == wanted


def test_dates_are_taken_in_every_form() -> None:
    _market([1000] * 50, 100)
    zone = timezone(timedelta(hours=2))
    aware = datetime.fromtimestamp(MONDAY_S + 10, zone)
    forms = (MONDAY_S + 10, MONDAY_S + 10.7, aware, aware.replace(tzinfo=None) + _local_shift(aware))
    found = [mt5.copy_ticks_from("EURUSD", form, 1, mt5.COPY_TICKS_ALL) for form in forms]
    assert [int(rows["time"][0]) for rows in found if rows is not None] == [MONDAY_S + 10] * 4


def _local_shift(aware: datetime) -> timedelta:
    """What to add to a wall clock elsewhere for the wall clock of this machine."""
    there, here = aware.utcoffset(), aware.astimezone().utcoffset()
    assert there is not None
    assert here is not None
    return here - there


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("NOSUCH", mt5.TIMEFRAME_M1, 0, 5), (-1, "Terminal: Call failed")),
        (("EURUSD", 7, 0, 5), (-2, "Terminal: Invalid params")),
        (("EURUSD", mt5.TIMEFRAME_M1, -1, 5), (-2, "Terminal: Invalid params")),
        (("EURUSD", mt5.TIMEFRAME_M1, 0, 0), (-2, "Terminal: Invalid params")),
        (("EURUSD", mt5.TIMEFRAME_M1, 0, 100_000), (-2, "Terminal: Invalid params")),
    ],
)
def test_bars_that_cannot_be_had(arguments: tuple[Any, ...], error: tuple[int, str]) -> None:
    _market([1000] * 10, 100)
    assert mt5.copy_rates_from_pos(*arguments) is None
    assert mt5.last_error() == error


def test_a_range_wider_than_the_terminals_bars_is_refused() -> None:
    _market([1000] * 10, 100)
    widest = 100_000 * 60
    found = mt5.copy_rates_range("EURUSD", mt5.TIMEFRAME_M1, MONDAY_S - widest, MONDAY_S)
    assert found is not None
    assert mt5.copy_rates_range("EURUSD", mt5.TIMEFRAME_M1, MONDAY_S - widest - 1, MONDAY_S) is None
    assert mt5.last_error() == (-2, "Terminal: Invalid params")
    assert mt5.copy_rates_range("EURUSD", mt5.TIMEFRAME_MN1, 0, MONDAY_S) is not None


def test_ticks_that_cannot_be_had() -> None:
    _market([1000] * 10, 100)
    assert mt5.copy_ticks_from("NOSUCH", 0, 5, mt5.COPY_TICKS_ALL) is None
    assert mt5.last_error() == (-4, "Terminal: Not found")
    assert mt5.copy_ticks_from("EURUSD", 0, 5, 9) is None
    assert mt5.copy_ticks_from("EURUSD", 0, -5, mt5.COPY_TICKS_ALL) is None
    assert mt5.last_error() == (-2, "Terminal: Invalid params")


def test_what_is_given_is_the_callers_own() -> None:
    market = _market([1000] * 10, 100)
    ticks = mt5.copy_ticks_from("EURUSD", 0, 5, mt5.COPY_TICKS_ALL)
    bars = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 0, 1)
    assert ticks is not None
    assert bars is not None
    ticks["bid"], bars["close"] = 0.0, 0.0
    assert market.ticks["EURUSD"]["bid"].min() > 1.0
    again = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 0, 1)
    assert again is not None
    assert again["close"][0] > 1.0


def test_the_history_comes_before_the_ticks_and_the_first_tick_finds_its_last_bar_running() -> None:
    history = np.zeros(3, RATES_DTYPE)
    history["time"] = [MONDAY_S - 120, MONDAY_S - 60, MONDAY_S]
    for name in ("open", "high", "low", "close"):
        history[name] = [1.0, 1.05, 1.2]
    history["tick_volume"], history["spread"] = 5, 30
    ticks = quotes_at([MONDAY_MSC + 1000, MONDAY_MSC + 61_000], [1.1, 1.3])
    market = AttachedMarket({"EURUSD": ticks}, history={("EURUSD", Timeframe.M1): history})
    assert _plain(_all(Timeframe.M1)) == _plain(history)
    market.play(100)
    bars = _plain(_all(Timeframe.M1))
    assert [row[0] for row in bars] == [MONDAY_S - 120, MONDAY_S - 60, MONDAY_S, MONDAY_S + 60]
    assert bars[2][1:] == (1.2, 1.2, 1.1, 1.1, 6, 20)


def test_a_symbol_without_ticks_has_its_history() -> None:
    history = np.zeros(2, RATES_DTYPE)
    history["time"] = [MONDAY_S - 86_400 * 7, MONDAY_S]
    AttachedMarket({}, (EURUSD, USDJPY), history={("USDJPY", Timeframe.MN1): history})
    for found in (
        mt5.copy_rates_from_pos("USDJPY", mt5.TIMEFRAME_MN1, 0, 9),
        mt5.copy_rates_from("USDJPY", mt5.TIMEFRAME_MN1, MONDAY_S, 9),
        mt5.copy_rates_range("USDJPY", mt5.TIMEFRAME_MN1, 0, MONDAY_S),
    ):
        assert found is not None
        assert _plain(found) == _plain(history)
        assert not np.shares_memory(found, history)
    assert mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_D1, 0, 9) is None


def test_months_of_no_days_are_none() -> None:
    assert len(monthly(np.zeros(0, RATES_DTYPE))) == 0


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(0, 1000))
def test_months_are_their_days_joined(gaps: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    days = np.zeros(len(gaps), RATES_DTYPE)
    days["time"] = MONDAY_S // 86_400 * 86_400 + np.cumsum(gaps) * 86_400
    for name in RATES_DTYPE.names or ():
        if name != "time":
            days[name] = random.integers(1, 1000, len(gaps))
    parts: dict[tuple[int, int], list[Any]] = {}
    for row in days:
        at = datetime.fromtimestamp(int(row["time"]), UTC)
        parts.setdefault((at.year, at.month), []).append(row)
    expected = [
        (
            int(datetime(year, month, 1, tzinfo=UTC).timestamp()),
            rows[0]["open"],
            max(row["high"] for row in rows),
            min(row["low"] for row in rows),
            rows[-1]["close"],
            sum(int(row["tick_volume"]) for row in rows),
            min(row["spread"] for row in rows),
            sum(int(row["real_volume"]) for row in rows),
        )
        for (year, month), rows in parts.items()
    ]
    assert [tuple(row) for row in monthly(days).tolist()] == expected
