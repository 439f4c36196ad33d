"""Each test begins and ends with nothing attached to the drop-in."""

from collections.abc import Iterator

import pytest

import sim.metatrader5 as mt5


@pytest.fixture(autouse=True)
def _nothing_attached() -> Iterator[None]:
    mt5.detach()
    yield
    mt5.detach()
