"""Each doubt is told where there is reason for it, and nowhere else."""

import msgspec
import pytest

from backtest.cautions import cautions_of
from backtest.exact import Outcome
from backtest.facts import Origin, QuoteFacts, ReadNote
from backtest.report import Report, report_of

HOUR_NS = 3_600_000_000_000


@pytest.fixture(scope="module")
def sound(outcome: Outcome) -> Report:
    """A report that leaves no doubt."""
    found = report_of(outcome)
    quotes = QuoteFacts(
        symbol="EURUSD",
        ticks=9,
        first_ns=0,
        last_ns=10_000 * HOUR_NS,
        made_of_bars=False,
        digits=5,
        contract_size=1e5,
        swap_long=-7.0,
        swap_short=1.0,
    )
    return msgspec.structs.replace(
        found,
        daily=found.daily._replace(sharpe=2.0, sharpe_error=0.5),
        trips=found.trips._replace(number=200, profit=900.0, best=100.0),
        gates=tuple(one._replace(refused=0) for one in found.gates),
        facts=msgspec.structs.replace(found.facts, quotes=(quotes,), events=12),
    )


def test_a_sound_run_leaves_no_doubt(sound: Report) -> None:
    assert cautions_of(sound) == ()


def with_quotes(report: Report, **changes: float) -> Report:
    quotes = tuple(msgspec.structs.replace(one, **changes) for one in report.facts.quotes)
    return msgspec.structs.replace(report, facts=msgspec.structs.replace(report.facts, quotes=quotes))


def with_trips(report: Report, number: int = 200, profit: float = 900.0, best: float = 100.0) -> Report:
    trips = report.trips._replace(number=number, profit=profit, best=best)
    return msgspec.structs.replace(report, trips=trips)


def test_a_strategy_that_the_guard_stopped(sound: Report) -> None:
    gates = tuple(one._replace(refused=sound.bars // 2 if one.gate == "drawdown" else 0) for one in sound.gates)
    (told,) = cautions_of(msgspec.structs.replace(sound, gates=gates))
    assert told.startswith("the drawdown guard stood in the way on 50%")


def test_each_doubt(sound: Report) -> None:
    unsure = msgspec.structs.replace(sound, daily=sound.daily._replace(sharpe=0.9))
    deaf = msgspec.structs.replace(sound, facts=msgspec.structs.replace(sound.facts, events=None))
    idle = msgspec.structs.replace(sound, facts=msgspec.structs.replace(sound.facts, events=0))
    cases = {
        "29 round trips are too few": with_trips(sound, number=29),
        "luck alone could have shown it": unsure,
        "one round trip made 67% of the whole profit": with_trips(sound, best=600.0),
        "no quotes in 24 hours": with_quotes(sound, missing_h=24, longest_hole_h=24),
        "no quotes in 101 hours": with_quotes(sound, missing_h=101, longest_hole_h=1),
        "nobody told of news": deaf,
        "the calendar has no event": idle,
        "swap was taken as 0": with_quotes(sound, swap_long=0.0, swap_short=0.0),
        "quotes are made of bars": with_quotes(sound, made_of_bars=True),
    }
    for words, report in cases.items():
        (told,) = cautions_of(report)
        assert words in told


def test_small_holes_and_losses_are_no_doubt(sound: Report) -> None:
    assert cautions_of(with_quotes(sound, missing_h=90, longest_hole_h=20)) == ()
    assert cautions_of(with_trips(sound, profit=-900.0)) == (), "a loss needs no warning"


def test_what_reading_the_files_took_is_told(sound: Report) -> None:
    notes = (
        ReadNote(file="a.csv", kind="duplicates", rows=2, detail="left out", repaired=True),
        ReadNote(file="a.csv", kind="garbage volume", rows=1300, detail="set to 0", repaired=True),
        ReadNote(file="b.csv", kind="missing column", rows=0, detail="spread: every bar gets 0 points", repaired=False),
    )
    facts = msgspec.structs.replace(sound.facts, origin=Origin(notes=notes))
    taken, repaired = cautions_of(msgspec.structs.replace(sound, facts=facts))
    assert taken == "b.csv: spread: every bar gets 0 points"
    assert repaired == (
        "a.csv: 1,302 rows were repaired or left out (duplicates 2, garbage volume 1,300); "
        "`companion data check` tells which"
    )
