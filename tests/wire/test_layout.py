import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import kinds as k
from wire.enums import ErrorCode
from wire.errors import WireError
from wire.layout import Field, Record

RECORD = Record("WireThing", "A thing.", count=k.U16, price=k.PRICE, tag=k.name(4), big=k.I64)
VALUES: dict[str, Any] = {"count": 3, "price": 1.5, "tag": "ab", "big": -2}
BYTES = struct.pack("<Hd4sq", 3, 1.5, b"ab", -2)


def test_fields_lie_without_gaps_in_the_order_declared() -> None:
    assert RECORD.size == 22
    assert RECORD.offsets() == {"count": 0, "price": 2, "tag": 10, "big": 14}
    assert RECORD.fields[1] == Field("price", k.PRICE)


def test_a_record_is_written_and_read() -> None:
    assert RECORD.write(VALUES) == BYTES
    assert RECORD.read(BYTES, 0) == VALUES
    assert RECORD.read(b"\xff" * 9 + BYTES, 9) == VALUES


def test_more_values_than_fields_do_no_harm() -> None:
    assert RECORD.write({"other": object(), **VALUES}) == BYTES


def test_a_value_that_is_missing_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        RECORD.write({"count": 1})


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("count", -1, "-1"),
        ("count", 65536, "65536"),
        ("count", 1.5, "1.5"),
        ("count", None, "None"),
        ("price", float("nan"), "nan"),
        ("price", "1.5", ""),
        ("price", None, ""),
        ("tag", "abcde", "at most 4 bytes"),
        ("tag", "a\nb", "printable"),
        ("big", 2**63, str(2**63)),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(field: str, value: object, detail: str) -> None:
    with pytest.raises(WireError) as caught:
        RECORD.write({**VALUES, field: value})
    assert caught.value.code is ErrorCode.BAD_FRAME
    assert caught.value.field == f"WireThing.{field}"
    assert detail in caught.value.detail


@pytest.mark.parametrize(
    ("offset", "raw", "field"),
    [(2, struct.pack("<d", -1.0), "price"), (10, b"a\0b\0", "tag"), (10, b"\xff\xfe\0\0", "tag")],
)
def test_wrong_bytes_are_refused_by_their_field(offset: int, raw: bytes, field: str) -> None:
    spoilt = BYTES[:offset] + raw + BYTES[offset + len(raw) :]
    with pytest.raises(WireError) as caught:
        RECORD.read(spoilt, 0)
    assert caught.value.field == f"WireThing.{field}"


def test_a_record_may_be_empty() -> None:
    empty = Record("WireNothing", "Nothing.")
    assert (empty.size, empty.offsets(), empty.write(VALUES), empty.read(b"", 0)) == (0, {}, b"", {})


def test_a_field_may_be_called_like_an_argument() -> None:
    record = Record("WireNamed", "A name.", name=k.name(2), self=k.U8, purpose=k.U8)
    assert record.write({"name": "ab", "self": 1, "purpose": 2}) == b"ab\1\2"


@given(st.binary(min_size=22, max_size=60), st.integers(0, 38))
def test_what_can_be_read_can_be_written_back(buffer: bytes, offset: int) -> None:
    offset = min(offset, len(buffer) - RECORD.size)
    try:
        values = RECORD.read(buffer, offset)
    except WireError:
        return
    assert RECORD.write(values) == buffer[offset : offset + RECORD.size]
