"""A symbol is found under whatever suffix the broker gives it, and never by a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.naming import base_of, broker_symbol

BASES = ["EURUSD", "XAUUSD", "US30", "US100", "DE40", "BTCUSD"]
SUFFIXES = [".m", ".s", ".ecn", ".std", "m", "c", "_i", "_o", "-pro", ".cash", "#", "+"]
bases = st.sampled_from(BASES)
suffixes = st.sampled_from(SUFFIXES)


@given(base=bases, suffix=suffixes)
def test_the_only_candidate_is_found(base: str, suffix: str) -> None:
    offered = [f"{name}{suffix}" for name in BASES]
    assert broker_symbol(base, offered) == f"{base}{suffix}"
    assert broker_symbol(f"{base}{suffix}", offered) == f"{base}{suffix}"


@given(base=bases, suffix=suffixes)
def test_the_exact_name_comes_first(base: str, suffix: str) -> None:
    assert broker_symbol(base, [f"{base}{suffix}", base]) == base


@given(base=bases, chosen=st.sets(suffixes, min_size=2))
def test_two_candidates_are_no_answer(base: str, chosen: set[str]) -> None:
    assert broker_symbol(base, [base + suffix for suffix in chosen]) is None


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [
        ("EURUSD", []),
        ("EURUSD", ["EURUSDX"]),  # a name of its own
        ("US30", ["US300.std"]),
        ("US30", ["US3000"]),
        ("EURUSD", ["EURUS"]),
        ("EURUSD", ["eurusd.m"]),
        ("EURUSD", ["xEURUSD"]),
        ("EURUSD", ["EURUSD.micro"]),  # longer than any suffix known
        ("EURUSD.m", ["EURUSD"]),
        ("EURUSD.m", ["EURUSD.s"]),
    ],
)
def test_what_is_not_offered_is_not_found(wanted: str, offered: list[str]) -> None:
    assert broker_symbol(wanted, offered) is None


def test_names_may_come_from_anywhere() -> None:
    assert broker_symbol("XAUUSD", iter(["EURUSD.ecn", "XAUUSD.ecn"])) == "XAUUSD.ecn"


@given(wanted=st.text(max_size=8), offered=st.lists(st.text(max_size=12), max_size=8))
def test_an_answer_is_always_one_of_the_offered(wanted: str, offered: list[str]) -> None:
    found = broker_symbol(wanted, offered)
    assert found is None or (found in offered and found.startswith(wanted))


@pytest.mark.parametrize(
    ("symbol", "table", "key"),
    [
        ("XAUUSD.ecn", ["EURUSD", "XAUUSD"], "XAUUSD"),
        ("XAUUSD", ["XAUUSD"], "XAUUSD"),
        ("XAUUSD.ecn", ["XAUUSD", "XAUUSD.ecn"], "XAUUSD.ecn"),
        ("US300.std", ["US30"], None),
        ("GBPUSD", ["EURUSD", "*"], None),
        ("EURUSD", [], None),
    ],
)
def test_the_key_a_symbol_falls_under(symbol: str, table: list[str], key: str | None) -> None:
    assert base_of(symbol, table) == key


@given(base=bases, suffix=suffixes)
def test_a_found_symbol_falls_under_what_found_it(base: str, suffix: str) -> None:
    found = broker_symbol(base, [f"{base}{suffix}"])
    assert found is not None
    assert base_of(found, BASES) == base
