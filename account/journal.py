"""The journal: every account event, in order, in one SQLite file that survives a crash at any moment.

One process writes (`Journal`), any number read (`JournalReader`). Each row's checksum covers the row before it, so that
a changed, missing or exchanged row is noticed wherever it is. Corruption is reported, never repaired in place.
"""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from account.events import AccountEvent, EventError, decoded, encoded, kind_of
from account.migrations import MIGRATIONS, SCHEMA_VERSION, Migration

APPLICATION_ID: Final = 0x434D504A  # "CMPJ"
TAIL_ROWS: Final = 1_000
_CERTAIN_EVERY_ROWS: Final = 4_096
_CHUNK_ROWS: Final = 5_000
_BUSY_TIMEOUT_S: Final = 2.0
_INSERT: Final = "INSERT INTO event (seq, time_ns, terminal, kind, body, crc) VALUES (?, ?, ?, ?, ?, ?)"
# as bytes: a damaged text may not be UTF-8, and that must be a finding, not an exception of the driver
_SELECT: Final = (
    "SELECT seq, time_ns, CAST(terminal AS BLOB), CAST(kind AS BLOB), CAST(body AS BLOB), crc"
    " FROM event WHERE seq > ? ORDER BY seq LIMIT ?"
)
# the driver cannot say in words what it found where the words themselves are damaged
_COMPLAINTS: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT})


class JournalError(Exception):
    """Something is wrong with a journal; says which, and what to do."""


class JournalBusyError(JournalError):
    """Another process is writing this journal."""


class JournalVersionError(JournalError):
    """The journal was written by a newer version."""


class JournalWriteError(JournalError):
    """Events could not be written. They wait for the next commit; nothing may be sent that rests on them."""


class JournalCorruptError(JournalError):
    """The journal is not what was written. `seq` is the first bad event (0: the file as a whole)."""

    def __init__(self, path: Path, seq: int, problem: str) -> None:
        super().__init__(
            f"journal {path}: event {seq}: {problem}. Keep the file. `companion journal repair` copies the good events"
            " before it into a new file; what is lost comes back when the terminal reports its deals"
        )
        self.path = path
        self.seq = seq
        self.problem = problem


class Verdict(NamedTuple):
    """What a check found: `rows` good events, and the first bad one, if there is one (0: the file as a whole)."""

    rows: int
    first_bad_seq: int | None
    problem: str

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.first_bad_seq is None


class JournalRow(NamedTuple):
    """One row as it is stored."""

    seq: int
    time_ns: int
    terminal: bytes
    kind: bytes
    body: bytes
    crc: int

    def follows(self, previous_crc: int) -> bool:
        """Whether this is what was written behind a row with `previous_crc`; damage may have left any type."""
        whole = (type(self.terminal), type(self.body)) == (bytes, bytes)
        return whole and self.crc == linked(previous_crc, self.seq, self.terminal, self.body)


class _Link(NamedTuple):
    """What the next row's checksum goes on from."""

    seq: int
    crc: int


