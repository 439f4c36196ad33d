"""Histories of real MT5 servers played again: profit, swap, commission and balance of every deal to the cent.

A report does not say which position an exit closed. Of the open positions that fit (side and volume), the one whose
profit agrees is taken; that there is one, and that the balance then agrees, is what is tested.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from domain.pricing import position_profit
from domain.retcodes import Retcode
from domain.symbols import SymbolSpec
from domain.trading import Deal, DealEntry, DealReason, DealType, Position
from sim.profiles import (
    AccountProfile,
    CommissionRule,
    JustMarketsAccount,
    LeverageTier,
    justmarkets_account,
    justmarkets_symbol,
    justmarkets_symbols,
)
from tests.sim.venues import Venue, open_all_week, order

pytestmark = pytest.mark.reference

TESTER = "mt5_reports/tester_geraked"
BALANCE_KEPT = 0.005


class Line(NamedTuple):
    """One deal of a report."""

    time_msc: int
    side: int
    entry: DealEntry
    volume: float
    price: float
    commission: float
    swap: float
    profit: float
    balance: float


def lines_of(rows: list[dict[str, str]]) -> Iterator[Line]:
    """Deals of one symbol, in their order; the deposit is left out."""
    for row in rows:
        if row["Type"] in ("buy", "sell"):
            moment = datetime.strptime(row["Time"], "%Y.%m.%d %H:%M:%S").replace(tzinfo=UTC)
            money = (float(row[name]) for name in ("Commission", "Swap", "Profit", "Balance"))
            entry = DealEntry.IN if row["Direction"] == "in" else DealEntry.OUT
            side = 1 if row["Type"] == "buy" else -1
            yield Line(int(moment.timestamp()) * 1000, side, entry, float(row["Volume"]), float(row["Price"]), *money)


def lines_of_tester(reference: Path, name: str) -> list[Line]:
    with gzip.open(reference / TESTER / name / "deals.csv.gz", "rt") as lines:
        return list(lines_of(list(csv.DictReader(lines))))


def venue_for(spec: SymbolSpec, first: Line, *, deposit: float, commission: CommissionRule, leverage: int) -> Venue:
    profile = AccountProfile(
        login=1,
        server="S",
        deposit=deposit,
        tiers=(LeverageTier(equity_from=0.0, leverage=leverage),),
        commission=commission,
    )
    return Venue(open_all_week(spec), profile=profile, start_msc=first.time_msc - 1000)


def carry_out(venue: Venue, line: Line) -> Deal:
    """The same order at the same price and time."""
    ticks_before = venue.clock_msc
    venue.quote(line.price, line.price, after_msc=line.time_msc - ticks_before)
    request = order(line.side, line.volume, symbol=venue.symbol)
    if line.entry == DealEntry.OUT:
        request = msgspec.structs.replace(request, position_ticket=closed_by(venue, line).position_ticket)
    assert venue.terminal.send(request, DealReason.CLIENT).retcode == Retcode.DONE
    return venue.terminal.deals[-1]


def closed_by(venue: Venue, line: Line) -> Position:
    """The position that this exit closed: profit and, where several agree, swap decide."""
    money = venue.terminal._market.moneys[0]
    fitting = [
        position
        for position in venue.terminal.positions()
        if position.side == -line.side
        and position.volume >= line.volume - 1e-9
        and position_profit(position.side, line.volume, position.price_open, line.price, money) == line.profit
    ]
    assert fitting, f"no open position fits {line}"
    return min(fitting, key=lambda position: (position.volume != line.volume, abs(position.swap - line.swap)))


def replay(venue: Venue, lines: list[Line]) -> int:
    """Play all `lines`; how many exits there were."""
    for line in lines:
        deal = carry_out(venue, line)
        assert (deal.profit, deal.commission, deal.swap) == (line.profit, line.commission, line.swap), line
        assert venue.terminal.money().balance == pytest.approx(line.balance, abs=BALANCE_KEPT), line
    return sum(line.entry == DealEntry.OUT for line in lines)


def replay_with_swap_given(venue: Venue, lines: list[Line]) -> int:
    """As `replay` where the report's swap rates are not known: its swaps are added to the simulated balance."""
    given = 0.0
    for line in lines:
        deal = carry_out(venue, line)
        given += line.swap
        assert (deal.profit, deal.commission, deal.swap) == (line.profit, line.commission, 0.0), line
        assert venue.terminal.money().balance + given == pytest.approx(line.balance, abs=BALANCE_KEPT), line
    return sum(line.entry == DealEntry.OUT for line in lines)


def test_a_new_zealand_account_with_swap_of_several_years(reference: Path) -> None:
    """2MACDSTO (Alpari): hedged positions over 162 nights and week-ends; the two swap rates are the only unknowns."""
    spec = msgspec.structs.replace(justmarkets_symbol("NZDUSD", "NZDUSD_i"), swap_long=-2.22, swap_short=-0.79)
    lines = lines_of_tester(reference, "2MACDSTO")
    venue = venue_for(spec, lines[0], deposit=10_000.0, commission=CommissionRule(), leverage=200)
    exits = replay(venue, lines)
    assert exits == 296
    assert sum(line.swap != 0.0 for line in lines) == 162
    summary = json.loads((reference / TESTER / "2MACDSTO" / "summary.json").read_text())
    assert venue.terminal.money().balance == 10_000.0 + summary["Total Net Profit"]


