"""How much an event matters: by a table of event families, because not every source says it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from newsfilter.events import EconomicEvent, Impact, NewsError
from newsfilter.wording import plain_wording

ANY_CURRENCY: Final = "*"
_COMPARISONS: Final = re.compile(r"\b(mom|qoq|yoy)\b")
_GRADES: Final = {"high": Impact.HIGH, "medium": Impact.MEDIUM, "low": Impact.LOW}


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of event under all its names: `pattern` is matched with the whole of a `plain_wording`."""

    currency: str
    name: str
    impact: Impact
    pattern: re.Pattern[str]


class ImpactTable:
    """Families in the order of the table; the first that matches counts."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families: dict[str, list[Family]] = {}
        for family in families:
            self._families.setdefault(family.currency, []).append(family)
        self._known: dict[tuple[str, str], Family | None] = {}

    def family_of(self, currency: str, name: str) -> Family | None:
        """The family an event called `name` belongs to; None for one the table does not know."""
        wording = plain_wording(name)
        key = currency, wording
        if key not in self._known:
            self._known[key] = self._found(currency, wording)
        return self._known[key]

    def _found(self, currency: str, wording: str) -> Family | None:
        for group in (currency, ANY_CURRENCY):
            for family in self._families.get(group, ()):
                if family.pattern.fullmatch(wording):
                    return family
        return None

    def impact_of(self, event: EconomicEvent) -> Impact:
        """What the source says, else what the table says; LOW for what neither rates. A holiday is LOW."""
        if event.is_holiday:
            return Impact.LOW
        if event.impact != Impact.UNRATED:
            return event.impact
        family = self.family_of(event.currency, event.name)
        return family.impact if family else Impact.LOW

    def identity_of(self, event: EconomicEvent) -> str:
        """What the event is about in a wording that is the same for all sources."""
        family = self.family_of(event.currency, event.name)
        wording = plain_wording(event.name)
        if family is None:
            return wording
        comparison = _COMPARISONS.search(wording)
        return f"{family.name} {comparison[0]}" if comparison else family.name


def impact_table(content: Mapping[str, Any], source: str) -> ImpactTable:
    """The table in `content`: currency -> family -> {impact, names}, where names are patterns of `plain_wording`.

    Raises:
        NewsError: for an entry that is no family; names currency and family.
    """
    families: list[Family] = []
    for currency, group in content.items():
        if not isinstance(group, Mapping):
            raise NewsError(source, currency, "must be a table of event families")
        families.extend(_family(currency, name, entry, source) for name, entry in group.items())
    return ImpactTable(families)


def _family(currency: str, name: str, entry: object, source: str) -> Family:
    place = f"{currency}.{name}"
    if not isinstance(entry, Mapping) or set(entry) != {"impact", "names"}:
        raise NewsError(source, place, "must have `impact` and `names`, and nothing else")
    grade, names = entry["impact"], entry["names"]
    if grade not in _GRADES:
        raise NewsError(source, place, f"impact is {grade!r}; use {', '.join(_GRADES)}")
    if not (isinstance(names, list) and names and all(isinstance(one, str) for one in names)):
        raise NewsError(source, place, "names must be a list of patterns")
    try:
        pattern = re.compile("|".join(f"(?:{one})" for one in names))
    except re.error as problem:
        raise NewsError(source, place, f"names hold a pattern that cannot be read: {problem}") from problem
    return Family(currency=currency, name=name, impact=_GRADES[grade], pattern=pattern)
