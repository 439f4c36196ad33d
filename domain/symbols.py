"""A symbol's specification as MT5 reports it (`SymbolInfo*`), checked once at the edge.

Nothing here is assumed about a broker's names: suffixes (.m, .s, .ecn, ...) are part of the symbol.
"""

import math
from collections.abc import Sequence
from enum import IntEnum, IntFlag
from typing import Final

import msgspec

from domain.timeframes import DAY_S, WEEK_S

MAX_SESSIONS: Final = 16
SYMBOL_NAME_LIMIT: Final = 31


class CalcMode(IntEnum):
    """`SYMBOL_CALC_MODE_*`: which formulas give profit and margin."""

    FOREX = 0
    FUTURES = 1
    CFD = 2
    CFDINDEX = 3
    CFDLEVERAGE = 4
    FOREX_NO_LEVERAGE = 5
    EXCH_STOCKS = 32
    EXCH_FUTURES = 33
    EXCH_FUTURES_FORTS = 34
    EXCH_OPTIONS = 35
    EXCH_OPTIONS_MARGIN = 36
    EXCH_BONDS = 37
    EXCH_STOCKS_MOEX = 38
    EXCH_BONDS_MOEX = 39
    SERV_COLLATERAL = 64


class SymbolTradeMode(IntEnum):
    """`SYMBOL_TRADE_MODE_*`."""

    DISABLED = 0
    LONGONLY = 1
    SHORTONLY = 2
    CLOSEONLY = 3
    FULL = 4


class ExecutionMode(IntEnum):
    """`SYMBOL_TRADE_EXECUTION_*`."""

    REQUEST = 0
    INSTANT = 1
    MARKET = 2
    EXCHANGE = 3


class FillingFlag(IntFlag):
    """`SYMBOL_FILLING_*` bits; RETURN has no bit and is prohibited for MARKET execution."""

    NONE = 0
    FOK = 1
    IOC = 2
    BOC = 4


class SwapMode(IntEnum):
    """`SYMBOL_SWAP_MODE_*`."""

    DISABLED = 0
    POINTS = 1
    CURRENCY_SYMBOL = 2
    CURRENCY_MARGIN = 3
    CURRENCY_DEPOSIT = 4
    INTEREST_CURRENT = 5
    INTEREST_OPEN = 6
    REOPEN_CURRENT = 7
    REOPEN_BID = 8


class SymbolSpecError(ValueError):
    """A specification that cannot be traded on; names the symbol, the field and the remedy."""

    def __init__(self, symbol: str, field: str, problem: str) -> None:
        super().__init__(f"symbol {symbol!r}: {field} {problem}")
        self.symbol = symbol
        self.field = field


class SymbolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One tradable symbol.

    `point` = 10**-digits; `tick_size` can differ. `tick_value*` is money of the account's currency per tick and lot.
    Volumes are in lots; levels are in points; `sessions` are half-open trade sessions [s since Sunday 00:00 on the
    broker's clock]; `volume_limit` 0 means none; `margin_rate_*` multiply the margin formula.

    Raises:
        SymbolSpecError: where a field makes sizing or pricing impossible.
    """

    name: str
    digits: int
    point: float
    tick_size: float
    tick_value: float
    tick_value_profit: float
    tick_value_loss: float
    contract_size: float
    volume_min: float
    volume_max: float
    volume_step: float
    volume_limit: float = 0.0
    stops_level_points: int = 0
    freeze_level_points: int = 0
    calc_mode: CalcMode = CalcMode.FOREX
    trade_mode: SymbolTradeMode = SymbolTradeMode.FULL
    execution_mode: ExecutionMode = ExecutionMode.MARKET
    filling_flags: FillingFlag = FillingFlag.FOK
    swap_mode: SwapMode = SwapMode.POINTS
    swap_long: float = 0.0
    swap_short: float = 0.0
    swap_rollover3days: int = 3
    currency_base: str
    currency_profit: str
    currency_margin: str
    margin_initial: float = 0.0
    margin_maintenance: float = 0.0
    margin_hedged: float = 0.0
    margin_rate_buy: float = 1.0
    margin_rate_sell: float = 1.0
    sessions: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no formula can work with."""
        self._check(0 < len(self.name) <= SYMBOL_NAME_LIMIT, "name", f"must have 1 to {SYMBOL_NAME_LIMIT} characters")
        self._check(0 <= self.digits <= 8, "digits", f"is {self.digits}; MT5 gives 0 to 8")  # noqa: PLR2004 - MT5's own limit
        self._check(math.isclose(self.point, 10.0**-self.digits, rel_tol=1e-9), "point", "must be 10**-digits")
        for field in ("tick_size", "tick_value", "contract_size", "volume_min", "volume_max", "volume_step"):
            self._check_positive(field)
        self._check(self.volume_min <= self.volume_max, "volume_min", "is above volume_max")
        for field in ("stops_level_points", "freeze_level_points", "volume_limit", "margin_initial", "margin_hedged"):
            self._check(getattr(self, field) >= 0, field, "must not be negative")
        for field in ("margin_rate_buy", "margin_rate_sell"):
            self._check(
                math.isfinite(getattr(self, field)) and getattr(self, field) >= 0, field, "must be finite, >= 0"
            )
        self._check_sessions()

    def _check(self, holds: bool, field: str, problem: str) -> None:  # noqa: FBT001 - the condition is the point of it
        if not holds:
            raise SymbolSpecError(self.name, field, problem)

    def _check_positive(self, field: str) -> None:
        value = getattr(self, field)
        remedy = "must be positive; select the symbol in Market Watch and wait for its first quote"
        self._check(math.isfinite(value) and value > 0, field, f"is {value}; {remedy}")

    def _check_sessions(self) -> None:
        self._check(len(self.sessions) <= MAX_SESSIONS, "sessions", f"are {len(self.sessions)}; at most {MAX_SESSIONS}")
        for opens, closes in self.sessions:
            self._check(
                0 <= opens < closes <= WEEK_S,
                "sessions",
                f"hold ({opens}, {closes}); want 0 <= start < end <= {WEEK_S}",
            )

    def in_session(self, server_s: int) -> bool:
        """Whether the broker's clock `server_s` [s] lies in a trade session; a symbol without any is always open."""
        second = (server_s + 4 * 86_400) % WEEK_S  # 1970-01-01 was a Thursday, MT5's week starts on Sunday
        return not self.sessions or any(opens <= second < closes for opens, closes in self.sessions)


def week_end_s(sessions: Sequence[tuple[int, int]]) -> int:
    """Where the week's last session ends [s since Sunday 00:00, broker's clock]; -1 where trading pauses for no day.

    That is the session which the longest pause follows, so that no broker's idea of a week is assumed.
    """
    joined = joined_sessions(sessions)
    longest, end = DAY_S, -1
    for index, (_, closes) in enumerate(joined):
        following = joined[index + 1][0] if index + 1 < len(joined) else joined[0][0] + WEEK_S
        if following - closes > longest:
            longest, end = following - closes, closes % WEEK_S
    return end


def joined_sessions(sessions: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sessions in order, those that touch made one: MT5 lists every day by itself, and midnight is no close.

    One that goes on over the end of the week ends beyond it [s since Sunday 00:00, broker's clock].
    """
    joined: list[tuple[int, int]] = []
    for opens, closes in sorted(sessions):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    if joined and joined[-1][1] == WEEK_S and joined[0][0] == 0:
        joined[-1] = (joined[-1][0], WEEK_S + min(joined[0][1], WEEK_S))
    return tuple(joined)
