"""Plays a terminal's configuration with the EA it asks for: the Python twin, or the EA's own source."""

from sim.pace import Progress
from sim.session_host import EaKind, TerminalConfig, run_terminal
from sim.statistics import TerminalStatistics


def play(config: TerminalConfig, on_progress: Progress | None = None) -> TerminalStatistics:
    """Play the configured ticks to the bridge, trade as told, and end with the numbers.

    The compiled EA can be played once in a process.

    Raises:
        TerminalRefusedError: wrong secret, wrong version, or an account the bridge does not want.
        BridgeUnreachableError: no live session for `host.give_up_s`.
        BuildError, SourceError, EaStartError, EaFaultError: as `sim.mql5.hosted.run_compiled` does.
    """
    if config.ea is EaKind.TWIN:
        return run_terminal(config, on_progress)
    from sim.mql5.hosted import run_compiled  # noqa: PLC0415 - rewriter and runtime are of no use to the twin

    return run_compiled(config, on_progress)
