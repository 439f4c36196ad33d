"""The impact table that comes with Companion, or the user's own."""

import functools
import tomllib
from pathlib import Path
from typing import Final

from newsfilter.events import NewsError
from newsfilter.impact import ImpactTable, impact_table

OWN_TABLE: Final = Path(__file__).parent / "data" / "impact.toml"


@functools.cache
def read_impact_table(path: Path = OWN_TABLE) -> ImpactTable:
    """The table in a TOML file.

    Raises:
        NewsError: where the file cannot be read or an entry is no family.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise NewsError(path.name, "the whole file", f"cannot be read as TOML: {problem}") from problem
    return impact_table(content, path.name)
