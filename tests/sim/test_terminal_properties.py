"""Whatever is done to a terminal, its books stay right."""

from collections import defaultdict

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.pricing import position_profit, rounded_money
from domain.requests import TradeRequest
from domain.retcodes import Outcome, Retcode, outcome_of
from domain.symbols import FillingFlag
from domain.trading import (
    DealEntry,
    DealReason,
    DealType,
    Order,
    OrderFilling,
    OrderState,
    OrderTime,
    OrderType,
    Position,
)
from domain.updates import TradeUpdate
from sim.matching import Rows
from sim.pending import BUYS, PENDING_TYPES, STOP_LIMITS
from sim.profiles import JUSTMARKETS_TIERS, CommissionCharge, CommissionRule
from sim.requests import Disturbance, FillPlan
from tests.sim.venues import DAY_MSC, EURUSD, MONDAY_MSC, PROFILE, USDJPY, Venue, open_all_week, order, ticks_of

EURUSD_WITH_SWAP = msgspec.structs.replace(
    open_all_week(EURUSD), swap_long=-7.51, swap_short=2.3, filling_flags=FillingFlag.FOK | FillingFlag.IOC
)
USDJPY_WITH_SWAP = msgspec.structs.replace(open_all_week(USDJPY), swap_long=5.5, swap_short=-9.1)
ACCOUNT = msgspec.structs.replace(
    PROFILE,
    deposit=4_900.0,
    tiers=JUSTMARKETS_TIERS,
    commission=CommissionRule(per_lot=3.5, per_deal=0.1, charge=CommissionCharge.EACH_DEAL),
    slippage_points=1.0,
)
SIDES = st.sampled_from([1, -1])
LOTS = st.integers(1, 300).map(lambda steps: steps / 100)
PENDING = st.sampled_from(sorted(PENDING_TYPES))
AWAY = st.integers(1, 60)
DISTANCES = st.sampled_from([0, 0, 5, 20, 100])


def prices_of(
    kind: OrderType, quote: tuple[float, float, int], away: int, sl: int, tp: int
) -> tuple[float, float, float, float]:
    """Price of an order `away` points from the quote, its levels, and the limit price of a stop-limit."""
    side = 1 if kind in BUYS else -1
    below = kind in (OrderType.BUY_LIMIT, OrderType.SELL_STOP, OrderType.SELL_STOP_LIMIT)
    price = round((quote[1] if side > 0 else quote[0]) + (-1 if below else 1) * away * 1e-5, 5)
    limit = round(price - side * 7e-5, 5) if kind in STOP_LIMITS else 0.0
    opens = limit or price
    stop, target = (round(opens - side * one * 1e-5, 5) if one else 0.0 for one in (sl, -tp))
    return price, stop, target, limit


class Moods(FillPlan):
    """What happens to the next request is set by the test."""

    def __init__(self) -> None:
        self.next = Disturbance()

    def disturbance(self, request: TradeRequest) -> Disturbance:
        taken, self.next = self.next, Disturbance()
        return taken


