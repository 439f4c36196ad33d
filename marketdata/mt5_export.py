"""What is particular to files that MT5 itself exports (Symbols > Bars or Ticks > Export)."""

import numpy as np

from marketdata.cells import Cells
from marketdata.quotes import Floats, Mask


def is_mt5_export(columns: tuple[str, ...]) -> bool:
    """MT5 writes its headers in angle brackets: <DATE>, <TIME>, <BID>, ..."""
    return columns[0].strip().upper() == "<DATE>"


def carried_forward(cells: Cells) -> Floats:
    """Values of a column in which a blank cell means "as before", as MT5 leaves out what a tick did not change.

    Blanks before the first value stay NaN; unreadable cells are not carried.
    """
    return _last_known(cells.values, ~cells.blank)


def _last_known(values: Floats, known: Mask) -> Floats:
    latest = np.maximum.accumulate(np.where(known, np.arange(values.size), -1))
    return np.where(latest >= 0, values[latest], np.nan)
