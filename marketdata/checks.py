"""Rules for quotes that read well and may still be wrong: hours, gaps, scale, spreads, flat bars, invented bars."""

from typing import Final, NamedTuple

import msgspec
import numpy as np

from domain.serverclock import ServerClock
from domain.timeframes import DAY_S, HOUR_S, Timeframe
from marketdata.findings import Finding, Places, Verdict, time_text
from marketdata.invented import never_closes, signs_of_invention
from marketdata.quotes import Bars, Floats, Ints, Mask, QuoteFile, Ticks
from marketdata.sessions import Week, holes, local_times, week_of, weekend

_MOST_ON_WEEKENDS: Final = 0.1
_MOST_MISSING: Final = 0.1
_MOST_FLAT: Final = 0.05
_FEW_FLAT: Final = 0.01
_FEWEST_TO_JUDGE: Final = 100
_SCALE_JUMP: Final = 5.0
_WIDEST_SPREAD: Final = 0.01
_ODD_SPREAD: Final = 50.0
_SPIKE: Final = 0.05
_SPIKE_SIGMAS: Final = 15.0
_COMES_BACK: Final = 0.2
_MAD_TO_SIGMA: Final = 1.4826
_FOREIGN_RUN: Final = 20
_FOREIGN_TIMES: Final = 4
_FEWEST_WEEKS: Final = 4


class Subject(NamedTuple):
    """Quotes to judge. `rows` is TICK_DTYPE or RATES_DTYPE, `local_s` their stamps on New York's clock [s].

    Of bars longer than an hour `local_s` is the file's own clock: their stamps are days and parts of days there.
    `period_s` is a minute for ticks.
    """

    rows: Ticks | Bars
    places: Places
    local_s: Ints
    period_s: int
    is_bars: bool
    symbol: str
    hours_known: bool = True
    """Whether `local_s` is what it says: the clock of the file is known, or its bars are days."""

    def kept(self, which: Mask) -> "Subject":
        """Those of the rows that `which` selects."""
        return self._replace(rows=self.rows[which], places=self.places.kept(which), local_s=self.local_s[which])


class Checked(NamedTuple):
    """What is left of the quotes after repairs, and what was found."""

    subject: Subject
    findings: list[Finding]


def subject_of(quotes: QuoteFile, clock: ServerClock | None) -> Subject:
    """The quotes of a file whose stamps are on `clock`; None where that is not known."""
    rows = quotes.bars if quotes.bars is not None else quotes.ticks
    if rows is None:
        raise ValueError(f"{quotes.path} holds neither ticks nor bars")
    times_s = np.asarray(rows["time"], dtype=np.int64)
    numbers = np.arange(1, rows.size + 1) if quotes.row_numbers is None else quotes.row_numbers
    period_s = 60 if quotes.timeframe is None else quotes.timeframe.seconds
    of_days = period_s > HOUR_S
    local_s = times_s if of_days or clock is None else local_times(times_s - clock.offsets_at(times_s))
    return Subject(
        rows=rows,
        places=Places(times_s, numbers),
        local_s=local_s,
        period_s=period_s,
        is_bars=quotes.bars is not None,
        symbol=quotes.symbol,
        hours_known=of_days or clock is not None,
    )


def checked(subject: Subject, allowed: frozenset[str]) -> Checked:
    """Apply every rule in order; rows that a rule drops are gone for the ones after it.

    `allowed` rules drop nothing and refuse nothing; what they find is listed all the same. Rules about hours wait until
    the clock is known.
    """
    findings = _scale(subject) + _frames(subject)
    subject, found = _open_hours(subject, allowed)
    findings += found
    if subject.rows.size:
        findings += _flat(subject) + _spreads(subject) + _spikes(subject)
    if subject.rows.size and subject.hours_known:
        week = week_of(subject.local_s, subject.period_s)
        findings += _gaps(subject, week) + _market(subject, week)
    return Checked(subject, [_permitted(finding, allowed) for finding in findings])


def _permitted(finding: Finding, allowed: frozenset[str]) -> Finding:
    if finding.rule not in allowed or finding.verdict is Verdict.NOTED:
        return finding
    return msgspec.structs.replace(finding, verdict=Verdict.ALLOWED)


def _prices(subject: Subject) -> Floats:
    return np.asarray(subject.rows["close" if subject.is_bars else "bid"], dtype=np.float64)


