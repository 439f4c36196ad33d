"""News at the bridge: what is posted reaches all decisions, is on record, and is decided again from there."""

import shutil
from pathlib import Path

import msgspec
import pytest

from account.events import EventAhead
from bridge.audit import audit
from bridge.config import NewsRules, Places
from bridge.newswatch import NewsWatch
from bridge.records import Entry, EntryKind
from bridge.review import Review
from bridge.status import read_status
from bridge.trader import Trader
from newsfilter.board import FOREVER_NS, NewsBoard
from newsfilter.bulletin import NO_BULLETIN, Bulletin, EventWindow
from newsfilter.postings import write_bulletin
from sim.session_host import run_terminal
from strategy.gates import Action, DecisionKind, Gate, Verdict
from strategy.tables import Table
from tests.bridge.floor import EAGER, Floor, Market
from tests.bridge.running import a_config, a_terminal, serving, until
from tests.bridge.test_audit import ACCOUNT, EVER_NS, Change, rewritten
from tests.strategy.markets import START_MSC

START_NS = START_MSC * 1_000_000
MINUTE_NS = 60_000_000_000
RULES = NewsRules()
MARKET = Market(ticks=360)  # half an hour


def a_bulletin(*minutes: tuple[int, int], currency: str = "EUR", until_minute: int = 10_000) -> Bulletin:
    """Windows from and to minutes of the market."""
    windows = tuple(
        EventWindow(
            start_ns=START_NS + start * MINUTE_NS,
            end_ns=START_NS + end * MINUTE_NS,
            time_ns=START_NS + start * MINUTE_NS,
            currency=currency,
            name="Rate Decision",
        )
        for start, end in minutes
    )
    return Bulletin(reliable_until_ns=START_NS + until_minute * MINUTE_NS, windows=windows)


def verdicts(rows: Table) -> dict[int, Verdict]:
    """What the gate said, by minute of the market."""
    entries = rows[rows["kind"] == DecisionKind.ENTRY]
    minutes = (entries["time_ns"] - START_NS) // MINUTE_NS
    return {int(at): Verdict(int(it)) for at, it in zip(minutes, entries["gates"][:, Gate.NEWS, 2], strict=True)}


# -- an account -------------------------------------------------------------------------------------------------------


def test_a_board_is_put_up_once_the_symbols_are_known() -> None:
    floor = Floor(MARKET)
    floor.line.trader.hear_news(a_bulletin((5, 15), until_minute=20), RULES)
    floor.connect()
    floor.play()
    told = verdicts(floor.heard.decisions)
    assert {told[at] for at in told if 5 <= at < 15} == {Verdict.REFUSED}
    assert {told[at] for at in told if at >= 20} == {Verdict.UNKNOWN}
    assert {told[at] for at in told if at < 5 or 15 <= at < 20} == {Verdict.PASSED}
    boards = [msgspec.json.decode(r.payload, type=NewsBoard) for r in floor.heard.records if r.kind == EntryKind.NEWS]
    assert [[news.symbol for news in board.symbols] for board in boards] == [[], ["EURUSD"]]


def test_a_new_bulletin_counts_from_the_next_tick_on() -> None:
    floor = Floor(MARKET)
    floor.connect()
    floor.play(150)
    assert set(verdicts(floor.heard.decisions).values()) == {Verdict.ABSENT}
    floor.line.trader.hear_news(a_bulletin((0, 100)), RULES)
    before = len(floor.heard.decisions)
    floor.play(100)
    assert set(verdicts(floor.heard.decisions[before:]).values()) == {Verdict.REFUSED}
    floor.line.trader.hear_news(a_bulletin((0, 100), currency="JPY"), RULES)
    before = len(floor.heard.decisions)
    floor.play()
    assert set(verdicts(floor.heard.decisions[before:]).values()) == {Verdict.PASSED}


def test_what_is_not_required_refuses_nothing() -> None:
    floor = Floor(MARKET)
    floor.line.trader.hear_news(NO_BULLETIN, NewsRules(required=False))
    floor.connect()
    floor.play()
    assert set(verdicts(floor.heard.decisions).values()) == {Verdict.ABSENT}
    assert (floor.heard.decisions["action"] == Action.BUY).any()


def test_boards_of_an_account_without_a_terminal_do_not_pile_up() -> None:
    trader = Trader("a:1", EAGER)
    for minute in range(50):
        trader.hear_news(a_bulletin(until_minute=minute), RULES)
        trader.hear_news(a_bulletin(until_minute=minute), RULES)
    assert [record.kind for record in trader.take_records()] == [EntryKind.ENGINE_START, EntryKind.NEWS]
    trader.hear_news(a_bulletin(until_minute=49), RULES)
    assert trader.take_records() == []


