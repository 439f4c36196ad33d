"""`companion why` on a recorded run: every minute has an answer, and the answer is what the record holds."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from account.journal import Journal
from account.state import AccountState
from app.console import CommandError, ExitCode
from app.engine_on_record import settings_at
from app.moments import shown, typed
from app.story import Story, story_of
from app.ticks_on_record import ticks_around
from app.why import Answer, Question, answered
from app.why_view import answer_as_json, feature_names
from bridge.lookup import decisions_between
from domain.timeframes import Timeframe
from marketdata import DEMO_START_UTC_S
from signals import confluence
from strategy.gates import Action, DecisionKind
from tests.app.real_command import companion_in

pytestmark = pytest.mark.integration

START_NS = DEMO_START_UTC_S * 1_000_000_000
MINUTE_NS = 60_000_000_000
DAY_NS = 1440 * MINUTE_NS


@pytest.fixture(scope="module")
def story(demo_folder: Path) -> Story:
    return story_of(demo_folder, None)


def ask(
    folder: Path,
    time: str,
    *,
    server_time: bool = False,
    timeframe: Timeframe | None = None,
    account: str | None = None,
) -> Answer:
    question = Question(symbol="EURUSD", time=time, server_time=server_time, timeframe=timeframe, account=account)
    return answered(folder, question)


def first_entry_ns(story: Story) -> int:
    return story.entries()[0].decided_ns


# -- the answer ------------------------------------------------------------------------------------------------------


def test_an_entry_is_found_with_what_followed(demo_folder: Path, story: Story) -> None:
    answer = ask(demo_folder, typed(first_entry_ns(story)))
    (decision,) = answer.decisions
    assert answer.reason == ""
    assert decision.action in (Action.BUY, Action.SELL)
    steps = [step.words for step in story.steps[int(decision.row["intent_id"])]]
    assert steps[0] == "decided and written to the journal"
    assert steps[1] == "sent to the terminal"
    assert any(re.match(r"deal \d+: (bought|sold) .* \(position \d+ opened\)", words) for words in steps)


def test_every_minute_of_the_record_has_an_answer(demo_folder: Path) -> None:
    for minute in range(0, 2 * 1440, 97):
        answer = ask(demo_folder, typed(START_NS + minute * MINUTE_NS))
        assert answer.decisions or answer.reason
        assert bool(answer.reason) != any(
            answer.span.start_ns <= one.time_ns < answer.span.stop_ns for one in answer.decisions
        )


def test_a_minute_inside_a_bar_says_when_it_closes(demo_folder: Path) -> None:
    answer = ask(demo_folder, "2025-06-02T09:07")
    assert "the M15 bar from Mon 2025-06-02 09:00 was still forming until 09:15" in answer.reason
    assert answer.stand
    assert answer.decisions[0].time_ns < answer.span.start_ns < answer.following[0].time_ns


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("2025-05-01T12:00", "no terminal was connected yet: the record begins at Mon 2025-06-02 00:"),
        ("2025-06-07T12:00", "it lies after the end of the record at Tue 2025-06-03 23:"),
        ("2025-07-12T12:00", "it lies after the end of the record at Tue 2025-06-03 23:"),
    ],
)
def test_a_time_outside_the_record_says_so(demo_folder: Path, time: str, reason: str) -> None:
    answer = ask(demo_folder, time)
    assert reason in answer.reason
    assert not answer.stand


def test_a_time_alone_is_one_of_the_last_day(demo_folder: Path) -> None:
    assert ask(demo_folder, "14:15").span == ask(demo_folder, "2025-06-03T14:15").span


def test_the_brokers_clock_can_be_used(demo_folder: Path) -> None:
    assert ask(demo_folder, "12:00", server_time=True).span == ask(demo_folder, "09:00").span


@pytest.mark.parametrize("name", ["EURUSD", "eurusd"])
def test_the_symbol_may_be_written_small(demo_folder: Path, name: str) -> None:
    assert answered(demo_folder, Question(symbol=name, time="09:00")).symbol == "EURUSD"


def test_a_symbol_that_was_not_traded_is_told_with_those_that_were(demo_folder: Path) -> None:
    with pytest.raises(CommandError, match="GBPUSD is not on record") as refused:
        answered(demo_folder, Question(symbol="GBPUSD", time="09:00"))
    assert refused.value.remedy == "there is EURUSD"


@pytest.mark.parametrize("account", ["JustMarkets-Demo:2000001", "2000001"])
def test_the_account_can_be_named(demo_folder: Path, account: str) -> None:
    assert ask(demo_folder, "09:00", account=account).story.account == "JustMarkets-Demo:2000001"


def test_an_account_that_is_not_there_is_refused(demo_folder: Path) -> None:
    with pytest.raises(CommandError, match="no account 7") as refused:
        ask(demo_folder, "09:00", account="7")
    assert "JustMarkets-Demo:2000001" in refused.value.remedy


def test_another_chart_has_no_decisions(demo_folder: Path, story: Story) -> None:
    answer = ask(demo_folder, typed(first_entry_ns(story)), timeframe=Timeframe.H1)
    assert answer.decisions == ()
    assert "no bar has been closed yet" in answer.reason


def test_decisions_on_positions_are_shown_too(demo_folder: Path) -> None:
    cared = [
        one
        for one in decisions_between(demo_folder, "EURUSD", START_NS, START_NS + 2 * DAY_NS)
        if one.kind == DecisionKind.POSITION
    ]
    answer = ask(demo_folder, typed(cared[0].time_ns))
    assert cared[0].seq in [one.seq for one in answer.cared]


# -- what it rests on ------------------------------------------------------------------------------------------------


def test_ticks_are_counted_around_a_minute(demo_folder: Path, story: Story) -> None:
    start_ns = START_NS + 9 * 60 * MINUTE_NS
    around = ticks_around(demo_folder, story.account, "EURUSD", start_ns, start_ns + 10 * MINUTE_NS)
    assert around.inside > 10
    assert around.unused == 0
    assert around.before_ns is not None
    assert around.after_ns is not None
    assert around.before_ns < start_ns < start_ns + 10 * MINUTE_NS <= around.after_ns


def test_neighboring_minutes_hold_all_ticks_once(demo_folder: Path, story: Story) -> None:
    starts = [START_NS + (8 * 60 + minute) * MINUTE_NS for minute in range(30)]
    counts = [ticks_around(demo_folder, story.account, "EURUSD", at, at + MINUTE_NS).inside for at in starts]
    assert sum(counts) == ticks_around(demo_folder, story.account, "EURUSD", starts[0], starts[-1] + MINUTE_NS).inside


@pytest.mark.parametrize(("account", "symbol"), [("nobody:1", "EURUSD"), ("JustMarkets-Demo:2000001", "EUR")])
def test_ticks_of_others_are_not_counted(demo_folder: Path, account: str, symbol: str) -> None:
    assert ticks_around(demo_folder, account, symbol, START_NS, START_NS + DAY_NS) == (None, None, 0, 0)


def test_the_settings_of_the_engine_are_on_record(demo_folder: Path, story: Story) -> None:
    settings = settings_at(demo_folder, story.account, 10**9)
    assert settings is not None
    assert (settings.symbols, settings.model) == (("EURUSD",), confluence.NAME)
    assert settings_at(demo_folder, story.account, 0) is None
    assert settings_at(demo_folder, "nobody:1", 10**9) is None


def test_features_have_the_names_of_their_model(tmp_path: Path) -> None:
    assert feature_names("confluence") == confluence.FEATURES
    assert feature_names(str(tmp_path / "gone.py")) == ()


def test_without_an_account_nothing_can_be_told(tmp_path: Path) -> None:
    Journal.open(tmp_path / "journal.sqlite3").close()
    with pytest.raises(CommandError, match="no account has traded"):
        ask(tmp_path, "2025-06-02T09:00")


def test_the_story_ends_where_the_account_stands(demo_folder: Path, story: Story, demo_summary: dict[str, Any]) -> None:
    assert story.state.balance == demo_summary["balance"]
    assert len(story.trades) == demo_summary["deals"]
    assert isinstance(story.state, AccountState)
    assert len(story.issued) == sum(demo_summary["intents"].values())


# -- the command -----------------------------------------------------------------------------------------------------


def test_it_is_told_in_plain_words(demo_state: Path, story: Story) -> None:
    moment_ns = first_entry_ns(story)
    result = companion_in(demo_state, "why", "EURUSD", typed(moment_ns))
    assert result.returncode == 0, result.stderr
    assert shown(moment_ns) in result.stdout
    for words in ("✓  spread", "points ≤ limit", "strength", "score", "size", "order", "filled", "deal", "opened"):
        assert words in result.stdout


def test_a_refused_entry_is_told_with_its_numbers(demo_state: Path, demo_folder: Path) -> None:
    found = decisions_between(demo_folder, "EURUSD", START_NS, START_NS + 2 * DAY_NS)
    refused = next(one for one in found if one.kind == DecisionKind.ENTRY and one.decided_by == "spread")
    told = companion_in(demo_state, "why", "EURUSD", typed(refused.time_ns), "--data", "demo").stdout
    assert re.search(r"no (buy|sell): spread, \d+\.\d points > limit \d+\.\d", told)
    assert "✗  spread" in told


def test_json_holds_all_of_it(demo_state: Path, story: Story) -> None:
    result = companion_in(demo_state, "why", "EURUSD", typed(first_entry_ns(story)), "--json")
    answer = json.loads(result.stdout)
    (decision,) = answer["decisions"]
    assert answer["reason_for_none"] is None
    assert decision["action"] in ("buy", "sell")
    assert [gate["name"] for gate in decision["gates"]][:4] == ["trading allowed", "warm up", "session", "spread"]
    assert set(decision["features"]) == set(confluence.FEATURES)
    assert decision["order"]["state"] is not None
    assert decision["then"]


def test_json_of_a_minute_without_a_decision(demo_folder: Path) -> None:
    plain = answer_as_json(ask(demo_folder, "2025-06-02T09:07"), demo_folder, ())
    assert "still forming" in plain["reason_for_none"]
    assert plain["next"] == "2025-06-02T09:15"
    json.dumps(plain, allow_nan=False)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("EURUSD", "25:00"), ExitCode.DATA, "is no time; write it like"),
        (("EURUSD", "09:00", "--data", "live"), ExitCode.DATA, "recorded runs in"),
        (("EURUSD", "09:00", "--timeframe", "M7"), ExitCode.USAGE, "MT5 has M1"),
        (("EURUSD",), ExitCode.USAGE, "Missing argument"),
    ],
)
def test_what_cannot_be_answered_is_refused(demo_state: Path, words: tuple[str, ...], code: int, told: str) -> None:
    result = companion_in(demo_state, "why", *words)
    assert result.returncode == code
    assert told in result.stderr
