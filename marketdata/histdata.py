"""What is particular to HistData.com's ASCII files: no header, dates without signs, Eastern Standard Time all year.

Source: the site's "Data Files - Detailed Specification": M1 bars as `20120201 000000;1.306600;...;0`, ticks as
`20120201 000003660,1.306600,1.306770,0`, in "EST time-zone WITHOUT Day Light Savings adjustments".
"""

import re
from pathlib import Path
from typing import Final

EST_OFFSET_S: Final = -5 * 3600
TICK_COLUMNS: Final = ("time", "bid", "ask", "volume")
_BARS: Final = re.compile(r"\d{8} \d{6};[^;]+;[^;]+;[^;]+;[^;]+;[^;]*")
_TICKS: Final = re.compile(r"\d{8} \d{9},[^,]+,[^,]+,[^,]*")
_METATRADER_NAME: Final = re.compile(r"(DAT|HISTDATA_COM)_MT_[A-Z0-9]+_M1_?\d{4,6}", re.IGNORECASE)


def is_tick_line(line: str) -> bool:
    """Whether a line is one of its ticks."""
    return _TICKS.fullmatch(line.strip()) is not None


def is_histdata(line: str, path: Path) -> bool:
    """Whether a file is one of theirs, by a line of it; their MetaTrader form is told from a broker's by its name."""
    text = line.strip()
    return bool(_BARS.fullmatch(text) or is_tick_line(text) or _METATRADER_NAME.match(path.name))