class JournalReader:
    """A journal to read from; another process may be writing it. One thread at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open for reading alone.

        Raises:
            JournalError: where there is no journal, or one of a newer version.
        """
        path = Path(path)
        if not path.is_file():
            raise JournalError(f"journal {path}: no such file")
        with contextlib.ExitStack() as opened:
            connection = opened.enter_context(contextlib.closing(_connected(path, "?mode=ro")))
            if not _has_begun(connection, path):
                raise JournalError(f"journal {path}: nothing has been written to it yet")
            opened.pop_all()
        return cls(path, connection)

    def read(self, terminal: str | None = None, after_seq: int = 0) -> Iterator[tuple[int, str, AccountEvent]]:
        """(seq, terminal, event) of every committed event after `after_seq`, in order; of one `terminal` or of all.

        Raises:
            JournalCorruptError: at the first event that is not what was written; the ones before it are sound.
        """
        wanted = None if terminal is None else terminal.encode()
        for row in self.sound_rows(after_seq):
            if wanted is None or row.terminal == wanted:
                yield row.seq, row.terminal.decode(), self.event_of(row)

    def terminals(self) -> list[str]:
        """Whose events are in the journal, by name."""
        return [str(name) for (name,) in self._query("SELECT DISTINCT terminal FROM event ORDER BY terminal")]

    def verify(self) -> Verdict:
        """Check the whole file: pages, sequence, checksums, and that every event reads back as its columns say."""
        good = 0
        try:
            for row in self.sound_rows():
                self.event_of(row)
                good += 1
            self._check_pages()
        except JournalCorruptError as finding:
            return Verdict(good, finding.seq, finding.problem)
        return Verdict(good, None, "")

    def sound_rows(self, after_seq: int = 0, *, whole: bool = True) -> Iterator[JournalRow]:
        """Rows as stored after `after_seq`, each checked against the one before; `whole`: none missing at the end.

        Raises:
            JournalCorruptError: at the first row that is not what was written.
        """
        certain_seq = self._certain_seq() if whole else 0  # before the rows: a writer may be adding to both
        last = self._link_at(after_seq)
        for row in self._raw_rows(after_seq):
            if row.seq != last.seq + 1:
                raise JournalCorruptError(self.path, last.seq + 1, "is missing")
            if not row.follows(last.crc):
                raise JournalCorruptError(self.path, row.seq, "is not what was written (checksum)")
            last = _Link(row.seq, row.crc)
            yield row
        if last.seq < certain_seq:
            raise JournalCorruptError(self.path, last.seq + 1, f"is missing, and all after it up to {certain_seq}")

    def event_of(self, row: JournalRow) -> AccountEvent:
        """The event in a row.

        Raises:
            JournalCorruptError: where it does not read back, or its columns say something else.
        """
        try:
            event = decoded(row.body)
        except EventError as problem:
            raise JournalCorruptError(self.path, row.seq, str(problem)) from problem
        if (row.time_ns, row.kind) != (event.time_ns, kind_of(event).encode()):
            raise JournalCorruptError(self.path, row.seq, "its columns say another time or kind than its body")
        return event

    def check_tail(self) -> None:
        """Check the last `TAIL_ROWS` events.

        Raises:
            JournalCorruptError: at the first that is not what was written.
        """
        for row in self.sound_rows(max(0, self._last_seq() - TAIL_ROWS)):
            self.event_of(row)

    def rows(self, table: str, where: str | None = None, values: Sequence[object] = ()) -> Iterator[dict[str, object]]:
        """Rows of a table or view for people (see docs/journal.md), as dictionaries, by sqlite-utils."""
        from sqlite_utils import Database  # noqa: PLC0415 - takes 0.3 s, and only people who read tables need it

        yield from Database(self._connection)[table].rows_where(where, list(values))

    def backup(self, target: str | Path) -> None:
        """Copy the journal as it stands now to a new file, while it is being written.

        Raises:
            JournalError: where `target` exists.
        """
        target = Path(target)
        if target.exists():
            raise JournalError(f"backup {target}: the file exists; name another one")
        with contextlib.closing(_connected(target)) as copy:
            self._connection.backup(copy)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _raw_rows(self, after_seq: int) -> Iterator[JournalRow]:
        # in pieces: one long query would keep the writer from reusing its write-ahead log
        while True:
            rows = self._query(_SELECT, (after_seq, _CHUNK_ROWS), after_seq + 1)
            yield from map(JournalRow._make, rows)
            if len(rows) < _CHUNK_ROWS:
                return
            after_seq = rows[-1][0]

    def _link_at(self, seq: int) -> _Link:
        if seq <= 0:
            return _Link(0, 0)
        found = self._query("SELECT crc FROM event WHERE seq = ?", (seq,))
        if not found and seq <= self._last_seq():
            raise JournalCorruptError(self.path, seq, "is missing")
        return _Link(seq, self._whole(found[0][0], seq) if found else 0)

    def _last_seq(self) -> int:
        return self._whole(self._query("SELECT coalesce(max(seq), 0) FROM event")[0][0])

    def _certain_seq(self) -> int:
        """An event that was certainly written: a journal that ends before it has lost its tail."""
        found = self._query("SELECT value FROM meta WHERE key = 'certain_seq'")
        return self._whole(found[0][0]) if found else 0

    def _whole(self, number: int | str, seq: int = 0) -> int:
        try:
            return int(number)
        except (TypeError, ValueError) as problem:
            raise JournalCorruptError(self.path, seq, f"holds {number!r} where a number belongs") from problem

    def _check_pages(self) -> None:
        finding = self._query("PRAGMA quick_check(1)")[0][0]
        if finding != "ok":
            raise JournalCorruptError(self.path, 0, str(finding))

    def _query(self, sql: str, values: tuple[int, ...] = (), seq: int = 0) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except _COMPLAINTS as problem:
            raise _trouble(self.path, problem, seq) from problem


