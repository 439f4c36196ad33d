"""What the engine knew of news when it decided is found again: while the capture is live, and in Parquet."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from app.news_on_record import board_before, news_words
from app.why import Question, answered
from app.why_view import answer_as_json
from bridge.capture import CaptureWriter
from bridge.config import Places
from bridge.introductions import TerminalInfo
from bridge.lookup import decisions_between
from bridge.recorder import Recorder
from bridge.records import EntryKind
from bridge.segments import segment_paths
from newsfilter.board import BoardEvent, NewsBoard
from newsfilter.events import Impact
from strategy.gates import DecisionKind, Gate, Verdict
from strategy.tables import DECISION_DTYPE
from tests.newsfilter.samples import ns

NOON = ns("2024-03-08 12:00")
EVENT = BoardEvent(
    time_ns=NOON,
    currency="USD",
    name="Nonfarm Payrolls",
    impact=Impact.HIGH,
    symbols=("EURUSD",),
    start_ns=NOON - 1800 * 10**9,
    end_ns=NOON + 3600 * 10**9,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two accounts; the first was told a board before each of the entries 3, 6 and 9."""
    writer = CaptureWriter(Places(tmp_path).capture, mono_ns=0, wall_ns=0)
    for number, account in ((1, "S:7"), (2, "S:8")):
        info = TerminalInfo(account=account, terminal_id="7", session=1, symbols=(), names=())
        writer.introduce(number, msgspec.json.encode(info), 0, 0)
    for until in (1, 2, 3):
        writer.append(EntryKind.NEWS, 1, msgspec.json.encode(NewsBoard(reliable_until_ns=until)), 0, 0)
        writer.append(EntryKind.NEWS, 2, msgspec.json.encode(NewsBoard(reliable_until_ns=90 + until)), 0, 0)
        writer.append(EntryKind.EVENTS, 1, b"[]", 0, 0)
    writer.close(0, 0)
    return tmp_path


@pytest.mark.parametrize("is_live", [True, False], ids=["live", "recorded"])
@pytest.mark.parametrize(("seq", "until"), [(3, None), (4, 1), (6, 1), (7, 2), (99, 3)])
def test_the_last_board_before_a_decision(folder: Path, is_live: bool, seq: int, until: int | None) -> None:
    if not is_live:
        for path in segment_paths(Places(folder).capture):
            Recorder(folder).record(path)
    board = board_before(folder, "S:7", seq)
    assert (board.reliable_until_ns if board else None) == until


def a_record(verdict: Verdict, time_ns: int = NOON) -> np.void:
    record: np.void = np.zeros(1, DECISION_DTYPE)[0]
    record["time_ns"] = time_ns
    record["gates"][Gate.NEWS, 2] = verdict
    return record


BOARD = NewsBoard(reliable_until_ns=NOON + 1, problem="eodhd: refused", events=(EVENT,))


@pytest.mark.parametrize(
    ("verdict", "time_ns", "symbol", "words"),
    [
        (Verdict.REFUSED, NOON, "EURUSD", "USD Nonfarm Payrolls; until 2024-03-08 13:00 UTC"),
        (Verdict.REFUSED, NOON, "EURGBP", ""),
        (Verdict.PASSED, NOON, "EURUSD", ""),
        (Verdict.ABSENT, NOON, "EURUSD", ""),
        (
            Verdict.UNKNOWN,
            NOON + 60 * 10**9,
            "EURUSD",
            "the calendar could be relied on until 2024-03-08 12:00 UTC; eodhd: refused",
        ),
    ],
)
def test_what_the_board_says_to_a_decision(verdict: Verdict, time_ns: int, symbol: str, words: str) -> None:
    assert news_words(BOARD, a_record(verdict, time_ns), symbol) == words


@pytest.mark.integration
def test_why_names_the_release_that_closed_a_window(demo_folder: Path) -> None:
    refused = next(
        one
        for one in decisions_between(demo_folder, "EURUSD", 0, 1 << 62)
        if one.kind == DecisionKind.ENTRY and one.row["gates"][Gate.NEWS, 2] == Verdict.REFUSED
    )
    minute = str(np.datetime64(refused.time_ns, "ns"))[:16]
    told = answer_as_json(answered(demo_folder, Question(symbol="EURUSD", time=minute)), demo_folder, ())
    assert told["decisions"][0]["news"].startswith("USD ")
    assert "; until 2025-06-0" in told["decisions"][0]["news"]
