"""Whatever is done to a terminal, its books stay right."""

from collections import defaultdict

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.pricing import position_profit, rounded_money
from domain.retcodes import Outcome, Retcode, outcome_of
from domain.symbols import FillingFlag
from domain.trading import DealEntry, DealReason, DealType, OrderFilling, Position
from domain.updates import TradeUpdate
from sim.matching import Rows
from sim.profiles import JUSTMARKETS_TIERS, CommissionCharge, CommissionRule
from sim.requests import Disturbance, FillPlan, TradeRequest
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
DISTANCES = st.sampled_from([0, 0, 5, 20, 100])


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
        assert deals == sorted(set(deals))
        assert orders == sorted(set(orders))
        assert positions == sorted(set(positions))
        assert {deal.order_ticket for deal in self.terminal.deals} - {0} == set(orders)

    def teardown(self) -> None:
        self.tell()
        assert self.told == [deal.deal_ticket for deal in self.terminal.deals]


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
    st.lists(st.tuples(SIDES, DISTANCES, DISTANCES), min_size=1, max_size=4),
    st.lists(st.integers(-40, 40), min_size=1, max_size=60),
    st.sampled_from([1000, 3_600_000, 7 * 3_600_000]),
    st.sampled_from([10_000.0, 480.0, 250.0]),
)
def test_the_scan_misses_nothing(
    positions: list[tuple[int, int, int]], drifts: list[int], step_msc: int, deposit: float
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
        venue.terminal.take_changes()
    quotes = [(round(1.1 + drift * 1e-5, 5), round(1.1001 + drift * 1e-5, 5)) for drift in drifts]
    ticks = ticks_of(quotes, start_msc=MONDAY_MSC + 2000, step_msc=step_msc)
    seen = [index for index in range(len(ticks)) if watched.terminal.on_tick(0, ticks, index) is not None]
    assert _played_by_scan(scanned, ticks) == seen
    assert scanned.terminal.deals == watched.terminal.deals
    assert scanned.terminal.positions() == watched.terminal.positions()
