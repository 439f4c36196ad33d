"""The connection to a terminal through the `MetaTrader5` package: begun, ended, and every call's failure an error."""

from typing import Any, Final

import msgspec

from advisor.terminal import TerminalLostError
from bridge.poller.package import Package

INVALID_PARAMS: Final = -2
NOT_AUTHORIZED: Final = -6
DISABLED: Final = -8
_LOST_FROM: Final = -10_000
"""This code and those below it: the package and the terminal do not reach each other."""

_REMEDIES: Final = {
    NOT_AUTHORIZED: "check COMPANION_POLLER__LOGIN, __PASSWORD and __SERVER; or log in by hand and leave them out",
    DISABLED: "in MetaTrader, Tools > Options > Expert Advisors: allow algorithmic trading, also by the Python API",
    -10_003: "start MetaTrader 5 and log in, or name its terminal64.exe in COMPANION_POLLER__TERMINAL_PATH",
    -10_005: "the terminal did not answer in time; its first start after an update takes minutes: log in by hand once",
}
_REMEDY: Final = "start MetaTrader 5 on this machine and log in to the account"


class PackageError(TerminalLostError):
    """A call that failed although the terminal is there; to who cannot do without the answer it is as good as gone."""

    def __init__(self, function: str, code: int, text: str) -> None:
        super().__init__(f"MetaTrader5.{function} failed: {code} {text}")
        self.code = code
        self.text = text


class NoTerminalError(TerminalLostError):
    """`initialize` found no terminal, or was not let in; says what to do."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"no MetaTrader 5 terminal: {code} {text}")
        self.code = code
        self.remedy = _REMEDIES.get(code, _REMEDY)


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Which terminal `initialize` is asked for; empty and 0: whichever runs, with the account it has."""

    path: str = ""
    login: int = 0
    password: str = ""
    server: str = ""
    timeout_ms: int = 60_000

    def __repr__(self) -> str:
        """Without the password."""
        return f"Start(path={self.path!r}, login={self.login}, server={self.server!r})"


class Link:
    """Calls functions of `package`, and tells a terminal that is gone from a call that cannot be."""

    def __init__(self, package: Package, start: Start | None = None) -> None:
        self._package = package
        self._start = start or Start()

    def open(self) -> None:
        """Connect.

        Raises:
            NoTerminalError: where that fails.
        """
        start = self._start
        named: dict[str, Any] = {"timeout": start.timeout_ms}
        if start.login:
            named |= {"login": start.login, "password": start.password, "server": start.server}
        if not self._package.initialize(*([start.path] if start.path else []), **named):
            raise NoTerminalError(*self.last_error())

    def close(self) -> None:
        """End the connection; the terminal goes on."""
        self._package.shutdown()

    def last_error(self) -> tuple[int, str]:
        """Code and text of the last call's outcome."""
        code, text = self._package.last_error()
        return int(code), str(text)

    def asked(self, function: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the package returns
        """What `function` of the package answers.

        Raises:
            TerminalLostError: the terminal is gone.
            PackageError: any other failure.
        """
        answer = self.tried(function, *arguments, **named)
        if answer is None:
            raise self.failure(function)
        return answer

    def tried(self, function: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the package returns
        """The same; None where it fails, for a caller for whom the failure is an answer."""
        called = getattr(self._package, function)
        # to the package's C code `**{}` is a named argument: order_send(request, **{}) is refused, -2
        return called(*arguments, **named) if named else called(*arguments)

    def failure(self, function: str) -> TerminalLostError | PackageError:
        """What the last failure of `function` means."""
        code, text = self.last_error()
        if code <= _LOST_FROM:
            return TerminalLostError(f"the terminal is gone: MetaTrader5.{function} says {code} {text}")
        return PackageError(function, code, text)
