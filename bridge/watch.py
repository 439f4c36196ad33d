"""What a desk keeps an eye on: intents without a word, money that does not add up, clocks that disagree."""

from typing import Final

from account.booking import balance_gap, expired
from account.events import AccountEvent, Flagged, FlagKind
from account.state import AccountState
from bridge.config import DeskRules
from domain.intents import Intent, IntentState
from domain.servertime import NS_PER_MS, NS_PER_S
from domain.updates import Money

_ASK_AGAIN_NS: Final = 10 * NS_PER_S
_WAITING: Final = frozenset({IntentState.ISSUED, IntentState.ACKNOWLEDGED})


class IntentWatch:
    """Intents that have no word yet, by the monotonic time from which that is too long [ns]."""

    def __init__(self, rules: DeskRules) -> None:
        self._patience_ns = rules.unanswered_ms * NS_PER_MS
        self._due_ns: dict[int, int] = {}
        self._asked_ns: int | None = None

    def sent(self, intent: Intent, now_ns: int) -> None:
        """It left at `now_ns`."""
        self._due_ns[intent.intent_id] = now_ns + intent.expires_ns - intent.decided_ns + self._patience_ns

    def overdue(self, account: AccountState, now_ns: int, server_ns: int) -> list[AccountEvent]:
        """Events that call silent intents UNKNOWN; `server_ns` is the latest known time of the ticks' clock [UTC ns].

        Both clocks must agree that the time is over: the ticks' clock may leap (a weekend), ours may run ahead of it.
        """
        waiting = [record.intent.intent_id for record in account.open_intents() if record.state in _WAITING]
        self._due_ns = {i: self._due_ns.get(i, now_ns + self._patience_ns) for i in waiting}
        silent = {intent_id for intent_id, due_ns in self._due_ns.items() if due_ns <= now_ns}
        if not silent:
            return []
        return [event for event in expired(account, server_ns) if getattr(event, "intent_id", 0) in silent]

    def wants_snapshot(self, account: AccountState, now_ns: int) -> bool:
        """Whether it is time to ask for everything the terminal has, because an intent's outcome is not known."""
        if all(record.state != IntentState.UNKNOWN for record in account.open_intents()):
            self._asked_ns = None
            return False
        if self._asked_ns is not None and now_ns - self._asked_ns < _ASK_AGAIN_NS:
            return False
        self._asked_ns = now_ns
        return True


class MoneyWatch:
    """Compares the money the terminal reports with what our own figures say."""

    def __init__(self, rules: DeskRules) -> None:
        self._tolerance = rules.money_tolerance_ccy
        self._settle_ns = rules.money_settle_ms * NS_PER_MS
        self._gap_since_ns: int | None = None
        self._equity_differed = False

    def balance_is_off(self, account: AccountState, money: Money, now_ns: int) -> bool:
        """Whether the balance has differed from what the deals explain for longer than deals need to arrive."""
        if abs(balance_gap(account, money)) <= self._tolerance:
            self._gap_since_ns = None
            return False
        if self._gap_since_ns is None:
            self._gap_since_ns = now_ns
        return now_ns - self._gap_since_ns >= self._settle_ns

    def start_over(self) -> None:
        """The account has just been compared with everything the terminal has."""
        self._gap_since_ns = None

    def equity_flags(self, account: AccountState, own: Money, told: Money, time_ns: int) -> list[AccountEvent]:
        """A flag where equity differs at two comparisons in a row, the balances being equal; raised once an account."""
        differs = abs(own.equity - told.equity) > self._tolerance and own.balance == told.balance
        lasts, self._equity_differed = differs and self._equity_differed, differs
        if not lasts or f"{FlagKind.MONEY_MISMATCH}:equity" in account.flags:
            return []
        detail = f"the terminal says {told.equity:.2f}, our own figures {own.equity:.2f}"
        return [Flagged(time_ns=time_ns, kind=FlagKind.MONEY_MISMATCH, subject="equity", detail=detail)]


class ClockWatch:
    """Compares the ticks' clock with the wall clock of this machine."""

    def __init__(self, rules: DeskRules) -> None:
        self._tolerance_ns = rules.clock_tolerance_s * NS_PER_S if rules.clock_check else 0
        self.alert = ""

    def is_ahead(self, tick_ns: int, utc_ns: int) -> bool:
        """Whether a tick claims to come from the future; `alert` says so, and also when it is too old."""
        if not self._tolerance_ns:
            return False
        ahead_ns = tick_ns - utc_ns
        if -self._tolerance_ns <= ahead_ns <= self._tolerance_ns:
            self.alert = ""
            return False
        side = "ahead of" if ahead_ns > 0 else "behind"
        remedy = "set this machine's clock (NTP) or check the EA's measured server offset"
        self.alert = f"the ticks' clock is {abs(ahead_ns) // NS_PER_S} s {side} this machine's; {remedy}"
        return ahead_ns > 0
