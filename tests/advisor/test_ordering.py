import msgspec
import pytest

from advisor.ordering import filling_of, levels_of, request_for
from domain.intents import IntentKind, comment_of
from domain.requests import TradeAction
from domain.symbols import FillingFlag, SymbolSpec
from domain.trading import OrderFilling, OrderType
from tests.sim.intents import intent, on
from tests.sim.venues import EURUSD, MAGIC, Venue


def quoted(*specs: SymbolSpec) -> Venue:
    venue = Venue(*specs)
    venue.quote(1.1, 1.1002)
    return venue


@pytest.mark.parametrize(("side", "type_", "price"), [(1, OrderType.BUY, 1.1002), (-1, OrderType.SELL, 1.1)])
def test_an_entry(side: int, type_: OrderType, price: float) -> None:
    request = request_for(intent(side=side, sl=1.05, tp=1.15), quoted().terminal)
    assert (request.action, request.type, request.price, request.volume) == (TradeAction.DEAL, type_, price, 0.1)
    assert (request.sl, request.tp, request.magic, request.deviation_points) == (1.05, 1.15, MAGIC, 20)
    assert (request.comment, request.position_ticket) == (comment_of(0x1234), 0)
    assert len(request.comment) <= 27


def test_prices_come_on_the_grid_and_volume_down_to_the_step() -> None:
    venue = quoted(msgspec.structs.replace(EURUSD, tick_size=0.0005, tick_value=50.0, volume_step=0.1))
    request = request_for(intent(volume=0.37, sl=1.090123, tp=1.12038), venue.terminal)
    assert (request.volume, request.sl, request.tp) == (0.3, 1.09, 1.1205)


@pytest.mark.parametrize("level", [0.0, 1.09])
def test_no_level_stays_no_level(level: float) -> None:
    assert levels_of(intent(sl=level, tp=0.0), EURUSD) == (level, 0.0)
    assert levels_of(intent(sl=level, tp=0.0), None) == (level, 0.0)


@pytest.mark.parametrize(
    ("flags", "filling"),
    [
        (FillingFlag.FOK, OrderFilling.FOK),
        (FillingFlag.FOK | FillingFlag.IOC, OrderFilling.FOK),
        (FillingFlag.IOC, OrderFilling.IOC),
        (FillingFlag.NONE, OrderFilling.RETURN),
    ],
)
def test_the_filling_mode_is_the_symbol_s(flags: FillingFlag, filling: OrderFilling) -> None:
    assert filling_of(msgspec.structs.replace(EURUSD, filling_flags=flags)) == filling


@pytest.mark.parametrize(("side", "closing"), [(1, OrderType.SELL), (-1, OrderType.BUY)])
def test_a_close_takes_all_that_is_left(side: int, closing: OrderType) -> None:
    venue = quoted()
    ticket = venue.open(side, 0.3).order_ticket
    venue.close(ticket, 0.1)
    request = request_for(on(ticket, IntentKind.CLOSE, volume=0.3), venue.terminal)
    assert (request.volume, request.type, request.position_ticket) == (0.2, closing, ticket)
    assert (request.sl, request.tp) == (0.0, 0.0)


def test_a_partial_close_takes_what_was_asked() -> None:
    venue = quoted()
    ticket = venue.open(1, 0.3).order_ticket
    request = request_for(on(ticket, IntentKind.PARTIAL_CLOSE, volume=0.129), venue.terminal)
    assert (request.volume, request.type) == (0.12, OrderType.SELL)


def test_closing_what_is_gone_still_names_the_ticket() -> None:
    request = request_for(on(99, IntentKind.CLOSE, volume=0.1), quoted().terminal)
    assert (request.action, request.position_ticket, request.volume) == (TradeAction.DEAL, 99, 0.1)


def test_a_modification_names_position_and_levels() -> None:
    request = request_for(on(99, IntentKind.MODIFY, sl=1.090001, tp=1.13), quoted().terminal)
    assert (request.action, request.position_ticket, request.sl, request.tp) == (TradeAction.SLTP, 99, 1.09, 1.13)


def test_a_cancellation_names_the_order() -> None:
    request = request_for(on(0, IntentKind.CANCEL, order_ticket=77), quoted().terminal)
    assert (request.action, request.order_ticket) == (TradeAction.REMOVE, 77)


def test_a_symbol_the_broker_does_not_have_is_left_to_the_server() -> None:
    request = request_for(intent(symbol="NOPE"), quoted().terminal)
    assert (request.symbol, request.price, request.filling) == ("NOPE", 0.0, OrderFilling.FOK)
