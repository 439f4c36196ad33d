"""Ticks and bars have the layout of the MetaTrader5 package's arrays."""

import numpy as np
import pytest

from domain import dtypes
from domain.dtypes import RATES_DTYPE, TICK_DTYPE

TICK_FIELDS = [
    ("time", np.int64),
    ("bid", np.float64),
    ("ask", np.float64),
    ("last", np.float64),
    ("volume", np.uint64),
    ("time_msc", np.int64),
    ("flags", np.uint32),
    ("volume_real", np.float64),
]
RATES_FIELDS = [
    ("time", np.int64),
    ("open", np.float64),
    ("high", np.float64),
    ("low", np.float64),
    ("close", np.float64),
    ("tick_volume", np.uint64),
    ("spread", np.int32),
    ("real_volume", np.uint64),
]
# COPY_TICKS flags of a tick: TICK_FLAG_* of the MetaTrader5 package
TICK_FLAGS = {"BID": 2, "ASK": 4, "LAST": 8, "VOLUME": 16, "BUY": 32, "SELL": 64}


@pytest.mark.parametrize(("dtype", "fields"), [(TICK_DTYPE, TICK_FIELDS), (RATES_DTYPE, RATES_FIELDS)])
def test_names_order_and_types(dtype: "np.dtype[np.void]", fields: list[tuple[str, type]]) -> None:
    assert dtype.names == tuple(name for name, _ in fields)
    assert [dtype[name] for name in dtype.names] == [np.dtype(kind) for _, kind in fields]


@pytest.mark.parametrize("dtype", [TICK_DTYPE, RATES_DTYPE])
def test_sixty_bytes_without_gaps(dtype: "np.dtype[np.void]") -> None:
    assert dtype.itemsize == 60
    assert dtype.fields is not None
    offsets = [field[1] for field in dtype.fields.values()]
    sizes = [field[0].itemsize for field in dtype.fields.values()]
    assert offsets == [sum(sizes[:position]) for position in range(len(sizes))]


@pytest.mark.parametrize("dtype", [TICK_DTYPE, RATES_DTYPE])
def test_little_endian_on_any_machine(dtype: "np.dtype[np.void]") -> None:
    assert dtype == dtype.newbyteorder("<")


@pytest.mark.parametrize(("name", "value"), TICK_FLAGS.items())
def test_tick_flags(name: str, value: int) -> None:
    assert getattr(dtypes, f"TICK_FLAG_{name}") == value
