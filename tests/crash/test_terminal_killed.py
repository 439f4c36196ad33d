"""The EA dies under load, again and again, while broker and bridge live; of its disk any part not yet forced is lost.

Market, broker and account outlive the EA, in the test's own process. The bridge is a real process behind real sockets.
"""

import random
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

import advisor.host
from account.journal import JournalReader
from bridge.config import Places
from domain.intents import IntentState
from tests.crash.lives import LOG_NAME, Bridges, free_endpoint
from tests.crash.market import Market, bridge_config
from tests.crash.scenes import KINDS
from tests.crash.trading import Trading
from tests.crash.verdicts import account_in, faults
from tests.crash.watched import EaFate, EaPoint

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.integration]

KILLS: Final = 50
SEED: Final = 1
ONCE_A_LIFE: Final = (EaPoint.WELCOMED, EaPoint.LISTED)
SETTLING_TICKS: Final = 1_200
SETTLING_PACE: Final = 250.0  # ticks a second: an outcome that stays unknown is asked for after two seconds


class Ends:
    """Ends one life of the EA after the other; `tally` counts where."""

    def __init__(self, trading: Trading, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tally: Counter[EaPoint] = Counter()
        self._trading = trading
        self._chance = trading.chance
        self._monkeypatch = monkeypatch

    def end(self, point: EaPoint) -> None:
        """A life that ends there; market and broker go on, for a while or not at all."""
        trading, chance = self._trading, self._chance
        # what the socket has not sent yet dies with the EA, or the kernel still delivers it
        self._monkeypatch.setattr(advisor.host, "_LINGER_MS", chance.choice((0, 1000)))
        nth = 1 if point in ONCE_A_LIFE else chance.randint(1, 200 if point == EaPoint.TICKS_SENT else 8)
        trading.terminal.fate = EaFate(point, nth)
        died_at = trading.run(dies_after_s=chance.uniform(0.001, 0.3) if point == EaPoint.ANYWHERE else 0.0)
        assert died_at == point
        self.tally[died_at] += 1
        for _ in range(chance.choice((0, 0, 1, 5, 50))):
            trading.feed.play()


def test_an_ea_killed_fifty_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, endpoint = random.Random(SEED), free_endpoint(SEED + 1)
    trading = Trading(tmp_path / "terminal", Market(300 * KILLS), endpoint, seed=SEED)
    ends = Ends(trading, monkeypatch)
    points = [*EaPoint, *[EaPoint.ANYWHERE] * len(EaPoint)]
    with Bridges(bridge_config(tmp_path / "bridge", endpoint)) as bridges:
        bridges.start()
        for _ in range(KILLS):
            if not points:
                points = [*EaPoint, *[EaPoint.ANYWHERE] * len(EaPoint)]
            ends.end(points.pop(chance.randrange(len(points))))
        trading.terminal.fate = EaFate()
        trading.play_only(SETTLING_TICKS)
        assert trading.run(pace=SETTLING_PACE) is None
        assert bridges.stop() == 0
    for point, count in sorted(ends.tally.items()):
        print(f"{count:4d}  {point}")
    judge(trading, bridges.config.places)
    assert ends.tally.keys() == set(EaPoint)


def judge(trading: Trading, places: Places) -> None:
    """Nothing twice, nothing forgotten, accounts equal, everything settled."""
    state = account_in(places)
    states = Counter(record.state for record in state.intents.values())
    print({state.name: count for state, count in states.items()}, f"{trading.feed.played} ticks played")
    assert faults(state, trading.terminal, trading.remembered()) == []
    assert {record.intent.kind for record in state.intents.values()} == set(KINDS)
    assert states[IntentState.FILLED] > KILLS
    assert states[IntentState.UNKNOWN] == 0
    with JournalReader.open(places.journal) as journal:
        assert journal.verify().sound
    assert "given up" not in (places.data_dir / LOG_NAME).read_text(encoding="utf-8")
