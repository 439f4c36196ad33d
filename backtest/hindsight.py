"""What refused entries would have earned: each followed from its quote to its first stop, its target or the clock.

The figure compares gates with each other and with the entries that were made, which are followed in the same way. It is
no profit that was missed: every entry is followed by itself, as if nothing else were open; nothing is sized, no stop is
moved and nothing closed in part; and of entries that overlap, each counts in full.
"""

import math
from typing import Final

import msgspec
import numpy as np

from backtest.curve import Floats, Ints
from backtest.job import Job
from domain.symbols import SwapMode, SymbolSpec, week_end_s
from domain.timeframes import DAY_S
from domain.trading import DealEntry
from sim.accounting import commission_of
from sim.holidays import TradingHours
from sim.market import Market
from sim.swaps import REOPENS, Night, nights_charged, swap_of_night
from sim.untended import OPEN, Endings, Fills, Hours, block_ranges, followed
from strategy.gates import NO_GATE, Gate
from strategy.tables import Table

_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000
_DAY_MS: Final = DAY_S * 1000
_DIGITS: Final = 8  # of a lot's money: a lot of some symbols risks less than a cent
_FEWEST: Final = 2


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """Entries followed one by one, in R: profit over what the first stop would have cost, costs in both.

    `number` have ended, `still_open` have not and are in no other figure; `won` is the part of them with a profit,
    `error_r` the standard error of the mean. NaN where a figure is not defined.
    """

    number: int
    still_open: int
    mean_r: float
    error_r: float
    sum_r: float
    won: float


class GateInHindsight(msgspec.Struct, frozen=True, kw_only=True):
    """What one gate kept out, where it was the only one in the way, and where it was the first."""

    gate: str
    alone: Followed
    first: Followed


class Hindsight(msgspec.Struct, frozen=True, kw_only=True):
    """The entries that were `made`, and what each gate refused, both left to their first stop and target."""

    made: Followed
    gates: tuple[GateInHindsight, ...]


def hindsight_of(job: Job, episodes: Table) -> Hindsight:
    """Follow `episodes` (EPISODE_DTYPE) through the quotes of `job`."""
    results = results_of(job, episodes)
    alone, first = episodes["alone"], episodes["first"]
    gates = (
        GateInHindsight(
            gate=gate.name.lower(), alone=_summed(results[alone == gate]), first=_summed(results[first == gate])
        )
        for gate in Gate
    )
    return Hindsight(made=_summed(results[(alone == NO_GATE) & (first == NO_GATE)]), gates=tuple(gates))


def _summed(results: Floats) -> Followed:
    ended = results[~np.isnan(results)]
    number = ended.size
    return Followed(
        number=number,
        still_open=results.size - number,
        mean_r=float(ended.mean()) if number else math.nan,
        error_r=float(np.std(ended, ddof=1)) / math.sqrt(number) if number >= _FEWEST else math.nan,
        sum_r=math.fsum(ended),
        won=float(np.mean(ended > 0.0)) if number else math.nan,
    )


def results_of(job: Job, episodes: Table) -> Floats:
    """What each of `episodes` came to [R], shape (n,); NaN for what is still open at the last quote."""
    results, market = np.full(len(episodes), np.nan), _market_of(job)
    for index in np.unique(episodes["symbol"]):
        own = episodes["symbol"] == index
        results[own] = _Symbol(job, market, int(index)).results(episodes[own])
    return results


def _market_of(job: Job) -> Market:
    """The broker's symbols, other currencies converted at the first quotes: in R a rate all but cancels out."""
    profile = job.profile
    market = Market(
        job.specs,
        profile.currency,
        _DIGITS,
        profile.leverage_at(profile.deposit),
        job.start_msc,
        fixed_rates=profile.fixed_rates,
        converts_by_market=profile.converts_by_market,
    )
    for symbol, ticks in job.ticks.items():
        if len(ticks):
            market.take_quote(market.index_of[symbol], ticks, 0)
    for index in range(len(job.specs)):
        market.convert(index)
    return market


