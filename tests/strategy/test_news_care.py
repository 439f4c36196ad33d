"""What a calendar does to positions and to the record: closed or tightened before an event, told of once."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import AccountEvent, EventAhead
from account.state import AccountState
from domain.intents import Intent, IntentKind
from domain.timeframes import Timeframe
from newsfilter.board import FOREVER_NS, BoardEvent, CurrencyTone, NewsBoard, SymbolNews
from newsfilter.events import Impact
from risk.limits import Regime
from strategy.engine import Engine
from strategy.events import AccountChanged, NewsChanged, Quotes
from strategy.gates import Action, Care, DecisionKind, Gate, Verdict
from strategy.news import Warnings
from strategy.params import CareSettings, EngineSettings, ToneSettings
from strategy.tables import Table
from tests.strategy.care_scenes import HELD
from tests.strategy.markets import START_MSC, opening_events
from tests.strategy.test_engine import EAGER, filled, issue
from tests.strategy.test_kernel import POINT

MakeEngine = Callable[..., Engine]
START_NS = START_MSC * 1_000_000
MINUTE_NS = 60_000_000_000
QUIET = CareSettings(break_even_r=0.0, trailing_atr=0.0, partial_legs=())


def settings(care: CareSettings = QUIET, sentiment: ToneSettings | None = None) -> EngineSettings:
    return EngineSettings(
        timeframes=(Timeframe.M1,),
        entry=EAGER.entry,
        care=care,
        sentiment=sentiment or ToneSettings(),
        slippage_points={},
    )


def an_event(minute: float, name: str = "Nonfarm Payrolls") -> BoardEvent:
    time_ns = START_NS + round(minute * MINUTE_NS)
    return BoardEvent(time_ns=time_ns, currency="USD", name=name, impact=Impact.HIGH, symbols=("EURUSD",))


def a_board(*events: BoardEvent, tone: float | None = None, lowest: float = 0.0) -> NewsBoard:
    windows = tuple((event.time_ns - 30 * MINUTE_NS, event.time_ns + 60 * MINUTE_NS) for event in events)
    return NewsBoard(
        reliable_until_ns=FOREVER_NS,
        symbols=(SymbolNews("EURUSD", windows, tone),),
        events=events,
        tones=() if tone is None else (CurrencyTone("USD", lowest),),
        tones_until_ns=0 if tone is None else FOREVER_NS,
    )


def traded(engine: Engine, ticks: Table, parts: int = 1) -> tuple[list[Intent], Table, list[AccountEvent]]:
    """Ticks in so many batches; the first entry is filled, what comes after is never answered."""
    made: list[Intent] = []
    news: list[AccountEvent] = []
    for part in np.array_split(ticks, parts):
        quotes, at = Quotes("EURUSD", part, 0), 0
        while at < len(part):
            if len(part) == 1:
                at, intents = 1, engine.on_event(quotes)
            else:
                at, intents = engine.advance(quotes, at)
            issue(engine, intents)
            if intents and not made:
                engine.on_event(AccountChanged(filled(intents[0], ticket=1000)))
            made += intents
        news += engine.take_news()
    return made, engine.take_decisions(), news


def told(news: Sequence[AccountEvent]) -> list[EventAhead]:
    return [one for one in news if isinstance(one, EventAhead)]


# -- positions ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def entry_minute(make_engine: MakeEngine, ticks: Table) -> int:
    """When the first entry is made [minutes from the start]."""
    (first, *_), _, _ = traded(make_engine(settings()), ticks)
    return int((first.decided_ns - START_NS) // MINUTE_NS)


@pytest.mark.parametrize("parts", [1, 300])
def test_a_position_is_closed_before_an_event(
    make_engine: MakeEngine, ticks: Table, entry_minute: int, parts: int
) -> None:
    engine = make_engine(
        settings(CareSettings(news_close_s=600.0, break_even_r=0.0, trailing_atr=0.0, partial_legs=()))
    )
    event = an_event(entry_minute + 60.25)  # no bar closes ten minutes before it
    engine.on_event(NewsChanged(a_board(event)))
    intents, decisions, _ = traded(engine, ticks, parts)
    assert [intent.kind for intent in intents] == [IntentKind.OPEN, IntentKind.CLOSE]
    assert intents[1].decided_ns == event.time_ns - 600 * 10**9
    row = decisions[decisions["action"] == Action.CLOSE][0]
    assert row["decided_by"] == Care.NEWS
    assert row["gates"][Care.NEWS].tolist() == [600.0, 600.0, Verdict.FIRED]


def test_nothing_is_opened_that_would_be_closed_at_once(
    make_engine: MakeEngine, ticks: Table, entry_minute: int
) -> None:
    engine = make_engine(settings(CareSettings(news_close_s=4 * 3600.0)))
    engine.on_event(NewsChanged(a_board(an_event(entry_minute + 200))))
    intents, decisions, _ = traded(engine, ticks[: (entry_minute + 190) * 60])
    assert intents == []
    assert (decisions["gates"][-1, Gate.NEWS] == [0.0, 0.0, Verdict.REFUSED]).all()


def test_a_position_is_reduced_inside_a_window(make_engine: MakeEngine, ticks: Table, entry_minute: int) -> None:
    care = CareSettings(news_max_leverage=1.0, break_even_r=0.0, trailing_atr=0.0, partial_legs=())
    engine, event = make_engine(settings(care)), an_event(entry_minute + 60.25)
    engine.on_event(NewsChanged(a_board(event)))
    intents, decisions, _ = traded(engine, ticks)
    opened, reduced = intents
    assert reduced.kind == IntentKind.PARTIAL_CLOSE
    assert reduced.decided_ns == event.time_ns - 30 * MINUTE_NS
    row = decisions[decisions["action"] == Action.PARTIAL_CLOSE][0]
    held, limit, verdict = row["gates"][Care.NEWS_LEVERAGE]
    assert (limit, verdict) == (1.0, Verdict.FIRED)
    assert held == pytest.approx(opened.volume * 100_000 * row["price"] / row["equity"])
    left = (opened.volume - reduced.volume) * 100_000 * row["price"] / row["equity"]
    assert 0.75 < left <= 0.9  # one step of the volume is 0.12 times equity


@pytest.mark.parametrize("mirror", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize(
    ("changes", "sl"),
    [
        ({}, 1.0995),  # half an ATR of 100 points below the bid
        ({"stops_level": 40 * POINT}, 1.0995),
        ({"stops_level": 60 * POINT}, None),  # the broker takes none so near
        ({"freeze_points": 200.0}, None),
        ({"sl": 1.0996}, None),  # it only ever tightens
        ({"event_left_s": 600.5}, None),
        ({"news_close_s": 0.0}, None),
    ],
)
def test_a_stop_comes_near_before_an_event(changes: dict[str, float], sl: float | None, mirror: bool) -> None:
    near = {"news_close_s": 600.0, "news_stop_atr": 0.5, "event_left_s": 600.0} | changes
    scene = HELD.changed(**near)
    decision, gates = (scene.mirrored() if mirror else scene).decided()
    if sl is None:
        assert decision.action == Action.HOLD
        assert gates[Care.NEWS, 2] != Verdict.FIRED
    else:
        assert (decision.action, decision.rule) == (Action.MODIFY, Care.NEWS)
        assert decision.sl == (round(2.2 - sl, 5) if mirror else sl)


@pytest.mark.parametrize("parts", [1, 40_000])
def test_no_tick_is_passed_over_at_which_news_acts(
    make_engine: MakeEngine, ticks: Table, entry_minute: int, parts: int
) -> None:
    care = CareSettings(news_close_s=600.0, news_stop_atr=1.0, partial_legs=(), news_max_leverage=3.0)
    engine = make_engine(settings(care))
    engine.on_event(NewsChanged(a_board(an_event(entry_minute + 45), an_event(entry_minute + 46))))
    intents, decisions, news = traded(engine, ticks[:40_000], parts)
    assert [one.kind for one in intents] == [IntentKind.OPEN, IntentKind.PARTIAL_CLOSE]
    assert len(told(news)) == 2
    expected = make_engine(settings(care))
    expected.on_event(NewsChanged(a_board(an_event(entry_minute + 45), an_event(entry_minute + 46))))
    again = traded(expected, ticks[:40_000], 7)
    assert (intents, decisions.tobytes(), told(news)) == (again[0], again[1].tobytes(), told(again[2]))


def test_a_calendar_that_nobody_can_rely_on_touches_no_position(make_engine: MakeEngine, ticks: Table) -> None:
    engine = make_engine(settings(CareSettings(news_close_s=86_400.0)))
    _, decisions, _ = traded(engine, ticks)
    positions = decisions[decisions["kind"] == DecisionKind.POSITION]
    assert len(positions)
    assert (positions["gates"][:, [Care.NEWS, Care.NEWS_LEVERAGE], 2] == Verdict.ABSENT).all()


# -- events ahead ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 7, 20_000])
def test_an_event_is_told_of_once_and_in_time(make_engine: MakeEngine, ticks: Table, parts: int) -> None:
    engine, ticks = make_engine(settings()), ticks[:20_000]
    events = an_event(0.5, "Early"), an_event(100.25), an_event(100.25, "Unemployment Rate"), an_event(5000, "Late")
    engine.on_event(NewsChanged(a_board(*events)))
    _, _, news = traded(engine, ticks, parts)
    found = told(news)
    assert [one.name for one in found] == ["Early", "Nonfarm Payrolls", "Unemployment Rate"]
    assert [(one.time_ns - START_NS) // MINUTE_NS for one in found] == [0, 85, 85]
    assert found[1].time_ns == START_NS + round(85.25 * MINUTE_NS)  # to the tick, between two bars
    assert found[1] == EventAhead(
        time_ns=START_NS + round(85.25 * MINUTE_NS),
        event_ns=START_NS + round(100.25 * MINUTE_NS),
        currency="USD",
        name="Nonfarm Payrolls",
        impact="high",
        symbols=("EURUSD",),
    )


def test_what_was_told_is_not_told_again_by_a_new_calendar_or_a_new_engine(
    make_engine: MakeEngine, ticks: Table
) -> None:
    board = a_board(an_event(100))
    engine = make_engine(settings())
    engine.on_event(NewsChanged(board))
    _, _, news = traded(engine, ticks[:5400])
    assert len(told(news)) == 1
    engine.on_event(NewsChanged(board))
    assert told(traded(engine, ticks[5400:5700])[2]) == []
    restarted = make_engine(settings())
    restarted.on_event(AccountChanged(news))
    restarted.on_event(NewsChanged(board))
    assert told(traded(restarted, ticks[5400:5700])[2]) == []
    unknowing = make_engine(settings())
    unknowing.on_event(NewsChanged(board))
    assert len(told(traded(unknowing, ticks[5400:5700])[2])) == 1  # late is better than never
    too_late = make_engine(settings())
    too_late.on_event(NewsChanged(board))
    assert told(traded(too_late, ticks[6000:6300])[2]) == []


def test_warnings_can_be_switched_off(make_engine: MakeEngine, ticks: Table) -> None:
    engine = make_engine(settings(CareSettings(news_warning_s=0.0)))
    engine.on_event(NewsChanged(a_board(an_event(100))))
    assert told(traded(engine, ticks[:7000])[2]) == []


def test_the_account_forgets_what_lies_behind() -> None:
    ahead = [
        EventAhead(time_ns=t, event_ns=t, currency="USD", name="A", impact="high", symbols=()) for t in (0, 10**15)
    ]
    assert list(AccountState.replayed(ahead).told) == [ahead[1].key]


@given(
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from("ABC")), max_size=8),
    st.lists(st.integers(0, 600), max_size=12),
    st.integers(0, 40),
)
def test_whatever_the_clock_each_event_is_told_at_most_once(
    events: list[tuple[int, str]], clock: list[int], minutes: int
) -> None:
    warnings, known = Warnings(minutes * 60.0), dict[str, int]()
    found = []
    for now in sorted(clock):
        warnings.meet(a_board(*(an_event(minute, name) for minute, name in events)), known)
        now_ns = START_NS + now * MINUTE_NS
        due = 0 < warnings.due_ns <= now_ns
        fresh = warnings.take(now_ns, known)
        assert due or not fresh
        known |= {one.key: one.event_ns for one in fresh}
        found += fresh
        expected = {minute for minute, _ in events if minute - minutes <= now < minute} if minutes else set()
        assert {(one.event_ns - START_NS) // MINUTE_NS for one in found} >= expected
        assert all(one.time_ns < one.event_ns <= one.time_ns + minutes * MINUTE_NS for one in fresh)
    assert len({one.key for one in found}) == len({(one.event_ns, one.name) for one in found})


# -- tones -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("against", "verdict", "scale"),
    [
        (None, Verdict.ABSENT, 1.0),
        (-0.9, Verdict.PASSED, 1.0),
        (0.29, Verdict.PASSED, 1.0),
        (0.31, Verdict.PASSED, 0.5),
        (0.61, Verdict.REFUSED, 0.5),
    ],
)
def test_a_tone_against_an_entry_halves_or_refuses_it(
    make_engine: MakeEngine, ticks: Table, against: float | None, verdict: Verdict, scale: float
) -> None:
    (plain, *_), without, _ = traded(make_engine(settings()), ticks)
    engine = make_engine(settings())
    tone = None if against is None else -plain.side * against
    engine.on_event(NewsChanged(a_board(tone=tone)))
    _, decisions, _ = traded(engine, ticks)
    row = decisions[(decisions["time_ns"] == plain.decided_ns) & (decisions["kind"] == DecisionKind.ENTRY)][0]
    assert row["gates"][Gate.SENTIMENT, 2] == verdict
    assert row["tone_scale"] == scale
    assert row["risk_fraction"] == 0.01 * scale
    if tone is not None and against is not None:
        assert row["gates"][Gate.SENTIMENT, :2].tolist() == [-against, -0.6]
        assert row["tone"] == tone
    if verdict is Verdict.REFUSED:
        assert (row["action"], row["decided_by"]) == (Action.HOLD, Gate.SENTIMENT)
    before = without[(without["time_ns"] == plain.decided_ns) & (without["kind"] == DecisionKind.ENTRY)][0]
    assert row["gates"][Gate.RISK_LOTS, 0] == pytest.approx(before["gates"][Gate.RISK_LOTS, 0] * scale)


def test_a_tone_that_is_too_old_says_nothing(make_engine: MakeEngine, ticks: Table) -> None:
    engine, until = make_engine(settings()), START_NS + 300 * MINUTE_NS
    board = NewsBoard(
        reliable_until_ns=FOREVER_NS,
        symbols=(SymbolNews("EURUSD", (), 0.1),),
        tones=(CurrencyTone("USD", -0.7),),
        tones_until_ns=until,
    )
    engine.on_event(NewsChanged(board))
    engine.on_event(Quotes("EURUSD", ticks, 0))
    rows = engine.take_decisions()
    rows = rows[rows["kind"] == DecisionKind.ENTRY]
    fresh = rows["time_ns"] < until
    assert set(rows["gates"][fresh, Gate.SENTIMENT, 2]) == {Verdict.PASSED}
    assert set(rows["gates"][~fresh, Gate.SENTIMENT, 2]) == {Verdict.ABSENT}
    assert (rows["news_negative"][fresh] == 1.0).all()
    assert (rows["regime"][fresh] == Regime.STRESSED).all()
    assert (rows["max_leverage"][fresh] == 50.0).all()
    assert np.isnan(rows["news_negative"][~fresh]).all()
    assert (rows["regime"][~fresh] == Regime.NORMAL).all()


@pytest.mark.parametrize(("lowest", "stress", "negative"), [(-0.59, 0.6, 0.0), (-0.6, 0.6, 1.0), (-1.0, 0.0, 0.0)])
def test_negative_news_is_one_bad_tone(
    make_engine: MakeEngine, ticks: Table, lowest: float, stress: float, negative: float
) -> None:
    engine = make_engine(settings(sentiment=ToneSettings(stress_tone=stress)))
    engine.on_event(NewsChanged(a_board(tone=0.0, lowest=lowest)))
    engine.on_event(Quotes("EURUSD", ticks[:7000], 0))
    assert set(engine.take_decisions()["news_negative"]) == {negative}


def test_the_cap_of_a_window_is_on_record(make_engine: MakeEngine, ticks: Table) -> None:
    engine = make_engine(settings())
    engine.on_event(NewsChanged(a_board(an_event(100))))
    engine.on_event(Quotes("EURUSD", ticks[:12_000], 0))
    rows = engine.take_decisions()
    inside = (rows["time_ns"] >= START_NS + 70 * MINUTE_NS) & (rows["time_ns"] < START_NS + 160 * MINUTE_NS)
    assert (rows["news_window"] == inside).all()
    assert set(rows["regime"][inside]) == {Regime.NEWS}
    assert set(rows["max_leverage"][inside]) == {50.0}
    assert set(rows["max_leverage"][~inside]) == {100.0}
    assert (rows["gates"][inside, Gate.LEVERAGE, 1] == 50.0).all()


def test_an_engine_hears_news_before_it_knows_anything() -> None:
    engine = Engine(settings())
    engine.on_event(NewsChanged(a_board(an_event(100), tone=0.5)))
    engine.on_event(AccountChanged(opening_events([])))
    assert engine.symbol_names == ()
