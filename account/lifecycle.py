"""How an intent lives: a table of what can be learned about it, and the state that follows.

Both the fold (`account.state`) and the booking (`account.booking`) use these functions, so that what booking foresees
is what the fold does.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import msgspec

from domain.intents import Intent, IntentKind, IntentState
from domain.retcodes import Outcome, Retcode, explained, outcome_of
from domain.trading import Deal, DealEntry, DealType
from domain.updates import IntentResult, ResultPhase

_LOTS_SLACK: Final = 1e-9  # sums of volumes carry binary noise, real steps are 1e-8 at the finest


class Evidence(IntEnum):
    """What can be learned about an intent."""

    RECEIVED = 1
    """The EA has it, or the server took the request without executing it yet."""
    DONE = 2
    """The EA's final word: executed."""
    PARTIAL = 3
    """The EA's final word: executed in part."""
    REFUSED = 4
    """The EA's final word: the server did nothing."""
    AMBIGUOUS = 5
    """The EA's final word says nothing about what the server did: time-out, no connection, a code nobody knows."""
    FILLED_SOME = 6
    """Deals or a position show some of the volume."""
    FILLED_ALL = 7
    """Deals or a position show the whole volume."""
    SILENCE = 8
    """The time for a word is over."""
    NO_TRACE = 9
    """A complete snapshot shows that it was never executed."""
    STANDS = 10
    """Positions and orders stand as the intent asked."""
    TOO_LATE = 11
    """The EA's final word: it came after its expiry and was left alone."""


class Turn(NamedTuple):
    """The state that follows; `surprising` where the evidence contradicts what was known, which a person should see."""

    state: IntentState
    surprising: bool = False


_LETTERS: Final = {
    "I": IntentState.ISSUED,
    "A": IntentState.ACKNOWLEDGED,
    "U": IntentState.UNKNOWN,
    "P": IntentState.PARTLY_FILLED,
    "F": IntentState.FILLED,
    "R": IntentState.REJECTED,
    "E": IntentState.EXPIRED,
}
# a final state keeps itself, but for a fill that completes it or comes after the expiry; "!" is surprising
_ROWS: Final = {
    # from                I  A  U  P  F  R  E
    Evidence.RECEIVED: "  A  A  U  P  F  R  E ",
    Evidence.DONE: "      F  F  F  F  F  R! F!",
    Evidence.PARTIAL: "   P  P  P  P  F  R! P!",
    Evidence.REFUSED: "   R  R  R  P! F! R  E ",
    Evidence.AMBIGUOUS: " U  U  U  P  F  R  E ",
    Evidence.FILLED_SOME: "P  P  P  P  F  R! P!",
    Evidence.FILLED_ALL: "F  F  F  F  F  R! F!",
    Evidence.SILENCE: "   U  U  U  P  F  R  E ",
    Evidence.NO_TRACE: "  E  U  E  P  F  R  E ",
    Evidence.STANDS: "    F  F  F  F  F  R  F!",
    Evidence.TOO_LATE: "  E  E  E  P! F! R  E ",
}
TURNS: Final[dict[tuple[IntentState, Evidence], Turn]] = {
    (_LETTERS[letter], evidence): Turn(_LETTERS[following[0]], following.endswith("!"))
    for evidence, row in _ROWS.items()
    for letter, following in zip(_LETTERS, row.split(), strict=True)
}
"""What follows from every state and every evidence."""

_EVIDENCE_OF_OUTCOME: Final = {
    Outcome.DONE: Evidence.DONE,
    Outcome.PARTIAL: Evidence.PARTIAL,
    Outcome.PENDING: Evidence.RECEIVED,
    Outcome.REFUSED: Evidence.REFUSED,
    Outcome.UNKNOWN: Evidence.AMBIGUOUS,
}
_EVIDENCE_OF_END: Final = {IntentState.EXPIRED: Evidence.NO_TRACE, IntentState.FILLED: Evidence.STANDS}


class IntentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about one intent.

    `phase` is the EA's last (ResultPhase, 0 none); `retcode`, `order_ticket`, `position_ticket` come from its results;
    `deal_tickets` from results and deals; `filled_lots` is the larger of what results and deals say [lots], `deal_lots`
    what deals alone say; `reason` says in words why it ended or is unknown.
    """

    intent: Intent
    state: IntentState = IntentState.ISSUED
    attempts: int = 0
    phase: int = 0
    retcode: int = 0
    order_ticket: int = 0
    deal_tickets: tuple[int, ...] = ()
    position_ticket: int = 0
    filled_lots: float = 0.0
    deal_lots: float = 0.0
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether something can still follow."""
        return not self.state.is_final


def turned(record: IntentRecord, evidence: Evidence) -> Turn:
    """What `evidence` makes of the intent."""
    return TURNS[record.state, evidence]


