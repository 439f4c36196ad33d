"""Fault plans with a name, and fault plans in files."""

import json
import tomllib
from pathlib import Path
from typing import Final

from sim.faults.distributions import Fixed, Lognormal, Normal
from sim.faults.plan import (
    Acknowledgements,
    Connection,
    Execution,
    FaultPlan,
    Latency,
    News,
    Transactions,
    plan_in,
)
from sim.faults.problems import FaultPlanError

_TYPICAL: Final = FaultPlan(
    latency=Latency(
        to_server=Lognormal(shift=40.0, median=60.0, sigma=0.5),
        to_terminal=Lognormal(shift=20.0, median=20.0, sigma=0.5),
    ),
    execution=Execution(requote_rate=0.002, rejects={"REJECT": 0.002}, slippage_points=Normal(mean=0.3, sigma=1.0)),
    transactions=Transactions(duplicate_rate=0.005, reorder_rate=0.02, delay_ms=Fixed(value=150.0)),
    connection=Connection(outages_per_day=0.5, outage_s=Lognormal(shift=2.0, median=8.0, sigma=0.8)),
)
_ROUGH: Final = FaultPlan(
    latency=Latency(
        to_server=Lognormal(shift=80.0, median=250.0, sigma=1.0),
        to_terminal=Lognormal(shift=50.0, median=100.0, sigma=1.0),
    ),
    execution=Execution(
        requote_rate=0.05,
        rejects={"REJECT": 0.03, "PRICE_OFF": 0.03, "PRICE_CHANGED": 0.02, "TOO_MANY_REQUESTS": 0.01, "ERROR": 0.01},
        slippage_points=Normal(mean=2.0, sigma=5.0),
        partial_rate=0.1,
    ),
    acknowledgements=Acknowledgements(lost_rate=0.05, late_rate=0.1, late_ms=Lognormal(median=3_000.0, sigma=1.0)),
    transactions=Transactions(duplicate_rate=0.1, reorder_rate=0.2, delay_ms=Lognormal(median=800.0, sigma=0.8)),
    connection=Connection(outages_per_day=12.0, outage_s=Lognormal(shift=1.0, median=30.0, sigma=1.0)),
)
_NFP: Final = FaultPlan(
    latency=Latency(
        to_server=Lognormal(shift=60.0, median=140.0, sigma=0.8),
        to_terminal=Lognormal(shift=20.0, median=40.0, sigma=0.8),
    ),
    execution=Execution(requote_rate=0.02, rejects={"PRICE_OFF": 0.02}, slippage_points=Normal(mean=1.0, sigma=3.0)),
    news=News(fridays_at_0830_new_york=True),
)

PRESETS: Final[dict[str, FaultPlan]] = {"none": FaultPlan(), "typical": _TYPICAL, "rough": _ROUGH, "nfp": _NFP}
"""none: a perfect broker. typical: a good line to a good broker. rough: everything at once, for tests of robustness.
nfp: payrolls every Friday. Their figures are choices, not measurements, but for the spreads of nfp."""


def plan_named(name: str) -> FaultPlan:
    """The preset called `name`, or the plan in the file of that name (.toml or .json).

    Raises:
        FaultPlanError: where there is neither, or the file holds no plan.
    """
    if name in PRESETS:
        return PRESETS[name]
    file = Path(name)
    if not file.is_file():
        raise FaultPlanError("faults", f"is {name!r}; use {', '.join(PRESETS)} or a .toml or .json file with a plan")
    try:
        given = tomllib.loads(file.read_text()) if file.suffix == ".toml" else json.loads(file.read_text())
    except (ValueError, OSError) as problem:
        raise FaultPlanError(str(file), f"cannot be read: {problem}") from None
    return plan_in(given)
