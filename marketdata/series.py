"""What the store keeps: series of ticks or bars of one symbol from one source, and where their files are."""

from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

import msgspec

from domain.serverclock import ServerClock
from domain.timeframes import Timeframe

TICKS: Final = "ticks"
_FACTS: Final = "series.json"


class SeriesKey(NamedTuple):
    """One series: `timeframe` None means ticks."""

    source: str
    symbol: str
    timeframe: Timeframe | None

    def __str__(self) -> str:
        return f"{self.symbol} {self.frame_name} from {self.source}"

    @property
    def frame_name(self) -> str:
        """As folders and people call it: H1, ticks."""
        return TICKS if self.timeframe is None else self.timeframe.name

    def folder(self, root: Path) -> Path:
        """Where its months are, in the layout that DuckDB and pyarrow call hive partitions."""
        parts = {"source": self.source, "symbol": self.symbol, "timeframe": self.frame_name}
        return root.joinpath(*(f"{name}={quote(value, safe='')}" for name, value in parts.items()))


class SeriesFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a whole series. `digits` gives the price grid, 10**-digits.

    `clocks` are all clocks that fit what was imported: more than one as long as the data cannot tell them apart, none
    where only an offset was known.
    """

    digits: int
    clocks: tuple[ServerClock, ...] = ()


def series_in(root: Path) -> list[SeriesKey]:
    """All series below `root`, in order of their names."""
    found = []
    for facts in root.glob(f"source=*/symbol=*/timeframe=*/{_FACTS}"):
        source, symbol, frame = (unquote(part.partition("=")[2]) for part in facts.parent.parts[-3:])
        if frame == TICKS or frame in Timeframe.__members__:
            found.append(SeriesKey(source, symbol, None if frame == TICKS else Timeframe[frame]))
    return sorted(found, key=lambda key: (key.source, key.symbol, key.timeframe or 0))


def read_facts(folder: Path) -> SeriesFacts | None:
    """What is known of the series in `folder`; None where there is none."""
    try:
        return msgspec.json.decode((folder / _FACTS).read_bytes(), type=SeriesFacts)
    except FileNotFoundError:
        return None


def write_facts(folder: Path, facts: SeriesFacts) -> None:
    """Keep what is known, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{_FACTS}.part"
    part.write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n")
    part.replace(folder / _FACTS)
