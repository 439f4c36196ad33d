"""What the terminal says beside a return code, in the `comment` of an answer."""

from typing import Final

from domain.retcodes import Retcode

_WORDS: Final = {
    Retcode.REQUOTE: "Requote",
    Retcode.REJECT: "Request rejected",
    Retcode.PLACED: "Request placed",
    Retcode.DONE: "Request executed",
    Retcode.DONE_PARTIAL: "Request executed partially",
    Retcode.TIMEOUT: "Request timed out",
    Retcode.INVALID: "Invalid request",
    Retcode.INVALID_VOLUME: "Invalid volume",
    Retcode.INVALID_PRICE: "Invalid price",
    Retcode.INVALID_STOPS: "Invalid stops",
    Retcode.TRADE_DISABLED: "Trade disabled",
    Retcode.MARKET_CLOSED: "Market closed",
    Retcode.NO_MONEY: "No money",
    Retcode.PRICE_OFF: "No prices",
    Retcode.NO_CHANGES: "No changes",
    Retcode.CLIENT_DISABLES_AT: "AutoTrading disabled by client",
    Retcode.SERVER_DISABLES_AT: "AutoTrading disabled by server",
    Retcode.INVALID_FILL: "Unsupported filling mode",
    Retcode.CONNECTION: "No connection",
    Retcode.POSITION_CLOSED: "Position doesn't exist",
}

CHECKED: Final = "Done"
"""Of an order that `order_check` finds good; its return code is 0."""


def words_of(retcode: int) -> str:
    """The comment that goes with `retcode`."""
    known = Retcode(retcode)
    return _WORDS.get(known, known.name.replace("_", " ").capitalize())
