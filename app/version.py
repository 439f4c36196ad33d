"""Which version this is."""

import importlib.metadata
from typing import Final

DISTRIBUTION: Final = "mt5-companion"


def version_of(distribution: str) -> str | None:
    """The installed version; None for what is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def own_version() -> str:
    """Companion's version, for people."""
    return version_of(DISTRIBUTION) or "(not installed: run from its sources)"
