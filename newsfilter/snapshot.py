"""What is known of the calendar at one moment: immutable, in one file that is replaced whole.

A source that fails keeps what it said before, with its age and its last problem on record.
"""

from pathlib import Path
from typing import Final

import msgspec

from newsfilter.events import EconomicEvent, NewsError
from newsfilter.impact import ImpactTable
from newsfilter.merging import merged_events
from newsfilter.postings import replace_whole

VERSION: Final = 1
NO_SOURCE: Final = "no calendar source is set up"
_NS_PER_S: Final = 1_000_000_000


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One source: the last batch that could be used, what it covers, and what went wrong since.

    Times in UTC ns; `fetched_ns` is 0 before the first success, `problem` empty after a success. `quarantined` counts
    events of a batch that was not used.
    """

    name: str
    fetched_ns: int = 0
    from_ns: int = 0
    until_ns: int = 0
    events: tuple[EconomicEvent, ...] = ()
    problem: str = ""
    problem_ns: int = 0
    quarantined: int = 0


class NewsSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All sources, the most trusted one first. `made_ns` [UTC ns]."""

    version: int = VERSION
    made_ns: int = 0
    sources: tuple[SourceState, ...] = ()

    def state_of(self, name: str) -> SourceState:
        """What is known of one source; an empty state for one that was never asked."""
        return next((state for state in self.sources if state.name == name), SourceState(name=name))

    def events(self, table: ImpactTable) -> list[EconomicEvent]:
        """Events of all sources, each once, in the order of time."""
        return merged_events([state.events for state in self.sources], table)

    def reliable_until_ns(self, limit_s: float) -> int:
        """Until when the calendar can be relied on if no source is ever fetched again [UTC ns]; 0 for never."""
        limit_ns = round(limit_s * _NS_PER_S)
        fetched = (state for state in self.sources if state.fetched_ns > 0)
        return max((min(state.fetched_ns + limit_ns, state.until_ns) for state in fetched), default=0)

    def problem(self) -> str:
        """What is wrong with the sources; empty where nothing is."""
        if not self.sources:
            return NO_SOURCE
        return "; ".join(state.problem for state in self.sources if state.problem)


_DECODER: Final = msgspec.json.Decoder(NewsSnapshot)


def read_snapshot(path: Path) -> NewsSnapshot:
    """The snapshot in `path`; an empty one where there is no file.

    Raises:
        NewsError: for a file that is damaged or of another version.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return NewsSnapshot()
    except OSError as problem:
        raise NewsError(path.name, "the whole file", f"cannot be read: {problem.strerror}") from problem
    try:
        snapshot = _DECODER.decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise NewsError(
            path.name, "the whole file", f"is damaged ({problem}); delete it, it is fetched anew"
        ) from problem
    if snapshot.version != VERSION:
        raise NewsError(
            path.name, "version", f"is {snapshot.version}, not {VERSION}; delete the file, it is fetched anew"
        )
    return snapshot


def write_snapshot(path: Path, snapshot: NewsSnapshot) -> None:
    """Replace the file at once: a reader sees the one before or this one, whole."""
    replace_whole(path, msgspec.json.encode(snapshot))
