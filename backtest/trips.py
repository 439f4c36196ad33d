"""Round trips of a run: each position from its first deal to its last, with what it risked and how far it went."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from account.round_trips import Opening
from backtest.curve import Floats, Ints
from backtest.job import Job
from domain.intents import Intent, intent_id_in
from domain.timeframes import Timeframe
from domain.trading import Deal, DealEntry, DealReason, DealType
from marketdata.quotes import Ticks
from strategy.gates import Care
from strategy.tables import Table

OPEN: Final = "open"
"""The exit of what is still open at the end."""

_BY_SERVER: Final = {DealReason.SL: "stop loss", DealReason.TP: "take profit", DealReason.SO: "stop out"}
_TRADES: Final = (DealType.BUY, DealType.SELL)


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """One position. Money is the account's, times [UTC ns], prices as quoted.

    `profit` is net of `commission` (with fees) and `swap`; `closed_ns` is 0 and `exit` "open" while some of it is open.
    `price_close` is the mean of its exits by volume, `sl` and `tp` are the first ones (0: none). `initial_risk` is what
    the first stop would have cost, NaN where there was none. `worst` and `best` are the largest moves against and for
    it by the price at which it could be closed [price, both at least 0]. `regime`, `score` and `volatility_ratio` (ATR
    over its average) are those of the decision, and so is `spread` [price]; `setup` numbers what the model saw.
    """

    position_id: int
    symbol: str
    timeframe: str
    side: int
    setup: int
    lots: float
    opened_ns: int
    closed_ns: int
    price_open: float
    price_close: float
    sl: float
    tp: float
    exit: str
    profit: float
    commission: float
    swap: float
    initial_risk: float
    worst: float
    best: float
    regime: int
    score: float
    volatility_ratio: float
    spread: float = math.nan

    @property
    def is_closed(self) -> bool:
        """Whether nothing of it is open."""
        return self.closed_ns > 0

    @property
    def r_multiple(self) -> float:
        """Profit in units of the initial risk [R]; NaN where that is not known."""
        return self.profit / self.initial_risk if self.initial_risk > 0.0 else math.nan

    @property
    def worst_r(self) -> float:
        """The largest move against it (MAE) in units of its first stop's distance; NaN without a stop."""
        return self.worst / self._stop_distance

    @property
    def best_r(self) -> float:
        """The largest move for it (MFE) in units of its first stop's distance; NaN without a stop."""
        return self.best / self._stop_distance

    @property
    def _stop_distance(self) -> float:
        return abs(self.price_open - self.sl) if self.sl > 0.0 else math.nan


class _Path(NamedTuple):
    """Quotes of a symbol, contiguous: searching a column of records would copy it each time."""

    time_msc: Ints
    bid: Floats
    ask: Floats


def trips_of(job: Job, deals: Sequence[Deal], intents: Sequence[Intent], acted: Table) -> tuple[Trip, ...]:
    """The round trips of `deals` (with the deposit, oldest first), in the order of their opening.

    `acted` are the decisions behind `intents` (DECISION_DTYPE).
    """
    of_position: dict[int, list[Deal]] = defaultdict(list)
    for deal in deals:
        if deal.type in _TRADES:
            of_position[deal.position_id].append(deal)
    book = _Book(job, intents, acted)
    return tuple(book.trip(one) for one in of_position.values())