class Books(RuleBasedStateMachine):
    """Random quotes, orders, nights and faults on two symbols."""

    def __init__(self) -> None:
        super().__init__()
        self.fills = Moods()
        self.venue = Venue(EURUSD_WITH_SWAP, USDJPY_WITH_SWAP, profile=ACCOUNT, fills=self.fills)
        self.terminal = self.venue.terminal
        self.told: list[int] = []
        self.orders_told: dict[int, Order] = {}
        self.quote(0, 0, 2, 1)
        self.quote(1, 0, 2, 1)

    @rule(symbol=st.integers(0, 1), drift=st.integers(-150, 150), spread=st.integers(0, 30), wait=st.integers(1, 5))
    def quote(self, symbol: int, drift: int, spread: int, wait: int) -> None:
        base = 1.1 if symbol == 0 else 150.0
        bid = round(base * (1 + drift / 100_000), 5 if symbol == 0 else 3)
        ask = round(bid + spread * self.terminal.specs[symbol].point, 5 if symbol == 0 else 3)
        self.hear(self.venue.quote(bid, ask, symbol_index=symbol, after_msc=wait * 1000))

    @rule(symbol=st.integers(0, 1), drift=st.sampled_from([-9000, -3000, 3000, 9000]))
    def crash(self, symbol: int, drift: int) -> None:
        self.quote(symbol, drift, 2, 1)

    @rule(days=st.integers(1, 4))
    def sleep(self, days: int) -> None:
        bid, ask, _ = self.terminal.quote(EURUSD.name)
        self.hear(self.venue.quote(bid, ask, after_msc=days * DAY_MSC))

    @rule(symbol=st.integers(0, 1), side=SIDES, volume=LOTS, sl=DISTANCES, tp=DISTANCES)
    def open(self, symbol: int, side: int, volume: float, sl: int, tp: int) -> None:
        spec = self.terminal.specs[symbol]
        bid, ask, _ = self.terminal.quote(spec.name)
        price = bid if side > 0 else ask
        stop = round(price - side * sl * spec.point, spec.digits) if sl else 0.0
        target = round(price + side * tp * spec.point, spec.digits) if tp else 0.0
        answer = self.venue.open(side, volume, sl=stop, tp=target, symbol=spec.name)
        assert answer.retcode in (Retcode.DONE, Retcode.NO_MONEY, *_faults())

    @precondition(lambda self: self.terminal.positions())
    @rule(pick=st.integers(0, 99), part=st.integers(1, 100))
    def close(self, pick: int, part: int) -> None:
        position = self._pick(pick)
        volume = max(0.01, round(int(position.volume * part) / 100, 2))
        answer = self.venue.close(position.position_ticket, min(volume, position.volume))
        assert answer.retcode in (Retcode.DONE, *_faults())

    @precondition(lambda self: self.terminal.positions())
    @rule(pick=st.integers(0, 99), sl=DISTANCES, tp=DISTANCES)
    def move(self, pick: int, sl: int, tp: int) -> None:
        position = self._pick(pick)
        spec = self.terminal.spec(position.symbol)
        assert spec is not None
        bid, ask, _ = self.terminal.quote(position.symbol)
        price = bid if position.side > 0 else ask
        self.venue.move(
            position.position_ticket,
            round(price - position.side * sl * spec.point, spec.digits) if sl else 0.0,
            round(price + position.side * tp * spec.point, spec.digits) if tp else 0.0,
        )

    @rule(kind=PENDING, volume=LOTS, away=AWAY, sl=DISTANCES, tp=DISTANCES, hours=st.integers(0, 40))
    def pend(self, kind: OrderType, volume: float, away: int, sl: int, tp: int, hours: int) -> None:
        price, stop, target, limit = prices_of(kind, self.terminal.quote(EURUSD.name), away, sl, tp)
        time_type = OrderTime.SPECIFIED if hours else OrderTime.GTC
        expiration_s = self.terminal.now_msc // 1000 + hours * 3600
        answer = self.venue.pend(
            kind, volume, price, sl=stop, tp=target, stop_limit=limit, time_type=time_type, expiration_s=expiration_s
        )
        assert answer.retcode in (Retcode.DONE, *_faults())

    @precondition(lambda self: self.terminal.orders())
    @rule(pick=st.integers(0, 99), away=AWAY, remove=st.booleans())
    def change_order(self, pick: int, away: int, remove: bool) -> None:
        orders = self.terminal.orders()
        chosen = orders[pick % len(orders)]
        price, _, _, limit = prices_of(chosen.type, self.terminal.quote(EURUSD.name), away, 0, 0)
        answer = (
            self.venue.cancel(chosen.order_ticket)
            if remove
            else self.venue.change(chosen.order_ticket, price, stop_limit=limit)
        )
        assert answer.retcode in (Retcode.DONE, Retcode.NO_CHANGES, *_faults())

    @rule(fault=st.sampled_from([Disturbance(retcode=Retcode.REQUOTE), Disturbance(lost_answer=True)]))
    def disturb(self, fault: Disturbance) -> None:
        self.fills.next = fault

    @rule(side=SIDES, fraction=st.floats(0.1, 0.9))
    def fill_in_part(self, side: int, fraction: float) -> None:
        self.fills.next = Disturbance(fill_fraction=fraction)
        request = msgspec.structs.replace(order(side, 0.5), filling=OrderFilling.IOC)
        answer = self.terminal.send(request)
        assert answer.retcode in (Retcode.DONE_PARTIAL, Retcode.NO_MONEY)

    @rule()
    def tell(self) -> None:
        self.hear(self.terminal.take_changes())

    def hear(self, update: TradeUpdate | None) -> None:
        if update is not None:
            self.told.extend(deal.deal_ticket for deal in update.deals)
            assert update.money == self.terminal.money()
            assert not {one.position_ticket for one in update.positions} & set(update.positions_gone)
            assert not {one.order_ticket for one in update.orders} & set(update.orders_gone)
            self.orders_told.update({one.order_ticket: one for one in update.orders})
            for ticket in update.orders_gone:
                self.orders_told.pop(ticket, None)

    def _pick(self, pick: int) -> Position:
        positions = self.terminal.positions()
        return positions[pick % len(positions)]

    @invariant()
    def balance_is_the_sum_of_all_deals(self) -> None:
        total = sum(deal.balance_change for deal in self.terminal.deals)
        assert self.terminal.money().balance == rounded_money(total, 2)

    @invariant()
    def equity_is_balance_and_what_floats(self) -> None:
        money = self.terminal.money()
        floating = 0.0
        for position in self.terminal.positions():
            bid, ask, _ = self.terminal.quote(position.symbol)
            pricing = self.terminal._market.moneys[self.terminal.symbols.index(position.symbol)]
            close = bid if position.side > 0 else ask
            profit = position_profit(position.side, position.volume, position.price_open, close, pricing)
            assert profit == position.profit
            floating += profit + position.swap
        assert money.equity == rounded_money(money.balance + floating, 2)
        assert money.margin_free == rounded_money(money.equity - money.margin, 2)
        assert (money.margin > 0.0) == bool(self.terminal.positions())

    @invariant()
    def volumes_come_from_deals(self) -> None:
        left: dict[int, float] = defaultdict(float)
        for deal in self.terminal.deals:
            if deal.type != DealType.BALANCE:
                left[deal.position_id] += deal.volume if deal.entry == DealEntry.IN else -deal.volume
        stands = {position.position_id: position.volume for position in self.terminal.positions()}
        assert {ticket: round(volume, 8) for ticket, volume in left.items() if round(volume, 8)} == stands
        assert all(volume >= 0.01 for volume in stands.values())

    @invariant()
    def no_level_is_left_behind_the_quote(self) -> None:
        for position in self.terminal.positions():
            bid, ask, _ = self.terminal.quote(position.symbol)
            price = bid if position.side > 0 else ask
            assert not position.sl or (price - position.sl) * position.side > 0
            assert not position.tp or (position.tp - price) * position.side > 0

    @invariant()
    def who_was_stopped_out_is_safe_again(self) -> None:
        if self.terminal.deals[-1].reason == DealReason.SO:
            money = self.terminal.money()
            assert not self.terminal.positions() or money.equity > ACCOUNT.stop_out_fraction * money.margin

    @invariant()
    def tickets_rise(self) -> None:
        deals = [deal.deal_ticket for deal in self.terminal.deals]
        orders = [one.order_ticket for one in self.terminal.order_history]
        positions = [one.position_ticket for one in self.terminal.positions()]
        opened = [one.time_msc for one in self.terminal.positions()]
        standing = [one.order_ticket for one in self.terminal.orders()]
        assert deals == sorted(set(deals))
        assert standing == sorted(set(standing))
        assert len(set(orders)) == len(orders)
        assert not set(orders) & set(standing)
        assert len(set(positions)) == len(positions)
        assert opened == sorted(opened)

    @invariant()
    def orders_end_once_and_as_they_should(self) -> None:
        dealt: dict[int, float] = defaultdict(float)
        for deal in self.terminal.deals:
            dealt[deal.order_ticket] += deal.volume
        del dealt[0]
        for one in (*self.terminal.order_history, *self.terminal.orders()):
            filled = round(dealt.pop(one.order_ticket, 0.0), 8)
            assert filled + one.volume_current == pytest.approx(one.volume_initial)
            assert (one.state == OrderState.FILLED) == (one.volume_current == 0.0)
            assert (one.state == OrderState.PARTIAL) <= (filled > 0.0)
            detail = self.terminal.order_detail(one.order_ticket)
            assert detail is not None
            assert (detail.time_done_msc > 0) == (one not in self.terminal.orders())
        assert not dealt

    @invariant()
    def no_order_is_left_behind_the_quote(self) -> None:
        bid, ask, _ = self.terminal.quote(EURUSD.name)
        for one in self.terminal.orders():
            away = (ask if one.type in BUYS else bid) - one.price_open
            waits_below = one.type in (OrderType.BUY_LIMIT, OrderType.SELL_STOP, OrderType.SELL_STOP_LIMIT)
            assert away > 0 if waits_below else away < 0
            assert not one.time_expiration_s or one.time_expiration_s * 1000 > self.terminal.now_msc

    def teardown(self) -> None:
        self.tell()
        assert self.told == [deal.deal_ticket for deal in self.terminal.deals]
        assert tuple(self.orders_told[ticket] for ticket in sorted(self.orders_told)) == self.terminal.orders()


