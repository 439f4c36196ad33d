"""What must be true after any number of deaths: each intent done at most once, none forgotten, both accounts equal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from account.journal import JournalReader
from account.lifecycle import IntentRecord
from account.state import AccountState
from advisor.memory import Remembered
from bridge.config import Places
from domain.intents import IntentKind, IntentState, intent_id_in
from domain.trading import Deal, DealEntry, DealReason, Position
from sim.terminal import SimTerminal
from tests.crash.watched import WatchedTerminal

DONE = frozenset({IntentState.FILLED, IntentState.PARTLY_FILLED})
SURPRISES = frozenset(
    {
        "unknown_deal",
        "unknown_intent",
        "adopted_position",
        "gone_without_deal",
        "money_mismatch",
        "late_execution",
        "contradiction",
        "forgotten_intent",
    }
)


def account_in(places: Places) -> AccountState:
    """What the journal replays to."""
    with JournalReader.open(places.journal) as journal:
        return AccountState.replayed(event for _, _, event in journal.read())


def faults(state: AccountState, terminal: WatchedTerminal, memory: Iterable[Remembered]) -> list[str]:
    """Everything that is wrong, in words; empty where all is well."""
    return [
        *_repeated(terminal),
        *_forgotten(state, terminal, memory),
        *_unsettled(state, terminal),
        *_account_differences(state, terminal),
        *(f"flagged {flag}" for flag in sorted(state.flags) if flag.partition(":")[0] in SURPRISES),
    ]


def _own_deals(terminal: SimTerminal) -> Iterator[tuple[int, Deal]]:
    """Deals that an intent ordered, with its id. The server's own (stops, targets) carry words of the server."""
    for deal in terminal.deals:
        intent_id = intent_id_in(deal.comment)
        if intent_id is not None and deal.reason == DealReason.EXPERT:
            yield intent_id, deal


def _repeated(terminal: WatchedTerminal) -> Iterator[str]:
    dealt = Counter(intent_id for intent_id, _ in _own_deals(terminal))
    for name, counts in (("deals", dealt), ("changes of the account", terminal.effects)):
        yield from (f"intent {i:016x}: {count} {name}" for i, count in counts.items() if count > 1)


def _forgotten(state: AccountState, terminal: WatchedTerminal, memory: Iterable[Remembered]) -> Iterator[str]:
    """Whatever reached the EA was in the journal before."""
    reached = {entry.intent.intent_id: entry.intent for entry in memory}
    for intent_id, intent in reached.items():
        record = state.intents.get(intent_id)
        if record is None or record.intent != intent:
            yield f"intent {intent_id:016x} is not in the journal as the EA got it"
    acted = {intent_id for intent_id, count in terminal.effects.items() if count}
    yield from (f"intent {i:016x} was executed, and the EA does not know it" for i in acted - reached.keys())


def _unsettled(state: AccountState, terminal: WatchedTerminal) -> Iterator[str]:
    dealt: dict[int, list[Deal]] = {}
    for intent_id, deal in _own_deals(terminal):
        dealt.setdefault(intent_id, []).append(deal)
    for intent_id, record in state.intents.items():
        problem = _problem_of(record, terminal, dealt.get(intent_id, []))
        if problem:
            yield f"intent {intent_id:016x} {record.intent.kind.name} is {record.state.name}, but {problem}"


def _problem_of(record: IntentRecord, terminal: WatchedTerminal, deals: list[Deal]) -> str:
    """What contradicts the state of an intent; empty where nothing does."""
    acted = terminal.effects[record.intent.intent_id] > 0
    if record.is_open:
        return "nothing should be open"
    if record.state in DONE and not acted and not _stands(record, terminal):
        return "the terminal did nothing"
    if record.state not in DONE and acted and not _is_moot(record, terminal):
        return "the terminal did it"
    if tuple(sorted(deal.deal_ticket for deal in deals)) != record.deal_tickets:
        return f"deals are {[deal.deal_ticket for deal in deals]}, not {record.deal_tickets}"
    if deals and abs(sum(deal.volume for deal in deals) - record.filled_lots) > 1e-9:
        return f"{record.filled_lots} lots are not what the deals say"
    wanted = DealEntry.IN if record.intent.kind == IntentKind.OPEN else DealEntry.OUT
    return "" if all(deal.entry == wanted for deal in deals) else "a deal is on the wrong side"


def _stands(record: IntentRecord, terminal: WatchedTerminal) -> bool:
    """A MODIFY that found its levels as asked changed nothing, and is done all the same."""
    asked = (record.intent.position_ticket, record.intent.sl, record.intent.tp)
    return record.intent.kind == IntentKind.MODIFY and asked in terminal.levels


def _is_moot(record: IntentRecord, terminal: WatchedTerminal) -> bool:
    """A MODIFY whose answer was lost leaves no trace once its position is gone."""
    gone = terminal.position(record.intent.position_ticket) is None
    return record.intent.kind == IntentKind.MODIFY and record.state == IntentState.EXPIRED and gone


def _account_differences(state: AccountState, terminal: SimTerminal) -> Iterator[str]:
    if state.balance != terminal.money().balance:
        yield f"balance is {state.balance}, the terminal has {terminal.money().balance}"
    deals = {deal.deal_ticket for deal in terminal.deals}
    if state.deals != deals:
        yield f"deals differ: {sorted(state.deals ^ deals)}"
    there = {position.position_ticket: position for position in terminal.positions()}
    if standing(state.positions) != standing(there):
        yield f"positions differ: {standing(state.positions)} and {standing(there)}"


def standing(positions: Mapping[int, Position]) -> dict[int, tuple[object, ...]]:
    """What two sides must agree on about each position."""
    return {
        ticket: (it.symbol, it.type, it.volume, it.price_open, it.sl, it.tp, it.swap, it.magic, it.comment)
        for ticket, it in positions.items()
    }
