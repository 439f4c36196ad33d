"""Journals to test with, and ways to spoil them behind the program's back."""

import sqlite3
from contextlib import closing
from pathlib import Path

from account.events import AccountEvent, EquityMarked
from account.journal import Journal, JournalReader
from tests.account.samples import NOON_NS

DEMO, LIVE = "JustMarkets-Demo2:2000123", "JustMarkets-Live:9"


def mark(number: int) -> EquityMarked:
    return EquityMarked(time_ns=NOON_NS + number, equity=10_000.0 + number / 100, balance=10_000.0, margin=0.0)


def written(path: Path, events: list[AccountEvent]) -> Path:
    with Journal.open(path, durable=False) as journal:
        journal.append_durably(DEMO, events)
    return path


def edited(path: Path, sql: str, *values: object) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql, values)
        connection.commit()
    return path


def events_in(path: Path) -> list[AccountEvent]:
    with JournalReader.open(path) as reader:
        return [event for _, _, event in reader.read()]
