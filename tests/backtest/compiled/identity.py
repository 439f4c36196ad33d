"""What makes a compiled run the same as an exact one."""

from backtest.compiled.outcome import run_compiled
from backtest.compiled.preparing import NotCompiled
from backtest.exact import Outcome, run_exact
from backtest.job import Job
from strategy.tables import DECISION_DTYPE


def same(job: Job) -> Outcome:
    """Run `job` both ways and compare everything there is; the exact outcome."""
    swift, exact = run_compiled(job, keep_decisions=True), run_exact(job, keep_decisions=True)
    assert not isinstance(swift, NotCompiled), swift.reason
    for row, (ours, theirs) in enumerate(zip(swift.decisions, exact.decisions, strict=False)):
        if ours.tobytes() != theirs.tobytes():
            names = [name for name in DECISION_DTYPE.names or () if ours[name].tobytes() != theirs[name].tobytes()]
            differing = {name: (ours[name], theirs[name]) for name in names}
            raise AssertionError(f"decision {row} differs: {differing}")
    assert len(swift.decisions) == len(exact.decisions)
    assert swift.deals == exact.deals
    assert swift.intents == exact.intents
    assert swift.money == exact.money
    assert swift.acted.tobytes() == exact.acted.tobytes()
    assert (swift.ticks, swift.refusals.bars, swift.refusals.entries) == (
        exact.ticks,
        exact.refusals.bars,
        exact.refusals.entries,
    )
    assert swift.refusals.episodes.tobytes() == exact.refusals.episodes.tobytes()
    assert swift.refusals.tallies() == exact.refusals.tallies()
    assert all(ours.tobytes() == theirs.tobytes() for ours, theirs in zip(swift.curve, exact.curve, strict=True))
    assert repr(swift.trips) == repr(exact.trips)  # NaN is not equal to itself
    return exact
