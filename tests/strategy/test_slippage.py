"""Slippage that is expected: never less than the setting, more once our own fills have lost more."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import AccountEvent, IntentIssued
from account.slippage import SymbolFills
from account.state import AccountState
from domain.intents import Intent, IntentKind
from strategy.engine import Engine
from strategy.events import AccountChanged, Quotes
from strategy.params import CareSettings, EngineSettings, PortfolioSettings, SlippageSettings
from strategy.slippage import ExpectedSlippage, measured_points
from strategy.tables import Table
from tests.strategy.markets import a_spec, opening_events
from tests.strategy.test_engine import EAGER, filled

RULE = SlippageSettings(quantile=0.5, window_fills=10, min_fills=5)
SLIPPERY = msgspec.structs.replace(
    EAGER,
    slippage_points={"*": 5.0},
    slippage=RULE,
    entry=msgspec.structs.replace(
        EAGER.entry, risk_fraction=0.002, target_atr=20.0, min_reward_to_risk=0.5, max_symbol_positions=20
    ),
    portfolio=PortfolioSettings(max_open_risk_fraction=0.2),
    care=CareSettings(partial_legs=(), break_even_r=0.0, trailing_atr=0.0, fill_close_ratio=0.0, weekend_close_s=0.0),
)
POINTS = st.lists(st.integers(-30, 60).map(float), max_size=25)


def fills(entries: list[float], exits: list[float]) -> SymbolFills:
    found = SymbolFills()
    for points in entries:
        found.entries.note(points)
    for points in exits:
        found.exits.note(points)
    return found


@pytest.mark.parametrize(
    ("entries", "exits", "measured"),
    [
        ([4.0] * 4, [9.0] * 4, math.nan),
        ([4.0] * 5, [9.0] * 4, 4.0),
        ([4.0] * 5, [9.0] * 5, 13.0),
        ([-4.0] * 5, [9.0] * 5, 9.0),
        ([4.0] * 5 + [7.0] * 10, [], 7.0),
    ],
)
def test_by_hand(entries: list[float], exits: list[float], measured: float) -> None:
    assert measured_points(fills(entries, exits), RULE) == pytest.approx(measured, nan_ok=True)


@given(entries=POINTS, exits=POINTS, least=st.sampled_from([0.0, 5.0, 40.0]))
def test_never_less_than_the_setting(entries: list[float], exits: list[float], least: float) -> None:
    account = AccountState()
    account.slippage.symbols["EURUSD"] = fills(entries, exits)
    settings = EngineSettings(slippage_points={"*": least}, slippage=RULE)
    expected = ExpectedSlippage(settings).of_symbol("EURUSD", account)
    measured = measured_points(account.slippage.symbols["EURUSD"], RULE)
    assert expected == (measured if measured > least else least)
    assert ExpectedSlippage(settings).of_symbol("GBPUSD", account) == least


# -- in an engine ------------------------------------------------------------------------------------------------------


def test_fills_that_lose_make_the_next_entries_smaller_and_stay_with_their_positions(ticks: Table) -> None:
    """Entries of an engine are filled 40 points worse; from the fifth fill on their size counts on that."""
    settings = SLIPPERY
    engine, journal = Engine(settings), list(opening_events([a_spec()], 1e6))
    engine.on_event(AccountChanged(journal))
    entries = _traded(engine, journal, ticks)
    assert len(entries) > 6
    expected = [round(float(row["slippage"]) * 1e5) for row in entries]
    assert expected[:5] == [5] * 5
    assert set(expected[5:]) == {40}
    again = Engine(settings)
    again.on_event(AccountChanged(journal))
    for tables in (engine._world.tables, again._world.tables):
        held = tables.positions[: tables.account[0]["positions"]]
        planned = [round(points * 1e5) for points in held["planned_slippage"]]
        assert planned == [round(float(row["slippage"]) * 1e5) for row in entries]
        assert round(tables.symbols["slippage"][0] * 1e5) == 40


def _traded(engine: Engine, journal: list[AccountEvent], ticks: Table) -> list[Table]:
    """Acting entry records; every entry is filled at once, 40 points worse, and gone before the next."""
    quotes, at, ticket, found = Quotes("EURUSD", ticks, 0), 0, 100, []
    while at < len(ticks):
        at, intents = engine.advance(quotes, at)
        for intent in intents:
            if intent.kind != IntentKind.OPEN:
                continue
            ticket += 1
            events = _filled_worse(intent, ticket)
            journal += events
            engine.on_event(AccountChanged(events))
        rows = engine.take_decisions()
        found += list(rows[(rows["kind"] == 1) & (rows["action"] > 0)])
    return found


def _filled_worse(intent: Intent, ticket: int) -> list[AccountEvent]:
    worse = msgspec.structs.replace(intent, price=round(intent.price + intent.side * 40e-5, 5))
    return [IntentIssued(time_ns=intent.decided_ns, intent=intent), *filled(worse, ticket)]


def test_where_it_is_not_measured_the_setting_alone_counts() -> None:
    lost = fills([50.0] * 10, [50.0] * 10)
    assert measured_points(lost, RULE) == 100.0
    assert math.isnan(measured_points(lost, msgspec.structs.replace(RULE, measured=False)))
    settings = EngineSettings().on_made_ticks()
    assert not settings.slippage.measured
    assert settings == msgspec.structs.replace(EngineSettings(), slippage=settings.slippage)
