"""The record of a set-up: the latest round trips count, old ones are forgotten, and nobody is locked out for ever."""

import math
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from account.round_trips import RoundTrip
from domain.timeframes import Timeframe
from risk.kelly import allowed_fraction, edge_of
from strategy.engine import Engine
from strategy.evidence import EvidenceLayout, proof_of, refresh_evidence
from strategy.gates import Gate, Verdict
from strategy.params import EngineSettings, EntrySettings, KellySettings
from strategy.tables import EVIDENCE_DTYPE, MAX_SETUPS, MAX_TRIPS, Table

MakeEngine = Callable[..., Engine]

DAY_NS = 86_400_000_000_000
START_NS = 1_700_000_000_000_000_000
RULES = KellySettings().rules(2.0)
AGE_NS = 60 * DAY_NS
DEFAULTS = EngineSettings()


def trips(results: list[float], setup: int = 1, gap_ns: int = DAY_NS) -> list[RoundTrip]:
    """Round trips of one set-up (its number is their signal), one a day, with these results [R]."""
    return [
        RoundTrip(
            position_id=number,
            intent_id=number,
            signal_id=setup,
            symbol="EURUSD",
            side=1,
            lots=0.1,
            opened_ns=START_NS,
            closed_ns=START_NS + number * gap_ns,
            profit=100.0 * result,
            initial_risk=100.0,
        )
        for number, result in enumerate(results)
    ]


def lay_out_evidence(table: Table, found: list[RoundTrip], window: int) -> None:
    EvidenceLayout(window).follow(table, found, len(found), own)


def own(signal_id: int) -> int | None:
    return signal_id if signal_id < MAX_SETUPS else None


def evidence_of(found: list[RoundTrip], now_ns: int, setup: int = 1, window: int = 100) -> np.void:
    table = np.zeros(MAX_SETUPS, EVIDENCE_DTYPE)
    lay_out_evidence(table, found, window)
    refresh_evidence(table, setup, now_ns, RULES)
    row: np.void = table[setup]
    return row


def figures(row: np.void, *names: str) -> list[float]:
    return [float(row[name]) for name in names]


def test_nothing_yet_is_the_prior() -> None:
    row = evidence_of([], START_NS)
    assert figures(row, "trips", "win_rate", "win_r", "loss_r") == [0.0, 0.45, 2.0, 1.0]
    assert row["kelly_fraction"] == pytest.approx(0.0458, abs=1e-4)
    assert row["reopens_ns"] == 0


def test_set_ups_are_judged_by_their_own_record() -> None:
    table = np.zeros(MAX_SETUPS, EVIDENCE_DTYPE)
    both = trips([-1.0] * 40, setup=2) + trips([2.0] * 40, setup=3) + trips([-1.0] * 40, setup=99)
    lay_out_evidence(table, both, 100)
    for setup in range(MAX_SETUPS):
        refresh_evidence(table, setup, START_NS + 40 * DAY_NS, RULES)
    assert table["trips"].tolist() == [0, 0, 40, 40, 0, 0, 0, 0]
    assert table["kelly_fraction"][2] == -1.0
    assert table["kelly_fraction"][3] > 0.2


def test_what_has_no_known_risk_is_left_out() -> None:
    unknown = trips([math.nan, 1.0, math.nan, 2.0])
    assert evidence_of(unknown, START_NS + 4 * DAY_NS)["trips"] == 2.0
    assert proof_of(unknown, 50, 1.645)[0] == 2


def test_the_latest_round_trips_count() -> None:
    row = evidence_of(trips([-1.0] * 50 + [2.0] * 30, gap_ns=1), START_NS + 100, window=30)
    assert figures(row, "trips", "win_rate") == [30.0, 1.0]
    many = evidence_of(trips([1.0] * (MAX_TRIPS + 50), gap_ns=1), START_NS + 1000, window=MAX_TRIPS + 50)
    assert many["trips"] == MAX_TRIPS


def test_a_lost_edge_is_forgotten_in_time_and_says_when() -> None:
    # 35 losses, one a day: refused, until the sixth of them is 60 days old and fewer than 30 are left
    lost = trips([-1.0] * 35)
    table = np.zeros(MAX_SETUPS, EVIDENCE_DTYPE)
    lay_out_evidence(table, lost, 100)
    refresh_evidence(table, 1, START_NS + 35 * DAY_NS, RULES)
    assert table[1]["kelly_fraction"] == -1.0
    reopens_ns = int(table[1]["reopens_ns"])
    assert reopens_ns == START_NS + 5 * DAY_NS + AGE_NS
    refresh_evidence(table, 1, reopens_ns - 1, RULES)
    assert figures(table[1], "trips", "kelly_fraction") == [30.0, -1.0]
    refresh_evidence(table, 1, reopens_ns, RULES)
    assert figures(table[1], "trips", "kelly_fraction", "reopens_ns") == [29.0, 0.0025, 0.0]
    refresh_evidence(table, 1, START_NS + 100 * DAY_NS, RULES)
    assert table[1]["kelly_fraction"] == pytest.approx(0.0458, abs=1e-4)


