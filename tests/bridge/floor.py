"""A desk joined with a terminal in memory: the EA's twin that plays a market, or a terminal that follows a script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from account.events import AccountEvent
from advisor.executor import Executor, ExecutorGuards
from advisor.expert import ExpertAdvisor
from advisor.memory import RamMemory
from bridge.config import DeskRules
from bridge.desk import Desk
from bridge.records import EntryKind
from bridge.trader import Record, Trader
from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from domain.trading import AccountSnapshot, AccountTradeMode, MarginMode, Position
from domain.updates import Money, TradeUpdate
from marketdata import Tape
from signals.fold import fold_ticks, new_fold
from sim.feed import Feed
from sim.profiles import AccountProfile, LeverageTier
from sim.terminal import SimTerminal
from strategy.params import EngineSettings, EntrySettings, GuardSettings, PortfolioSettings
from strategy.tables import DECISION_DTYPE, Table
from tests.strategy.markets import MAGIC, START_MSC, a_spec
from wire.codec import decode
from wire.messages import (
    Auth,
    Decision,
    Heartbeat,
    Hello,
    History,
    IntentMessage,
    Message,
    Snapshot,
    Symbols,
    Ticks,
)
from wire.session import TerminalSession

SECRET = b"a secret of thirty-two characters"
NONCE = bytes(range(16))
MS = 1_000_000
SECOND = 1_000_000_000
RULES = DeskRules(clock_check=False)
PROFILE = AccountProfile(
    login=5_000_001, server="Test-Demo", deposit=10_000.0, tiers=(LeverageTier(equity_from=0.0, leverage=2000),)
)
_WARM_UP_TICKS = 1800  # 150 minutes
EAGER = EngineSettings(
    timeframes=(Timeframe.M1,),
    entry=EntrySettings(score_threshold=0.4, max_spread_atr_fraction=1.0, atr_baseline_period=20),
    # what an account protects itself with would leave too little to do in a market this short
    portfolio=PortfolioSettings(cool_down_s=0.0, max_losing_streak=0, unstopped_fraction=0.001),
    guards=GuardSettings(day_loss_fraction=0.5),
    slippage_points={},
)


class Market:
    """A market of wide swings: `bars` of M1 to warm up with, then `ticks` full of decisions, 5 s apart."""

    def __init__(self, seed: int = 7, ticks: int = 700) -> None:
        whole = _swinging_ticks(_WARM_UP_TICKS + ticks, seed)
        self.ticks = whole[_WARM_UP_TICKS:]
        bars = np.zeros(_WARM_UP_TICKS, RATES_DTYPE)
        fold, at = new_fold(), np.zeros(_WARM_UP_TICKS, np.int64)
        count = fold_ticks(fold, 60, 1e-5, whole, 0, _WARM_UP_TICKS + 1, bars, at)
        self.bars = bars[:count]
        self.history = {("EURUSD", Timeframe.M1): self.bars}


def _swinging_ticks(count: int, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    drift = np.where(np.sin(np.arange(count) / 120.0) > 0, 4.0, -4.0)
    ticks = np.zeros(count, TICK_DTYPE)
    ticks["bid"] = np.round(1.1 + np.cumsum(rng.integers(-15, 16, count) + drift) * 1e-5, 5)
    ticks["ask"] = np.round(ticks["bid"] + 8e-5, 5)
    ticks["time_msc"] = START_MSC - _WARM_UP_TICKS * 5000 + np.arange(count) * 5000
    ticks["time"] = ticks["time_msc"] // 1000
    return ticks


@dataclass
class Heard:
    """What a terminal was told, and what journal and capture would have been given."""

    messages: list[Message] = field(default_factory=list)
    journal: list[AccountEvent] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def of(self, kind: type) -> list:  # type: ignore[type-arg]  # a test knows what it asks for
        return [message for message in self.messages if isinstance(message, kind)]

    @property
    def decisions(self) -> Table:
        """Decision records, in order."""
        rows = [np.frombuffer(r.payload, DECISION_DTYPE) for r in self.records if r.kind == EntryKind.DECISIONS]
        return np.concatenate(rows) if rows else np.zeros(0, DECISION_DTYPE)


class Line:
    """One connection of a desk: hands frames over, admits, keeps everything that leaves.

    With `is_quick` it tries the shorter way first, as the service does; `passed_over` counts where it was taken.
    """

    def __init__(
        self, trader: Trader, rules: DeskRules = RULES, heard: Heard | None = None, *, is_quick: bool = False
    ) -> None:
        self.is_quick = is_quick
        self.passed_over = 0
        self.trader = trader
        self.heard = heard or Heard()
        self.now_ns = SECOND
        self.utc_ns = START_MSC * MS
        self.desk = Desk(SECRET, NONCE, rules, self.now_ns)

    def give(self, frame: bytes) -> list[bytes]:
        """What the bridge answers to `frame`."""
        answer = self.desk.pass_over(frame, self.now_ns, self.utc_ns) if self.is_quick else None
        if answer is not None:
            self.passed_over += 1
            self.heard.messages.append(decode(answer, self.desk.session.symbols)[1])
            return [answer]
        self.desk.receive(frame, self.now_ns, self.utc_ns)
        if self.desk.wants_admission:
            self.desk.admit(self.trader, self.now_ns, self.utc_ns)
        return self.take()

    def wait(self, duration_ns: int) -> list[bytes]:
        """What the bridge says as time passes."""
        self.now_ns += duration_ns
        self.desk.on_time(self.now_ns, self.utc_ns)
        return self.take()

    def take(self) -> list[bytes]:
        """Journal, release, settle, as the service does."""
        self.heard.journal.extend(self.trader.take_unsaved())
        frames = self.desk.release(self.now_ns, self.utc_ns)
        self.desk.settle()
        self.heard.journal.extend(self.trader.take_unsaved())
        self.heard.records.extend(self.trader.take_records())
        self.heard.messages.extend(decode(frame, self.desk.session.symbols)[1] for frame in frames)
        return frames


class Floor:
    """The EA's twin on a simulated terminal, playing a market to a desk in memory."""

    def __init__(
        self,
        market: Market,
        *,
        settings: EngineSettings = EAGER,
        max_ticks: int = 1,
        specs: Sequence[SymbolSpec] = (),
        rules: DeskRules = RULES,
        is_quick: bool = False,
    ) -> None:
        self.is_quick = is_quick
        self.settings = settings
        self.rules = rules
        self.specs = tuple(specs) or (a_spec(),)
        symbol = self.specs[0].name
        ticks = market.ticks
        self.terminal = SimTerminal(PROFILE, self.specs, start_msc=int(ticks["time_msc"][0]))
        tape = Tape((symbol,), {symbol: ticks})
        self.feed = Feed(self.terminal, tape, max_ticks=max_ticks, history=market.history)
        executor = Executor(self.terminal, RamMemory(), ExecutorGuards(), MAGIC)
        self.ea = ExpertAdvisor(self.terminal, self.feed, executor, secret=SECRET, terminal_id=7, magic=MAGIC)
        self.heard = Heard()
        self.line = self.new_line(Trader("Test-Demo:5000001", settings))

    def new_line(self, trader: Trader) -> Line:
        return Line(trader, self.rules, self.heard, is_quick=self.is_quick)

    def connect(self) -> None:
        """A new connection, up to the first tick."""
        self.pass_on(self.ea.connect(NONCE, self.line.now_ns))

    def reconnect(self, trader: Trader | None = None) -> None:
        """The connection breaks; the terminal comes back, to the same trader or to another one."""
        self.ea.disconnected()
        now_ns = self.line.now_ns
        self.line = self.new_line(trader or self.line.trader)
        self.line.now_ns = now_ns
        self.connect()

    def pass_on(self, frames: Iterable[bytes]) -> None:
        """Hand frames to and fro until both sides have said everything."""
        waiting = list(frames)
        while waiting:
            answers = [answer for frame in waiting for answer in self.line.give(frame)]
            waiting = [frame for answer in answers for frame in self.ea.receive(answer, self.line.now_ns)]

    def step(self) -> bool:
        """One batch with all that follows from it; False at the end of the tape."""
        self.line.now_ns += MS
        frames = self.ea.stream(self.line.now_ns)
        self.pass_on(frames)
        return bool(frames)

    def play(self, batches: int = 1 << 60) -> None:
        """So many batches, or all that are left."""
        for _ in range(batches):
            if not self.step():
                return


