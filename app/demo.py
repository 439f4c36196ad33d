"""`companion demo`: an invented week, traded over real ZeroMQ."""

import msgspec
from rich.console import Console

from app.folders import DEMO, check_writable, fresh_folder
from app.performance import Audience, perform, present
from app.playback import DEMO_NAMES, Playback
from app.settings import load_settings
from app.which_ea import ea_named
from app.which_faults import faults_named


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen."""

    days: int = 7
    symbols: tuple[str, ...] = ()
    seed: int = 1
    speed: float = 0.0
    ea: str = "twin"
    faults: str = "none"
    keep: bool = False
    as_json: bool = False


def run_demo(options: DemoOptions, console: Console) -> bool:
    """Play, sum up; whether everything adds up."""
    audience = Audience(console, quiet=options.as_json)
    symbols = options.symbols or DEMO_NAMES
    settings = load_settings(symbols=symbols)
    check_writable(settings.data_dir)
    playback = Playback(
        symbols=symbols,
        seed=options.seed,
        days=options.days,
        charts=settings.engine().timeframes,
        ticks_per_second=options.speed,
        ea=ea_named(options.ea),
        faults=faults_named(options.faults),
    )
    folder = fresh_folder(settings.data_dir, DEMO, keep=options.keep)
    summary = perform(settings, folder, playback, audience)
    present(summary, console, as_json=options.as_json)
    return summary.adds_up
