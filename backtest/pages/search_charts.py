"""Charts of searches: equity of chosen settings, what each value of an axis came to, luck, halvings."""

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np

from backtest.curve import Floats
from backtest.pages.content import Chart, Column, Figure, Table
from backtest.pages.thinning import packed
from backtest.pages.wording import number, percent
from backtest.recorded import DailyReturns
from backtest.returns import DAYS_A_YEAR
from backtest.search.ledger import Result
from backtest.search.record import Judged
from backtest.search.space import Axis, Value
from backtest.search.sweep import Aim, value_of

_MOST_PAIRS: Final = 6
_MOST_DOTS: Final = 2000
_MS_PER_DAY: Final = 86_400_000.0


def growth_chart(daily: DailyReturns, title: str, told: str, marks: Sequence[int] = ()) -> Chart:
    """What 1 became of `daily`, and how far below its highest it was; `marks` are places where a part begins."""
    equity = np.concatenate(([1.0], np.cumprod(1.0 + daily.returns)))
    days = daily.day.astype(np.int64)
    first = days[:1] - 1 if days.size else np.zeros(0, np.int64)
    time = packed(np.concatenate((first, days)) * _MS_PER_DAY)
    under = equity / np.maximum.accumulate(equity) - 1.0
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": time,
            "y": packed(equity - 1.0),
            "name": "return",
            "line": {"color": "@accent", "width": 1.6},
            "hovertemplate": "%{y:+.2%}<extra>return</extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": time,
            "y": packed(under),
            "name": "under water",
            "yaxis": "y2",
            "fill": "tozeroy",
            "fillcolor": "@downsoft",
            "line": {"color": "@down", "width": 1},
            "hovertemplate": "%{y:.2%}<extra>under water</extra>",
        },
    ]
    layout = {
        "xaxis": {"type": "date", "anchor": "y2"},
        "yaxis": {"domain": [0.3, 1.0], "tickformat": "+.0%", "zeroline": True},
        "yaxis2": {"domain": [0.0, 0.24], "tickformat": ".0%"},
        "hovermode": "x unified",
        "showlegend": False,
        "shapes": [_boundary(float(days[place] * _MS_PER_DAY)) for place in marks if 0 < place < days.size],
    }
    return Chart("growth", title, told, {"data": data, "layout": layout}, 420, is_wide=True)


