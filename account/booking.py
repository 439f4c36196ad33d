"""What a terminal's update means as account events. Pure: the state is read, never changed.

How a result, a deal or a position moves an intent is the table in `account.lifecycle`. What is already known makes no
event, so booking an update twice is booking it once. Order of the events: results, deals (by time and ticket),
positions and orders (by ticket), what is gone, the terminal's money; a flag follows what raised it.

Money, per update, with B the balance known, D the new deals in order, M the balance the terminal reports:

| M | deals | money |
|---|---|---|
| no money or no deal known before (first contact) | recorded, not counted | M, silently |
| incremental update | counted | by the deals; `balance_gap` tells when the terminal disagrees |
| B + sum(D) | counted | M |
| B + sum(D from the k-th on) | the first k were in B already, the others counted | M |
| anything else | counted | M, and flagged MONEY_MISMATCH |

Open intents when reconciling with a complete snapshot and the results that the EA keeps on disk:

| intent | the EA knows it | time | conclusion |
|---|---|---|---|
| ISSUED | no | before its expiry | send again, same id |
| ISSUED | no | past its expiry | EXPIRED: it never arrived and will be refused now |
| ACKNOWLEDGED | no | any | UNKNOWN and FORGOTTEN_INTENT: the EA has lost its memory; never sent again |
| UNKNOWN, never acknowledged | no | past its expiry | EXPIRED |
| any | final result | any | as the result says |
| MODIFY or CANCEL | not final | any | FILLED once levels and orders stand as asked |
| ISSUED, its order in the market | no | past its expiry | UNKNOWN |
| ACKNOWLEDGED | not final | past its expiry by `SETTLE_NS` | UNKNOWN |
| UNKNOWN | any other way | past its expiry by `SETTLE_NS` | EXPIRED when deals, positions and orders show no trace |
| any other | | | stays as it is |
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from account.draft import Draft
from account.events import AccountEvent, AccountSeen, Flagged, FlagKind, IntentEnded, IntentIssued, Reconciled
from account.lifecycle import IntentRecord
from account.state import AccountState
from domain.intents import Intent, IntentKind, IntentState, comment_of, intent_id_in
from domain.pricing import rounded_money
from domain.servertime import NS_PER_S
from domain.trading import AccountSnapshot, Order, Position
from domain.updates import IntentResult, Money, TradeUpdate

SETTLE_NS: Final = 300 * NS_PER_S
"""How long after its expiry a request may still be on its way inside the terminal or the trade server [ns]."""


def issued(state: AccountState, intent: Intent, time_ns: int) -> list[AccountEvent]:
    """The event that announces `intent`; none where the id is known (decided before a restart): it must not go out."""
    return [] if intent.intent_id in state.intents else [IntentIssued(time_ns=time_ns, intent=intent)]


def first_money(state: AccountState, account: AccountSnapshot, time_ns: int) -> list[AccountEvent]:
    """The money a terminal greets with, where none is known yet; later greetings must not hide a mismatch."""
    if state.has_money:
        return []
    names = ("balance", "credit", "equity", "margin", "margin_free")
    return [AccountSeen(time_ns=time_ns, **{name: getattr(account, name) for name in names})]


def balance_gap(state: AccountState, money: Money) -> float:
    """The terminal's balance minus the one that deals explain [account money]; if it lasts, ask for a snapshot."""
    return rounded_money(money.balance - state.balance, state.currency_digits)


def booked(state: AccountState, update: TradeUpdate, time_ns: int) -> list[AccountEvent]:
    """The events in `update`, without what `state` knows already."""
    draft = Draft(state, time_ns)
    draft.book(update)
    return draft.events


def expired(state: AccountState, now_ns: int) -> list[AccountEvent]:
    """Intents whose time is over without a word: UNKNOWN. Only reconciling can tell that one was never executed.

    `now_ns` is on the tick's clock, as `Intent.expires_ns` is.
    """
    return [
        IntentEnded(time_ns=now_ns, intent_id=record.intent.intent_id, state=IntentState.UNKNOWN, reason=reason)
        for record in state.open_intents()
        if (reason := _silence(record, now_ns))
    ]


