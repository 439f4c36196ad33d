"""Gives a person's order to the running bridge; where none runs, writes it into the journal itself."""

import getpass
import re
import time
from pathlib import Path
from typing import Final

import msgspec
import zmq
from rich.console import Console

from account.journal import Journal, JournalReader
from account.state import AccountState
from app.console import CommandError, ExitCode
from app.folders import recorded_folder
from app.risk_view import show_report
from app.settings import load_settings
from bridge.config import Places
from bridge.files import FolderInUseError, FolderLock
from bridge.orders import OrderRefusedError, chosen, event_of
from strategy.params import EngineSettings
from strategy.risk_report import RiskReport, risk_report
from wire.control import Answer, Order, Show, answer_in, encoded, socket_path

_PATIENCE_MS: Final = 5_000
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def give(order: Order, data: str | None, console: Console, *, as_json: bool) -> None:
    """Give `order` to whom it may concern, and show where the account stands.

    Raises:
        CommandError: where it is refused, or nobody can take it.
    """
    folder = recorded_folder(load_settings().data_dir, data)
    path = socket_path(folder)
    answer = asked(path, order) if path.exists() else None
    by_bridge = answer is not None
    report = _reported(answer) if answer is not None else journaled(order, folder)
    if as_json:
        console.print(msgspec.json.encode(report).decode(), markup=False, soft_wrap=True)
    else:
        show_report(report, console, by_bridge=by_bridge, asked_only=isinstance(order, Show))


def asked(path: Path, order: Order) -> Answer | None:
    """The running bridge's answer; None where nobody listens (a bridge that was killed leaves its socket behind).

    Raises:
        CommandError: where it took the order, and no answer came.
    """
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IMMEDIATE, 1)
        socket.setsockopt(zmq.SNDTIMEO, 500)
        socket.setsockopt(zmq.RCVTIMEO, _PATIENCE_MS)
        socket.connect(f"ipc://{path}")
        try:
            socket.send(encoded(order))
        except zmq.Again:
            return None
        try:
            return answer_in(socket.recv())
        except zmq.Again:
            problem = f"the bridge took the order and has not answered for {_PATIENCE_MS / 1000:g} s"
            raise CommandError(problem, "`companion risk show` tells what became of it", ExitCode.PROCESS) from None


def _reported(answer: Answer) -> RiskReport:
    if not answer.done:
        raise CommandError(answer.problem, answer.remedy)
    return msgspec.json.decode(answer.report, type=RiskReport)


def journaled(order: Order, folder: Path) -> RiskReport:
    """Carry `order` out in the journal of `folder`, which no bridge has open; it holds from the next start on.

    Raises:
        CommandError: where a bridge has it open after all, or the order is refused.
    """
    places, settings = Places(folder), load_settings().engine()
    if isinstance(order, Show):
        with JournalReader.open(places.journal) as reader:
            return _carried_out(order, reader, None, settings)
    try:
        with FolderLock(places.lock):
            journal = Journal.open(places.journal)
            try:
                return _carried_out(order, journal, journal, settings)
            finally:
                journal.close()
    except FolderInUseError:
        problem = f"a bridge works in {folder}, and does not take orders at {socket_path(folder).name}"
        remedy = "its log says why; a data directory with a shorter path gives it room for the socket"
        raise CommandError(problem, remedy, ExitCode.PROCESS) from None


def _carried_out(order: Order, reader: JournalReader, journal: Journal | None, settings: EngineSettings) -> RiskReport:
    try:
        key = chosen(reader.terminals(), order.account)
        account = AccountState.replayed(event for _, _, event in reader.read(key))
        event = event_of(order, account, settings, time.time_ns())
    except OrderRefusedError as refused:
        raise CommandError(str(refused), refused.remedy) from None
    if event is not None and journal is not None:
        journal.append_durably(key, [event])
        account.apply(event)
    return risk_report(key, account, settings, account.last_equity, time.time_ns())


def author_of(given: str) -> str:
    """Who gives the order: as named, else the user of this shell."""
    return given or getpass.getuser()


def seconds_in(duration: str) -> float:
    """A duration such as 90s, 30m, 2h or 3d [s]; 0 for an empty one.

    Raises:
        CommandError: for anything else.
    """
    if not duration:
        return 0.0
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smhd])", duration.strip())
    if found is None:
        raise CommandError(f"--for {duration}: is no duration", "write 90s, 30m, 2h or 3d", ExitCode.USAGE)
    return float(found[1]) * _UNITS_S[found[2]]


def number_in(name: str, text: str) -> float:
    """The number in `text`.

    Raises:
        CommandError: where there is none.
    """
    try:
        return float(text)
    except ValueError:
        raise CommandError(f"{name}: {text!r} is no number", "write 0.005, not 0.5 %", ExitCode.USAGE) from None