def _boundary(time_ms: float) -> Figure:
    line = {"color": "@muted", "width": 1, "dash": "dot"}
    return {"type": "line", "x0": time_ms, "x1": time_ms, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def heat_maps(axes: Sequence[Axis], results: Sequence[Result], aim: Aim) -> tuple[Chart | Table, ...]:
    """For each two axes of a grid what they came to on average over the others, as a picture and as numbers."""
    shape = tuple(len(axis.values) for axis in axes)
    values = np.array([value_of(result, aim) for result in results], np.float64).reshape(shape)
    values[~np.isfinite(values)] = np.nan
    pairs = [pair for pair in combinations(range(len(axes)), 2) if min(shape[place] for place in pair) > 1]
    found: list[Chart | Table] = []
    for down, across in pairs[:_MOST_PAIRS]:
        means = _means(values, tuple(place for place in range(len(axes)) if place not in {down, across}))
        found += [_heat_chart(axes[down], axes[across], means, aim), _heat_table(axes[down], axes[across], means, aim)]
    return tuple(found)


def _means(values: Floats, others: tuple[int, ...]) -> Floats:
    """Means over the axes `others`, NaN where nothing counted."""
    counted = np.isfinite(values)
    sums = np.where(counted, values, 0.0).sum(axis=others)
    numbers = counted.sum(axis=others)
    return np.where(numbers > 0, sums / np.maximum(numbers, 1), np.nan)


def shown_value(value: Value) -> str:
    """A value of an axis."""
    return value if isinstance(value, str) else f"{value:g}"


def _heat_chart(down: Axis, across: Axis, means: Floats, aim: Aim) -> Chart:
    best = np.unravel_index(int(np.nanargmax(means)), means.shape) if np.isfinite(means).any() else None
    place = (
        ""
        if best is None
        else f" Highest at {down.name} {shown_value(down.values[best[0]])} with {across.name} "
        f"{shown_value(across.values[best[1]])}: {number(float(means[best]), '.2f')}."
    )
    cells = [[None if math.isnan(one) else one for one in row] for row in means.tolist()]
    trace = {
        "type": "heatmap",
        "z": cells,
        "x": [shown_value(value) for value in across.values],
        "y": [shown_value(value) for value in down.values],
        **_colors(means),
        "hovertemplate": f"{down.name} %{{y}}<br>{across.name} %{{x}}<br>{aim.objective} %{{z:.2f}}<extra></extra>",
        "colorbar": {"thickness": 12, "outlinewidth": 0},
        "xgap": 1,
        "ygap": 1,
    }
    layout = {
        "xaxis": {"type": "category", "title": {"text": across.name}},
        "yaxis": {"type": "category", "title": {"text": down.name}},
    }
    told = f"{aim.objective}, on average over whatever else was varied; a plateau is worth more than a peak.{place}"
    name = f"heat-{down.name}-{across.name}"
    return Chart(name, f"{down.name} and {across.name}", told, {"data": [trace], "layout": layout}, 360)


def _colors(means: Floats) -> Figure:
    """From losses to gains with nothing at 0; where all have one sign, from the least to the most."""
    known = means[np.isfinite(means)]
    if known.size and float(known.min()) >= 0.0:
        return {"colorscale": [[0, "@panel"], [1, "@up"]]}
    if known.size and float(known.max()) <= 0.0:
        return {"colorscale": [[0, "@down"], [1, "@panel"]]}
    return {"colorscale": [[0, "@down"], [0.5, "@panel"], [1, "@up"]], "zmid": 0}


def _heat_table(down: Axis, across: Axis, means: Floats, aim: Aim) -> Table:
    strongest = float(np.nanmax(np.abs(means))) if np.isfinite(means).any() else 0.0
    heat = means / strongest if strongest > 0.0 else np.full_like(means, np.nan)
    columns = (
        Column(f"{down.name} \\ {across.name}", is_number=False),
        *(Column(shown_value(value)) for value in across.values),
    )
    rows = tuple(
        (shown_value(value), *(number(one, ".2f") for one in row))
        for value, row in zip(down.values, means.tolist(), strict=True)
    )
    title = f"{aim.objective} by {down.name} and {across.name}"
    return Table(title, columns, rows, heat=tuple(map(tuple, heat.tolist())), is_folded=True)


def axis_tables(axes: Sequence[Axis], results: Sequence[Result], aim: Aim) -> tuple[Table, ...]:
    """What each value of each axis came to, over all that was tried with it."""
    return tuple(_axis_table(axis, place, results, aim) for place, axis in enumerate(axes))


def _axis_table(axis: Axis, place: int, results: Sequence[Result], aim: Aim) -> Table:
    rows = []
    for value in axis.values:
        own = [value_of(result, aim) for result in results if result.point[place][1] == value]
        counted = [one for one in own if math.isfinite(one)]
        if not own:
            continue
        figures = (
            [sum(counted) / len(counted), min(counted), max(counted)] if counted else [math.nan, math.nan, math.nan]
        )
        rows.append(
            (shown_value(value), f"{len(own):,}", f"{len(counted):,}", *(number(one, ".2f") for one in figures))
        )
    columns = (Column(axis.name, is_number=False), *map(Column, ("tried", "counted", "mean", "worst", "best")))
    return Table(f"{aim.objective} by {axis.name}", columns, tuple(rows), is_folded=len(rows) > _FOLDED_FROM)


_FOLDED_FROM: Final = 12


def trials_chart(results: Sequence[Result], judged: Judged) -> Chart | None:
    """How the Sharpe ratios of all trials lie, and where luck alone would have brought the best; None for one trial."""
    ratios = np.array([result.figures["sharpe"] for result in results if "sharpe" in result.figures])
    if ratios.size < 2:  # noqa: PLR2004 - one has no distribution
        return None
    counts, edges = np.histogram(ratios, min(40, max(8, int(math.sqrt(ratios.size)))))
    bars = {
        "type": "bar",
        "x": packed((edges[:-1] + edges[1:]) / 2.0),
        "y": packed(counts),
        "marker": {"color": "@accent"},
        "hovertemplate": "Sharpe %{x:.2f}: %{y} settings<extra></extra>",
    }
    best = judged.best.figures.get("sharpe", math.nan)
    lines = [(judged.luck, "@warn"), (best, "@up")]
    layout = {
        "xaxis": {"title": {"text": "Sharpe ratio"}},
        "yaxis": {"title": {"text": "settings"}},
        "bargap": 0.05,
        "shapes": [_upright(place, color) for place, color in lines if math.isfinite(place)],
    }
    told = (
        f"Sharpe ratios of {ratios.size:,} settings. The best, {number(best, '.2f')}, is the solid line; the dotted "
        f"one, {number(judged.luck, '.2f')}, is what the best of as many without any skill would show."
    )
    return Chart("trials", "All trials, and luck", told, {"data": [bars], "layout": layout}, 320)


def _upright(place: float, color: str) -> Figure:
    line = {"color": color, "width": 2, "dash": "dot" if color == "@warn" else "solid"}
    return {"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def halvings_chart(judged: Judged) -> Chart | None:
    """The best of one half of the history in the other half; None where the history could not be halved."""
    found = judged.overfitting
    if found is None:
        return None
    step = -(-len(found.in_sample) // _MOST_DOTS)
    year = math.sqrt(DAYS_A_YEAR)
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": packed(np.array(found.in_sample[::step]) * year),
        "y": packed(np.array(found.out_of_sample[::step]) * year),
        "marker": {"color": "@accent", "size": 4, "opacity": 0.35},
        "hovertemplate": "chosen at %{x:.2f}, then %{y:.2f}<extra></extra>",
    }
    layout = {
        "xaxis": {"title": {"text": "Sharpe ratio where it was chosen"}},
        "yaxis": {"title": {"text": "in the other half"}, "zeroline": True},
    }
    told = (
        f"Each dot is a way to halve the history: the Sharpe ratio of the best of one half, there and in the other "
        f"half. In {percent(found.probability, 0)} of them it is not above the median of the other half, in "
        f"{percent(found.loss_probability, 0)} it loses there."
    )
    return Chart("halvings", "The best of one half in the other", told, {"data": [dots], "layout": layout}, 320)


def folds_chart(names: Sequence[str], trained: Sequence[float], tested: Sequence[float]) -> Chart:
    """Sharpe ratios of each step, in training and in its test."""
    data = [
        {
            "type": "bar",
            "x": list(names),
            "y": [None if math.isnan(one) else one for one in values],
            "name": name,
            "marker": {"color": color},
            "hovertemplate": f"%{{x}}: %{{y:.2f}}<extra>{name}</extra>",
        }
        for name, values, color in (("in training", trained, "@muted"), ("in its test", tested, "@accent"))
    ]
    known = [one for one in tested if not math.isnan(one)]
    above = sum(1 for one in known if one > 0.0)
    layout = {
        "barmode": "group",
        "xaxis": {"type": "category"},
        "yaxis": {"title": {"text": "Sharpe ratio"}, "zeroline": True},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }
    told = (
        f"The Sharpe ratio of the chosen settings, in training and in the test behind it: above 0 in {above} of "
        f"{len(known)} tests."
    )
    return Chart("folds", "Chosen, and then", told, {"data": data, "layout": layout}, 320, is_wide=True)
