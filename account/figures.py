"""What a list of deals came to, by the definitions of MetaTrader 5's reports.

Checked against seven Strategy Tester reports, figure by figure (docs/simulator-evidence.md). A deal that is not a
balance operation counts with profit, swap, commission and fee; an *exit* is a deal that closes something. Zero counts
as a gain.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from domain.trading import Deal, DealEntry, DealType

_TRADES: Final = (DealType.BUY, DealType.SELL)
_MONEY_DIGITS: Final = 2


class Drawdown(NamedTuple):
    """How far the balance fell from its highest [account money], and as a fraction of that highest."""

    money: float
    fraction: float


class Streak(NamedTuple):
    """Exits in a row that all gained or all lost: how many, and their sum [account money]."""

    length: int
    money: float


class Results(NamedTuple):
    """Sums of gains and losses [account money]. `by_money` is the streak that came to most, `by_length` the longest."""

    number: int
    money: float
    largest: float
    by_length: Streak
    by_money: Streak

    @property
    def average(self) -> float:
        """Of one exit [account money]; NaN without any."""
        return self.money / self.number if self.number else math.nan


class Figures(NamedTuple):
    """The figures of a report that follow from deals alone.

    `gross_profit` and `gross_loss` are sums over deals, so that commission of an entry is a loss; `gains` and `losses`
    are of exits. `expected_payoff` is the net profit of an exit. `worst_money` and `worst_fraction` are the falls of
    the balance that are largest in money ("maximal") and relative to their peak ("relative"); `below_start`
    ("absolute") how far it fell below the first deposit. `mean_return` (AHPR) and `growth` (GHPR) are balance factors
    of an exit, `z_score` that of gains and losses in a row; `linear_error` is the standard error of a straight line
    through the balances after each exit, the start first [account money].
    """

    net_profit: float
    gross_profit: float
    gross_loss: float
    profit_factor: float
    expected_payoff: float
    deals: int
    exits: int
    long_exits: int
    long_gains: int
    short_exits: int
    short_gains: int
    gains: Results
    losses: Results
    below_start: float
    worst_money: Drawdown
    worst_fraction: Drawdown
    mean_return: float
    growth: float
    z_score: float
    linear_error: float


def figures(deals: Iterable[Deal]) -> Figures:
    """The figures of `deals`, oldest first, the first of them the deposit.

    Raises:
        ValueError: where the first deal is not a deposit.
    """
    listed = list(deals)
    if not listed or listed[0].type != DealType.BALANCE or listed[0].balance_change <= 0.0:
        raise ValueError("the first deal is not a deposit; give the whole history of the account")
    balances = _balances(listed)
    trades = [deal for deal in listed if deal.type in _TRADES]
    results = [round(deal.balance_change, _MONEY_DIGITS) for deal in trades]
    exits = [deal for deal in listed if _is_exit(deal)]
    afters = [after for deal, after in zip(listed, balances, strict=True) if _is_exit(deal)]
    nets = [round(deal.balance_change, _MONEY_DIGITS) for deal in exits]
    longs = [net for deal, net in zip(exits, nets, strict=True) if deal.type == DealType.SELL]
    shorts = [net for deal, net in zip(exits, nets, strict=True) if deal.type == DealType.BUY]
    gross_profit = math.fsum(one for one in results if one > 0.0)
    gross_loss = math.fsum(one for one in results if one < 0.0)
    net = round(gross_profit + gross_loss, _MONEY_DIGITS)
    worst_money, worst_fraction = _drawdowns(balances)
    returns = [after / before for before, after in pairwise([balances[0], *afters])]
    return Figures(
        net_profit=net,
        gross_profit=round(gross_profit, _MONEY_DIGITS),
        gross_loss=round(gross_loss, _MONEY_DIGITS),
        profit_factor=gross_profit / -gross_loss if gross_loss else math.inf,
        expected_payoff=net / len(exits) if exits else math.nan,
        deals=len(trades),
        exits=len(exits),
        long_exits=len(longs),
        long_gains=sum(one >= 0.0 for one in longs),
        short_exits=len(shorts),
        short_gains=sum(one >= 0.0 for one in shorts),
        gains=_results(nets, 1),
        losses=_results(nets, -1),
        below_start=round(max(0.0, balances[0] - min(balances)), _MONEY_DIGITS),
        worst_money=worst_money,
        worst_fraction=worst_fraction,
        mean_return=math.fsum(returns) / len(returns) if returns else math.nan,
        growth=(balances[-1] / balances[0]) ** (1.0 / len(exits)) if exits else math.nan,
        z_score=z_score([one >= 0.0 for one in nets]),
        linear_error=_linear_error([balances[0], *afters]),
    )


def z_score(signs: Sequence[bool]) -> float:
    """How much gains and losses alternate more (above 0) or less than chance would have them [standard deviations].

    NaN where there are no gains, no losses, or a single one of both. Source: MetaTrader 5 help, "Testing report".
    """
    count, gains = len(signs), sum(signs)
    pairs = 2.0 * gains * (count - gains)
    spread = pairs * (pairs - count)
    if count < 2 or spread <= 0.0:  # noqa: PLR2004 - of one there is no row
        return math.nan
    runs = 1 + sum(first != second for first, second in pairwise(signs))
    return (count * (runs - 0.5) - pairs) / math.sqrt(spread / (count - 1.0))


def _is_exit(deal: Deal) -> bool:
    return deal.type in _TRADES and deal.entry != DealEntry.IN


def _balances(deals: Sequence[Deal]) -> list[float]:
    balances = [0.0]
    for deal in deals:
        balances.append(round(balances[-1] + deal.balance_change, _MONEY_DIGITS))
    return balances[1:]


def _drawdowns(balances: Sequence[float]) -> tuple[Drawdown, Drawdown]:
    """The one that is largest in money, and the one that is largest as a fraction."""
    peak, by_money, by_fraction = balances[0], Drawdown(0.0, 0.0), Drawdown(0.0, 0.0)
    for balance in balances:
        peak = max(peak, balance)
        fall = Drawdown(round(peak - balance, _MONEY_DIGITS), (peak - balance) / peak)
        by_money = max(by_money, fall)
        by_fraction = max(by_fraction, fall, key=lambda one: one.fraction)
    return by_money, by_fraction


def _results(nets: Sequence[float], sign: int) -> Results:
    """Of the exits that gained (`sign` 1) or lost (-1)."""
    own = [net for net in nets if (net >= 0.0) == (sign > 0)]
    streaks = _streaks(nets, gained=sign > 0)
    return Results(
        number=len(own),
        money=round(math.fsum(own), _MONEY_DIGITS),
        largest=sign * max((sign * net for net in own), default=0.0),
        by_length=max(streaks, key=lambda one: (one.length, sign * one.money), default=Streak(0, 0.0)),
        by_money=max(streaks, key=lambda one: (sign * one.money, one.length), default=Streak(0, 0.0)),
    )


def _streaks(nets: Sequence[float], *, gained: bool) -> list[Streak]:
    streaks: list[Streak] = []
    is_on = False
    for net in nets:
        if (net >= 0.0) != gained:
            is_on = False
        elif is_on:
            streaks[-1] = Streak(streaks[-1].length + 1, round(streaks[-1].money + net, _MONEY_DIGITS))
        else:
            streaks.append(Streak(1, net))
            is_on = True
    return streaks


def _linear_error(balances: Sequence[float]) -> float:
    count = len(balances)
    if count < 3:  # noqa: PLR2004 - a line goes through two points
        return math.nan
    middle, mean = (count - 1) / 2.0, math.fsum(balances) / count
    spread = math.fsum((index - middle) ** 2 for index in range(count))
    slope = math.fsum((index - middle) * (value - mean) for index, value in enumerate(balances)) / spread
    off = math.fsum((value - mean - slope * (index - middle)) ** 2 for index, value in enumerate(balances))
    return math.sqrt(off / (count - 2))
