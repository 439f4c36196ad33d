"""What an account's engine knew of news when it decided, as recorded, in words."""

from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq

from bridge.config import Places
from bridge.inputs import Informed, InputReader
from bridge.recordings import Partition
from bridge.records import EntryKind
from bridge.segments import entries_in
from newsfilter.board import NewsBoard
from newsfilter.bulletin import Bulletin
from newsfilter.wording import utc_minute
from strategy.gates import Gate, Verdict


def board_before(folder: Path, account: str, seq: int) -> NewsBoard | None:
    """The last board that the account's engine was told before the record with this `seq`; None where there is none."""
    live = [
        one
        for one in InputReader().read(entries_in(Places(folder).capture))
        if isinstance(one, Informed) and one.account == account and one.seq < seq
    ]
    return live[-1].board if live else _recorded(folder, account, seq)


def _recorded(folder: Path, account: str, seq: int) -> NewsBoard | None:
    files = Partition("inputs", account, "", "").folder(Places(folder).recordings).rglob("*.parquet")
    for path in sorted(files, key=lambda path: path.name, reverse=True):
        if int(path.stem) >= seq:
            continue
        wanted = [("kind", "=", int(EntryKind.NEWS)), ("seq", "<", seq)]
        rows = pq.read_table(path, columns=["seq", "payload"], filters=wanted, partitioning=None)
        if rows.num_rows:
            last = int(np.argmax(rows["seq"].to_numpy()))
            return msgspec.json.decode(rows["payload"][last].as_py(), type=NewsBoard)
    return None


def news_words(board: NewsBoard, record: np.void, symbol: str) -> str:
    """What the board says to the decision `record`; empty where it says nothing."""
    time_ns, verdict = int(record["time_ns"]), Verdict(int(record["gates"][Gate.NEWS, 2]))
    if verdict == Verdict.UNKNOWN:
        bulletin = Bulletin(reliable_until_ns=board.reliable_until_ns, problem=board.problem)
        return bulletin.standing(time_ns)
    if verdict != Verdict.REFUSED:
        return ""
    events = board.events_at(symbol, time_ns)
    told = ", ".join(dict.fromkeys(f"{one.currency} {one.name}" for one in events))
    ends = max((one.end_ns for one in events), default=0)
    return f"{told}; until {utc_minute(ends)}" if told else ""
