"""What the engine makes of the calendar it is told."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import SymbolsSeen
from newsfilter.board import NewsBoard, SymbolNews
from newsfilter.windows import Windows, until_window_s
from strategy.engine import Engine
from strategy.events import AccountChanged, NewsChanged, Quotes
from strategy.gates import Action, Gate, Verdict
from strategy.news import window_left_s
from strategy.params import EngineSettings
from strategy.tables import NEWS_DTYPE, Table
from tests.strategy.markets import START_MSC, a_spec
from tests.strategy.test_engine import EAGER, issue, run_whole
from tests.strategy.test_kernel import a_world

if TYPE_CHECKING:
    from domain.intents import Intent

MakeEngine = Callable[..., Engine]
START_NS = START_MSC * 1_000_000
MINUTE_NS = 60_000_000_000
FOREVER = 2**63 - 1
WINDOWS = tuple((START_NS + begin * MINUTE_NS, START_NS + (begin + 40) * MINUTE_NS) for begin in (100, 200, 300, 450))
BOARD = NewsBoard(reliable_until_ns=FOREVER, symbols=(SymbolNews("GBPUSD", ()), SymbolNews("EURUSD", WINDOWS)))


def verdicts(decisions: Table) -> list[Verdict]:
    return [Verdict(int(verdict)) for verdict in decisions["gates"][:, Gate.NEWS, 2]]


def inside(time_ns: int) -> bool:
    return any(start <= time_ns < end for start, end in WINDOWS)


def told(engine: Engine, board: NewsBoard) -> Engine:
    engine.on_event(NewsChanged(board))
    return engine


def fed(engine: Engine, ticks: Table) -> "tuple[Intent, ...]":
    intents = engine.on_event(Quotes("EURUSD", ticks, 0))
    issue(engine, intents)
    return intents


def test_nothing_is_opened_in_a_window_and_everything_else_stays(make_engine: MakeEngine, ticks: Table) -> None:
    (first, *_), without = run_whole(make_engine(EAGER), ticks)
    window = first.decided_ns - 20 * MINUTE_NS, first.decided_ns + 40 * MINUTE_NS
    board = NewsBoard(reliable_until_ns=FOREVER, symbols=(SymbolNews("GBPUSD", ()), SymbolNews("EURUSD", (window,))))
    intents, decisions = run_whole(told(make_engine(EAGER), board), ticks)
    shut = [window[0] <= int(time) < window[1] for time in decisions["time_ns"]]
    assert sum(shut) == 60
    assert verdicts(decisions) == [Verdict.REFUSED if one else Verdict.PASSED for one in shut]
    assert intents
    assert all(intent.decided_ns >= window[1] for intent in intents)
    others = [gate for gate in Gate if gate not in (Gate.NEWS, Gate.LEVERAGE)]  # whose cap is another in a window
    same = int(np.flatnonzero(without["action"] > 0)[0]) + 1  # up to there the two accounts are the same
    assert decisions["gates"][:same, others].tobytes() == without["gates"][:same, others].tobytes()


def test_windows_end_where_they_end_for_every_way_of_feeding(make_engine: MakeEngine, ticks: Table) -> None:
    ticks = ticks[:20_000]
    whole = told(make_engine(EAGER), BOARD)
    expected_intents, expected = run_whole(whole, ticks)
    engine = told(make_engine(EAGER), BOARD)
    made = [intent for part in np.array_split(ticks, 300) for intent in fed(engine, part)]
    assert made == expected_intents
    assert engine.take_decisions().tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("required", "afterwards"), [(True, {Verdict.UNKNOWN}), (False, {Verdict.ABSENT})], ids=["required", "not required"]
)
def test_a_calendar_that_has_become_too_old(
    make_engine: MakeEngine, ticks: Table, required: bool, afterwards: set[Verdict]
) -> None:
    until = START_NS + 500 * MINUTE_NS
    engine = told(make_engine(EAGER), NewsBoard(reliable_until_ns=until, required=required))
    intents, decisions = run_whole(engine, ticks)
    before, after = (decisions[mask] for mask in (decisions["time_ns"] < until, decisions["time_ns"] >= until))
    assert set(verdicts(before)) == {Verdict.PASSED}
    assert set(verdicts(after)) == afterwards
    assert not required or all(intent.decided_ns < until for intent in intents)


def test_recovery_needs_nothing_but_news(make_engine: MakeEngine, ticks: Table) -> None:
    engine = told(make_engine(EAGER), NewsBoard(reliable_until_ns=0))
    run = [Quotes("EURUSD", part, 0) for part in (ticks[:6000], ticks[6000:12_000])]
    engine.on_event(run[0])
    assert set(verdicts(engine.take_decisions())) == {Verdict.UNKNOWN}
    told(engine, NewsBoard(reliable_until_ns=FOREVER)).on_event(run[1])
    assert set(verdicts(engine.take_decisions())) == {Verdict.PASSED}


def test_who_was_never_told_judges_nothing_by_news(make_engine: MakeEngine, ticks: Table) -> None:
    _, decisions = run_whole(make_engine(EAGER), ticks[:20_000])
    assert set(verdicts(decisions)) == {Verdict.ABSENT}
    assert (decisions["action"] != Action.HOLD).any()


def test_the_windows_stay_with_their_symbol_when_the_list_is_told_again(make_engine: MakeEngine, ticks: Table) -> None:
    engine = told(make_engine(EAGER), BOARD)
    specs = (a_spec("AUDUSD"), a_spec("GBPUSD"), a_spec("EURUSD"))
    engine.on_event(AccountChanged([SymbolsSeen(time_ns=2, specs=specs)]))
    _, decisions = run_whole(engine, ticks[:20_000])
    assert {Verdict.REFUSED, Verdict.PASSED} == set(verdicts(decisions))
    assert all(inside(int(row["time_ns"])) == (row["gates"][Gate.NEWS, 2] == Verdict.REFUSED) for row in decisions)


def test_news_may_be_told_before_the_symbols() -> None:
    engine = Engine(EngineSettings())
    engine.on_event(NewsChanged(BOARD))  # the terminal has not described anything yet
    assert engine.symbol_names == ()


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 5)), max_size=8),
    st.lists(st.integers(-5, 120), min_size=1, max_size=20),
)
def test_the_time_left_is_that_of_the_news_room(gaps: list[tuple[int, int]], times: list[int]) -> None:
    rows: list[tuple[int, int]] = []
    for gap, length in gaps:
        start = (rows[-1][1] if rows else 0) + gap + 1
        rows.append((start, start + length))
    table = np.array([(0, 10**15), *rows, (0, 10**15)], NEWS_DTYPE)  # the neighbors' windows
    world = a_world()._replace(news=table)
    world.symbols[0]["news_first"], world.symbols[0]["news_count"] = 1, len(rows)
    windows = Windows(table["start_ns"][1:-1].copy(), table["end_ns"][1:-1].copy())
    for time in times:
        assert window_left_s(world.symbols, world.news, 0, time) == until_window_s(windows, time)
