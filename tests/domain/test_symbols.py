"""A specification that cannot be traded on is refused by the name of its field; sessions are the broker's."""

import csv
import math
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.symbols import (
    MAX_SESSIONS,
    CalcMode,
    ExecutionMode,
    FillingFlag,
    SwapMode,
    SymbolSpec,
    SymbolSpecError,
    SymbolTradeMode,
    joined_sessions,
)
from domain.timeframes import WEEK_S
from tests.domain.instruments import ETHUSD, EURUSD

# SYMBOL_* enumerations of the MQL5 reference
MT5_NUMBERS = [
    (
        CalcMode,
        {
            "FOREX": 0,
            "FUTURES": 1,
            "CFD": 2,
            "CFDINDEX": 3,
            "CFDLEVERAGE": 4,
            "FOREX_NO_LEVERAGE": 5,
            "EXCH_STOCKS": 32,
            "EXCH_FUTURES": 33,
            "EXCH_FUTURES_FORTS": 34,
            "EXCH_OPTIONS": 35,
            "EXCH_OPTIONS_MARGIN": 36,
            "EXCH_BONDS": 37,
            "EXCH_STOCKS_MOEX": 38,
            "EXCH_BONDS_MOEX": 39,
            "SERV_COLLATERAL": 64,
        },
    ),
    (SymbolTradeMode, {"DISABLED": 0, "LONGONLY": 1, "SHORTONLY": 2, "CLOSEONLY": 3, "FULL": 4}),
    (ExecutionMode, {"REQUEST": 0, "INSTANT": 1, "MARKET": 2, "EXCHANGE": 3}),
    (FillingFlag, {"NONE": 0, "FOK": 1, "IOC": 2, "BOC": 4}),
    (
        SwapMode,
        {
            "DISABLED": 0,
            "POINTS": 1,
            "CURRENCY_SYMBOL": 2,
            "CURRENCY_MARGIN": 3,
            "CURRENCY_DEPOSIT": 4,
            "INTEREST_CURRENT": 5,
            "INTEREST_OPEN": 6,
            "REOPEN_CURRENT": 7,
            "REOPEN_BID": 8,
        },
    ),
]
NAN, INF = math.nan, math.inf
BAD_FIELDS: list[tuple[str, object]] = [
    ("name", ""),
    ("name", "X" * 32),
    ("digits", -1),
    ("digits", 9),
    ("point", 0.0),
    ("point", 1e-4),
    ("point", NAN),
    *[
        (field, value)
        for field in ("tick_size", "tick_value", "contract_size", "volume_min", "volume_max", "volume_step")
        for value in (0.0, -1.0, NAN, INF)
    ],
    ("volume_min", 101.0),
    ("volume_limit", -0.01),
    ("volume_limit", NAN),
    ("stops_level_points", -1),
    ("freeze_level_points", -1),
    ("margin_initial", -1.0),
    ("margin_initial", NAN),
    ("margin_hedged", -1.0),
    ("margin_rate_buy", -0.1),
    ("margin_rate_buy", NAN),
    ("margin_rate_sell", INF),
    ("sessions", ((0, 0),)),
    ("sessions", ((100, 50),)),
    ("sessions", ((-1, 50),)),
    ("sessions", ((0, 604_801),)),
    ("sessions", tuple((second, second + 1) for second in range(MAX_SESSIONS + 1))),
]


@pytest.mark.parametrize(("enumeration", "numbers"), MT5_NUMBERS)
def test_numbers_are_mt5s(enumeration: type[CalcMode], numbers: dict[str, int]) -> None:
    assert {name: int(member) for name, member in enumeration.__members__.items()} == numbers


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_a_bad_field_is_named(field: str, value: object) -> None:
    with pytest.raises(SymbolSpecError, match=field) as refused:
        msgspec.structs.replace(EURUSD, **{field: value})
    assert refused.value.field == field
    assert refused.value.symbol == (value if field == "name" else "EURUSD")


def test_a_symbol_without_a_quote_yet_says_what_to_do() -> None:
    with pytest.raises(SymbolSpecError, match="select the symbol in Market Watch"):
        msgspec.structs.replace(EURUSD, tick_value=0.0)


@pytest.mark.parametrize("digits", range(9))
def test_a_point_fits_its_digits(digits: int) -> None:
    spec = msgspec.structs.replace(EURUSD, digits=digits, point=10.0**-digits)
    assert spec.point == pytest.approx(float(f"1e-{digits}"))


@pytest.mark.parametrize(
    "change",
    [
        {"volume_limit": 0.0},
        {"volume_limit": 50.0},
        {"margin_rate_buy": 0.0},
        {"tick_size": 0.25, "digits": 2, "point": 0.01},
        {"volume_min": 100.0},
        {"sessions": ((0, 604_800),)},
        {"name": "X" * 31},
    ],
)
def test_what_brokers_do_report_is_accepted(change: dict[str, object]) -> None:
    assert msgspec.structs.replace(EURUSD, **change).name


