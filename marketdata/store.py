"""The store of market history: Parquet files by source, symbol, timeframe and month, read as arrays or by SQL."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from domain.dtypes import TICK_DTYPE
from domain.serverclock import ServerClock
from domain.servertime import NS_PER_S
from domain.timeframes import Timeframe, bar_open_time
from marketdata.merging import Merged, Overlap, merged
from marketdata.months import (
    Rows,
    Stamped,
    by_month,
    dtype_of,
    month_file,
    months_in,
    read_months,
    rows_of,
    write_month,
)
from marketdata.quotes import Ints
from marketdata.series import SeriesFacts, SeriesKey, read_facts, series_in, write_facts
from marketdata.sql import answered, connected

if TYPE_CHECKING:
    import duckdb

_MS_PER_S: Final = 1000


class StoreError(ValueError):
    """What was asked of the store cannot be had; names the series and the remedy."""


class StoredQuotes(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Quotes from the store. `rows` is TICK_DTYPE or RATES_DTYPE on the broker's clock, shape (n,), ascending.

    `time_ns` is UTC of each tick, or of each bar's opening [ns]; `offset_s` how far the broker's clock is ahead of
    UTC there [s]; both of shape (n,). `digits` gives the price grid, 10**-digits.
    """

    key: SeriesKey
    digits: int
    rows: Rows
    time_ns: Ints
    offset_s: Ints

    @property
    def point(self) -> float:
        """Size of one point [price]."""
        return float(10.0**-self.digits)


class SeriesSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One series at a glance: how many rows, from when to when [UTC ns], on which clocks, on how much disk."""

    source: str
    symbol: str
    timeframe: str
    digits: int
    rows: int
    first_ns: int
    last_ns: int
    months: int
    clocks: tuple[str, ...]
    size_bytes: int


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did to a series. `contradicting` [UTC ns] are times at which stored and new rows differ.

    With `Overlap.REFUSE` nothing is written where there are any.
    """

    added: int
    equal: int
    completed: int
    contradicting: Ints
    months_written: tuple[str, ...]


class MarketStore:
    """A folder of market history.

    Reading `bars` and `ticks` and adding to them need nothing beyond the service's own packages; `query` needs DuckDB.
    Writers must not run at the same time; readers may at any time.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def series(self) -> list[SeriesKey]:
        """All series, in order of source, symbol and timeframe."""
        return series_in(self.root)

    def find(self, symbol: str, timeframe: Timeframe | None, source: str | None = None) -> SeriesKey:
        """The series of that symbol and timeframe (None: ticks); where more than one source has it, of `source`.

        Raises:
            StoreError: where there is none, or where the source has to be named.
        """
        frame = SeriesKey("", symbol, timeframe).frame_name
        fitting = [key for key in self.series() if (key.symbol, key.timeframe) == (symbol, timeframe)]
        chosen = [key for key in fitting if source in (None, key.source)]
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            names = ", ".join(key.source for key in chosen)
            raise StoreError(f"{symbol} {frame} is stored from {names}; name the source")
        there = ", ".join(map(str, fitting or self.series())) or "nothing"
        wanted = f"{symbol} {frame}" + ("" if source is None else f" from {source}")
        raise StoreError(f"{wanted} is not stored in {self.root}, which holds {there}; import it first")

    def bars(
        self,
        symbol: str,
        timeframe: Timeframe,
        from_ns: int | None = None,
        to_ns: int | None = None,
        *,
        source: str | None = None,
        clock: ServerClock | None = None,
    ) -> StoredQuotes:
        """Bars that open from `from_ns` to before `to_ns` [UTC ns; None: from the first, to the last].

        `rows` is RATES_DTYPE on the clock they were exported on, or on `clock`, as a broker with that clock has them.

        Raises:
            StoreError: as `find`; and for a `clock` on whose grid bars of that timeframe would not stand.
        """
        found = self._read(self.find(symbol, timeframe, source), from_ns, to_ns, clock)
        if clock is not None and ((found.rows["time"] - bar_open_time(0, timeframe.seconds)) % timeframe.seconds).any():
            raise StoreError(f"{found.key} was made on another clock; fold it from shorter bars for {clock.name}")
        return found

    def ticks(
        self,
        symbol: str,
        from_ns: int | None = None,
        to_ns: int | None = None,
        *,
        source: str | None = None,
        clock: ServerClock | None = None,
    ) -> StoredQuotes:
        """Ticks from `from_ns` to before `to_ns` [UTC ns], as `bars`; `rows` is TICK_DTYPE.

        Raises:
            StoreError: as `find`.
        """
        return self._read(self.find(symbol, None, source), from_ns, to_ns, clock)

    def summary(self, key: SeriesKey) -> SeriesSummary:
        """The series at a glance; reads the first and the last month alone."""
        folder = key.folder(self.root)
        facts, months = self._facts(key), months_in(folder)
        ends = [read_months(folder, [month], dtype_of(key.timeframe)).time_ns for month in (months[0], months[-1])]
        files = [month_file(folder, month) for month in months]
        return SeriesSummary(
            source=key.source,
            symbol=key.symbol,
            timeframe=key.frame_name,
            digits=facts.digits,
            rows=sum(rows_of(file) for file in files),
            first_ns=int(ends[0][0]),
            last_ns=int(ends[-1][-1]),
            months=len(months),
            clocks=tuple(clock.name for clock in facts.clocks),
            size_bytes=sum(file.stat().st_size for file in files),
        )

    def add(self, key: SeriesKey, stamped: Stamped, facts: SeriesFacts, overlap: Overlap = Overlap.REFUSE) -> Addition:
        """Merge ascending rows into a series; the same rows again change nothing, not even a file's time.

        Raises:
            StoreError: where the series is on another clock.
            ValueError: for no rows, rows of another dtype, and for times [UTC] that do not ascend.
        """
        _refuse_unfit(key, stamped)
        folder = key.folder(self.root)
        together = _together(key, read_facts(folder), facts)
        known = months_in(folder)
        outcomes: dict[str, tuple[Merged, bool]] = {}
        for month, part in by_month(stamped):
            stored = read_months(folder, [month] if month in known else [], stamped.rows.dtype)
            outcome = merged(stored, part, overlap, open_end=not known or month == known[-1])
            outcomes[month] = outcome, not outcome.rows.same_as(stored)
        found = [outcome for outcome, _ in outcomes.values()]
        contradicting = np.concatenate([outcome.contradicting for outcome in found])
        written: list[str] = []
        if not (contradicting.size and overlap is Overlap.REFUSE):
            written = [month for month, (_, changed) in outcomes.items() if changed]
            for month in written:
                write_month(month_file(folder, month), outcomes[month][0].rows)
            if together != read_facts(folder):
                write_facts(folder, together)
        return Addition(
            added=sum(outcome.added for outcome in found),
            equal=sum(outcome.equal for outcome in found),
            completed=sum(outcome.completed for outcome in found),
            contradicting=contradicting,
            months_written=tuple(written),
        )

    def query(self, sql: str) -> "duckdb.DuckDBPyRelation":
        """Any SQL over the views `bars` and `ticks`, by DuckDB; both have source, symbol, timeframe and month.

        Raises:
            SqlUnavailableError: where DuckDB is not installed.
        """
        return connected(self.root).sql(sql)

    def answer(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of the columns and all rows of what `query` gives.

        Raises:
            SqlError: where DuckDB refuses the query.
            SqlUnavailableError: where DuckDB is not installed.
        """
        return answered(self.root, sql)

    def facts(self, key: SeriesKey) -> SeriesFacts | None:
        """What is known of a series; None where it is not stored."""
        return read_facts(key.folder(self.root))

    def _facts(self, key: SeriesKey) -> SeriesFacts:
        facts = self.facts(key)
        if facts is None:
            raise StoreError(f"{key} is not stored in {self.root}; import it first")
        return facts

    def _read(self, key: SeriesKey, from_ns: int | None, to_ns: int | None, clock: ServerClock | None) -> StoredQuotes:
        folder = key.folder(self.root)
        months = [month for month in months_in(folder) if _may_hold(month, from_ns, to_ns)]
        found = read_months(folder, months, dtype_of(key.timeframe))
        start = 0 if from_ns is None else int(np.searchsorted(found.time_ns, from_ns))
        stop = found.rows.size if to_ns is None else int(np.searchsorted(found.time_ns, to_ns))
        found = on_clock(found.part(slice(start, stop)), clock)
        return StoredQuotes(
            key=key,
            digits=self._facts(key).digits,
            rows=found.rows,
            time_ns=found.time_ns,
            offset_s=found.offset_s,
        )


