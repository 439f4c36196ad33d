"""Long series drawn with few points, so that a page opens fast, and no extreme of them is lost."""

import base64
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.curve import Ints

MOST_BUCKETS: Final = 1500
_CODES: Final = {"f8": "<f8", "f4": "<f4", "i4": "<i4", "u4": "<u4"}


def kept_places(values: NDArray[np.float64], buckets: int = MOST_BUCKETS) -> Ints:
    """Rising places of the first, last, lowest and highest of `values` in each of `buckets` equal parts of it.

    A series of at most four times as many values is kept whole.
    """
    if values.size <= 4 * buckets:
        return np.arange(values.size)
    edges = np.linspace(0, values.size, buckets + 1).astype(np.int64)
    parts = [values[start:stop] for start, stop in pairwise(edges)]
    lowest = edges[:-1] + np.array([part.argmin() for part in parts])
    highest = edges[:-1] + np.array([part.argmax() for part in parts])
    return np.unique(np.concatenate((edges[:-1], edges[1:] - 1, lowest, highest)))


def packed(values: NDArray[Any], code: str = "f8") -> dict[str, str]:
    """`values` as plotly.js reads typed arrays: little-endian bytes in base64."""
    content = np.ascontiguousarray(values, dtype=_CODES[code]).tobytes()
    return {"dtype": code, "bdata": base64.b64encode(content).decode("ascii")}


def milliseconds(time_ns: Ints) -> dict[str, str]:
    """Times [UTC ns] as a date axis takes them."""
    return packed(time_ns / 1e6)
