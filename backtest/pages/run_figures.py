"""A backtest's figures under the names that people look for, each from the report and from nowhere else."""

import math

from backtest.falls import Fall
from backtest.pages.content import Pair, Pairs, Tile
from backtest.pages.wording import (
    NOTHING,
    length,
    moment,
    money,
    number,
    percent,
    plural,
    signed_money,
    signed_percent,
)
from backtest.report import Report


def tiles_of(report: Report) -> tuple[Tile, ...]:
    """The headline."""
    daily, trips, deepest = report.daily, report.trips, report.falls.deepest
    costs = trips.commission + trips.swap
    mood = "good" if daily.sharpe > 2.0 * daily.sharpe_error else "bad" if daily.sharpe <= 0.0 else ""
    return (
        Tile(
            "Sharpe ratio", number(daily.sharpe, ".2f"), f"± {number(daily.sharpe_error, '.2f')} standard error", mood
        ),
        Tile(
            "Profit",
            signed_money(report.profit, report.currency),
            f"{signed_percent(daily.total_return)}, a year {signed_percent(daily.growth)}",
            "good" if report.profit > 0.0 else "bad" if report.profit < 0.0 else "",
        ),
        Tile(
            "Deepest fall",
            "none" if deepest is None else percent(deepest.fraction),
            "" if deepest is None else f"{money(deepest.money, report.currency)}, {length(_of_fall(deepest, report))}",
        ),
        Tile(
            "Round trips",
            f"{trips.number:,}",
            f"{percent(trips.win_rate)} won, profit factor {number(trips.profit_factor, '.2f')}",
        ),
        Tile(
            "Commission and swap",
            signed_money(costs, report.currency),
            f"{number(costs / trips.number if trips.number else math.nan, '+,.2f')} a trip; spreads are in the prices",
        ),
    )


def _of_fall(fall: Fall, report: Report) -> float:
    """From peak to recovery, or to the end [s]."""
    return ((fall.recovered_ns or report.end_ns) - fall.peak_ns) / 1e9


def pairs_of(report: Report) -> tuple[Pairs, ...]:
    """Every figure of `report` that is one number."""
    return _result(report), _risk(report), _falls(report), _trips(report), _series(report), _held(report), _mt5(report)


def _result(report: Report) -> Pairs:
    daily, currency = report.daily, report.currency
    return Pairs(
        "Result",
        (
            Pair("Profit", signed_money(report.profit, currency), "equity at the end less the deposit"),
            Pair("Total return", signed_percent(daily.total_return, 2)),
            Pair("Growth a year", signed_percent(daily.growth, 2), "compound (CAGR), 252 days a year"),
            Pair("Deposit", money(report.deposit, currency)),
            Pair("Balance at the end", money(report.balance, currency)),
            Pair("Equity at the end", money(report.equity, currency), "balance and what is open"),
            Pair("Floating at the end", signed_money(report.floating, currency)),
            Pair("Profit a day", signed_money(report.profit / daily.days if daily.days else 0.0, currency)),
            Pair("Best day", signed_percent(daily.best_day, 2)),
            Pair("Worst day", signed_percent(daily.worst_day, 2)),
            Pair("Days won, lost, flat", f"{daily.days_won:,}, {daily.days_lost:,}, {daily.days_flat:,}"),
            *(
                Pair(f"{one.symbol} by itself", signed_percent(one.change, 2), f"from {one.first:g} to {one.last:g}")
                for one in report.symbols
            ),
        ),
    )


def _risk(report: Report) -> Pairs:
    daily = report.daily
    return Pairs(
        "Ratios and risk of daily returns",
        (
            Pair("Sharpe ratio", number(daily.sharpe, ".2f"), "a year's, riskless rate 0"),
            Pair("Its standard error", number(daily.sharpe_error, ".2f"), "Lo, with Mertens' terms"),
            Pair("P(true Sharpe > 0)", percent(daily.probabilistic_sharpe), "probabilistic Sharpe ratio"),
            Pair("Days to be 95 % sure", number(daily.days_to_be_sure, ",.0f"), f"of it; there are {daily.days:,}"),
            Pair("Sortino ratio", number(daily.sortino, ".2f")),
            Pair("Calmar ratio", number(daily.calmar, ".2f"), "growth a year over the deepest fall"),
            Pair("Omega", number(daily.omega, ".2f"), "sum of winning days over sum of losing days"),
            Pair("Volatility a year", percent(daily.volatility, 2)),
            Pair("Skewness", number(daily.skewness, ".2f")),
            Pair("Kurtosis", number(daily.kurtosis, ".2f"), "normal: 3"),
            Pair("Value at risk 95", percent(daily.value_at_risk_95, 2), "loss that 95 of 100 days did not exceed"),
            Pair("Value at risk 99", percent(daily.value_at_risk_99, 2)),
            Pair("Expected shortfall 95", percent(daily.expected_shortfall_95, 2), "mean of the days beyond (CVaR)"),
        ),
    )


