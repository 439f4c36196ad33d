"""The pairs of averages that every contender of `backtests.py` is swept over."""

import itertools


def grid(sets: int) -> list[tuple[int, int]]:
    """`sets` pairs (fast, slow), at most 2,000, the fast one always below the slow one."""
    pairs = list(itertools.product(range(5, 45), range(50, 300, 5)))
    return pairs[:: len(pairs) // sets][:sets]
