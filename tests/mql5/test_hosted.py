"""The EA's own source and its Python twin, on the same ticks and the same bridge: the same orders, to the last byte."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from advisor.executor import ExecutorGuards
from advisor.expert import EaRules
from advisor.host import BridgeUnreachableError, TerminalRefusedError
from domain.intents import Intent, IntentKind
from domain.servertime import NS_PER_MS, utc_ns_from_server_msc
from domain.timeframes import Timeframe
from domain.trading import DealReason
from sim.mql5.abi import SocketFault
from sim.mql5.build import Built, sanitizer_environment
from sim.mql5.desk import Desk
from sim.mql5.host import EaHost
from sim.mql5.hosted import Meddling, build_companion, run_compiled
from sim.mql5.observer import Observer
from sim.players import play
from sim.session_host import EaKind, HostRules, TerminalConfig, run_terminal
from sim.statistics import TerminalStatistics
from tests.mql5.programs import built
from tests.sim.bridge_double import SECRET, Script, nothing
from tests.sim.intents import NEVER_NS, intent
from tests.sim.router import RouterBridge
from tests.sim.test_feed import HISTORY
from tests.sim.venues import EURUSD, MAGIC, MONDAY_MSC, PROFILE, USDJPY, order, ticks_of
from wire.messages import Bye, Ticks

pytestmark = pytest.mark.integration

CHART = Path(__file__).with_name("chart.mq5")
ROWS = 120
FIRST_TICKET = 2_000_001
_COPIES = itertools.count(1)


def wave(center: float, step: float) -> list[tuple[float, float]]:
    """Quotes that go up and down, so that stops and targets are met."""
    return [
        (round(center + step * (row % 20 - 10), 5), round(center + step * (row % 20 - 8), 5)) for row in range(ROWS)
    ]


def config(endpoint: str, folder: Path, **changes: object) -> TerminalConfig:
    fields: dict[str, Any] = {
        "endpoint": endpoint,
        "secret": SECRET,
        "profile": PROFILE,
        "specs": (EURUSD, USDJPY),
        "ticks": {
            "EURUSD": ticks_of(wave(1.1, 0.0001), step_msc=500),
            "USDJPY": ticks_of(wave(150.0, 0.01), start_msc=MONDAY_MSC + 250, step_msc=500),
        },
        "history": {("EURUSD", Timeframe.M1): HISTORY, ("USDJPY", Timeframe.M1): HISTORY},
        "state_dir": folder,
        "magic": MAGIC,
        "host": HostRules(first_wait_ms=5, longest_wait_ms=20, give_up_s=30.0),
    }
    return TerminalConfig(**(fields | changes))


@cache
def companion() -> Built:
    return build_companion()


def compiled(endpoint: str, folder: Path, meddle: Meddling | None = None, **changes: object) -> TerminalStatistics:
    """A run of the EA in a library of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = companion().copied(folder / f"companion-{next(_COPIES)}.so")
    return run_compiled(config(endpoint, folder, **changes), built=copy, meddle=meddle)


