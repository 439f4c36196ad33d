"""numpy dtypes of ticks and bars, identical in name, order and type to those of the `MetaTrader5` package."""

from typing import Final

import numpy as np

TICK_DTYPE: Final = np.dtype(
    [
        ("time", "<i8"),
        ("bid", "<f8"),
        ("ask", "<f8"),
        ("last", "<f8"),
        ("volume", "<u8"),
        ("time_msc", "<i8"),
        ("flags", "<u4"),
        ("volume_real", "<f8"),
    ]
)
"""One quote. `time` [s] and `time_msc` [ms] are the broker's wall clock encoded as if it were UTC; 60 bytes."""

RATES_DTYPE: Final = np.dtype(
    [
        ("time", "<i8"),
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("tick_volume", "<u8"),
        ("spread", "<i4"),
        ("real_volume", "<u8"),
    ]
)
"""One bar. `time` [s] is the opening time on the broker's wall clock; `spread` [points]; 60 bytes."""

TICK_FLAG_BID: Final = 2
TICK_FLAG_ASK: Final = 4
TICK_FLAG_LAST: Final = 8
TICK_FLAG_VOLUME: Final = 16
TICK_FLAG_BUY: Final = 32
TICK_FLAG_SELL: Final = 64
