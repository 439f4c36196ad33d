"""Figures of reports: beside the summaries that MetaTrader 5 itself printed, and as properties."""

import json
import math
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.figures import Figures, figures, z_score
from domain.trading import Deal, DealEntry, DealType
from tests.account.samples import deal, deposit
from tests.account.test_state_reference import TESTER_REPORTS, lines_of_tester

SPACED = re.compile(r"(?<=\d) (?=\d)")
CENTS = st.integers(-50_000, 50_000).map(lambda cents: cents / 100)


def told(summary: dict[str, str | float]) -> dict[str, object]:
    """The summary's figures in our words; numbers in texts with blanks between thousands."""
    texts = {key: SPACED.sub("", value) if isinstance(value, str) else value for key, value in summary.items()}
    return {
        "net_profit": texts["Total Net Profit"],
        "gross_profit": texts["Gross Profit"],
        "gross_loss": texts["Gross Loss"],
        "profit_factor": texts["Profit Factor"],
        "expected_payoff": texts["Expected Payoff"],
        "deals": texts["Total Deals"],
        "exits": texts["Total Trades"],
        "shorts": texts["Short Trades (won %)"],
        "longs": texts["Long Trades (won %)"],
        "gains": texts["Profit Trades (% of total)"],
        "losses": texts["Loss Trades (% of total)"],
        "largest gain": texts["Largest profit trade"],
        "largest loss": texts["Largest loss trade"],
        "average gain": texts["Average profit trade"],
        "average loss": texts["Average loss trade"],
        "longest gains": texts["Maximum "],
        "longest losses": texts["Maximum consecutive losses ($)"],
        "most gained": texts["Maximal "],
        "most lost": texts["Maximal consecutive loss (count)"],
        "absolute": texts["Balance Drawdown Absolute"],
        "maximal": texts["Balance Drawdown Maximal"],
        "relative": texts["Balance Drawdown Relative"],
        "AHPR": str(texts["AHPR"]).split()[0],
        "GHPR": str(texts["GHPR"]).split()[0],
        "Z-Score": float(str(texts["Z-Score"]).split()[0]),
        "LR Standard Error": texts["LR Standard Error"],
    }


def counted(found: Figures) -> dict[str, object]:
    """Ours, written as MT5 writes them."""

    def part(gains: int, exits: int) -> str:
        return f"{gains / exits:.2%}"

    return {
        "net_profit": found.net_profit,
        "gross_profit": found.gross_profit,
        "gross_loss": found.gross_loss,
        "profit_factor": round(found.profit_factor, 6),
        "expected_payoff": round(found.expected_payoff, 6),
        "deals": found.deals,
        "exits": found.exits,
        "shorts": f"{found.short_exits} ({part(found.short_gains, found.short_exits)})",
        "longs": f"{found.long_exits} ({part(found.long_gains, found.long_exits)})",
        "gains": f"{found.gains.number} ({part(found.gains.number, found.exits)})",
        "losses": f"{found.losses.number} ({part(found.losses.number, found.exits)})",
        "largest gain": found.gains.largest,
        "largest loss": found.losses.largest,
        "average gain": pytest.approx(found.gains.average, abs=1.5e-6),
        "average loss": pytest.approx(found.losses.average, abs=1.5e-6),
        "longest gains": f"{found.gains.by_length.length} ({found.gains.by_length.money:.2f})",
        "longest losses": f"{found.losses.by_length.length} ({found.losses.by_length.money:.2f})",
        "most gained": f"{found.gains.by_money.money:.2f} ({found.gains.by_money.length})",
        "most lost": f"{found.losses.by_money.money:.2f} ({found.losses.by_money.length})",
        "absolute": found.below_start,
        "maximal": f"{found.worst_money.money:.2f} ({found.worst_money.fraction:.2%})",
        "relative": f"{found.worst_fraction.fraction:.2%} ({found.worst_fraction.money:.2f})",
        "AHPR": f"{found.mean_return:.4f}",
        "GHPR": f"{found.growth:.4f}",
        "Z-Score": pytest.approx(found.z_score, abs=0.00501),
        "LR Standard Error": round(found.linear_error, 6),
    }


