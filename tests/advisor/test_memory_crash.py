"""`kill -9` at random moments while orders are sent: none is ever sent twice."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from advisor.memory import DiskMemory
from domain.retcodes import Retcode
from domain.updates import ResultPhase
from tests.advisor.crash_child import INTENTS

ROOT = Path(__file__).resolve().parents[2]
KILLS = 8


def started(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.advisor.crash_child", str(folder)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.integration
def test_killed_at_random_moments_no_order_is_sent_twice(tmp_path: Path) -> None:
    chance = random.Random(1)
    for _ in range(KILLS):
        child = started(tmp_path)
        time.sleep(chance.uniform(0.0, 0.04))
        child.kill()
        child.communicate()
    last = started(tmp_path)
    words = last.communicate(timeout=120.0)[0].split()
    assert last.returncode == 0
    sent = Counter((tmp_path / "broker.txt").read_text(encoding="ascii").splitlines())
    assert set(sent.values()) == {1}
    assert words[0] == "done"
    assert int(words[1]) == len(sent)
    assert int(words[2]) == INTENTS
    with DiskMemory(tmp_path / "intents.log") as memory:
        entries = list(memory.entries())
    answered = [entry for entry in entries if entry.result and entry.result.phase == ResultPhase.FINAL]
    assert all(entry.result and entry.result.retcode == Retcode.DONE for entry in answered)
    assert len(answered) == len(sent)
    assert len(entries) - len(answered) <= KILLS, "at most one intent a kill was begun and never left"
