"""What can be wrong with an EA's source or with the tools that build it."""

from pathlib import Path


class SourceError(ValueError):
    """A place in MQL5 source that the harness refuses; reads like a compiler's message."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: error: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class BuildError(RuntimeError):
    """The EA does not compile, or nothing is there to compile it with; the message names places and the remedy."""


class EaFaultError(RuntimeError):
    """The EA did what makes MetaTrader remove it from the chart: an array out of range, a division by zero."""


class EaStartError(RuntimeError):
    """The EA's inputs do not fit, or its OnInit refused to start."""
