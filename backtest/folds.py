"""Walk-forward: parameters are chosen on the past and judged on what follows, never the other way round."""

from collections.abc import Iterator
from typing import NamedTuple

NS_PER_DAY = 86_400_000_000_000


class FoldError(ValueError):
    """The span cannot be cut as asked."""


class Fold(NamedTuple):
    """One step [UTC ns, the end is not part of it]: parameters chosen in `train`, judged in `test`."""

    train_from_ns: int
    train_until_ns: int
    test_from_ns: int
    test_until_ns: int


class Cut(NamedTuple):
    """How a span is cut [days]. `anchored`: training always begins with the span, and grows; else it moves along.

    `purge` is left out between training and test, at least as long as a position may be held: otherwise a round trip
    opened in training is decided by prices of the test.
    """

    train: float
    test: float
    purge: float
    anchored: bool = False


def folds(from_ns: int, until_ns: int, cut: Cut) -> list[Fold]:
    """Steps over the span, each beginning its test where the one before ended it; the last test may be shorter.

    A last test of less than half of its length joins the one before.

    Raises:
        FoldError: for lengths that are not positive, or a span too short for one step.
    """
    if min(cut.train, cut.test) <= 0.0 or cut.purge < 0.0:
        raise FoldError("training and test must be longer than 0 days, and the purge not negative")
    found = list(_steps(from_ns, until_ns, cut))
    if not found:
        days = (until_ns - from_ns) / NS_PER_DAY
        raise FoldError(
            f"{days:.0f} days do not hold {cut.train:g} days of training, {cut.purge:g} of purge and half of a test of "
            f"{cut.test:g}: shorten them or take a longer history"
        )
    found[-1] = found[-1]._replace(test_until_ns=until_ns)
    return found


def _steps(from_ns: int, until_ns: int, cut: Cut) -> Iterator[Fold]:
    train, test, purge = (round(days * NS_PER_DAY) for days in (cut.train, cut.test, cut.purge))
    test_from = from_ns + train + purge
    while 2 * (until_ns - test_from) >= test:
        train_until = test_from - purge
        begin = from_ns if cut.anchored else train_until - train
        yield Fold(begin, train_until, test_from, min(test_from + test, until_ns))
        test_from += test
