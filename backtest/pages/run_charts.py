"""A backtest's charts, as plotly.js takes them; colors are names that the page gives its own to."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from backtest.curve import Floats
from backtest.falls import Fall
from backtest.groups import Group
from backtest.pages.content import Chart, Figure
from backtest.pages.thinning import kept_places, milliseconds, packed
from backtest.pages.wording import day, number, percent, signed_money, signed_percent
from backtest.recorded import DailyReturns, Recorded
from backtest.report import Report
from backtest.returns import DAYS_A_YEAR
from backtest.trips import Trip

_ROLLING_DAYS: Final = 126
_MOST_DOTS: Final = 3000
_MOST_BINS: Final = 60
_FEWEST_BINS: Final = 20
_HALF: Final = 320
_FEWEST: Final = 5
_NS_PER_H: Final = 3_600_000_000_000
_NICE: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


def equity_chart(recorded: Recorded) -> Chart:
    """Equity and balance over time, and below it how far under the highest equity."""
    curve, report = recorded.curve, recorded.report
    peaks = np.maximum.accumulate(curve.equity)
    under = curve.equity / peaks - 1.0
    places = np.union1d(kept_places(curve.equity), kept_places(under))
    time = milliseconds(curve.time_ns[places])
    data = [
        _line(time, curve.balance[places], "balance", "@muted", width=1, shape="hv"),
        _line(time, curve.equity[places], "equity", "@accent", width=1.6),
        {
            **_line(time, under[places], "under water", "@down", width=1),
            "yaxis": "y2",
            "fill": "tozeroy",
            "fillcolor": "@downsoft",
            "hovertemplate": "%{y:.2%}<extra>under water</extra>",
            "showlegend": False,
        },
    ]
    layout = {
        "xaxis": {"type": "date", "anchor": "y2"},
        "yaxis": {"domain": [0.3, 1.0], "title": {"text": report.currency}, "tickformat": ",.0f"},
        "yaxis2": {"domain": [0.0, 0.24], "tickformat": ".0%", "rangemode": "tozero"},
        "hovermode": "x unified",
        "shapes": [_shade(report.falls.deepest, report.end_ns)] if report.falls.deepest else [],
        "legend": {"orientation": "h", "y": 1.08, "x": 0},
    }
    return Chart(
        "equity", "Equity and falls", _equity_told(report), _figure(data, layout), 480, is_wide=True, can_be_log=True
    )


def _equity_told(report: Report) -> str:
    deepest = report.falls.deepest
    fall = (
        "It never fell."
        if deepest is None
        else f"Its deepest fall, shaded, was {percent(deepest.fraction)}, from {day(deepest.peak_ns)} to its bottom on "
        f"{day(deepest.bottom_ns)}."
    )
    return (
        f"Equity went from {number(report.deposit)} to {number(report.equity)} {report.currency} between "
        f"{day(report.start_ns)} and {day(report.end_ns)}. {fall}"
    )


def _shade(fall: Fall, end_ns: int) -> Figure:
    until_ns = fall.recovered_ns or end_ns
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": fall.peak_ns / 1e6,
        "x1": until_ns / 1e6,
        "y0": 0,
        "y1": 1,
        "fillcolor": "@downsoft",
        "opacity": 0.35,
        "line": {"width": 0},
        "layer": "below",
    }


def _line(
    time: dict[str, str], values: Floats, name: str, color: str, *, width: float, shape: str = "linear"
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": time,
        "y": packed(values),
        "name": name,
        "line": {"color": color, "width": width, "shape": shape},
        "hovertemplate": f"%{{y:,.2f}}<extra>{name}</extra>",
    }


def _figure(data: Sequence[Figure], layout: Figure) -> Figure:
    return {"data": list(data), "layout": layout}


def rolling_sharpe(daily: DailyReturns) -> Chart | None:
    """The Sharpe ratio of the half year before each day; None for less than a year of days."""
    returns, count = daily.returns, daily.returns.size
    if count < 2 * _ROLLING_DAYS:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(returns, _ROLLING_DAYS)
    spread = windows.std(axis=1, ddof=1)
    ratio = np.full(spread.size, np.nan)
    np.divide(windows.mean(axis=1) * math.sqrt(DAYS_A_YEAR), spread, out=ratio, where=spread > 0.0)
    days = daily.day[_ROLLING_DAYS - 1 :].astype("datetime64[ns]").astype(np.int64)
    defined = ratio[np.isfinite(ratio)]
    below = float(np.mean(defined < 0.0)) if defined.size else math.nan
    told = (
        f"The Sharpe ratio of the {_ROLLING_DAYS} days before each day. It was below 0 on {percent(below, 0)} of them."
    )
    line = {**_line(milliseconds(days), ratio, "Sharpe", "@accent", width=1.4), "showlegend": False}
    layout = {"xaxis": {"type": "date"}, "yaxis": {"zeroline": True}, "hovermode": "x unified"}
    return Chart("rolling-sharpe", f"Sharpe ratio of {_ROLLING_DAYS} days", told, _figure([line], layout), _HALF)


def results_chart(trips: Sequence[Trip]) -> Chart | None:
    """How often which R; None for too few."""
    results = np.array([trip.r_multiple for trip in trips if trip.is_closed])
    results = results[np.isfinite(results)]
    if results.size < _FEWEST:
        return None
    told = (
        f"{results.size:,} results: half of them above {number(float(np.median(results)), '.2f')} R, the worst "
        f"{number(float(results.min()), '.2f')} R, the best {number(float(results.max()), '.2f')} R."
    )
    return Chart("results", "Results of round trips [R]", told, _histogram(results, "R", ".2f"), _HALF)


def days_chart(daily: DailyReturns, value_at_risk: float) -> Chart | None:
    """How often which daily return, without the days on which nothing happened; None for too few."""
    moved = daily.returns[daily.returns != 0.0]
    if moved.size < _FEWEST:
        return None
    flat = daily.returns.size - moved.size
    told = f"Returns of {moved.size:,} days; {flat:,} days on which equity stood still are left out."
    figure = _histogram(moved, "return", ".2%")
    if math.isfinite(value_at_risk):
        figure["layout"]["shapes"] = [_upright(-value_at_risk)]
        told += f" The line is the value at risk 95, {percent(value_at_risk, 2)}."
    figure["layout"]["xaxis"]["tickformat"] = ".1%"
    return Chart("days", "Returns of days", told, figure, _HALF)


def _upright(place: float) -> Figure:
    line = {"color": "@warn", "width": 1.5, "dash": "dot"}
    return {"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def _histogram(values: Floats, name: str, form: str) -> Figure:
    """Bars of a round width that meet at 0, losses and gains in their colors."""
    width = _bin_width(values)
    first, last = math.floor(float(values.min()) / width), math.ceil(float(values.max()) / width + 1e-9)
    edges = np.arange(first, max(last, first + 1) + 1) * width
    counts, _ = np.histogram(values, edges)
    told = [f"{format(low, form)} to {format(high, form)}" for low, high in pairwise(edges.tolist())]
    bars = {
        "type": "bar",
        "x": packed(edges[:-1] + width / 2.0),
        "y": packed(counts),
        "width": width * 0.92,
        "marker": {"color": ["@down" if edge < -width / 2.0 else "@up" for edge in edges[:-1].tolist()]},
        "text": told,
        "textposition": "none",
        "hovertemplate": f"{name} %{{text}}: %{{y}}<extra></extra>",
    }
    return _figure([bars], {"xaxis": {}, "yaxis": {"title": {"text": "how many"}}, "bargap": 0.05})


def _bin_width(values: Floats) -> float:
    """A round number near Freedman and Diaconis' width, for 20 to 60 bars: results often have two humps."""
    low, high = (float(one) for one in np.quantile(values, (0.25, 0.75)))
    reach = float(values.max() - values.min())
    own = 2.0 * (high - low) / values.size ** (1.0 / 3.0)
    wanted = max(min(own, reach / _FEWEST_BINS), reach / _MOST_BINS)
    if wanted <= 0.0:
        return max(abs(float(values[0])), 1e-6) / 10.0
    unit = 10.0 ** math.floor(math.log10(wanted))
    return next(step * unit for step in _NICE if step * unit >= wanted * (1.0 - 1e-9))


