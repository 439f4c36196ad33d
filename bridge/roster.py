"""Who is connected, and for which account: admission, duplicates, strangers."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from bridge.config import BridgeConfig
from bridge.desk import Desk
from bridge.trader import Trader, account_key
from domain.trading import AccountTradeMode
from wire.enums import ByeReason, ErrorCode
from wire.messages import Hello

_IGNORED_NS: Final = 1_000_000_000
_IGNORED_PEERS: Final = 4096
_STRANGERS: Final = 64


class Roster:
    """Desks by the socket's name of their peer, traders by account."""

    def __init__(self, config: BridgeConfig, nonce: Callable[[], bytes], load: Callable[[str], Trader]) -> None:
        self.traders: dict[str, Trader] = {}
        self.sessions = 0
        self.refusals: dict[str, int] = {}
        self._config = config
        self._nonce = nonce
        self._load = load
        self._desks: dict[bytes, Desk] = {}
        self._holders: dict[str, bytes] = {}
        self._ignored: OrderedDict[bytes, int] = OrderedDict()

    def __iter__(self) -> Iterator[tuple[bytes, Desk]]:
        """All connections; may be changed while they are walked through."""
        return iter(tuple(self._desks.items()))

    def desk_of(self, peer: bytes) -> Desk | None:
        """The desk of a peer that is connected."""
        return self._desks.get(peer)

    def desk_for(self, account: str) -> Desk | None:
        """The desk that trades for an account."""
        peer = self._holders.get(account)
        return self._desks.get(peer) if peer is not None else None

    def greet(self, peer: bytes, now_ns: int) -> Desk | None:
        """A desk for a new peer; None for one that was just sent away, or when too many strangers wait."""
        until_ns = self._ignored.get(peer)
        if until_ns is not None and now_ns < until_ns:
            return None
        waiting = len(self._desks) - len(self._holders)
        if waiting >= _STRANGERS or len(self._desks) >= self._config.max_terminals + _STRANGERS:
            self.count("too many connections")
            return None
        desk = Desk(self._config.secret, self._nonce(), self._config.rules, now_ns)
        self._desks[peer] = desk
        return desk

    def admit(self, peer: bytes, desk: Desk, now_ns: int, utc_ns: int) -> bytes | None:
        """Let a terminal in that has proven itself, or send it away; the peer it takes over from, if there is one."""
        hello = desk.session.hello
        if hello is None:
            raise RuntimeError("a terminal wants to be let in that has not said hello; the session let it pass")
        key = account_key(hello.server, hello.login)
        code, refusal = self._refusal(hello, key)
        if refusal:
            desk.turn_away(code, refusal, now_ns, utc_ns)
            return None
        former_peer = self._holders.get(key)
        former = self.desk_for(key)
        if former is not None:
            former.leave(ByeReason.REMOVED, "this terminal has connected anew", now_ns, utc_ns)
        desk.admit(self.trader(key), now_ns, utc_ns)
        if desk.dealing is not None:
            self._holders[key] = peer
            self.sessions += 1
        return former_peer

    def trader(self, key: str) -> Trader:
        """The trader of an account; rebuilt from the journal where there is none."""
        trader = self.traders.get(key)
        if trader is None:
            trader = self.traders[key] = self._load(key)
        return trader

    def _refusal(self, hello: Hello, key: str) -> tuple[ErrorCode, str]:
        config = self._config
        if config.allowed_logins and hello.login not in config.allowed_logins:
            return ErrorCode.REFUSED, f"login {hello.login} is not among the logins that may be traded here"
        if hello.trade_mode == AccountTradeMode.REAL and not config.allow_real:
            return ErrorCode.REFUSED, "a real account; allow real accounts in the settings to trade it"
        former = self.desk_for(key)
        told = former.session.hello if former is not None else None
        if told is not None and told.terminal_id != hello.terminal_id:
            return ErrorCode.DUPLICATE_LOGIN, f"login {hello.login} trades in another terminal; stop that one first"
        if former is None and len(self._holders) >= config.max_terminals:
            return ErrorCode.REFUSED, f"{config.max_terminals} terminals are connected; no more are allowed"
        return ErrorCode.REFUSED, ""

    def forget(self, peer: bytes, now_ns: int) -> None:
        """A connection is over; its peer is not listened to for a while, unless it connects anew."""
        desk = self._desks.pop(peer, None)
        if desk is None:
            return
        if desk.dealing is not None and self._holders.get(desk.dealing.trader.key) == peer:
            del self._holders[desk.dealing.trader.key]
        self._ignored[peer] = now_ns + _IGNORED_NS
        if len(self._ignored) > _IGNORED_PEERS:
            self._ignored.popitem(last=False)

    def count_refusal(self, desk: Desk) -> None:
        """Count why a session failed."""
        for kind in ("protocol", "refused"):
            if kind in desk.alerts:
                self.count(desk.alerts[kind].partition(":")[0] if kind == "protocol" else "REFUSED")

    def count(self, reason: str) -> None:
        """Count a refusal."""
        self.refusals[reason] = self.refusals.get(reason, 0) + 1