def played(market: Market, **options: object) -> Floor:
    """A whole market, played without disturbance."""
    floor = Floor(market, **options)  # type: ignore[arg-type]  # options of Floor
    floor.connect()
    floor.play()
    return floor


# -- a terminal that follows a script ----------------------------------------------------------------------------------

HELLO = Hello(
    ea_build=1,
    terminal_build=1,
    login=5_000_001,
    server="Test-Demo",
    company="test",
    currency="USD",
    currency_digits=2,
    leverage=2000,
    margin_mode=MarginMode.RETAIL_HEDGING,
    trade_mode=AccountTradeMode.DEMO,
    trade_allowed=True,
    terminal_id=7,
    client_nonce=NONCE,
    server_offset_s=0,
    magic=MAGIC,
)
MONEY = Money(balance=10_000.0, equity=10_000.0, margin=0.0, margin_free=10_000.0)


def an_account(**fields: object) -> AccountSnapshot:
    account = AccountSnapshot(
        login=HELLO.login,
        server=HELLO.server,
        currency="USD",
        currency_digits=2,
        leverage=2000,
        margin_mode=MarginMode.RETAIL_HEDGING,
        trade_mode=AccountTradeMode.DEMO,
        trade_allowed=True,
        balance=10_000.0,
        credit=0.0,
        equity=10_000.0,
        margin=0.0,
        margin_free=10_000.0,
        time_msc=START_MSC,
    )
    return msgspec.structs.replace(account, **fields)


