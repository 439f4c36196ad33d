"""`companion doctor`: is everything as it must be for trading? Looks, and changes nothing."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from account.journal import JournalError, JournalReader
from app.console import CommandError
from app.explain import duration
from app.folders import LIVE, check_writable, run_folder, status_of
from app.newsroom import HOW_TO_SET_ONE
from app.problems import SettingsRefusedError
from app.settings import ServiceSettings, default_data_dir, load_settings
from app.version import own_version, version_of
from bridge.config import Places
from bridge.inputs import Fed, InputReader
from bridge.segments import scan_segment, segment_paths
from domain import jit
from domain.servertime import NS_PER_S, utc_ns_from_server_msc
from signals.models import SignalModelError, SignalParameterError, parameters_from, signal_model

_GIB: Final = 1024**3
_LITTLE_DISK: Final = 2 * _GIB
_NO_DISK: Final = _GIB // 5
_FRESH_S: Final = 5.0
_FEW_SEGMENTS: Final = 3
_PACKAGES: Final = ("numpy", "numba", "pyzmq", "msgspec", "pyarrow", "pydantic-settings", "typer", "rich")


class Health(StrEnum):
    """How a check came out."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


class Finding(msgspec.Struct, frozen=True):
    """What one check found, and what to do about it."""

    check: str
    health: Health
    words: str
    remedy: str = ""


def examined(data: str | None) -> list[Finding]:
    """Every check, in the order in which problems are best solved."""
    findings, settings = _settings_findings()
    data_dir = settings.data_dir if settings else _folder_in_spite_of_settings()
    folder = _folder(data_dir, data)
    status = status_of(folder)
    findings += _folder_findings(data_dir)
    findings += _bridge_findings(settings, status)
    findings += _terminal_findings(status)
    findings += _news_findings(settings, status)
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _clock_findings(folder, settings),
        lambda: _journal_findings(folder),
        lambda: _record_findings(folder),
        _kernel_findings,
        _version_findings,
    )
    for check in checks:
        findings += check()
    return findings


def _folder_in_spite_of_settings() -> Path:
    """Where the data are, although some other setting cannot be used."""
    named = os.environ.get("COMPANION_DATA_DIR")
    return Path(named).expanduser() if named else default_data_dir()


def is_healthy(findings: list[Finding]) -> bool:
    """Whether nothing is bad."""
    return all(finding.health != Health.BAD for finding in findings)


def _folder(data_dir: Path, data: str | None) -> Path:
    return data_dir / LIVE if data is None else run_folder(data_dir, data)


# -- settings --------------------------------------------------------------------------------------------------------


def _settings_findings() -> tuple[list[Finding], ServiceSettings | None]:
    try:
        settings = load_settings()
    except SettingsRefusedError as refused:
        bad = [Finding("settings", Health.BAD, f"{one.name} {one.problem}", one.remedy) for one in refused.problems]
        return bad, None
    return [Finding("settings", Health.GOOD, "valid"), _model_finding(settings), _secret_finding(settings)], settings


def _model_finding(settings: ServiceSettings) -> Finding:
    engine = settings.engine()
    try:
        parameters_from(signal_model(engine.model), engine.model_parameters)
    except (SignalModelError, SignalParameterError) as refused:
        return Finding("model", Health.BAD, str(refused), "see COMPANION_MODEL and COMPANION_MODEL_PARAMETERS")
    return Finding("model", Health.GOOD, f"{engine.model} on {', '.join(engine.symbols)}")


def _secret_finding(settings: ServiceSettings) -> Finding:
    try:
        settings.secret_bytes()
    except SettingsRefusedError as refused:
        problem = refused.problems[0]
        health = Health.NOTE if settings.secret is None else Health.BAD
        return Finding("secret", health, f"{problem.name} {problem.problem}", problem.remedy)
    return Finding("secret", Health.GOOD, "set")


# -- machine ---------------------------------------------------------------------------------------------------------


def _folder_findings(data_dir: Path) -> Iterator[Finding]:
    try:
        check_writable(data_dir)
    except CommandError as refused:
        yield Finding("data folder", Health.BAD, refused.problem, refused.remedy)
        return
    yield Finding("data folder", Health.GOOD, str(data_dir))
    free = shutil.disk_usage(data_dir).free
    words = f"{free / _GIB:.1f} GiB free"
    if free < _LITTLE_DISK:
        health = Health.BAD if free < _NO_DISK else Health.NOTE
        yield Finding("disk", health, words, "make room: without it nothing can be journaled, and nothing is traded")
    else:
        yield Finding("disk", Health.GOOD, words)


def _kernel_findings() -> Iterator[Finding]:
    compiled = any(jit.cache_directory().rglob("*.nbi")) if jit.cache_directory().is_dir() else False
    if compiled:
        yield Finding("compiled code", Health.GOOD, f"ready in {jit.cache_directory()}")
    else:
        yield Finding("compiled code", Health.NOTE, "none yet", "the first start compiles, which takes a minute or two")


def _version_findings() -> Iterator[Finding]:
    packages = ", ".join(f"{name} {version_of(name)}" for name in _PACKAGES if version_of(name))
    words = f"companion {own_version()}, Python {sys.version.split()[0]}, {packages}"
    yield Finding("versions", Health.GOOD, words)


# -- bridge ----------------------------------------------------------------------------------------------------------