class Journal(JournalReader):
    """A journal to write. Events are buffered by `append` and written by `commit`; one thread at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: sqlite3.Connection) -> None:
        super().__init__(path, connection)
        self._lock = lock
        self._seq, self._crc = self._link_at(self._last_seq())
        self._certain = self._certain_seq()
        self._waiting: list[tuple[int, int, str, str, str, int]] = []
        self._names: dict[str, bytes] = {}

    @classmethod
    def open(cls, path: str | Path, *, durable: bool = True) -> Self:
        """Open for writing, and create or migrate where needed.

        With `durable` a commit returns when the disk has the events; without, they survive the end of this process but
        perhaps not of the machine. The last `TAIL_ROWS` events are checked; `read` checks the others on its way.

        Raises:
            JournalBusyError: where another process writes it.
            JournalVersionError: where a newer version wrote it.
            JournalCorruptError: where its end is not what was written.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as opened:
            lock = opened.enter_context(contextlib.closing(_locked(path)))
            _examine(path)
            connection = opened.enter_context(contextlib.closing(_connected(path)))
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            migrate(connection, path)
            journal = cls(path, connection, lock)
            opened.pop_all()
        return journal

    @property
    def last_seq(self) -> int:
        """Number of the last event, committed or not."""
        return self._seq

    def append(self, terminal: str, event: AccountEvent) -> int:
        """Put an event behind the others, to be written by the next `commit`; its number.

        Raises:
            EventError: for an event that would not read back; nothing has changed.
        """
        body = encoded(event)
        name = self._names.get(terminal) or self._names.setdefault(terminal, terminal.encode())
        seq = self._seq + 1
        crc = linked(self._crc, seq, name, body)
        self._waiting.append((seq, event.time_ns, terminal, kind_of(event), body.decode(), crc))
        self._seq, self._crc = seq, crc
        return seq

    def commit(self) -> int:
        """Write what was appended, in one transaction; the number of the last event on disk.

        Raises:
            JournalWriteError: where the disk refuses; nothing was written, everything stays for the next commit.
        """
        if self._waiting:
            self._write(certain=self._seq - self._certain >= _CERTAIN_EVERY_ROWS)
        return self._seq

    def append_durably(self, terminal: str, events: Iterable[AccountEvent]) -> int:
        """Append and commit; the number of the last event on disk."""
        for event in events:
            self.append(terminal, event)
        return self.commit()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file, in a calm moment; else SQLite does it every 1,000 pages."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Commit, and let go of file and lock."""
        try:
            if self._certain != self._seq:
                self._write(certain=True)
        finally:
            super().close()
            self._lock.close()

    def _write(self, *, certain: bool) -> None:
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT, self._waiting)
            if certain:
                execute("INSERT OR REPLACE INTO meta VALUES ('certain_seq', ?)", (str(self._seq),))
            execute("COMMIT")
        except sqlite3.Error as problem:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise JournalWriteError(
                f"journal {self.path}: {problem}; {len(self._waiting)} events wait. Free the disk, or end the program"
                " that keeps the file locked"
            ) from problem
        self._waiting.clear()
        if certain:
            self._certain = self._seq


def linked(previous_crc: int, seq: int, terminal: bytes, body: bytes) -> int:
    """Checksum of a row, which goes on from the row before it."""
    return zlib.crc32(body, zlib.crc32(b"%d\x00%b\x00" % (seq, terminal), previous_crc))


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the schema up to date, step by step, all or nothing; a copy of the old file stays beside it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    due = [step for step in migrations if step.version > version]
    if not due:
        return
    if version:
        with contextlib.closing(_connected(_free_name(path, f"before-v{due[-1].version}"))) as copy:
            connection.backup(copy)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in (statement for step in due for statement in step.statements):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {due[-1].version}")
        connection.execute("COMMIT")
    except sqlite3.Error as problem:
        connection.execute("ROLLBACK")
        raise _trouble(path, problem) from problem


