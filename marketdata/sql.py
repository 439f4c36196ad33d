"""SQL over the store, by DuckDB: an extra, because the service trades without it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from marketdata.series import TICKS, series_in

if TYPE_CHECKING:
    import duckdb

_INSTALL: Final = "install it with: pip install 'mt5-companion[backtest]'"


class SqlUnavailableError(RuntimeError):
    """DuckDB is not installed; names the extra that has it."""


class SqlError(ValueError):
    """A query that DuckDB refuses; says why."""


def connected(root: Path) -> "duckdb.DuckDBPyConnection":
    """A connection in memory with the views `bars` and `ticks` over the store in `root`.

    Raises:
        SqlUnavailableError: where DuckDB is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - as above
    except ImportError as missing:
        raise SqlUnavailableError(f"queries need DuckDB, which is not installed; {_INSTALL}") from missing
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    keys = series_in(root)
    for view in ("bars", TICKS):
        files = [
            f"{key.folder(root)}/month=*/rows.parquet" for key in keys if (key.frame_name == TICKS) is (view == TICKS)
        ]
        if files:
            listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
            source = f"read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = false)"
            connection.sql(f"FROM {source}").create_view(view)
    return connection


def answered(root: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names of the columns and all rows that `sql` gives.

    Raises:
        SqlUnavailableError: where DuckDB is not installed.
        SqlError: where it refuses the query.
    """
    connection = connected(root)
    import duckdb  # noqa: PLC0415 - as above

    try:
        found = connection.execute(sql)
        return [column[0] for column in found.description or ()], found.fetchall()
    except duckdb.Error as refused:
        raise SqlError(f"the query was refused: {refused}") from refused