def a_snapshot(positions: tuple[Position, ...] = (), money: Money = MONEY, **fields: object) -> Snapshot:
    """Everything the terminal has: no deals, and these positions."""
    account = an_account(
        balance=money.balance, equity=money.equity, margin=money.margin, margin_free=money.margin_free, **fields
    )
    return Snapshot(account=account, update=TradeUpdate(money=money, positions=positions, complete=True))


def some_bars(count: int, end_s: int = START_MSC // 1000, period_s: int = 60) -> Table:
    bars = np.zeros(count, RATES_DTYPE)
    bars["time"] = end_s - period_s * np.arange(count - 1, -1, -1)
    bars["open"] = bars["close"] = 1.1
    bars["high"], bars["low"] = 1.1002, 1.0998
    bars["tick_volume"] = 10
    return bars


def some_ticks(*offsets_ms: int, bid: float = 1.1, start_msc: int = START_MSC) -> Table:
    """Ticks so long after `start_msc` [ms]."""
    ticks = np.zeros(len(offsets_ms), TICK_DTYPE)
    ticks["time_msc"] = start_msc + np.array(offsets_ms)
    ticks["time"] = ticks["time_msc"] // 1000
    ticks["bid"], ticks["ask"] = bid, bid + 8e-5
    return ticks


class Script:
    """A terminal that says what a test wants it to say."""

    def __init__(
        self,
        *,
        trader: Trader | None = None,
        settings: EngineSettings = EAGER,
        rules: DeskRules = RULES,
        secret: bytes = SECRET,
        hello: Hello = HELLO,
        is_quick: bool = False,
    ) -> None:
        self.line = Line(trader or Trader("Test-Demo:5000001", settings), rules, is_quick=is_quick)
        self.session = TerminalSession(secret, self.line.now_ns)
        self.hello = hello
        self.batch = 0

    @property
    def desk(self) -> Desk:
        return self.line.desk

    @property
    def trader(self) -> Trader:
        return self.line.trader

    def say(self, message: Message) -> list[Message]:
        """Say it; what the bridge answers."""
        return self.hand(self.session.send(message, self.line.now_ns))

    def hand(self, frame: bytes) -> list[Message]:
        """Hand over a frame, whatever it is; what the bridge answers."""
        return self.heard(self.line.give(frame))

    def heard(self, frames: Iterable[bytes]) -> list[Message]:
        return [message for frame in frames for message in self.session.receive(frame, self.line.now_ns)]

    def wait(self, duration_ns: int) -> list[Message]:
        return self.heard(self.line.wait(duration_ns))

    def enter(self) -> list[Message]:
        """HELLO and AUTH; what comes back (WELCOME)."""
        self.say(self.hello)
        proof = self.session.authenticate(self.line.now_ns)
        assert isinstance(decode(proof)[1], Auth)
        return self.hand(proof)

    def reconcile(self, snapshot: Snapshot | None = None, *specs: SymbolSpec) -> list[Message]:
        """SYMBOLS and a SNAPSHOT; what comes back."""
        return [*self.say(Symbols(specs=specs or (a_spec(),))), *self.say(snapshot or a_snapshot())]

    def remember(self, count: int = 300) -> list[Message]:
        """HISTORY of the one chart."""
        return self.say(History(symbol_index=0, timeframe=Timeframe.M1, rates=some_bars(count)))

    def ready(self, **fields: object) -> list[Message]:
        """The heartbeat that makes it live, or a later one."""
        beat = Heartbeat(ready=True, trade_allowed=True, connected=True, money=MONEY, server_time_s=START_MSC // 1000)
        return self.say(msgspec.structs.replace(beat, **fields))

    def live(self) -> "Script":
        """All of it."""
        self.enter()
        self.reconcile()
        self.remember()
        self.ready()
        return self

    def tick(self, ticks: Table, money: Money = MONEY, **fields: object) -> list[Message]:
        """A batch; what comes back."""
        self.batch += 1
        message = Ticks(
            symbol_index=0, batch=self.batch, server_offset_s=0, wants_decision=True, money=money, ticks=ticks
        )
        return self.say(msgspec.structs.replace(message, **fields))


def texts(messages: Iterable[Message]) -> list[str]:
    """What the decisions among `messages` say."""
    return [message.text for message in messages if isinstance(message, Decision)]


def intents(messages: Iterable[Message]) -> list[IntentMessage]:
    return [message for message in messages if isinstance(message, IntentMessage)]
