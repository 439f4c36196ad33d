from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing import symbol_money
from domain.trading import PositionType
from sim.book import PositionBook
from sim.matching import POSITION_DTYPE
from tests.sim.venues import EURUSD

MONEY = symbol_money(EURUSD, "USD", 2, 500)


def fields(ticket: int, **changes: object) -> dict[str, Any]:
    made: dict[str, object] = dict.fromkeys(POSITION_DTYPE.names or (), 0)
    made |= {
        "position_ticket": ticket,
        "symbol_index": 0,
        "side": 1,
        "volume": 0.1,
        "price_open": 1.1,
        "sl": 1.09,
        "tp": 1.12,
        "swap": -0.5,
        "magic": 7,
        "time_msc": 5,
        "time_update_msc": 6,
        "position_id": 41,
    }
    return made | changes


def test_a_position_is_reported_as_mt5_does() -> None:
    book = PositionBook()
    book.add("hello", **fields(42))
    position = book.position(book.row_of(42), ("EURUSD",), 1.1005, MONEY)
    assert (position.position_ticket, position.position_id, position.symbol) == (42, 41, "EURUSD")
    assert (position.type, position.volume, position.price_open) == (PositionType.BUY, 0.1, 1.1)
    assert (position.sl, position.tp, position.swap, position.profit) == (1.09, 1.12, -0.5, 5.0)
    assert (position.magic, position.time_msc, position.time_update_msc, position.comment) == (7, 5, 6, "hello")


def test_a_row_can_be_written_to() -> None:
    book = PositionBook()
    book.add("", **fields(1))
    row: Any = book.row_of(1)
    row["sl"] = 1.095
    assert book.rows[0]["sl"] == 1.095


def test_an_unknown_ticket_has_no_row_and_is_removed_without_harm() -> None:
    book = PositionBook()
    book.add("", **fields(1))
    assert book.row_of(2) is None
    assert book.row_on(1) is None
    found: Any = book.row_on(0)
    assert found["position_ticket"] == 1
    book.remove(2)
    assert list(book) == [1]
    with pytest.raises(KeyError):
        book.comment_of(2)


@given(st.lists(st.one_of(st.just(0), st.integers(1, 40)), max_size=80))
def test_the_book_is_an_ordered_set_of_tickets(steps: list[int]) -> None:
    """0 adds the next ticket, another number removes one of the open ones."""
    book, model, ticket = PositionBook(), dict[int, str](), 0
    for step in steps:
        if step == 0:
            ticket += 1
            book.add(f"c{ticket}", **fields(ticket, volume=ticket / 100))
            model[ticket] = f"c{ticket}"
        elif model:
            chosen = list(model)[step % len(model)]
            book.remove(chosen)
            del model[chosen]
    assert list(book) == list(model)
    assert len(book) == len(model)
    assert [book.comment_of(one) for one in book] == list(model.values())
    assert book.rows["volume"].tolist() == [one / 100 for one in model]
