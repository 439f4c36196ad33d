"""How much of the equity the strategy's own record justifies to risk: Kelly's fraction, halved and shrunk.

All figures are in R, the initial risk of a round trip: a fraction of equity is what one entry may lose at its stop.

Sources: J. L. Kelly, A New Interpretation of Information Rate, 1956; E. O. Thorp, The Kelly Criterion in Blackjack,
Sports Betting and the Stock Market, 2006 (fractions of it: section 7); R. D. Baker and I. G. McHale, Optimal Betting
Under Parameter Uncertainty, Decision Analysis 10(3), 2013 (shrinkage); E. Busseti, E. K. Ryu and S. Boyd,
Risk-Constrained Kelly Gambling, Journal of Investing 25(3), 2016 (drawdown).
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit

_NOTHING_WON: Final = -1.0
_STOP_R: Final = 1.0
_HALVINGS: Final = 60


class KellyRules(NamedTuple):
    """Settings of Half-Kelly; meaning, unit and range stand in `strategy.params.KellySettings`.

    `drawdown_power` is log(probability) / log(floor) of the drawdown constraint; 0: none.
    """

    enabled: float
    multiple: float
    window_trips: float
    min_trips: float
    max_age_s: float
    prior_trips: float
    prior_win_rate: float
    prior_payoff: float
    learning_fraction: float
    drawdown_power: float


class Edge(NamedTuple):
    """What round trips say: how many, part won, mean gain of the won and mean loss of the others [R, positive].

    `weight` counts them and what is left of the prior: the sample size of the estimate.
    """

    trips: float
    win_rate: float
    win_r: float
    loss_r: float
    weight: float


@njit
def prior_weight(trips: float, rules: KellyRules) -> float:
    """Round trips the prior still counts for: all of `prior_trips` at none, nothing from `min_trips` on."""
    return rules.prior_trips * max(0.0, 1.0 - trips / rules.min_trips)


@njit
def edge_of(r_multiples: NDArray[np.float64], rules: KellyRules) -> Edge:
    """The edge in `r_multiples` [R], blended with the prior: Beta on the win rate, pseudo round trips on the means.

    A round trip that gained nothing counts as lost. Where none was lost, one would have lost its stop, 1 R.
    """
    wins, won, lost = 0.0, 0.0, 0.0
    for r_multiple in r_multiples:
        if r_multiple > 0.0:
            wins += 1.0
            won += r_multiple
        else:
            lost -= r_multiple
    trips = float(r_multiples.shape[0])
    weight = prior_weight(trips, rules)
    prior_wins = weight * rules.prior_win_rate
    prior_losses = weight - prior_wins
    all_wins, all_losses = wins + prior_wins, trips - wins + prior_losses
    win_rate = all_wins / (trips + weight) if trips + weight > 0.0 else 0.0
    win_r = (won + prior_wins * rules.prior_payoff) / all_wins if all_wins > 0.0 else 0.0
    loss_r = (lost + prior_losses * _STOP_R) / all_losses if all_losses > 0.0 else _STOP_R
    return Edge(trips, win_rate, win_r, loss_r if loss_r > 0.0 else _STOP_R, trips + weight)


@njit
def kelly_fraction(win_rate: float, win_r: float, loss_r: float) -> float:
    """Part of equity at risk [for 1 R] that makes log wealth grow fastest: p / loss - (1 - p) / gain; -1 at the least.

    Zero or below: there is no edge.
    """
    if not (win_rate > 0.0 and win_r > 0.0):
        return _NOTHING_WON
    return max(_NOTHING_WON, win_rate / loss_r - (1.0 - win_rate) / win_r)


@njit
def growth_rate(fraction: float, win_rate: float, win_r: float, loss_r: float) -> float:
    """Expected growth of log wealth by one round trip at `fraction` [part of equity for 1 R]."""
    return win_rate * math.log1p(fraction * win_r) + (1.0 - win_rate) * math.log1p(-fraction * loss_r)


@njit
def estimation_shrinkage(stake: float, win_rate: float, payoff: float, sample: float) -> float:
    """Part of Kelly's bet that is left once its win rate is only an estimate from `sample` trials [0..1].

    `stake` is the raw Kelly bet [part of wealth that can be lost], `payoff` the gain per unit of it. Baker and McHale
    2013: s^2 / (s^2 + ((b + 1) / b)^2 sigma^2) with sigma^2 = p (1 - p) / n.
    """
    if not (stake > 0.0 and sample > 0.0):
        return 0.0
    spread = (payoff + 1.0) / payoff
    return stake * stake / (stake * stake + spread * spread * win_rate * (1.0 - win_rate) / sample)


@njit
def _wealth_moment(fraction: float, power: float, win_rate: float, win_r: float, loss_r: float) -> float:
    won = math.exp(-power * math.log1p(fraction * win_r))
    lost = math.exp(-power * math.log1p(-fraction * loss_r))
    return win_rate * won + (1.0 - win_rate) * lost


@njit
def drawdown_constrained_fraction(power: float, win_rate: float, win_r: float, loss_r: float) -> float:
    """The largest fraction up to Kelly's that keeps E[wealth^-power] at 1 or below [part of equity for 1 R].

    With power = log(b) / log(a) wealth ever falls to `a` of its start with a probability below `b` (Busseti, Ryu and
    Boyd 2016). The moment is convex in the fraction and falls from 1 at 0, so it has one root beyond.
    """
    highest = kelly_fraction(win_rate, win_r, loss_r)
    if highest <= 0.0 or win_rate >= 1.0:
        return max(0.0, highest)
    if _wealth_moment(highest, power, win_rate, win_r, loss_r) <= 1.0:
        return highest
    low, high = 0.0, highest
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if _wealth_moment(middle, power, win_rate, win_r, loss_r) <= 1.0:
            low = middle
        else:
            high = middle
    return low


@njit
def allowed_fraction(edge: Edge, rules: KellyRules) -> float:
    """Part of equity one entry may risk [for 1 R]; infinite where Kelly is off, zero or below without an edge.

    While there are fewer than `min_trips` it is at least `learning_fraction`: so little proves nothing either way.
    """
    if rules.enabled <= 0.0:
        return math.inf
    raw = kelly_fraction(edge.win_rate, edge.win_r, edge.loss_r)
    allowed = raw
    if raw > 0.0:
        fraction = rules.multiple * raw
        if rules.drawdown_power > 0.0:
            bound = drawdown_constrained_fraction(rules.drawdown_power, edge.win_rate, edge.win_r, edge.loss_r)
            fraction = min(fraction, bound)
        payoff = edge.win_r / edge.loss_r
        allowed = fraction * estimation_shrinkage(raw * edge.loss_r, edge.win_rate, payoff, edge.weight)
    if edge.trips < rules.min_trips:
        allowed = max(allowed, rules.learning_fraction)
    return allowed
