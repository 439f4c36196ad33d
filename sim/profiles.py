"""Accounts and symbols of the simulated terminal, with the JustMarkets profile as it was observed.

Where a number comes from is said beside it and in docs/simulated-terminal.md; one marked *assumption* has no source and
is a setting for that reason.
"""

import itertools
import math
from collections.abc import Iterable
from enum import Enum, IntEnum
from typing import Final

import msgspec

from domain.symbols import CalcMode, FillingFlag, SwapMode, SymbolSpec
from domain.timeframes import DAY_S, HOUR_S, MINUTE_S
from domain.trading import AccountTradeMode, MarginMode
from sim.holidays import Holiday
from sim.leverage import ReducedLeverage, around_news
from sim.terms import SymbolTerms

_PLAIN_TERMS: Final = SymbolTerms()
Sessions = tuple[tuple[int, int], ...]


class CommissionCharge(IntEnum):
    """Which deals of a position pay commission."""

    ENTRY = 0
    EACH_DEAL = 1


class CommissionRule(msgspec.Struct, frozen=True, kw_only=True):
    """Commission of a deal: `per_lot` [account money/lot] and `per_deal` [account money], both as positive costs."""

    per_lot: float = 0.0
    per_deal: float = 0.0
    charge: CommissionCharge = CommissionCharge.ENTRY


class LeverageTier(msgspec.Struct, frozen=True, kw_only=True):
    """Leverage 1:`leverage` from an equity of `equity_from` [account money] on."""

    equity_from: float
    leverage: int


class AccountProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One trading account at one broker.

    `tiers` are in rising order and begin at 0. `margin_call_fraction` and `stop_out_fraction` are margin levels
    (equity / margin). `slippage_points` worsens every market fill and stop loss; `commission_by_symbol` goes before
    `commission`. `pending_margin_fraction` is the part of its margin that a pending order reserves while it waits;
    limits of 0 mean none. `reduced` leverage applies to new positions for a while; `terms` are the broker's settings by
    symbol name. `fixed_rates` [account money per unit] convert currencies that no symbol trades; `converts_by_market`
    converts profit of Forex symbols by gain and loss, not by the side of the deal. On `holidays` symbols trade for less
    than their sessions, or not at all.

    Raises:
        ValueError: for a deposit, tier or mode that no account can have.
    """

    login: int
    server: str
    deposit: float
    currency: str = "USD"
    currency_digits: int = 2
    tiers: tuple[LeverageTier, ...] = (LeverageTier(equity_from=0.0, leverage=500),)
    margin_mode: MarginMode = MarginMode.RETAIL_HEDGING
    trade_mode: AccountTradeMode = AccountTradeMode.DEMO
    margin_call_fraction: float = 0.4
    stop_out_fraction: float = 0.2
    limit_positions: int = 0
    limit_orders: int = 0
    pending_margin_fraction: float = 0.0
    commission: CommissionRule = CommissionRule()
    commission_by_symbol: dict[str, CommissionRule] = {}
    slippage_points: float = 0.0
    reduced: tuple[ReducedLeverage, ...] = ()
    terms: dict[str, SymbolTerms] = {}
    fixed_rates: dict[str, float] = {}
    converts_by_market: bool = False
    holidays: tuple[Holiday, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no broker offers."""
        if self.deposit <= 0.0:
            raise ValueError(f"deposit is {self.deposit}; give the account some money")
        starts = [tier.equity_from for tier in self.tiers]
        if not starts or starts[0] != 0.0 or starts != sorted(set(starts)):
            raise ValueError(f"tiers begin at {starts}; they must rise from 0")
        if any(tier.leverage < 1 for tier in self.tiers):
            raise ValueError("tiers hold a leverage below 1")
        if any(rate <= 0.0 for rate in self.fixed_rates.values()):
            raise ValueError("fixed_rates hold a rate that is not above 0")

    def leverage_at(self, equity: float) -> int:
        """Leverage 1:n that applies at `equity` [account money]; below 0 the first tier."""
        reached = [tier.leverage for tier in self.tiers if equity >= tier.equity_from]
        return reached[-1] if reached else self.tiers[0].leverage

    def tier_bounds(self, equity: float) -> tuple[float, float]:
        """From which equity on, and below which, the leverage is what it is at `equity` [account money]."""
        starts = [tier.equity_from for tier in self.tiers[1:]]
        return (
            max((start for start in starts if start <= equity), default=-math.inf),
            min((start for start in starts if start > equity), default=math.inf),
        )

    def terms_of(self, symbol: str) -> SymbolTerms:
        """The broker's settings for `symbol`."""
        return self.terms.get(symbol, _PLAIN_TERMS)

    def commission_of(self, symbol: str) -> CommissionRule:
        """The rule for `symbol`."""
        return self.commission_by_symbol.get(symbol, self.commission)


