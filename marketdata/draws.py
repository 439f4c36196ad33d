"""The randomness of invented markets: integers that are the same on every machine and with every numpy.

They come from the raw output of PCG64, whose stream numpy guarantees. No other randomness exists in this room.
"""

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

from marketdata.quotes import Ints

FINE: Final = 1024
"""Parts of a point that a path is kept in, and the 1.0 of all weights."""

_LANE_MEAN: Final = 131_070  # of the sum of four 16-bit numbers
_LANE_SIGMA: Final = 37_837


class Draws:
    """Integers from one seeded stream: `stream` names one of many that share a `seed`."""

    def __init__(self, seed: int, stream: str) -> None:
        sequence = np.random.SeedSequence([seed, zlib.crc32(stream.encode())])
        self._generator = np.random.Generator(np.random.PCG64(sequence))

    def raw(self, count: int) -> npt.NDArray[np.uint64]:
        """64 random bits each, shape (count,)."""
        return np.asarray(self._generator.bit_generator.random_raw(count), dtype=np.uint64)

    def below(self, bound: int, count: int) -> Ints:
        """Uniform in 0..bound-1; the bias of the remainder is beyond notice for small bounds."""
        return ((self.raw(count) >> np.uint64(11)) % np.uint64(bound)).astype(np.int64)

    def bell(self, count: int) -> Ints:
        """Close to normal, standard deviation 1024, never beyond 3.5 of them: the sum of four uniform numbers."""
        lanes = self.raw(count).view(np.uint16).reshape(count, 4).astype(np.int64)
        return np.asarray((lanes.sum(axis=1) - _LANE_MEAN) * FINE // _LANE_SIGMA, dtype=np.int64)
