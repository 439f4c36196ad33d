"""What guards and people impose on an account: latches, halts, overrides, losses in a row, and the marks of equity."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import (
    AccountEvent,
    DealBooked,
    EquityTracked,
    GuardChanged,
    GuardKind,
    Halted,
    OverrideKind,
    OverrideLifted,
    OverrideSet,
    Resumed,
    decoded,
    encoded,
)
from account.safety import LossStreak
from account.state import AccountState
from tests.account.samples import DAY_MSC, NOON_MSC, NOON_NS, account, deal, exit_deal, issued_event, session

TODAY = NOON_MSC // DAY_MSC


def changed(guard: GuardKind = GuardKind.DRAWDOWN, level: int = 1, **changes: object) -> GuardChanged:
    fields: dict[str, Any] = {"time_ns": NOON_NS, "value": 0.06, "threshold": 0.05, "equity": 9_400.0}
    return GuardChanged(guard=guard, level=level, **(fields | dict(changes)))


def override(**changes: object) -> OverrideSet:
    fields: dict[str, Any] = {
        "time_ns": NOON_NS,
        "kind": OverrideKind.LIMIT,
        "name": "entry.risk_fraction",
        "symbol": "",
        "value": 0.005,
        "reason": "careful",
        "author": "ada",
        "expires_ns": 0,
    }
    return OverrideSet(**(fields | dict(changes)))


def pause(symbol: str = "") -> OverrideSet:
    return override(kind=OverrideKind.PAUSE, name="", symbol=symbol, value=0.0)


def resumed(symbol: str = "") -> Resumed:
    return Resumed(time_ns=NOON_NS + 5, symbol=symbol, reason="over", author="ada")


def tracked(equity: float, **changes: object) -> EquityTracked:
    fields: dict[str, Any] = {"peak_equity": 10_500.0, "day_start_equity": 10_100.0, "broker_day": TODAY}
    return EquityTracked(time_ns=NOON_NS, equity=equity, **(fields | dict(changes)))


# -- latches and halts -------------------------------------------------------------------------------------------------


def test_a_latch_keeps_its_first_moment_and_its_worst_value() -> None:
    state = account(changed(), changed(level=3, time_ns=NOON_NS + 7, value=0.13, threshold=0.13))
    state.apply(changed(level=2, time_ns=NOON_NS + 9, value=0.11, threshold=0.12))
    latch = state.safety.guards[GuardKind.DRAWDOWN]
    assert (latch.level, latch.since_ns, latch.value, latch.threshold) == (2, NOON_NS, 0.13, 0.12)
    assert state.safety.level_of(GuardKind.DRAWDOWN) == 2
    assert state.safety.level_of(GuardKind.DAY_LOSS) == 0


def test_level_0_lets_go() -> None:
    state = account(changed(), changed(level=0, value=0.03))
    assert state.safety.guards == {}


def test_the_last_level_halts_and_only_a_person_resumes() -> None:
    state = account(tracked(8_500.0, peak_equity=10_000.0), changed(level=5, value=0.15, threshold=0.15, halts=True))
    state.apply(changed(level=0, value=0.01))
    halt = state.safety.halt
    assert (halt.is_on, halt.by_guard, halt.since_ns) == (True, True, NOON_NS)
    assert halt.reason == "drawdown of 15.00% reached 15.00%"
    state.apply(resumed())
    assert not state.safety.halt.is_on


def test_after_a_drawdown_halt_the_peak_starts_anew() -> None:
    state = account(tracked(8_500.0, peak_equity=10_000.0), changed(level=5, halts=True), resumed())
    assert state.peak_equity == 8_500.0
    assert state.safety.guards == {}


def test_the_kill_switch_leaves_the_peak_alone() -> None:
    state = account(tracked(9_000.0, peak_equity=10_000.0), changed(level=1))
    state.apply(Halted(time_ns=NOON_NS, reason="news", author="ada"))
    state.apply(Halted(time_ns=NOON_NS + 1, reason="again", author="bob"))
    assert (state.safety.halt.reason, state.safety.halt.author) == ("news", "ada")
    state.apply(resumed())
    assert state.peak_equity == 10_000.0
    assert state.safety.level_of(GuardKind.DRAWDOWN) == 1


def test_resuming_a_symbol_is_no_end_of_a_halt() -> None:
    state = account(pause("EURUSD.s"), pause("XAUUSD.s"), pause())
    state.apply(Halted(time_ns=NOON_NS, reason="news", author="ada"))
    state.apply(resumed("EURUSD.s"))
    assert state.safety.halt.is_on
    assert [it.symbol for it in state.safety.overrides.values()] == ["XAUUSD.s", ""]
    state.apply(resumed())
    assert state.safety.overrides == {}


def test_another_account_has_its_own_safety() -> None:
    state = account(changed(level=5, halts=True), pause())
    state.apply(session(login=7))
    assert not state.safety.halt.is_on
    assert (state.safety.guards, state.safety.overrides) == ({}, {})


# -- overrides ---------------------------------------------------------------------------------------------------------


def test_the_last_override_of_a_limit_counts_symbol_by_symbol() -> None:
    state = account(override(), override(value=0.002, time_ns=NOON_NS + 1), override(symbol="EURUSD.s", value=0.001))
    assert [(it.symbol, it.value) for it in state.safety.active_overrides(NOON_NS)] == [
        ("EURUSD.s", 0.001),
        ("", 0.002),
    ]


def test_an_override_ends_at_its_time_or_when_it_is_lifted() -> None:
    state = account(override(expires_ns=NOON_NS + 10), pause())
    assert len(state.safety.active_overrides(NOON_NS + 9)) == 2
    assert [it.is_pause for it in state.safety.active_overrides(NOON_NS + 10)] == [True]
    lifted = OverrideLifted(time_ns=NOON_NS, kind=OverrideKind.PAUSE, name="", symbol="", reason="enough", author="ada")
    state.apply(lifted)
    assert state.safety.active_overrides(NOON_NS + 10) == ()


# -- losses in a row ---------------------------------------------------------------------------------------------------


def traded(number: int, *results: float, own: bool = True) -> list[AccountEvent]:
    """A position of `results` lots, opened at 0.70 commission and closed lot by lot."""
    intent_id = number if own else None
    shared: dict[str, Any] = {"intent_id": intent_id, "position_id": number}
    lots = float(len(results))
    deals = [deal(10 * number, volume=lots, commission=-0.7, order_ticket=10 * number, **shared)]
    for index, result in enumerate(results, start=1):
        ticket = 10 * number + index
        when = NOON_MSC + number
        deals.append(exit_deal(ticket, profit=result, volume=1.0, order_ticket=ticket, time_msc=when, **shared))
    opened: list[AccountEvent] = [issued_event(intent_id=number, volume=lots)] if own else []
    return [*opened, *(DealBooked(time_ns=NOON_NS, deal=one) for one in deals)]


def streak_after(*trades: list[AccountEvent]) -> LossStreak:
    return account(*(event for trade in trades for event in trade)).safety.streak


def test_losses_in_a_row_are_counted_and_a_gain_ends_them() -> None:
    assert streak_after(traded(1, -5.0), traded(2, -1.0)) == LossStreak(count=2, last_loss_ns=NOON_NS + 2_000_000)
    assert streak_after(traded(1, -5.0), traded(2, 5.0)) == LossStreak(count=0, last_loss_ns=NOON_NS + 1_000_000)


def test_costs_make_a_small_gain_a_loss() -> None:
    assert streak_after(traded(1, 0.5)).count == 1
    assert streak_after(traded(1, 0.7)) == LossStreak()


def test_a_position_closed_in_parts_is_one_result() -> None:
    assert streak_after(traded(1, 50.0, -10.0)).count == 0
    assert streak_after(traded(1, 10.0, -50.0)).count == 1


def test_positions_of_others_do_not_count() -> None:
    assert streak_after(traded(1, -5.0, own=False)) == LossStreak()


def test_nothing_is_remembered_of_closed_positions() -> None:
    assert account(*traded(1, -5.0)).safety.results == {}


@given(st.lists(st.sampled_from([-3.0, -0.7, 0.7, 4.0]), max_size=12))
def test_the_streak_is_what_the_results_say(profits: list[float]) -> None:
    results = [round(profit - 0.7, 2) for profit in profits]
    naive = 0
    for result in results:
        naive = naive + 1 if result < 0 else 0 if result > 0 else naive
    assert streak_after(*(traded(number, profit) for number, profit in enumerate(profits, start=1))).count == naive


# -- marks of equity ---------------------------------------------------------------------------------------------------


def test_the_marks_are_taken_as_they_are() -> None:
    state = account(tracked(10_300.0))
    assert (state.last_equity, state.peak_equity, state.day_start_equity) == (10_300.0, 10_500.0, 10_100.0)
    assert state.broker_day == TODAY


def test_a_new_day_begins_without_a_result() -> None:
    state = account(DealBooked(time_ns=NOON_NS, deal=exit_deal(profit=5.0)))
    assert state.realised_today == 5.0
    state.apply(tracked(10_000.0))
    assert state.realised_today == 5.0
    state.apply(tracked(10_000.0, broker_day=TODAY + 1))
    assert (state.realised_today, state.broker_day) == (0.0, TODAY + 1)


EVENTS: list[AccountEvent] = [
    changed(),
    changed(level=5, halts=True),
    changed(level=0),
    changed(GuardKind.DAY_LOSS),
    Halted(time_ns=NOON_NS, reason="news", author="ada"),
    resumed(),
    resumed("EURUSD.s"),
    override(expires_ns=NOON_NS + 3),
    pause("EURUSD.s"),
    tracked(9_000.0),
]


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_the_journal_gives_the_same_safety_and_telling_it_twice_changes_nothing(events: list[AccountEvent]) -> None:
    state = account(*events)
    again = AccountState.replayed(decoded(encoded(event)) for event in [session(), *events])
    assert again.safety == state.safety
    if events and not isinstance(events[-1], (Resumed, OverrideSet)):
        before = state.digest()
        state.apply(events[-1])
        assert state.digest() == before


@pytest.mark.parametrize("event", [changed(), pause(), Halted(time_ns=NOON_NS, reason="", author="")])
def test_the_digest_tells_safety_apart(event: AccountEvent) -> None:
    assert account(event).digest() != account().digest()
