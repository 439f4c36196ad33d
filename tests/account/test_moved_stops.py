"""A stop that no intent moved: the terminal's word counts, and a person is told once a session."""

from typing import Any

import pytest

from account.events import AccountEvent, DealBooked, Flagged, FlagKind, PositionSeen, SymbolsSeen
from account.state import AccountState
from domain.intents import IntentKind
from tests.account.samples import NOON_NS, account, deposit, issued_event, position, session, spec, update
from tests.account.test_draft import book

MOVE: dict[str, Any] = {"kind": IntentKind.MODIFY, "position_ticket": 401, "sl": 1.1, "tp": 1.11}
STANDING = PositionSeen(time_ns=1, position=position())


def known(*events: AccountEvent) -> AccountState:
    """An account with its money and one deal."""
    first = DealBooked(time_ns=NOON_NS, deal=deposit(10_000.0, 1, time_msc=1), in_balance=True)
    return account(first, session(), *events)


def moved(state: AccountState, **changes: object) -> list[Flagged]:
    fields: dict[str, Any] = dict(changes)
    events = book(state, update(complete=True, positions=(position(**fields),)))
    return [event for event in events if isinstance(event, Flagged)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sl": 1.1}, "as the EA does"),
        ({"sl": 1.1, "tp": 1.12}, "by hand"),
        ({"sl": 1.09}, "by hand"),
        ({"sl": 0.0}, "by hand"),
    ],
)
@pytest.mark.parametrize("before", [(STANDING,), ()], ids=["seen before", "never seen"])
def test_a_stop_that_no_intent_moved_is_told_and_taken(
    changes: dict[str, float], words: str, before: tuple[AccountEvent, ...]
) -> None:
    state = known(issued_event(), *before)
    (flag,) = moved(state, **changes)
    assert (flag.kind, flag.subject) == (FlagKind.STOP_MOVED, "position 401 in session 1")
    assert flag.detail.startswith(f"EURUSD.s stop from 1.095 to {changes['sl']} ")
    assert words in flag.detail
    assert state.positions[401].sl == changes["sl"]


def test_it_is_told_once_a_session() -> None:
    state = known(issued_event(), STANDING)
    assert len(moved(state, sl=1.1)) == 1
    assert moved(state, sl=1.101) == []
    state.apply(session(session=2))
    assert moved(state, sl=1.101) == []  # nothing has moved since
    assert len(moved(state, sl=1.102)) == 1


def test_a_stop_that_stands_as_an_intent_asked_is_no_news() -> None:
    state = known(issued_event(), STANDING, issued_event(0xD, **MOVE))
    assert moved(state, sl=1.1) == []


def test_a_stop_on_its_grid_is_the_one_that_was_asked_for() -> None:
    seen_symbols = SymbolsSeen(time_ns=1, specs=(spec(),))
    state = known(seen_symbols, issued_event(sl=1.0950000001), issued_event(0xD, **MOVE))
    assert moved(state) == []
    assert moved(state, sl=1.1000000001) == []


def test_stops_of_others_are_their_own() -> None:
    foreign = position(intent_id=None)
    state = known(PositionSeen(time_ns=1, position=foreign))
    assert [flag.kind for flag in moved(state, intent_id=None, sl=1.1)] == [FlagKind.MANUAL_POSITION]
