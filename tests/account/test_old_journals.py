"""A journal written before intents carried instructions: it replays, and goes on."""

import re
from pathlib import Path

import pytest

import account.journal
from account.events import AccountEvent, IntentIssued, decoded, encoded
from account.journal import Journal, JournalReader
from account.state import AccountState
from domain.intents import NO_CARE, LocalCare
from tests.account.journals import DEMO
from tests.account.samples import intent, issued_event, session

pytestmark = pytest.mark.integration

CARE = LocalCare(break_even_gain=0.001, trailing_distance=0.002, trailing_step=0.0001)
# a row of version 0.1.0 before that change, as it stands in a file
OLD_ROW = (
    b'{"event":"intent_issued","time_ns":1760011200000000000,"intent":{"intent_id":2748,"kind":1,"symbol":"EURUSD.s",'
    b'"side":1,"volume":0.1,"price":1.1,"sl":1.095,"tp":1.11,"position_ticket":0,"order_ticket":0,"magic":7001,'
    b'"deviation_points":10,"signal_id":5,"decided_ns":1760011200000000000,"expires_ns":1760011205000000000}}'
)


def as_before(event: AccountEvent) -> bytes:
    """The event as it was written before."""
    return re.sub(rb',"care":\{[^}]*\}', b"", encoded(event))


def test_an_old_row_reads_as_an_intent_without_instructions() -> None:
    assert decoded(OLD_ROW) == issued_event()
    assert as_before(issued_event()) == OLD_ROW
    assert intent().care is NO_CARE


def test_an_old_journal_is_sound_and_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.sqlite3"
    with monkeypatch.context() as before, Journal.open(path) as journal:
        before.setattr(account.journal, "encoded", as_before)
        journal.append_durably(DEMO, [session(), issued_event()])
    fresh = IntentIssued(time_ns=1, intent=intent(0xD, care=CARE))
    with Journal.open(path) as journal:
        journal.append_durably(DEMO, [fresh])
    with JournalReader.open(path) as reader:
        assert reader.verify().sound
        state = AccountState.replayed(event for _, _, event in reader.read(DEMO))
    assert [record.intent.care for record in state.intents.values()] == [NO_CARE, CARE]
