"""The EA that a simulated terminal is to run, by the name an option gives it."""

from app.console import CommandError, ExitCode
from sim.session_host import EaKind


def ea_named(name: str) -> EaKind:
    """The EA called `name`.

    Raises:
        CommandError: for a name that means none.
    """
    try:
        return EaKind(name)
    except ValueError:
        raise CommandError(f"--ea {name}: use {' or '.join(EaKind)}", code=ExitCode.USAGE) from None
