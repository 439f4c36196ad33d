"""What the desk answers about the simulated terminal."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retcodes import Retcode
from domain.timeframes import DAY_S, Timeframe
from sim.mql5.abi import Domain, HostRequest, HostResult, Pool, RatesBy, TradeMode
from sim.mql5.constants import constants, members_of
from sim.mql5.desk import ALL_TICKS, LATEST_QUOTE, PropertyError
from tests.mql5.programs import QUOTES, Place, place
from tests.sim.venues import EURUSD, MONDAY_MSC

NO_END = -1


@pytest.fixture
def at() -> Place:
    return place()


def quoted(at: Place, ticks: int = 3) -> Place:
    for _ in range(ticks):
        at.feed.play()
        at.desk.touch()
    return at


def bids(rows: object) -> list[float]:
    assert isinstance(rows, np.ndarray)
    return [float(bid) for bid in rows["bid"]]


ALL = [bid for bid, _ in QUOTES]


# -- quotes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("from_msc", "to_msc", "count", "wanted"),
    [
        (0, NO_END, 2, ALL[1:]),
        (0, NO_END, 10, ALL),
        (MONDAY_MSC, NO_END, 2, ALL[:2]),
        (MONDAY_MSC + 1, NO_END, 10, ALL[1:]),
        (MONDAY_MSC + 1000, MONDAY_MSC + 2000, 0, ALL[1:]),
        (MONDAY_MSC, MONDAY_MSC, 0, ALL[:1]),
        (MONDAY_MSC + 9000, NO_END, 5, []),
    ],
)
def test_copy_ticks(at: Place, from_msc: int, to_msc: int, count: int, wanted: list[float]) -> None:
    assert bids(quoted(at).desk.ticks("EURUSD", ALL_TICKS, from_msc, to_msc, count)) == wanted


def test_no_tick_is_seen_before_it_is_played(at: Place) -> None:
    assert bids(at.desk.ticks("EURUSD", ALL_TICKS, 1, NO_END, 10)) == []
    assert bids(quoted(at, 1).desk.ticks("EURUSD", ALL_TICKS, 1, NO_END, 10)) == ALL[:1]


def test_the_latest_quote(at: Place) -> None:
    kept = at.desk.ticks("EURUSD", ALL_TICKS, 0, LATEST_QUOTE, 1)
    assert kept is not None
    assert (bids(kept), int(kept["time_msc"][0])) == (ALL[:1], MONDAY_MSC)
    assert bids(quoted(at).desk.ticks("EURUSD", ALL_TICKS, 0, LATEST_QUOTE, 1)) == ALL[-1:]
    assert bids(at.desk.ticks("USDJPY", ALL_TICKS, 0, LATEST_QUOTE, 1)) == []
    assert at.desk.ticks("NOPE", ALL_TICKS, 0, LATEST_QUOTE, 1) is None


@pytest.mark.parametrize(("flags", "count"), [(1, 3), (2, 0), (3, 3)])
def test_ticks_by_their_flags(at: Place, flags: int, count: int) -> None:
    assert len(bids(quoted(at).desk.ticks("EURUSD", flags, 0, NO_END, 10))) == count


def test_copy_rates(at: Place) -> None:
    desk = quoted(at).desk
    whole = desk.rates("EURUSD", Timeframe.M1, RatesBy.POSITION, 0, 1000)
    assert whole is not None
    times = [int(time) for time in whole["time"]]
    assert len(times) >= 3

    def asked(by: RatesBy, first: int, second: int) -> list[int]:
        rows = desk.rates("EURUSD", Timeframe.M1, by, first, second)
        assert rows is not None
        return [int(time) for time in rows["time"]]

    assert asked(RatesBy.POSITION, 0, 2) == times[-2:]
    assert asked(RatesBy.POSITION, 1, 2) == times[-3:-1]
    assert asked(RatesBy.POSITION, len(times), 2) == []
    assert asked(RatesBy.TIME_AND_COUNT, times[-2], 2) == times[-3:-1]
    assert asked(RatesBy.TIMES, times[1], times[-2]) == times[1:-1]
    assert desk.rates("EURUSD", 7, RatesBy.POSITION, 0, 2) is None
    assert desk.rates("NOPE", Timeframe.M1, RatesBy.POSITION, 0, 2) is None


def test_sessions_are_told_day_by_day(at: Place) -> None:
    """Together they are the symbol's sessions again."""
    told = [
        (day * DAY_S + found[0], day * DAY_S + found[1])
        for day in range(7)
        for index in range(4)
        if (found := at.desk.session("EURUSD", day, index)) is not None
    ]
    assert tuple(told) == EURUSD.sessions
    assert at.desk.session("NOPE", 1, 0) is None


