"""Histories of real MT5 servers played again through the terminal: profit, swap, commission and balance of every deal.

docs/simulator-evidence.md lists what is reproduced and what is not; `tests.sim.reports` says how an exit finds its
position.
"""

import csv
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from domain.retcodes import Retcode
from domain.trading import DealEntry, DealReason, DealType, MarginMode
from sim.holidays import usual_holidays
from sim.profiles import CommissionRule, JustMarketsAccount, justmarkets_account, justmarkets_symbols
from tests.sim.reports import Implied, Line, Replay, implied_quotes, is_cross, lines_of, lines_of_tester
from tests.sim.venues import Venue, order

pytestmark = pytest.mark.reference

DAYS_OFF = usual_holidays(range(2018, 2025))


class Report(NamedTuple):
    """What a Strategy Tester report has, and what has to be known to play it: the broker's swap rates.

    `swaps` by pair [points of a lot: long, short]; the swaps of other symbols are taken from the report.
    """

    exits: int
    with_swap: int
    crosses: int = 0
    commission: float = 0.0
    swaps: dict[str, tuple[float, float]] | None = None
    keeps_holidays: bool = False


REPORTS = {
    "2MAAOS": Report(206, 72, 64, swaps={"EURUSD": (-7.51, 1.26)}, keeps_holidays=True),
    "2MACDSTO": Report(296, 162, swaps={"NZDUSD": (-2.22, -0.79)}),
    "3MACD": Report(2518, 1058, swaps={"AUDUSD": (-2.964, -1.212)}),
    "3MAF": Report(907, 0),
    "BBRSI": Report(401, 248, swaps={"XAUUSD": (-18.0185, 4.4625)}, keeps_holidays=True),
    # LiteFinance charges 3.50 a lot, on entries only
    "CEZLSMA": Report(1010, 531, commission=3.5, swaps={"AUDUSD": (-3.016, 1.424)}, keeps_holidays=True),
    "COT1": Report(
        283,
        53,
        159,
        swaps={"EURUSD": (-7.52, 2.46), "AUDUSD": (-3.88, 1.13), "NZDUSD": (-1.04, -1.06), "GBPUSD": (-3.39, -1.28)},
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_every_deal_of_a_tester_report(reference: Path, name: str) -> None:
    report, lines = REPORTS[name], lines_of_tester(reference, name)
    conversions = implied_quotes(lines)
    replay = Replay(
        lines, commission=report.commission, swaps=report.swaps, holidays=DAYS_OFF if report.keeps_holidays else ()
    )
    assert replay.play(conversions) == (report.exits, report.with_swap)
    assert len(conversions) == report.crosses
    summary = json.loads((reference / "mt5_reports/tester_geraked" / name / "summary.json").read_text())
    assert round(replay.venue.terminal.money().balance + replay.given - 10_000.0, 2) == summary["Total Net Profit"]


def test_gains_and_losses_of_one_moment_are_converted_at_one_rate(reference: Path) -> None:
    """MT5 converts by the side of the deal, not by its result: 57 baskets of crosses hold both."""
    both = 0
    for name in ("2MAAOS", "COT1"):
        lines = lines_of_tester(reference, name)
        baskets: dict[tuple[str, int], set[bool]] = {}
        for number in implied_quotes(lines):
            line = lines[number]
            baskets.setdefault((line.symbol, line.time_msc), set()).add(line.profit > 0.0)
        both += sum(len(signs) == 2 for signs in baskets.values())
    assert both == 57


def test_a_closed_buy_is_converted_at_the_bid_and_a_closed_sell_at_the_ask(reference: Path) -> None:
    """Where two neighboring exits of opposite sides were converted by the same old quote: it shows both its sides.

    The Strategy Tester keeps the last quote of a pair that the EA does not trade at the moment, for months.
    """
    seen = []
    for name in ("2MAAOS", "COT1"):
        lines = lines_of_tester(reference, name)
        last: dict[str, tuple[int, Implied]] = {}
        for number, implied in sorted(implied_quotes(lines).items()):
            side, (before, other) = lines[number].side, last.get(implied.pair, (0, implied))
            points = round((implied.price - other.price) * (1e3 if "JPY" in implied.pair else 1e5))
            if implied.is_sharp:
                last[implied.pair] = (side, implied)
            if implied.is_sharp and before == -side and abs(points) < 20:
                dearer = points * side  # positive: the exit by a buy, of a sell, saw the higher price
                seen.append((implied.pair[:3] == "USD", dearer > 0))
    assert len(seen) >= 6
    assert all(is_dearer != is_turned for is_turned, is_dearer in seen)


def test_the_tester_goes_on_with_an_old_quote_of_the_converting_pair(reference: Path) -> None:
    """Ten exits over eleven months were converted at 134.739 and 134.746 yen; the market was at 128 to 151."""
    lines = lines_of_tester(reference, "COT1")
    same = [
        datetime.fromtimestamp(lines[number].time_msc / 1000, tz=UTC)
        for number, implied in implied_quotes(lines).items()
        if implied.price in (134.739, 134.746)
    ]
    assert len(same) == 10
    assert (max(same) - min(same)).days > 300


@pytest.mark.parametrize("name", ["BBRSI", "2MACDSTO", "3MAF"])
def test_a_netting_account_ends_each_row_of_positions_with_the_same_money(reference: Path, name: str) -> None:
    """The same orders on a netting account: whenever nothing is open, the balance is the hedging account's.

    But for a rounding to cents on each deal, of which the two accounts have as many.
    """
    lines = [line._replace(swap=0.0) for line in lines_of_tester(reference, name)]
    hedging, netting = (
        Replay(lines, swaps={lines[0].symbol[:6]: (0.0, 0.0)}, margin_mode=mode)
        for mode in (MarginMode.RETAIL_HEDGING, MarginMode.RETAIL_NETTING)
    )
    flat = 0
    for number, line in enumerate(lines, start=1):
        for replay in (hedging, netting):
            replay.carry_out(line)
        if hedging.venue.terminal.positions() == ():
            assert netting.venue.terminal.positions() == ()
            balances = [replay.venue.terminal.money().balance for replay in (hedging, netting)]
            assert balances[0] == pytest.approx(balances[1], abs=0.01 * (number + 1))
            flat += 1
    assert flat > 100
    entries = {deal.entry for deal in netting.venue.terminal.deals}
    assert entries == {DealEntry.IN, DealEntry.OUT}


def exness_lines(reference: Path) -> tuple[list[Line], dict[int, float]]:
    """Entries and exits of an account on many pairs, in the order of time, and the entry price of each exit."""
    path = reference / "mt5_reports" / "account" / "exness_positions_2025_07_multi_currency_part1.csv"
    with path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text))[1:]
    lines: list[tuple[Line, float]] = []
    for row in rows:
        side, volume = (1 if row[3] == "buy" else -1), float(row[4])
        for moment, turned, price, swap, profit in (
            (row[0], side, row[5], "0", "0"),
            (row[8], -side, row[9], row[11], row[12]),
        ):
            time = datetime.strptime(moment, "%Y.%m.%d %H:%M:%S").replace(tzinfo=UTC)
            entry = DealEntry.IN if turned == side else DealEntry.OUT
            figures = (float(price), 0.0, float(swap), float(profit), 0.0)
            lines.append((Line(int(time.timestamp()) * 1000, row[2], turned, entry, volume, *figures), float(row[5])))
    lines.sort(key=lambda pair: pair[0].time_msc)
    return [line for line, _ in lines], {number: opened for number, (_, opened) in enumerate(lines)}