class _Book:
    """Looks up what belongs to a deal: its intent, the decision behind it, and the quotes of the time."""

    def __init__(self, job: Job, intents: Sequence[Intent], acted: Table) -> None:
        self._job = job
        self._intents = {intent.intent_id: intent for intent in intents}
        self._decisions = {number: row for row, number in enumerate(acted["intent_id"].tolist())}
        self._acted = acted
        self._paths: dict[str, _Path] = {}
        self._specs = {spec.name: spec for spec in job.specs}

    def trip(self, deals: Sequence[Deal]) -> Trip:
        """The round trip of one position's `deals`."""
        entries = [deal for deal in deals if deal.entry is DealEntry.IN]
        exits = [deal for deal in deals if deal.entry is not DealEntry.IN]
        first, lots = entries[0], math.fsum(deal.volume for deal in entries)
        out = math.fsum(deal.volume for deal in exits)
        is_closed = round(lots - out, 8) <= 0.0
        intent, decision = self._origin(first)
        side = 1 if first.type is DealType.BUY else -1
        price_open = _mean_price(entries)
        worst, best = self._excursions(deals, side, price_open, is_closed=is_closed)
        return Trip(
            position_id=first.position_id,
            symbol=first.symbol,
            timeframe=Timeframe(int(decision["timeframe"])).name if decision is not None else "",
            side=side,
            setup=int(decision["setup"]) if decision is not None else -1,
            lots=lots,
            opened_ns=self._utc_ns(first),
            closed_ns=self._utc_ns(exits[-1]) if is_closed else 0,
            price_open=price_open,
            price_close=_mean_price(exits),
            sl=intent.sl if intent is not None else 0.0,
            tp=intent.tp if intent is not None else 0.0,
            exit=self._exit_of(exits[-1]) if is_closed else OPEN,
            profit=math.fsum(deal.balance_change for deal in deals),
            commission=math.fsum(deal.commission + deal.fee for deal in deals),
            swap=math.fsum(deal.swap for deal in deals),
            initial_risk=math.fsum(self._risk_of(deal, intent) for deal in entries),
            worst=worst,
            best=best,
            regime=int(decision["regime"]) if decision is not None else -1,
            score=float(decision["score"]) if decision is not None else math.nan,
            volatility_ratio=float(decision["atr"] / decision["atr_baseline"]) if decision is not None else math.nan,
            spread=float(decision["ask"] - decision["bid"]) if decision is not None else math.nan,
        )

    def _utc_ns(self, deal: Deal) -> int:
        return self._job.utc_ns(deal.time_msc)

    def _origin(self, deal: Deal) -> tuple[Intent | None, np.void | None]:
        """The intent that led to `deal`, and the decision that made the intent."""
        number = intent_id_in(deal.comment)
        row = None if number is None else self._decisions.get(number)
        return (None if number is None else self._intents.get(number)), (None if row is None else self._acted[row])

    def _risk_of(self, deal: Deal, intent: Intent | None) -> float:
        if intent is None:
            return math.nan
        profile, spec = self._job.profile, self._specs[deal.symbol]
        leverage = profile.leverage_at(profile.deposit)
        opening = Opening(
            intent=intent,
            spec=spec,
            currency=profile.currency,
            currency_digits=profile.currency_digits,
            leverage=leverage,
        )
        return opening.risk_of(deal)

    def _exit_of(self, deal: Deal) -> str:
        """What closed the position: the server's reason, or the rule of ours that asked for it."""
        if deal.reason in _BY_SERVER:
            return _BY_SERVER[deal.reason]
        decision = self._origin(deal)[1]
        if decision is None or decision["decided_by"] < 0:
            return DealReason(deal.reason).name.lower()
        return Care(int(decision["decided_by"])).name.lower().replace("_", " ")

    def _excursions(
        self, deals: Sequence[Deal], side: int, price_open: float, *, is_closed: bool
    ) -> tuple[float, float]:
        path = self._path(deals[0].symbol)
        start = int(np.searchsorted(path.time_msc, deals[0].time_msc, side="left"))
        stop = int(np.searchsorted(path.time_msc, deals[-1].time_msc, side="right")) if is_closed else None
        prices = (path.bid if side > 0 else path.ask)[start:stop]
        if not prices.size:
            return 0.0, 0.0
        gains = (float(prices.min()) - price_open) * side, (float(prices.max()) - price_open) * side
        return max(0.0, -min(gains)), max(0.0, *gains)

    def _path(self, symbol: str) -> _Path:
        if symbol not in self._paths:
            self._paths[symbol] = _Path(*_columns(self._job.ticks[symbol]))
        return self._paths[symbol]


def _columns(ticks: Ticks) -> Iterator[np.ndarray]:
    return (np.ascontiguousarray(ticks[name]) for name in ("time_msc", "bid", "ask"))


def _mean_price(deals: Sequence[Deal]) -> float:
    """By volume [price]; NaN without deals."""
    volume = math.fsum(deal.volume for deal in deals)
    return math.fsum(deal.price * deal.volume for deal in deals) / volume if volume else math.nan
