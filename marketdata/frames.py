"""Whether bars are of the timeframe they are said to be of, and the cutting of foreign bars before them."""

from typing import Final

import numpy as np

from domain.timeframes import DAY_S, WEEK_S, Timeframe
from marketdata.quotes import ImportLog, Ints, NoteKind
from marketdata.raw import RawQuotes

_MS_PER_S: Final = 1000
_FEWEST_FOREIGN: Final = 10
_FEWEST_TO_JUDGE: Final = 3
_NATIVE_SHARE: Final = 0.1
_THURSDAY_TO_SUNDAY_S: Final = 4 * DAY_S  # 1970-01-01 was a Thursday, MT5's week opens on Sunday


def native_bars(raw: RawQuotes, timeframe: Timeframe, log: ImportLog) -> RawQuotes:
    """Bars of `timeframe` alone: leading bars of a longer one are cut off, single bars off its grid dropped.

    Raises:
        QuoteFileError: where the bars are, on the whole, of another timeframe.
    """
    if timeframe is Timeframe.MN1:
        raise log.refusal("timeframe", "MN1 has no fixed length", "use bars up to W1")
    raw = _without_foreign_start(raw, timeframe, log)
    raw = _aligned(raw, timeframe, log)
    steps = _steps_s(raw)
    if steps.size + 1 >= _FEWEST_TO_JUDGE and np.mean(steps == timeframe.seconds) < _NATIVE_SHARE:
        problem = f"{timeframe.name} does not fit: most bars are {_words(_most_common(steps))} apart"
        raise log.refusal("timeframe", problem, "pass the timeframe the bars have", rule="timeframe")
    return raw


def most_common_step_s(raw: RawQuotes) -> int:
    """The most common distance between bars [s], 0 for a single one; the rows may be in any order."""
    steps = _steps_s(raw.kept(np.argsort(raw.time_msc)))
    return _most_common(steps[steps > 0]) if (steps > 0).any() else 0


def _steps_s(raw: RawQuotes) -> Ints:
    return np.diff(raw.time_msc) // _MS_PER_S


def _without_foreign_start(raw: RawQuotes, timeframe: Timeframe, log: ImportLog) -> RawQuotes:
    """Cut a start in which no two bars are one `timeframe` apart and most are one longer timeframe apart.

    Brokers' histories, and files glued from two exports, begin like that: old days as D1, the rest as H1.
    """
    steps = _steps_s(raw)
    first = int(np.argmax(steps < 2 * timeframe.seconds)) if (steps < 2 * timeframe.seconds).any() else steps.size
    if first < _FEWEST_FOREIGN or first == steps.size:
        return raw
    foreign_s = _most_common(steps[:first])
    if not _is_longer_frame(foreign_s, timeframe) or 2 * np.count_nonzero(steps[:first] == foreign_s) < first:
        return raw
    cut = first + _spans_what_follows(raw, first, foreign_s)
    reason = f"the file begins with bars {_words(foreign_s)} apart; cut off, {timeframe.name} begins after them"
    log.note(NoteKind.FOREIGN_BARS, reason, raw.rows[:cut])
    return raw.kept(np.arange(cut, raw.rows.size))


def _spans_what_follows(raw: RawQuotes, place: int, foreign_s: int) -> bool:
    """Whether the bar at `place`, one native step before the next, holds the range of all bars of a foreign length.

    By its time alone the last foreign bar looks native.
    """
    if raw.time_msc[place] - raw.time_msc[place - 1] < foreign_s * _MS_PER_S:
        return False
    until = raw.time_msc[place] + foreign_s * _MS_PER_S
    after = slice(place + 1, int(np.searchsorted(raw.time_msc, until)))
    high, low = raw.fields["high"], raw.fields["low"]
    return bool((high[after] <= high[place]).all() and (low[after] >= low[place]).all())


def _is_longer_frame(seconds: int, timeframe: Timeframe) -> bool:
    lengths = {frame.seconds for frame in Timeframe if frame is not Timeframe.MN1}
    return seconds > timeframe.seconds and seconds in lengths


def _aligned(raw: RawQuotes, timeframe: Timeframe, log: ImportLog) -> RawQuotes:
    shift_s = _THURSDAY_TO_SUNDAY_S if timeframe.seconds == WEEK_S else 0
    off = (raw.time_msc + shift_s * _MS_PER_S) % (timeframe.seconds * _MS_PER_S) != 0
    if not off.any():
        return raw
    remedy = f"pass the timeframe the bars have; {timeframe.name} bars begin at multiples of it on the broker's clock"
    log.limit(NoteKind.MISALIGNED_BARS, "timeframe", raw.rows[off], raw.rows.size, remedy)
    log.note(NoteKind.MISALIGNED_BARS, f"not at the start of a {timeframe.name} bar; dropped", raw.rows[off])
    return raw.kept(~off)


def _most_common(steps: Ints) -> int:
    values, counts = np.unique(steps, return_counts=True)
    return int(values[np.argmax(counts)])


def _words(seconds: int) -> str:
    for frame in Timeframe:
        if frame is not Timeframe.MN1 and frame.seconds == seconds:
            return f"one {frame.name}"
    return f"{seconds} s"