@given(
    results=st.lists(st.floats(-2.0, 5.0), max_size=60),
    hours=st.lists(st.integers(0, 24 * 90), min_size=1, max_size=6),
    window=st.integers(10, 60),
)
@settings(max_examples=60)
def test_figures_are_those_of_the_round_trips_young_enough(results: list[float], hours: list[int], window: int) -> None:
    found = trips(results)
    table = np.zeros(MAX_SETUPS, EVIDENCE_DTYPE)
    lay_out_evidence(table, found, window)
    for hour in sorted(hours):
        now_ns = START_NS + (len(results) * 24 + hour) * 3_600_000_000_000
        refresh_evidence(table, 1, now_ns, RULES)
        young = [trip.r_multiple for trip in found[-window:] if trip.closed_ns > now_ns - AGE_NS]
        edge = edge_of(np.array(young), RULES)
        row = table[1]
        assert figures(row, "trips", "win_rate", "win_r", "loss_r") == list(edge[:4])
        assert row["kelly_fraction"] == allowed_fraction(edge, RULES)


@given(
    ended=st.lists(st.tuples(st.integers(0, 9), st.sampled_from([-1.0, math.nan, 2.0])), max_size=80),
    steps=st.lists(st.integers(0, 30), max_size=8),
    remembered=st.integers(5, 60),
    window=st.integers(1, 20),
)
@settings(max_examples=80)
def test_what_is_followed_step_by_step_is_what_stands_in_the_end(
    ended: list[tuple[int, float]], steps: list[int], remembered: int, window: int
) -> None:
    every = [trips([result], setup)[0] for setup, result in ended]
    every = [msgspec.structs.replace(trip, closed_ns=START_NS + place) for place, trip in enumerate(every)]
    layout, table, seen = EvidenceLayout(window), np.zeros(MAX_SETUPS, EVIDENCE_DTYPE), 0
    for step in [*steps, len(every)]:
        seen = min(len(every), seen + step)
        layout.follow(table, every[max(0, seen - remembered) : seen], seen, own)
    for setup, row in enumerate(table):
        wanted = [
            trip
            for trip in every[max(0, len(every) - remembered) :]
            if trip.signal_id == setup and not math.isnan(trip.r_multiple)
        ][-window:]
        assert row["count"] == len(wanted)
        assert row["closed_ns"][: len(wanted)].tolist() == [trip.closed_ns for trip in wanted]
        assert row["r_multiples"][: len(wanted)].tolist() == [trip.r_multiple for trip in wanted]


def test_a_run_is_proven_by_the_latest_round_trips() -> None:
    quantile = DEFAULTS.leverage.proof_quantile
    count, bound = proof_of(trips([-1.0] * 30 + [2.0, 2.0, -1.0] * 20), 50, quantile)
    assert count == 50
    assert 0.5 < bound < 1.0
    assert proof_of(trips([2.0, -1.0, -1.0] * 20), 50, quantile)[1] < 0.0


# -- in the engine -----------------------------------------------------------------------------------------------------

LOSER = [-1.0] * 30
EAGER = EngineSettings(
    timeframes=(Timeframe.M1,),
    entry=EntrySettings(score_threshold=0.4, max_spread_atr_fraction=1.0, atr_baseline_period=20),
    slippage_points={},
)


def _entries(engine: Engine, ticks: Table, results: list[float], closed_ns: int) -> Table:
    """Decisions on entries of an engine whose every signal has this record."""
    from account.events import EquityMarked
    from strategy.events import AccountChanged, Quotes

    for setup in range(MAX_SETUPS):
        signal = next(found for found, (_, _, own_setup) in engine._signals.items() if own_setup == setup)
        engine.account.round_trips.closed += [
            RoundTrip(
                position_id=0,
                intent_id=0,
                signal_id=signal,
                symbol="EURUSD",
                side=1,
                lots=0.1,
                opened_ns=1,
                closed_ns=closed_ns,
                profit=result,
                initial_risk=1.0,
            )
            for result in results
        ]
        engine.account.round_trips.ended += len(results)
    engine.on_event(AccountChanged([EquityMarked(time_ns=2, equity=10_000.0, balance=10_000.0, margin=0.0)]))
    engine.on_event(Quotes("EURUSD", ticks, 0))
    return engine.take_decisions()


@pytest.mark.parametrize(
    ("results", "days_ago", "verdict"),
    [
        ([], 1, Verdict.PASSED),
        (LOSER, 1, Verdict.REFUSED),
        (LOSER, 61, Verdict.PASSED),
        ([2.0] * 30, 1, Verdict.PASSED),
    ],
)
def test_entries_follow_the_record(
    results: list[float], days_ago: int, verdict: Verdict, make_engine: MakeEngine, ticks: Table
) -> None:
    first_ns = int(ticks["time_msc"][0]) * 1_000_000
    rows = _entries(make_engine(EAGER), ticks[:40_000], results, first_ns - days_ago * DAY_NS)
    scored = rows[np.isfinite(rows["score"])]
    assert len(scored) > 100
    assert set(scored["gates"][:, Gate.KELLY, 2]) == {verdict}
    if verdict == Verdict.REFUSED:
        assert not scored["action"].any()
        assert (scored["kelly_fraction"] == -1.0).all()
        assert (scored["kelly_reopens_ns"] == first_ns - days_ago * DAY_NS + AGE_NS).all()
        assert (scored["trips"] == 30.0).all()


def test_kelly_can_be_switched_off(make_engine: MakeEngine, ticks: Table) -> None:
    off = EngineSettings(
        timeframes=EAGER.timeframes, entry=EAGER.entry, slippage_points={}, kelly=KellySettings(enabled=False)
    )
    rows = _entries(make_engine(off), ticks[:20_000], LOSER, int(ticks["time_msc"][0]) * 1_000_000 - DAY_NS)
    scored = rows[np.isfinite(rows["score"])]
    assert set(scored["gates"][:, Gate.KELLY, 2]) == {Verdict.PASSED}
    assert np.isinf(scored["kelly_fraction"]).all()
