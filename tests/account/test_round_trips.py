"""Round trips: one for each position of ours, net of every cost, in units of what its first stop would have lost."""

import csv
import gzip
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from account.events import AccountEvent, DealBooked, IntentIssued, SymbolsSeen
from account.round_trips import MAX_KEPT
from account.state import AccountState
from domain.intents import comment_of
from domain.servertime import NS_PER_S
from domain.trading import DealEntry, DealType
from risk.kelly import KellyRules, edge_of, kelly_fraction
from tests.account.samples import (
    NOON_MSC,
    NOON_NS,
    account,
    deal,
    exit_deal,
    intent,
    issued_event,
    session,
    spec,
)

SAMPLE_ALONE = KellyRules(1.0, 0.5, 100.0, 30.0, 1e9, 0.0, 0.45, 2.0, 0.0, 0.0)


def booked(*deals: object) -> list[AccountEvent]:
    return [DealBooked(time_ns=NOON_NS, deal=one) for one in deals]  # type: ignore[arg-type]  # checked by the record


def ours(*deals: object, **changes: object) -> AccountState:
    """An account with one intent of ours (a buy of 0.1 EURUSD, stop 50 pips below 1.1) and these deals."""
    fields: dict[str, Any] = dict(changes)
    return account(SymbolsSeen(time_ns=NOON_NS, specs=(spec(),)), issued_event(**fields), *booked(*deals))


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_a_round_trip_by_hand() -> None:
    # filled 10 pips worse than asked: 60 pips to the stop are 60.00, the commission of 0.70 comes on top
    state = ours(
        deal(price=1.101, commission=-0.7),
        exit_deal(profit=121.4, swap=-0.5, commission=-0.7, time_msc=NOON_MSC + 60_000),
    )
    (trip,) = state.round_trips.closed
    assert (trip.position_id, trip.signal_id, trip.symbol, trip.side, trip.lots) == (401, 5, "EURUSD.s", 1, 0.1)
    assert trip.profit == pytest.approx(119.5)
    assert trip.initial_risk == pytest.approx(60.7)
    assert trip.r_multiple == pytest.approx(119.5 / 60.7)
    assert (trip.opened_ns, trip.closed_ns) == (NOON_NS, NOON_NS + 60 * NS_PER_S)
    assert state.round_trips.running == {}


def test_partial_closes_belong_to_one_round_trip() -> None:
    state = ours(
        deal(commission=-0.7),
        exit_deal(502, profit=40.0, volume=0.05),
        exit_deal(503, profit=-10.0, volume=0.03),
    )
    assert state.round_trips.closed == []
    assert state.round_trips.running[401].profit == pytest.approx(29.3)
    state.apply(DealBooked(time_ns=NOON_NS, deal=exit_deal(504, profit=1.0, volume=0.02)))
    (trip,) = state.round_trips.closed
    assert trip.profit == pytest.approx(30.3)
    assert trip.lots == 0.1
    assert trip.r_multiple == pytest.approx(30.3 / 50.7)


def test_an_entry_filled_in_parts_is_one_round_trip() -> None:
    state = ours(deal(501, volume=0.04), deal(502, volume=0.06, price=1.1005), exit_deal(503, profit=-53.0))
    (trip,) = state.round_trips.closed
    assert trip.lots == pytest.approx(0.1)
    assert trip.initial_risk == pytest.approx(0.04 * 500.0 + 0.06 * 550.0)
    assert trip.r_multiple == pytest.approx(-1.0)


def test_a_deal_that_is_told_twice_counts_once() -> None:
    opening, closing = deal(), exit_deal(profit=-50.0)
    state = ours(opening, opening, closing, closing)
    assert [trip.profit for trip in state.round_trips.closed] == [-50.0]
    assert state.round_trips.ended == 1


def test_positions_of_others_are_no_round_trips() -> None:
    state = account(*booked(deal(intent_id=None), exit_deal(intent_id=None, profit=10.0)))
    assert (state.round_trips.closed, state.round_trips.running) == ([], {})


@pytest.mark.parametrize("changes", [{"sl": 0.0}, {"symbol": "GBPUSD.s"}])
def test_without_a_price_for_the_stop_there_is_no_r(changes: dict[str, object]) -> None:
    symbol = changes.get("symbol", "EURUSD.s")
    state = ours(deal(symbol=symbol), exit_deal(profit=10.0, symbol=symbol), **changes)
    (trip,) = state.round_trips.closed
    assert trip.profit == 10.0
    assert math.isnan(trip.r_multiple)


def test_another_account_begins_anew() -> None:
    state = ours(deal(), exit_deal(profit=10.0))
    state.apply(session(login=77))
    assert state.round_trips.closed == []


# -- any life ----------------------------------------------------------------------------------------------------------


