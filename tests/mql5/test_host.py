"""An EA in its host: inputs, handlers, faults, orders and the transactions that follow."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.retcodes import Retcode
from sim.mql5.abi import HostRequest, HostResult
from sim.mql5.build import Built, build
from sim.mql5.errors import BuildError, EaFaultError, EaStartError
from sim.mql5.events import Event, EventKind, EventQueue
from sim.mql5.host import EaHost
from tests.mql5.programs import Place, built, loaded, place, ticked

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).with_name("chart.mq5")
DEFAULTS = "false 1.5 plain 2026.01.02 03:04:00 -1 1 3.0"
FILLED = [
    "TRADE_TRANSACTION_ORDER_ADD EURUSD 0.10 position 2000001",
    "TRADE_TRANSACTION_DEAL_ADD EURUSD 0.10 position 2000001",
    "TRADE_TRANSACTION_ORDER_DELETE EURUSD 0.10 position 2000001",
    "TRADE_TRANSACTION_HISTORY_ADD EURUSD 0.10 position 2000001",
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built(SOURCE.read_text(encoding="utf-8"), tmp_path_factory.mktemp("chart"), "Chart")


@pytest.fixture
def at() -> Place:
    return place()


@pytest.fixture
def chart(program: Built, tmp_path: Path, at: Place) -> Callable[..., EaHost]:
    def start(**inputs: str) -> EaHost:
        ea = loaded(program, tmp_path, inputs, at)
        ea.start()
        return ea

    return start


def way(program: Built, name: str) -> str:
    """The input's number: an enumeration is set as in a .set file."""
    names = SOURCE.read_text(encoding="utf-8").split("enum ENUM_WAY {")[1].split("}")[0].split(",")
    return str([one.strip() for one in names].index(name))


def carried_out(ea: EaHost, at: Place) -> list[str]:
    """A tick, and everything that follows from it; what was printed."""
    queue = EventQueue()
    queue.post(EventKind.TICK)
    while True:
        for group in at.desk.changes:
            queue.post_transactions(group)
            queue.post(EventKind.TRADE)
        at.desk.changes.clear()
        at.desk.reveal()
        event = queue.begin()
        if event is None:
            if not at.desk.execute_later():
                return ea.logged[1:]
            continue
        ea.handle(event)
        queue.end()


# -- inputs ------------------------------------------------------------------------------------------------------------


def test_inputs_keep_their_defaults(chart: Callable[..., EaHost]) -> None:
    assert chart().logged == [DEFAULTS]


def test_inputs_of_every_kind_are_there_before_the_globals(chart: Callable[..., EaHost]) -> None:
    ea = chart(
        InpFlag="true",
        InpNumber="0.25",
        InpText="a=b ä",
        InpWhen="2025.12.31 23:59",
        InpLarge="-9223372036854775808",
        InpHuge="18446744073709551615",
    )
    assert ea.logged == ["true 0.25 a=b ä 2025.12.31 23:59:00 -9223372036854775808 18446744073709551615 0.5"]


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [({"InpNothing": "1"}, "the EA has no input InpNothing; it has InpWay"), ({"InpText": "a\nb"}, "line break")],
)
def test_inputs_that_cannot_be(program: Built, tmp_path: Path, inputs: dict[str, str], problem: str) -> None:
    with pytest.raises(EaStartError, match=problem):
        loaded(program, tmp_path, inputs)


def test_an_ea_may_refuse_to_start(chart: Callable[..., EaHost]) -> None:
    with pytest.raises(EaStartError, match=f"OnInit returned 2: {DEFAULTS}"):
        chart(InpCode="2")


def test_a_symbol_the_terminal_lacks(program: Built, tmp_path: Path) -> None:
    with pytest.raises(EaStartError, match="no symbol GBPUSD"):
        EaHost(program, place().desk, inputs={}, files_dir=tmp_path, symbol="GBPUSD")


def test_a_library_runs_once_in_a_process(program: Built, tmp_path: Path) -> None:
    copy = program.copied(tmp_path / "once.so")
    EaHost(copy, place().desk, inputs={}, files_dir=tmp_path, symbol="EURUSD")
    with pytest.raises(EaStartError, match="start another one"):
        EaHost(copy, place().desk, inputs={}, files_dir=tmp_path, symbol="EURUSD")


# -- the end -----------------------------------------------------------------------------------------------------------


def test_the_end_in_order(chart: Callable[..., EaHost]) -> None:
    ea = chart()
    ea.stop(4)
    assert ea.logged[1:] == ["deinit 4 true", "last words"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("WAY_ARRAY", "OnTick: array out of range: index 2, size 2"),
        ("WAY_BEFORE", "OnTick: array out of range: index -1, size 2"),
        ("WAY_FIXED", "OnTick: array out of range: index 3, size 3"),
        ("WAY_NEGATIVE", "OnTick: array out of range: index -1, size 3"),
        ("WAY_ZERO", "OnTick: zero divide"),
        ("WAY_FORMAT", "OnTick: StringFormat: too few arguments"),
    ],
)
def test_a_fault_ends_the_ea(program: Built, chart: Callable[..., EaHost], name: str, why: str) -> None:
    ea = chart(InpWay=way(program, name))
    with pytest.raises(EaFaultError, match=why):
        ticked(ea)
    assert ea.logged[1:] == [why]
    with pytest.raises(EaFaultError, match=why):
        ea.handle(Event(EventKind.TIMER if "OnTimer" in program.handlers else EventKind.TRADE))
    assert ea.logged[1:] == [why]


def test_an_ea_that_removes_itself(program: Built, chart: Callable[..., EaHost]) -> None:
    ea = chart(InpWay=way(program, "WAY_REMOVE"))
    ticked(ea)
    assert ea.is_removed