# -- the file ---------------------------------------------------------------------------------------------------------


def test_a_watch_sees_every_other_file_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "bulletin.json"
    watch = NewsWatch(path, RULES)
    watch.look()
    assert watch.bulletin is NO_BULLETIN
    assert watch.has_more()
    assert not watch.has_more()
    write_bulletin(path, a_bulletin())
    watch.look()
    first = watch.bulletin
    assert first == a_bulletin()
    watch.look()
    assert watch.bulletin is first
    path.write_bytes(b"{")
    watch.look()
    assert watch.bulletin is first
    path.unlink()
    watch.look()
    assert watch.bulletin is first
    assert watch.has_more()


def test_a_watch_without_rules_tells_nobody(tmp_path: Path) -> None:
    watch = NewsWatch(tmp_path / "bulletin.json", None)
    watch.start()
    assert not watch.has_more()
    trader = Trader("a:1", EAGER)
    trader.take_records()
    watch.tell(trader)
    assert trader.take_records() == []
    assert watch.standing(0) == ""
    watch.close()


def test_how_it_stands_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watch = NewsWatch(tmp_path / "bulletin.json", RULES)
    assert watch.standing(5) == "no entries: no calendar has been fetched yet"
    assert watch.standing(6) == "no entries: no calendar has been fetched yet"
    watch.bulletin = Bulletin(reliable_until_ns=FOREVER_NS)
    assert watch.standing(7) == ""
    assert [record.message for record in caplog.records] == [
        "news: no entries: no calendar has been fetched yet",
        "news: the calendar can be relied on",
    ]
    assert NewsWatch(tmp_path, NewsRules(required=False)).standing(0) == "no calendar has been fetched yet"


# -- the service ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in two lives of the bridge, with another bulletin in each."""
    folder = tmp_path_factory.mktemp("run")
    config = a_config(folder, news=RULES)
    lives = (a_bulletin((3, 6), until_minute=9), 140), (a_bulletin((1, 3)), 50)
    for bulletin, ticks in lives:
        write_bulletin(Places(config.data_dir).bulletin, bulletin)
        with serving(config) as served:
            played = {"EURUSD": MARKET.ticks[:ticks]}
            run_terminal(a_terminal(folder, served.endpoint, MARKET, ticks=played))
    return config.data_dir


@pytest.mark.integration
def test_decisions_by_news_are_made_again_from_the_record(run: Path) -> None:
    report = audit(run, ACCOUNT, 0, EVER_NS)
    assert report.is_clean
    assert report.engine_starts == 2
    rows = [one.rows for one in Review(run).decisions(ACCOUNT, 0, EVER_NS)]
    assert {verdict for part in rows for verdict in verdicts(part).values()} == {
        Verdict.PASSED,
        Verdict.REFUSED,
        Verdict.UNKNOWN,
    }


class Unwarned(Change):
    """Everything that was heard of news becomes a calendar without events."""

    def __init__(self) -> None:
        super().__init__(EntryKind.NEWS, 0)

    def __call__(self, entry: Entry) -> Entry | None:
        if entry.kind != self.kind:
            return entry
        board = NewsBoard(reliable_until_ns=FOREVER_NS)
        return entry._replace(payload=msgspec.json.encode(board))


@pytest.mark.integration
def test_with_other_news_they_would_be_others(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "data"))
    rewritten(copy, Unwarned())
    report = audit(copy, ACCOUNT, 0, EVER_NS)
    assert not report.problems
    assert {"news verdict", "news value"} <= {one.field for one in report.differences}


@pytest.mark.integration
def test_a_bulletin_posted_while_it_runs_is_seen(tmp_path: Path) -> None:
    config = a_config(tmp_path, news=RULES)

    def news() -> str:
        status = read_status(config.data_dir)
        return status.news if status else "?"

    with serving(config):
        until(lambda: news() == "no entries: no calendar has been fetched yet", "the bridge says so")
        write_bulletin(Places(config.data_dir).bulletin, Bulletin(reliable_until_ns=FOREVER_NS))
        until(lambda: news() == "", "the bridge sees it")
    with serving(config) as served:
        assert served.service.stats().news == ""  # the next life begins with what was posted last


def test_an_event_ahead_is_journaled_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    floor = Floor(MARKET)
    floor.line.trader.hear_news(a_bulletin((5, 15)), RULES)
    floor.connect()
    floor.play()
    ahead = [event for event in floor.heard.journal if isinstance(event, EventAhead)]
    assert len(ahead) == 1
    assert ahead[0].symbols == ("EURUSD",)
    (words,) = [record.message for record in caplog.records if "EURUSD" in record.message]
    assert f"{ahead[0].currency} {ahead[0].name} (high)" in words
