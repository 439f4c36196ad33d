"""What a person says about a file to import, and what is reported back."""

from typing import Final

import msgspec

from domain.serverclock import ServerClock
from domain.timeframes import Timeframe
from marketdata.findings import Finding, Verdict
from marketdata.merging import Overlap
from marketdata.quotes import CrossedQuotes

ALLOWABLE: Final = ("flat", "flat-weekend", "gaps", "no-market", "scaled-prices", "spread", "weekend")
"""Rules that a person may take back; what the others refuse cannot be stored."""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says about a file. What is None is found out, or asked for by a refusal.

    `allowed` are rules that may not stop the import, `strict` makes every repair a refusal; only rows from `from_s` to
    before `to_s` [s, the file's clock] are taken.
    """

    source: str | None = None
    symbol: str | None = None
    timeframe: Timeframe | None = None
    digits: int | None = None
    clock: ServerClock | None = None
    crossed: CrossedQuotes = CrossedQuotes.DROP
    overlap: Overlap = Overlap.REFUSE
    allowed: frozenset[str] = frozenset()
    strict: bool = False
    from_s: int | None = None
    to_s: int | None = None


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file.

    `first` and `last` are UTC. `added`, `equal` and `completed` rows, and `months` written, are the store's; None where
    nothing was stored.
    """

    path: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    vendor: str | None = None
    source: str | None = None
    symbol: str | None = None
    timeframe: str | None = None
    digits: int | None = None
    clock: str | None = None
    rows: int = 0
    first: str | None = None
    last: str | None = None
    added: int | None = None
    equal: int | None = None
    completed: int | None = None
    months: tuple[str, ...] | None = None

    @property
    def usable(self) -> bool:
        """Whether the file may be imported, or was."""
        return self.verdict is not Verdict.REFUSED


def judged_strictly(finding: Finding) -> Finding:
    """A refusal in place of a repair."""
    if finding.verdict is not Verdict.REPAIRED:
        return finding
    return msgspec.structs.replace(finding, verdict=Verdict.REFUSED, remedy=finding.remedy or "import without --strict")


def worst(findings: tuple[Finding, ...]) -> Verdict:
    """Refused where one finding refuses; else repaired where one repairs, allowed where one was; else noted."""
    seen = {finding.verdict for finding in findings}
    order = (Verdict.REFUSED, Verdict.REPAIRED, Verdict.ALLOWED)
    return next((verdict for verdict in order if verdict in seen), Verdict.NOTED)