class _Symbol:
    """Follows the entries on one symbol."""

    def __init__(self, job: Job, market: Market, index: int) -> None:
        self._job = job
        self._spec = spec = job.specs[index]
        self._money, self._rate = market.moneys[index], market.swap_rate(index)
        self._ticks = job.ticks[spec.name]
        self._ranges = block_ranges(self._ticks)
        slippage = job.profile.slippage_points * spec.point
        self._fills = Fills(slippage, spec.tick_size, spec.digits, self._money)

    def results(self, entries: Table) -> Floats:
        """R of each of `entries`, NaN for what is still open."""
        found, shifts = np.empty(len(entries)), self._shifts(entries["time_ns"])
        for shift_s in np.unique(shifts).tolist():
            own = shifts == shift_s
            found[own] = self._results(entries[own], shift_s)
        return found

    def _shifts(self, time_ns: Ints) -> Ints:
        """By how much the broker's clock is changed while a position is held as long as it may be [s]."""
        opened_s, clock = time_ns // _NS_PER_S, self._job.clock
        until_s = opened_s + int(self._job.settings.care.max_holding_s)
        return clock.offsets_at_utc(until_s) - clock.offsets_at_utc(opened_s)

    def _results(self, entries: Table, shift_s: int) -> Floats:
        opened_msc = self._server_msc(entries["time_ns"])
        buys, sells = (self._hours(side, shift_s) for side in (1, -1))
        ends = followed(entries, opened_msc, self._ticks, self._ranges, self._fills, buys, sells)
        rule = self._job.profile.commission_of(self._spec.name)
        paid, paid_later = (commission_of(rule, entry, 1.0, _DIGITS) for entry in (DealEntry.IN, DealEntry.OUT))
        profits = ends.profit + paid + paid_later + self._swaps(entries, opened_msc, ends)
        return np.where(ends.reason == OPEN, np.nan, profits / (ends.risk - paid))

    def _server_msc(self, time_ns: Ints) -> Ints:
        return time_ns // _NS_PER_MS + self._job.clock.offsets_at_utc(time_ns // _NS_PER_S) * 1000

    def _hours(self, side: int, shift_s: int) -> Hours:
        """When position care would close by the clock on `side`, on a clock that is changed by `shift_s` meanwhile."""
        care, spec = self._job.settings.care, self._spec
        costs = (spec.swap_long if side > 0 else spec.swap_short) < 0.0 and spec.swap_mode != SwapMode.DISABLED
        return Hours(
            care.max_holding_s + shift_s if care.max_holding_s > 0.0 else 0.0,
            care.weekend_close_s if care.weekend_stop_atr == 0.0 else 0.0,
            care.rollover_close_s,
            care.triple_swap_close_s,
            week_end_s(spec.sessions),
            spec.swap_rollover3days if costs else -1,
        )

    def _swaps(self, entries: Table, opened_msc: Ints, ends: Endings) -> Floats:
        """Swap of one lot of each entry, every night at the price it closed at [account money]."""
        spec, terms = _as_charged(self._spec), self._job.profile.terms_of(self._spec.name)
        nights, found = self._nights(opened_msc, ends.time_msc), np.zeros(len(entries))
        for row in np.flatnonzero(nights):
            side, opened, closed = int(entries["side"][row]), float(entries["price"][row]), float(ends.price[row])
            night = Night(side, 1.0, opened, closed, self._rate, float(nights[row]))
            found[row] = swap_of_night(spec, self._money, terms, night)
        return found

    def _nights(self, from_msc: Ints, to_msc: Ints) -> Floats:
        """How many nights are charged between each two moments, shape (n,)."""
        first, last = int(from_msc.min()) // _DAY_MS, int(to_msc.max()) // _DAY_MS
        profile, spec = self._job.profile, self._spec
        terms, hours = profile.terms_of(spec.name), TradingHours(profile.holidays)
        charged = [nights_charged(day, spec, terms, hours) for day in range(first, last)]
        until = np.concatenate(([0.0], np.cumsum(charged)))
        return np.asarray(until[to_msc // _DAY_MS - first] - until[from_msc // _DAY_MS - first], np.float64)


def _as_charged(spec: SymbolSpec) -> SymbolSpec:
    """With a swap that is money: to be opened again at a worse price costs as much as a swap of so many points."""
    return msgspec.structs.replace(spec, swap_mode=SwapMode.POINTS) if spec.swap_mode in REOPENS else spec