def excursion_charts(trips: Sequence[Trip]) -> tuple[Chart, ...]:
    """Results against how far a position went against us, how far our way, and how long it was held."""
    known = [
        trip for trip in trips if trip.is_closed and math.isfinite(trip.r_multiple) and math.isfinite(trip.worst_r)
    ]
    if len(known) < _FEWEST:
        return ()
    shown = known[:: math.ceil(len(known) / _MOST_DOTS)]
    results = np.array([trip.r_multiple for trip in shown])
    left = f"; {len(shown):,} of {len(known):,} are drawn" if len(shown) < len(known) else ""
    return (
        Chart(
            "mae",
            "Result over the largest move against it (MAE)",
            "Each dot is a round trip: how far price went against it, and what it came to, both in R. Winners far to "
            f"the right survived by luck{left}.",
            _dots(np.array([trip.worst_r for trip in shown]), results, shown, "MAE [R]"),
            _HALF,
        ),
        Chart(
            "mfe",
            "Result over the largest move for it (MFE)",
            "Each dot is a round trip: how far price went its way, and what it came to, both in R. Losers far to the "
            f"right gave a gain back{left}.",
            _dots(np.array([trip.best_r for trip in shown]), results, shown, "MFE [R]"),
            _HALF,
        ),
        Chart(
            "held",
            "Result over time held",
            f"Each dot is a round trip: hours from its opening to its end, and what it came to in R{left}.",
            _dots(np.array([(trip.closed_ns - trip.opened_ns) / _NS_PER_H for trip in shown]), results, shown, "hours"),
            _HALF,
        ),
    )