def test_a_problem_of_the_host_comes_out_where_the_ea_was_called(
    program: Built, chart: Callable[..., EaHost], at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ea = chart(InpWay=way(program, "WAY_BUY"))

    def broken(_mode: int, _given: HostRequest, _result: HostResult) -> bool:
        raise OSError("no such server")

    monkeypatch.setattr(at.desk, "trade", broken)
    with pytest.raises(OSError, match="no such server"):
        ticked(ea)


# -- orders ------------------------------------------------------------------------------------------------------------


def test_an_order_and_its_transactions(program: Built, chart: Callable[..., EaHost], at: Place) -> None:
    at.feed.play()
    ea = chart(InpWay=way(program, "WAY_BUY"))
    assert carried_out(ea, at) == [
        "sent 10009 deal 1000002 error 0",
        "positions 1, in history yes",
        "end of tick",
        *FILLED,
        "TRADE_TRANSACTION_REQUEST a comment 10009 1",
        "trade",
    ]


def test_a_history_that_lags(program: Built, chart: Callable[..., EaHost], at: Place) -> None:
    at.feed.play()
    at.desk.history_lags = True
    told = carried_out(chart(InpWay=way(program, "WAY_BUY")), at)
    assert told[1] == "positions 1, in history no"
    assert at.desk.deals == at.terminal.deals


def test_an_order_without_waiting(program: Built, chart: Callable[..., EaHost], at: Place) -> None:
    at.feed.play()
    ea = chart(InpWay=way(program, "WAY_ASYNC"))
    assert carried_out(ea, at) == [
        "sent 10008 deal 0 error 0",
        "positions 0, in history no",
        "end of tick",
        *FILLED,
        "TRADE_TRANSACTION_REQUEST a comment 10009 1",
        "trade",
    ]


def test_an_order_that_is_refused(program: Built, chart: Callable[..., EaHost], at: Place) -> None:
    at.feed.play()
    told = carried_out(chart(InpWay=way(program, "WAY_BAD")), at)
    assert told[0] == f"refused {int(Retcode.INVALID_VOLUME)} deal 0 error 4756"
    assert told[-2:] == ["TRADE_TRANSACTION_REQUEST a comment 10014 1", "trade"]
    assert at.terminal.positions() == ()


def test_what_an_ea_asks_for_reaches_the_server_as_it_is(
    program: Built, chart: Callable[..., EaHost], at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    at.feed.play()
    seen: list[HostRequest] = []
    trade = at.desk.trade

    def kept(mode: int, given: HostRequest, result: HostResult) -> bool:
        seen.append(HostRequest.from_buffer_copy(given))
        return trade(mode, given, result)

    monkeypatch.setattr(at.desk, "trade", kept)
    ticked(chart(InpWay=way(program, "WAY_BUY")))
    position = at.terminal.positions()[0]
    assert (position.symbol, position.volume, position.magic, position.comment) == ("EURUSD", 0.1, 7, "a comment")
    assert (seen[0].price, seen[0].deviation, seen[0].type_filling) == (1.1002, 0, 0)


# -- building ----------------------------------------------------------------------------------------------------------


def test_a_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"Wrong\.mq5:3:\d+: error: .*Nothing"):
        built("\n\nint F(void) { return(Nothing()); }", tmp_path, "Wrong")


def test_a_handler_metatrader_would_never_call(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="OnTick has a signature that MetaTrader never calls"):
        built("void OnTick(int n) { }", tmp_path, "Wrong")


def test_nothing_is_built_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_MQL5_CACHE", str(tmp_path / "cache"))
    first = built("void OnTick(void) { }", tmp_path, "Twice")
    monkeypatch.setattr("sim.mql5.build._compile", lambda *_: pytest.fail("compiled again"))
    assert built("void OnTick(void) { }", tmp_path, "Twice") == first
    with pytest.raises(pytest.fail.Exception, match="compiled again"):
        built("void OnTick(void) { int other=1; Print(other); }", tmp_path, "Twice")


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from sim.mql5 import build as building

    building.compiler.cache_clear()
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    (tmp_path / "Ea.mq5").write_text("void OnTick(void) { }")
    try:
        with pytest.raises(BuildError, match=r"pip install 'mt5-companion\[mql5\]'"):
            build(tmp_path / "Ea.mq5", tmp_path)
    finally:
        building.compiler.cache_clear()


@pytest.mark.slow
@pytest.mark.timeout(1000)
def test_the_compiler_from_pypi_builds_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at: Place) -> None:
    """Its first run on a machine builds a C++ library, which takes minutes."""
    pytest.importorskip("ziglang")
    command = (sys.executable, "-m", "ziglang", "c++")
    monkeypatch.setattr("sim.mql5.build.compiler", lambda: command)
    program = built(SOURCE.read_text(encoding="utf-8"), tmp_path, "Chart")
    at.feed.play()
    ea = loaded(program, tmp_path, {"InpWay": way(program, "WAY_BUY"), "InpNumber": "0.25"}, at)
    ea.start()
    assert ea.logged == ["false 0.25 plain 2026.01.02 03:04:00 -1 1 0.5"]
    assert carried_out(ea, at)[3:] == [*FILLED, "TRADE_TRANSACTION_REQUEST a comment 10009 1", "trade"]
    ea.stop(1)
    for name, why in {"WAY_ZERO": "OnTick: zero divide", "WAY_ARRAY": "array out of range"}.items():
        doomed = loaded(program, tmp_path, {"InpWay": way(program, name)})
        with pytest.raises(EaFaultError, match=why):
            ticked(doomed)
