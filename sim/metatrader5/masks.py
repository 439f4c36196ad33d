"""Group masks: `*USD*,!EUR*` and the like.

MQL5 reference, "symbols_get": conditions stand between commas and work one after the other; `*` stands for any run of
characters; `!` takes away what was chosen before it. The reference's own example says that `!EUR` takes away what
*contains* EUR, so an exclusion without a star does; an inclusion without one names a symbol.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

Chooser: TypeAlias = Callable[[str], bool]


def chooser(group: str) -> Chooser:
    """Whether a symbol belongs to `group`; an empty group holds every symbol."""
    conditions = [_condition(part.strip()) for part in group.split(",") if part.strip()]

    def chosen(symbol: str) -> bool:
        """What the last condition that fits `symbol` says; without conditions every symbol is in."""
        held = not conditions
        for includes, pattern in conditions:
            if pattern.fullmatch(symbol):
                held = includes
        return held

    return chosen


def _condition(part: str) -> tuple[bool, re.Pattern[str]]:
    includes = not part.startswith("!")
    mask = part if includes else part[1:].strip()
    if not includes and "*" not in mask:
        mask = f"*{mask}*"
    return includes, re.compile(".*".join(re.escape(piece) for piece in mask.split("*")), re.DOTALL)