def _life(position_id: int, closes: list[tuple[int, float]], start: int) -> list[AccountEvent]:
    """A position of ours in hundredths of lots: opened whole, closed in parts with these profits."""
    lots = sum(part for part, _ in closes) / 100
    asked = intent(position_id, sl=1.09, volume=lots)
    shared = {"position_id": position_id, "comment": comment_of(position_id)}
    events: list[AccountEvent] = [
        IntentIssued(time_ns=NOON_NS, intent=asked),
        *booked(deal(start, position_id, order_ticket=position_id, volume=lots, commission=-0.1, **shared)),
    ]
    for number, (part, profit) in enumerate(closes, 1):
        ticket = start + number
        events += booked(exit_deal(ticket, profit, volume=part / 100, order_ticket=90_000 + ticket, **shared))
    return events


lives = st.lists(
    st.lists(st.tuples(st.integers(1, 20), st.integers(-200, 300).map(float)), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
)


@given(closes=lives, data=st.data())
@settings(max_examples=60)
def test_every_position_is_one_round_trip_however_deals_are_mixed(
    closes: list[list[tuple[int, float]]], data: st.DataObject
) -> None:
    queues = [_life(1000 + number, life, 100 * (number + 1)) for number, life in enumerate(closes)]
    state = account(SymbolsSeen(time_ns=NOON_NS, specs=(spec(),)))
    events = []
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        events.append(queue.pop(0))
        state.apply(events[-1])
    found = {trip.position_id: trip for trip in state.round_trips.closed}
    assert len(found) == len(state.round_trips.closed) == state.round_trips.ended == len(closes)
    for number, life in enumerate(closes):
        trip = found[1000 + number]
        lots = sum(part for part, _ in life) / 100
        assert trip.profit == pytest.approx(sum(profit for _, profit in life) - 0.1)
        assert trip.initial_risk == pytest.approx(lots * 1000.0 + 0.1, abs=0.006)  # MT5 rounds to whole cents
    again = account(SymbolsSeen(time_ns=NOON_NS, specs=(spec(),)), *events)
    assert again.digest() == state.digest()


def test_memory_is_bounded() -> None:
    state = account(SymbolsSeen(time_ns=NOON_NS, specs=(spec(),)))
    for number in range(MAX_KEPT + 10):
        for event in _life(10_000 + number, [(10, 1.0)], 100_000 + 10 * number):
            state.apply(event)
    assert state.round_trips.ended == MAX_KEPT + 10
    assert len(state.round_trips.closed) == MAX_KEPT
    assert state.round_trips.closed[0].position_id == 10_010


# -- real lists of deals -----------------------------------------------------------------------------------------------


def events_of_report(folder: Path) -> list[AccountEvent]:
    """The deals of a report as ours. It does not say which exit ends which entry: the oldest of that size does."""
    with gzip.open(folder / "deals.csv.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Direction"]]
    waiting: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    events: list[AccountEvent] = []
    for row in rows:
        symbol, volume, ticket = row["Symbol"], row["Volume"], int(row["Deal"])
        opens, side = row["Direction"] == "in", row["Type"]
        opposite = "sell" if side == "buy" else "buy"
        position_id = int(row["Order"]) if opens else waiting[symbol, opposite, volume].pop(0)
        if opens:
            waiting[symbol, side, volume].append(position_id)
            asked = intent(position_id, symbol=symbol, side=1 if side == "buy" else -1)
            events.append(IntentIssued(time_ns=NOON_NS + ticket, intent=asked))
        fields = {
            "position_id": position_id,
            "order_ticket": int(row["Order"]),
            "symbol": symbol,
            "type": DealType.BUY if side == "buy" else DealType.SELL,
            "entry": DealEntry.IN if opens else DealEntry.OUT,
            "time_msc": NOON_MSC + ticket * 1000,
        }
        money = {name: float(row[name.title()]) for name in ("volume", "price", "profit", "swap", "commission")}
        events += booked(deal(ticket, position_id, **fields, **money))
    return events


@pytest.mark.reference
@pytest.mark.parametrize("name", ["2MAAOS", "2MACDSTO", "3MAF", "BBRSI", "COT1"])
def test_the_record_of_real_reports_gives_the_published_kelly(reference: Path, name: str) -> None:
    """MT5's Strategy Tester; win rate, payoff and Kelly's fraction were computed elsewhere."""
    told = json.loads((reference / "vectors" / "risk_metrics_from_tester_reports.json").read_text(encoding="utf-8"))
    report = next(found for found in told if found["report"] == name)
    state = account(*events_of_report(reference / "mt5_reports" / "tester_geraked" / name))
    profits = np.array([trip.profit for trip in state.round_trips.closed])
    assert state.round_trips.ended == report["closed"]
    assert state.round_trips.running == {}
    kept = min(report["closed"], MAX_KEPT)
    assert len(profits) == kept
    edge = edge_of(profits, SAMPLE_ALONE)
    assert edge.win_rate == pytest.approx(report["win_rate"])
    assert edge.win_r / edge.loss_r == pytest.approx(report["payoff"])
    fraction = kelly_fraction(edge.win_rate, edge.win_r / edge.loss_r, 1.0)
    assert fraction == pytest.approx(report["kelly_fraction"])