def test_an_account_on_many_crosses(reference: Path) -> None:
    """Exness: 45 positions on 15 symbols, 27 of them in ten crosses, and oil.

    This broker converts by market: a loss in USDCAD at the other side of the quote, which the report does not have.
    """
    lines, opened = exness_lines(reference)
    conversions = implied_quotes(lines, opened)
    replay = Replay(lines, swaps=dict.fromkeys({line.symbol[:6] for line in lines}, (0.0, 0.0)))
    off, exits = [], 0
    for number, line in enumerate(lines):
        deal = replay.carry_out(line, conversions.get(number), opened[number])
        exits += line.entry == DealEntry.OUT
        if deal.profit != line.profit:
            off.append((line.symbol, deal.profit, line.profit))
    assert exits == 45
    assert off == [("USDCADm", -0.74, -0.75)]
    assert replay.venue.terminal.positions() == ()
    assert sum(is_cross(line.symbol) for line in lines) / 2 == len(conversions)
    assert replay.venue.terminal.money().balance == pytest.approx(
        10_000.0 + math.fsum(line.profit for line in lines) + 0.01
    )


def test_partial_closes_of_a_hedging_gold_account(reference: Path) -> None:
    """A Vantage account: 0.05 lots closed in three parts while a second position of the same side is open."""
    path = reference / "mt5_reports" / "account" / "vantage_demo_XAUUSD_ReportHistory_2026_08_anonymised.csv"
    with path.open(encoding="utf-8-sig") as text:
        rows = list(csv.reader(text))
    begin = next(index for index, row in enumerate(rows) if row[0] == "Deals")
    header = rows[begin + 1]
    deals = [dict(zip(header, row, strict=False)) for row in rows[begin + 2 :]]
    lines = list(lines_of([deal for deal in deals if deal.get("Symbol") == "XAUUSD"]))
    replay = Replay(lines, deposit=5000.0, swaps={"XAUUSD": (0.0, 0.0)})
    assert replay.play() == (10, 0)
    venue = replay.venue
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
