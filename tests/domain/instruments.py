"""Symbols of several kinds, as brokers specify them, for an account in US dollars."""

from collections.abc import Mapping

from domain.pricing import SymbolMoney, symbol_money
from domain.symbols import CalcMode, SymbolSpec

EURUSD = SymbolSpec(
    name="EURUSD",
    digits=5,
    point=1e-5,
    tick_size=1e-5,
    tick_value=1.0,
    tick_value_profit=1.0,
    tick_value_loss=1.0,
    contract_size=100_000.0,
    volume_min=0.01,
    volume_max=100.0,
    volume_step=0.01,
    currency_base="EUR",
    currency_profit="USD",
    currency_margin="EUR",
)
USDJPY = SymbolSpec(
    name="USDJPY",
    digits=3,
    point=1e-3,
    tick_size=1e-3,
    tick_value=0.667,
    tick_value_profit=0.667,
    tick_value_loss=0.667,
    contract_size=100_000.0,
    volume_min=0.01,
    volume_max=50.0,
    volume_step=0.01,
    stops_level_points=20,
    currency_base="USD",
    currency_profit="JPY",
    currency_margin="USD",
)
EURGBP = SymbolSpec(
    name="EURGBP",
    digits=5,
    point=1e-5,
    tick_size=1e-5,
    tick_value=1.25,
    tick_value_profit=1.25,
    tick_value_loss=1.25,
    contract_size=100_000.0,
    volume_min=0.1,
    volume_max=20.0,
    volume_step=0.1,
    currency_base="EUR",
    currency_profit="GBP",
    currency_margin="EUR",
)
# JustMarkets-Demo3, Raw Spread account
XAUUSD = SymbolSpec(
    name="XAUUSD.ecn",
    digits=2,
    point=0.01,
    tick_size=0.01,
    tick_value=1.0,
    tick_value_profit=1.0,
    tick_value_loss=1.0,
    contract_size=100.0,
    volume_min=0.01,
    volume_max=100.0,
    volume_step=0.01,
    currency_base="XAU",
    currency_profit="USD",
    currency_margin="XAU",
)
XAGUSD = SymbolSpec(
    name="XAGUSD.ecn",
    digits=3,
    point=1e-3,
    tick_size=1e-3,
    tick_value=5.0,
    tick_value_profit=5.0,
    tick_value_loss=5.0,
    contract_size=5000.0,
    volume_min=0.01,
    volume_max=100.0,
    volume_step=0.01,
    currency_base="XAG",
    currency_profit="USD",
    currency_margin="XAG",
)
US100 = SymbolSpec(
    name="US100.ecn",
    digits=1,
    point=0.1,
    tick_size=0.1,
    tick_value=0.1,
    tick_value_profit=0.1,
    tick_value_loss=0.1,
    contract_size=1.0,
    volume_min=0.01,
    volume_max=100.0,
    volume_step=0.01,
    calc_mode=CalcMode.CFDINDEX,
    margin_rate_buy=0.002,
    margin_rate_sell=0.002,
    currency_base="USD",
    currency_profit="USD",
    currency_margin="USD",
)
# JustMarkets-Demo2, Pro account; one session a day, and a break on Sunday
ETHUSD = SymbolSpec(
    name="ETHUSD.s",
    digits=2,
    point=0.01,
    tick_size=0.01,
    tick_value=0.01,
    tick_value_profit=0.01,
    tick_value_loss=0.01,
    contract_size=1.0,
    volume_min=0.01,
    volume_max=100.0,
    volume_step=0.01,
    calc_mode=CalcMode.CFD,
    margin_rate_buy=0.002,
    margin_rate_sell=0.002,
    currency_base="USD",
    currency_profit="USD",
    currency_margin="USD",
)

TYPICAL_PRICES: Mapping[str, float] = {
    "EURUSD": 1.1,
    "USDJPY": 149.9,
    "EURGBP": 0.86,
    "XAUUSD.ecn": 4391.0,
    "XAGUSD.ecn": 64.9,
    "US100.ecn": 29_610.0,
    "ETHUSD.s": 1869.4,
}
INSTRUMENTS = (EURUSD, USDJPY, EURGBP, XAUUSD, XAGUSD, US100, ETHUSD)


def dollars(spec: SymbolSpec, leverage: int = 500) -> SymbolMoney:
    """Pricing numbers of `spec` for an account in US dollars."""
    return symbol_money(spec, "USD", 2, leverage)
