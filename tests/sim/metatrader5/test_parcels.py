"""What travels between two processes arrives as it was; bytes that are no parcel are refused, whatever they are."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from sim.metatrader5.parcels import Foreign, ParcelError, packed, unpacked
from sim.metatrader5.structs import AccountInfo, OrderSendResult, Tick, TradeRequest, filled

PLAIN = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats(allow_nan=False) | st.text()
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner), max_leaves=20
)


@settings(max_examples=100)
@given(ANYTHING)
def test_plain_values_tuples_and_dictionaries_arrive_as_they_were(value: object) -> None:
    assert unpacked(packed(value)) == value
    assert type(unpacked(packed(value))) is type(value)


def test_structs_arrive_with_their_type_structs_inside_them_included() -> None:
    request = filled(TradeRequest, symbol="EURUSD", volume=0.1)
    answer = filled(OrderSendResult, retcode=10009, request=request)
    arrived = unpacked(packed((answer, filled(AccountInfo, login=5))))
    assert arrived == (answer, filled(AccountInfo, login=5))
    assert isinstance(arrived[0], OrderSendResult)
    assert isinstance(arrived[0].request, TradeRequest)


@pytest.mark.parametrize("dtype", [TICK_DTYPE, RATES_DTYPE])
def test_arrays_arrive_bit_for_bit_and_can_be_written_to(dtype: np.dtype[Any]) -> None:
    rows = np.frombuffer(np.random.default_rng(3).bytes(dtype.itemsize * 5), dtype)
    arrived = unpacked(packed(rows))
    assert (arrived.dtype, arrived.tobytes()) == (dtype, rows.tobytes())
    arrived["time"] = 1


def test_a_date_travels_as_the_seconds_the_package_would_read() -> None:
    moment = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
    assert unpacked(packed((moment,))) == (int(moment.timestamp()),)


@pytest.mark.parametrize("value", [object(), [1], {1, 2}, 1 << 64, b"bytes", np.zeros(2), np.int64(3)])
def test_what_does_not_travel_arrives_as_something_foreign(value: object) -> None:
    assert isinstance(unpacked(packed(value)), Foreign)


def test_numbers_of_numpy_that_are_pythons_arrive_as_pythons() -> None:
    assert type(unpacked(packed(np.float64(0.1)))) is float


@settings(max_examples=200)
@given(st.binary(max_size=64))
def test_noise_is_refused_or_means_something(noise: bytes) -> None:
    try:
        unpacked(noise)
    except ParcelError:
        return


@settings(max_examples=100)
@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_struct_is_refused_or_means_something(at: int, byte: int) -> None:
    parcel = bytearray(packed(filled(Tick, bid=1.1)))
    parcel[at % len(parcel)] = byte
    try:
        unpacked(bytes(parcel))
    except ParcelError:
        return
