"""Any course of ticks, fills, refusals, deposits, restarts, nights, clock changes and orders of a person.

Beside the engine stands an account kept by hand (`plain_account`), looked at tick by tick. At every tick both must
agree on every guard and on the halt; no entry may be larger than any bound that the plain account works out, none may
happen where it allows none; a stop only ever tightens; the journal alone gives the same engine.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from account.events import (
    AccountEvent,
    DealBooked,
    EquityMarked,
    Halted,
    IntentIssued,
    OverrideKind,
    OverrideSet,
    PositionGone,
    Resumed,
    SessionOpened,
)
from account.state import AccountState
from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.intents import Intent, IntentKind, comment_of
from domain.retcodes import Retcode
from domain.timeframes import Timeframe
from domain.trading import Deal, DealEntry, DealReason, DealType
from strategy.engine import Engine
from strategy.events import AccountChanged, Quotes, WarmUp
from strategy.gates import Action, DecisionKind
from strategy.params import (
    CareSettings,
    EngineSettings,
    EntrySettings,
    KellySettings,
    PortfolioSettings,
    VolatilitySettings,
)
from strategy.safekeeping import KINDS
from tests.strategy.markets import MAGIC, a_spec, opening_events
from tests.strategy.plain_account import CONTRACT, POINT, SPREAD, BrokersClock, Held, PlainAccount, reported, seen

SYMBOLS = ("EURUSD", "GBPUSD")
VOLUMES = {"volume_max": 2.5, "volume_limit": 4.0}
STOPS_POINTS = 20
COMMISSION = 3.5
SPECS = [
    a_spec(name, currency_base=name[:3], currency_margin=name[:3], stops_level_points=STOPS_POINTS, **VOLUMES)
    for name in SYMBOLS
]
SETTINGS = EngineSettings(
    symbols=SYMBOLS,
    timeframes=(Timeframe.M1,),
    model="donchian",
    model_parameters={"channel_period": 2.0},
    entry=EntrySettings(
        atr_baseline_period=20,
        max_spread_atr_fraction=1.0,
        duplicate_window_s=0.0,
        max_symbol_positions=3,
        min_reward_to_risk=1.0,
        risk_fraction=0.02,
        rollover_buffer_s=0.0,
    ),
    volatility=VolatilitySettings(max_ratio=100.0),
    portfolio=PortfolioSettings(
        cool_down_s=0.0, max_losing_streak=0, unstopped_fraction=0.01, max_open_risk_fraction=0.08
    ),
    care=CareSettings(break_even_r=0.5, trailing_start_r=0.8, trailing_atr=1.0),
    commission_per_lot={"*": 2 * COMMISSION},
)
EVES = [  # the Fridays before the clocks of Europe and of America change, and one in between
    datetime(2023, 3, 24, 12, tzinfo=UTC),
    datetime(2023, 10, 27, 12, tzinfo=UTC),
    datetime(2023, 3, 10, 12, tzinfo=UTC),
    datetime(2023, 11, 3, 12, tzinfo=UTC),
    datetime(2023, 7, 7, 12, tzinfo=UTC),
]
LIMITS = [
    ("entry.risk_fraction", 0.002),
    ("entry.risk_fraction", 0.01),
    ("leverage.normal", 5.0),
    ("portfolio.max_currency_exposure", 4.0),
    ("portfolio.max_open_risk_fraction", 0.02),
    ("guards.day_loss_fraction", 0.015),
    ("guards.day_loss_fraction", 0.06),
    ("guards.floating_loss_fraction", 0.04),
]
JUST_ABOVE = 1.0 + 1e-9


class GuardsMachine(RuleBasedStateMachine):
    @initialize(eve=st.sampled_from(EVES), american=st.booleans(), kelly=st.booleans())
    def connect(self, eve: datetime, american: bool, kelly: bool) -> None:
        self.settings = msgspec.structs.replace(SETTINGS, kelly=KellySettings(enabled=kelly))
        self.clock = BrokersClock(int(eve.timestamp()) * 1000, american)
        self.plain = PlainAccount(SYMBOLS, SETTINGS, 10_000.0, self.clock)
        self.journal: list[AccountEvent] = []
        self.engine = Engine(self.settings)
        self.ticket, self.refuses, self.slips = 100, False, 0
        self.offset_s = self.clock.offset_s
        opened, *others = opening_events(SPECS)
        assert isinstance(opened, SessionOpened)
        self.opened = msgspec.structs.replace(opened, server_offset_s=self.offset_s)
        self.happen(self.opened, *others)
        self.warm_up()
        for name in SYMBOLS:
            self.ticks(name, [0], 1)
        self.fill_by_hand("EURUSD", 1, 1.0)

    def warm_up(self) -> None:
        """Bars of 40 points up to a minute ago."""
        bars = np.zeros(60, RATES_DTYPE)
        bars["time"] = (self.clock.server_msc // 60_000 - np.arange(61, 1, -1)) * 60
        for name in SYMBOLS:
            price = self.plain.bids[name] * POINT
            bars["open"] = bars["close"] = price
            bars["high"], bars["low"], bars["spread"] = price + 20 * POINT, price - 20 * POINT, SPREAD
            self.engine.on_event(WarmUp(name, Timeframe.M1, bars))

    # -- between the engine and the plain account ---------------------------------------------------------------------

    def happen(self, *events: AccountEvent) -> None:
        self.journal.extend(events)
        self.engine.on_event(AccountChanged(events))
        self.take_news()

    def take_news(self) -> None:
        self.journal.extend(self.engine.take_news())

    def next_ticket(self) -> int:
        self.ticket += 1
        return self.ticket

    def wait(self, seconds: int) -> None:
        """Time goes on; where the broker's clock is set back, so far that its stamps do not run backwards."""
        before = self.clock.server_msc
        self.clock.utc_msc += seconds * 1000
        if self.clock.server_msc <= before:
            self.clock.utc_msc += 3_600_000
        if self.clock.offset_s != self.offset_s:
            self.offset_s = self.clock.offset_s
            self.opened = msgspec.structs.replace(self.opened, server_offset_s=self.offset_s)
            self.happen(self.opened)

    def ticks(self, symbol: str, moves: Sequence[int], wait_s: int) -> None:
        """A batch, walked as the runner walks it: in one go, tick by tick where the server may act in between."""
        self.wait(wait_s)
        bids = np.clip(self.plain.bids[symbol] + np.cumsum(moves), 80_000, 140_000).tolist()
        batch = np.zeros(len(bids), TICK_DTYPE)
        batch["bid"] = np.round(np.array(bids) * POINT, 5)
        batch["ask"] = np.round((np.array(bids) + SPREAD) * POINT, 5)
        batch["time_msc"] = self.clock.server_msc + np.arange(len(bids))
        batch["time"] = batch["time_msc"] // 1000
        quotes, at = Quotes(symbol, batch, self.offset_s), 0
        self.plain.begin_day()
        while at < len(bids):
            at = self.walk(quotes, bids, at)
        self.clock.utc_msc += len(bids)

    def walk(self, quotes: Quotes, bids: list[int], at: int) -> int:
        plain, symbol, stop = self.plain, quotes.symbol, len(bids)
        if plain.own(symbol):
            plain.bids[symbol], stop = bids[at], at + 1
            self.serve(symbol)
        halted = plain.halted and not self.refuses
        reached, intents = self.engine.advance(quotes, at, stop)
        for index in range(at, reached):
            plain.bids[symbol] = bids[index]
            plain.unheard.discard(symbol)
            plain.look()
        self.take_news()
        self.check_guards()
        for intent in intents:
            self.check(intent)
            self.carry_out(intent)
        if halted:
            assert not plain.own(symbol), "a halt closes at the symbol's next tick"
        return reached

    def serve(self, symbol: str) -> None:
        """The server closes at stops and targets."""
        for one in self.plain.own(symbol):
            price = self.plain.quote(symbol, -one.side)
            if one.sl and (price - one.sl) * one.side <= 0.0:
                self.close(one, one.lots, price, DealReason.SL)
            elif one.tp and (price - one.tp) * one.side >= 0.0:
                self.close(one, one.lots, price, DealReason.TP)

    # -- what must hold of an order -----------------------------------------------------------------------------------

    def check(self, intent: Intent) -> None:
        if intent.kind == IntentKind.OPEN:
            self.check_entry(intent)
            return
        held = self.plain.held[intent.position_ticket]
        assert held.is_own, "what a person opened is never touched"
        if intent.kind == IntentKind.MODIFY:
            room = (self.plain.quote(held.symbol, -held.side) - intent.sl) * held.side
            assert not held.sl or (intent.sl - held.sl) * held.side > 0.0, "a stop never loosens"
            assert room >= (STOPS_POINTS - 1e-6) * POINT
            assert intent.tp == held.tp
        else:
            assert 0.0 < intent.volume <= held.lots

    def check_entry(self, intent: Intent) -> None:
        plain, side = self.plain, intent.side
        assert plain.may_enter
        assert intent.sl > 0.0 < (intent.price - intent.sl) * side
        assert (intent.tp - intent.price) * side > 0.0
        assert intent.price == plain.quote(intent.symbol, side)
        assert abs(intent.volume * 100 - round(intent.volume * 100)) < 1e-6
        for bound, most in plain.bounds(intent.symbol, side, intent.price, intent.sl, VOLUMES).items():
            assert 0.01 <= intent.volume <= most * JUST_ABOVE, bound
        assert len(plain.own(intent.symbol)) < SETTINGS.entry.max_symbol_positions

    # -- what the broker does -----------------------------------------------------------------------------------------

    def carry_out(self, intent: Intent) -> None:
        issued = IntentIssued(time_ns=self.clock.utc_ns, intent=intent)
        if self.refuses:
            self.happen(issued, reported(self.clock, intent, Retcode.REJECT))
        elif intent.kind == IntentKind.OPEN:
            self.happen(issued)
            self.open(intent)
        else:
            held = self.plain.held[intent.position_ticket]
            self.happen(issued, reported(self.clock, intent, Retcode.DONE))
            if intent.kind == IntentKind.MODIFY:
                held.sl, held.tp = intent.sl, intent.tp
                self.happen(seen(held, self.clock))
            else:
                self.close(held, intent.volume, self.plain.quote(held.symbol, -held.side), DealReason.EXPERT, intent)

    def open(self, intent: Intent) -> None:
        ticket = self.next_ticket()
        price = round(intent.price + intent.side * self.slips * POINT, 5)
        one = Held(ticket, intent.symbol, intent.side, intent.volume, price, intent.sl, intent.tp, intent.intent_id)
        self.plain.held[ticket] = one
        self.plain.book(-COMMISSION * one.lots)
        deal = self.deal(one, one.lots, price, 0.0, DealEntry.IN, DealReason.EXPERT, one.side, intent)
        self.happen(
            reported(self.clock, intent, Retcode.DONE, ticket), DealBooked(time_ns=0, deal=deal), seen(one, self.clock)
        )

    def close(self, one: Held, lots: float, price: float, reason: DealReason, intent: Intent | None = None) -> None:
        profit = self.plain.profit(msgspec.structs.replace(one, lots=lots), price)
        deal = self.deal(one, lots, price, profit, DealEntry.OUT, reason, -one.side, intent)
        one.lots = round(one.lots - lots, 2)
        self.plain.book(deal.balance_change)
        if one.lots <= 0.0:
            del self.plain.held[one.ticket]
            self.happen(DealBooked(time_ns=0, deal=deal), PositionGone(time_ns=0, position_ticket=one.ticket))
        else:
            self.happen(DealBooked(time_ns=0, deal=deal), seen(one, self.clock))

    def deal(
        self,
        one: Held,
        lots: float,
        price: float,
        profit: float,
        entry: DealEntry,
        reason: DealReason,
        side: int,
        intent: Intent | None,
    ) -> Deal:
        ticket = self.next_ticket()
        return Deal(
            deal_ticket=ticket,
            order_ticket=ticket,
            position_id=one.ticket,
            symbol=one.symbol,
            type=DealType.BUY if side > 0 else DealType.SELL,
            entry=entry,
            reason=reason,
            magic=MAGIC if one.is_own else 0,
            volume=lots,
            price=price,
            profit=profit,
            swap=0.0,
            commission=round(-COMMISSION * lots, 2) if one.is_own else 0.0,
            fee=0.0,
            time_msc=self.clock.server_msc,
            comment=comment_of(intent.intent_id) if intent is not None else "",
        )

    # -- what may happen ----------------------------------------------------------------------------------------------

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        moves=st.lists(st.sampled_from([-300, -90, -20, 20, 90, 300]), min_size=1, max_size=5),
        wait_s=st.sampled_from([1, 60, 60, 120, 3_600, 30_000]),
        slips=st.sampled_from([0, 0, 8, 60]),
    )
    def market(self, symbol: str, moves: Sequence[int], wait_s: int, slips: int) -> None:
        self.slips = slips
        self.ticks(symbol, moves, wait_s)

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from([1, -1]),
        strength=st.sampled_from([60, 90, 200]),
        limit=st.sampled_from([None, *LIMITS]),
    )
    def break_out(self, symbol: str, side: int, strength: int, limit: tuple[str, float] | None) -> None:
        """Two quiet minutes and one that leaves their range: what the model asks for, often under another limit."""
        if limit is not None:
            self.impose_for(*limit, 600)
        for moves in ([15, -15], [15, -15], [side * strength], [0], [side * 30]):
            self.ticks(symbol, moves, 60)

    @precondition(lambda self: any(one.is_own for one in self.plain.held.values()))
    @rule(steps=st.lists(st.sampled_from([45, 45, 30, -25]), min_size=4, max_size=12))
    def run_on(self, steps: Sequence[int]) -> None:
        """The market goes a position's way, and back a little: its stop follows."""
        held = next(one for one in self.plain.held.values() if one.is_own)
        for step in steps:
            self.ticks(held.symbol, [held.side * step], 30)

    @rule(symbol=st.sampled_from(SYMBOLS), moves=st.lists(st.sampled_from([-150, -60, 50]), min_size=2, max_size=6))
    def fall(self, symbol: str, moves: Sequence[int]) -> None:
        self.ticks(symbol, moves, 1)

    @rule(days=st.sampled_from([1, 2, 3, 6]), symbol=st.sampled_from(SYMBOLS), gap=st.sampled_from([-250, 0, 40]))
    def nights(self, days: int, symbol: str, gap: int) -> None:
        self.ticks(symbol, [gap], days * 86_400)

    @rule(refuses=st.booleans())
    def servers_mood(self, refuses: bool) -> None:
        self.refuses = refuses

    @precondition(lambda self: len(self.plain.held) < 4)
    @rule(symbol=st.sampled_from(SYMBOLS), side=st.sampled_from([1, -1]), lots=st.sampled_from([0.1, 0.5, 2.0]))
    def fill_by_hand(self, symbol: str, side: int, lots: float) -> None:
        one = Held(self.next_ticket(), symbol, side, lots, self.plain.quote(symbol, side))
        self.plain.held[one.ticket] = one
        self.happen(seen(one, self.clock))

    @precondition(lambda self: bool(self.plain.held))
    @rule(data=st.data())
    def close_by_hand(self, data: st.DataObject) -> None:
        one = self.plain.held[data.draw(st.sampled_from(sorted(self.plain.held)))]
        self.close(one, one.lots, self.plain.quote(one.symbol, -one.side), DealReason.CLIENT)

    @rule()
    def restart(self) -> None:
        """The process dies; its engine is built from the journal, reads history and hears the last quotes again."""
        self.engine = Engine(self.settings)
        self.engine.on_event(AccountChanged(tuple(self.journal)))
        self.plain.unheard = set(SYMBOLS)
        self.warm_up()
        for name in SYMBOLS:
            self.ticks(name, [0], 1)

    @rule()
    def halt(self) -> None:
        self.plain.halted = True
        self.happen(Halted(time_ns=self.clock.utc_ns, reason="drill", author="ada"))

    @rule()
    def pause(self) -> None:
        self.impose_for("pause", 0.0, 7_200)

    @rule(limit=st.sampled_from(LIMITS), valid_s=st.sampled_from([0, 10, 7_200]))
    def impose(self, limit: tuple[str, float], valid_s: int) -> None:
        self.impose_for(*limit, valid_s)

    def impose_for(self, name: str, value: float, valid_s: int) -> None:
        expires_ns = self.clock.utc_ns + valid_s * 10**9 if valid_s else 0
        self.plain.imposed[name] = value, expires_ns
        paused = name == "pause"
        order = OverrideSet(
            time_ns=self.clock.utc_ns,
            kind=OverrideKind.PAUSE if paused else OverrideKind.LIMIT,
            name="" if paused else name,
            symbol="",
            value=value,
            reason="",
            author="ada",
            expires_ns=expires_ns,
        )
        self.happen(order)

    @rule()
    def resume(self) -> None:
        self.mark()
        self.plain.resume()
        self.happen(Resumed(time_ns=self.clock.utc_ns, symbol="", reason="", author="ada"))

    @precondition(lambda self: self.plain.equity > 3_000.0)
    @rule(flow=st.sampled_from([-2_000.0, 500.0, 5_000.0]))
    def move_money(self, flow: float) -> None:
        self.mark()
        self.plain.move_money(flow)
        stranger = Held(0, "", 1, 0.0, 0.0)
        deal = self.deal(stranger, 0.0, 0.0, flow, DealEntry.IN, DealReason.CLIENT, 1, None)
        self.happen(DealBooked(time_ns=0, deal=msgspec.structs.replace(deal, type=DealType.BALANCE)))

    def mark(self) -> None:
        """The bridge puts equity on record before an order or a flow of money is booked."""
        equity = self.plain.equity
        self.plain.peak = max(self.plain.peak, equity)
        self.happen(EquityMarked(time_ns=self.clock.utc_ns, equity=equity, balance=self.plain.balance, margin=0.0))

    # -- what must hold -----------------------------------------------------------------------------------------------

    def check_guards(self) -> None:
        safety = self.engine.account.safety
        assert [safety.level_of(kind) for kind in KINDS.values()] == list(self.plain.levels)
        assert safety.halt.is_on == self.plain.halted

    @invariant()
    def the_journal_says_the_same(self) -> None:
        assert AccountState.replayed(self.journal).safety == self.engine.account.safety

    @invariant()
    def no_entry_acts_where_none_may(self) -> None:
        """On record as well: what acts was sized, and never beyond what the record of the set-up allows."""
        rows = self.engine.take_decisions()
        acting = rows[(rows["kind"] == DecisionKind.ENTRY) & (rows["action"] != Action.HOLD)]
        for row in acting:
            at_stake = abs(row["price"] - row["sl"]) * CONTRACT * row["lots"]
            assert at_stake <= row["equity"] * min(row["kelly_fraction"], row["risk_fraction"]) * JUST_ABOVE


GuardsMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestGuards = GuardsMachine.TestCase
