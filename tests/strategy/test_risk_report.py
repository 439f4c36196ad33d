"""Where an account stands: the regime by the kernel's own rule, the limits that follow, and the slippage it expects."""

import pytest
from rich.console import Console

from account.round_trips import RoundTrip
from account.slippage import SymbolFills
from account.state import AccountState
from app.risk_view import show_report
from risk.limits import Regime
from strategy.params import EngineSettings
from strategy.risk_report import RiskReport, risk_report
from tests.strategy.markets import a_spec, opening_events

SETTINGS = EngineSettings()
NOW_NS = 1_700_000_000_000_000_000


def an_account(results: list[float]) -> AccountState:
    """An account of 10,000 with round trips of so many R."""
    account = AccountState.replayed(opening_events([a_spec()]))
    for number, result in enumerate(results):
        trip = RoundTrip(
            position_id=number,
            intent_id=number,
            signal_id=1,
            symbol="EURUSD",
            side=1,
            lots=0.1,
            opened_ns=NOW_NS,
            closed_ns=NOW_NS,
            profit=result,
            initial_risk=1.0,
        )
        account.round_trips.closed.append(trip)
    return account


def reported(account: AccountState, equity: float = 10_000.0) -> RiskReport:
    return risk_report("Test-Demo:1", account, SETTINGS, equity, NOW_NS)


@pytest.mark.parametrize(
    ("results", "equity", "regime", "leverage", "risk"),
    [
        ([], 10_000.0, Regime.NORMAL, 100.0, 0.01),
        ([2.0, -1.0] * 24, 10_000.0, Regime.NORMAL, 100.0, 0.01),
        ([2.0, -1.0] * 25, 10_000.0, Regime.PROVEN, 300.0, 0.01),
        ([1.0, -1.0] * 25, 10_000.0, Regime.NORMAL, 100.0, 0.01),
        ([2.0, -1.0] * 25, 9_400.0, Regime.STRESSED, 50.0, 0.01),
    ],
    ids=["fresh", "too few", "proven", "no edge", "in drawdown"],
)
def test_the_regime_and_what_follows(
    results: list[float], equity: float, regime: Regime, leverage: float, risk: float
) -> None:
    report = reported(an_account(results), equity)
    assert (report.regime, report.max_leverage, report.risk_fraction) == (regime.name.lower(), leverage, risk)


def test_slippage_by_symbol() -> None:
    account = an_account([])
    slow = account.slippage.symbols["EURUSD"] = SymbolFills()
    account.slippage.symbols["XAUUSD"] = SymbolFills()
    for points in range(40):
        slow.entries.note(float(points))
    account.slippage.symbols["XAUUSD"].exits.note(70.0)
    euro, gold = reported(account).slippage
    assert (euro.symbol, euro.expected, euro.measured, euro.entries, euro.exits) == ("EURUSD", 35.0, 35.0, 40, 0)
    assert (gold.symbol, gold.expected, gold.measured, gold.entries, gold.exits) == ("XAUUSD", 5.0, None, 0, 1)


def test_people_see_it_all() -> None:
    account = an_account([])
    account.slippage.symbols["EURUSD"] = SymbolFills()
    console = Console(width=110, record=True, quiet=False, file=None)
    with console.capture() as printed:
        show_report(reported(account), console, by_bridge=True, asked_only=True)
    text = printed.get()
    for word in ("regime normal", "up to 1:100", "nothing refuses entries", "day loss", "3.00%", "expected [points]"):
        assert word in text
