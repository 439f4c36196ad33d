"""Scenes on bridges that are forked from one process, which loads the compiled code once for all of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.crash.market import EAGER
from tests.mql5.scenarios.bridges import Nursery
from tests.mql5.scenarios.scene import Scene


class MakeScene(Protocol):
    def __call__(self, **options: Any) -> Scene: ...  # noqa: ANN401 - the options of Scene


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery(EAGER) as nursery:
        yield nursery


@pytest.fixture
def make_scene(tmp_path: Path, nursery: Nursery) -> Iterator[MakeScene]:
    """Makes a scene that trades; takes the options of `Scene`."""
    with ExitStack() as scenes:

        def make(**options: Any) -> Scene:  # noqa: ANN401 - the options of Scene
            return scenes.enter_context(Scene(tmp_path, nursery, **options))

        yield make


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    return make_scene()