def _falls(report: Report) -> Pairs:
    falls, currency = report.falls, report.currency
    deepest, largest = falls.deepest, falls.largest
    whole = (
        ()
        if deepest is None
        else (
            Pair("Deepest fall", percent(deepest.fraction, 2), "of equity, bar by bar, from its highest"),
            Pair("Peak", money(deepest.peak, currency)),
            Pair("Peak on", moment(deepest.peak_ns)),
            Pair("Bottom", money(deepest.bottom, currency)),
            Pair("Bottom on", moment(deepest.bottom_ns)),
            Pair("Recovered", moment(deepest.recovered_ns) if deepest.recovered_ns else "not by the end"),
        )
    )
    return Pairs(
        "Falls of equity",
        (
            *whole,
            Pair("Largest in money", NOTHING if largest is None else money(largest.money, currency)),
            Pair("Falls", f"{falls.number:,}"),
            Pair("Mean depth", percent(falls.mean_fraction, 2)),
            Pair("Mean length", length(falls.mean_s)),
            Pair("Longest", length(falls.longest_s)),
            Pair("Under water", percent(falls.under_water), "part of the time below the highest equity"),
            Pair("Lowest equity", money(falls.lowest, currency)),
            Pair("Highest equity", money(falls.highest, currency)),
            Pair("Recovery factor", number(falls.recovery, ".2f"), "profit over the largest fall in money"),
        ),
    )


def _trips(report: Report) -> Pairs:
    trips, currency = report.trips, report.currency
    return Pairs(
        "Round trips",
        (
            Pair("Closed", f"{trips.number:,} ({number(report.trips_a_day, '.2f')} a day)"),
            Pair("Left open", f"{report.left_open:,}"),
            Pair("Won, lost, drawn", f"{trips.won:,}, {trips.lost:,}, {trips.drawn:,}"),
            Pair("Part won", percent(trips.win_rate)),
            Pair("Profit of closed trips", signed_money(trips.profit, currency), "after all costs"),
            Pair("Gross profit, gross loss", f"{signed_money(trips.gross_profit)}, {signed_money(trips.gross_loss)}"),
            Pair("Profit factor", number(trips.profit_factor, ".2f"), "gross profit over gross loss"),
            Pair("Expectancy", signed_money(trips.expectancy, currency), "mean profit of a round trip"),
            Pair("Mean win / mean loss", number(trips.payoff, ".2f")),
            Pair("Best, worst", f"{signed_money(trips.best)}, {signed_money(trips.worst, currency)}"),
            Pair("Commission", signed_money(trips.commission, currency)),
            Pair("Swap", signed_money(trips.swap, currency)),
        ),
    )


def _series(report: Report) -> Pairs:
    trips = report.trips
    return Pairs(
        "In units of risk",
        (
            Pair("Expectancy", f"{number(trips.expectancy_r, '+.3f')} R", "1 R is what the first stop would have cost"),
            Pair("System quality (SQN)", number(trips.sqn, ".2f"), "root of the trips times mean R over its deviation"),
            Pair("Kelly fraction", percent(trips.kelly), "p - q / b; half of it is already bold"),
            Pair("Mean MAE", f"{number(trips.worst_r, '.2f')} R", "how far trips went against us"),
            Pair("Mean MFE", f"{number(trips.best_r, '.2f')} R", "how far they went our way"),
            Pair("Longest winning streak", f"{trips.longest_winning:,}"),
            Pair("Longest losing streak", f"{trips.longest_losing:,}"),
        ),
    )


def _held(report: Report) -> Pairs:
    trips, exposure = report.trips, report.exposure
    return Pairs(
        "Time and exposure",
        (
            Pair("In the market", percent(exposure.in_market), "part of the time with a position"),
            Pair(
                "Positions at once", f"{number(exposure.mean_open, '.2f')} on average, {exposure.most_open:,} at most"
            ),
            Pair("Lots opened", number(exposure.lots, ",.2f")),
            Pair("Held, all", length(trips.held_s)),
            Pair("Held, winners", length(trips.winners_held_s)),
            Pair("Held, losers", length(trips.losers_held_s)),
            Pair("Entries decided", plural(report.entries, "entry", "entries"), f"on {report.bars:,} closed bars"),
        ),
    )


def _mt5(report: Report) -> Pairs:
    mt5, currency = report.mt5, report.currency
    return Pairs(
        "As MetaTrader's tester counts",
        (
            Pair("Total net profit", signed_money(mt5.net_profit, currency)),
            Pair("Balance drawdown maximal", money(mt5.worst_money.money, currency)),
            Pair("Balance drawdown relative", percent(mt5.worst_fraction.fraction, 2)),
            Pair("Balance drawdown absolute", money(mt5.below_start, currency)),
            Pair("Expected payoff", number(mt5.expected_payoff, "+,.2f")),
            Pair("AHPR, GHPR", f"{number(mt5.mean_return, '.4f')}, {number(mt5.growth, '.4f')}"),
            Pair("Z-score", number(mt5.z_score, ".2f"), "of gains and losses in a row"),
        ),
    )
