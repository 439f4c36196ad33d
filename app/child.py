"""What a child process runs: the bridge, its recorder, the news, or a simulated terminal.

See `app.supervision` for its leash.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from app.supervision import Leash, say

if TYPE_CHECKING:
    from bridge.config import BridgeConfig

MODULE: Final = "app.child"
SECRET_VARIABLE: Final = "COMPANION_SECRET"  # noqa: S105 - a variable's name
TOKEN_VARIABLE: Final = "COMPANION_NEWS__EODHD_TOKEN"  # noqa: S105 - the same
_TELL_EVERY_S: Final = 0.2


def main() -> int:
    """Run the job that stands on standard input; the process's status."""
    leash = Leash()
    job = leash.next_word()
    if job is None:
        return 0
    _begin_log(str(job.get("log_level", "info")))
    try:
        _ROLES[job["role"]](job, leash)
    except Exception as problem:
        logging.getLogger(__name__).exception("%s cannot go on", job["role"])
        say("failed", problem=str(problem), kind=type(problem).__name__, room=type(problem).__module__)
        return 1
    return 0


def _begin_log(level: str) -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.getLogger("numba").setLevel(logging.WARNING)  # at debug level it writes for minutes while it compiles


class _Ready:
    """Tells the parent where the bridge listens."""

    def send(self, obj: str, /) -> None:
        """Take the endpoint."""
        say("ready", endpoint=obj)


def _run_bridge(job: dict[str, Any], leash: Leash) -> None:
    from bridge.process import run_bridge

    run_bridge(config_in(job["config"]), _Ready(), leash.watch())


def _run_recorder(job: dict[str, Any], leash: Leash) -> None:
    from bridge.recorder import Recorder, run_recorder
    from bridge.segments import segment_paths

    config = config_in(job["config"])
    run_recorder(config, leash.watch())
    if job.get("finish"):  # the bridge has stopped for good: its last segment is finished, too
        for path in segment_paths(config.places.capture):
            Recorder(config.data_dir).record(path)


def _run_news(job: dict[str, Any], leash: Leash) -> None:
    from newsfilter.http import HttpClient
    from newsfilter.newsroom import Newsroom
    from newsfilter.setup import NewsSetup
    from ops.news import refresh_until

    token = os.environ.get(TOKEN_VARIABLE, "")
    _keep_out_of_logs(token)
    stop = leash.watch()
    setup = msgspec.convert(job["setup"], NewsSetup)
    room = Newsroom(Path(job["folder"]), setup, token, HttpClient(stop=stop))
    refresh_until(room, setup, stop)
    logging.shutdown()
    os._exit(0)  # a source that does not answer must not hold up the end


def _keep_out_of_logs(token: str) -> None:
    """Libraries write the addresses they ask into the log, and the token stands in them."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Redacting(handler.formatter or logging.Formatter(), token))


class _Redacting(logging.Formatter):
    """Another formatter's lines without `secret`."""

    def __init__(self, formatter: logging.Formatter, secret: str) -> None:
        super().__init__()
        self._formatter = formatter
        self._secret = secret

    def format(self, record: logging.LogRecord) -> str:
        """The line, tracebacks included."""
        from newsfilter.http import redacted

        return redacted(self._formatter.format(record), (self._secret,))


def config_in(given: dict[str, Any]) -> "BridgeConfig":
    """The bridge's configuration as `config_out` wrote it, with the secret from the environment."""
    from bridge.config import BridgeConfig

    secret = os.environ.get(SECRET_VARIABLE, "")
    return msgspec.structs.replace(msgspec.convert(given, BridgeConfig, dec_hook=_path), secret=secret.encode())


def config_out(config: "BridgeConfig") -> dict[str, Any]:
    """The bridge's configuration without its secret, as JSON can hold it."""
    bare = msgspec.structs.replace(config, secret=b"")
    return dict(msgspec.to_builtins(bare, enc_hook=str))


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise TypeError(f"{kind.__name__} has no form in JSON")


def _run_terminal(job: dict[str, Any], leash: Leash) -> None:
    from advisor.expert import EaRules
    from app.playback import Playback, account_of, market_of
    from marketdata import is_made_of_bars
    from sim.players import play
    from sim.session_host import HostRules, TerminalConfig

    playback = msgspec.convert(job["playback"], Playback)
    market = market_of(playback)
    tape = market.tape
    made = any(map(is_made_of_bars, market.ticks.values()))
    say("loaded", symbols=tape.symbols, ticks=tape.total, notes=market.notes, span_msc=tape.span_msc, made=made)
    start = leash.next_word()
    if start is None:
        return
    _end_with(leash)
    config = TerminalConfig(
        endpoint=start["endpoint"],
        secret=os.environ[SECRET_VARIABLE].encode(),
        profile=account_of(playback),
        specs=market.specs,
        ticks=market.ticks,
        history=market.history,
        server_offset_s=market.server_offset_s,
        state_dir=Path(job["state_dir"]),
        magic=job["magic"],
        max_ticks=playback.max_ticks if playback.batch_ms else 1,
        batch_ms=playback.batch_ms or None,
        rules=EaRules(window=job["window"]),
        host=HostRules(ticks_per_second=playback.ticks_per_second),
        seed=playback.seed,
        ea=playback.ea,
        faults=playback.faults,
    )
    statistics = play(config, _progress(market.ticks, market.server_offset_s))
    say("done", statistics=msgspec.to_builtins(statistics))


def _end_with(leash: Leash) -> None:
    """A simulated terminal has nothing to lose: when the parent lets go, it ends at once."""
    stopped = leash.watch()

    def wait() -> None:
        stopped.wait()
        os._exit(0)

    threading.Thread(target=wait, name="end", daemon=True).start()


def _progress(ticks: dict[str, Any], offset_s: int) -> Callable[[int, int], None]:
    """Tells the parent now and then how far the tape has been played, and what time it is there."""
    import numpy as np

    times = np.sort(np.concatenate([rows["time_msc"] for rows in ticks.values()]))
    last_s = 0.0

    def tell(played: int, total: int) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s < _TELL_EVERY_S and played < total:
            return
        last_s = now_s
        utc_msc = int(times[max(played, 1) - 1]) - offset_s * 1000 if len(times) else 0
        say("progress", played=played, total=total, utc_msc=utc_msc)

    return tell


_ROLES: Final[dict[str, Callable[[dict[str, Any], Leash], None]]] = {
    "bridge": _run_bridge,
    "recorder": _run_recorder,
    "news": _run_news,
    "terminal": _run_terminal,
}


if __name__ == "__main__":
    sys.exit(main())
