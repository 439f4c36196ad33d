"""The same market once more, between two real ends of a ZeroMQ socket."""

import multiprocessing
from pathlib import Path

import numpy as np

from account.journal import JournalReader
from account.state import AccountState
from backtest.job import Job
from bridge.capture import CaptureLimits
from bridge.config import BridgeConfig, DeskRules
from bridge.process import run_bridge, wait_until_ready
from bridge.review import Review
from domain.serverclock import Daylight
from sim.session_host import TerminalConfig, run_terminal
from sim.statistics import TerminalStatistics
from strategy.tables import Table, empty_decisions

SECRET = b"parity parity parity parity parity"
EVER_NS = 1 << 62


def bridge_config(job: Job, folder: Path) -> BridgeConfig:
    """A bridge for old quotes on any free port."""
    return BridgeConfig(
        data_dir=folder / "bridge",
        secret=SECRET,
        engine=job.settings,
        endpoint="tcp://127.0.0.1:0",
        rules=DeskRules(clock_check=False, frames_per_second=1_000_000, max_ticks=4096),
        capture=CaptureLimits(),
        journal_durable=False,
    )


def terminal_config(job: Job, folder: Path, endpoint: str) -> TerminalConfig:
    """The EA's twin in lock-step, one tick a batch."""
    return TerminalConfig(
        endpoint=endpoint,
        secret=SECRET,
        profile=job.profile,
        specs=job.specs,
        ticks=dict(job.ticks),
        state_dir=folder / "terminal",
        magic=job.settings.magic,
        history={(told.symbol, told.timeframe): told.bars for told in job.warm_up},
        server_offset_s=job.clock.winter_offset_s,
        max_ticks=1,
    )


def over_zeromq(job: Job, folder: Path) -> tuple[TerminalStatistics, Table, AccountState]:
    """Play `job`; the terminal's numbers, the decisions on record, and the account as its journal replays.

    The broker's clock has to be one that is never changed.
    """
    assert job.clock.daylight is Daylight.NONE
    config = bridge_config(job, folder)
    bridge = multiprocessing.get_context("spawn").Process(target=run_bridge, args=(config,))
    bridge.start()
    try:
        endpoint = wait_until_ready(config.data_dir, 240)
        statistics = run_terminal(terminal_config(job, folder, endpoint))
    finally:
        bridge.terminate()
        bridge.join(30)
    assert bridge.exitcode == 0
    return statistics, recorded_decisions(folder / "bridge"), replayed_account(folder / "bridge")


def recorded_decisions(data_dir: Path) -> Table:
    """All decisions of the only account, in order."""
    review = Review(data_dir)
    (account,) = review.accounts()
    parts = [decided.rows for decided in review.decisions(account, 0, EVER_NS)]
    return np.concatenate(parts) if parts else empty_decisions()


def replayed_account(data_dir: Path) -> AccountState:
    """The only account, folded from the journal."""
    with JournalReader.open(data_dir / "journal.sqlite3") as journal:
        (terminal,) = journal.terminals()
        return AccountState.replayed(event for _, _, event in journal.read(terminal))
