"""Numbers that stand for accounts in the capture, and the entries that say which is which."""

import msgspec

from bridge.desk import Desk
from bridge.records import STRANGER


class TerminalInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who a terminal number is from here on: what is needed to read its frames (`symbols`) and decisions (`names`)."""

    account: str
    terminal_id: str
    session: int
    symbols: tuple[str, ...]
    names: tuple[str, ...]


class Introductions:
    """Gives each account a number, and notices when there is something new to say about it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._told: dict[int, tuple[int, tuple[str, ...], tuple[str, ...]]] = {}

    def number_of(self, desk: Desk) -> int:
        """Terminal number of a desk; STRANGER before it is let in."""
        if desk.dealing is None:
            return STRANGER
        return self._numbers.setdefault(desk.dealing.trader.key, len(self._numbers) + 1)

    def news(self, number: int, desk: Desk) -> bytes | None:
        """What has to be said about the terminal, as JSON; None where all was said."""
        if desk.dealing is None:
            return None
        trader, session = desk.dealing.trader, desk.session
        facts = session.session, session.symbols, trader.engine.symbol_names
        if self._told.get(number) == facts:
            return None
        self._told[number] = facts
        info = TerminalInfo(
            account=trader.key,
            terminal_id=trader.account.terminal_id,
            session=session.session,
            symbols=session.symbols,
            names=trader.engine.symbol_names,
        )
        return msgspec.json.encode(info)
