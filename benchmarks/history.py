"""An export of ticks read and checked, beside pandas.read_csv, which only reads; the store beside read_parquet.

Both parse the same file of MetaTrader's form, made here. Ours also repairs, puts prices on their grid and gives
TICK_DTYPE; pandas gives a frame with times.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from report import Outcome, arguments, at_most, machine, median, tell

from domain.serverclock import clock_named
from marketdata import MarketStore, SeriesFacts, SeriesKey, load_quotes, stamped_by

TICKS: Final = 2_000_000
QUICK_TICKS: Final = 50_000
ROUNDS: Final = 3
READ_GOAL: Final = 2.0
STORE_GOAL: Final = 2.0
KEY: Final = SeriesKey("benchmark", "EURUSD", None)
FIRST_MSC: Final = 1_704_672_000_000
CLOCK: Final = clock_named("us")


def export(folder: Path, count: int) -> Path:
    """A file as MetaTrader exports it: a tick every 300 ms on average."""
    random = np.random.default_rng(1)
    times = FIRST_MSC + np.cumsum(random.integers(1, 600, count))
    stamps = pa.array(times).cast(pa.timestamp("ms"))
    bids = np.rint(110_000 + np.cumsum(random.integers(-1, 2, count))) / 1e5
    table = pa.table(
        {
            "<DATE>": pc.strftime(stamps, format="%Y.%m.%d"),
            "<TIME>": pc.strftime(stamps, format="%H:%M:%S"),
            "<BID>": bids,
            "<ASK>": np.round(bids + 0.00002, 5),
            "<LAST>": pa.nulls(count, pa.string()),
            "<VOLUME>": pa.nulls(count, pa.string()),
            "<FLAGS>": np.full(count, 6),
        }
    )
    path = folder / "EURUSD_202401080000_202412312359.csv"
    options = pyarrow.csv.WriteOptions(delimiter="\t", quoting_style="none")
    pyarrow.csv.write_csv(table, path, options)
    return path


def by_pandas(path: Path) -> pd.DataFrame:
    """As people read such a file."""
    frame = pd.read_csv(path, sep="\t")
    frame["time"] = pd.to_datetime(frame["<DATE>"] + " " + frame["<TIME>"], format="%Y.%m.%d %H:%M:%S.%f")
    return frame


def seconds(job: Callable[[], Any]) -> float:
    """Time of one call [s]."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def measured(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """Medians of calls in turns [s]."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def main(options: argparse.Namespace) -> None:
    """Measure, compare, tell."""
    count = QUICK_TICKS if options.quick else TICKS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = export(folder, count)
        quotes = load_quotes(path)
        assert quotes.ticks is not None
        assert quotes.ticks.size == len(by_pandas(path)) == count
        read = measured(lambda: load_quotes(path), lambda: by_pandas(path))
        store = MarketStore(folder / "market")
        store.add(KEY, stamped_by(quotes.ticks, CLOCK), SeriesFacts(digits=quotes.digits, clocks=(CLOCK,)))
        assert store.ticks("EURUSD").rows.tobytes() == quotes.ticks.tobytes()
        flat = folder / "flat.parquet"
        pd.DataFrame({field: quotes.ticks[field] for field in quotes.ticks.dtype.names or ()}).to_parquet(flat)
        again = measured(lambda: store.ticks("EURUSD"), lambda: pd.read_parquet(flat))
    lines = (
        at_most(f"export of {count:,} ticks, checked", *read, READ_GOAL, "s"),
        at_most(f"{count:,} ticks from the store", *again, STORE_GOAL, "s"),
    )
    tell(Outcome(benchmark="history", machine=machine(), lines=lines), options.json)


if __name__ == "__main__":
    main(arguments(__doc__).parse_args())