def evidence_of(result: IntentResult) -> Evidence:
    """What the EA's word proves."""
    if result.phase != ResultPhase.FINAL:
        return Evidence.RECEIVED
    if result.retcode == Retcode.INVALID_EXPIRATION:  # our requests carry no expiry of their own, only the EA says this
        return Evidence.TOO_LATE
    return _EVIDENCE_OF_OUTCOME[outcome_of(result.retcode)]


def says_something_new(record: IntentRecord, result: IntentResult) -> bool:
    """Whether the EA is further than in its last word; a second final word counts only where it changes the state."""
    if result.phase != record.phase:
        return result.phase > record.phase
    return result.phase == ResultPhase.FINAL and turned(record, evidence_of(result)).state != record.state


def after_sending(record: IntentRecord, attempt: int) -> IntentRecord:
    """The record once the intent has left."""
    return msgspec.structs.replace(record, attempts=max(record.attempts, attempt))


def after_result(record: IntentRecord, result: IntentResult) -> IntentRecord:
    """The record once the EA has spoken. A ticket or volume of 0 means that MT5 gave none."""
    final = result.phase == ResultPhase.FINAL
    filled = evidence_of(result) in (Evidence.DONE, Evidence.PARTIAL)
    return msgspec.structs.replace(
        record,
        state=turned(record, evidence_of(result)).state,
        phase=max(record.phase, int(result.phase)),
        retcode=result.retcode if final else record.retcode,
        order_ticket=result.order_ticket or record.order_ticket,
        deal_tickets=_with_ticket(record.deal_tickets, result.deal_ticket),
        position_ticket=result.position_ticket or record.position_ticket,
        filled_lots=max(record.filled_lots, result.volume) if filled else record.filled_lots,
        reason=_reason_of(result) if final else record.reason,
    )


def after_deal(record: IntentRecord, deal: Deal) -> IntentRecord:
    """The record once a deal of this intent is booked; the caller makes sure that no deal comes twice."""
    lots = record.deal_lots + deal.volume
    return msgspec.structs.replace(
        record,
        state=turned(record, fill_evidence(record, lots)).state,
        order_ticket=record.order_ticket or deal.order_ticket,
        deal_tickets=_with_ticket(record.deal_tickets, deal.deal_ticket),
        position_ticket=record.position_ticket or deal.position_id,
        filled_lots=max(record.filled_lots, lots),
        deal_lots=lots,
    )


def after_position(record: IntentRecord, position_ticket: int, volume: float) -> IntentRecord:
    """The record once a position that it opened is seen with `volume` [lots]."""
    return msgspec.structs.replace(
        record,
        state=turned(record, fill_evidence(record, volume)).state,
        position_ticket=record.position_ticket or position_ticket,
        filled_lots=max(record.filled_lots, volume),
    )


def after_end(record: IntentRecord, state: IntentState, reason: str) -> IntentRecord:
    """The record once the bridge has concluded that the intent expired, is unknown, or is done."""
    following = turned(record, end_evidence(state)).state
    return record if following == record.state else msgspec.structs.replace(record, state=following, reason=reason)


def end_evidence(state: IntentState) -> Evidence:
    """What the bridge must have learned to end an intent in `state`."""
    return _EVIDENCE_OF_END.get(state, Evidence.SILENCE)


def fill_evidence(record: IntentRecord, lots: float) -> Evidence:
    """What executed `lots` prove about the intent."""
    return Evidence.FILLED_ALL if lots + _LOTS_SLACK >= record.intent.volume else Evidence.FILLED_SOME


def opens(deal: Deal) -> bool:
    """Whether the deal opens or adds to a position; in netting a reversal (INOUT) does both."""
    return deal.entry in (DealEntry.IN, DealEntry.INOUT)


def is_trade(deal: Deal) -> bool:
    """Whether the deal is an execution, and not an entry of money."""
    return deal.type in (DealType.BUY, DealType.SELL)


def executes(intent: Intent, deal: Deal) -> bool:
    """Whether such a deal can be this intent's execution.

    A server copies a position's comment to the deals of its stop loss and take profit, so the comment alone would make
    a loss-taking exit look like a second entry.
    """
    if not is_trade(deal) or deal.symbol != intent.symbol:
        return False
    if opens(deal):
        return intent.kind == IntentKind.OPEN
    return intent.kind in (IntentKind.CLOSE, IntentKind.PARTIAL_CLOSE)


def _with_ticket(tickets: tuple[int, ...], ticket: int) -> tuple[int, ...]:
    return tickets if ticket == 0 or ticket in tickets else tuple(sorted((*tickets, ticket)))


def _reason_of(result: IntentResult) -> str:
    words = explained(result.retcode)
    return f"{words} ({result.text})" if result.text else words
