"""`initialize`, `login`, `shutdown`, and what the terminal says of itself and its account."""

import os
from typing import Any, Final

from sim.metatrader5.arguments import login_text, whole, words
from sim.metatrader5.charts import MAX_BARS
from sim.metatrader5.constants import ACCOUNT_STOPOUT_MODE_PERCENT
from sim.metatrader5.desk import DESK, builtin, call
from sim.metatrader5.failures import INVALID_COUNT, NOT_AUTHORIZED, CallError, invalid, invalid_unnamed
from sim.metatrader5.remote import Remote, address_of
from sim.metatrader5.station import Station
from sim.metatrader5.structs import AccountInfo, TerminalInfo, filled

BUILD: Final = 6090
"""Build of the terminals the JustMarkets facts were read from."""
_TERMINAL_VERSION: Final = 500
_BUILD_DATE: Final = "02 Aug 2026"
ADDRESS_VARIABLE: Final = "COMPANION_SIM"
"""Names the terminal of another process, for programs that call `initialize` without a path."""
_PERCENT: Final = 100.0
_LOGIN_PLACES: Final = 3

_LOGIN_KINDS: Final = {
    "login": whole,
    "server": login_text,
    "password": login_text,
    "timeout": whole,
    "path": words,
}


@call(failure=False, stays=True)
def initialize(*path: str, **named: Any) -> bool:  # noqa: ANN401 - the package's named arguments differ in type
    """`initialize([path], login=, password=, server=, timeout=, portable=)`: connect to the attached terminal.

    A path such as tcp://127.0.0.1:18812 is the terminal that `companion sim` runs there, and so is what the variable
    COMPANION_SIM names, where none is attached; without either a demonstration (`sim.metatrader5.demo`). A `login`
    other than the account's, or another `server`, is not authorized; any other path and any password will do.
    """
    if len(path) > 1:
        raise CallError(INVALID_COUNT)
    if path and not isinstance(path[0], str):
        raise CallError(invalid_unnamed(1))
    given = _named(named)
    DESK.hang_up()
    address = _address(path[0] if path else str(given.get("path", "")))
    if address is not None:
        return _connected_to(address, given)
    station = DESK.found()
    _authorize(station, given)
    DESK.connected = True
    return True


@call(failure=False)
def login(*unnamed: Any, **named: Any) -> bool:  # noqa: ANN401 - the package's arguments differ in type
    """`login(login, [password], [server], timeout=)`: check that the account is the attached terminal's."""
    if len(unnamed) > _LOGIN_PLACES:
        raise CallError(INVALID_COUNT)
    if not unnamed and "login" not in named:
        raise CallError(invalid("login"))
    kinds = (whole, login_text, login_text)
    values = [
        kind(value, invalid_unnamed(place))
        for place, (kind, value) in enumerate(zip(kinds, unnamed, strict=False), start=1)
    ]
    # the package's own documentation names them login, password, server
    given = dict(zip(("login", "password", "server"), values, strict=False)) | _named(named)
    _authorize(DESK.station(), given)
    return True


@call(stays=True)
def shutdown() -> bool:
    """End the connection; the terminal stays as it is."""
    DESK.hang_up()
    DESK.connected = False
    return True


@builtin
def last_error() -> tuple[int, str]:
    """Code and text of the last call's outcome."""
    code, text = DESK.error
    return code, text


@call(failure=(0, 0, ""))
def version() -> tuple[int, int, str]:
    """Terminal version, build and its date."""
    DESK.station()
    return _TERMINAL_VERSION, BUILD, _BUILD_DATE


@call()
def terminal_info() -> TerminalInfo | None:
    """The terminal's state; paths are empty, for there is no installation."""
    terminal = DESK.station().terminal
    return filled(
        TerminalInfo,
        connected=terminal.connected,
        trade_allowed=terminal.autotrading,
        build=BUILD,
        maxbars=MAX_BARS,
        company="Companion",
        name="Companion simulated terminal",
        language="English",
    )


@call()
def account_info() -> AccountInfo | None:
    """The account and its money at the latest quotes."""
    terminal = DESK.station().terminal
    account, profile = terminal.account(), terminal.profile
    return filled(
        AccountInfo,
        login=account.login,
        trade_mode=int(account.trade_mode),
        leverage=account.leverage,
        limit_orders=profile.limit_orders,
        margin_so_mode=ACCOUNT_STOPOUT_MODE_PERCENT,
        trade_allowed=True,
        trade_expert=True,
        margin_mode=int(account.margin_mode),
        currency_digits=account.currency_digits,
        balance=account.balance,
        credit=account.credit,
        profit=round(account.equity - account.balance - account.credit, account.currency_digits),
        equity=account.equity,
        margin=account.margin,
        margin_free=account.margin_free,
        margin_level=account.equity / account.margin * _PERCENT if account.margin else 0.0,
        margin_so_call=profile.margin_call_fraction * _PERCENT,
        margin_so_so=profile.stop_out_fraction * _PERCENT,
        name="Simulated account",
        server=account.server,
        currency=account.currency,
        company="Companion",
    )


def _address(path: str) -> tuple[str, int] | None:
    """Where another process has the terminal; None where it is this one."""
    named = "" if DESK.registered is not None else os.environ.get(ADDRESS_VARIABLE, "")
    return address_of(path) or address_of(named)


def _connected_to(address: tuple[str, int], given: dict[str, Any]) -> bool:
    DESK.connected = False
    DESK.remote = Remote(address)
    wanted = {name: value for name, value in given.items() if name in ("login", "server")}
    if DESK.asked("authorize", (), wanted) is True:
        return True
    failure = DESK.error
    DESK.hang_up()
    raise CallError(failure)


def _named(named: dict[str, Any]) -> dict[str, Any]:
    """The named arguments that the package looks at, checked in its order; others are passed over."""
    return {name: kind(named[name], invalid(name)) for name, kind in _LOGIN_KINDS.items() if name in named}


def _authorize(station: Station, given: dict[str, Any]) -> None:
    """A login of 0 and an empty server are none given: so wrappers of others call, and get the terminal's own."""
    profile = station.terminal.profile
    login_given, server_given = given.get("login") or profile.login, given.get("server") or profile.server
    if (login_given, server_given) != (profile.login, profile.server):
        raise CallError(NOT_AUTHORIZED)