def _scale(subject: Subject) -> list[Finding]:
    """Prices that are suddenly five times as high or as low: another scale, or another symbol."""
    prices = _prices(subject)
    ratios = prices[1:] / prices[:-1]
    jumps = np.concatenate(([False], (ratios > _SCALE_JUMP) | (ratios < 1.0 / _SCALE_JUMP)))
    if not jumps.any():
        return []
    row = int(np.argmax(jumps))
    detail = f"the price goes from {prices[row - 1]:g} to {prices[row]:g} from one row to the next"
    remedy = "split the file there, or divide the part that is scaled"
    return [subject.places.finding("scaled-prices", Verdict.REFUSED, jumps, detail, remedy)]


def _frames(subject: Subject) -> list[Finding]:
    """Bars of a longer timeframe in the middle of the file: many equal long steps one after another."""
    if not subject.is_bars:
        return []
    steps = np.diff(subject.places.times_s)
    lengths = [frame.seconds for frame in Timeframe if frame is not Timeframe.MN1]
    longer = np.isin(steps, [length for length in lengths if length >= _FOREIGN_TIMES * subject.period_s])
    starts = np.flatnonzero(np.concatenate(([True], steps[1:] != steps[:-1]))) if steps.size else np.zeros(0, int)
    runs = np.diff(np.append(starts, steps.size))
    foreign = np.repeat(longer[starts] & (runs >= _FOREIGN_RUN), runs)
    if not foreign.any():
        return []
    first = int(np.argmax(foreign))
    detail = f"bars {int(steps[first])} s apart inside a file of bars of {subject.period_s} s"
    which = np.append(foreign, False)
    return [
        subject.places.finding("timeframe", Verdict.REFUSED, which, detail, "export that part again, or cut it out")
    ]


def _open_hours(subject: Subject, allowed: frozenset[str]) -> Checked:
    """Rows while the market is closed are dropped where they are flat, or few; many are another kind of market."""
    if never_closes(subject.symbol) or not subject.hours_known or (subject.is_bars and subject.period_s > DAY_S):
        return Checked(subject, [])
    closed = weekend(subject.local_s, subject.period_s)
    flat = closed & _unmoved(subject)
    moving = closed & ~flat & ~_is_day_from_sunday(subject)
    findings, dropped = [], np.zeros(closed.size, np.bool_)
    if flat.any():
        detail = "one price while the market is closed: no quotes, but fillers; dropped"
        findings.append(subject.places.finding("flat-weekend", Verdict.REPAIRED, flat, detail))
        dropped |= flat if "flat-weekend" not in allowed else False
    if moving.any():
        many = np.count_nonzero(moving) > _MOST_ON_WEEKENDS * closed.size
        hours = "on Saturdays" if subject.period_s > HOUR_S else "from Friday 17:00 to Sunday 17:00 New York"
        detail = f"prices move {hours}, while the market is closed{'' if many else '; dropped'}"
        remedy = "check the clock; allow it (--allow weekend) for a market that never closes" if many else ""
        verdict = Verdict.REFUSED if many else Verdict.REPAIRED
        findings.append(subject.places.finding("weekend", verdict, moving, detail, remedy))
        dropped |= moving if not many and "weekend" not in allowed else False
    return Checked(subject.kept(~dropped), findings)


def _unmoved(subject: Subject) -> Mask:
    if subject.is_bars:
        return np.asarray(subject.rows["high"] == subject.rows["low"], dtype=np.bool_)
    same = np.ones(subject.rows.size, np.bool_)
    for side in ("bid", "ask"):
        same[1:] &= subject.rows[side][1:] == subject.rows[side][:-1]
    return same


