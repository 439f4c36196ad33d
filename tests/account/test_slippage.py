"""What our fills lost: counted once, of the right price, and known as it was when an entry went out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import AccountEvent, DealBooked, IntentIssued, PositionSeen, SymbolsSeen
from account.slippage import MAX_KEPT, FillLosses, SymbolFills
from domain.intents import IntentKind, comment_of
from domain.trading import Deal, DealReason, DealType
from tests.account.samples import NOON_NS, account, deal, exit_deal, intent, issued_event, position, spec

SYMBOL = "EURUSD.s"


def booked(*deals: Deal) -> list[AccountEvent]:
    return [DealBooked(time_ns=NOON_NS, deal=one) for one in deals]


def fills_of(*events: AccountEvent) -> SymbolFills:
    state = account(SymbolsSeen(time_ns=NOON_NS, specs=(spec(),)), issued_event(), *events)
    return state.slippage.symbols.get(SYMBOL, SymbolFills())


def held(sl: float = 1.095) -> PositionSeen:
    return PositionSeen(time_ns=NOON_NS, position=position(401, sl=sl))


# -- which price was asked for -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "points"), [(1.1001, 10.0), (1.1, 0.0), (1.09988, -12.0)])
def test_an_entry_loses_what_it_was_filled_worse(price: float, points: float) -> None:
    fills = fills_of(*booked(deal(price=price)))
    assert (fills.entries.latest, fills.exits.latest) == ([points], [])


def test_a_stop_loses_what_it_was_filled_beyond_it() -> None:
    stopped = exit_deal(reason=DealReason.SL, price=1.09473)
    assert fills_of(*booked(deal()), held(), *booked(stopped)).exits.latest == [27.0]


def test_a_close_of_ours_is_measured_from_its_decision() -> None:
    wanted = intent(0xDEF, IntentKind.CLOSE, price=1.1042, position_ticket=401)
    closed = exit_deal(price=1.10417, comment=comment_of(0xDEF))
    fills = fills_of(*booked(deal()), held(), IntentIssued(time_ns=NOON_NS, intent=wanted), *booked(closed))
    assert fills.exits.latest == [3.0]


@pytest.mark.parametrize("reason", [DealReason.TP, DealReason.CLIENT, DealReason.SO])
def test_what_nobody_asked_for_here_is_not_counted(reason: DealReason) -> None:
    left = exit_deal(reason=reason, price=1.09, comment="")
    assert fills_of(*booked(deal()), held(), *booked(left)).seen == (1, 0)


def test_fills_of_others_and_of_unknown_symbols_are_not_counted() -> None:
    assert fills_of(*booked(deal(intent_id=None))).seen == (0, 0)
    stranger = account(issued_event(), *booked(deal(price=1.2)))
    assert stranger.slippage.symbols == {}


def test_a_deal_told_twice_counts_once() -> None:
    assert fills_of(*booked(deal(), deal())).seen == (1, 0)


def test_a_sell_loses_downwards() -> None:
    sold = deal(type=DealType.SELL, price=1.0998)
    assert fills_of(*booked(sold)).entries.latest in ([20.0], [])


def test_what_an_entry_knew_is_what_had_been_filled_before_it() -> None:
    later = intent(0xDEF)
    state = account(
        SymbolsSeen(time_ns=NOON_NS, specs=(spec(),)),
        issued_event(),
        *booked(deal(price=1.1005)),
        IntentIssued(time_ns=NOON_NS, intent=later),
    )
    assert state.slippage.at_issue == {0xDEF: (1, 0)}


# -- the quantile ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "quantile", "least", "found"),
    [
        ([3.0, 1.0, 2.0, 4.0], 0.5, 4, 2.0),
        ([3.0, 1.0, 2.0, 4.0], 0.75, 4, 3.0),
        ([3.0, 1.0, 2.0, 4.0], 0.76, 4, 4.0),
        ([3.0, 1.0, 2.0, 4.0], 1.0, 4, 4.0),
        ([3.0, 1.0, 2.0, 4.0], 0.5, 5, math.nan),
        ([], 0.5, 0, math.nan),
    ],
)
def test_the_quantile_by_hand(losses: list[float], quantile: float, least: int, found: float) -> None:
    fills = FillLosses()
    for points in losses:
        fills.note(points)
    assert fills.quantile(quantile, 100, least, fills.seen) == pytest.approx(found, nan_ok=True)


@given(
    losses=st.lists(st.integers(-50, 400).map(float), min_size=1, max_size=80),
    later=st.lists(st.integers(-50, 400).map(float), max_size=80),
    window=st.integers(1, 60),
    quantile=st.sampled_from([0.5, 0.9, 0.95, 1.0]),
)
def test_enough_fills_did_not_lose_more_and_later_ones_change_nothing(
    losses: list[float], later: list[float], window: int, quantile: float
) -> None:
    fills = FillLosses()
    for points in losses:
        fills.note(points)
    seen, latest = fills.seen, losses[-window:]
    found = fills.quantile(quantile, window, 1, seen)
    assert found in latest
    assert sum(points <= found for points in latest) >= quantile * len(latest) - 1e-9
    assert sum(points < found for points in latest) < quantile * len(latest)
    for points in later:
        fills.note(points)
    assert fills.quantile(quantile, window, 1, seen) == found


def test_the_oldest_fills_are_forgotten() -> None:
    fills = FillLosses()
    for points in range(MAX_KEPT + 10):
        fills.note(float(points))
    assert (len(fills.latest), fills.latest[0], fills.seen) == (MAX_KEPT, 10.0, MAX_KEPT + 10)
    assert math.isnan(fills.quantile(0.9, 100, 5, 10))
