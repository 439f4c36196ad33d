"""The figures of a search from a compiled run, without the deals and intents that nobody will look at.

They are those of `backtest.search.figures` for the same run through `exact`, to the bit.
"""

import math
from collections.abc import Iterator

import numpy as np

from backtest.compiled.outcome import curve_of, money_of, played
from backtest.compiled.preparing import NotCompiled, Prepared, Shared, prepared
from backtest.curve import Floats
from backtest.job import Job
from backtest.search.figures import Figures, figures_from
from domain.trading import DealEntry

_IN = int(DealEntry.IN)


def swift_figures(job: Job, shared: Shared) -> Figures | None:
    """Figures of `job`, run compiled; None where only `exact` can run it.

    Raises:
        SymbolSpecError: for a symbol that cannot be priced.
    """
    ready = prepared(job, keep_acts=False, count_gates=False, shared=shared)
    if isinstance(ready, NotCompiled) or played(ready) is not None:
        return None
    profits, risks = _trips_of(ready)
    return figures_from(curve_of(ready), job.clock, profits, risks, money_of(ready).equity)


def _trips_of(ready: Prepared) -> tuple[Floats, Floats]:
    """Profit and initial risk of each position, in the order of their opening [account money]."""
    changes: dict[int, list[float]] = {}
    risks: dict[int, list[float]] = {}
    for position_id, entry, change, risk in _told(ready):
        changes.setdefault(position_id, []).append(change)
        if entry == _IN:
            risks.setdefault(position_id, []).append(risk)
    profits = np.array([math.fsum(one) for one in changes.values()], np.float64)
    return profits, np.array([math.fsum(risks[position_id]) for position_id in changes], np.float64)


def _told(ready: Prepared) -> Iterator[tuple[int, int, float, float]]:
    """Of each deal its position, its kind, what it changes in the balance, and the risk of an entry."""
    deals = ready.run.trail.deals[: ready.run.progress[0]["deals"]]
    change = deals["profit"] + deals["swap"] + deals["commission"]
    columns = (deals["position_id"], deals["entry"], change, deals["initial_risk"])
    return zip(*(column.tolist() for column in columns), strict=True)
