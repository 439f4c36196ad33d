from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retcodes import Retcode
from domain.timeframes import DAY_S, HOUR_S
from sim.holidays import Holiday, TradingHours, easter_sunday, usual_holidays
from sim.profiles import justmarkets_symbol
from tests.sim.venues import DAY_MSC, EURUSD, PROFILE, XAUUSD, Venue, ticks_of

CHRISTMAS = Holiday(day=date(2000, 12, 25), every_year=True)
GOOD_FRIDAY = Holiday(day=date(2025, 4, 18), symbols=("XAU*", "US100*"))
EARLY_CLOSE = Holiday(day=date(2025, 12, 24), symbols=("XAU*",), hours=((HOUR_S, 20 * HOUR_S + 45 * 60),))
HOURS = TradingHours((CHRISTMAS, GOOD_FRIDAY, EARLY_CLOSE))


def server_s(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("spec", "moment", "is_open"),
    [
        (EURUSD, "2025-12-25 12:00", False),
        (EURUSD, "2031-12-25 12:00", False),
        (EURUSD, "2025-12-24 23:30", True),
        (XAUUSD, "2025-12-24 20:44", True),
        (XAUUSD, "2025-12-24 20:45", False),
        (XAUUSD, "2025-12-24 00:30", False),  # before its session
        (XAUUSD, "2025-04-18 12:00", False),
        (EURUSD, "2025-04-18 12:00", True),
        (XAUUSD, "2025-04-17 12:00", True),
    ],
)
def test_hours_of_holidays(spec: object, moment: str, *, is_open: bool) -> None:
    assert isinstance(spec, type(EURUSD))
    assert HOURS.is_open(spec, server_s(moment)) is is_open


def test_a_shortened_day_is_no_holiday() -> None:
    days = [server_s(f"2025-12-{day}") // DAY_S for day in (24, 25)]
    assert [HOURS.is_holiday(XAUUSD, day) for day in days] == [False, True]


@pytest.mark.parametrize(
    ("spec", "closed", "opens"),
    [
        (XAUUSD, "2025-12-24 21:00", "2025-12-26 01:00"),  # Christmas Eve, then Christmas Day
        (XAUUSD, "2025-04-17 23:59", "2025-04-21 01:01"),  # Good Friday, then the weekend
        (EURUSD, "2025-12-25 10:00", "2025-12-26 00:00"),
    ],
)
def test_the_next_opening_lies_behind_holidays(spec: object, closed: str, opens: str) -> None:
    assert isinstance(spec, type(EURUSD))
    assert HOURS.next_opening_s(spec, server_s(closed)) == server_s(opens)


def test_several_rules_for_one_day_add_their_hours() -> None:
    """The platform help's New Year: closed, but for Forex from 10 to 12 and from 13 to 22."""
    day = date(2014, 1, 1)
    rules = [Holiday(day=day)] + [
        Holiday(day=day, symbols=("EUR*",), hours=((opens * HOUR_S, closes * HOUR_S),))
        for opens, closes in ((10, 12), (13, 22))
    ]
    hours = TradingHours(rules)
    spec = msgspec.structs.replace(EURUSD, sessions=())
    opened = [hour for hour in range(24) if hours.is_open(spec, server_s("2014-01-01") + hour * HOUR_S)]
    assert opened == [10, 11, *range(13, 22)]
    assert not hours.is_open(msgspec.structs.replace(spec, name="GBPUSD"), server_s("2014-01-01 11:00"))


def test_impossible_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="hours of 2025-12-24 hold"):
        Holiday(day=date(2025, 12, 24), hours=((5, 5),))


@given(st.integers(server_s("2025-12-01"), server_s("2026-01-05")), st.sampled_from([EURUSD, XAUUSD]))
def test_the_next_opening_is_the_first_second_that_is_open(moment: int, spec: object) -> None:
    assert isinstance(spec, type(EURUSD))
    if HOURS.is_open(spec, moment):
        return
    opens = HOURS.next_opening_s(spec, moment)
    assert HOURS.is_open(spec, opens)
    assert not any(HOURS.is_open(spec, second) for second in range(moment, opens, 600))
    assert not HOURS.is_open(spec, opens - 1)


def test_stops_and_orders_wait_for_the_end_of_a_holiday() -> None:
    tuesday = Holiday(day=date(2025, 1, 7))
    venue = Venue(profile=msgspec.structs.replace(PROFILE, holidays=(tuesday,)))
    venue.quote(1.1, 1.1)
    ticket = venue.open(1, 1.0, sl=1.09).order_ticket
    quotes = [(1.08, 1.08)] * 72
    ticks = ticks_of(quotes, start_msc=venue.clock_msc + 12 * HOUR_S * 1000, step_msc=HOUR_S * 1000)
    at = venue.terminal.scan(0, ticks, 0, len(ticks))
    first = datetime.fromtimestamp(int(ticks[at]["time"]), tz=UTC)
    assert (first.day, first.hour) == (7, 0)  # midnight: the swap
    venue.terminal.on_tick(0, ticks, at)
    assert venue.open(1, 1.0).retcode == Retcode.MARKET_CLOSED
    assert venue.terminal.position(ticket) is not None
    at = venue.terminal.scan(0, ticks, at + 1, len(ticks))
    venue.terminal.on_tick(0, ticks, at)
    assert venue.terminal.position(ticket) is None
    assert int(ticks[at]["time_msc"]) // DAY_MSC == venue.clock_msc // DAY_MSC + 2


def test_the_usual_holidays_are_the_days_histories_show() -> None:
    """Nights that two Strategy Tester reports charged one day later: gold, and the Australian dollar."""
    hours = TradingHours(usual_holidays(range(2019, 2024)))
    aussie = msgspec.structs.replace(EURUSD, name="AUDUSD_o")
    off: dict[str, list[str]] = {"AUDUSD_o": [], "XAUUSD": []}
    for day in range(server_s("2019-12-20") // DAY_S, server_s("2023-12-20") // DAY_S):
        moment = datetime.fromtimestamp(day * DAY_S, tz=UTC)
        for spec in (aussie, XAUUSD):
            if moment.weekday() < 5 and hours.is_holiday(spec, day):
                off[spec.name].append(f"{moment:%Y-%m-%d}")
    assert {"2019-12-25", "2020-01-01", "2020-12-25", "2021-01-01", "2022-12-26"} == set(off["AUDUSD_o"])
    assert {"2021-12-24", "2022-04-15", "2023-01-02", "2023-04-07"} < set(off["XAUUSD"])


@pytest.mark.parametrize(
    ("year", "easter"), [(1818, "03-22"), (1943, "04-25"), (2000, "04-23"), (2024, "03-31"), (2025, "04-20")]
)
def test_easter(year: int, easter: str) -> None:
    assert f"{easter_sunday(year):%m-%d}" == easter


def test_crypto_keeps_no_holidays() -> None:
    ether = justmarkets_symbol("ETHUSD", "ETHUSD.s")
    assert TradingHours(usual_holidays([2025])).is_open(ether, server_s("2025-12-25 12:00"))
