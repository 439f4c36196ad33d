"""Rigs whose files are closed when the test ends, whatever state it left them in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.market import Market
from tests.crash.rig import Rig
from tests.crash.scenes import MARKET, MakeRig


@pytest.fixture
def make_rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeRig]:
    """Makes a rig that trades; takes a market and the options of `Rig`."""
    rigs: list[Rig] = []

    def make(market: Market = MARKET, **options: Any) -> Rig:  # noqa: ANN401 - the options of Rig
        rig = Rig(tmp_path / f"{len(rigs)}", monkeypatch, market, **options)
        rigs.append(rig)
        rig.start_bridge()
        rig.start_ea()
        rig.play(100)
        return rig

    yield make
    for rig in rigs:
        rig.clear_away()


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return make_rig()
