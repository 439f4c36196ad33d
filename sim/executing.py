"""Which executor an EA on a simulated terminal has."""

from advisor.deferred import DeferredExecutor
from advisor.executor import Executor, ExecutorGuards
from advisor.memory import IntentMemory
from sim.terminal import SimTerminal


def executor_of(terminal: SimTerminal, memory: IntentMemory, guards: ExecutorGuards, magic: int) -> Executor:
    """The executor for how `terminal` answers: at once, or over a line."""
    kind = DeferredExecutor if terminal.answers_later else Executor
    return kind(terminal, memory, guards, magic)
