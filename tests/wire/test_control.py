"""Orders and answers of the control socket: what is said is heard, and noise is an error."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.control import (
    Answer,
    ClearLimit,
    ControlError,
    Halt,
    Order,
    Pause,
    Resume,
    SetLimit,
    Show,
    answer_in,
    encoded,
    order_in,
    socket_path,
)

ORDERS: list[Order] = [
    Show(account="5000001"),
    Pause(symbol="EURUSD", valid_s=60.0, reason="news", author="ada"),
    Resume(reason="over"),
    SetLimit(name="entry.risk_fraction", value=0.005, symbol="EURUSD.m"),
    ClearLimit(name="entry.risk_fraction"),
    Halt(reason="enough", author="ada"),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_an_order_is_heard_as_it_was_said(order: Order) -> None:
    assert order_in(encoded(order)) == order


def test_an_answer_is_heard_with_its_report() -> None:
    answer = Answer(done=True, report=msgspec.Raw(b'{"equity":1.5}'))
    heard = answer_in(encoded(answer))
    assert heard.done
    assert msgspec.json.decode(heard.report) == {"equity": 1.5}


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"order":"dance"}', b'{"order":"pause","valid_s":"long"}', b'{"order":"halt","now":1}', b"\xff"],
)
def test_what_is_no_order_is_refused(body: bytes) -> None:
    with pytest.raises(ControlError, match="not an order"):
        order_in(body)


@given(st.binary(max_size=200))
def test_noise_is_an_error_and_nothing_else(body: bytes) -> None:
    for read in (order_in, answer_in):
        try:
            read(body)
        except ControlError:
            continue


def test_the_socket_lies_in_the_data_folder(tmp_path: Path) -> None:
    assert socket_path(tmp_path).parent == tmp_path.resolve()
