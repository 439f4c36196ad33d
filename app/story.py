"""One account's journal, read for people: how it stands, and what became of each intent."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from account.events import (
    AccountEvent,
    DealBooked,
    EquityMarked,
    IntentEnded,
    IntentIssued,
    IntentReported,
    IntentSent,
    SessionOpened,
)
from account.journal import JournalReader
from account.lifecycle import IntentRecord
from account.state import AccountState
from app.console import CommandError
from domain.intents import Intent, IntentKind
from domain.servertime import utc_ns_from_server_msc
from domain.trading import Deal, DealEntry, DealReason, DealType
from domain.updates import ResultPhase

_JOURNAL: Final = "journal.sqlite3"
_CLOSERS: Final = {
    DealReason.SL: "stop loss",
    DealReason.TP: "take profit",
    DealReason.SO: "stop out",
    DealReason.EXPERT: "closed as decided",
    DealReason.CLIENT: "closed by hand",
    DealReason.MOBILE: "closed by hand",
    DealReason.WEB: "closed by hand",
}


class Step(NamedTuple):
    """Something that happened, when [UTC ns], in words."""

    time_ns: int
    words: str


class Story(msgspec.Struct, kw_only=True):
    """What the journal tells of one account; money in its currency."""

    account: str
    state: AccountState = msgspec.field(default_factory=AccountState)
    deals: list[Deal] = []
    sessions: list[SessionOpened] = []
    steps: dict[int, list[Step]] = {}
    issued: list[Intent] = []
    start_balance: float = 0.0
    peak_equity: float = 0.0
    deepest_drawdown: float = 0.0
    events: int = 0
    first_ns: int = 0
    last_ns: int = 0

    @property
    def offset_s(self) -> int:
        """Lead of the broker's clock over UTC [s], as last measured."""
        return self.state.server_offset_s

    @property
    def trades(self) -> list[Deal]:
        """Deals that bought or sold."""
        return [deal for deal in self.deals if deal.type in (DealType.BUY, DealType.SELL)]

    def take(self, event: AccountEvent) -> None:
        """Fold one event."""
        self.events += 1
        self.first_ns = self.first_ns or event.time_ns  # 0 before a terminal has told its clock
        self.last_ns = max(self.last_ns, event.time_ns)
        self.state.apply(event)
        match event:
            case SessionOpened():
                self.sessions.append(event)
            case IntentIssued():
                self.issued.append(event.intent)
                self._note(event.intent.intent_id, event.time_ns, "decided and written to the journal")
            case IntentSent():
                self._note(event.intent_id, event.time_ns, _sent(event.attempt))
            case IntentReported():
                self._note_result(event)
            case IntentEnded():
                self._note(event.intent_id, event.time_ns, f"{event.state.name.lower()}: {event.reason}")
            case DealBooked():
                self._note_deal(event)
            case EquityMarked():
                self._note_equity(event.equity)

    def _note(self, intent_id: int, time_ns: int, words: str) -> None:
        self.steps.setdefault(intent_id, []).append(Step(time_ns, words))

    def _note_result(self, event: IntentReported) -> None:
        result = event.result
        if result.phase == ResultPhase.FINAL:
            record = self.state.intents.get(result.intent_id)
            words = record.reason if record and record.reason else f"retcode {result.retcode}"
            self._note(result.intent_id, event.time_ns, f"terminal: {words}")

    def _note_deal(self, event: DealBooked) -> None:
        deal = event.deal
        self.deals.append(deal)
        if deal.type == DealType.BALANCE and not self.start_balance:
            self.start_balance = deal.profit
        intent_id = self.state.intent_id_of(deal) or self.state.openings.get(deal.position_id)
        if intent_id is not None and deal.type in (DealType.BUY, DealType.SELL):
            time_ns = utc_ns_from_server_msc(deal.time_msc, self.state.server_offset_s)
            self._note(intent_id, time_ns, deal_words(deal))
            opener = self.state.openings.get(deal.position_id)
            if opener not in (None, intent_id) and deal.entry != DealEntry.IN:
                self._note(int(opener or 0), time_ns, deal_words(deal))

    def _note_equity(self, equity: float) -> None:
        self.peak_equity = max(self.peak_equity, equity)
        if self.peak_equity > 0.0:
            self.deepest_drawdown = max(self.deepest_drawdown, (self.peak_equity - equity) / self.peak_equity)

    def record_of(self, intent_id: int) -> IntentRecord | None:
        """What is known of an intent."""
        return self.state.intents.get(intent_id)

    def entries(self) -> list[Intent]:
        """Intents that opened, or meant to open, a position."""
        return [intent for intent in self.issued if intent.kind == IntentKind.OPEN]


def _sent(attempt: int) -> str:
    return "sent to the terminal" if attempt == 1 else f"sent again (attempt {attempt})"


def deal_words(deal: Deal) -> str:
    """A deal in one line."""
    side = "bought" if deal.type == DealType.BUY else "sold"
    what = f"deal {deal.deal_ticket}: {side} {deal.volume:g} lots at {deal.price:g}"
    if deal.entry == DealEntry.IN:
        return f"{what} (position {deal.position_id} opened)"
    how = _CLOSERS.get(deal.reason, deal.reason.name.lower())
    return f"{what} ({how}), result {deal.balance_change:+.2f}"


def stories(folder: Path) -> list[Story]:
    """All accounts in the journal of a run.

    Raises:
        JournalError: for a journal that is missing or damaged.
    """
    found: dict[str, Story] = {}
    with JournalReader.open(folder / _JOURNAL) as journal:
        for _, account, event in journal.read():
            found.setdefault(account, Story(account=account)).take(event)
    return list(found.values())


def story_of(folder: Path, account: str | None) -> Story:
    """The account that is meant: the one named (by key or login), else the only one.

    Raises:
        CommandError: where there is none, or it is not clear which.
    """
    found = stories(folder)
    wanted = [story for story in found if account is None or account in (story.account, str(story.state.login))]
    if len(wanted) == 1:
        return wanted[0]
    names = ", ".join(story.account for story in found)
    if not found:
        raise CommandError(f"no account has traded in {folder} yet", "start the EA, or `companion demo`")
    if account is not None and not wanted:
        raise CommandError(f"no account {account} in {folder}", f"there is {names}")
    raise CommandError("more than one account is on record", f"choose one with --terminal: {names}")


def results(deals: Iterable[Deal]) -> list[float]:
    """What each position that was closed came to, all of its deals together, in the order of their end."""
    sums: dict[int, float] = {}
    closed: dict[int, None] = {}
    for deal in deals:
        sums[deal.position_id] = sums.get(deal.position_id, 0.0) + deal.balance_change
        if deal.entry != DealEntry.IN:
            closed.pop(deal.position_id, None)
            closed[deal.position_id] = None
    return [sums[position_id] for position_id in closed]