def test_without_sessions_a_symbol_is_always_open() -> None:
    assert all(EURUSD.in_session(second) for second in range(0, 604_800, 3600))


@given(opens=st.integers(0, 604_799), length=st.integers(1, 604_800), weeks=st.integers(0, 3000))
def test_a_session_is_half_open_and_comes_every_week(opens: int, length: int, weeks: int) -> None:
    closes = min(opens + length, 604_800)
    spec = msgspec.structs.replace(EURUSD, sessions=((opens, closes),))
    sunday_s = 3 * 86_400 + weeks * 604_800  # 1970-01-04, the first Sunday
    assert spec.in_session(sunday_s + opens)
    assert spec.in_session(sunday_s + closes - 1)
    whole_week = closes - opens == 604_800
    assert spec.in_session(sunday_s + opens - 1) == whole_week
    assert spec.in_session(sunday_s + closes) == whole_week


def _reported(folder: Path) -> SymbolSpec:
    """ETHUSD.s of JustMarkets-Demo2, with the sessions the terminal exported."""
    path = folder / "mt5_specs" / "justmarkets_demo2_ETHUSD.s_stage8_specification.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        facts = {row["key"]: row["value"] for row in csv.DictReader(lines)}
    sessions = (facts[f"session_{number}"].split("-") for number in range(int(facts["session_count"])))
    numbers = ("digits", "stops_level", "freeze_level")
    return msgspec.structs.replace(
        ETHUSD,
        sessions=tuple((int(opens), int(closes)) for opens, closes in sessions),
        **{field: float(facts[field]) for field in ("point", "tick_size", "tick_value", "contract_size", "volume_min")},
        **{field.replace("level", "level_points"): int(facts[field]) for field in numbers},
    )


@pytest.mark.reference
def test_a_reported_specification_is_accepted(reference: Path) -> None:
    assert msgspec.structs.replace(_reported(reference), sessions=()) == ETHUSD


@pytest.mark.reference
@pytest.mark.parametrize(
    ("server_time", "is_open"),
    [
        # the terminal lists Sunday 00:05-00:09 and 00:19-24:00, all other days 00:05-24:00
        ("2026-08-02 00:00:00", False),
        ("2026-08-02 00:05:00", True),
        ("2026-08-02 00:08:59", True),
        ("2026-08-02 00:09:00", False),
        ("2026-08-02 00:18:59", False),
        ("2026-08-02 00:19:00", True),
        ("2026-08-02 23:59:59", True),
        ("2026-08-03 00:00:00", False),
        ("2026-08-03 00:04:59", False),
        ("2026-08-03 00:05:00", True),
        ("2026-08-05 12:46:10", True),
        ("2026-08-08 00:04:59", False),
        ("2026-08-08 23:59:59", True),
    ],
)
def test_sessions_of_a_crypto_symbol(reference: Path, server_time: str, is_open: bool) -> None:
    moment = datetime.strptime(server_time, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert _reported(reference).in_session(int(moment.timestamp())) == is_open


@pytest.mark.reference
def test_real_deals_lie_within_the_sessions(reference: Path) -> None:
    spec = _reported(reference)
    with (reference / "mt5_specs" / "justmarkets_demo2_ETHUSD.s_deals.csv").open(encoding="utf-8") as lines:
        times = [int(row["time_msc"]) for row in csv.DictReader(lines) if row["record_type"] == "DEAL"]
    assert len(times) == 2
    assert all(spec.in_session(time_msc // 1000) for time_msc in times)


@pytest.mark.parametrize(
    ("listed", "joined"),
    [
        ((), ()),
        (((86_400, 172_800), (172_800, 259_200)), ((86_400, 259_200),)),
        (((86_700, 172_500), (173_100, 259_200)), ((86_700, 172_500), (173_100, 259_200))),
        (((172_800, 200_000), (86_400, 172_800)), ((86_400, 200_000),)),
        (((0, 86_400), (518_400, 604_800)), ((0, 86_400), (518_400, 691_200))),
        (((0, 604_800),), ((0, 1_209_600),)),
    ],
)
def test_sessions_that_touch_are_one(listed: tuple[tuple[int, int], ...], joined: tuple[tuple[int, int], ...]) -> None:
    assert joined_sessions(listed) == joined


@given(
    st.lists(st.integers(0, 167).map(lambda hour: (hour * 3600, (hour + 1) * 3600)), max_size=16),
    st.integers(0, WEEK_S - 1),
)
def test_joining_sessions_opens_and_closes_nothing(sessions: list[tuple[int, int]], second: int) -> None:
    before = any(opens <= second < closes for opens, closes in sessions)
    after = any(opens <= second < closes for opens, closes in joined_sessions(sessions))
    assert before == after
