"""What a person's order means for an account: the event to journal, or why there is none."""

import math
from typing import Final

from account.events import AccountEvent, Halted, OverrideKind, OverrideLifted, OverrideSet, Resumed
from account.state import AccountState
from domain.servertime import NS_PER_S
from strategy.naming import broker_symbol
from strategy.overrides import OverrideError, checked_limit, limit_names
from strategy.params import EngineSettings
from wire.control import ClearLimit, Halt, Order, Pause, Resume, SetLimit

_LONGEST_TEXT: Final = 200
_LONGEST_S: Final = 366 * 86_400.0


class OrderRefusedError(ValueError):
    """An order that cannot be carried out: the problem, and a remedy."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.remedy = remedy


def event_of(order: Order, account: AccountState, settings: EngineSettings, time_ns: int) -> AccountEvent | None:
    """The event that carries `order` out at `time_ns` [UTC ns]; None for one that only asks.

    Raises:
        OrderRefusedError: for what cannot be imposed; names range and remedy.
    """
    _check_texts(order)
    who = {"reason": order.reason, "author": order.author}
    match order:
        case Pause():
            symbol = _symbol(order.symbol, account)
            expires_ns = _expiry(order.valid_s, time_ns)
            pause = {"kind": OverrideKind.PAUSE, "name": "", "symbol": symbol, "value": 0.0, "expires_ns": expires_ns}
            return OverrideSet(time_ns=time_ns, **pause, **who)  # type: ignore[arg-type]  # one of each kind
        case SetLimit():
            symbol = _symbol(order.symbol, account)
            try:
                value = checked_limit(settings, order.name, symbol, order.value)
            except OverrideError as refused:
                raise OrderRefusedError(str(refused), "`companion risk show` lists what holds now") from None
            return OverrideSet(
                time_ns=time_ns,
                kind=OverrideKind.LIMIT,
                name=order.name,
                symbol=symbol,
                value=value,
                expires_ns=_expiry(order.valid_s, time_ns),
                **who,
            )
        case ClearLimit():
            return _lifted(order, account, time_ns)
        case Resume():
            return Resumed(time_ns=time_ns, symbol=_symbol(order.symbol, account), **who)
        case Halt():
            return Halted(time_ns=time_ns, **who)
        case _:
            return None


def _lifted(order: ClearLimit, account: AccountState, time_ns: int) -> OverrideLifted:
    symbol = _symbol(order.symbol, account)
    if order.name not in limit_names():
        raise OrderRefusedError(f"{order.name}: is no limit that can be set", f"there are {', '.join(limit_names())}")
    return OverrideLifted(
        time_ns=time_ns,
        kind=OverrideKind.LIMIT,
        name=order.name,
        symbol=symbol,
        reason=order.reason,
        author=order.author,
    )


def _check_texts(order: Order) -> None:
    for name in ("reason", "author"):
        text = getattr(order, name)
        if len(text) > _LONGEST_TEXT:
            raise OrderRefusedError(f"{name} has {len(text)} characters; at most {_LONGEST_TEXT}", "say it shorter")


def _symbol(wanted: str, account: AccountState) -> str:
    if not wanted:
        return ""
    found = broker_symbol(wanted, account.specs)
    if found is None:
        raise OrderRefusedError(f"symbol {wanted} is not offered by this account", "use the broker's name, or none")
    return found


def _expiry(valid_s: float, time_ns: int) -> int:
    if not (math.isfinite(valid_s) and 0.0 <= valid_s <= _LONGEST_S):
        raise OrderRefusedError(f"validity of {valid_s:g} s is out of range", "0 (for good) up to a year")
    return time_ns + round(valid_s * NS_PER_S) if valid_s else 0


def chosen(keys: list[str], wanted: str) -> str:
    """The account that is meant: by its login or its whole key, or the only one.

    Raises:
        OrderRefusedError: for none or more than one.
    """
    found = [key for key in keys if wanted in ("", key, key.rpartition(":")[2])]
    if len(found) == 1:
        return found[0]
    known = ", ".join(keys) or "none; let a terminal connect first"
    which = f"no account {wanted}" if wanted and not found else f"{len(found)} accounts"
    raise OrderRefusedError(f"{which}; name one with --terminal", f"known: {known}")
