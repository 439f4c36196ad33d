from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S, HOUR_S, WEEK_S
from domain.trading import DealReason
from sim.leverage import NO_CAP, Cap, ReducedLeverage, around_news, cap_at
from sim.profiles import JUSTMARKETS_TIERS, AccountProfile
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, USDJPY, XAUUSD, Venue, open_all_week, ticks_of

FRIDAY_22, MONDAY_2 = 5 * DAY_S + 22 * HOUR_S, WEEK_S + DAY_S + 2 * HOUR_S
WEEKEND = ReducedLeverage(leverage=200, weekly=((FRIDAY_22, MONDAY_2),))
TIERED = msgspec.structs.replace(PROFILE, tiers=JUSTMARKETS_TIERS)


def server_s(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("moment", "is_reduced"),
    [
        ("2025-01-10 21:59:59", False),  # a Friday
        ("2025-01-10 22:00:00", True),
        ("2025-01-12 12:00:00", True),
        ("2025-01-13 01:59:59", True),
        ("2025-01-13 02:00:00", False),
        ("2025-01-15 12:00:00", False),
    ],
)
def test_the_weekend_of_justmarkets(moment: str, *, is_reduced: bool) -> None:
    until = Cap(leverage=200, until_msc=server_s("2025-01-13 02:00:00") * 1000)
    assert cap_at((WEEKEND,), EURUSD, server_s(moment)) == (until if is_reduced else NO_CAP)


def test_news_concern_symbols_of_their_currency_and_the_lowest_leverage_applies() -> None:
    release = server_s("2025-01-10 15:30:00")
    yen = ReducedLeverage(leverage=100, dated=around_news([release]), currencies=("JPY",))
    gold = ReducedLeverage(leverage=50, dated=around_news([release], after_s=60), symbols=("XAUUSD",))
    every = ReducedLeverage(leverage=400, dated=around_news([release]))
    found = {spec.name: cap_at((yen, gold, every), spec, release) for spec in (EURUSD, USDJPY, XAUUSD)}
    assert {name: cap.leverage for name, cap in found.items()} == {"EURUSD": 400, "USDJPY": 100, "XAUUSD": 50}
    assert found["XAUUSD"].until_msc == (release + 60) * 1000
    assert cap_at((yen,), USDJPY, release - 601) == cap_at((yen,), USDJPY, release + 300) == NO_CAP
    assert cap_at((yen,), USDJPY, release - 600).until_msc == (release + 300) * 1000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"leverage": 0}, "leverage is 0"),
        ({"leverage": 1, "dated": ((5, 5),)}, "dated holds a window that ends before"),
    ],
)
def test_an_impossible_window_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        msgspec.convert(fields, ReducedLeverage)


@given(st.integers(0, 3 * WEEK_S), st.integers(0, WEEK_S - 1), st.integers(1, WEEK_S))
def test_a_weekly_window_is_the_same_every_week_and_ends_after_it_was_asked(
    now_s: int, start: int, length: int
) -> None:
    rule = ReducedLeverage(leverage=1, weekly=((start, start + length),))
    ends = rule.ends_s(EURUSD, now_s)
    later = rule.ends_s(EURUSD, now_s + WEEK_S)
    assert (ends is None) == (later is None)
    if ends is not None and later is not None:
        assert later == ends + WEEK_S
        assert now_s < ends <= now_s + length


# -- on an account -----------------------------------------------------------------------------------------------------


def test_a_position_opened_within_a_window_gets_the_account_s_leverage_after_it() -> None:
    """JustMarkets' second example: opened within the increased requirements, recalculated at their end."""
    start_s = MONDAY_MSC // 1000
    rule = ReducedLeverage(leverage=200, dated=((start_s + 60, start_s + 120),))
    rich = msgspec.structs.replace(PROFILE, deposit=5000.0, reduced=(rule,), tiers=JUSTMARKETS_TIERS)
    venue = Venue(open_all_week(USDJPY), profile=rich)
    venue.quote(150.0, 150.0)
    venue.open(1, 1.0)
    assert venue.terminal.money().margin == 100.0
    venue.quote(150.0, 150.0, after_msc=60_000)
    venue.open(1, 0.5)
    assert venue.terminal.money().margin == 350.0
    venue.close(venue.terminal.positions()[0].position_ticket)
    assert venue.terminal.money().margin == 250.0
    ticks = ticks_of([(150.0, 150.0)] * 90, start_msc=venue.clock_msc + 1000)
    at = venue.terminal.scan(0, ticks, 0, 90)
    assert ticks[at]["time_msc"] == (start_s + 120) * 1000
    venue.terminal.on_tick(0, ticks, at)
    assert venue.terminal.money().margin == 50.0