@pytest.mark.reference
@pytest.mark.parametrize("name", TESTER_REPORTS)
def test_every_figure_that_follows_from_deals_is_the_testers(reference: Path, name: str) -> None:
    folder = reference / "mt5_reports" / "tester_geraked" / name
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert counted(figures(line.deal for line in lines_of_tester(folder))) == told(summary)


# -- properties --------------------------------------------------------------------------------------------------------


def history(results: list[tuple[float, float]]) -> list[Deal]:
    """A deposit of a million, and for each result an entry with its commission and an exit with its profit."""
    deals = [deposit(1_000_000.0, 1)]
    for number, (commission, profit) in enumerate(results):
        for entry, money in ((DealEntry.IN, {"commission": commission}), (DealEntry.OUT, {"profit": profit})):
            kind = DealType.BUY if entry == DealEntry.IN else DealType.SELL
            booked = deal(2 + number, type=kind, entry=entry, profit=0.0, commission=0.0, swap=0.0)
            deals.append(msgspec.structs.replace(booked, **money))
    return deals


RESULTS = st.lists(st.tuples(st.integers(-500, 0).map(lambda cents: cents / 100), CENTS), min_size=1, max_size=30)


@given(RESULTS)
def test_gross_sums_are_the_net_profit_and_the_balance(results: list[tuple[float, float]]) -> None:
    found = figures(history(results))
    net = math.fsum(commission + profit for commission, profit in results)
    assert found.net_profit == pytest.approx(net, abs=0.005)
    assert found.gross_profit + found.gross_loss == pytest.approx(net, abs=0.005)
    assert found.gross_profit >= 0.0 >= found.gross_loss
    assert found.exits == found.long_exits == len(results)
    assert found.gains.number + found.losses.number == len(results)
    assert found.growth**found.exits * 1_000_000 == pytest.approx(1_000_000 + net)


@given(RESULTS)
def test_drawdowns_lie_between_the_worst_deal_and_all_losses(results: list[tuple[float, float]]) -> None:
    found = figures(history(results))
    assert min(found.losses.largest, 0.0) >= -found.worst_money.money - 0.006
    assert found.worst_money.money <= -found.gross_loss + 0.006
    assert found.below_start <= found.worst_money.money + 0.006
    assert found.worst_money.fraction <= found.worst_fraction.fraction
    assert found.worst_fraction.money <= found.worst_money.money


@given(RESULTS)
def test_the_longest_streak_is_no_shorter_and_the_dearest_no_cheaper(results: list[tuple[float, float]]) -> None:
    found = figures(history(results))
    for side, sign in ((found.gains, 1), (found.losses, -1)):
        assert side.by_length.length >= side.by_money.length
        assert sign * side.by_money.money >= sign * side.by_length.money
        assert sign * side.by_money.money >= sign * side.largest - 1e-9


def test_what_nothing_can_be_said_of_is_not_a_number() -> None:
    found = figures([deposit(100.0, 1)])
    assert (found.net_profit, found.exits, found.profit_factor) == (0.0, 0, math.inf)
    unknown = (found.expected_payoff, found.mean_return, found.growth, found.z_score, found.linear_error)
    assert all(math.isnan(one) for one in (*unknown, found.gains.average, found.losses.average))


@pytest.mark.parametrize("deals", [[], [deal(1)], [deposit(-5.0, 1)]])
def test_a_history_without_its_deposit_is_refused(deals: list[Deal]) -> None:
    with pytest.raises(ValueError, match="the first deal is not a deposit; give the whole history"):
        figures(deals)


def test_z_score_of_alternating_and_of_sorted_results() -> None:
    assert z_score([True, False] * 20) > 5.0
    assert z_score([True] * 20 + [False] * 20) < -5.0
    assert math.isnan(z_score([True] * 5))