# -- properties --------------------------------------------------------------------------------------------------------

FAMILIES = {
    Domain.ACCOUNT: "ENUM_ACCOUNT_INFO",
    Domain.TERMINAL: "ENUM_TERMINAL_INFO",
    Domain.MQL: "ENUM_MQL_INFO",
    Domain.SYMBOL: "ENUM_SYMBOL_INFO",
    Domain.POSITION: "ENUM_POSITION_PROPERTY",
    Domain.PAST_ORDER: "ENUM_ORDER_PROPERTY",
    Domain.DEAL: "ENUM_DEAL_PROPERTY",
}


@pytest.mark.parametrize("domain", FAMILIES)
def test_every_property_has_an_answer_of_its_kind_or_is_unknown(at: Place, domain: Domain) -> None:
    quoted(at)
    request = HostRequest(action=1, symbol=b"EURUSD", volume=0.1, type=0, type_filling=0, comment=b"x")
    assert at.desk.trade(TradeMode.SEND_NOW, request, HostResult())
    tickets = {Domain.POSITION: 2_000_001, Domain.PAST_ORDER: 2_000_001, Domain.DEAL: 1_000_002}
    known = 0
    for kind, types in {"INTEGER": int, "DOUBLE": float, "STRING": str}.items():
        if domain is Domain.MQL and kind == "DOUBLE":
            continue
        for which in members_of(f"{FAMILIES[domain]}_{kind}").values():
            try:
                answer = at.desk.answer(domain, "EURUSD", tickets.get(domain, 0), which)
            except PropertyError:
                continue
            assert isinstance(answer, types)
            known += 1
    assert known > 4


@pytest.mark.parametrize(
    ("domain", "name", "ticket", "which", "code"),
    [
        (Domain.SYMBOL, "NOPE", 0, "SYMBOL_BID", 4301),
        (Domain.SYMBOL, "EURUSD", 0, "SYMBOL_START_TIME", 4303),
        (Domain.POSITION, "", 5, "POSITION_TYPE", 4753),
        (Domain.DEAL, "", 5, "DEAL_TYPE", 4755),
        (Domain.PAST_ORDER, "", 5, "ORDER_TYPE", 4754),
        (Domain.DEAL, "", 1_000_001, "DEAL_EXTERNAL_ID", 0),
    ],
)
def test_what_is_not_there(at: Place, domain: Domain, name: str, ticket: int, which: str, code: int) -> None:
    if not code:
        assert at.desk.answer(domain, name, ticket, constants()[which]) == ""
        return
    with pytest.raises(PropertyError) as missing:
        at.desk.answer(domain, name, ticket, constants()[which])
    assert missing.value.code == code


