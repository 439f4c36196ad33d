from itertools import product

import pytest

from wire.states import ENDS, NEXT_STATE, OVER, TRANSITIONS, Sender, SessionState, Trigger

RUNNING = [state for state in SessionState if state not in OVER]
TERMINAL, BRIDGE = Sender.TERMINAL, Sender.BRIDGE

HANDSHAKE = [
    (SessionState.OPEN, TERMINAL, Trigger.HELLO, SessionState.GREETED),
    (SessionState.GREETED, BRIDGE, Trigger.CHALLENGE, SessionState.CHALLENGED),
    (SessionState.CHALLENGED, TERMINAL, Trigger.AUTH, SessionState.PROVEN),
    (SessionState.PROVEN, BRIDGE, Trigger.WELCOME, SessionState.WELCOMED),
    (SessionState.WELCOMED, TERMINAL, Trigger.SYMBOLS, SessionState.LISTED),
    (SessionState.LISTED, TERMINAL, Trigger.SNAPSHOT, SessionState.RECONCILED),
    (SessionState.RECONCILED, TERMINAL, Trigger.READY, SessionState.LIVE),
]
FIRST_POSSIBLE = {
    (TERMINAL, Trigger.HEARTBEAT): SessionState.WELCOMED,
    (BRIDGE, Trigger.HEARTBEAT): SessionState.WELCOMED,
    (TERMINAL, Trigger.ERROR): SessionState.WELCOMED,
    (BRIDGE, Trigger.ERROR): SessionState.WELCOMED,
    (BRIDGE, Trigger.HISTORY_REQUEST): SessionState.LISTED,
    (TERMINAL, Trigger.SNAPSHOT_PART): SessionState.LISTED,
    (TERMINAL, Trigger.HISTORY): SessionState.RECONCILED,
    (TERMINAL, Trigger.REPORT): SessionState.RECONCILED,
    (TERMINAL, Trigger.CALENDAR): SessionState.RECONCILED,
    (TERMINAL, Trigger.TICKS): SessionState.LIVE,
    (TERMINAL, Trigger.ASK): SessionState.LIVE,
    (BRIDGE, Trigger.DECISION): SessionState.LIVE,
    (BRIDGE, Trigger.INTENT): SessionState.LIVE,
}


@pytest.mark.parametrize(("state", "sender", "trigger", "then"), HANDSHAKE)
def test_the_handshake_is_one_way_through_all_states(
    state: SessionState, sender: Sender, trigger: Trigger, then: SessionState
) -> None:
    assert TRANSITIONS[state][sender, trigger] is then
    others = {target for target in TRANSITIONS[state].values() if target not in (state, *OVER)}
    assert others == {then}


@pytest.mark.parametrize(("step", "first"), FIRST_POSSIBLE.items())
def test_a_message_is_possible_from_its_first_state_on(step: tuple[Sender, Trigger], first: SessionState) -> None:
    for state in RUNNING:
        assert TRANSITIONS[state].get(step) == (state if state >= first else None)


def test_nothing_is_possible_that_is_not_written_down_here() -> None:
    known = {(sender, trigger) for _, sender, trigger, _ in HANDSHAKE} | set(FIRST_POSSIBLE)
    known |= set(product(Sender, ENDS))
    assert {step for state in SessionState for step in TRANSITIONS[state]} == known


@pytest.mark.parametrize("state", SessionState)
def test_every_state_can_be_ended_by_either_side_until_it_is_over(state: SessionState) -> None:
    for sender, trigger in product(Sender, ENDS):
        assert TRANSITIONS[state].get((sender, trigger)) == (None if state in OVER else ENDS[trigger])
    if state in OVER:
        assert not TRANSITIONS[state]


def test_the_table_by_number_is_the_same_table() -> None:
    for sender, state, trigger in product(Sender, SessionState, Trigger):
        assert NEXT_STATE[sender][state][trigger] is TRANSITIONS[state].get((sender, trigger))
    assert len(NEXT_STATE) == len(Sender)
    assert {len(states) for states in NEXT_STATE} == {len(SessionState)}


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[SessionState.OPEN][BRIDGE, Trigger.INTENT] = SessionState.LIVE  # type: ignore[index]  # that is the test


# The two ends hold the table apart, with frames on their way. This walks through every configuration of both states
# and of up to three frames in each direction, and finds none in which a legal message arrives as an illegal one.

Queue = tuple[Trigger, ...]
Configuration = tuple[SessionState, SessionState, Queue, Queue]
LONGEST = 3


def classes(state: SessionState, sender: Sender) -> list[tuple[Trigger, SessionState]]:
    """What `sender` may say in `state`; of messages that are alike in every state one is enough."""
    seen: dict[tuple[object, ...], tuple[Trigger, SessionState]] = {}
    for (who, trigger), target in TRANSITIONS[state].items():
        if who is sender:
            likeness = tuple(TRANSITIONS[other].get((sender, trigger)) for other in SessionState)
            seen.setdefault(likeness, (trigger, target))
    return list(seen.values())


def heard(state: SessionState, sender: Sender, trigger: Trigger) -> SessionState:
    if state in OVER:
        return state
    assert (sender, trigger) in TRANSITIONS[state], f"{trigger.name} from {sender.name} arrives in {state.name}"
    return TRANSITIONS[state][sender, trigger]


def successors(configuration: Configuration) -> list[Configuration]:
    terminal, bridge, to_bridge, to_terminal = configuration
    following: list[Configuration] = []
    if len(to_bridge) < LONGEST:
        said = classes(terminal, TERMINAL)
        following += [(target, bridge, (*to_bridge, trigger), to_terminal) for trigger, target in said]
    if len(to_terminal) < LONGEST:
        said = classes(bridge, BRIDGE)
        following += [(terminal, target, to_bridge, (*to_terminal, trigger)) for trigger, target in said]
    if to_bridge:
        following.append((terminal, heard(bridge, TERMINAL, to_bridge[0]), to_bridge[1:], to_terminal))
    if to_terminal:
        following.append((heard(terminal, BRIDGE, to_terminal[0]), bridge, to_bridge, to_terminal[1:]))
    return following


def test_no_message_that_may_be_said_arrives_where_it_may_not() -> None:
    start: Configuration = (SessionState.OPEN, SessionState.OPEN, (), ())
    reached, waiting = {start}, [start]
    while waiting:
        found = set(successors(waiting.pop())) - reached
        reached |= found
        waiting.extend(found)
    assert len(reached) > 10_000
    assert {terminal for terminal, _, _, _ in reached} == set(SessionState)
