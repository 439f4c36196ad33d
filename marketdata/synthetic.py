"""An invented market for demonstrations and tests: the same seed gives the same ticks on every machine.

All arithmetic on the way to a price is on integers, and all randomness comes from the raw output of PCG64, whose stream
numpy guarantees; neither the C library nor a newer numpy can change a tick.
"""

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import msgspec
import numpy as np

from domain.dtypes import TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID
from domain.timeframes import DAY_S, HOUR_S, MINUTE_S, WEEK_S
from marketdata.draws import FINE, Draws
from marketdata.quotes import Ints, Mask, Ticks

DEMO_START_UTC_S: Final = 1_748_822_400
"""Monday 2025-06-02 00:00 UTC; in June, New York closes at 21:00 UTC, where this market has its rollover."""

_MINUTE_MS: Final = 60_000
_MS_PER_S: Final = 1000
_MINUTES_A_DAY: Final = DAY_S // MINUTE_S
_CLOSE_HOUR: Final = 21  # UTC: Friday's close, Sunday's opening, the daily rollover
_FRIDAY_CLOSE_S: Final = 5 * DAY_S + _CLOSE_HOUR * HOUR_S  # since Sunday 00:00
_SUNDAY_OPEN_S: Final = _CLOSE_HOUR * HOUR_S
_THURSDAY_TO_SUNDAY_S: Final = 4 * DAY_S  # 1970-01-01 was a Thursday
_SHORTEST_REGIME: Final = 90  # minutes
_LONGEST_REGIME: Final = 330
_WEAKEST_DRIFT: Final = (
    45  # of a trend's minute, in 1/1024 of its noise; with these ADX and RSI spread as on real EURUSD
)
_DRIFT_SPREAD: Final = 90
_NARROWEST_RANGE: Final = 3  # half a range's width in usual moves of a minute
_RANGE_SPREAD: Final = 4
_NEWS_HOURS: Final = (7, 19)
_NEWS_PER_MILLE: Final = 60  # of the full and half hours in between
_NEWS_FADES: Final = (8, 4, 3, 2)  # factor on the spread in the minute of the news and after
_NEWS_JUMP: Final = 4  # times the move of a quiet minute
_ROLLOVER_MINUTES: Final = 15
_ROLLOVER_SPREAD: Final = 6
_QUIET_ACTIVITY: Final = 50
_HOURS: Final = 24


class SyntheticSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """How one symbol of the invented market moves.

    `spread_points` is the usual spread and `move_points` the standard deviation of one minute, both at an activity of
    100; `activity` has a percentage for each hour of the day (UTC); `dollar_weight` (-1..1) is the part of the moves
    that the dollar makes for all symbols; `closes_daily` leaves out the hour from 21:00 UTC, as brokers do for metals.

    Raises:
        ValueError: for a field out of range.
    """

    name: str
    digits: int
    start_price: float
    spread_points: int
    move_points: int
    ticks_per_minute: int
    dollar_weight: float
    activity: tuple[int, ...]
    closes_daily: bool = False

    def __post_init__(self) -> None:
        """Refuse what no path can be made of."""
        if len(self.activity) != _HOURS or min(self.activity) < 0:
            raise ValueError(f"{self.name}: activity has {len(self.activity)} values; want {_HOURS}, none negative")
        if not -1.0 <= self.dollar_weight <= 1.0:
            raise ValueError(f"{self.name}: dollar_weight is {self.dollar_weight}; want -1 to 1")
        if min(self.spread_points, self.move_points, self.ticks_per_minute) < 1 or self.start_price <= 0.0:
            raise ValueError(f"{self.name}: price, spread, move and ticks per minute must be positive")


# fmt: off
_EUROPE = (35, 30, 30, 30, 35, 40, 60, 120, 150, 140, 120, 110, 160, 190, 190, 170, 120, 90, 80, 70, 50, 25, 30, 35)
_ASIA = (120, 120, 100, 90, 80, 80, 90, 110, 120, 110, 100, 90, 130, 160, 160, 140, 100, 80, 70, 60, 50, 30, 50, 90)
_METAL = (60, 70, 70, 60, 50, 50, 70, 100, 120, 120, 110, 110, 160, 210, 210, 180, 130, 100, 80, 60, 40, 20, 40, 50)
# fmt: on

