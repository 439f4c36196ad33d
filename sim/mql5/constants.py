"""MQL5's named numbers, read from the runtime's own declarations, so that they stand in one place."""

import functools

from sim.mql5.build import prelude


@functools.cache
def constants() -> dict[str, int]:
    """Every member of every built-in enumeration by its name."""
    numbers: dict[str, int] = {}
    for members in prelude().enums.values():
        following = 0
        for member in members:
            name, _, value = member.partition(" = ")
            following = int(value, 0) if value else following
            numbers[name] = following
            following += 1
    return numbers


def members_of(enumeration: str) -> dict[str, int]:
    """The members of one built-in enumeration."""
    return {name: constants()[name] for name in (one.partition(" = ")[0] for one in prelude().enums[enumeration])}