class Life:
    """Opens, moves, closes in part and whole, lets a stop be hit, asks for what must be refused."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, ticks: Ticks) -> tuple[Intent, ...]:
        self._number += 1
        step = self._number % 24
        if step == 1:
            return (self._order(ticks), self._order(ticks, volume=0.3))
        if step == 5:
            return (self._order(ticks, volume=1000.0), self._order(ticks, magic=1))
        if step in (8, 12, 16):
            return (self._about_first(ticks, {8: "MODIFY", 12: "PARTIAL_CLOSE", 16: "CLOSE"}[step]),)
        return ()

    def _order(self, ticks: Ticks, **changes: object) -> Intent:
        bid = float(ticks.ticks["bid"][-1])
        symbol = ("EURUSD", "USDJPY")[ticks.symbol_index]
        fields = {"symbol": symbol, "price": bid, "sl": round(bid * 0.9996, 5), "tp": round(bid * 1.0004, 5)}
        return self._made(ticks, **(fields | changes))

    def _about_first(self, ticks: Ticks, kind: str) -> Intent:
        ticket = FIRST_TICKET + self._number // 24 % 3
        fields = {"position_ticket": ticket, "volume": 0.05, "sl": 1.0, "tp": 0.0, "symbol": "EURUSD"}
        return self._made(ticks, kind=IntentKind[kind], **fields)

    def _made(self, ticks: Ticks, **changes: object) -> Intent:
        now_ns = utc_ns_from_server_msc(int(ticks.ticks["time_msc"][-1]), 0)
        fields: dict[str, object] = {"intent_id": self._number * 100 + len(changes), "decided_ns": now_ns}
        fields["expires_ns"] = now_ns + 3000 * NS_PER_MS
        return intent(**(fields | changes))  # type: ignore[arg-type]  # fields of Intent


def by_both(folder: Path, script: Callable[[], Script], **changes: object) -> tuple[TerminalStatistics, ...]:
    """The twin's run, then the EA's."""
    runs = []
    for name in ("twin", "mql5"):
        with RouterBridge(script()) as bridge:
            if name == "twin":
                done = run_terminal(config(bridge.endpoint, folder / name, **changes))
            else:
                done = compiled(bridge.endpoint, folder / name, None, **changes)
        assert bridge.problems == []
        runs.append(done)
    return tuple(runs)


SAME = ("ticks", "decisions", "intents", "deals", "balance", "equity", "order_list_hash", "sessions", "batches_resent")


def same(done: TerminalStatistics) -> dict[str, object]:
    return {name: getattr(done, name) for name in SAME}


def test_nothing_but_ticks(tmp_path: Path) -> None:
    twin, ea = by_both(tmp_path, lambda: nothing)
    assert same(ea) == same(twin)
    assert ea.ticks == ea.batches == 2 * ROWS
    assert ea.sessions == 1
    assert ea.round_trip_max_us > 0.0


def test_a_life_of_orders(tmp_path: Path) -> None:
    twin, ea = by_both(tmp_path, Life)
    assert same(ea) == same(twin)
    assert ea.deals > 10
    assert ea.intents > 30


def test_it_ends_with_bye_and_told_everything(tmp_path: Path) -> None:
    with RouterBridge() as bridge:
        compiled(bridge.endpoint, tmp_path)
    (double,) = bridge.doubles.values()
    assert isinstance(double.heard[-1], Bye)
    assert [spec.name for spec in double.symbols[0].specs] == ["EURUSD", "USDJPY"]
    assert double.symbols[0].specs == (EURUSD, USDJPY)
    heard = [int(at) for batch in double.ticks for at in batch.ticks["time_msc"]]
    assert heard == sorted(heard)  # the other symbol's ticks are not left to the chart's next one
    times = {
        index: [int(at) for batch in double.ticks if batch.symbol_index == index for at in batch.ticks["time_msc"]]
        for index in (0, 1)
    }
    assert times[0] == [MONDAY_MSC + 500 * row for row in range(ROWS)]
    assert times[1] == [MONDAY_MSC + 250 + 500 * row for row in range(ROWS)]


@pytest.mark.parametrize(
    "faults",
    [
        SocketFault.READ_DRIBBLES,
        SocketFault.IS_READABLE_GUESSES,
        SocketFault.READ_DRIBBLES | SocketFault.IS_READABLE_GUESSES,
    ],
)
def test_bad_habits_of_sockets_change_nothing(tmp_path: Path, faults: SocketFault) -> None:
    def meddle(ea: EaHost, _desk: Desk) -> None:
        ea.host.faults = faults

    with RouterBridge(Life()) as bridge:
        well = compiled(bridge.endpoint, tmp_path / "well")
    with RouterBridge(Life()) as bridge:
        badly = compiled(bridge.endpoint, tmp_path / "badly", meddle)
    assert same(badly) == same(well)
    assert bridge.problems == []


def test_a_connection_that_breaks_inside_a_frame(tmp_path: Path) -> None:
    """Again and again: every tick still arrives, every intent is carried out once."""
    breaks = iter([700, 3_000, 2_000, 900])

    def meddle(ea: EaHost, _desk: Desk) -> None:
        if ea.host.drop_after <= 0:
            ea.host.drop_after = next(breaks, 10**9)

    with RouterBridge(one_a_time) as bridge:
        done = compiled(bridge.endpoint, tmp_path, meddle)
    heard = {int(at) for double in bridge.doubles.values() for batch in double.ticks for at in batch.ticks["time_msc"]}
    assert len(heard) == 2 * ROWS
    assert done.sessions >= 4
    assert done.deals == 1 + done.intents
    assert bridge.problems == []


def one_a_time(ticks: Ticks) -> tuple[Intent, ...]:
    """An order with every tenth tick of EURUSD; the same one when the tick comes again."""
    row = (int(ticks.ticks["time_msc"][-1]) - MONDAY_MSC) // 500
    if ticks.symbol_index or row % 10:
        return ()
    return (intent(intent_id=1000 + row, volume=0.01, sl=0.0, tp=0.0, expires_ns=NEVER_NS),)


def test_trading_by_hand_is_reported(tmp_path: Path) -> None:
    hands = iter(range(1000))

    def meddle(_ea: EaHost, desk: Desk) -> None:
        if next(hands) == 60:
            desk.terminal.send(msgspec.structs.replace(order(1, 0.1), magic=0), DealReason.CLIENT)
            desk.touch()

    with RouterBridge() as bridge:
        done = compiled(bridge.endpoint, tmp_path, meddle)
    (double,) = bridge.doubles.values()
    assert done.deals == 2
    assert [deal.magic for report in double.reports for deal in report.update.deals] == [0]


def test_batches_of_ticks(tmp_path: Path) -> None:
    with RouterBridge() as bridge:
        done = compiled(bridge.endpoint, tmp_path, max_ticks=50, batch_ms=5000)
    assert (done.ticks, done.decisions) == (2 * ROWS, done.batches)
    assert done.batches < ROWS


def test_without_waiting_for_decisions(tmp_path: Path) -> None:
    with RouterBridge() as bridge:
        done = compiled(bridge.endpoint, tmp_path, rules=EaRules(window=8))
    assert done.ticks == done.decisions == 2 * ROWS
    assert bridge.problems == []


def test_a_slow_bridge_is_not_run_away_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0

    class Watching(Observer):
        def take(self, what: int, data: bytes) -> None:
            nonlocal most
            super().take(what, data)
            most = max(most, self.waiting)

    def slow(_ticks: Ticks) -> tuple[Intent, ...]:
        time.sleep(0.005)
        return ()

    monkeypatch.setattr("sim.mql5.hosted.Observer", Watching)
    with RouterBridge(slow) as bridge:
        compiled(bridge.endpoint, tmp_path, rules=EaRules(window=4))
    assert 1 < most <= 5  # a tick may bring what another symbol's tick left


def test_no_tick_of_any_symbol_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where two symbols tick in one millisecond: OnTick is for the chart's symbol alone."""
    made: list[Observer] = []

    class Kept(Observer):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    behind: list[int] = []
    monkeypatch.setattr("sim.mql5.hosted.Observer", Kept)
    ticks = {"EURUSD": ticks_of(wave(1.1, 0.0001), step_msc=1), "USDJPY": ticks_of(wave(150.0, 0.01), step_msc=1)}
    with RouterBridge() as bridge:
        compiled(
            bridge.endpoint,
            tmp_path,
            lambda _ea, desk: behind.append(desk._feed.played - made[0].counts.ticks),
            ticks=ticks,
        )
    assert set(behind) == {0}


