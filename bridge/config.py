"""What the bridge is started with, and where it keeps its files."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bridge.capture import CaptureLimits
from strategy.params import EngineSettings


class DeskRules(msgspec.Struct, frozen=True, kw_only=True):
    """How one terminal is spoken with; the first six go to the terminal in WELCOME."""

    heartbeat_ms: Annotated[
        int, Meta(ge=50, le=60_000, description="a side that has nothing to say says so after [ms]")
    ] = 1000
    silence_ms: Annotated[int, Meta(ge=100, le=600_000, description="a side not heard for so long is gone [ms]")] = 5000
    max_frame_bytes: Annotated[int, Meta(ge=65_536, le=1 << 24, description="largest frame accepted [bytes]")] = 1 << 20
    max_ticks: Annotated[int, Meta(ge=1, le=16_384, description="ticks in one batch")] = 4096
    frames_per_second: Annotated[int, Meta(ge=10, le=1_000_000, description="frames a terminal may send [1/s]")] = (
        20_000
    )
    decision_wait_ms: Annotated[int, Meta(ge=1, le=10_000, description="the EA waits so long for a decision [ms]")] = (
        200
    )
    clock_check: Annotated[bool, Meta(description="compare tick and wall clock; off for replays of old quotes")] = True
    clock_tolerance_s: Annotated[int, Meta(ge=1, le=86_400, description="both clocks may differ by [s]")] = 120
    money_tolerance_ccy: Annotated[
        float, Meta(ge=0.0, description="the terminal's money may differ from ours by [account currency]")
    ] = 0.01
    money_settle_ms: Annotated[
        int, Meta(ge=0, description="a balance may differ for so long before it counts [ms]")
    ] = 5000
    unanswered_ms: Annotated[
        int, Meta(ge=0, description="an intent may lack a word this long past its validity [ms]")
    ] = 2000


class NewsRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is made of the bulletin that is posted in the data directory.

    `required`: nothing is opened while the calendar cannot be relied on. `currencies` is the user's map of base names
    to the currencies whose events concern them.
    """

    required: bool = True
    currencies: dict[str, tuple[str, ...]] = {}


class BridgeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the service needs; can be pickled, so that it can start in a process of its own.

    Without `news` nothing is judged by news.
    """

    data_dir: Path
    secret: bytes
    engine: EngineSettings
    endpoint: str = "tcp://127.0.0.1:5555"
    rules: DeskRules = DeskRules()
    capture: CaptureLimits = CaptureLimits()
    journal_durable: bool = True
    busy_poll: bool = False
    max_terminals: int = 64
    allowed_logins: tuple[int, ...] = ()
    allow_real: bool = False
    news: NewsRules | None = None

    def __repr__(self) -> str:
        """Never shows the secret."""
        return f"BridgeConfig(data_dir={self.data_dir!s}, endpoint={self.endpoint!r})"

    @property
    def places(self) -> "Places":
        """Where the files lie."""
        return Places(self.data_dir)


class Places:
    """The files of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.journal = data_dir / "journal.sqlite3"
        self.capture = data_dir / "capture"
        self.recordings = data_dir / "recordings"
        self.status = data_dir / "status.json"
        self.endpoint = data_dir / "bridge.endpoint"
        self.lock = data_dir / "bridge.lock"
        self.recorder_lock = data_dir / "recorder.lock"
        self.news = data_dir / "news"
        self.bulletin = self.news / "bulletin.json"
        self.told_calendar = self.news / "terminals.json"
