"""How long things took: a histogram that costs a fraction of a microsecond to add to."""

from typing import Final

_PRECISION_BITS: Final = 5  # 32 buckets an octave: a value is known to 3 %
_HALF: Final = 1 << _PRECISION_BITS
_OCTAVES: Final = 45
_BUCKETS: Final = (_OCTAVES + 1) * _HALF
_FRACTIONS: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "max": 1.0}


class LatencyHistogram:
    """Counts durations [ns] in buckets 3 % wide; everything above 2**50 ns counts as that."""

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS

    def add(self, duration_ns: int) -> None:
        """Count one duration."""
        shift = duration_ns.bit_length() - _PRECISION_BITS - 1
        bucket = (shift << _PRECISION_BITS) + (duration_ns >> shift) if shift > 0 else duration_ns
        try:
            self._counts[bucket] += 1
        except IndexError:
            self._counts[-1] += 1

    def counts(self) -> list[int]:
        """A copy of all buckets."""
        return self._counts.copy()


def bucket_ns(bucket: int) -> int:
    """Largest duration of a bucket [ns]."""
    if bucket < 2 * _HALF:
        return bucket
    shift = (bucket >> _PRECISION_BITS) - 1
    mantissa = bucket - (shift << _PRECISION_BITS)
    return ((mantissa + 1) << shift) - 1


def difference(later: list[int], earlier: list[int]) -> list[int]:
    """What was counted between two copies."""
    return [now - before for now, before in zip(later, earlier, strict=True)]


def percentile_ns(counts: list[int], fraction: float) -> int:
    """Duration that `fraction` (0..1) of all did not exceed [ns]; 0 where nothing was counted."""
    return _percentile_ns([(bucket, count) for bucket, count in enumerate(counts) if count], fraction * sum(counts))


def summary_us(counts: list[int]) -> dict[str, float]:
    """How many were counted, and p50, p90, p99, p99.9 and the longest [microseconds]."""
    used = [(bucket, count) for bucket, count in enumerate(counts) if count]
    total = sum(count for _, count in used)
    return {"count": float(total)} | {
        name: _percentile_ns(used, fraction * total) / 1000 for name, fraction in _FRACTIONS.items()
    }


def _percentile_ns(used: list[tuple[int, int]], wanted: float) -> int:
    seen = 0
    for bucket, count in used:
        seen += count
        if seen >= wanted:
            return bucket_ns(bucket)
    return 0
