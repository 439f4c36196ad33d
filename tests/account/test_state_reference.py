"""Real deal lists: the balance after every deal, and drawdowns, as MetaTrader 5 itself printed them."""

import csv
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from account.booking import booked
from account.events import AccountEvent, DealBooked, EquityMarked, Flagged, FlagKind, PositionSeen
from account.state import AccountState
from domain.servertime import utc_ns_from_server_msc
from domain.trading import Deal, DealEntry, DealReason, DealType
from domain.updates import TradeUpdate
from tests.account.samples import account, apply_all, deal, exit_deal, money, position, session

TESTER_REPORTS = ("2MAAOS", "2MACDSTO", "3MACD", "3MAF", "BBRSI", "CEZLSMA", "COT1")
TYPES = {"buy": DealType.BUY, "sell": DealType.SELL, "balance": DealType.BALANCE}
ENTRIES = {"in": DealEntry.IN, "out": DealEntry.OUT, "in/out": DealEntry.INOUT, "": DealEntry.IN}


class Line(NamedTuple):
    """A line of a report: the deal, and the balance that MT5 printed behind it."""

    deal: Deal
    balance: float


def number(text: str) -> float:
    return float(text.replace(" ", "") or 0.0)


def server_msc(text: str) -> int:
    return int(datetime.strptime(text, "%Y.%m.%d %H:%M:%S").replace(tzinfo=UTC).timestamp()) * 1_000


def lines_of(rows: Iterable[dict[str, str]]) -> Iterator[Line]:
    for row in rows:
        order_ticket = int(row["Order"] or 0)
        yield Line(
            Deal(
                deal_ticket=int(row["Deal"]),
                order_ticket=order_ticket,
                position_id=order_ticket,
                symbol=row["Symbol"],
                type=TYPES[row["Type"]],
                entry=ENTRIES[row["Direction"]],
                reason=DealReason.EXPERT,
                magic=0,
                volume=number(row["Volume"]),
                price=number(row["Price"]),
                profit=number(row["Profit"]),
                swap=number(row["Swap"]),
                commission=number(row["Commission"]),
                fee=number(row.get("Fee", "")),
                time_msc=server_msc(row["Time"]),
                comment=row["Comment"],
            ),
            number(row["Balance"]),
        )


def lines_of_tester(folder: Path) -> list[Line]:
    with gzip.open(folder / "deals.csv.gz", "rt", encoding="utf-8") as file:
        return list(lines_of(csv.DictReader(file)))


def replayed(lines: list[Line], currency: str) -> Iterator[tuple[AccountState, Line]]:
    """The state behind every line; its balance is marked as equity, for the drawdown of the balance curve."""
    state = AccountState.replayed([session(currency=currency)])
    for line in lines:
        time_ns = utc_ns_from_server_msc(line.deal.time_msc, state.server_offset_s)
        state.apply(DealBooked(time_ns=time_ns, deal=line.deal))
        state.apply(EquityMarked(time_ns=time_ns, equity=state.balance, balance=state.balance, margin=0.0))
        yield state, line


@pytest.mark.reference
@pytest.mark.parametrize("name", TESTER_REPORTS)
def test_the_balance_after_every_deal_is_the_testers(reference: Path, name: str) -> None:
    folder = reference / "mt5_reports" / "tester_geraked" / name
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    lines = lines_of_tester(folder)
    assert len(lines) > 400
    state = AccountState()
    for state, line in replayed(lines, summary["Currency"]):
        assert state.balance == line.balance, line
    assert state.balance - summary["Initial Deposit"] == pytest.approx(summary["Total Net Profit"], abs=0.005)
    assert len(state.deals) == len(lines)


