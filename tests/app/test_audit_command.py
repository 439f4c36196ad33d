"""`companion audit`: a recorded window comes out as it was decided, and a changed number is found."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.console import ExitCode
from strategy.gates import Gate
from strategy.tables import DECISION_DTYPE
from tests.app.real_command import companion_in

pytestmark = pytest.mark.integration

WINDOW = ("2025-06-02T06:00", "2025-06-02T12:00")


def test_a_window_comes_out_as_recorded(demo_state: Path) -> None:
    result = companion_in(demo_state, "audit", *WINDOW)
    assert result.returncode == ExitCode.DONE, result.stdout + result.stderr
    assert "✓ every number is as recorded" in result.stdout


def test_json_for_other_programs(demo_state: Path) -> None:
    told = json.loads(companion_in(demo_state, "audit", *WINDOW, "--json").stdout)
    assert told["is_clean"] is True
    assert told["differences"] == []
    assert told["decisions"] > 20


def test_the_brokers_clock_can_be_used(demo_state: Path) -> None:
    server = ("2025-06-02T09:00", "2025-06-02T15:00", "--server-time")
    runs = [json.loads(companion_in(demo_state, "audit", *words, "--json").stdout) for words in (WINDOW, server)]
    assert runs[0] == runs[1]


def test_a_window_without_a_record_is_not_called_clean(demo_state: Path) -> None:
    result = companion_in(demo_state, "audit", "2025-07-02T06:00", "2025-07-02T12:00")
    assert result.returncode == ExitCode.FOUND
    assert "nothing of this window is on record" in result.stdout


def test_a_changed_number_is_found_and_named(demo_state: Path, demo_folder: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(demo_state, state)
    changed = _with_another_spread(
        next((state / "mt5-companion" / "demo").rglob("decisions/**/day=2025-06-02/*.parquet"))
    )
    result = companion_in(state, "audit", "2025-06-02T00:00", "2025-06-02T23:59")
    assert result.returncode == ExitCode.FOUND
    assert "1 differences" in result.stdout
    assert "spread value" in result.stdout
    assert f"{changed:.1f}" in result.stdout


def _with_another_spread(path: Path) -> float:
    """Put another spread into the tenth record, bit for bit the rest; the number that stands there now."""
    table = pq.read_table(path, partitioning=None)
    records = table["record"].to_pylist()
    row = np.frombuffer(records[10], DECISION_DTYPE).copy()
    row[0]["gates"][Gate.SPREAD][0] = 123.5
    records[10] = row.tobytes()
    column = pa.array(records, pa.binary(DECISION_DTYPE.itemsize))
    pq.write_table(table.set_column(table.column_names.index("record"), "record", column), path)
    return 123.5


def test_times_that_cannot_be_read_are_refused(demo_state: Path) -> None:
    result = companion_in(demo_state, "audit", "soon", "later")
    assert result.returncode == ExitCode.DATA
    assert "'soon' is no time" in result.stderr
