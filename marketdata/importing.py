"""From a file to the store: read, find its clock, check, and merge; with a report of all that was found on the way."""

from typing import Final

import msgspec
import numpy as np

from domain.serverclock import Daylight, ServerClock
from domain.servertime import NS_PER_S
from marketdata.checks import checked, subject_of
from marketdata.clocks import ClockEvidence, agreement, alike, measured_clocks
from marketdata.findings import Finding, Verdict, of_error, of_note, time_text
from marketdata.gathering import Portion, load_portion
from marketdata.merging import Overlap
from marketdata.months import Stamped
from marketdata.quotes import Ints, QuoteFile, QuoteFileError
from marketdata.reports import ImportOptions, ImportReport, judged_strictly, worst
from marketdata.series import SeriesFacts, SeriesKey
from marketdata.store import Addition, MarketStore, StoreError, stamped_by

_SLIGHT: Final = 0.5  # what agrees on more than half of the rows differs by a daylight rule, not by an offset
_CLOCK_REMEDY: Final = "pass the clock: --clock utc, us or eu (UTC+2, +3 in summer), or one such as utc+3"


class Examined(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A file that was read and checked, ready for the store where its report says so."""

    report: ImportReport
    key: SeriesKey | None = None
    stamped: Stamped | None = None
    facts: SeriesFacts | None = None


def examined(portion: Portion, options: ImportOptions, store: MarketStore | None = None) -> Examined:
    """Read and check files; nothing is written. Clocks that bars do not tell are looked up in `store`.

    What is wrong with them is in the report, never raised.
    """
    try:
        quotes = load_portion(portion, options)
    except QuoteFileError as error:
        report = ImportReport(path=str(error.path), verdict=Verdict.REFUSED, findings=(of_error(error),))
        return Examined(report=report)
    return judged(quotes, options, store)


def judged(quotes: QuoteFile, options: ImportOptions, store: MarketStore | None = None) -> Examined:
    """The verdict on quotes that were read."""
    quotes = within(quotes, options)
    key = SeriesKey(options.source or quotes.vendor, quotes.symbol, quotes.timeframe)
    findings = [of_note(note) for note in quotes.notes]
    if not _times_s(quotes).size:
        empty = Finding(
            rule="window", verdict=Verdict.REFUSED, rows=0, detail="no row is in the window", remedy="widen it"
        )
        return _outcome(quotes, key, [*findings, empty], options)
    clocks, about_clock = _clocks(quotes, options, _known(store, key))
    outcome = checked(subject_of(quotes, clocks[0] if clocks else None), options.allowed)
    findings += [*about_clock, *outcome.findings]
    if not outcome.subject.rows.size:
        detail = "nothing is left after the repairs"
        findings.append(Finding(rule="format", verdict=Verdict.REFUSED, rows=0, detail=detail, remedy="see above"))
        return _outcome(quotes, key, findings, options)
    if not clocks:
        return _outcome(quotes, key, findings, options)
    stamped = stamped_by(outcome.subject.rows, clocks[0])
    findings += _reversed(stamped.time_ns, quotes.timeframe is not None)
    return _outcome(quotes, key, findings, options, stamped, clocks)


def imported(portion: Portion, options: ImportOptions, store: MarketStore) -> ImportReport:
    """Examine files and, where nothing refuses them, merge them into `store`."""
    return stored(examined(portion, options, store), options, store)


def stored(found: Examined, options: ImportOptions, store: MarketStore) -> ImportReport:
    """Merge what was examined into `store`, unless its report refuses that."""
    report = found.report
    if not report.usable or found.key is None or found.stamped is None or found.facts is None:
        return report
    try:
        addition = store.add(found.key, found.stamped, found.facts, options.overlap)
    except StoreError as error:
        refusal = Finding(rule="clock", verdict=Verdict.REFUSED, rows=0, detail=str(error), remedy=_CLOCK_REMEDY)
        return msgspec.structs.replace(report, findings=(*report.findings, refusal), verdict=Verdict.REFUSED)
    findings = (*report.findings, *_about(addition, options.overlap))
    return msgspec.structs.replace(
        report,
        findings=findings,
        verdict=worst(findings),
        added=addition.added,
        equal=addition.equal,
        completed=addition.completed,
        months=addition.months_written,
    )


def within(quotes: QuoteFile, options: ImportOptions) -> QuoteFile:
    """The rows of the window that was asked for."""
    if options.from_s is None and options.to_s is None:
        return quotes
    times_s = _times_s(quotes)
    start = 0 if options.from_s is None else int(np.searchsorted(times_s, options.from_s))
    stop = times_s.size if options.to_s is None else int(np.searchsorted(times_s, options.to_s))
    part = slice(start, max(start, stop))
    return msgspec.structs.replace(
        quotes,
        ticks=None if quotes.ticks is None else quotes.ticks[part],
        bars=None if quotes.bars is None else quotes.bars[part],
        row_numbers=None if quotes.row_numbers is None else quotes.row_numbers[part],
    )


def _times_s(quotes: QuoteFile) -> Ints:
    rows = quotes.bars if quotes.bars is not None else quotes.ticks
    return np.zeros(0, np.int64) if rows is None else np.asarray(rows["time"], dtype=np.int64)


def _known(store: MarketStore | None, key: SeriesKey) -> tuple[ServerClock, ...]:
    """The clocks that all series of the source can be on; none where they are on different ones."""
    if store is None:
        return ()
    found = [facts.clocks for other in store.series() if other.source == key.source and (facts := store.facts(other))]
    return tuple(clock for clock in found[0] if all(clock in clocks for clocks in found)) if found else ()


def _clocks(
    quotes: QuoteFile, options: ImportOptions, known: tuple[ServerClock, ...]
) -> tuple[tuple[ServerClock, ...], list[Finding]]:
    """Clocks the file may be on, all with the same offsets on its rows, and what is to be said of them."""
    times_s = _times_s(quotes)
    evidence = _evidence(quotes, times_s)
    stated = options.clock or _stated(quotes)
    if stated is not None:
        return (stated,), _contradiction(stated, evidence, times_s, by_person=options.clock is not None)
    if evidence.clocks:
        detail = f"measured: {_names(evidence.clocks)}; {evidence.reason}"
        return evidence.clocks, [Finding(rule="clock", verdict=Verdict.NOTED, rows=0, detail=detail)]
    if evidence.possible is not None:
        known = tuple(clock for clock in known if clock in evidence.possible)
    if known and len(alike(known, times_s)) == len(known):
        detail = f"taken from other series of this source: {_names(known)}"
        return known, [Finding(rule="clock", verdict=Verdict.NOTED, rows=0, detail=detail)]
    detail = f"the clock of the file cannot be told: {evidence.reason}"
    return (), [Finding(rule="clock", verdict=Verdict.REFUSED, rows=0, detail=detail, remedy=_CLOCK_REMEDY)]


def _evidence(quotes: QuoteFile, times_s: Ints) -> ClockEvidence:
    if quotes.timeframe is not None:
        return measured_clocks(times_s, quotes.timeframe.seconds)
    return measured_clocks(np.unique(times_s // 60) * 60, 60)


def _stated(quotes: QuoteFile) -> ServerClock | None:
    if quotes.server_offset_s is None:
        return None
    return ServerClock(winter_offset_s=quotes.server_offset_s, daylight=Daylight.NONE)


def _contradiction(stated: ServerClock, evidence: ClockEvidence, times_s: Ints, *, by_person: bool) -> list[Finding]:
    share = agreement(stated, evidence, times_s)
    if share == 1.0:
        return []
    detail = f"{stated.name} is said, but {evidence.reason} on {_names(evidence.clocks)}"
    if share > _SLIGHT:
        detail += f"; they differ in {1.0 - share:.0%} of the rows"
    verdict = Verdict.NOTED if share > _SLIGHT else Verdict.ALLOWED if by_person else Verdict.REFUSED
    return [Finding(rule="clock", verdict=verdict, rows=0, detail=detail, remedy=_CLOCK_REMEDY)]


def _names(clocks: tuple[ServerClock, ...]) -> str:
    return " or ".join(clock.name for clock in clocks)


def _reversed(time_ns: Ints, is_bars: bool) -> list[Finding]:  # noqa: FBT001 - one use
    """Stamps that no clock with this rule shows: two that are one moment, or in reverse, once they are UTC."""
    back = np.diff(time_ns) < (1 if is_bars else 0)
    if not back.any():
        return []
    detail = f"{int(back.sum())} stamps are not after the one before once they are UTC; the clock cannot be right"
    return [Finding(rule="clock", verdict=Verdict.REFUSED, rows=int(back.sum()), detail=detail, remedy=_CLOCK_REMEDY)]


def _about(addition: Addition, overlap: Overlap) -> list[Finding]:
    if not addition.contradicting.size:
        return []
    first, last = (time_text(int(addition.contradicting[place] // NS_PER_S)) for place in (0, -1))
    taken = {Overlap.NEW: "the file's rows were taken", Overlap.STORED: "the stored rows were kept"}.get(overlap, "")
    refused = overlap is Overlap.REFUSE
    return [
        Finding(
            rule="overlap",
            verdict=Verdict.REFUSED if refused else Verdict.REPAIRED,
            rows=addition.contradicting.size,
            detail=f"differ from what is stored; {taken or 'nothing was written'}",
            first_time=f"{first} UTC",
            last_time=f"{last} UTC",
            remedy="--overlap new takes the file's, --overlap stored keeps the store's" if refused else "",
        )
    ]


def _outcome(
    quotes: QuoteFile,
    key: SeriesKey,
    findings: list[Finding],
    options: ImportOptions,
    stamped: Stamped | None = None,
    clocks: tuple[ServerClock, ...] = (),
) -> Examined:
    found = tuple(judged_strictly(finding) if options.strict else finding for finding in findings)
    times = None if stamped is None else stamped.time_ns
    report = ImportReport(
        path=str(quotes.path),
        verdict=worst(found),
        findings=found,
        vendor=quotes.vendor,
        source=key.source,
        symbol=key.symbol,
        timeframe=key.frame_name,
        digits=quotes.digits,
        clock=_names(clocks) or None,
        rows=0 if stamped is None else stamped.rows.size,
        first=None if times is None else time_text(int(times[0] // NS_PER_S)),
        last=None if times is None else time_text(int(times[-1] // NS_PER_S)),
    )
    return Examined(report=report, key=key, stamped=stamped, facts=SeriesFacts(digits=quotes.digits, clocks=clocks))