def _faults() -> list[Retcode]:
    return [code for code in Retcode if outcome_of(code) is Outcome.UNKNOWN] + [Retcode.REQUOTE]


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def _played_by_scan(venue: Venue, ticks: Rows) -> list[int]:
    """As a runner plays: from one stop of the scan to the next. Where something changed."""
    at, events = 0, []
    while at < len(ticks):
        found = venue.terminal.scan(0, ticks, at, len(ticks))
        if found > at:
            venue.terminal.settle(0, ticks, found - 1)
        if found < len(ticks) and venue.terminal.on_tick(0, ticks, found) is not None:
            events.append(found)
        at = found + 1
    return events


@given(
    st.lists(st.tuples(SIDES, DISTANCES, DISTANCES), max_size=4),
    st.lists(st.integers(-40, 40), min_size=1, max_size=60),
    st.sampled_from([1000, 3_600_000, 7 * 3_600_000]),
    st.sampled_from([10_000.0, 480.0, 250.0]),
    st.lists(st.tuples(PENDING, AWAY, DISTANCES, DISTANCES, st.integers(0, 30)), max_size=4),
)
def test_the_scan_misses_nothing(
    positions: list[tuple[int, int, int]],
    drifts: list[int],
    step_msc: int,
    deposit: float,
    orders: list[tuple[OrderType, int, int, int, int]],
) -> None:
    """Stops, targets, nights, weekends, closed sessions and stop-outs: the same as when every tick is looked at."""
    spec = msgspec.structs.replace(EURUSD, swap_long=-7.51, swap_short=-3.0)
    small = msgspec.structs.replace(PROFILE, deposit=deposit)
    scanned, watched = Venue(spec, profile=small), Venue(spec, profile=small)
    for venue in (scanned, watched):
        venue.quote(1.1, 1.1001)
        for side, sl, tp in positions:
            price = 1.1 if side > 0 else 1.1001
            stop = round(price - side * sl * 1e-5, 5) if sl else 0.0
            venue.open(side, 0.5, sl=stop, tp=round(price + side * tp * 1e-5, 5) if tp else 0.0)
        for kind, away, sl, tp, hours in orders:
            price, stop, target, limit = prices_of(kind, venue.terminal.quote("EURUSD"), away, sl, tp)
            expires = {"time_type": OrderTime.SPECIFIED, "expiration_s": MONDAY_MSC // 1000 + hours * 3600}
            venue.pend(kind, 0.3, price, sl=stop, tp=target, stop_limit=limit, **(expires if hours else {}))
        venue.terminal.take_changes()
    quotes = [(round(1.1 + drift * 1e-5, 5), round(1.1001 + drift * 1e-5, 5)) for drift in drifts]
    ticks = ticks_of(quotes, start_msc=MONDAY_MSC + 2000, step_msc=step_msc)
    seen = [index for index in range(len(ticks)) if watched.terminal.on_tick(0, ticks, index) is not None]
    assert _played_by_scan(scanned, ticks) == seen
    assert scanned.terminal.deals == watched.terminal.deals
    assert scanned.terminal.positions() == watched.terminal.positions()
    assert scanned.terminal.orders() == watched.terminal.orders()
    assert scanned.terminal.order_history == watched.terminal.order_history
