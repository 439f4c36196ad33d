"""Whose events concern a symbol."""

import pytest

from newsfilter.instruments import currencies_of


@pytest.mark.parametrize(
    ("symbol", "currencies"),
    [
        ("EURUSD", ("EUR", "USD")),
        ("EURUSD.m", ("EUR", "USD")),
        ("gbpjpy.ecn", ("GBP", "JPY")),
        ("USDCNH", ("USD", "CNY")),
        ("XAUUSD.ecn", ("USD",)),
        ("XAUEUR", ("USD", "EUR")),
        ("US30.std", ("USD",)),
        ("US500.cash", ("USD",)),
        ("DE40.std", ("EUR",)),
        ("UK100", ("GBP",)),
        ("JP225.std", ("JPY",)),
        ("AU200", ("AUD",)),
        ("BTCUSD", ("USD",)),
        ("ETHUSD.s", ("USD",)),
        ("BTCEUR", ("USD", "EUR")),
        ("WTI.m", ("USD",)),
        ("AAPL", ("USD",)),
    ],
)
def test_symbols(symbol: str, currencies: tuple[str, ...]) -> None:
    assert currencies_of(symbol, {}) == currencies


def test_the_users_own_answer_goes_first() -> None:
    chosen = {"XAU": ("USD", "CNY"), "XAUUSD": ("USD", "CHF")}
    assert currencies_of("XAUUSD.ecn", chosen) == ("USD", "CHF")
    assert currencies_of("XAUEUR", chosen) == ("USD", "CNY")
    assert currencies_of("EURUSD", chosen) == ("EUR", "USD")
