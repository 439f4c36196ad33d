import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retcodes import Retcode
from domain.symbols import CalcMode, SymbolSpec, SymbolSpecError
from sim.conversion import Leg, Rate, chain, combined, conversions, postfix_of
from tests.sim.venues import EURUSD, PROFILE, Venue, open_all_week


def pair(name: str, mode: CalcMode = CalcMode.FOREX) -> SymbolSpec:
    base, profit = name[:3], name[3:6]
    return msgspec.structs.replace(
        open_all_week(EURUSD),
        name=name,
        currency_base=base,
        currency_profit=profit,
        currency_margin=base,
        calc_mode=mode,
    )


def test_the_direct_pair_goes_before_the_way_through_the_dollar() -> None:
    specs = tuple(map(pair, ("GBPCHF", "GBPUSD", "USDCHF", "USDEUR", "CHFEUR")))
    assert chain(specs, specs[0], "CHF", "USD") == (Leg(2, is_inverse=True),)
    assert chain(specs, specs[0], "CHF", "EUR") == (Leg(4, is_inverse=False),)
    assert chain(specs, specs[0], "GBP", "EUR") == (Leg(1, is_inverse=False), Leg(3, is_inverse=False))
    assert chain(specs, specs[0], "JPY", "EUR") is None


def test_the_help_s_order_of_postfixes() -> None:
    """GBPCHF.xyz takes GBPUSD.xyz; GBPCHF takes the alphabetically first of the others."""
    specs = tuple(map(pair, ("GBPUSD.xyz", "GBPUSD.abc", "GBPCHF.xyz", "GBPCHF", "GBPCHF.ecn")))
    assert [chain(specs, spec, "GBP", "USD") for spec in specs[2:]] == [
        (Leg(0, is_inverse=False),),
        (Leg(1, is_inverse=False),),
        (Leg(1, is_inverse=False),),
    ]
    with_plain = (*specs, pair("GBPUSD"))
    assert chain(with_plain, specs[3], "GBP", "USD") == chain(with_plain, specs[4], "GBP", "USD") == ((5, False),)
    assert [postfix_of(spec) for spec in specs] == [".xyz", ".abc", ".xyz", "", ".ecn"]


def test_only_forex_symbols_convert() -> None:
    specs = (pair("EURGBP"), pair("GBPUSD", CalcMode.CFD), pair("EURUSD"))
    assert chain(specs, specs[0], "GBP", "USD") is None


@pytest.mark.parametrize(
    ("names", "field", "words"),
    [
        (("EURGBP",), "currency_profit", "is GBP, which no symbol converts into USD; add GBPUSD or USDGBP"),
        (("EURGBP", "GBPUSD"), "currency_margin", "is EUR, which no symbol converts into USD; add EURUSD or USDEUR"),
    ],
)
def test_what_cannot_be_converted_is_refused_with_the_remedy(names: tuple[str, ...], field: str, words: str) -> None:
    with pytest.raises(SymbolSpecError, match=f"'EURGBP': {field} {words}"):
        conversions(tuple(map(pair, names)), "USD")


def test_fixed_rates_take_the_place_of_pairs() -> None:
    profile = msgspec.structs.replace(PROFILE, fixed_rates={"GBP": 1.25, "EUR": 1.1})
    venue = Venue(pair("EURGBP"), profile=profile)
    venue.quote(0.85, 0.85)
    venue.open(1, 1.0)
    assert venue.terminal.money().margin == 220.0
    venue.quote(0.86, 0.86)
    assert venue.terminal.positions()[0].profit == 1250.0
    with pytest.raises(ValueError, match="fixed_rates"):
        msgspec.structs.replace(PROFILE, fixed_rates={"GBP": 0.0})


def test_an_order_waits_for_the_quotes_that_convert_it() -> None:
    venue = Venue(*map(pair, ("EURGBP", "GBPUSD", "EURUSD")))
    venue.quote(0.85, 0.85)
    answers = []
    for index in (1, 2, None):
        answers.append(venue.open(1, 1.0).retcode)
        if index is not None:
            venue.quote(1.25, 1.25, symbol_index=index)
    assert answers == [Retcode.PRICE_OFF, Retcode.PRICE_OFF, Retcode.DONE]


@pytest.mark.parametrize(
    ("by_market", "closed", "expected"),
    [
        (False, {1: 0.851, -1: 0.851}, {1: 125.0, -1: -127.0}),  # the bid for a closed buy, the ask for a closed sell
        (True, {1: 0.851, -1: 0.851}, {1: 125.0, -1: -127.0}),  # the bid for gains, the ask for losses
    ],
)
def test_profit_is_converted_by_deal_or_by_market(
    by_market: bool,
    closed: dict[int, float],
    expected: dict[int, float],
) -> None:
    profile = msgspec.structs.replace(PROFILE, converts_by_market=by_market)
    for side, price in closed.items():
        venue = Venue(*map(pair, ("EURGBP", "GBPUSD", "EURUSD")), profile=profile)
        venue.quote(1.25, 1.27, symbol_index=1)
        venue.quote(1.06, 1.07, symbol_index=2)
        venue.quote(0.85, 0.85)
        ticket = venue.open(side, 1.0).order_ticket
        assert venue.terminal.money().margin == (214.0 if side > 0 else 212.0)
        venue.quote(price, price)
        venue.close(ticket)
        assert venue.terminal.deals[-1].profit == expected[side]


@given(st.lists(st.tuples(st.floats(0.5, 2.0), st.floats(0.0, 0.1), st.booleans()), min_size=1, max_size=2))
def test_what_is_sold_never_brings_more_than_it_costs(stages: list[tuple[float, float, bool]]) -> None:
    quotes = [Rate(bid, bid + spread) for bid, spread, _ in stages]
    legs = tuple(Leg(index, inverse) for index, (_, _, inverse) in enumerate(stages))
    rate = combined(quotes, legs)
    assert rate is not None
    assert 0.0 < rate.bid <= rate.ask * (1.0 + 1e-12)
    back = combined(quotes, tuple(leg._replace(is_inverse=not leg.is_inverse) for leg in legs))
    assert back is not None
    assert rate.bid * back.ask == pytest.approx(1.0)


def test_without_a_quote_there_is_no_rate() -> None:
    quotes = (Rate(1.0, 1.1), Rate(0.0, 0.0))
    for pairs in itertools.permutations(quotes):
        assert combined(pairs, (Leg(0, is_inverse=False), Leg(1, is_inverse=True))) is None