def _dots(places: Floats, results: Floats, trips: Sequence[Trip], name: str) -> Figure:
    data = []
    for won, color, label, symbol in ((True, "@up", "won", "circle"), (False, "@down", "lost", "x")):
        own = (results > 0.0) == won
        told = [
            f"{trip.symbol} {'buy' if trip.side > 0 else 'sell'} {day(trip.opened_ns)}<br>{trip.exit}, "
            f"{signed_money(trip.profit)}"
            for trip, chosen in zip(trips, own.tolist(), strict=True)
            if chosen
        ]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": packed(places[own]),
                "y": packed(results[own]),
                "text": told,
                "name": label,
                "marker": {"color": color, "size": 6, "opacity": 0.65, "symbol": symbol},
                "hovertemplate": "%{text}<br>" + name + " %{x:.2f}, result %{y:.2f} R<extra></extra>",
            }
        )
    layout = {
        "xaxis": {"title": {"text": name}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "result [R]"}, "zeroline": True},
        "legend": {"orientation": "h", "y": 1.12, "x": 0},
    }
    return _figure(data, layout)


def when_charts(report: Report) -> tuple[Chart, ...]:
    """Profit by the hour and by the weekday of the opening."""
    found = (("hour", "Profit by hour of opening"), ("weekday", "Profit by weekday of opening"))
    return tuple(
        _groups_chart(by, title, own)
        for by, title in found
        if (own := [group for group in report.groups if group.by == by])
    )


def _groups_chart(by: str, title: str, groups: Sequence[Group]) -> Chart:
    profits = [group.figures.profit for group in groups]
    told = [
        f"{group.figures.number} trips, {signed_percent(group.figures.win_rate, 0).lstrip('+')} won, "
        f"{number(group.figures.expectancy_r, '+.2f')} R a trip"
        for group in groups
    ]
    best = max(groups, key=lambda group: group.figures.profit)
    worst = min(groups, key=lambda group: group.figures.profit)
    bars: dict[str, Any] = {
        "type": "bar",
        "x": [group.label for group in groups],
        "y": profits,
        "marker": {"color": ["@up" if profit >= 0.0 else "@down" for profit in profits]},
        "text": told,
        "textposition": "none",
        "hovertemplate": "%{x}: %{y:+,.2f}<br>%{text}<extra></extra>",
    }
    words = (
        f"On the broker's clock. Most at {best.label} ({signed_money(best.figures.profit)}), least at {worst.label} "
        f"({signed_money(worst.figures.profit)})."
    )
    layout = {"xaxis": {"type": "category"}, "yaxis": {"zeroline": True}}
    return Chart(f"by-{by}", title, words, _figure([bars], layout), _HALF)


def gates_chart(report: Report) -> Chart | None:
    """How often which gate was in the way; None where none ever was."""
    stood = sorted(
        (one for one in report.gates if one.refused + one.unknown), key=lambda one: one.refused + one.unknown
    )
    if not stood:
        return None
    names = [one.gate.replace("_", " ") for one in stood]

    def bars(name: str, color: str, counts: list[int]) -> Figure:
        return {
            "type": "bar",
            "orientation": "h",
            "x": counts,
            "y": names,
            "name": name,
            "marker": {"color": color},
            "hovertemplate": f"%{{y}}: %{{x:,}} bars<extra>{name}</extra>",
        }

    data = [
        bars("alone in the way", "@accent", [one.alone for one in stood]),
        bars("with others", "@muted", [one.refused + one.unknown - one.alone for one in stood]),
    ]
    layout = {
        "barmode": "stack",
        "xaxis": {"title": {"text": "bars"}},
        "yaxis": {"automargin": True, "ticklabelstandoff": 6},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }
    told = (
        f"{names[-1]} was in the way most often, on {stood[-1].refused + stood[-1].unknown:,} of {report.bars:,} bars."
    )
    return Chart("gates", "Gates in the way", told, _figure(data, layout), 140 + 24 * len(stood), is_wide=True)
