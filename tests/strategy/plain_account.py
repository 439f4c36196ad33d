"""An account kept by hand, and the broker it is held at: nothing compiled, no journal, no bands, no tables.

Money, marks and guards are worked out anew at every tick; the broker's day comes from the time zone database. What it
shares with the engine are the thresholds and the published step of the guards (`risk.guards`, tested by itself).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from account.events import IntentReported, PositionSeen
from domain.intents import Intent, comment_of
from domain.pricing import rounded_money
from domain.retcodes import Retcode
from domain.trading import Position, PositionType
from domain.updates import IntentResult, ResultPhase
from risk.guards import GuardRules, Levels, Marks, halt_level, levels_after, losses_of
from strategy.params import EngineSettings
from tests.strategy.markets import MAGIC

CONTRACT: Final = 100_000
SPREAD: Final = 10
POINT: Final = 1e-5
_EPOCH: Final = date(1970, 1, 1)
_REACH_DAYS: Final = 4
_NEW_YORK, _ATHENS = ZoneInfo("America/New_York"), ZoneInfo("Europe/Athens")


class BrokersClock(msgspec.Struct):
    """UTC [ms] and a broker's wall clock: Athens, or New York and seven hours (midnight where New York's day ends)."""

    utc_msc: int
    american: bool

    @property
    def wall(self) -> datetime:
        utc = datetime.fromtimestamp(self.utc_msc // 1000, UTC)
        if self.american:
            return utc.astimezone(_NEW_YORK).replace(tzinfo=None) + timedelta(hours=7)
        return utc.astimezone(_ATHENS).replace(tzinfo=None)

    @property
    def offset_s(self) -> int:
        utc = datetime.fromtimestamp(self.utc_msc // 1000, UTC).replace(tzinfo=None)
        return int((self.wall - utc).total_seconds())

    @property
    def day(self) -> int:
        return (self.wall.date() - _EPOCH).days

    @property
    def server_msc(self) -> int:
        return self.utc_msc + self.offset_s * 1000

    @property
    def utc_ns(self) -> int:
        return self.utc_msc * 1_000_000


class Held(msgspec.Struct):
    """An open position; `sl` and `tp` 0: none, `intent_id` 0: by hand."""

    ticket: int
    symbol: str
    side: int
    lots: float
    price: float
    sl: float = 0.0
    tp: float = 0.0
    intent_id: int = 0

    @property
    def is_own(self) -> bool:
        return self.intent_id != 0


class PlainAccount:
    """Balance, positions, marks, guards and limits, by hand."""

    def __init__(self, symbols: tuple[str, ...], settings: EngineSettings, balance: float, clock: BrokersClock) -> None:
        self.settings, self.clock = settings, clock
        self.bids = dict.fromkeys(symbols, 110_000)
        self.held: dict[int, Held] = {}
        self.balance = self.peak = self.day_start = balance
        self.levels, self.day = Levels(0, 0, 0), -1
        self.halted = self.by_guard = False
        self.imposed: dict[str, tuple[float, int]] = {}
        self.unheard: set[str] = set()

    # -- what it is worth ---------------------------------------------------------------------------------------------

    def quote(self, symbol: str, side: int) -> float:
        """Where a position on `side` would be opened; closed it is on the other."""
        return round((self.bids[symbol] + (SPREAD if side > 0 else 0)) * POINT, 5)

    def profit(self, one: Held, price: float) -> float:
        return float(rounded_money((price - one.price) * one.side * one.lots * CONTRACT, 2))

    @property
    def equity(self) -> float:
        floating = sum(self.profit(one, self.quote(one.symbol, -one.side)) for one in self.held.values())
        return float(rounded_money(self.balance + floating, 2))

    def own(self, symbol: str) -> list[Held]:
        return [one for one in self.held.values() if one.is_own and one.symbol == symbol]

    def book(self, change: float) -> None:
        self.balance = float(rounded_money(self.balance + change, 2))

    # -- limits -------------------------------------------------------------------------------------------------------

    def limit(self, name: str) -> float:
        """What holds now: what was imposed and has not expired, else the setting."""
        value, expires_ns = self.imposed.get(name, (0.0, 1))
        if name in self.imposed and (expires_ns == 0 or self.clock.utc_ns < expires_ns):
            return value
        group, _, field = name.partition(".")
        return float(getattr(getattr(self.settings, group), field))

    @property
    def guard_rules(self) -> GuardRules:
        found = self.settings.guards.rules()._asdict()
        for name in ("day_loss_fraction", "floating_loss_fraction"):
            found[name] = self.limit(f"guards.{name}")
        return GuardRules(**found)

    @property
    def may_enter(self) -> bool:
        """Whether guards, halt and pauses let anything in."""
        paused = "pause" in self.imposed and (
            self.imposed["pause"][1] == 0 or self.clock.utc_ns < self.imposed["pause"][1]
        )
        latched = self.levels.floating > 0 or self.levels.day > 0 or self.levels.drawdown > 1
        return not (paused or latched or self.halted)

    # -- guards -------------------------------------------------------------------------------------------------------

    def begin_day(self) -> None:
        """Where the broker's date is another one: the day's mark is what the account was worth before it."""
        today = self.clock.day
        if today > self.day:
            self.day_start = self.equity if self.day >= 0 and today - self.day <= _REACH_DAYS else 0.0
            self.day, self.levels = today, self.levels._replace(day=0)

    def look(self) -> None:
        """One tick; while a symbol that is held was not quoted since a restart, nobody knows what equity is."""
        if any(one.symbol in self.unheard for one in self.held.values()):
            return
        now, rules = self.equity, self.guard_rules
        self.peak = max(self.peak, now)
        if self.day_start <= 0.0:
            self.day_start = now
        losses = losses_of(now, Marks(self.balance, self.balance, self.day_start, self.peak))
        before, self.levels = self.levels, levels_after(losses, self.levels, rules)
        if self.levels.drawdown >= halt_level(rules) > before.drawdown:
            self.halted = self.by_guard = True

    def resume(self) -> None:
        self.imposed.pop("pause", None)
        if self.halted and self.by_guard:
            self.peak, self.levels = self.equity, self.levels._replace(drawdown=0)
        self.halted = self.by_guard = False

    def move_money(self, flow: float) -> None:
        """A deposit is no profit and a withdrawal no loss."""
        scale = (self.equity + flow) / self.equity
        self.peak = float(rounded_money(self.peak * scale, 2))
        self.day_start = float(rounded_money(self.day_start * scale, 2))
        self.balance += flow

    # -- bounds of an entry -------------------------------------------------------------------------------------------

    def bounds(self, symbol: str, side: int, price: float, sl: float, volumes: Mapping[str, float]) -> dict[str, float]:
        """The most lots each limit allows an entry, worked out from what stands in this account alone [lots]."""
        equity, settings = self.equity, self.settings
        lowered = self.levels.drawdown > 0
        risk = self.limit("entry.risk_fraction") * (settings.guards.drawdown_risk_scale if lowered else 1.0)
        cap = self.limit("leverage.normal")
        if lowered:
            cap = min(cap, settings.guards.drawdown_max_leverage)
        per_lot = (abs(price - sl) + settings.slippage_points["*"] * POINT) * CONTRACT
        per_lot += settings.commission_per_lot["*"]
        values = {it: self._value(one) for it, one in self.held.items()}
        base = sum(values[it] * one.side for it, one in self.held.items() if one.symbol == symbol)
        dollars = -sum(values[it] * one.side for it, one in self.held.items())
        most = self.limit("portfolio.max_currency_exposure") * equity
        stakes = sum(self._stake(one, values[it]) for it, one in self.held.items())
        same = sum(one.lots for one in self.held.values() if one.symbol == symbol and one.side == side)
        return {
            "risk": equity * risk / per_lot,
            "leverage": (equity * cap - sum(values.values())) / (price * CONTRACT),
            "exposure": min(most - side * base, most + side * dollars) / (price * CONTRACT),
            "open risk": (equity * self.limit("portfolio.max_open_risk_fraction") - stakes) / per_lot,
            "volume max": volumes["volume_max"],
            "volume limit": volumes["volume_limit"] - same,
        }

    def _value(self, one: Held) -> float:
        return one.lots * CONTRACT * self.quote(one.symbol, -one.side)

    def _stake(self, one: Held, value: float) -> float:
        if not one.sl:
            return value * self.settings.portfolio.unstopped_fraction
        return max(0.0, (self.quote(one.symbol, -one.side) - one.sl) * one.side * one.lots * CONTRACT)


# -- what its broker tells -------------------------------------------------------------------------------------------


def seen(one: Held, clock: BrokersClock) -> PositionSeen:
    """What a terminal tells of a position."""
    position = Position(
        position_ticket=one.ticket,
        position_id=one.ticket,
        symbol=one.symbol,
        type=PositionType.BUY if one.side > 0 else PositionType.SELL,
        magic=MAGIC if one.is_own else 0,
        volume=one.lots,
        price_open=one.price,
        sl=one.sl,
        tp=one.tp,
        swap=0.0,
        profit=0.0,
        time_msc=clock.server_msc,
        time_update_msc=clock.server_msc,
        comment=comment_of(one.intent_id) if one.is_own else "",
    )
    return PositionSeen(time_ns=clock.utc_ns, position=position)


def reported(clock: BrokersClock, intent: Intent, retcode: Retcode, ticket: int = 0) -> IntentReported:
    """A terminal's last word on an intent."""
    result = IntentResult(
        intent_id=intent.intent_id,
        phase=ResultPhase.FINAL,
        retcode=retcode,
        order_ticket=ticket,
        deal_ticket=0,
        position_ticket=ticket or intent.position_ticket,
        volume=intent.volume,
        price=intent.price,
        time_msc=clock.server_msc,
    )
    return IntentReported(time_ns=clock.utc_ns, result=result)
