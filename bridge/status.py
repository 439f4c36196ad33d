"""What the service says about itself, once a second, in a file that anybody may read."""

from pathlib import Path
from typing import Final

import msgspec

from bridge.config import Places
from bridge.desk import Desk
from bridge.files import replace_file
from bridge.trader import Trader

STATUS_VERSION: Final = 1
RUNNING: Final = "running"
STOPPED: Final = "stopped"


class TerminalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One account, connected or not. `obstacle` is what keeps it from trading; empty when it trades.

    `server_offset_s` is the broker's clock ahead of UTC as measured last [s].
    """

    account: str
    connected: bool
    obstacle: str
    terminal_id: str = ""
    server_offset_s: int = 0
    session: int = 0
    alerts: dict[str, str] = {}
    batches: int = 0
    ticks: int = 0
    held_batches: int = 0
    ignored_ticks: int = 0
    intents: int = 0
    reports: int = 0
    decisions: dict[str, int] = {}
    intents_by_state: dict[str, int] = {}
    positions: int = 0
    foreign_positions: int = 0
    balance: float = 0.0
    equity: float = 0.0
    flags: tuple[str, ...] = ()


class BridgeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The service at `written_ns` [UTC ns]. Latencies are from a frame's arrival to its answers [microseconds].

    `news` says what is wrong with the calendar; empty where nothing is.
    """

    state: str
    pid: int
    endpoint: str
    started_ns: int
    written_ns: int
    version: int = STATUS_VERSION
    problem: str = ""
    news: str = ""
    journal_seq: int = 0
    capture_seq: int = 0
    capture_lost: int = 0
    frames: int = 0
    sessions: int = 0
    refusals: dict[str, int] = {}
    latency_us: dict[str, float] = {}
    recent_latency_us: dict[str, float] = {}
    terminals: tuple[TerminalStatus, ...] = ()


_DECODER: Final = msgspec.json.Decoder(BridgeStatus)


def write_status(path: Path, status: BridgeStatus) -> None:
    """Replace the status file."""
    replace_file(path, msgspec.json.encode(status))


def read_status(data_dir: Path) -> BridgeStatus | None:
    """The last status of the service that works in `data_dir`; None where there never was one, or it cannot be read."""
    try:
        return _DECODER.decode(Places(data_dir).status.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def terminal_status(trader: Trader, desk: Desk | None) -> TerminalStatus:
    """How one account stands."""
    account, money = trader.account, trader.engine.own_money()
    own = sum(1 for position in account.positions.values() if account.is_own(position))
    status = TerminalStatus(
        account=trader.key,
        connected=False,
        obstacle="not connected",
        terminal_id=account.terminal_id,
        server_offset_s=account.server_offset_s,
        session=account.session,
        decisions=trader.decision_counts(),
        intents_by_state=trader.intent_counts(),
        positions=own,
        foreign_positions=len(account.positions) - own,
        balance=money.balance,
        equity=money.equity,
        flags=tuple(sorted(account.flags)),
    )
    if desk is None or desk.dealing is None:
        return status
    counts = desk.dealing.counts
    return msgspec.structs.replace(
        status,
        connected=True,
        obstacle=desk.obstacle(),
        alerts=desk.all_alerts(),
        batches=counts.batches,
        ticks=counts.ticks,
        held_batches=counts.held_batches,
        ignored_ticks=counts.ignored_ticks,
        intents=counts.intents,
        reports=counts.reports,
    )
