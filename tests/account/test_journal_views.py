"""Tables for people: the views over the events."""

import pytest

from account.events import AccountEvent, encoded, kind_of
from account.journal import (
    Journal,
)
from account.state import AccountState
from tests.account.journals import DEMO, LIVE
from tests.account.samples import account, deal, done, issued_event, position, seen, session
from tests.account.test_events import SAMPLES

pytestmark = pytest.mark.integration


# -- tables for people ------------------------------------------------------------------------------------------------


def test_views_show_what_happened(journal: Journal) -> None:
    journal.append_durably(DEMO, SAMPLES)
    (entered, paid) = journal.rows("deals")
    assert (entered["deal_ticket"], entered["symbol"], entered["volume"]) == (501, "EURUSD.s", 0.1)
    assert entered["utc"] == "2025-10-09 12:00:00.000"
    assert (paid["profit"], paid["in_balance"]) == (100.0, 1)
    assert [row["kind"] for row in journal.rows("flags")] == ["manual_position"]
    assert [row["equity"] for row in journal.rows("equity")] == [9_999.99, 10_000.5]
    assert [row["step"] for row in journal.rows("sessions")] == ["session_opened", "reconciled"]
    assert [row["intent_id"] for row in journal.rows("intents")] == [0xABC]


def test_the_steps_of_one_intent(journal: Journal) -> None:
    big = 2**63 - 1
    journal.append_durably(DEMO, [issued_event(big), *SAMPLES[5:6]])
    rows = list(journal.rows("intent_steps", "intent_id = ?", [big]))
    assert [(row["step"], row["intent_id"]) for row in rows] == [("intent_issued", big)]


def test_positions_show_only_what_stands(journal: Journal) -> None:
    from account.events import PositionGone, PositionSeen

    events: list[AccountEvent] = [
        PositionSeen(time_ns=1, position=position(401)),
        PositionSeen(time_ns=2, position=position(402)),
        PositionSeen(time_ns=3, position=position(402, sl=1.099)),
        PositionGone(time_ns=4, position_ticket=401),
    ]
    journal.append_durably(DEMO, events)
    journal.append_durably(LIVE, events[:1])
    standing = [(row["terminal"], row["position_ticket"], row["sl"]) for row in journal.rows("positions")]
    assert standing == [(DEMO, 402, 1.099), (LIVE, 401, 1.095)]


def test_rows_can_be_chosen(journal: Journal) -> None:
    journal.append_durably(DEMO, [issued_event(), *SAMPLES])
    chosen = list(journal.rows("event", "kind = ?", ["intent_issued"]))
    assert [row["seq"] for row in chosen] == [1, 5]
    assert chosen[0]["body"] == encoded(issued_event()).decode()
    assert {row["kind"] for row in journal.rows("event")} == {kind_of(event) for event in SAMPLES}


def test_a_state_from_the_journal_trades_on(journal: Journal) -> None:
    """The loop of a restart: what one process journaled is what the next one knows."""
    first = account(issued_event())
    journal.append_durably(DEMO, [session(), seen(), issued_event()])
    second = AccountState.replayed(event for _, _, event in journal.read(DEMO))
    assert second.digest() == first.digest()
    assert [record.intent.intent_id for record in second.open_intents()] == [0xABC]
    assert (done().deal_ticket, deal().deal_ticket) == (501, 501)
