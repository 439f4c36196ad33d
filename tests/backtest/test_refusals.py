"""Counts of refusals against a plain count over the records."""

from collections import Counter

import numpy as np

from backtest.exact import Outcome
from backtest.refusals import Refusals
from strategy.gates import NO_GATE, Action, DecisionKind, Gate, Verdict


def test_a_plain_count_says_the_same(outcome: Outcome) -> None:
    verdicts: Counter[tuple[int, Verdict]] = Counter()
    alone: Counter[int] = Counter()
    first: Counter[int] = Counter()
    bars = 0
    for row in outcome.decisions:
        if row["kind"] != DecisionKind.ENTRY:
            continue
        bars += 1
        told = {gate: Verdict(int(row["gates"][gate][2])) for gate in Gate}
        verdicts.update(told.items())
        stands = [gate for gate, verdict in told.items() if verdict in (Verdict.REFUSED, Verdict.UNKNOWN)]
        if len(stands) == 1:
            alone[stands[0]] += 1
        if row["decided_by"] != NO_GATE:
            first[int(row["decided_by"])] += 1
    found = outcome.refusals
    assert found.bars == bars
    for gate, tally in zip(Gate, found.tallies(), strict=True):
        assert tally.gate == gate.name.lower()
        assert tally.asked == bars - verdicts[gate, Verdict.ABSENT]
        assert tally.refused == verdicts[gate, Verdict.REFUSED]
        assert tally.unknown == verdicts[gate, Verdict.UNKNOWN]
        assert tally.alone == alone[gate]
        assert tally.first == first[gate]


def test_each_bar_has_an_entry_or_a_first_refusal(outcome: Outcome) -> None:
    entries = outcome.decisions[outcome.decisions["kind"] == DecisionKind.ENTRY]
    assert outcome.refusals.entries == np.isin(entries["action"], (Action.BUY, Action.SELL)).sum() > 0
    assert sum(tally.first for tally in outcome.refusals.tallies()) + outcome.refusals.entries == outcome.refusals.bars


def test_parts_add_up(outcome: Outcome) -> None:
    whole, parts = Refusals(), Refusals()
    whole.take(outcome.decisions)
    for part in np.array_split(np.arange(len(outcome.decisions)), 7):
        parts.take(outcome.decisions[part[0] : part[-1] + 1])
    assert parts.tallies() == whole.tallies() == outcome.refusals.tallies()
    assert parts.episodes.tobytes() == whole.episodes.tobytes() == outcome.refusals.episodes.tobytes()
    assert (parts.bars, parts.entries) == (whole.bars, whole.entries)


def test_nothing_decided_is_nothing_counted(outcome: Outcome) -> None:
    none = Refusals()
    none.take(outcome.decisions[:0])
    assert none.bars == none.entries == 0
    assert all(tally.asked == 0 for tally in none.tallies())
    assert not len(none.episodes)


def test_a_run_of_the_same_refusal_is_one_episode(outcome: Outcome) -> None:
    """Entry by entry in plain Python: what went on at the bar before is no new episode."""
    expected: list[tuple[float, ...]] = []
    before: dict[tuple[int, int], tuple[tuple[int, int] | None, int, int]] = {}
    for row in outcome.decisions:
        if row["kind"] != DecisionKind.ENTRY:
            continue
        standing = [gate for gate in Gate if row["gates"][gate][2] in (Verdict.REFUSED, Verdict.UNKNOWN)]
        has_levels = abs(row["score"]) > 0.0 and row["sl"] > 0.0 and row["tp"] > 0.0
        chart, side = (int(row["symbol"]), int(row["timeframe"])), (int(row["side"]), int(row["setup"]))
        alone = int(standing[0]) if has_levels and len(standing) == 1 else NO_GATE
        first = int(standing[0]) if has_levels and standing else NO_GATE
        last_side, last_alone, last_first = before.get(chart, (None, NO_GATE, NO_GATE))
        before[chart] = side, alone, first
        goes_on = last_side == side
        begun = (
            NO_GATE if goes_on and last_alone == alone else alone,
            NO_GATE if goes_on and last_first == first else first,
        )
        if row["action"] != Action.HOLD or begun != (NO_GATE, NO_GATE):
            expected.append((int(row["time_ns"]), *chart, *begun, row["sl"].item()))
    names = ["time_ns", "symbol", "timeframe", "alone", "first", "sl"]
    found = [tuple(row[name].item() for name in names) for row in outcome.refusals.episodes]
    assert found == expected
    firsts = sum(tally.first for tally in outcome.refusals.tallies())
    assert 0 < sum(row[4] != NO_GATE for row in found) < firsts / 2, "most refusals go on from the bar before"
