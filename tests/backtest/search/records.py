"""Records of searches that nobody has run: a grid of settings with made-up results, and a walk over four tests."""

import math

import numpy as np

from backtest.facts import Changed, Origin, QuoteFacts, RunFacts
from backtest.folds import NS_PER_DAY, Cut, Fold
from backtest.monte_carlo import TripChange, monte_carlo
from backtest.search.ledger import Result
from backtest.search.record import SearchRecord, Walked, _judged
from backtest.search.space import Axis, Point, grid
from backtest.search.sweep import Aim, judgment
from backtest.search.walkforward import Step, WalkForward, figures_of_returns

AXES = (Axis("entry.stop_atr", (1.0, 1.5, 2.0)), Axis("model", ("confluence", "donchian")), Axis("care.a", (1.0, 2.0)))
AIM = Aim("sharpe", 30)
FIRST_DAY = 18_262
DAYS = tuple(day for day in range(FIRST_DAY, FIRST_DAY + 500) if day % 7 not in {2, 3})


def facts() -> RunFacts:
    quotes = QuoteFacts(
        symbol="EUR<USD>",
        ticks=5,
        first_ns=DAYS[0] * NS_PER_DAY,
        last_ns=DAYS[-1] * NS_PER_DAY,
        made_of_bars=True,
        digits=5,
        contract_size=1e5,
        swap_long=0.0,
        swap_short=0.0,
    )
    return RunFacts(
        origin=Origin(version="1.0", quotes=("a.csv",)),
        server="demo",
        deposit=1e4,
        currency="USD",
        leverage=500.0,
        margin_mode="retail hedging",
        clock="UTC",
        model="confluence",
        quotes=(quotes,),
        changed=(Changed("entry.x", "1.0", "2.0"),),
    )


def a_result(point: Point, seed: int, days: int = len(DAYS), drift: float = 0.0005, first: int = FIRST_DAY) -> Result:
    returns = np.random.default_rng(seed).normal(drift, 0.006, size=days)
    figures = {
        "sharpe": float(returns.mean() / returns.std(ddof=1) * math.sqrt(252)),
        "total_return": float(np.prod(1.0 + returns) - 1.0),
        "round_trips": 25.0 + seed * 3,
        "drawdown": 0.08,
    }
    return Result(point=point, figures=figures, returns=returns.astype("<f8").tobytes(), first_day=first)


def a_grid() -> tuple[Result, ...]:
    """One of them is no settings, and some make too few round trips to count."""
    found = [a_result(point, seed) for seed, point in enumerate(grid(AXES))]
    found[3] = Result(point=found[3].point, refused="entry.min_reward_to_risk: cannot be")
    return tuple(found)


def a_sweep(kind: str = "sweep") -> SearchRecord:
    results = a_grid()
    found = judgment(results, AIM, AXES if kind == "sweep" else None)
    tried = () if kind == "sweep" else tuple(result.point for result in results)
    return SearchRecord(
        kind=kind, facts=facts(), charts=("H1",), aim=AIM, axes=AXES, days=DAYS, tried=tried, judged=_judged(found)
    )


def a_walk() -> SearchRecord:
    """Four tests of 60 days; in the second training nothing counted."""
    points, steps = list(grid(AXES)), []
    for number in range(4):
        first = DAYS[100 + 60 * number]
        test = (first * NS_PER_DAY, (DAYS[159 + 60 * number] + 1) * NS_PER_DAY)
        fold = Fold((first - 100) * NS_PER_DAY, (first - 5) * NS_PER_DAY, *test)
        if number == 1:
            steps.append(Step(fold, None, None))
            continue
        chosen, tested = a_result(points[number], number, 60), a_result(points[number], 20 + number, 60, first=first)
        trips = tuple(TripChange(0.004 if place % 2 else -0.003, 0.0005) for place in range(9))
        steps.append(Step(fold, chosen, tested, trips))
    returns = [np.frombuffer(step.tested.returns, "<f8") for step in steps if step.tested is not None]
    found = WalkForward(tuple(steps), len(points), figures_of_returns(np.concatenate(returns)), 0.3)
    walked = Walked(cut=Cut(100.0, 84.0, 5.0), found=found, odds=monte_carlo(found.trips, 0.15, 50))
    return SearchRecord(kind="walkforward", facts=facts(), charts=("H1",), aim=AIM, axes=AXES, days=DAYS, walked=walked)
