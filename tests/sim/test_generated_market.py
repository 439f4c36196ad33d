"""Terminals fed by ticks made of bars, with gaps between them: whatever is asked for, the books stay right."""

import msgspec
import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.dtypes import RATES_DTYPE
from domain.requests import TradeAction, TradeAnswer, TradeRequest
from domain.retcodes import Retcode
from domain.timeframes import Timeframe
from domain.trading import MarginMode, OrderTime, OrderType, Position
from marketdata import TickModel, ticks_of_bars
from sim.matching import Rows
from sim.pending import BUYS, PENDING_TYPES, STOP_LIMITS
from sim.profiles import AccountProfile, CommissionCharge, CommissionRule, LeverageTier
from tests.sim import bookkeeping
from tests.sim.venues import EURUSD, MAGIC, PROFILE, Venue, open_all_week

SPEC = msgspec.structs.replace(open_all_week(EURUSD), swap_long=-7.51, swap_short=2.3)
HEDGING = msgspec.structs.replace(
    PROFILE,
    deposit=600.0,
    tiers=(LeverageTier(equity_from=0.0, leverage=50),),
    commission=CommissionRule(per_lot=3.5, per_deal=0.1, charge=CommissionCharge.EACH_DEAL),
    slippage_points=1.0,
)
NETTING = msgspec.structs.replace(HEDGING, margin_mode=MarginMode.RETAIL_NETTING)
LOWEST, HIGHEST = 60_000, 180_000
SIDES = st.sampled_from([1, -1])
LOTS = st.integers(1, 30).map(lambda steps: steps / 100)
KINDS = st.sampled_from(sorted(PENDING_TYPES))
AWAY = st.integers(1, 25)
LEVELS = st.sampled_from([0, 0, 0, 5, 20, 100])
MODELS = st.sampled_from(TickModel)
GAPS = st.integers(-30, 30) | st.sampled_from([-4000, -300, -90, 90, 300, 4000])
"""From the last close to the next open [points], wild ones among them."""
BODIES, SHADOWS = st.integers(-60, 60), st.integers(0, 25)


def minute(open_points: int, body: int, shadows: tuple[int, int], spread: int, time_s: int) -> Rows:
    """One bar of M1 in points, of a tick volume that its way needs."""
    close = open_points + body
    bar = np.zeros(1, RATES_DTYPE)
    high, low = max(open_points, close) + shadows[0], min(open_points, close) - shadows[1]
    bar["time"], bar["tick_volume"], bar["spread"] = time_s, 4 + abs(body), spread
    for name, points in (("open", open_points), ("high", high), ("low", low), ("close", close)):
        bar[name] = points / 1e5
    return bar


