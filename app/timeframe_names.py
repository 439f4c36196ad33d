"""Timeframes by the names MT5 gives them."""

from app.console import CommandError, ExitCode
from domain.timeframes import Timeframe


def timeframe_named(name: str | None) -> Timeframe | None:
    """The timeframe of that name, such as M15; None for none.

    Raises:
        CommandError: for a name MT5 does not have.
    """
    if name is None:
        return None
    if name.upper() not in Timeframe.__members__:
        problem = f"--timeframe {name}: MT5 has {', '.join(Timeframe.__members__)}"
        raise CommandError(problem, code=ExitCode.USAGE)
    return Timeframe[name.upper()]