@pytest.mark.parametrize(
    ("report", "symbol", "leverage", "per_lot", "exits"),
    [
        ("3MACD", "AUDUSD", 100, 0.0, 2518),
        ("3MAF", "USDCAD", 100, 0.0, 907),
        ("BBRSI", "XAUUSD", 100, 0.0, 401),
        ("CEZLSMA", "AUDUSD", 100, 3.5, 1010),  # LiteFinance charges 3.50 a lot, on entries only
    ],
)
def test_thousands_of_exits(
    reference: Path, report: str, symbol: str, leverage: int, per_lot: float, exits: int
) -> None:
    """Profit, commission and balance of every deal; swap rates changed over the years and are not in the reports."""
    lines = lines_of_tester(reference, report)
    rule = CommissionRule(per_lot=per_lot)
    venue = venue_for(justmarkets_symbol(symbol), lines[0], deposit=10_000.0, commission=rule, leverage=leverage)
    assert replay_with_swap_given(venue, lines) == exits


def test_partial_closes_of_a_hedging_gold_account(reference: Path) -> None:
    """A Vantage account: 0.05 lots closed in three parts while a second position of the same side is open."""
    path = reference / "mt5_reports" / "account" / "vantage_demo_XAUUSD_ReportHistory_2026_08_anonymised.csv"
    with path.open(encoding="utf-8-sig") as text:
        rows = list(csv.reader(text))
    begin = next(index for index, row in enumerate(rows) if row[0] == "Deals")
    header = rows[begin + 1]
    deals = [dict(zip(header, row, strict=False)) for row in rows[begin + 2 :]]
    lines = list(lines_of([deal for deal in deals if deal.get("Symbol") == "XAUUSD"]))
    gold = justmarkets_symbol("XAUUSD")
    venue = venue_for(gold, lines[0], deposit=5000.0, commission=CommissionRule(), leverage=500)
    assert replay(venue, lines) == 10
    assert venue.terminal.money().balance == 5822.08
    parts = [deal for deal in venue.terminal.deals if deal.position_id == venue.terminal.deals[2].position_id]
    assert [deal.volume for deal in parts] == [0.05, 0.02, 0.01, 0.02]
    assert venue.terminal.positions() == ()


def test_the_justmarkets_smoke_test(reference: Path) -> None:
    """0.02 lots of gold, closed in two parts: two deals of one position, each with its own profit."""
    facts = json.loads((reference / "mt5_specs" / "justmarkets_demo2_XAUUSD.ecn_smoke_2026_07_01.json").read_text())
    first, second = facts["partial_close"]["deals"]
    specs = justmarkets_symbols(JustMarketsAccount.RAW_SPREAD, ("XAUUSD",))
    profile = justmarkets_account(JustMarketsAccount.RAW_SPREAD, deposit=1000.0)
    free = msgspec.structs.replace(profile, commission_by_symbol={})  # this demo server charged nothing
    free = msgspec.structs.replace(
        free, commission=CommissionRule(per_lot=facts["partial_close"]["deals"][0]["commission"])
    )
    venue = Venue(*specs, profile=free)
    venue.quote(first["open_price"], first["open_price"])
    ticket = venue.open(1, facts["partial_close"]["vol_before"]).order_ticket
    made = []
    for part in (first, second):
        venue.quote(part["close_price"], part["close_price"])
        assert venue.close(ticket, part["volume"]).retcode == Retcode.DONE
        made.append(venue.terminal.deals[-1])
    assert [deal.profit for deal in made] == [first["profit"], second["profit"]]
    assert {deal.position_id for deal in made} == {ticket}
    assert [(deal.swap, deal.commission) for deal in made] == [(0.0, 0.0), (0.0, 0.0)]


def test_the_deals_of_a_justmarkets_account(reference: Path) -> None:
    """ETHUSD.s: tickets, identifiers, entries and a profit below half a cent."""
    with (reference / "mt5_specs" / "justmarkets_demo2_ETHUSD.s_deals.csv").open(encoding="utf-8-sig") as lines:
        rows = [row for row in csv.DictReader(lines) if row["record_type"] == "DEAL"]
    opened, closed = rows
    venue = Venue(
        *justmarkets_symbols(JustMarketsAccount.PRO, ("ETHUSD",)),
        profile=justmarkets_account(JustMarketsAccount.PRO, deposit=1000.0),
        start_msc=int(opened["time_msc"]) - 1000,
    )
    venue.quote(float(opened["price"]) - 1.0, float(opened["price"]))
    request = order(1, 0.01, sl=float(opened["stop_loss"]), symbol="ETHUSD.s", comment=opened["comment"])
    venue.terminal.send(msgspec.structs.replace(request, magic=0), DealReason.CLIENT)
    venue.quote(float(closed["price"]), float(closed["price"]) + 1.0, after_msc=765_375)
    ticket = venue.terminal.positions()[0].position_ticket
    venue.terminal.send(msgspec.structs.replace(order(-1, 0.01, symbol="ETHUSD.s"), position_ticket=ticket))
    entry, exit_ = venue.terminal.deals[1:]
    for deal, row in ((entry, opened), (exit_, closed)):
        assert (int(deal.type), int(deal.entry)) == (int(row["type"]), int(row["entry"]))
        assert (deal.volume, deal.price, deal.comment) == (float(row["volume"]), float(row["price"]), row["comment"])
        money = (float(row["profit"]), float(row["commission"]), float(row["swap"]), float(row["fee"]))
        assert (deal.profit, deal.commission, deal.swap, deal.fee) == money
    assert entry.position_id == entry.order_ticket == exit_.position_id
    assert exit_.order_ticket != entry.order_ticket
    assert (opened["related_order"], closed["position_id"]) == (opened["position_id"], opened["position_id"])
    assert exit_.type == DealType.SELL