@pytest.mark.reference
@pytest.mark.parametrize("name", TESTER_REPORTS)
def test_the_drawdown_of_the_balance_is_the_testers(reference: Path, name: str) -> None:
    folder = reference / "mt5_reports" / "tester_geraked" / name
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    found = re.match(r"([\d.]+)%", summary["Balance Drawdown Relative"])
    assert found is not None
    states = replayed(lines_of_tester(folder), summary["Currency"])
    worst = max(state.drawdown_fraction(state.balance) for state, _ in states)
    assert f"{worst * 100:.2f}" == found[1]


@pytest.mark.reference
def test_the_balance_of_a_real_account_with_hand_made_trades(reference: Path) -> None:
    (file,) = (reference / "mt5_reports" / "account").glob("vantage_*.csv")
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    start = rows.index(next(row for row in rows if row[0] == "Deals")) + 1
    header = [name or f"column {index}" for index, name in enumerate(rows[start])]
    deals = [dict(zip(header, row, strict=False)) for row in rows[start + 1 :] if row[1].isdigit()]
    assert len(deals) == 19
    for state, line in replayed(list(lines_of(deals)), "USD"):
        assert state.balance == line.balance, line


@pytest.mark.reference
def test_a_partial_close_on_justmarkets_is_two_deals_of_one_position(reference: Path) -> None:
    (file,) = (reference / "mt5_specs").glob("justmarkets_demo2_XAUUSD.ecn_smoke_*.json")
    smoke = json.loads(file.read_text(encoding="utf-8"))["partial_close"]
    ticket, before = smoke["ticket"], smoke["vol_before"]
    opening = deal(1, position_id=ticket, order_ticket=ticket, volume=before, symbol="XAUUSD.ecn")
    state = account(
        DealBooked(time_ns=1, deal=opening),
        PositionSeen(time_ns=1, position=position(ticket, symbol="XAUUSD.ecn", volume=before)),
    )
    for deal_ticket, one in enumerate(smoke["deals"], start=2):
        closing = exit_deal(
            deal_ticket, one["profit"], position_id=ticket, volume=one["volume"], reason=DealReason.EXPERT
        )
        state.apply(DealBooked(time_ns=1, deal=closing))
        assert state.initial_lots(ticket) == before
    assert state.balance == 10_000.0 - 0.18
    assert state.lots[ticket].accounted_for


@pytest.mark.reference
def test_a_deal_of_the_mobile_terminal_is_seen_as_closed_by_hand(reference: Path) -> None:
    """A real position of an EA on JustMarkets, closed on a phone; only magic and comment are made ours."""
    file = reference / "mt5_specs" / "justmarkets_demo2_ETHUSD.s_deals.csv"
    rows = [
        row for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()) if row["record_type"] == "DEAL"
    ]
    opening, closing = (_justmarkets_deal(row) for row in rows[:2])
    assert closing.reason == DealReason.MOBILE
    ours = position(opening.position_id, symbol=opening.symbol, volume=opening.volume)
    state = account(PositionSeen(time_ns=1, position=ours), DealBooked(time_ns=1, deal=opening))
    update = TradeUpdate(money=money(), deals=(closing,), positions_gone=(opening.position_id,))
    events: list[AccountEvent] = apply_all(state, booked(state, update, 2))
    assert [event.kind for event in events if isinstance(event, Flagged)] == [FlagKind.CLOSED_BY_HAND]
    assert state.positions == {}


def _justmarkets_deal(row: dict[str, str]) -> Deal:
    return Deal(
        deal_ticket=int(row["ticket"]),
        order_ticket=int(row["related_order"]),
        position_id=int(row["position_id"]),
        symbol=row["symbol"],
        type=DealType(int(row["type"])),
        entry=DealEntry(int(row["entry"])),
        reason=DealReason(int(row["reason"])),
        magic=int(row["magic"]),
        volume=float(row["volume"]),
        price=float(row["price"]),
        profit=float(row["profit"]),
        swap=float(row["swap"]),
        commission=float(row["commission"]),
        fee=float(row["fee"]),
        time_msc=int(row["time_msc"]),
        comment=row["comment"],
    )