def reconciled(
    state: AccountState, update: TradeUpdate, known_results: Sequence[IntentResult], session: int, time_ns: int
) -> tuple[list[AccountEvent], list[int]]:
    """The events that bring `state` to a complete `update`, and the ids of intents to send again.

    `known_results` is what the EA keeps on disk: its last word on every intent it ever received.

    Raises:
        ValueError: for an incremental update; it cannot show that something is absent.
    """
    if not update.complete:
        raise ValueError("update.complete is false: only a complete snapshot can be reconciled with")
    draft = Draft(state, time_ns)
    memory = (*known_results, *update.results)
    draft.remember(memory)
    draft.book(msgspec.structs.replace(update, results=()))
    known = {result.intent_id for result in memory}
    resend = []
    for record in draft.open_records():
        finding = _finding(state, record, update, known=record.intent.intent_id in known)
        if _goes_out_again(record, finding, time_ns):
            resend.append(record.intent.intent_id)
        else:
            _settle(draft, record, finding, time_ns)
    draft.events.append(_closing(draft, session, time_ns))
    return draft.events, resend


class _Finding(NamedTuple):
    """What a complete snapshot shows of an open intent."""

    known: bool
    stands: bool
    traced: bool


def _finding(state: AccountState, record: IntentRecord, update: TradeUpdate, *, known: bool) -> _Finding:
    spec = state.specs.get(record.intent.symbol)
    stands = _stands_as_asked(record.intent, update, spec.point if spec else 0.0)
    return _Finding(known=known, stands=stands, traced=_left_trace(record, update))


def _goes_out_again(record: IntentRecord, finding: _Finding, time_ns: int) -> bool:
    unseen = record.state == IntentState.ISSUED and not finding.traced  # with a word of the EA it would not be ISSUED
    return unseen and time_ns < record.intent.expires_ns


def _settle(draft: Draft, record: IntentRecord, finding: _Finding, time_ns: int) -> None:
    """Conclude what can be concluded about an open intent (see the table above)."""
    overdue_ns = time_ns - record.intent.expires_ns
    unheard = not finding.known and record.phase == 0 and overdue_ns > 0  # at its expiry itself the EA still takes it
    if finding.stands and (finding.known or record.state == IntentState.UNKNOWN):
        draft.end(record, IntentState.FILLED, "no result, but the terminal stands as asked")
    elif unheard and not finding.traced:
        draft.end(record, IntentState.EXPIRED, "it never arrived at the terminal, and its time is over")
    elif record.state == IntentState.ACKNOWLEDGED and not finding.known:
        draft.end(record, IntentState.UNKNOWN, "the EA had acknowledged it and does not know it now")
        draft.flag(FlagKind.FORGOTTEN_INTENT, comment_of(record.intent.intent_id), "the EA has lost its memory of it")
    elif record.state != IntentState.UNKNOWN and (silence := _silence(record, time_ns)):
        draft.end(record, IntentState.UNKNOWN, silence)
    elif record.state == IntentState.UNKNOWN and overdue_ns >= SETTLE_NS and not finding.traced:
        draft.end(record, IntentState.EXPIRED, "no trace in deals, positions and orders long after its expiry")


def _closing(draft: Draft, session: int, time_ns: int) -> Reconciled:
    flagged = sum(isinstance(event, Flagged) for event in draft.events)
    return Reconciled(
        time_ns=time_ns, session=session, adopted=draft.adopted, resolved=draft.resolved(), flagged=flagged
    )


def _silence(record: IntentRecord, now_ns: int) -> str:
    """Why the intent counts as unknown; empty while there is still time."""
    overdue_ns = now_ns - record.intent.expires_ns
    if record.state == IntentState.ISSUED and overdue_ns >= 0:
        return f"no acknowledgement until its expiry, sent {record.attempts} times"
    if record.state == IntentState.ACKNOWLEDGED and overdue_ns >= SETTLE_NS:
        return f"acknowledged, but no result {SETTLE_NS // NS_PER_S} s past its expiry"
    return ""


def _left_trace(record: IntentRecord, update: TradeUpdate) -> bool:
    """Whether the terminal shows anything of the intent: a fill, or an order that may still be filled."""
    waiting = any(intent_id_in(order.comment) == record.intent.intent_id for order in update.orders)
    return waiting or record.filled_lots > 0.0


def _stands_as_asked(intent: Intent, update: TradeUpdate, point: float) -> bool:
    """Whether levels are as a MODIFY asked, or the order of a CANCEL is gone without having been filled."""
    if intent.kind == IntentKind.CANCEL:
        waiting = any(order.order_ticket == intent.order_ticket for order in update.orders)
        return not waiting and all(deal.order_ticket != intent.order_ticket for deal in update.deals)
    if intent.kind != IntentKind.MODIFY:
        return False
    targets: tuple[Position | Order, ...] = (
        *(order for order in update.orders if order.order_ticket == intent.order_ticket),
        *(position for position in update.positions if position.position_ticket == intent.position_ticket),
    )
    slack = point / 2
    return any(abs(it.sl - intent.sl) <= slack and abs(it.tp - intent.tp) <= slack for it in targets)