def stamped_by(rows: Rows, clock: ServerClock) -> Stamped:
    """Ticks or bars as a file has them, on the clock they were stamped by."""
    server_s = rows["time"] if rows.dtype != TICK_DTYPE else rows["time_msc"] // _MS_PER_S
    return Stamped(rows, clock.offsets_at(server_s))


def on_clock(stamped: Stamped, clock: ServerClock | None) -> Stamped:
    """The same moments as `clock` shows them; None leaves them as they are."""
    if clock is None:
        return stamped
    offset_s = clock.offsets_at_utc(stamped.time_ns // NS_PER_S)
    rows, moved = stamped.rows.copy(), offset_s - stamped.offset_s
    rows["time"] += moved
    if rows.dtype == TICK_DTYPE:
        rows["time_msc"] += moved * _MS_PER_S
    return Stamped(rows, offset_s)


def _may_hold(month: str, from_ns: int | None, to_ns: int | None) -> bool:
    first = np.datetime64(month, "M")
    after = (first + 1).astype("datetime64[ns]").astype(np.int64)
    return (from_ns is None or after > from_ns) and (
        to_ns is None or first.astype("datetime64[ns]").astype(np.int64) < to_ns
    )


def _refuse_unfit(key: SeriesKey, stamped: Stamped) -> None:
    wanted = dtype_of(key.timeframe)
    if stamped.rows.dtype != wanted or not stamped.rows.size:
        raise ValueError(f"{key} takes one row or more of {'TICK' if wanted == TICK_DTYPE else 'RATES'}_DTYPE")
    steps = np.diff(stamped.time_ns)
    if (steps < (0 if wanted == TICK_DTYPE else 1)).any():
        row = int(np.argmin(steps)) + 1
        raise ValueError(
            f"{key}: the UTC time of row {row} is not after the one before; sort the rows, check the clock"
        )


def _together(key: SeriesKey, stored: SeriesFacts | None, new: SeriesFacts) -> SeriesFacts:
    """What holds for the series with the new rows in it."""
    if stored is None:
        return new
    clocks = tuple(clock for clock in stored.clocks if clock in new.clocks)
    if stored.clocks and new.clocks and not clocks:
        before, now = (" or ".join(clock.name for clock in facts.clocks) for facts in (stored, new))
        raise StoreError(
            f"{key} is stored on the clock {before}, the new rows are on {now}; give another source a name"
        )
    return SeriesFacts(digits=max(stored.digits, new.digits), clocks=clocks or stored.clocks or new.clocks)
