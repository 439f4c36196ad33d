"""A position is left alone for a while after something that was asked for it was not done.

Without this a rule that fires would ask again at every tick: a closed market, or trading switched off in the terminal,
would then be asked thousands of times an hour.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from account.lifecycle import IntentRecord
from domain.intents import IntentKind, IntentState

_DOUBLINGS: Final = 6  # the longest pause is 64 times the first
_NS_PER_S: Final = 1_000_000_000
_REFUSED: Final = frozenset({IntentState.REJECTED, IntentState.EXPIRED})
_DONE: Final = frozenset({IntentState.FILLED, IntentState.PARTLY_FILLED})


class Pauses:
    """Pauses by position: `first_s` [s] after a first refusal, twice as long after each that follows; 0: none."""

    def __init__(self, first_s: float) -> None:
        self._first_ns = round(first_s * _NS_PER_S)
        self._refused: dict[int, list[int]] = {}
        self._until_ns: dict[int, int] = {}

    def note(self, record: IntentRecord) -> None:
        """Something has been heard of an intent. Told twice, it counts once."""
        intent = record.intent
        ticket = intent.position_ticket
        if intent.kind == IntentKind.OPEN or not ticket:
            return
        if record.state in _DONE:
            self._refused.pop(ticket, None)
            self._until_ns.pop(ticket, None)
        elif record.state in _REFUSED and intent.intent_id not in self._refused.setdefault(ticket, []):
            refusals = len(self._refused[ticket])
            self._refused[ticket].append(intent.intent_id)
            self._until_ns[ticket] = intent.decided_ns + self._first_ns * 2 ** min(refusals, _DOUBLINGS)

    def until_ns(self, ticket: int) -> int:
        """Until when nothing is asked for a position [UTC ns]; 0 where nothing was refused."""
        return self._until_ns.get(ticket, 0)

    def forget(self, standing: AbstractSet[int]) -> None:
        """Keep what is known about the positions in `standing` alone."""
        for ticket in self._refused.keys() - standing:
            del self._refused[ticket]
            self._until_ns.pop(ticket, None)
