"""Bars that come in several frames, and which charts have got theirs."""

from typing import Final

import numpy as np

from domain.timeframes import Timeframe
from strategy.tables import Table
from wire.messages import History

Chart = tuple[str, Timeframe]
MAX_PARTS: Final = 1024


class Histories:
    """Joins the parts of HISTORY. A part out of order drops that chart's history."""

    def __init__(self) -> None:
        self._parts: dict[Chart, list[Table]] = {}

    def joined(self, symbol: str, part: History) -> tuple[Chart, Table] | None:
        """The chart and all its bars once `part` was the last one; None before."""
        chart = symbol, part.timeframe
        parts = self._parts.pop(chart, [])
        if part.part == 1:
            parts = []
        if part.part != len(parts) + 1 or part.part > MAX_PARTS:
            return None
        parts.append(part.rates)
        if part.part == part.parts:
            return chart, np.concatenate(parts)
        self._parts[chart] = parts
        return None