def test_pools(at: Place) -> None:
    desk = quoted(at).desk
    request = HostRequest(action=1, symbol=b"EURUSD", volume=0.1, type=0, type_filling=0)
    desk.trade(TradeMode.SEND_NOW, request, HostResult())
    assert desk.pool(Domain.POSITION, Pool.HOW_MANY, 0, 0) == 1
    assert desk.pool(Domain.POSITION, Pool.WHICH_TICKET, 0, 0) == 2_000_001
    assert desk.pool(Domain.POSITION, Pool.WHICH_TICKET, 1, 0) == 0
    assert desk.pool(Domain.POSITION, Pool.IS_THERE, 2_000_001, 0) == 1
    assert desk.pool(Domain.ORDER, Pool.HOW_MANY, 0, 0) == 0
    assert desk.pool(Domain.DEAL, Pool.HOW_MANY, 0, 0) == 0  # nothing is selected yet
    assert desk.pool(Domain.DEAL, Pool.SELECT_RANGE, 0, MONDAY_MSC) == 1
    assert [desk.pool(Domain.DEAL, Pool.WHICH_TICKET, index, 0) for index in range(3)] == [1_000_001, 1_000_002, 0]
    assert desk.pool(Domain.DEAL, Pool.SELECT_POSITION, 2_000_001, 0) == 1
    assert desk.pool(Domain.DEAL, Pool.HOW_MANY, 0, 0) == 1
    assert desk.pool(Domain.PAST_ORDER, Pool.WHICH_TICKET, 0, 0) == 2_000_001
    assert desk.pool(Domain.DEAL, Pool.SELECT_POSITION, 5, 0) == 0


# -- money and requests ------------------------------------------------------------------------------------------------


@given(st.floats(0.01, 50.0), st.floats(1.0, 1.3), st.sampled_from([0, 1]))
def test_estimates_follow_the_formulas(volume: float, price: float, kind: int) -> None:
    """EURUSD at 1:500 on a USD account: margin = volume x contract x price / leverage."""
    desk = place().desk
    margin = desk.estimate(0, kind, "EURUSD", volume, price, 0.0)
    assert math.isclose(margin, volume * 100_000 * price / 500, abs_tol=0.006)
    profit = desk.estimate(1, kind, "EURUSD", volume, price, price + 0.001)
    assert math.isclose(profit, (1 - 2 * kind) * volume * 100.0, abs_tol=0.006)


def test_estimates_of_what_is_not_there() -> None:
    desk = place().desk
    assert math.isnan(desk.estimate(0, 0, "NOPE", 1.0, 1.0, 0.0))
    assert math.isnan(desk.estimate(0, 7, "EURUSD", 1.0, 1.0, 0.0))
    assert desk.estimate(2, 0, "EURUSD", 0.0, 0.0, 0.0) == 1.0


@pytest.mark.parametrize(
    ("changes", "retcode"),
    [
        ({}, 0),
        ({"volume": 0.001}, Retcode.INVALID_VOLUME),
        ({"type_filling": 1}, Retcode.INVALID_FILL),
        ({"sl": 2.0}, Retcode.INVALID_STOPS),
        ({"volume": 100.0}, Retcode.NO_MONEY),
        ({"symbol": b"NOPE"}, Retcode.INVALID),
        ({"type": 4}, Retcode.INVALID),
    ],
)
def test_order_check(at: Place, changes: dict[str, object], retcode: int) -> None:
    fields = {"action": 1, "symbol": b"EURUSD", "volume": 0.1, "type": 0, "type_filling": 0}
    result = HostResult()
    allowed = quoted(at).desk.trade(TradeMode.CHECK_ONLY, HostRequest(**(fields | changes)), result)
    assert (result.retcode, allowed) == (retcode, retcode == 0)
    assert at.terminal.positions() == ()


def test_a_stop_the_server_acts_on_is_told(at: Place) -> None:
    at.feed.play()
    request = HostRequest(action=1, symbol=b"EURUSD", volume=0.1, type=0, type_filling=0, tp=1.1002)
    at.desk.trade(TradeMode.SEND_NOW, request, HostResult())
    at.desk.changes.clear()
    update, _ = at.feed.play()
    at.desk.server_acted(update)
    update, _ = at.feed.play()
    at.desk.server_acted(update)
    (told,) = at.desk.changes
    kinds = {number: name for name, number in members_of("ENUM_TRADE_TRANSACTION_TYPE").items()}
    names = [kinds[transaction.type].removeprefix("TRADE_TRANSACTION_") for transaction, _, _ in told]
    assert names == ["ORDER_ADD", "DEAL_ADD", "ORDER_DELETE", "HISTORY_ADD"]
    assert at.terminal.positions() == ()