DEMO_SYMBOLS: Final = (
    SyntheticSymbol(
        name="EURUSD", digits=5, start_price=1.08500, spread_points=9, move_points=12, ticks_per_minute=11,
        dollar_weight=-0.9, activity=_EUROPE,
    ),
    SyntheticSymbol(
        name="USDJPY", digits=3, start_price=151.500, spread_points=10, move_points=16, ticks_per_minute=10,
        dollar_weight=0.8, activity=_ASIA,
    ),
    SyntheticSymbol(
        name="XAUUSD", digits=2, start_price=2350.00, spread_points=22, move_points=42, ticks_per_minute=12,
        dollar_weight=-0.7, activity=_METAL, closes_daily=True,
    ),
)  # fmt: skip


class _Regime(IntEnum):
    RANGE = 0
    UP = 1
    DOWN = 2


_NEXT_REGIME: Final = {
    _Regime.RANGE: (_Regime.UP, _Regime.UP, _Regime.DOWN, _Regime.DOWN, _Regime.RANGE),
    _Regime.UP: (_Regime.RANGE, _Regime.RANGE, _Regime.RANGE, _Regime.DOWN),
    _Regime.DOWN: (_Regime.RANGE, _Regime.RANGE, _Regime.RANGE, _Regime.UP),
}


class _Minutes(NamedTuple):
    """The common clock: seconds UTC of each minute, the dollar's move in it, and how far news widens spreads."""

    utc_s: Ints
    dollar: Ints
    news: Ints


class _Path(NamedTuple):
    """One symbol's open minutes: where the price stands at the start and the end [1/1024 points], and its noise."""

    utc_s: Ints
    start: Ints
    end: Ints
    sigma: Ints
    activity: Ints
    news: Ints


def synthetic_market(
    seed: int,
    symbols: Sequence[SyntheticSymbol] = DEMO_SYMBOLS,
    start_utc_s: int = DEMO_START_UTC_S,
    days: int = 7,
    *,
    server_offset_s: int = 0,
) -> dict[str, Ticks]:
    """Ticks of each symbol for `days` from `start_utc_s` [s], on a broker's clock `server_offset_s` [s] ahead of UTC.

    The market closes from Friday to Sunday 21:00 UTC and opens with a gap; it trends and ranges in turns of 1.5 to 5.5
    hours, lives by the sessions of Asia, London and New York, widens its spreads at the rollover and at news, and its
    symbols share the dollar's moves. A symbol's ticks do not depend on which others are asked for.

    Returns:
        TICK_DTYPE by symbol name, ascending by `time_msc`; every tick changes a price.

    Raises:
        ValueError: for a negative seed, a start that is no full minute, or less than one day.
    """
    _check_span(seed, start_utc_s, days)
    minutes = _minutes(seed, start_utc_s, days)
    return {symbol.name: _symbol_ticks(seed, symbol, minutes, server_offset_s) for symbol in symbols}


def synthetic_releases(seed: int, start_utc_s: int = DEMO_START_UTC_S, days: int = 7) -> Ints:
    """Times [UTC s] at which news strikes this market while it is open: spreads widen then, and prices jump.

    They are those of `synthetic_market` with the same arguments: what its calendar would have told.

    Raises:
        ValueError: as `synthetic_market`.
    """
    _check_span(seed, start_utc_s, days)
    utc_s = _clock(start_utc_s, days)
    return utc_s[_strikes(Draws(seed, ""), utc_s) & _open_week(utc_s)]


def _check_span(seed: int, start_utc_s: int, days: int) -> None:
    if seed < 0 or start_utc_s % MINUTE_S or days < 1:
        raise ValueError(f"seed {seed}, start {start_utc_s}, days {days}; want seed >= 0, a full minute, days >= 1")


def _clock(start_utc_s: int, days: int) -> Ints:
    return start_utc_s + MINUTE_S * np.arange(days * _MINUTES_A_DAY, dtype=np.int64)


