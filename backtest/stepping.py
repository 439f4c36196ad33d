"""A run of the simulated terminal that goes on only as far as it is asked to, for whoever keeps the time himself."""

import numpy as np

from backtest.exact import terminal_of
from backtest.job import Job
from signals.models import SignalModel
from sim.runner import WINDOW_TICKS, Runner, RunResult
from strategy.engine import Engine


class SteppedRun(Runner):
    """The runner of `job`, driven from outside; what it decides does not depend on where it is stopped."""

    def __init__(self, job: Job, model: SignalModel | None = None) -> None:
        self.engine = Engine(job.settings, model)
        self.terminal = terminal_of(job)
        super().__init__(self.engine, self.terminal, job.tape, warm_up=job.warm_up, board=job.news)
        self._times = [np.ascontiguousarray(job.ticks[symbol]["time_msc"]) for symbol in job.tape.symbols]
        self._slices = iter(job.tape)
        self._left: tuple[int, int, int] | None = None

    def begin(self) -> None:
        """Open the session and hand over the history, once and before anything else."""
        self._open_session()

    def go_to(self, time_msc: int) -> None:
        """Play all ticks up to and with those of `time_msc` [ms, broker's clock]."""
        while True:
            if self._left is None:
                self._left = next(self._slices, None)
            if self._left is None:
                return
            symbol, start, stop = self._left
            until = min(stop, int(np.searchsorted(self._times[symbol], time_msc, side="right")))
            for window in range(start, until, WINDOW_TICKS):
                self._play_window(symbol, window, min(window + WINDOW_TICKS, until))
            if until < stop:
                self._left = (symbol, max(start, until), stop)
                return
            self._left = None

    def _play_window(self, symbol: int, start: int, stop: int) -> None:
        if self.terminal.is_disturbed:
            self._play_in_parts(symbol, start, stop)
        else:
            self._play(symbol, start, stop)

    def end(self) -> RunResult:
        """What the run came to; nothing can be played after it."""
        self._wait_for_the_rest()
        return self._result()
