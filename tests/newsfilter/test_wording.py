"""Names in plain wording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfilter.wording import plain_wording


@pytest.mark.parametrize(
    ("name", "wording"),
    [
        ("Non-Farm Payrolls", "nonfarm payrolls"),
        ("Nonfarm Payrolls  (Jan)", "nonfarm payrolls"),
        ("CPI m/m", "cpi mom"),
        ("Core CPI (YoY)  (Dec)", "core cpi yoy"),
        ("GDP Growth Rate QoQ", "gdp growth rate qoq"),
        ("GDP (QoQ)  (Q4)", "gdp qoq"),
        ("U.S. President Biden Speaks", "president biden speech"),
        ("SNB Interest Rate Decison", "snb interest rate decision"),
        ("Philly Fed Manufacturing Index", "philadelphia fed manufacturing index"),
        ("Ifo-Geschäftsklima", "ifo geschaftsklima"),
        ("S&P Global Services PMI", "s&p global services pmi"),
        ("Fed Chair Powell Testifies", "fed chair powell testimony"),
        ("", ""),
    ],
)
def test_names_of_vendors(name: str, wording: str) -> None:
    assert plain_wording(name) == wording


@given(st.text())
def test_it_is_plain_ascii_and_stays_as_it_is(name: str) -> None:
    wording = plain_wording(name)
    assert wording.isascii()
    assert wording == wording.lower().strip()
    assert plain_wording(wording) == wording