def _is_day_from_sunday(subject: Subject) -> Mask:
    """Where a bar is a Sunday of a clock on which the market opens on Sundays: its few hours are real."""
    days = (subject.local_s // DAY_S + 3) % 7
    return np.asarray((subject.period_s > HOUR_S) & (days == 6), dtype=np.bool_)  # noqa: PLR2004 - Sunday


def _flat(subject: Subject) -> list[Finding]:
    """Long bars of one price are no bars but daily fixings, or a feed that stood still."""
    if not subject.is_bars or subject.period_s < HOUR_S or subject.rows.size < _FEWEST_TO_JUDGE:
        return []
    flat = _unmoved(subject)
    share = float(flat.mean())
    if share <= _FEW_FLAT:
        return []
    detail = f"{share:.1%} of the bars have one price and no range"
    if share <= _MOST_FLAT:
        return [subject.places.finding("flat", Verdict.NOTED, flat, detail)]
    counts = np.cumsum(flat[::-1])[::-1]
    fine = np.flatnonzero(counts <= _FEW_FLAT * np.arange(flat.size, 0, -1))
    start = time_text(int(subject.places.times_s[fine[0]])).partition(" ")[0] if fine.size else ""
    remedy = f"import what is good: --from {start}" if start else "use another source"
    return [subject.places.finding("flat", Verdict.REFUSED, flat, detail, remedy)]


def _spreads(subject: Subject) -> list[Finding]:
    prices = _prices(subject)
    spreads = subject.rows["spread"].astype(np.float64) if subject.is_bars else subject.rows["ask"] - prices
    zero = spreads <= 0.0
    if zero.all():
        detail = "every spread is 0: what is traded on these quotes costs less than it would"
        return [Finding(rule="spread", verdict=Verdict.NOTED, rows=0, detail=detail)]
    findings = []
    typical = float(np.median(spreads[~zero]))
    if not subject.is_bars and typical > _WIDEST_SPREAD * float(np.median(prices)):
        detail = f"the usual spread is {typical:g}, more than 1% of the price"
        remedy = "check which columns are bid and ask"
        findings.append(Finding(rule="spread", verdict=Verdict.REFUSED, rows=0, detail=detail, remedy=remedy))
    odd = spreads > _ODD_SPREAD * typical
    if odd.any():
        detail = f"more than {_ODD_SPREAD:.0f} times the usual spread, as around news and rollover"
        findings.append(subject.places.finding("spread", Verdict.NOTED, odd, detail))
    return findings


def _spikes(subject: Subject) -> list[Finding]:
    """Bars whose close jumps away and is back with the next one."""
    if not subject.is_bars or subject.rows.size < _FEWEST_TO_JUDGE:
        return []
    returns = np.diff(np.log(_prices(subject)))
    sigma = _MAD_TO_SIGMA * float(np.median(np.abs(returns)))
    jumps = np.abs(returns) > max(_SPIKE, _SPIKE_SIGMAS * sigma)
    back = np.zeros(returns.size, np.bool_)
    back[:-1] = np.abs(returns[:-1] + returns[1:]) < _COMES_BACK * np.abs(returns[:-1])
    spikes = np.concatenate(([False], jumps & back))
    if not spikes.any():
        return []
    detail = "the close jumps by more than 5% and is back with the next bar"
    remedy = "compare with another source; a stop there would be filled"
    return [subject.places.finding("spike", Verdict.NOTED, spikes, detail, remedy)]


def _gaps(subject: Subject, week: Week) -> list[Finding]:
    if week.weeks < _FEWEST_WEEKS or subject.period_s > DAY_S:
        return []
    found = holes(week)
    if not found:
        return []
    missing = sum(hole.slots for hole in found)
    longest = max(found, key=lambda hole: hole.slots)
    many = missing > _MOST_MISSING * (missing + week.slots.size)
    hours = week.slot_s // HOUR_S
    detail = (
        f"no quotes for {missing * hours} h in all while the market is usually open, in {len(found)} gaps; "
        f"the longest of {longest.slots * hours} h from {time_text(longest.first_s)}"
        f"{'' if subject.period_s > HOUR_S else ' New York'}"
    )
    return [
        Finding(
            rule="gaps",
            verdict=Verdict.REFUSED if many else Verdict.NOTED,
            rows=len(found),
            detail=detail,
            first_time=time_text(found[0].first_s),
            last_time=time_text(found[-1].first_s),
            remedy="export the missing part, or use another source; gaps are never filled",
        )
    ]


def _market(subject: Subject, week: Week) -> list[Finding]:
    if not subject.is_bars:
        return []
    signs = signs_of_invention(subject.rows, subject.local_s, week, subject.period_s, subject.symbol)
    if not signs:
        return []
    remedy = "use quotes of a market; allow it (--allow no-market) to test machinery on invented ones"
    return [Finding(rule="no-market", verdict=Verdict.REFUSED, rows=0, detail="; ".join(signs), remedy=remedy)]
