"""What cannot be reached is told with the package's own words, and with what to do."""

import ctypes

import msgspec
import pytest

from advisor.terminal import TerminalLostError
from bridge.poller.link import Link, NoTerminalError, PackageError, Start
from bridge.poller.specs import SymbolsError, chosen_symbols
from tests.bridge.poller.world import Failing, World
from tests.sim.venues import EURUSD, ticks_of


class Package(Failing):
    """Refuses to initialize, with a code; keeps what it was asked."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(initialize=self._initialize, last_error=lambda: (code, text))
        self.asked: list[object] = []

    def _initialize(self, *path: str, **named: object) -> bool:
        self.asked = [path, named]
        return False


@pytest.mark.parametrize(
    ("code", "text", "remedy"),
    [
        (-10003, "IPC initialize failed, MetaTrader 5 x64 not found", "COMPANION_POLLER__TERMINAL_PATH"),
        (-10005, "IPC timeout", "log in by hand once"),
        (-6, "Terminal: Authorization failed", "COMPANION_POLLER__LOGIN"),
        (-8, "Auto-Trading using Python API disabled in Terminal", "Tools > Options > Expert Advisors"),
        (-10000, "internal fail", "start MetaTrader 5"),
    ],
)
def test_every_way_to_have_no_terminal_has_a_remedy(code: int, text: str, remedy: str) -> None:
    with pytest.raises(NoTerminalError) as told:
        Link(Package(code, text)).open()
    assert str(told.value) == f"no MetaTrader 5 terminal: {code} {text}"
    assert remedy in told.value.remedy


def test_a_login_is_asked_for_only_where_one_is_named() -> None:
    package = Package(-1, "")
    with pytest.raises(NoTerminalError):
        Link(package).open()
    assert package.asked == [(), {"timeout": 60_000}]
    start = Start(path="C:\\terminal64.exe", login=5, password="p", server="S", timeout_ms=1)
    with pytest.raises(NoTerminalError):
        Link(package, start).open()
    assert package.asked == [("C:\\terminal64.exe",), {"timeout": 1, "login": 5, "password": "p", "server": "S"}]
    assert "password" not in repr(start)


@pytest.mark.parametrize(
    ("code", "kind"), [(-10004, TerminalLostError), (-10001, TerminalLostError), (-1, PackageError), (-4, PackageError)]
)
def test_a_terminal_that_is_gone_is_told_from_a_call_that_fails(code: int, kind: type[Exception]) -> None:
    package = Failing(account_info=lambda: None, last_error=lambda: (code, "words"))
    link = World().link(package)
    with pytest.raises(kind, match=f"account_info .*{code} words"):
        link.asked("account_info")


def test_symbols_are_found_by_their_base_names_and_shown() -> None:
    names = ("EURUSD.m", "USDJPY.m")
    specs = tuple(msgspec.structs.replace(EURUSD, name=name) for name in names)
    world = World({name: ticks_of([(1.1, 1.2)]) for name in names}, specs)
    assert chosen_symbols(world.link(), ("USDJPY", "EURUSD", "NOSUCH", "EURUSD.m")) == ("USDJPY.m", "EURUSD.m")
    with pytest.raises(SymbolsError, match="none of NOSUCH, US30; set COMPANION_SYMBOLS"):
        chosen_symbols(world.link(), ("NOSUCH", "US30"))
    package = Failing(symbol_select=lambda *_: False, last_error=lambda: (-1, "Terminal: Call failed"))
    with pytest.raises(SymbolsError, match=r"EURUSD\.m cannot be shown in Market Watch: -1"):
        chosen_symbols(world.link(package), ("EURUSD",))


def test_a_call_without_named_arguments_has_none_for_c_either() -> None:
    """The package takes an empty dictionary of them for named arguments, and refuses a request beside it (seen: -2)."""
    told: list[bool] = []
    kind = ctypes.CFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)

    def answer(_self: object, _arguments: object, named: int | None) -> str:
        told.append(named is not None)
        return "answered"

    class Definition(ctypes.Structure):
        """PyMethodDef."""

        _fields_ = (("name", ctypes.c_char_p), ("call", kind), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p))

    definition = Definition(b"order_send", kind(answer), 0x0001 | 0x0002, None)  # METH_VARARGS | METH_KEYWORDS
    made = ctypes.pythonapi.PyCFunction_NewEx
    made.restype = ctypes.py_object
    made.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    link = World().link(Failing(order_send=made(ctypes.addressof(definition), None, None)))
    assert link.tried("order_send", {}) == "answered"
    assert link.tried("order_send", symbol="EURUSD") == "answered"
    assert told == [False, True]
