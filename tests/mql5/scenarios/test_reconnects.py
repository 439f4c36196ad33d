"""The connection breaks a thousand times; nothing is left behind."""

from pathlib import Path

import pytest

from tests.mql5.scenarios.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.integration]

BREAKS = 1_000
ENOUGH_FOR_OTHERS = 5
"""Files that logging, the pipe to the nursery and the like may hold besides."""


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux shows them")
def test_a_thousand_reconnects_leak_no_socket(scene: Scene) -> None:
    scene.play(20)
    before = open_files()
    for number in range(BREAKS):
        scene.chart.tunnel.cut()
        scene.chart.until(lambda: not scene.chart.is_live, "the end of a session")
        scene.chart.until(lambda: scene.chart.is_live, "a new session")
        if number % 50 == 0:
            scene.play(5)
    assert scene.chart.tunnel.open_now == 1
    assert open_files() <= before + ENOUGH_FOR_OTHERS
    scene.end()
