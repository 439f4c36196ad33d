"""The engine: same events, same decisions, however they are cut; nothing decided twice, nothing forgotten."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from account.events import (
    AccountEvent,
    DealBooked,
    IntentIssued,
    IntentReported,
    PositionSeen,
    SymbolsSeen,
)
from domain.dtypes import RATES_DTYPE
from domain.intents import Intent, IntentKind, comment_of, intent_id_in
from domain.symbols import SymbolTradeMode
from domain.timeframes import Timeframe
from domain.trading import Deal, DealEntry, DealReason, DealType, Position, PositionType
from domain.updates import IntentResult, Money, ResultPhase
from signals.fold import fold_ticks, new_fold
from strategy.engine import BatchError, Engine
from strategy.events import AccountChanged, Quotes, WarmUp
from strategy.gates import Action, Gate, Verdict
from strategy.params import CareSettings, EngineSettings, EntrySettings
from strategy.tables import Table
from tests.strategy.markets import MAGIC, START_MSC, a_spec, opening_events

MakeEngine = Callable[..., Engine]

EAGER = EngineSettings(
    timeframes=(Timeframe.M1,),
    entry=EntrySettings(score_threshold=0.4, max_spread_atr_fraction=1.0, atr_baseline_period=20),
    slippage_points={},
)


def filled(intent: Intent, ticket: int) -> list[AccountEvent]:
    """What a terminal that fills at the quote would have booked."""
    time_msc = intent.decided_ns // 1_000_000
    kind = PositionType.BUY if intent.side > 0 else PositionType.SELL
    shared = {"symbol": intent.symbol, "magic": MAGIC, "volume": intent.volume, "time_msc": time_msc}
    deal = Deal(
        deal_ticket=ticket,
        order_ticket=ticket,
        position_id=ticket,
        type=DealType(int(kind)),
        entry=DealEntry.IN,
        reason=DealReason.EXPERT,
        price=intent.price,
        profit=0.0,
        swap=0.0,
        commission=0.0,
        fee=0.0,
        comment=comment_of(intent.intent_id),
        **shared,  # type: ignore[arg-type]  # the record checks its own fields
    )
    position = Position(
        position_ticket=ticket,
        position_id=ticket,
        type=kind,
        price_open=intent.price,
        sl=intent.sl,
        tp=intent.tp,
        swap=0.0,
        profit=0.0,
        time_update_msc=time_msc,
        comment=comment_of(intent.intent_id),
        **shared,  # type: ignore[arg-type]  # the record checks its own fields
    )
    result = IntentResult(
        intent_id=intent.intent_id,
        phase=ResultPhase.FINAL,
        retcode=10009,
        order_ticket=ticket,
        deal_ticket=ticket,
        position_ticket=ticket,
        volume=intent.volume,
        price=intent.price,
        time_msc=time_msc,
    )
    at = intent.decided_ns
    return [
        IntentReported(time_ns=at, result=result),
        DealBooked(time_ns=at, deal=deal),
        PositionSeen(time_ns=at, position=position),
    ]


def issue(engine: Engine, intents: Sequence[Intent]) -> None:
    engine.on_event(AccountChanged([IntentIssued(time_ns=i.decided_ns, intent=i) for i in intents]))


def run_whole(engine: Engine, ticks: Table) -> tuple[list[Intent], Table]:
    """Every tick in one batch, intents issued but never answered."""
    quotes, at = Quotes("EURUSD", ticks, 0), 0
    made: list[Intent] = []
    while at < len(ticks):
        at, intents = engine.advance(quotes, at)
        issue(engine, intents)
        made += intents
    return made, engine.take_decisions()


@given(cuts=st.lists(st.integers(1, 19_999), max_size=30))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_how_the_ticks_are_cut_into_batches_changes_no_decision(
    cuts: list[int], make_engine: MakeEngine, ticks: Table
) -> None:
    ticks = ticks[:20_000]
    expected_intents, expected = run_whole(make_engine(EAGER), ticks)
    engine = make_engine(EAGER)
    made: list[Intent] = []
    kept: list[Table] = []
    for part in np.split(ticks, sorted(set(cuts))):
        intents = engine.on_event(Quotes("EURUSD", part, 0))
        issue(engine, intents)
        made += intents
        kept.append(engine.take_decisions())
    assert made == expected_intents
    assert np.concatenate(kept).tobytes() == expected.tobytes()
    assert len(expected) > 300


def test_a_tick_a_batch_decides_as_one_batch(make_engine: MakeEngine, ticks: Table) -> None:
    ticks = ticks[:12_000]
    expected_intents, expected = run_whole(make_engine(EAGER), ticks)
    engine = make_engine(EAGER)
    made: list[Intent] = []
    for index in range(len(ticks)):
        intents = engine.on_event(Quotes("EURUSD", ticks[index : index + 1], 0))
        issue(engine, intents)
        made += intents
    assert expected_intents
    assert made == expected_intents
    assert engine.take_decisions().tobytes() == expected.tobytes()


def run_with_fills(engine: Engine, ticks: Table, cuts: Sequence[int]) -> tuple[list[Intent], Table]:
    """Ticks in batches cut there; the first entry is filled, what the engine then wants is never answered."""
    made: list[Intent] = []
    for part in np.split(ticks, cuts):
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
    return made, engine.take_decisions()


@pytest.mark.parametrize(
    "care",
    [
        CareSettings(break_even_r=0.3, trailing_start_r=0.5, trailing_atr=1.0, partial_legs=()),
        CareSettings(partial_legs=((0.2, 0.5),)),
        CareSettings(break_even_r=0.0, trailing_atr=0.0, partial_legs=(), max_holding_s=450.0),
    ],
    ids=["stops", "partial close", "time stop"],
)
def test_a_lone_tick_is_passed_over_only_where_a_long_batch_passes_over_it(
    care: CareSettings, make_engine: MakeEngine, ticks: Table
) -> None:
    wanted = EngineSettings(timeframes=(Timeframe.M1, Timeframe.M5), entry=EAGER.entry, care=care, slippage_points={})
    dirty = ticks[:40_000].copy()
    dirty["bid"][5000:5010] = np.nan
    dirty["time_msc"][6000:6005] -= 90_000  # late
    whole, single = make_engine(wanted), make_engine(wanted)
    intents, decisions = run_with_fills(whole, dirty, [])
    alone, one_by_one = run_with_fills(single, dirty, list(range(1, len(dirty))))
    assert len(intents) == 2
    assert alone == intents
    assert one_by_one.tobytes() == decisions.tobytes()
    assert single.own_money() == whole.own_money()
    assert single.ignored_ticks == whole.ignored_ticks == 15


def test_an_intent_carries_what_its_record_says(make_engine: MakeEngine, ticks: Table) -> None:
    intents, decisions = run_whole(make_engine(EAGER), ticks)
    acting = decisions[decisions["action"] != Action.HOLD]
    assert [int(row["intent_id"]) for row in acting] == [intent.intent_id for intent in intents]
    first, row = intents[0], acting[0]
    assert first.kind == IntentKind.OPEN
    assert (first.volume, first.price, first.sl, first.tp) == (row["lots"], row["price"], row["sl"], row["tp"])
    assert first.decided_ns == row["time_ns"]
    assert first.expires_ns - first.decided_ns == 3_000_000_000
    assert intent_id_in(comment_of(first.intent_id)) == first.intent_id


def test_deciding_again_after_a_restart_gives_the_same_intent(make_engine: MakeEngine, ticks: Table) -> None:
    assert run_whole(make_engine(EAGER), ticks)[0] == run_whole(make_engine(EAGER), ticks)[0]


def test_an_unanswered_entry_blocks_the_next_one(make_engine: MakeEngine, ticks: Table) -> None:
    intents, decisions = run_whole(make_engine(EAGER), ticks)
    assert len(intents) == 1
    later = decisions[decisions["time_ns"] > intents[0].decided_ns]
    assert (later["symbol_positions"] == 1).all()
    assert (later["gates"][:, Gate.SYMBOL_POSITIONS, 2] == Verdict.REFUSED).all()


def test_a_filled_position_is_looked_after(make_engine: MakeEngine, ticks: Table) -> None:
    care = CareSettings(break_even_r=0.3, trailing_start_r=0.5, trailing_atr=1.0, partial_legs=((0.2, 0.5),))
    engine = make_engine(EngineSettings(timeframes=(Timeframe.M1,), entry=EAGER.entry, care=care, slippage_points={}))
    quotes, at, kinds = Quotes("EURUSD", ticks, 0), 0, []
    while at < len(ticks):
        at, intents = engine.advance(quotes, at)
        for intent in intents:
            issue(engine, [intent])
            kinds.append(intent.kind)
            if intent.kind == IntentKind.OPEN:
                engine.on_event(AccountChanged(filled(intent, ticket=1000)))
    assert kinds[0] == IntentKind.OPEN
    assert len(kinds) == 2  # its first care is in flight and never answered
    assert kinds[1] in {IntentKind.MODIFY, IntentKind.PARTIAL_CLOSE}


def test_history_makes_the_first_decision_warm(make_engine: MakeEngine, ticks: Table) -> None:
    cold, warm = make_engine(EAGER), make_engine(EAGER)
    bars = _bars(ticks[:30_000])
    warm.on_event(WarmUp("EURUSD", Timeframe.M1, bars))
    later = ticks[30_000:30_500]
    cold.on_event(Quotes("EURUSD", later, 0))
    warm.on_event(Quotes("EURUSD", later, 0))
    assert cold.take_decisions()[0]["gates"][Gate.WARM_UP, 2] == Verdict.REFUSED
    first = warm.take_decisions()[0]
    assert first["gates"][Gate.WARM_UP, 2] == Verdict.PASSED
    assert first["bars_seen"] == len(bars)


def _bars(ticks: Table) -> Table:
    bars, at = np.empty(len(ticks), RATES_DTYPE), np.empty(len(ticks), np.int64)
    count = fold_ticks(new_fold(), 60, 1e-5, ticks, 0, len(ticks), bars, at)
    return bars[:count]


def test_history_up_to_the_running_bar_equals_having_been_there(make_engine: MakeEngine, ticks: Table) -> None:
    cut = 30_020  # in the middle of a minute
    there = make_engine(EAGER)
    there.on_event(Quotes("EURUSD", ticks[:cut], 0))
    there.take_decisions()
    closed = _bars(ticks[: cut + 60])  # the running minute closed, too, by ticks of the next one
    running = closed[-1:].copy()
    minute = ticks[cut - 20 : cut]
    running["high"], running["low"] = minute["bid"].max(), minute["bid"].min()
    running["close"], running["tick_volume"] = minute["bid"][-1], 20
    late = make_engine(EAGER)
    late.on_event(WarmUp("EURUSD", Timeframe.M1, np.concatenate([closed[:-1], running])))
    for engine in (there, late):
        engine.on_event(Quotes("EURUSD", ticks[cut:31_000], 0))
    a, b = there.take_decisions(), late.take_decisions()
    for field in ("time_ns", "bar_time", "score", "atr", "atr_baseline", "features", "sl", "tp"):
        assert a[field].tobytes() == b[field].tobytes(), field


def test_late_and_broken_ticks_are_ignored_and_counted(make_engine: MakeEngine, ticks: Table) -> None:
    part = ticks[:5000]
    dirty = np.concatenate([part[:2000], part[500:600], part[2000:]])
    dirty["bid"][1000] = np.nan
    clean_of_it = np.delete(part, 1000)
    expected = run_whole(make_engine(EAGER), clean_of_it)
    engine = make_engine(EAGER)
    assert run_whole(engine, dirty)[0] == expected[0]
    assert engine.ignored_ticks == 101


def test_a_clock_that_jumps_ahead_leaves_no_invented_bars(make_engine: MakeEngine, ticks: Table) -> None:
    jumped = ticks[:4000].copy()
    jumped["time_msc"][2000:] += 3 * 86_400_000
    engine = make_engine(EAGER)
    engine.on_event(Quotes("EURUSD", jumped, 0))
    assert len(engine.take_decisions()) == 2000 // 60 + 1 + 2000 // 60


def test_walking_away_from_a_batch_is_an_error(make_engine: MakeEngine, ticks: Table) -> None:
    engine = make_engine()
    first, second = Quotes("EURUSD", ticks[:100], 0), Quotes("EURUSD", ticks[100:200], 0)
    engine.advance(first, 0, 50)
    with pytest.raises(BatchError, match="have not been walked"):
        engine.advance(second, 0)
    with pytest.raises(BatchError, match="does not go on at tick 10"):
        engine.advance(first, 10)
    assert engine.advance(first, 50) == (100, ())


def test_broker_suffixes_are_found_and_missing_symbols_told(make_engine: MakeEngine) -> None:
    wanted = EngineSettings(symbols=("EURUSD", "XAUUSD", "GBPUSD"))
    specs = [a_spec("EURUSD.ecn"), a_spec("GBPUSD.m"), a_spec("GBPUSD.s")]
    engine = make_engine(wanted, specs)
    assert {chart.symbol for chart in engine.wanted_charts} == {"EURUSD.ecn"}
    assert engine.missing_symbols == ("XAUUSD", "GBPUSD")


@pytest.mark.parametrize(
    ("mode", "sides"),
    [
        (SymbolTradeMode.FULL, {1, -1}),
        (SymbolTradeMode.LONGONLY, {1}),
        (SymbolTradeMode.SHORTONLY, {-1}),
        (SymbolTradeMode.CLOSEONLY, set()),
        (SymbolTradeMode.DISABLED, set()),
    ],
)
def test_trade_mode_of_the_symbol(
    mode: SymbolTradeMode, sides: set[int], make_engine: MakeEngine, ticks: Table
) -> None:
    engine = make_engine(EAGER, [a_spec(trade_mode=mode)])
    _, decisions = run_whole(engine, ticks)
    allowed = decisions["gates"][:, Gate.TRADING_ALLOWED, 2] == Verdict.PASSED
    assert set(decisions["side"][allowed].tolist()) == sides


def test_the_terminals_money_is_the_truth(make_engine: MakeEngine, ticks: Table) -> None:
    engine = make_engine(EAGER)
    told = Money(balance=10_000.0, equity=9_987.5, margin=12.0, margin_free=9_975.5)
    engine.on_event(Quotes("EURUSD", ticks[:10], 0, told))
    own = engine.own_money()
    assert (own.equity, own.margin, own.margin_free) == (9_987.5, 12.0, 9_975.5)


def test_symbols_told_again_keep_charts_and_quotes(make_engine: MakeEngine, ticks: Table) -> None:
    engine = make_engine(EAGER)
    engine.on_event(Quotes("EURUSD", ticks[:9000], 0))
    seen = engine.take_decisions()[-1]["bars_seen"]
    engine.on_event(AccountChanged([SymbolsSeen(time_ns=2, specs=(a_spec(stops_level_points=30),))]))
    engine.on_event(Quotes("EURUSD", ticks[9000:9100], 0))
    assert engine.take_decisions()[0]["bars_seen"] == seen + 1


def test_utc_of_a_decision_follows_the_measured_offset(make_engine: MakeEngine, ticks: Table) -> None:
    engine = make_engine(EAGER)
    engine.on_event(Quotes("EURUSD", ticks[:100], 10_800))
    first = engine.take_decisions()[0]
    assert first["time_ns"] == (START_MSC + 60_000 - 10_800_000) * 1_000_000
    assert first["bar_time"] == START_MSC // 1000


def test_opening_events_are_enough_for_money() -> None:
    engine = Engine(EAGER)
    engine.on_event(AccountChanged(opening_events([a_spec()], balance=500.0)))
    assert engine.own_money() == Money(balance=500.0, equity=500.0, margin=0.0, margin_free=500.0)