def test_an_order_in_a_window_is_checked_at_the_reduced_leverage() -> None:
    start_s = MONDAY_MSC // 1000
    rule = ReducedLeverage(leverage=10, dated=((start_s, start_s + 60),))
    venue = Venue(profile=msgspec.structs.replace(PROFILE, reduced=(rule,)))
    venue.quote(1.1, 1.1)
    assert venue.open(1, 1.0).retcode == 10019
    assert venue.open(1, 0.9).retcode == 10009


@pytest.mark.parametrize(("move", "leverage"), [(-0.02, 3000), (0.02, 1000), (0.0, 2000)])
def test_leverage_follows_equity_as_it_moves(move: float, leverage: int) -> None:
    venue = Venue(open_all_week(EURUSD), profile=msgspec.structs.replace(TIERED, deposit=3000.0))
    venue.quote(1.1, 1.1)
    venue.open(1, 1.2)
    assert (venue.terminal.account().leverage, venue.terminal.money().margin) == (2000, 66.0)
    prices = [round(1.1 + move * step / 100, 5) for step in range(101)]
    ticks = ticks_of([(price, price) for price in prices], start_msc=venue.clock_msc + 1000)
    at = venue.terminal.scan(0, ticks, 0, len(ticks))
    assert (at < len(ticks)) == (move != 0.0)
    if move:
        venue.terminal.on_tick(0, ticks, at)
        assert venue.terminal.account().leverage == leverage
        assert venue.terminal.money().margin == pytest.approx(132_000 / leverage, abs=0.005)
        equity = venue.terminal.money().equity
        assert (equity < 1000.0) if move < 0 else (equity >= 5000.0)


@given(
    st.lists(st.integers(-400, 400), min_size=1, max_size=60),
    st.sampled_from([1, -1]),
    st.booleans(),
    st.sampled_from([EURUSD, USDJPY]),
)
def test_the_scan_finds_what_a_look_at_every_tick_finds(
    moves: list[int],
    side: int,
    hedged: bool,
    spec: SymbolSpec,
) -> None:
    """Tiers, a reduced leverage and its end: deals, money and leverage as when every tick is looked at."""
    start_s = MONDAY_MSC // 1000
    rule = ReducedLeverage(leverage=300, dated=((start_s, start_s + 20),))
    profile = msgspec.structs.replace(TIERED, deposit=1100.0, reduced=(rule,))
    watched, scanned = (started(profile, open_all_week(spec), side, hedged=hedged) for _ in range(2))
    price = 1.1 if spec is EURUSD else 150.0
    quotes = []
    for move in moves:
        price = round(price * (1.0 + move * 1e-5), spec.digits)
        quotes.append((price, round(price + 10 * spec.point, spec.digits)))
    ticks = ticks_of(quotes, start_msc=watched.clock_msc + 1000)
    for index in range(len(ticks)):
        watched.terminal.on_tick(0, ticks, index)
    index = 0
    while index < len(ticks):
        index = scanned.terminal.scan(0, ticks, index, len(ticks))
        if index < len(ticks):
            scanned.terminal.on_tick(0, ticks, index)
            index += 1
    scanned.terminal.settle(0, ticks, len(ticks) - 1)
    assert scanned.terminal.deals == watched.terminal.deals
    assert scanned.terminal.money() == watched.terminal.money()
    assert scanned.terminal.account().leverage == watched.terminal.account().leverage


def started(profile: AccountProfile, spec: SymbolSpec, side: int, *, hedged: bool) -> Venue:
    venue = Venue(spec, profile=profile)
    price = 1.1 if spec.name == "EURUSD" else 150.0
    venue.quote(price, round(price + 10 * spec.point, spec.digits))
    venue.open(side, 1.5)
    if hedged:
        venue.open(-side, 0.7)
    assert venue.terminal.deals[-1].reason == DealReason.EXPERT
    return venue
