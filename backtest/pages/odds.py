"""What luck could have made of round trips: a table, and ranges to look at."""

from backtest.monte_carlo import MonteCarlo, Odds, Quantiles
from backtest.pages.content import Chart, Column, Figure, Table
from backtest.pages.wording import percent, signed_percent


def odds_parts(found: MonteCarlo | None) -> tuple[Chart | Table, ...]:
    """Both; nothing where there were too few round trips."""
    if found is None:
        return ()
    ways = _ways(found)
    chart = Chart(
        "odds",
        "What luck could have made of it",
        f"Returns and deepest falls of {found.trials:,} trials for each way, with the same {found.round_trips:,} round "
        "trips: thin lines hold 90 of 100 trials, thick ones half of them, the dot is the median.",
        _ranges(ways),
        90 + 46 * len(ways),
        is_wide=True,
    )
    return chart, _table(found, ways)


def _ways(found: MonteCarlo) -> list[tuple[str, Odds]]:
    dearer = [(f"drawn anew, costs x {one.factor:g}", one.odds) for one in found.dearer]
    return [("in another order", found.other_orders), ("drawn anew", found.drawn_anew), *dearer]


def _table(found: MonteCarlo, ways: list[tuple[str, Odds]]) -> Table:
    columns = (
        Column("way", is_number=False),
        Column("return: 5 %", signed=True),
        Column("median", signed=True),
        Column("95 %", signed=True),
        *map(Column, ("ends with a loss", "deepest fall: median", "95 %", f"falls {percent(found.halt_fraction, 0)}")),
    )
    words = (
        f"In their own order the balance fell {percent(found.drawdown)}; {percent(found.luckier, 0)} of other orders "
        "fell less. Falls are of the balance, after round trips; sizes follow the account."
    )
    return Table("Odds of the same round trips", columns, tuple(_row(name, odds) for name, odds in ways), words)


def _row(name: str, odds: Odds) -> tuple[str, ...]:
    ends, falls = odds.total_return, odds.drawdown
    return (
        name,
        *(signed_percent(end) for end in (ends.p05, ends.p50, ends.p95)),
        percent(odds.loses, 0),
        percent(falls.p50),
        percent(falls.p95),
        percent(odds.halts, 0),
    )


def _ranges(ways: list[tuple[str, Odds]]) -> Figure:
    names = [name for name, _ in ways]
    returns = [odds.total_return for _, odds in ways]
    falls = [_below(odds.drawdown) for _, odds in ways]
    data = [*_spans(names, returns, "@accent", "return"), *_spans(names, falls, "@down", "deepest fall")]
    layout = {
        "xaxis": {"tickformat": "+.0%", "zeroline": True},
        "yaxis": {"autorange": "reversed", "automargin": True, "ticklabelstandoff": 6},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }
    return {"data": data, "layout": layout}


def _below(falls: Quantiles) -> Quantiles:
    """Falls as returns: to the left of 0."""
    return Quantiles(p05=-falls.p95, p25=-falls.p75, p50=-falls.p50, p75=-falls.p25, p95=-falls.p05)


def _spans(names: list[str], found: list[Quantiles], color: str, label: str) -> list[Figure]:
    def line(ends: list[tuple[float, float]], width: int) -> Figure:
        x = [value for first, last in ends for value in (first, last, None)]
        y = [value for name in names for value in (name, name, None)]
        style = {"color": color, "width": width}
        return {
            "type": "scatter", "mode": "lines", "x": x, "y": y, "line": style, "hoverinfo": "skip", "showlegend": False,
        }  # fmt: skip

    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [one.p50 for one in found],
        "y": names,
        "name": label,
        "marker": {"color": color, "size": 12, "line": {"color": "@panel", "width": 2}},
        "text": [f"{percent(one.p05)} to {percent(one.p95)}" for one in found],
        "hovertemplate": f"{label}: median %{{x:.1%}}, 90 of 100 within %{{text}}<extra></extra>",
    }
    return [line([(one.p05, one.p95) for one in found], 2), line([(one.p25, one.p75) for one in found], 8), dots]
