"""What a rule is and what it finds."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tree_sitter import Node

from sim.mql5.linting.source import Source
from sim.mql5.linting.symbols import Symbols


class Scope(NamedTuple):
    """What a rule may look at: the file at hand, and the names of all files that are checked together."""

    source: Source
    symbols: Symbols


Breaks = Callable[[Node, Scope], bool]


def always(_node: Node, _scope: Scope) -> bool:
    """The construct itself breaks the rule."""
    return True


class Rule(NamedTuple):
    """One thing that may not be in a source."""

    name: str
    wrong: str
    """What is wrong, as a sentence about the source."""
    remedy: str
    """What to write instead."""
    kinds: frozenset[str]
    """Kinds of syntax nodes the rule looks at."""
    breaks: Breaks = always
    words: frozenset[str] = frozenset()
    """Tokens that break the rule wherever they stand outside strings and comments."""


def on(*names: str) -> frozenset[str]:
    """Kinds or words, for the tables of rules."""
    return frozenset(names)


class Finding(NamedTuple):
    """A place in a source that breaks a rule."""

    path: Path
    line: int
    """Counted from 1."""
    rule: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.wrong}; {self.remedy}"