def _bridge_findings(settings: ServiceSettings | None, status: dict[str, Any]) -> Iterator[Finding]:
    running = status.get("state") == "running" and _is_alive(int(status["pid"]))
    if running:
        yield _liveness(status)
    else:
        yield Finding("bridge", Health.NOTE, "not running", "companion run starts it")
    if status.get("problem"):
        yield Finding("bridge", Health.BAD, str(status["problem"]))
    if settings is not None:
        yield _port_finding(settings.endpoint, status.get("endpoint") if running else None)


def _liveness(status: dict[str, Any]) -> Finding:
    age_s = time.time() - status["written_ns"] / NS_PER_S
    words = f"running on {status['endpoint']}, process {status['pid']}, last word {age_s:.0f} s ago"
    if age_s > _FRESH_S:
        return Finding("bridge", Health.BAD, words, "it hangs: stop it, look at its log, start it again")
    return Finding("bridge", Health.GOOD, words)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, as another user
        return True
    return True


def _port_finding(endpoint: str, bound: str | None) -> Finding:
    if bound == endpoint:
        return Finding("port", Health.GOOD, f"{endpoint} is held by the bridge")
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    if port == "*":
        return Finding("port", Health.GOOD, "any free one")
    host = "" if host in ("*", "0.0.0.0") else host.strip("[]")  # noqa: S104 - where the bridge would listen
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as refused:
            remedy = "another program listens there: stop it, or set COMPANION_BRIDGE__ENDPOINT to another port"
            return Finding("port", Health.BAD, f"{endpoint} cannot be used: {refused.strerror}", remedy)
    return Finding("port", Health.GOOD, f"{endpoint} is free")


def _terminal_findings(status: dict[str, Any]) -> Iterator[Finding]:
    if status.get("state") != "running":
        return
    terminals = status.get("terminals", [])
    if not terminals:
        yield Finding("terminal", Health.NOTE, "none has connected yet", "start the EA with this host, port and secret")
    for one in terminals:
        health = Health.NOTE if one["obstacle"] or one["alerts"] else Health.GOOD
        words = one["obstacle"] or "trading"
        alerts = "; ".join(f"{name}: {text}" for name, text in one["alerts"].items())
        yield Finding("terminal", health, f"{one['account']}: {words}" + (f" ({alerts})" if alerts else ""))


def _news_findings(settings: ServiceSettings | None, status: dict[str, Any]) -> Iterator[Finding]:
    if settings is not None and settings.news.required and not settings.news.has_calendar:
        yield Finding("news", Health.NOTE, "no calendar source is set up: nothing will be opened", HOW_TO_SET_ONE)
    elif status.get("state") == "running" and status.get("news"):
        yield Finding("news", Health.NOTE, status["news"], "`companion news refresh` asks the sources now")
    elif status.get("state") == "running":
        yield Finding("news", Health.GOOD, "the calendar can be relied on")


# -- record ----------------------------------------------------------------------------------------------------------


def _clock_findings(folder: Path, settings: ServiceSettings | None) -> Iterator[Finding]:
    """Ticks are stamped by the broker and received by this machine's clock: both must agree."""
    last = _last_batch(folder)
    if last is None:
        yield Finding("clock", Health.NOTE, "no tick to compare with has come yet")
        return
    tick_ns = utc_ns_from_server_msc(int(last.ticks["time_msc"][-1]), last.server_offset_s)
    skew_s = (last.wall_ns - tick_ns) / NS_PER_S
    side = "before" if skew_s >= 0 else "after"
    words = f"the last tick of {last.symbol} was stamped {duration(abs(skew_s))} {side} it came"
    rules = settings.rules() if settings else None
    if rules is None or not rules.clock_check or abs(skew_s) <= rules.clock_tolerance_s:
        yield Finding("clock", Health.GOOD, words)
        return
    remedy = "set this machine's clock (NTP), or check the EA's measured server offset; a quiet market is no fault"
    yield Finding("clock", Health.NOTE if skew_s > 0 else Health.BAD, words, remedy)


def _last_batch(folder: Path) -> Fed | None:
    for path in reversed(segment_paths(Places(folder).capture)):
        batches = [one for one in InputReader().read(scan_segment(path).entries) if isinstance(one, Fed)]
        if batches:
            return batches[-1]
    return None


def _journal_findings(folder: Path) -> Iterator[Finding]:
    path = Places(folder).journal
    if not path.is_file():
        yield Finding("journal", Health.NOTE, "none yet: nothing has been traded")
        return
    try:
        with JournalReader.open(path) as journal:
            verdict = journal.verify()
    except JournalError as refused:
        yield Finding("journal", Health.BAD, str(refused), "`companion journal repair` saves what is good")
        return
    if verdict.sound:
        yield Finding("journal", Health.GOOD, f"{verdict.rows:,} events, all as they were written")
    else:
        words = f"event {verdict.first_bad_seq}: {verdict.problem} ({verdict.rows:,} good events before it)"
        yield Finding("journal", Health.BAD, words, "`companion journal repair` saves what is good")


def _record_findings(folder: Path) -> Iterator[Finding]:
    waiting = max(0, len(segment_paths(Places(folder).capture)) - 1)
    if waiting > _FEW_SEGMENTS:
        remedy = "the recorder is behind or not running: `companion run` starts it; its log says more"
        yield Finding("recorder", Health.NOTE, f"{waiting} finished segments are not in Parquet yet", remedy)
    else:
        yield Finding("recorder", Health.GOOD, "up to date")
