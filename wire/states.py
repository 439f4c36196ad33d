"""The conversation as a table: which message may come from whom in which state, and what it leads to.

Both ends hold the same table. In the steps that the terminal takes it is never behind the bridge, and the bridge takes
its own (CHALLENGE, WELCOME) while the terminal waits. So what one side may send the other may hear, whatever is on its
way.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final, TypeAlias


class Sender(IntEnum):
    """The two ends."""

    TERMINAL = 0
    BRIDGE = 1


class Trigger(IntEnum):
    """What a message means here: its type, refined where one type has two meanings."""

    HELLO = 0
    CHALLENGE = 1
    AUTH = 2
    WELCOME = 3
    SYMBOLS = 4
    HISTORY = 5
    HISTORY_REQUEST = 6
    TICKS = 7
    ASK = 8
    DECISION = 9
    INTENT = 10
    REPORT = 11
    SNAPSHOT_PART = 12
    SNAPSHOT = 13
    CALENDAR = 14
    HEARTBEAT = 15
    READY = 16
    ERROR = 17
    FATAL = 18
    BYE = 19


class SessionState(IntEnum):
    """Where the conversation stands."""

    OPEN = 0
    GREETED = 1
    CHALLENGED = 2
    PROVEN = 3
    WELCOMED = 4
    LISTED = 5
    RECONCILED = 6
    LIVE = 7
    CLOSED = 8
    FAILED = 9


Step: TypeAlias = tuple[Sender, Trigger]

_S = SessionState
_T = Trigger
_TERMINAL = Sender.TERMINAL
_BRIDGE = Sender.BRIDGE

_STEPS: Final[dict[SessionState, dict[Step, SessionState]]] = {
    _S.OPEN: {(_TERMINAL, _T.HELLO): _S.GREETED},
    _S.GREETED: {(_BRIDGE, _T.CHALLENGE): _S.CHALLENGED},
    _S.CHALLENGED: {(_TERMINAL, _T.AUTH): _S.PROVEN},
    _S.PROVEN: {(_BRIDGE, _T.WELCOME): _S.WELCOMED},
    _S.WELCOMED: {(_TERMINAL, _T.SYMBOLS): _S.LISTED},
    _S.LISTED: {(_TERMINAL, _T.SNAPSHOT): _S.RECONCILED},
    _S.RECONCILED: {(_TERMINAL, _T.READY): _S.LIVE},
    _S.LIVE: {},
    _S.CLOSED: {},
    _S.FAILED: {},
}

_STAYS: Final[dict[SessionState, tuple[Step, ...]]] = {
    _S.WELCOMED: (
        (_TERMINAL, _T.HEARTBEAT),
        (_TERMINAL, _T.ERROR),
        (_BRIDGE, _T.HEARTBEAT),
        (_BRIDGE, _T.ERROR),
    ),
    _S.LISTED: ((_TERMINAL, _T.SYMBOLS), (_TERMINAL, _T.SNAPSHOT_PART), (_BRIDGE, _T.HISTORY_REQUEST)),
    _S.RECONCILED: (
        (_TERMINAL, _T.SNAPSHOT),
        (_TERMINAL, _T.HISTORY),
        (_TERMINAL, _T.REPORT),
        (_TERMINAL, _T.CALENDAR),
    ),
    _S.LIVE: (
        (_TERMINAL, _T.READY),
        (_TERMINAL, _T.TICKS),
        (_TERMINAL, _T.ASK),
        (_BRIDGE, _T.DECISION),
        (_BRIDGE, _T.INTENT),
    ),
}
"""Messages that change no state, named where they first become possible; each stays possible in the states after it."""

ENDS: Final = MappingProxyType({_T.FATAL: _S.FAILED, _T.BYE: _S.CLOSED})
"""What either side may say in any state that is not over."""

OVER: Final = frozenset({_S.CLOSED, _S.FAILED})


def _table() -> Mapping[SessionState, Mapping[Step, SessionState]]:
    table: dict[SessionState, Mapping[Step, SessionState]] = {}
    stays: list[Step] = []
    for state in SessionState:
        if state in OVER:
            table[state] = MappingProxyType({})
            continue
        stays.extend(_STAYS.get(state, ()))
        ends = {(sender, trigger): end for sender in Sender for trigger, end in ENDS.items()}
        table[state] = MappingProxyType(ends | dict.fromkeys(stays, state) | _STEPS[state])
    return MappingProxyType(table)


TRANSITIONS: Final = _table()
"""state -> (sender, trigger) -> next state. What is not here is illegal."""

NEXT_STATE: Final = tuple(
    tuple(tuple(TRANSITIONS[state].get((sender, trigger)) for trigger in Trigger) for state in SessionState)
    for sender in Sender
)
"""The same by number, for the hot path: `NEXT_STATE[sender][state][trigger]`, None where illegal."""
