import pickle

import msgspec
import pytest

from domain.pricing import symbol_money
from domain.symbols import CalcMode, FillingFlag
from domain.timeframes import DAY_S
from domain.trading import AccountTradeMode, MarginMode
from sim.conversion import conversions
from sim.leverage import cap_at
from sim.profiles import (
    CURRENCIES,
    JUSTMARKETS_BASES,
    JUSTMARKETS_TIERS,
    AccountProfile,
    CommissionCharge,
    CommissionRule,
    JustMarketsAccount,
    LeverageTier,
    justmarkets_account,
    justmarkets_spread_points,
    justmarkets_symbol,
    justmarkets_symbols,
    news_leverage,
)

MONDAY, FRIDAY, SATURDAY = DAY_S, 5 * DAY_S, 6 * DAY_S
SUNDAY_1970_S = 3 * DAY_S  # the first Sunday of the epoch


def account(**changes: object) -> AccountProfile:
    return msgspec.structs.replace(AccountProfile(login=1, server="S", deposit=100.0), **changes)


@pytest.mark.parametrize(
    ("equity", "leverage"),
    [
        (-5.0, 3000),
        (0.0, 3000),
        (999.99, 3000),
        (1000.0, 2000),
        (4999.99, 2000),
        (5000.0, 1000),
        (39_999.99, 1000),
        (40_000.0, 500),
        (1e9, 500),
    ],
)
def test_justmarkets_leverage_follows_equity(equity: float, leverage: int) -> None:
    profile = justmarkets_account(JustMarketsAccount.STANDARD, deposit=500.0)
    assert profile.tiers == JUSTMARKETS_TIERS
    assert profile.leverage_at(equity) == leverage


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deposit": 0.0}, "deposit"),
        ({"deposit": -1.0}, "deposit"),
        ({"tiers": ()}, "tiers"),
        ({"tiers": (LeverageTier(equity_from=1.0, leverage=10),)}, "rise from 0"),
        ({"tiers": (LeverageTier(equity_from=0.0, leverage=0),)}, "leverage below 1"),
        ({"tiers": (LeverageTier(equity_from=0.0, leverage=9), LeverageTier(equity_from=0.0, leverage=8))}, "rise"),
    ],
)
def test_an_impossible_account_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        account(**changes)


def test_defaults_are_a_hedging_demo_with_justmarkets_stop_out() -> None:
    profile = justmarkets_account(JustMarketsAccount.PRO, deposit=500.0)
    assert (profile.margin_mode, profile.trade_mode) == (MarginMode.RETAIL_HEDGING, AccountTradeMode.DEMO)
    assert (profile.margin_call_fraction, profile.stop_out_fraction) == (0.4, 0.2)


@pytest.mark.parametrize("kind", [JustMarketsAccount.STANDARD, JustMarketsAccount.PRO])
def test_only_raw_spread_pays_commission(kind: JustMarketsAccount) -> None:
    profile = justmarkets_account(kind, deposit=500.0)
    assert all(profile.commission_of(spec.name) == CommissionRule() for spec in justmarkets_symbols(kind))


@pytest.mark.parametrize(("base", "per_lot"), [("EURUSD", 7.0), ("XAUUSD", 7.0), ("US100", 1.25), ("ETHUSD", 0.0)])
def test_raw_spread_commission_is_at_entry(base: str, per_lot: float) -> None:
    profile = justmarkets_account(JustMarketsAccount.RAW_SPREAD, deposit=500.0)
    rule = profile.commission_of(f"{base}.ecn")
    assert (rule.per_lot, rule.charge) == (per_lot, CommissionCharge.ENTRY)


def test_a_symbol_without_a_rule_pays_the_account_s_own() -> None:
    rule = CommissionRule(per_lot=3.5, charge=CommissionCharge.EACH_DEAL)
    profile = account(commission=rule, commission_by_symbol={"A": CommissionRule()})
    assert (profile.commission_of("A"), profile.commission_of("B")) == (CommissionRule(), rule)


@pytest.mark.parametrize("kind", list(JustMarketsAccount))
def test_every_symbol_can_be_priced_for_a_dollar_account(kind: JustMarketsAccount) -> None:
    specs = justmarkets_symbols(kind)
    assert [spec.name for spec in specs] == [base + kind.value for base in JUSTMARKETS_BASES]
    for spec in specs:
        symbol_money(spec, "USD", 2, 500)
        assert spec.filling_flags == FillingFlag.FOK
        assert (spec.volume_min, spec.volume_step, spec.volume_max) == (0.01, 0.01, 100.0)
        assert (spec.stops_level_points, spec.freeze_level_points) == (0, 0)