def next_minute(venue: Venue, gap: int, body: int, shadows: tuple[int, int], spread: int, minutes: int) -> Rows:
    """The minute `minutes` after that of the latest quote; the price stays where a leveraged account can live."""
    bid, _, time_msc = venue.terminal.quote(SPEC.name)
    opens = min(max(round(bid * 1e5) + gap, LOWEST), HIGHEST)
    return minute(opens, body, shadows, spread, (time_msc // 60_000 + minutes) * 60)


class GeneratedMarket(RuleBasedStateMachine):
    """Minutes, jumps and nights; market and pending orders, changes of both, partial closes."""

    profile: AccountProfile = HEDGING

    def __init__(self) -> None:
        super().__init__()
        self.venue = Venue(SPEC, profile=self.profile)
        self.venue.quote(1.1, 1.1001)
        self.terminal = self.venue.terminal

    @initialize(credit=st.sampled_from([0.0, 250.0]))
    def lend(self, credit: float) -> None:
        self.terminal._holdings.ledger.credit = credit

    @rule(
        gap=GAPS, body=BODIES, shadows=st.tuples(SHADOWS, SHADOWS), spread=st.integers(0, 30), model=MODELS,
        minutes=st.sampled_from([1, 1, 1, 5, 300, 1440]),
    )  # fmt: skip
    def trade_goes_on(
        self, gap: int, body: int, shadows: tuple[int, int], spread: int, model: TickModel, minutes: int
    ) -> None:
        bars = next_minute(self.venue, gap, body, shadows, spread, minutes)
        bookkeeping.play(self.venue, ticks_of_bars(bars, Timeframe.M1, 1e-5, model))
        bookkeeping.nobody_is_below_the_stop_out(self.venue)
        bookkeeping.nothing_stands_behind_the_quote(self.venue)

    @precondition(lambda self: self.terminal.positions())
    @rule(pick=st.integers(0, 99), points=st.sampled_from([300, 900, 2000, 4000]), model=MODELS)
    def crash(self, pick: int, points: int, model: TickModel) -> None:
        self.trade_goes_on(-self._pick(pick).side * points, 0, (0, 0), 10, model, 1)

    @precondition(lambda self: self.terminal.money().equity < 100.0)
    @rule(amount=st.integers(1, 90_000))
    def pay_in(self, amount: int) -> None:
        self.terminal._holdings.ledger.deposit(amount / 100, self.terminal.now_msc)

    @rule(side=SIDES, volume=LOTS, sl=LEVELS, tp=LEVELS)
    def open(self, side: int, volume: float, sl: int, tp: int) -> None:
        stop, target = self._levels(side, sl, tp)
        answer = self.venue.open(side, volume, sl=stop, tp=target)
        assert answer.retcode in (Retcode.DONE, Retcode.NO_MONEY, Retcode.INVALID_STOPS)

    @precondition(lambda self: self.terminal.positions())
    @rule(pick=st.integers(0, 99), part=st.integers(1, 100))
    def close(self, pick: int, part: int) -> None:
        position = self._pick(pick)
        volume = max(1, round(position.volume * part)) / 100
        assert self.venue.close(position.position_ticket, volume).retcode == Retcode.DONE

    @precondition(lambda self: self.terminal.positions())
    @rule(pick=st.integers(0, 99), sl=LEVELS, tp=LEVELS)
    def move(self, pick: int, sl: int, tp: int) -> None:
        position = self._pick(pick)
        answer = self.venue.move(position.position_ticket, *self._levels(position.side, sl, tp))
        assert answer.retcode in (Retcode.DONE, Retcode.NO_CHANGES, Retcode.INVALID_STOPS)

    @rule(kind=KINDS, volume=LOTS, away=AWAY, sl=LEVELS, tp=LEVELS, hours=st.sampled_from([0, 0, 1, 30]))
    def pend(self, kind: OrderType, volume: float, away: int, sl: int, tp: int, hours: int) -> None:
        assert pend(self.venue, kind, volume, away, (sl, tp), hours).retcode == Retcode.DONE

    @precondition(lambda self: self.terminal.orders())
    @rule(pick=st.integers(0, 99), away=AWAY, remove=st.booleans())
    def change_order(self, pick: int, away: int, remove: bool) -> None:
        orders = self.terminal.orders()
        answer = change(self.venue, orders[pick % len(orders)].order_ticket, away, remove=remove)
        assert answer.retcode in (Retcode.DONE, Retcode.NO_CHANGES)

    def _pick(self, pick: int) -> Position:
        positions = self.terminal.positions()
        return positions[pick % len(positions)]

    def _levels(self, side: int, sl: int, tp: int) -> tuple[float, float]:
        bid, ask, _ = self.terminal.quote(SPEC.name)
        price = bid if side > 0 else ask
        return (
            round(price - side * sl * 1e-5, 5) if sl else 0.0,
            round(price + side * tp * 1e-5, 5) if tp else 0.0,
        )

    @invariant()
    def the_books_are_right(self) -> None:
        bookkeeping.money_is_conserved(self.venue)
        bookkeeping.equity_is_balance_credit_and_what_floats(self.venue)
        bookkeeping.volumes_come_from_deals(self.venue)


def pend(venue: Venue, kind: OrderType, volume: float, away: int, levels: tuple[int, int], hours: int) -> TradeAnswer:
    """A pending order `away` points from the quote, its levels on the sides where they may be."""
    bid, ask, _ = venue.terminal.quote(SPEC.name)
    side = 1 if kind in BUYS else -1
    below = kind in (OrderType.BUY_LIMIT, OrderType.SELL_STOP, OrderType.SELL_STOP_LIMIT)
    price = round((ask if side > 0 else bid) + (-away if below else away) * 1e-5, 5)
    limit = round(price - side * 7e-5, 5) if kind in STOP_LIMITS else 0.0
    stop, target = (round((limit or price) - side * one * 1e-5, 5) if one else 0.0 for one in (levels[0], -levels[1]))
    return venue.pend(
        kind,
        volume,
        price,
        sl=stop,
        tp=target,
        stop_limit=limit,
        time_type=OrderTime.SPECIFIED if hours else OrderTime.GTC,
        expiration_s=venue.terminal.now_msc // 1000 + hours * 3600,
    )


def change(venue: Venue, order_ticket: int, away: int, *, remove: bool) -> TradeAnswer:
    """Take a pending order away, or move it to `away` points from the quote."""
    order = venue.terminal.order(order_ticket)
    assert order is not None
    if remove:
        return venue.cancel(order_ticket)
    bid, ask, _ = venue.terminal.quote(SPEC.name)
    side = 1 if order.type in BUYS else -1
    below = order.type in (OrderType.BUY_LIMIT, OrderType.SELL_STOP, OrderType.SELL_STOP_LIMIT)
    price = round((ask if side > 0 else bid) + (-away if below else away) * 1e-5, 5)
    limit = round(price - side * 7e-5, 5) if order.type in STOP_LIMITS else 0.0
    return venue.change(order_ticket, price, stop_limit=limit)


class Hedged(GeneratedMarket):
    """With positions that close each other."""

    @precondition(lambda self: {one.side for one in self.terminal.positions()} == {1, -1})
    @rule(pick=st.integers(0, 99), other=st.integers(0, 99))
    def close_by(self, pick: int, other: int) -> None:
        position = self._pick(pick)
        against = [one for one in self.terminal.positions() if one.side != position.side]
        chosen = against[other % len(against)]
        before = sum(one.volume for one in self.terminal.positions())
        request = TradeRequest(
            action=TradeAction.CLOSE_BY,
            position_ticket=position.position_ticket,
            position_by=chosen.position_ticket,
            magic=MAGIC,
        )
        assert self.terminal.send(request).retcode == Retcode.DONE
        after = sum(one.volume for one in self.terminal.positions())
        assert before - after == pytest.approx(2 * min(position.volume, chosen.volume))


class Netted(GeneratedMarket):
    """One position a symbol, which an order enlarges, reduces or turns round."""

    profile = NETTING


class Agreement(RuleBasedStateMachine):
    """A netting and a hedging account with one position at a time are one account: deal by deal, cent by cent."""

    def __init__(self) -> None:
        super().__init__()
        self.venues = tuple(Venue(SPEC, profile=profile) for profile in (NETTING, HEDGING))
        for venue in self.venues:
            venue.quote(1.1, 1.1001)
        self.terminal = self.venues[0].terminal

    def idle(self) -> bool:
        return not self.terminal.positions() and not self.terminal.orders()

    @rule(
        gap=GAPS, body=BODIES, shadows=st.tuples(SHADOWS, SHADOWS), spread=st.integers(0, 30), model=MODELS,
        minutes=st.sampled_from([1, 1, 5, 1440]),
    )  # fmt: skip
    def trade_goes_on(
        self, gap: int, body: int, shadows: tuple[int, int], spread: int, model: TickModel, minutes: int
    ) -> None:
        bars = next_minute(self.venues[0], gap, body, shadows, spread, minutes)
        for venue in self.venues:
            bookkeeping.play(venue, ticks_of_bars(bars, Timeframe.M1, 1e-5, model))

    @precondition(idle)
    @rule(side=SIDES, volume=LOTS, sl=LEVELS, tp=LEVELS)
    def open(self, side: int, volume: float, sl: int, tp: int) -> None:
        bid, ask, _ = self.terminal.quote(SPEC.name)
        price = bid if side > 0 else ask
        stop = round(price - side * sl * 1e-5, 5) if sl else 0.0
        target = round(price + side * tp * 1e-5, 5) if tp else 0.0
        self.agree([venue.open(side, volume, sl=stop, tp=target) for venue in self.venues])

    @precondition(idle)
    @rule(kind=KINDS, volume=LOTS, away=AWAY, sl=LEVELS, tp=LEVELS, hours=st.sampled_from([0, 1]))
    def pend(self, kind: OrderType, volume: float, away: int, sl: int, tp: int, hours: int) -> None:
        self.agree([pend(venue, kind, volume, away, (sl, tp), hours) for venue in self.venues])

    @precondition(lambda self: self.terminal.orders())
    @rule(away=AWAY, remove=st.booleans())
    def change_order(self, away: int, remove: bool) -> None:
        (order,) = self.terminal.orders()
        self.agree([change(venue, order.order_ticket, away, remove=remove) for venue in self.venues])

    @precondition(lambda self: self.terminal.positions())
    @rule(sl=LEVELS, tp=LEVELS)
    def move(self, sl: int, tp: int) -> None:
        (position,) = self.terminal.positions()
        bid, ask, _ = self.terminal.quote(SPEC.name)
        price = bid if position.side > 0 else ask
        stop = round(price - position.side * sl * 1e-5, 5) if sl else 0.0
        target = round(price + position.side * tp * 1e-5, 5) if tp else 0.0
        self.agree([venue.move(position.position_ticket, stop, target) for venue in self.venues])

    @precondition(lambda self: self.terminal.positions())
    @rule(part=st.integers(1, 100), by_opposite=st.booleans())
    def close(self, part: int, by_opposite: bool) -> None:
        """In part or whole: by ticket, or on the netting account by an order of the other side."""
        (position,) = self.terminal.positions()
        volume = max(1, round(position.volume * part)) / 100
        netting, hedging = self.venues
        first = netting.open(-position.side, volume) if by_opposite else netting.close(position.position_ticket, volume)
        self.agree([first, hedging.close(position.position_ticket, volume)])

    def agree(self, answers: list[TradeAnswer]) -> None:
        assert answers[0] == answers[1]

    @invariant()
    def they_are_one_account(self) -> None:
        netting, hedging = (venue.terminal for venue in self.venues)
        assert netting.money() == hedging.money()
        assert netting.positions() == hedging.positions()
        assert netting.deals == hedging.deals
        assert netting.orders() == hedging.orders()
        assert netting.order_history == hedging.order_history
        assert len(netting.positions()) + len(netting.orders()) <= 1


MODERATE = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestHedged = Hedged.TestCase
TestNetted = Netted.TestCase
TestAgreement = Agreement.TestCase
TestHedged.settings = TestNetted.settings = TestAgreement.settings = MODERATE
