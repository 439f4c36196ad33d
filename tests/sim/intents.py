"""Intents as the decision core makes them."""

import msgspec

from domain.intents import Intent, IntentKind
from domain.servertime import NS_PER_MS, utc_ns_from_server_msc
from tests.sim.venues import MAGIC, MONDAY_MSC

VALID_NS = 3_000 * NS_PER_MS
NEVER_NS = 4_000_000_000_000_000_000  # in 2096

OPEN = Intent(
    intent_id=0x1234,
    kind=IntentKind.OPEN,
    symbol="EURUSD",
    side=1,
    volume=0.1,
    price=1.1002,
    sl=1.09,
    tp=1.12,
    position_ticket=0,
    order_ticket=0,
    magic=MAGIC,
    deviation_points=20,
    signal_id=1,
    decided_ns=utc_ns_from_server_msc(MONDAY_MSC, 0),
    expires_ns=utc_ns_from_server_msc(MONDAY_MSC, 0) + VALID_NS,
)


def intent(kind: IntentKind = IntentKind.OPEN, **changes: object) -> Intent:
    """An intent; what is not changed is an order to buy 0.1 lots."""
    return msgspec.structs.replace(OPEN, kind=kind, **changes)


def on(position_ticket: int, kind: IntentKind, *, side: int = 0, volume: float = 0.0, **changes: object) -> Intent:
    """An intent about an open position."""
    fields: dict[str, object] = {"side": side, "volume": volume, "sl": 0.0, "tp": 0.0} | changes
    return intent(kind, intent_id=0x5000 + int(kind), position_ticket=position_ticket, **fields)
