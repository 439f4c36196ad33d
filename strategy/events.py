"""What the engine is told. Nothing else reaches it: same events, same decisions."""

from collections.abc import Sequence

import msgspec

from account.events import AccountEvent
from domain.timeframes import Timeframe
from domain.updates import Money
from newsfilter.board import NewsBoard
from strategy.tables import Table


class AccountChanged(msgspec.Struct, frozen=True, eq=False):
    """Facts about the account, in their order; they are in the journal already.

    `more`: what comes of them follows at once, and nothing is asked of the engine before.
    """

    events: Sequence[AccountEvent]
    more: bool = False


class WarmUp(msgspec.Struct, frozen=True, eq=False):
    """History of one chart, oldest first (RATES_DTYPE), as MT5's CopyRates gives it from position 0.

    So the last row is the newest bar, which is not closed before a tick of a later one comes.
    """

    symbol: str
    timeframe: Timeframe
    bars: Table


class Quotes(msgspec.Struct, frozen=True, eq=False):
    """Ticks of one symbol (TICK_DTYPE, oldest first) and, where the terminal told it, its money after the last one."""

    symbol: str
    ticks: Table
    server_offset_s: int
    money: Money | None = None


class NewsChanged(msgspec.Struct, frozen=True, eq=False):
    """What is known of the calendar from now on. An engine that was never told judges nothing by news."""

    board: NewsBoard


EngineEvent = AccountChanged | WarmUp | Quotes | NewsChanged