@pytest.mark.parametrize(
    ("base", "digits", "contract", "tick_value", "mode"),
    [
        ("EURUSD", 5, 100_000.0, 1.0, CalcMode.FOREX),
        ("USDJPY", 3, 100_000.0, 100.0 / 150.0, CalcMode.FOREX),
        ("XAUUSD", 2, 100.0, 1.0, CalcMode.FOREX),
        ("XAGUSD", 3, 5000.0, 5.0, CalcMode.FOREX),
        ("US100", 1, 1.0, 0.1, CalcMode.CFDINDEX),
        ("ETHUSD", 2, 1.0, 0.01, CalcMode.CFD),
    ],
)
def test_specifications(base: str, digits: int, contract: float, tick_value: float, mode: CalcMode) -> None:
    spec = justmarkets_symbol(base)
    assert (spec.digits, spec.contract_size, spec.calc_mode) == (digits, contract, mode)
    assert spec.tick_value == pytest.approx(tick_value)
    assert spec.margin_hedged == contract


def test_a_symbol_keeps_the_name_it_is_given() -> None:
    assert justmarkets_symbol("EURUSD", "EURUSDm").name == "EURUSDm"
    assert justmarkets_symbol("EURUSD").name == "EURUSD"


def test_an_unknown_symbol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'DOGE' is not in the JustMarkets profile; known: EURUSD, .*ETHUSD"):
        justmarkets_symbol("DOGE")


@pytest.mark.parametrize(
    ("base", "second", "is_open"),
    [
        ("EURUSD", MONDAY + 119, False),
        ("EURUSD", MONDAY + 120, True),
        ("EURUSD", FRIDAY + DAY_S - 61, True),
        ("EURUSD", FRIDAY + DAY_S - 60, False),
        ("EURUSD", SATURDAY + 3600, False),
        ("XAUUSD", MONDAY + 3659, False),
        ("XAUUSD", MONDAY + 3660, True),
        ("XAUUSD", MONDAY + DAY_S + 3600, True),
        ("XAUUSD", MONDAY + DAY_S - 120, False),
        ("XAGUSD", MONDAY + 3719, False),
        ("US100", MONDAY + DAY_S + 3659, False),
        ("ETHUSD", 299, False),
        ("ETHUSD", 300, True),
        ("ETHUSD", 600, False),
        ("ETHUSD", SATURDAY + 300, True),
        ("ETHUSD", SATURDAY + 200, False),
    ],
)
def test_sessions(base: str, second: int, *, is_open: bool) -> None:
    assert justmarkets_symbol(base).in_session(SUNDAY_1970_S + second) is is_open


def test_a_profile_can_go_to_another_process() -> None:
    profile = justmarkets_account(JustMarketsAccount.RAW_SPREAD, deposit=500.0)
    assert pickle.loads(pickle.dumps(profile)) == profile  # noqa: S301 - our own bytes


def test_crosses_are_converted_by_the_pairs_of_the_same_suffix() -> None:
    specs = justmarkets_symbols(JustMarketsAccount.PRO)
    found = conversions(specs, "USD")
    crosses = [index for index, spec in enumerate(specs) if "USD" not in spec.name and spec.name[:3] in CURRENCIES]
    assert len(crosses) == 21
    assert set(found.profit) == set(found.margin) == set(crosses)
    assert {specs[leg.symbol_index].name[-2:] for stages in found.profit.values() for leg in stages} == {".s"}
    assert all(specs[index].digits == (3 if "JPY" in specs[index].name else 5) for index in crosses)


def test_weekends_reduce_the_leverage_of_currencies_alone() -> None:
    rules = justmarkets_account(JustMarketsAccount.STANDARD, deposit=500.0).reduced
    saturday = SUNDAY_1970_S + SATURDAY
    caps = {base: cap_at(rules, justmarkets_symbol(base), saturday).leverage for base in ("EURUSD", "GBPJPY", "XAUUSD")}
    assert caps == {"EURUSD": 200, "GBPJPY": 200, "XAUUSD": 0}
    assert cap_at(rules, justmarkets_symbol("EURUSD"), SUNDAY_1970_S + FRIDAY).leverage == 0


def test_news_reduce_the_leverage_of_their_currency() -> None:
    release = SUNDAY_1970_S + 3 * DAY_S
    rules = (news_leverage([release], ("USD",)),)
    assert cap_at(rules, justmarkets_symbol("XAUUSD"), release - 600).leverage == 200
    assert cap_at(rules, justmarkets_symbol("XAUUSD"), release + 300).leverage == 0
    assert cap_at(rules, justmarkets_symbol("EURGBP"), release).leverage == 0


@pytest.mark.parametrize(
    ("base", "kind", "points"),
    [
        ("XAUUSD", JustMarketsAccount.RAW_SPREAD, 9.0),
        ("ETHUSD", JustMarketsAccount.PRO, 98.0),
        ("EURGBP", JustMarketsAccount.PRO, None),
    ],
)
def test_typical_spreads(base: str, kind: JustMarketsAccount, points: float | None) -> None:
    assert justmarkets_spread_points(base, kind) == points