def salvage(path: str | Path) -> Path:
    """Copy the good events of a corrupt journal, up to the first bad one, into a new journal beside it; its name.

    The old file is only read.

    Raises:
        JournalError: where not even the first event can be read.
    """
    path = Path(path)
    if not path.is_file():
        raise JournalError(f"journal {path}: no such file")
    target = _free_name(path, "salvaged")
    with contextlib.closing(_connected(path, "?mode=ro")) as damaged, contextlib.closing(_connected(target)) as copy:
        migrate(copy, target)
        copy.execute("BEGIN IMMEDIATE")
        last_seq = _copy_sound_rows(JournalReader(path, damaged), copy)
        copy.execute("COMMIT")
    if not last_seq:
        target.unlink()
        raise JournalError(f"journal {path}: not one event can be read. Keep this file, and start a new journal")
    return target


def _copy_sound_rows(damaged: JournalReader, copy: sqlite3.Connection) -> int:
    last_seq = 0
    with contextlib.suppress(JournalCorruptError):
        for row in damaged.sound_rows(whole=False):
            damaged.event_of(row)
            texts = (text.decode() for text in (row.terminal, row.kind, row.body))
            copy.execute(_INSERT, (row.seq, row.time_ns, *texts, row.crc))
            last_seq = row.seq
    return last_seq


def _connected(path: Path, options: str = "") -> sqlite3.Connection:
    uri = path.resolve().as_uri() + options
    try:
        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
    except sqlite3.OperationalError as problem:
        raise _trouble(path, problem) from problem


def _locked(path: Path) -> sqlite3.Connection:
    """Hold the right to write until the connection is closed, or the process ends in whatever way."""
    # SQLite's own locks, on a file beside the journal: they work on every system and leave readers alone
    lock = _connected(path.with_name(f"{path.name}-lock"))
    try:
        lock.execute("PRAGMA busy_timeout = 0")
        lock.execute("PRAGMA journal_mode = OFF")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as problem:
        lock.close()
        if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise _trouble(path, problem) from problem
        raise JournalBusyError(
            f"journal {path}: another process is writing it. Stop that one, or name another journal"
        ) from problem
    return lock


def _examine(path: Path) -> None:
    """Look at an existing journal without changing a byte of it, so that a damaged one stays as it is."""
    if not path.is_file() or not path.stat().st_size:
        return
    if path.with_name(f"{path.name}-journal").is_file():
        # the first start ever was cut short, before the write-ahead log was on: only a writer can undo that
        with contextlib.closing(_connected(path)) as connection:
            _has_begun(connection, path)
    with contextlib.closing(_connected(path, "?mode=ro")) as connection:
        if _has_begun(connection, path):
            JournalReader(path, connection).check_tail()


def _has_begun(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether there is anything in the file; refuses what is not a journal, or is one of a newer version."""
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except _COMPLAINTS as problem:
        raise _trouble(path, problem) from problem
    if tables and application != APPLICATION_ID:
        raise JournalError(f"{path} is an SQLite file, but not a journal; name another path")
    if bool(tables) != bool(version):
        raise JournalCorruptError(path, 0, f"schema version is {version}, with {tables} tables and views")
    if version > SCHEMA_VERSION:
        raise JournalVersionError(
            f"journal {path} has schema {version}, this version knows up to {SCHEMA_VERSION}: update the program, or"
            " name the copy that was kept beside it before the migration"
        )
    return bool(tables)


def _trouble(path: Path, problem: Exception, seq: int = 0) -> JournalError:
    """What the database's complaint means: damage, or only that it cannot be had at the moment."""
    code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in _DAMAGE:
        return JournalCorruptError(path, 0 if code == sqlite3.SQLITE_ERROR else seq, str(problem))
    return JournalError(f"journal {path}: {problem}; check disk, folder and permissions, and try again")


def _free_name(path: Path, what: str) -> Path:
    names = (path.with_name(f"{path.stem}.{what}{number}{path.suffix}") for number in ("", *range(2, 1_000)))
    return next(name for name in names if not name.exists())
