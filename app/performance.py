"""Plays quotes to a real bridge, shows how far it is, and sums up: what `demo` and `replay` share."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TimeElapsedColumn

from app.moments import shown
from app.playback import Playback
from app.settings import ServiceSettings
from app.stage import Scene, Stage
from app.summary import Summary, show, summary_of
from domain import jit

_LINES: Final = 10
_NS_PER_MS: Final = 1_000_000


class Audience:
    """Shows a performance: a live bar on a terminal, a few plain lines elsewhere, nothing where JSON is wanted."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console = console
        self._quiet = quiet

    def say(self, words: str) -> None:
        """One line."""
        if not self._quiet:
            self._console.print(words)

    def waiting(self, words: str) -> contextlib.AbstractContextManager[object]:
        """Shows that something goes on, where that can be shown."""
        if self._console.is_terminal and not self._quiet:
            return self._console.status(words)
        return contextlib.nullcontext()

    def watch(self, scenes: Iterator[Scene | dict[str, Any]], total: int) -> dict[str, Any]:
        """Show the scenes to their end; the terminal's own numbers, which come last."""
        if self._console.is_terminal and not self._quiet:
            return self._watch_live(scenes, total)
        return self._watch_plain(scenes)

    def _watch_live(self, scenes: Iterator[Scene | dict[str, Any]], total: int) -> dict[str, Any]:
        progress = Progress(SpinnerColumn(), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        task = progress.add_task("", total=total)
        with Live(progress, console=self._console, transient=True) as live:
            for scene in scenes:
                if not isinstance(scene, Scene):
                    return scene
                progress.update(task, completed=scene.played)
                live.update(Group(progress, f"  {scene.played:,} ticks  {_figures(scene)}"))
        raise RuntimeError("the terminal ended without its numbers")

    def _watch_plain(self, scenes: Iterator[Scene | dict[str, Any]]) -> dict[str, Any]:
        told = 0
        for scene in scenes:
            if not isinstance(scene, Scene):
                return scene
            part = scene.played * _LINES // max(scene.total, 1)
            if part > told:
                told = part
                self.say(f"{part * 100 // _LINES:4} %  {scene.played:>9,} ticks  {_figures(scene)}")
        raise RuntimeError("the terminal ended without its numbers")


def _figures(scene: Scene) -> str:
    moment = shown(scene.utc_msc * _NS_PER_MS, seconds=False)
    return f"{moment} UTC  {scene.decisions:,} decisions  {scene.orders} orders  equity {scene.equity:,.2f}"


def perform(
    settings: ServiceSettings, folder: Path, playback: Playback, audience: Audience, *, window: int = 1
) -> Summary:
    """Play `playback` to a bridge that works in `folder`, and sum up.

    Raises:
        CommandError: where a process dies or refuses.
    """
    begun_s = time.monotonic()
    if not jit.cache_directory().exists():
        audience.say("compiling the decision code for this machine; this happens once and takes a minute or two")
    with Stage(settings, folder, playback, window=window) as stage:
        with audience.waiting("starting the bridge, its recorder and the terminal"):
            loaded = _curtain(stage, audience, symbols_are_known=not playback.files)
            endpoint = stage.wait_until_open()
        audience.say(f"bridge on {endpoint}, ready after {time.monotonic() - begun_s:.1f} s")
        statistics = audience.watch(stage.play(), loaded["ticks"])
        with audience.waiting("writing the record"):
            status = stage.clear()
            return summary_of(folder, loaded, statistics, status)


def _curtain(stage: Stage, audience: Audience, *, symbols_are_known: bool) -> dict[str, Any]:
    """Start the processes; the bridge waits for the quotes only where they tell what is traded."""
    stage.load()
    if symbols_are_known:
        stage.open()
    loaded = stage.wait_until_loaded()
    for note in loaded["notes"]:
        audience.say(f"note   {note}")
    if not symbols_are_known:
        stage.open(tuple(loaded["symbols"]))
    audience.say(f"quotes {loaded['ticks']:,} ticks of {', '.join(loaded['symbols'])}")
    return loaded


def present(summary: Summary, console: Console, *, as_json: bool) -> None:
    """Print the result."""
    if as_json:
        plain = msgspec.to_builtins(summary, enc_hook=str)
        console.print(json.dumps(plain, indent=2), markup=False, soft_wrap=True)
    else:
        show(summary, console)
