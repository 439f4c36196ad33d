"""Broken source is refused with a place and a reason, never with a traceback."""

import random
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mql5.errors import SourceError
from sim.mql5.expansion import Expansion
from sim.mql5.rewriting import translated
from sim.mql5.tokens import Token, tokens_of
from tests.architecture.tree import ROOT

pytestmark = pytest.mark.fuzz

PLACE = Path("broken.mq5")
WORDS = re.findall(r"\S+", "{ } ( ) [ ] ; , = & * :: . < > class struct enum input int uchar A b 1 const")


@cache
def real_tokens() -> list[list[Token]]:
    """The tokens of each file of the EA."""
    sources = sorted((ROOT / "ea").rglob("*.mq*"))
    return [
        [token for token in tokens_of(path.read_text(encoding="utf-8"), PLACE) if token.kind != "directive"]
        for path in sources
    ]


def damaged(chance: random.Random) -> list[Token]:
    """A piece of the EA with some tokens missing, foreign or out of place."""
    whole = chance.choice(real_tokens())
    start = chance.randrange(len(whole))
    piece = whole[start : start + chance.randrange(1, 300)]
    for _ in range(chance.randrange(8)):
        at = chance.randrange(len(piece))
        other = chance.choice(chance.choice(real_tokens()))
        piece[at : at + chance.randrange(2)] = chance.choice(([], [other], [other, piece[at]]))
        piece = piece or [other]
    return piece


def objection(piece: list[Token]) -> SourceError | None:
    """What the rewriter says against it."""
    try:
        translated(Expansion(piece, (PLACE,), ()))
    except SourceError as refused:
        return refused
    return None


@given(st.integers(0, 2**32))
def test_damaged_source(seed: int) -> None:
    refused = objection(damaged(random.Random(seed)))
    assert refused is None or (refused.path == PLACE and refused.line >= 1 and bool(refused.problem))


@given(st.lists(st.sampled_from(WORDS)))
def test_any_tokens(words: list[str]) -> None:
    refused = objection(tokens_of(" ".join(words), PLACE))
    assert refused is None or str(refused).startswith(f"{PLACE}:1: error: ")
