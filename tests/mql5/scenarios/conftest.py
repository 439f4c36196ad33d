"""Scenes on bridges that are forked from one process, which loads the compiled code once for all of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.crash.market import EAGER
from tests.mql5.scenarios.bridges import Nursery
from tests.mql5.scenarios.scene import Scene
from tests.mql5.scenarios.scripted import Quotes, Stage


class MakeScene(Protocol):
    def __call__(self, **options: Any) -> Scene: ...  # noqa: ANN401 - the options of Scene


class MakeStage(Protocol):
    def __call__(self, market: Quotes | None = None, **options: Any) -> Stage: ...  # noqa: ANN401 - those of Stage


@pytest.fixture
def make_stage(tmp_path: Path) -> Iterator[MakeStage]:
    """Makes a chart with a scripted bridge."""
    with ExitStack() as stages:

        def make(market: Quotes | None = None, **options: Any) -> Stage:  # noqa: ANN401 - those of Stage
            return stages.enter_context(Stage(tmp_path, market, **options))

        yield make


@pytest.fixture
def stage(make_stage: MakeStage) -> Stage:
    return make_stage().live()


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