class JustMarketsAccount(Enum):
    """Account types; the value is the suffix of their symbols. Standard Cent is left out: its money is in US cents."""

    STANDARD = ".m"
    PRO = ".s"
    RAW_SPREAD = ".ecn"


CURRENCIES: Final = ("EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF", "JPY")
"""Those of the pairs, in the order in which one goes before another in a pair's name."""
WEEKEND_LEVERAGE: Final = ReducedLeverage(
    leverage=200, weekly=((5 * DAY_S + 22 * HOUR_S, 8 * DAY_S + 2 * HOUR_S),), pairs_of=CURRENCIES
)
"""Friday 22:00 to Monday 02:00 on a server at GMT+3, new positions in currencies ("Margin requirement changes")."""

JUSTMARKETS_TIERS: Final = (
    LeverageTier(equity_from=0.0, leverage=3000),
    LeverageTier(equity_from=1_000.0, leverage=2000),
    LeverageTier(equity_from=5_000.0, leverage=1000),
    LeverageTier(equity_from=40_000.0, leverage=500),
)
"""JustMarkets help centre, "What is leverage": all account types. A measured gold margin confirms the 2000 tier."""

# symbol dump of 2026-08-11; a gold entry deal of 0.01 lot showed -0.07
_RAW_COMMISSION: Final = CommissionRule(per_lot=7.0)
_INDEX_COMMISSION: Final = CommissionRule(per_lot=1.25)  # the same dump, US100.ecn; charged at entry: assumption
_NO_COMMISSION: Final = CommissionRule()  # deals of ETHUSD.s: both commissions 0
_NEWS_LEVERAGE: Final = 200

_TYPICAL_SPREADS: Final = {
    ("EURUSD", JustMarketsAccount.STANDARD): 10.0,  # an average of 1 pip: bestbrokers.com
    ("XAUUSD", JustMarketsAccount.STANDARD): 25.0,  # 0.20 to 0.30: users
    ("XAUUSD", JustMarketsAccount.RAW_SPREAD): 9.0,  # fills of the smoke test lie 0.040 to 0.055 off the middle
    ("ETHUSD", JustMarketsAccount.PRO): 98.0,  # exported from JustMarkets-Demo2, on a Sunday
}


def _daily(first_s: int, opens_s: int, closes_s: int, last_close_s: int) -> Sessions:
    """Monday to Friday [s since Sunday 00:00]; Monday opens at `first_s`, Friday closes at `last_close_s`."""
    days = range(1, 6)
    starts = [day * DAY_S + (first_s if day == 1 else opens_s) for day in days]
    ends = [day * DAY_S + (last_close_s if day == 5 else closes_s) for day in days]  # noqa: PLR2004 - Friday
    return tuple(zip(starts, ends, strict=True))


