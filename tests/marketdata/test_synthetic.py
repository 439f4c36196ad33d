import hashlib
import random

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID
from marketdata import DEMO_START_UTC_S, DEMO_SYMBOLS, SyntheticSymbol, synthetic_market

DAY_S = 86_400
WEEK = synthetic_market(seed=7)
BY_NAME = {symbol.name: symbol for symbol in DEMO_SYMBOLS}
SEVERAL_WEEKS = [WEEK, *(synthetic_market(seed) for seed in (1, 2, 3))]
Ticks = npt.NDArray[np.void]


def _utc_hours(ticks: Ticks) -> npt.NDArray[np.int64]:
    return np.asarray(ticks["time"] % DAY_S // 3600, dtype=np.int64)


def _spreads(name: str) -> npt.NDArray[np.float64]:
    """Of the week's ticks [points]."""
    return np.asarray(np.rint((WEEK[name]["ask"] - WEEK[name]["bid"]) * 10 ** BY_NAME[name].digits), dtype=np.float64)


def _closes(ticks: Ticks, period_s: int) -> npt.NDArray[np.float64]:
    bars = ticks["time"] // period_s
    lasts = np.append(np.flatnonzero(np.diff(bars)), ticks.size - 1)
    return np.asarray(ticks["bid"][lasts], dtype=np.float64)


def _digest(market: dict[str, Ticks]) -> str:
    return hashlib.sha256(b"".join(market[name].tobytes() for name in sorted(market))).hexdigest()


def test_a_week_has_a_demonstrations_number_of_ticks() -> None:
    assert set(WEEK) == {"EURUSD", "USDJPY", "XAUUSD"}
    assert 150_000 <= sum(ticks.size for ticks in WEEK.values()) <= 300_000
    assert all(ticks.dtype == TICK_DTYPE for ticks in WEEK.values())


def test_the_same_seed_gives_the_same_ticks_everywhere() -> None:
    """Recorded once, so that another machine, numpy or C library that changes a tick is noticed."""
    assert _digest(synthetic_market(seed=7)) == _digest(WEEK)
    assert _digest(WEEK) == "2de26ee907e65368886d75f1265cfcf8c0a3f407b5767f78000e98befb12ed50"


def test_another_seed_gives_another_market() -> None:
    assert len({_digest(market) for market in SEVERAL_WEEKS}) == len(SEVERAL_WEEKS)


def test_no_other_randomness_matters() -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global state is the point of this test
    assert _digest(synthetic_market(seed=7)) == _digest(WEEK)


def test_a_symbol_does_not_depend_on_the_others() -> None:
    alone = synthetic_market(7, [BY_NAME["XAUUSD"]])
    assert alone["XAUUSD"].tobytes() == WEEK["XAUUSD"].tobytes()


@pytest.mark.parametrize("offset_s", [-18_000, 0, 7200, 10_800])
def test_the_brokers_clock_only_shifts_times(offset_s: int) -> None:
    shifted = synthetic_market(7, server_offset_s=offset_s)
    for name, ticks in shifted.items():
        assert (ticks["time_msc"] - WEEK[name]["time_msc"] == offset_s * 1000).all()
        assert ticks["bid"].tobytes() == WEEK[name]["bid"].tobytes()


@given(seed=st.integers(0, 2**63), start_day=st.integers(0, 20), days=st.integers(1, 3))
@settings(max_examples=25)
def test_every_market_is_sound(seed: int, start_day: int, days: int) -> None:
    start_utc_s = DEMO_START_UTC_S + start_day * DAY_S
    for name, ticks in synthetic_market(seed, start_utc_s=start_utc_s, days=days).items():
        assert (np.diff(ticks["time_msc"]) >= 0).all()
        assert (ticks["time"] == ticks["time_msc"] // 1000).all()
        assert ((ticks["time"] >= start_utc_s) & (ticks["time"] < start_utc_s + days * DAY_S)).all()
        assert (ticks["bid"] > 0).all()
        assert (ticks["ask"] > ticks["bid"]).all()
        scale = 10.0 ** BY_NAME[name].digits
        for side in ("bid", "ask"):
            assert ticks[side].tobytes() == (np.rint(ticks[side] * scale) / scale).tobytes()


@pytest.mark.parametrize("name", BY_NAME)
def test_every_tick_changes_what_its_flags_say(name: str) -> None:
    ticks = WEEK[name]
    told_bid, told_ask = (ticks["flags"][1:] & flag > 0 for flag in (TICK_FLAG_BID, TICK_FLAG_ASK))
    assert (told_bid == (np.diff(ticks["bid"]) != 0)).all()
    assert (told_ask == (np.diff(ticks["ask"]) != 0)).all()
    assert (told_bid | told_ask).all()


def test_the_weekend_is_closed_and_opens_with_a_gap() -> None:
    opens_again = []
    for market in SEVERAL_WEEKS:
        for name, ticks in market.items():
            pause = int(np.argmax(np.diff(ticks["time_msc"])))
            friday, sunday = ticks[pause], ticks[pause + 1]
            assert friday["time"] // DAY_S % 7 == 1  # 1970-01-02 was a Friday
            assert friday["time"] % DAY_S < 21 * 3600
            assert sunday["time"] % DAY_S >= 21 * 3600
            assert 48 * 3600 <= sunday["time"] - friday["time"] < 50 * 3600
            opens_again.append(abs(sunday["bid"] - friday["bid"]) * 10 ** BY_NAME[name].digits)
    quiet_minutes = [symbol.move_points for symbol in DEMO_SYMBOLS] * len(SEVERAL_WEEKS)
    assert np.mean(np.array(opens_again) / quiet_minutes) > 2


def test_metals_pause_after_the_rollover() -> None:
    assert 21 not in _utc_hours(WEEK["XAUUSD"])
    assert 21 in _utc_hours(WEEK["EURUSD"])


def test_sessions_have_their_hours() -> None:
    def share(name: str, first: int, last: int) -> float:
        hours = _utc_hours(WEEK[name])
        return float(np.mean((hours >= first) & (hours <= last)))

    assert share("USDJPY", 0, 2) > 2 * share("EURUSD", 0, 2)
    assert share("EURUSD", 12, 15) > 3 * share("EURUSD", 2, 5)
    assert share("EURUSD", 7, 9) > 2 * share("EURUSD", 2, 4)


def test_moves_are_larger_in_busy_hours() -> None:
    minutes = _closes(WEEK["EURUSD"], 60)
    times = WEEK["EURUSD"]["time"] // 60
    hours = np.unique(times)[1:] * 60 % DAY_S // 3600
    moves = np.abs(np.diff(minutes))
    assert moves[hours == 13].mean() > 1.5 * moves[hours == 3].mean()


@pytest.mark.parametrize("name", BY_NAME)
def test_spreads_are_usual_and_widen(name: str) -> None:
    spreads, usual = _spreads(name), BY_NAME[name].spread_points
    assert usual <= np.median(spreads) <= 1.5 * usual
    assert spreads.min() >= usual
    assert spreads.max() >= 8 * usual
    minute = WEEK[name]["time"] % DAY_S // 60
    rollover = np.abs(minute - 21 * 60) <= 15
    assert np.median(spreads[rollover]) >= 6 * usual


@pytest.mark.parametrize("name", BY_NAME)
def test_news_is_rare_and_falls_on_full_and_half_hours(name: str) -> None:
    spreads, usual = _spreads(name), BY_NAME[name].spread_points
    struck = np.unique(WEEK[name]["time"][spreads >= 8 * usual] // 60)
    assert 1 <= struck.size <= 30
    assert set((struck % 30).tolist()) == {0}
    assert ((struck % 1440 // 60 >= 7) & (struck % 1440 // 60 < 19)).all()


def test_news_strikes_all_symbols_at_once() -> None:
    minutes = [
        set((WEEK[name]["time"][_spreads(name) >= 8 * symbol.spread_points] // 60).tolist())
        for name, symbol in BY_NAME.items()
    ]
    assert minutes[0] == minutes[1] == minutes[2]


def test_the_dollar_moves_all_symbols() -> None:
    """EURUSD and XAUUSD against USDJPY; over several weeks, as a single one may disagree by chance."""
    together = []
    for market in SEVERAL_WEEKS:
        hourly = []
        for ticks in market.values():
            hours = ticks["time"] // 3600
            lasts = np.append(np.flatnonzero(np.diff(hours)), ticks.size - 1)
            hourly.append(dict(zip(hours[lasts].tolist(), ticks["bid"][lasts].tolist(), strict=True)))
        shared = sorted(set.intersection(*(set(closes) for closes in hourly)))
        moves = np.diff(np.array([[closes[hour] for hour in shared] for closes in hourly]), axis=1)
        together.append(np.corrcoef(moves))
    eurusd_usdjpy, eurusd_xauusd, usdjpy_xauusd = np.mean(together, axis=0)[np.triu_indices(3, 1)]
    assert eurusd_usdjpy < -0.05
    assert eurusd_xauusd > 0.05
    assert usdjpy_xauusd < -0.05


def _efficiency(closes: npt.NDArray[np.float64], span: int) -> npt.NDArray[np.float64]:
    """Kaufman's ratio: net move by distance walked, over `span` bars; near 1 in a trend, near 0 in a range."""
    walked = np.convolve(np.abs(np.diff(closes)), np.ones(span), "valid")
    return np.asarray(np.abs(closes[span:] - closes[:-span]) / walked, dtype=np.float64)


@pytest.mark.parametrize("name", BY_NAME)
def test_there_are_trends_and_ranges(name: str) -> None:
    ratios = np.concatenate([_efficiency(_closes(market[name], 900), 16) for market in SEVERAL_WEEKS])
    assert np.mean(ratios > 0.45) > 0.1
    assert np.mean(ratios < 0.15) > 0.2


@pytest.mark.parametrize("name", BY_NAME)
def test_a_range_strategy_finds_extremes_on_both_sides(name: str) -> None:
    """Wilder's RSI(14) on 15 minutes, as its author defined it."""
    found = []
    for market in SEVERAL_WEEKS:
        moves = np.diff(_closes(market[name], 900))
        gain, loss = np.maximum(moves[:14], 0).mean(), np.maximum(-moves[:14], 0).mean()
        for move in moves[14:]:
            gain, loss = (gain * 13 + max(move, 0)) / 14, (loss * 13 + max(-move, 0)) / 14
            found.append(100 - 100 / (1 + gain / loss))
    values = np.array(found)
    assert 0.01 < np.mean(values < 30) < 0.25
    assert 0.01 < np.mean(values > 70) < 0.25


@pytest.mark.parametrize("name", BY_NAME)
def test_a_week_moves_like_a_week(name: str) -> None:
    for market in SEVERAL_WEEKS:
        bids = market[name]["bid"]
        assert 0.002 < (bids.max() - bids.min()) / bids[0] < 0.1


def test_a_closed_day_has_no_ticks() -> None:
    saturday = DEMO_START_UTC_S + 5 * DAY_S
    assert {
        name: ticks.size for name, ticks in synthetic_market(1, start_utc_s=saturday, days=1).items()
    } == dict.fromkeys(BY_NAME, 0)


@pytest.mark.parametrize(
    ("seed", "start", "days"), [(-1, DEMO_START_UTC_S, 1), (1, DEMO_START_UTC_S + 1, 1), (1, 0, 0)]
)
def test_what_makes_no_market_is_refused(seed: int, start: int, days: int) -> None:
    with pytest.raises(ValueError, match="want seed >= 0"):
        synthetic_market(seed, start_utc_s=start, days=days)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("activity", (100,) * 23),
        ("activity", (-1,) * 24),
        ("dollar_weight", 1.5),
        ("start_price", 0.0),
        ("spread_points", 0),
        ("move_points", 0),
        ("ticks_per_minute", 0),
    ],
)
def test_a_symbol_without_a_path_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match="EURUSD"):
        msgspec.structs.replace(BY_NAME["EURUSD"], **{field: value})


def test_a_dead_hour_has_no_ticks() -> None:
    silent = msgspec.structs.replace(BY_NAME["EURUSD"], activity=(0,) * 12 + (100,) * 12)
    ticks = synthetic_market(3, [silent], days=2)["EURUSD"]
    assert set(_utc_hours(ticks).tolist()) == set(range(12, 24))


def test_any_symbol_can_be_made() -> None:
    index = SyntheticSymbol(
        name="JP225",
        digits=0,
        start_price=38_000.0,
        spread_points=7,
        move_points=9,
        ticks_per_minute=4,
        dollar_weight=0.0,
        activity=(100,) * 24,
    )
    ticks = synthetic_market(5, [index], days=1)["JP225"]
    assert ticks.size > 2000
    assert (ticks["bid"] == np.rint(ticks["bid"])).all()
