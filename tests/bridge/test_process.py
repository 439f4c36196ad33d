"""The bridge as a process: ready when it says so, stopped by a signal, silent loggers never stop it."""

import logging
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from bridge.config import Places
from bridge.process import (
    NotReadyError,
    _background_logging,
    _DroppingQueueHandler,
    _Garbage,
    run_bridge,
    wait_until_ready,
)
from bridge.status import read_status
from tests.bridge.floor import some_ticks
from tests.bridge.running import Caller, a_config, bridge_process
from wire.messages import Decision

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_in_good_order(tmp_path: Path, number: int) -> None:
    config = a_config(tmp_path)
    with bridge_process(config) as (endpoint, process):
        with Caller(endpoint) as caller:
            caller.live()
            caller.tick(some_ticks(0))
            assert caller.hear(Decision).batch == 1
        assert process.pid is not None
        os.kill(process.pid, number)
        process.join(20)
        assert process.exitcode == 0
    status = read_status(config.data_dir)
    assert status is not None
    assert status.state == "stopped"
    assert not config.places.endpoint.exists()


def test_it_tells_its_endpoint(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=run_bridge, args=(a_config(tmp_path), tells))
    process.start()
    assert hears.poll(120)
    assert hears.recv().startswith("tcp://127.0.0.1:")
    process.terminate()
    process.join(20)
    assert process.exitcode == 0


def test_a_stale_endpoint_is_not_believed(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    config.data_dir.mkdir()
    config.places.endpoint.write_text("tcp://127.0.0.1:1")
    with bridge_process(config):
        pass
    assert not config.places.endpoint.exists()


def test_it_can_be_stopped_by_an_event_in_a_thread(tmp_path: Path) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=run_bridge, args=(a_config(tmp_path), None, stop))
    thread.start()
    wait_until_ready(tmp_path / "bridge", 240)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_waiting_for_nobody_ends(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="no bridge listens"):
        wait_until_ready(tmp_path, 0.05)


def test_log_lines_are_written_by_another_thread_and_dropped_when_too_many(caplog: pytest.LogCaptureFixture) -> None:
    import queue

    full: queue.Queue[logging.LogRecord] = queue.Queue(1)
    handler = _DroppingQueueHandler(full)
    record = logging.LogRecord("x", logging.INFO, "", 0, "text", None, None)
    handler.enqueue(record)
    handler.enqueue(record)
    assert full.qsize() == 1
    root = logging.getLogger()
    before = root.handlers.copy()
    with _background_logging():
        logging.getLogger("companion.bridge").warning("once")
        assert isinstance(root.handlers[0], _DroppingQueueHandler)
    assert root.handlers == before
    assert "once" in caplog.text


def test_garbage_is_collected_in_calm_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    import gc

    collected: list[int] = []
    garbage = _Garbage()
    try:
        monkeypatch.setattr(gc, "collect", lambda: collected.append(1))
        garbage._collected_ns = 0
        for now_s in (5, 10, 11, 21):
            garbage.collect(now_s * 1_000_000_000)
        assert len(collected) == 2
    finally:
        gc.enable()
        gc.unfreeze()
    assert Places(Path("x")).lock.name == "bridge.lock"
