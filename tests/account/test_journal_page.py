"""What docs/journal.md says is so: its queries run, and its tables name everything there is."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from account.events import FlagKind
from account.journal import Journal
from domain.intents import IntentState
from tests.account.test_events import SAMPLES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def table_under(heading: str) -> set[str]:
    """First column of the first table below a heading."""
    section = PAGE.partition(f"## {heading}\n")[2]
    rows = re.search(r"^\|.*?(?=\n\n)", section, re.MULTILINE | re.DOTALL)
    assert rows is not None
    cells = [line.split("|")[1] for line in rows[0].splitlines()[2:]]
    return {name for cell in cells for name in re.findall(r"[A-Za-z_]+", cell)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite3"
    with Journal.open(path) as journal:
        journal.append_durably("demo:1", SAMPLES)
    return path


def test_there_are_queries() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_something(path: Path, query: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(query).fetchall()


def test_every_table_and_view_is_described(path: Path) -> None:
    database = sqlite_utils.Database(path)
    assert table_under("Looking at it") == {*database.table_names(), *database.view_names()}
    database.close()


def test_every_flag_is_described() -> None:
    assert table_under("Flags") == {kind.value for kind in FlagKind}


def test_every_state_is_described() -> None:
    assert table_under("How an intent ends") == {state.name for state in IntentState}