_FX_SESSIONS: Final = _daily(2 * MINUTE_S, 0, DAY_S, DAY_S - MINUTE_S)  # justmarkets.pro: Mon 00:02 - Fri 23:59
# trade sessions of the same dump
_GOLD_SESSIONS: Final = _daily(HOUR_S + MINUTE_S, HOUR_S, DAY_S - 2 * MINUTE_S, DAY_S - 2 * MINUTE_S)
_SILVER_SESSIONS: Final = _daily(HOUR_S + 2 * MINUTE_S, HOUR_S + MINUTE_S, DAY_S - 3 * MINUTE_S, DAY_S - 3 * MINUTE_S)
_INDEX_SESSIONS: Final = _daily(HOUR_S + 2 * MINUTE_S, HOUR_S + MINUTE_S, DAY_S - 2 * MINUTE_S, DAY_S - 2 * MINUTE_S)
_CRYPTO_SESSIONS: Final = (
    (300, 540),
    (1140, DAY_S),
    *((day * DAY_S + 300, (day + 1) * DAY_S) for day in range(1, 7)),
)  # exported from JustMarkets-Demo2, ETHUSD.s


class _Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What does not depend on the account type. `reference_price` is used for the tick value where money is not USD."""

    digits: int
    contract_size: float
    currency_base: str
    currency_profit: str = "USD"
    calc_mode: CalcMode = CalcMode.FOREX
    margin_rate: float = 1.0
    sessions: Sessions = _FX_SESSIONS
    swap_long: float = 0.0
    swap_short: float = 0.0
    reference_price: float = 1.0
    commission: CommissionRule = _RAW_COMMISSION

    @property
    def tick_value(self) -> float:
        """Account money (USD) per point and lot at the reference price."""
        amount = self.contract_size * 10.0**-self.digits
        return amount if self.currency_profit == "USD" else amount / self.reference_price


_A_DOLLAR_IS: Final = {"USD": 1.0, "GBP": 0.8, "AUD": 1.5, "NZD": 1.65, "CAD": 1.35, "CHF": 0.9, "JPY": 150.0}


def _pair(base: str, profit: str) -> _Instrument:
    """A currency pair: 100,000 units, margin in the base currency; digits are the common ones (assumption)."""
    return _Instrument(
        digits=3 if profit == "JPY" else 5,
        contract_size=100_000.0,
        currency_base=base,
        currency_profit=profit,
        reference_price=_A_DOLLAR_IS[profit],
    )


_CROSSES: Final = {
    base + profit: _pair(base, profit)
    for base, profit in itertools.combinations(CURRENCIES, 2)
    if "USD" not in (base, profit)
}
_INSTRUMENTS: Final = {
    "EURUSD": _pair("EUR", "USD"),
    "GBPUSD": _pair("GBP", "USD"),
    "AUDUSD": _pair("AUD", "USD"),
    "NZDUSD": _pair("NZD", "USD"),
    "USDJPY": _pair("USD", "JPY"),
    "USDCHF": _pair("USD", "CHF"),
    "USDCAD": _pair("USD", "CAD"),
    # dump of 2026-08-11 (JustMarkets-Demo3): digits, contract, mode, rate, sessions
    "XAUUSD": _Instrument(digits=2, contract_size=100.0, currency_base="XAU", sessions=_GOLD_SESSIONS),
    "XAGUSD": _Instrument(digits=3, contract_size=5000.0, currency_base="XAG", sessions=_SILVER_SESSIONS),
    "US100": _Instrument(
        digits=1,
        contract_size=1.0,
        currency_base="USD",
        calc_mode=CalcMode.CFDINDEX,
        margin_rate=0.002,
        sessions=_INDEX_SESSIONS,
        commission=_INDEX_COMMISSION,
    ),
    # full specification exported from JustMarkets-Demo2, ETHUSD.s
    "ETHUSD": _Instrument(
        digits=2,
        contract_size=1.0,
        currency_base="USD",
        calc_mode=CalcMode.CFD,
        margin_rate=0.002,
        sessions=_CRYPTO_SESSIONS,
        swap_long=-280.56,
        swap_short=-184.08,
        commission=_NO_COMMISSION,
    ),
}

_KNOWN: Final = _INSTRUMENTS | _CROSSES
JUSTMARKETS_BASES: Final = tuple(_KNOWN)
"""Base names the profile knows, without a suffix."""


def justmarkets_symbol(base: str, name: str | None = None) -> SymbolSpec:
    """Specification of `base` ("EURUSD") under its broker's `name` ("EURUSD.ecn"; default: `base`), for a USD account.

    Raises:
        ValueError: where the profile does not know `base`.
    """
    if base not in _KNOWN:
        raise ValueError(f"symbol {base!r} is not in the JustMarkets profile; known: {', '.join(JUSTMARKETS_BASES)}")
    made = _KNOWN[base]
    point = round(10.0**-made.digits, made.digits)
    return SymbolSpec(
        name=name or base,
        digits=made.digits,
        point=point,
        tick_size=point,
        tick_value=made.tick_value,
        tick_value_profit=made.tick_value,
        tick_value_loss=made.tick_value,
        contract_size=made.contract_size,
        volume_min=0.01,
        volume_max=100.0,
        volume_step=0.01,
        calc_mode=made.calc_mode,
        filling_flags=FillingFlag.FOK,  # so on ETHUSD.s and US100.ecn; XAUUSD.s passed order_check with FOK only
        swap_mode=SwapMode.POINTS,
        swap_long=made.swap_long,
        swap_short=made.swap_short,
        currency_base=made.currency_base,
        currency_profit=made.currency_profit,
        currency_margin=made.currency_base,
        margin_hedged=made.contract_size,
        margin_rate_buy=made.margin_rate,
        margin_rate_sell=made.margin_rate,
        sessions=made.sessions,
    )


def justmarkets_symbols(kind: JustMarketsAccount, bases: tuple[str, ...] = JUSTMARKETS_BASES) -> tuple[SymbolSpec, ...]:
    """Specifications of `bases` with the suffix of the account type."""
    return tuple(justmarkets_symbol(base, base + kind.value) for base in bases)


def justmarkets_account(
    kind: JustMarketsAccount,
    *,
    deposit: float,
    login: int = 2_000_001,
    server: str = "JustMarkets-Demo",
    reduced: tuple[ReducedLeverage, ...] = (),
    holidays: tuple[Holiday, ...] = (),
) -> AccountProfile:
    """A USD demo account of the given type: leverage tiers, stop-out levels and commission.

    Margin call 40 %, stop out 20 % (JustMarkets help centre; 40/20 also read from ETHUSD.s' account). Only Raw Spread
    pays commission. Leverage is reduced at weekends, and besides by `reduced` (`news_leverage`); `holidays` are the
    broker's announcements, or `usual_holidays`.
    """
    raw = kind is JustMarketsAccount.RAW_SPREAD
    return AccountProfile(
        login=login,
        server=server,
        deposit=deposit,
        tiers=JUSTMARKETS_TIERS,
        commission=_RAW_COMMISSION if raw else _NO_COMMISSION,
        commission_by_symbol={base + kind.value: made.commission for base, made in _KNOWN.items()} if raw else {},
        reduced=(WEEKEND_LEVERAGE, *reduced),
        holidays=holidays,
    )


def news_leverage(
    times_s: Iterable[int], currencies: tuple[str, ...], *, leverage: int = _NEWS_LEVERAGE
) -> ReducedLeverage:
    """What applies to new positions in symbols of `currencies` around news at `times_s` [s, broker's clock].

    From 10 minutes before high-impact news to 5 after (JustMarkets help centre). The leverage is not published: 1:200
    is that of weekends (assumption).
    """
    return ReducedLeverage(leverage=leverage, dated=around_news(times_s), currencies=currencies)


def justmarkets_spread_points(base: str, kind: JustMarketsAccount) -> float | None:
    """A typical spread of `base` on an account type [points]; None where none was seen."""
    return _TYPICAL_SPREADS.get((base, kind))