def _strikes(draws: Draws, utc_s: Ints) -> Mask:
    """At which minutes news strikes; the first that is drawn from the common stream."""
    hour = utc_s % DAY_S // HOUR_S
    candidate = (utc_s % (HOUR_S // 2) == 0) & (hour >= _NEWS_HOURS[0]) & (hour < _NEWS_HOURS[1])
    return np.asarray(candidate & (draws.below(1000, utc_s.size) < _NEWS_PER_MILLE), dtype=np.bool_)


def _minutes(seed: int, start_utc_s: int, days: int) -> _Minutes:
    draws = Draws(seed, "")
    utc_s = _clock(start_utc_s, days)
    strikes = _strikes(draws, utc_s)
    news = np.ones(utc_s.size, dtype=np.int64)
    for age, factor in enumerate(_NEWS_FADES):
        news[age:] = np.maximum(news[age:], np.where(strikes[: strikes.size - age], factor, 1))
    return _Minutes(utc_s, draws.bell(utc_s.size), news)


def _symbol_ticks(seed: int, symbol: SyntheticSymbol, minutes: _Minutes, server_offset_s: int) -> Ticks:
    draws = Draws(seed, symbol.name)
    path = _path(symbol, minutes, draws)
    owner, offset_ms = _tick_places(symbol, path, draws)
    bids = np.maximum(_prices(path, owner, offset_ms, draws) // FINE, 1)
    asks = bids + _spreads(symbol, path, owner, draws)
    time_msc = (path.utc_s[owner] + server_offset_s) * _MS_PER_S + offset_ms
    return _ticks(time_msc, bids, asks, symbol.digits)


def _open_week(utc_s: Ints) -> Mask:
    week_s = (utc_s + _THURSDAY_TO_SUNDAY_S) % WEEK_S
    return np.asarray((week_s >= _SUNDAY_OPEN_S) & (week_s < _FRIDAY_CLOSE_S), dtype=np.bool_)


def _open_minutes(symbol: SyntheticSymbol, utc_s: Ints) -> Mask:
    is_open = _open_week(utc_s)
    if symbol.closes_daily:
        is_open &= utc_s % DAY_S // HOUR_S != _CLOSE_HOUR
    return np.asarray(is_open & (np.array(symbol.activity)[utc_s % DAY_S // HOUR_S] > 0), dtype=np.bool_)


def _path(symbol: SyntheticSymbol, minutes: _Minutes, draws: Draws) -> _Path:
    is_open = _open_minutes(symbol, minutes.utc_s)
    utc_s, news = minutes.utc_s[is_open], minutes.news[is_open]
    activity = np.array(symbol.activity, dtype=np.int64)[utc_s % DAY_S // HOUR_S]
    quiet = symbol.move_points * np.sqrt(activity * 100 * FINE * FINE // 10_000).astype(np.int64)
    sigma = quiet * (3 + news) // 4
    weight = round(symbol.dollar_weight * FINE)
    own = math.isqrt(FINE * FINE - weight * weight)
    noise = (weight * minutes.dollar[is_open] + own * draws.bell(utc_s.size)) // FINE * sigma // FINE
    jumps = np.where(news == _NEWS_FADES[0], draws.bell(utc_s.size) * quiet * _NEWS_JUMP // FINE, 0)
    gap_minutes = np.diff(utc_s, prepend=utc_s[:1] - MINUTE_S) // MINUTE_S - 1
    gaps = draws.bell(utc_s.size) * quiet // FINE * np.sqrt(gap_minutes).astype(np.int64) // 2
    moves = _regime_moves(noise, sigma, symbol.move_points * FINE, draws) + jumps
    start = round(symbol.start_price * 10**symbol.digits) * FINE + np.cumsum(moves + gaps) - moves
    return _Path(utc_s, start, start + moves, sigma, activity, news)


def _regime_moves(noise: Ints, sigma: Ints, usual: int, draws: Draws) -> Ints:
    """Move of each minute: in a trend noise and drift, in a range a walk that its borders throw back."""
    count = noise.size // _SHORTEST_REGIME + 1
    lengths = _SHORTEST_REGIME + draws.below(_LONGEST_REGIME - _SHORTEST_REGIME, count)
    segment = np.repeat(np.arange(count), lengths)[: noise.size]
    regimes = _regimes(count, draws)
    drift = (_WEAKEST_DRIFT + draws.below(_DRIFT_SPREAD, count)) * np.array([0, 1, -1])[regimes]
    trending = noise + drift[segment] * sigma // FINE
    half_width = (_NARROWEST_RANGE + draws.below(_RANGE_SPREAD, count)) * usual
    walk = np.cumsum(noise + noise // 4)
    before = np.concatenate(([0], walk[:-1]))
    origin = before[np.searchsorted(segment, np.arange(segment[-1] + 1))][segment] if noise.size else before
    ranging = _thrown_back(walk - origin, half_width[segment]) - _thrown_back(before - origin, half_width[segment])
    return np.where(regimes[segment] == _Regime.RANGE, ranging, trending)


def _regimes(count: int, draws: Draws) -> Ints:
    choices = draws.below(60, count)  # 60: divisible by the length of every row of the table
    regime = _Regime(int(choices[0]) % len(_Regime))
    regimes = []
    for choice in choices.tolist():
        following = _NEXT_REGIME[regime]
        regime = following[choice % len(following)]
        regimes.append(int(regime))
    return np.array(regimes, dtype=np.int64)


def _thrown_back(walk: Ints, half_width: Ints) -> Ints:
    """`walk` folded into -half_width..half_width, as by two mirrors."""
    from_far = np.abs((walk + half_width) % (4 * half_width) - 2 * half_width)
    return np.asarray(half_width - from_far, dtype=np.int64)


def _tick_places(symbol: SyntheticSymbol, path: _Path, draws: Draws) -> tuple[Ints, Ints]:
    """For each tick the index of its minute and its place in it [ms], ascending."""
    busy = symbol.ticks_per_minute * path.activity * np.minimum(path.news, 3)
    counts = busy * (50 + draws.below(101, busy.size)) // 10_000
    owner = np.repeat(np.arange(counts.size, dtype=np.int64), counts)
    moments = np.sort(owner * _MINUTE_MS + draws.below(_MINUTE_MS, owner.size))
    return owner, moments - owner * _MINUTE_MS


def _prices(path: _Path, owner: Ints, offset_ms: Ints, draws: Draws) -> Ints:
    """Price at each tick [1/1024 points]: the line through its minute and a bridge of noise that ends on the line."""
    line = path.start[owner] + (path.end - path.start)[owner] * offset_ms // _MINUTE_MS
    counts = np.bincount(owner, minlength=path.sigma.size)
    step = path.sigma // np.sqrt(np.maximum(counts, 1)).astype(np.int64).clip(1)
    walk = np.cumsum(draws.bell(owner.size) * step[owner] // FINE)
    firsts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    totals = np.concatenate(([0], walk))
    within = walk - totals[firsts][owner]
    whole = (totals[firsts + counts] - totals[firsts])[owner]
    bridge = within - whole * (np.arange(owner.size) - firsts[owner] + 1) // counts[owner]
    return np.asarray(line + bridge, dtype=np.int64)


def _spreads(symbol: SyntheticSymbol, path: _Path, owner: Ints, draws: Draws) -> Ints:
    """Spread of each tick [points]: wider at news, around the rollover and, by half, in quiet hours."""
    minute_of_day = path.utc_s % DAY_S // MINUTE_S
    from_rollover = np.abs(minute_of_day - _CLOSE_HOUR * 60)
    rollover = np.where(from_rollover <= _ROLLOVER_MINUTES, _ROLLOVER_SPREAD, 1)
    around_it = np.where(from_rollover <= 4 * _ROLLOVER_MINUTES, 2, 1)
    halves = 2 * np.maximum(path.news, np.maximum(rollover, around_it)) + (path.activity < _QUIET_ACTIVITY)
    jitter = draws.below(symbol.spread_points // 3 + 1, owner.size)
    return symbol.spread_points * halves[owner] // 2 + jitter


def _ticks(time_msc: Ints, bids: Ints, asks: Ints, digits: int) -> Ticks:
    """Ticks that change the bid or the ask, with MT5's flags of what changed."""
    bid_changed = np.diff(bids, prepend=0) != 0
    ask_changed = np.diff(asks, prepend=0) != 0
    told = bid_changed | ask_changed
    ticks = np.zeros(int(told.sum()), dtype=TICK_DTYPE)
    ticks["time"] = time_msc[told] // _MS_PER_S
    ticks["time_msc"] = time_msc[told]
    ticks["bid"] = bids[told] / 10.0**digits
    ticks["ask"] = asks[told] / 10.0**digits
    ticks["flags"] = (bid_changed * TICK_FLAG_BID | ask_changed * TICK_FLAG_ASK)[told]
    return ticks