def test_what_the_server_does_is_told_before_the_tick_it_did_it_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ready(Observer):
        is_settled = True  # a bridge is of no matter here

        def __init__(self) -> None:
            super().__init__()
            self.is_live = True

    logged: list[list[str]] = []

    def meddle(ea: EaHost, desk: Desk) -> None:
        logged.append(list(ea.logged))
        if len(logged) == 1:
            desk.terminal.send(order(1, 0.1, tp=1.1005))
            desk.terminal.take_changes()
            desk.touch()

    monkeypatch.setattr("sim.mql5.hosted.Observer", Ready)
    monkeypatch.setattr("sim.mql5.hosted.inputs_of", lambda _config: {})
    program = built(CHART.read_text(encoding="utf-8"), tmp_path, "Chart")
    changes = {"specs": (EURUSD,), "ticks": {"EURUSD": ticks_of(wave(1.1, 0.0001), step_msc=500)}}
    run_compiled(config("tcp://127.0.0.1:9", tmp_path / "Files", **changes), built=program, meddle=meddle)
    first = next(step for step, lines in enumerate(logged) if any("TRANSACTION" in line for line in lines))
    assert first > 5
    told = logged[first][len(logged[first - 1]) :]
    assert {line.split()[0] for line in told[:4]} == {
        f"TRADE_TRANSACTION_{what}" for what in ("ORDER_ADD", "DEAL_ADD", "ORDER_DELETE", "HISTORY_ADD")
    }
    assert told[4:] == ["trade", "tick", "end of tick"]


def test_limits_of_the_terminal_reach_the_ea(tmp_path: Path) -> None:
    guards = ExecutorGuards(max_lots=0.05)
    twin, ea = by_both(tmp_path, Life, guards=guards)
    assert same(ea) == same(twin)
    assert ea.deals < 10


def test_a_wrong_secret_is_told(tmp_path: Path) -> None:
    with RouterBridge(secret=b"another") as bridge, pytest.raises(TerminalRefusedError, match="BAD_SECRET"):
        compiled(bridge.endpoint, tmp_path)


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(BridgeUnreachableError, match="no session with the bridge"):
        compiled("tcp://127.0.0.1:9", tmp_path, host=HostRules(give_up_s=0.3))


def test_the_config_chooses_the_ea(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr("sim.players.run_terminal", lambda *_: called.append("twin"))
    monkeypatch.setattr("sim.mql5.hosted.run_compiled", lambda *_: called.append("mql5"))
    for kind in EaKind:
        play(config("tcp://127.0.0.1:9", tmp_path, ea=kind))
    assert called == ["twin", "mql5"]


@pytest.mark.slow
def test_address_and_undefined_behavior_sanitizers_find_nothing(tmp_path: Path) -> None:
    """In a process of its own, which has to load the sanitizer before anything else."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mql5.sanitized", str(tmp_path)],
        env={**os.environ, **sanitizer_environment()},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "runtime error" not in done.stderr
    assert done.stdout.startswith("clean")
