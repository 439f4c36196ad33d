"""The book of pending orders beside a plain dictionary."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.trading import DealReason, OrderType
from sim.pending import NEVER_MSC, OrderDetail, PendingBook, PendingOrder
from tests.sim.venues import EURUSD, Venue, open_all_week


@given(st.lists(st.tuples(st.integers(1, 25), st.booleans(), st.integers(1, 9)), max_size=80))
def test_rows_and_next_expiry_are_those_of_the_orders_that_stand(steps: list[tuple[int, bool, int]]) -> None:
    venue = Venue(open_all_week(EURUSD))
    venue.quote(1.1, 1.1001)
    venue.pend(OrderType.BUY_LIMIT, 0.1, 1.09)
    (placed,) = venue.terminal.orders()
    book, wanted = PendingBook(), dict[int, PendingOrder]()
    for ticket, removes, number in steps:
        if removes and ticket in wanted:
            del wanted[ticket]
            book.remove(ticket)
        elif not removes:
            expires_msc = NEVER_MSC if number == 1 else number
            order = msgspec.structs.replace(placed, order_ticket=ticket, price_open=float(number))
            detail = OrderDetail(reason=DealReason.EXPERT)
            wanted[ticket] = PendingOrder(order=order, detail=detail, symbol_index=ticket % 3, expires_msc=expires_msc)
            book.put(wanted[ticket])
    standing = list(wanted.values())
    assert list(book) == standing
    assert [row.item() for row in book.rows] == [
        (one.symbol_index, one.order.type, one.order.price_open) for one in standing
    ]
    assert book.next_expiry_msc == min((one.expires_msc for one in standing), default=NEVER_MSC)
