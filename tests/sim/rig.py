"""A venue, an EA and a bridge in memory, ready to be joined."""

from advisor.executor import Executor, ExecutorGuards
from advisor.expert import EaRules, ExpertAdvisor
from advisor.memory import RamMemory
from domain.intents import Intent
from domain.timeframes import Timeframe
from marketdata.tape import Tape
from sim.feed import Feed
from sim.requests import FillPlan
from tests.sim.bridge_double import WELCOME, BridgeDouble, Script, Wire, nothing
from tests.sim.test_feed import HISTORY
from tests.sim.venues import EURUSD, MAGIC, MONDAY_MSC, USDJPY, Venue, ticks_of
from wire.messages import Welcome

FLAT = (1.1, 1.1002)
TEN = [FLAT] * 10
OTHER_SECRET = b"something else"


class Rig:
    """A venue, an EA and a bridge in memory."""

    def __init__(
        self,
        script: Script = nothing,
        quotes: list[tuple[float, float]] | None = None,
        *,
        rules: EaRules | None = None,
        max_ticks: int = 1,
        welcome: Welcome = WELCOME,
        fills: FillPlan | None = None,
        bridge_secret: bytes = b"a secret that both know",
        step_msc: int = 100,
    ) -> None:
        self.venue = Venue(EURUSD, USDJPY, fills=fills, start_msc=MONDAY_MSC)
        ticks = ticks_of(quotes or TEN, step_msc=step_msc)
        self.feed = Feed(
            self.venue.terminal,
            Tape(("EURUSD",), {"EURUSD": ticks}),
            max_ticks=max_ticks,
            history={("EURUSD", Timeframe.M1): HISTORY},
        )
        self.memory = RamMemory()
        self.executor = Executor(self.venue.terminal, self.memory, ExecutorGuards(), MAGIC)
        self.bridge = BridgeDouble(script, welcome=welcome, secret=bridge_secret)
        self.advisor = self.new_advisor(rules)
        self.wire = Wire(self.advisor, self.bridge)

    def new_advisor(self, rules: EaRules | None = None) -> ExpertAdvisor:
        return ExpertAdvisor(
            self.venue.terminal,
            self.feed,
            self.executor,
            secret=b"a secret that both know",
            terminal_id=77,
            magic=MAGIC,
            rules=rules,
        )

    def connected(self) -> "Rig":
        self.wire.connect()
        return self

    def deals_of_ours(self) -> int:
        return sum(deal.magic == MAGIC for deal in self.venue.terminal.deals)


def at_batch(number: int, *wanted: Intent) -> Script:
    """The intents, decided at one batch."""
    return lambda ticks: wanted if ticks.batch == number else ()
