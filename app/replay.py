"""`companion replay`: real quotes, traded over real ZeroMQ as if they came now."""

from pathlib import Path

import msgspec
from rich.console import Console

from app.choices import check_files, chosen
from app.folders import REPLAY, check_writable, fresh_folder
from app.performance import Audience, perform, present
from app.playback import Playback
from app.settings import load_settings
from app.timeframe_names import timeframe_named
from app.which_ea import ea_named
from app.which_faults import faults_named
from domain.timeframes import HOUR_S
from marketdata import CrossedQuotes, TickModel


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen. `timeframe` is that of bar files, `ticks` how they become ticks; `charts` are traded on."""

    files: tuple[Path, ...]
    symbol: str | None = None
    timeframe: str | None = None
    charts: tuple[str, ...] = ()
    batch_ms: int = 0
    crossed: str = "drop"
    ticks: str = "ohlc"
    server_offset_h: float | None = None
    calendars: tuple[Path, ...] = ()
    speed: float = 0.0
    ea: str = "twin"
    faults: str = "none"
    keep: bool = False
    as_json: bool = False


def run_replay(options: ReplayOptions, console: Console) -> bool:
    """Play, sum up; whether everything adds up."""
    audience = Audience(console, quiet=options.as_json)
    check_files((*options.files, *options.calendars))
    settings = load_settings(**({"timeframes": options.charts} if options.charts else {}))
    check_writable(settings.data_dir)
    playback = Playback(
        files=tuple(str(file.resolve()) for file in options.files),
        symbol=options.symbol,
        timeframe=timeframe_named(options.timeframe),
        crossed=chosen(CrossedQuotes, "--crossed", options.crossed),
        ticks=chosen(TickModel, "--ticks", options.ticks),
        server_offset_s=None if options.server_offset_h is None else int(options.server_offset_h * HOUR_S),
        charts=settings.engine().timeframes,
        batch_ms=options.batch_ms,
        ticks_per_second=options.speed,
        ea=ea_named(options.ea),
        faults=faults_named(options.faults),
        calendars=tuple(str(file.resolve()) for file in options.calendars),
    )
    folder = fresh_folder(settings.data_dir, REPLAY, keep=options.keep)
    summary = perform(settings, folder, playback, audience)
    present(summary, console, as_json=options.as_json)
    return summary.adds_up
