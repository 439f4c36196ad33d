"""The journal's schema, one step at a time. A published step is never edited; a change is a new step at the end.

Only `event` and `meta` hold anything. All else are views for people, computed when they are asked for, so that writing
never waits for them.
"""

from typing import Final, NamedTuple


class Migration(NamedTuple):
    """One step: the schema `version` it leads to, and the statements that take it there."""

    version: int
    purpose: str
    statements: tuple[str, ...]


def _columns(**paths: str) -> str:
    return ", ".join(f"json_extract(body, '$.{path}') AS {name}" for name, path in paths.items())


def _same(prefix: str, *names: str) -> dict[str, str]:
    return {name: f"{prefix}{name}" for name in names}


_UTC: Final = "strftime('%Y-%m-%d %H:%M:%f', time_ns / 1e9, 'unixepoch') AS utc"
_HEAD: Final = f"seq, {_UTC}, terminal"


def _view(name: str, kinds: str, columns: str) -> str:
    return (
        f"CREATE VIEW {name} AS SELECT {_HEAD}, {columns}"  # noqa: S608 - every part is a constant of this file
        f" FROM event WHERE kind IN ({kinds}) ORDER BY seq"
    )


_DEALS: Final = _view(
    "deals",
    "'deal_booked'",
    _columns(
        **_same("deal.", "deal_ticket", "order_ticket", "position_id", "symbol", "type", "entry", "reason", "magic"),
        **_same("deal.", "volume", "price", "profit", "swap", "commission", "fee", "time_msc", "comment"),
        in_balance="in_balance",
    ),
)
_INTENTS: Final = _view(
    "intents",
    "'intent_issued'",
    _columns(
        **_same("intent.", "intent_id", "kind", "symbol", "side", "volume", "price", "sl", "tp", "position_ticket"),
        **_same("intent.", "order_ticket", "magic", "signal_id", "decided_ns", "expires_ns"),
    ),
)
_INTENT_STEPS: Final = _view(
    "intent_steps",
    "'intent_issued', 'intent_sent', 'intent_reported', 'intent_ended'",
    "coalesce(json_extract(body, '$.intent.intent_id'), json_extract(body, '$.result.intent_id'),"
    " json_extract(body, '$.intent_id')) AS intent_id, kind AS step, "
    + _columns(
        attempt="attempt",
        **_same("result.", "phase", "retcode", "order_ticket", "deal_ticket", "position_ticket", "volume", "price"),
        text="result.text",
        state="state",
        reason="reason",
    ),
)
_POSITION_CHANGES: Final = _view(
    "position_changes",
    "'position_seen', 'position_gone'",
    "coalesce(json_extract(body, '$.position.position_ticket'), json_extract(body, '$.position_ticket'))"
    " AS position_ticket, kind = 'position_gone' AS gone, "
    + _columns(
        **_same("position.", "position_id", "symbol", "type", "magic", "volume", "price_open", "sl", "tp", "swap"),
        **_same("position.", "time_msc", "comment"),
    ),
)
_POSITIONS: Final = (
    "CREATE VIEW positions AS SELECT * FROM position_changes AS change WHERE NOT gone AND seq = (SELECT max(seq)"
    " FROM position_changes WHERE terminal = change.terminal AND position_ticket = change.position_ticket)"
)
_FLAGS: Final = _view("flags", "'flagged'", _columns(**_same("", "kind", "subject", "detail")))
_EQUITY: Final = _view(
    "equity", "'equity_marked', 'account_seen'", _columns(**_same("", "equity", "balance", "credit", "margin"))
)
_SESSIONS: Final = _view(
    "sessions",
    "'session_opened', 'reconciled'",
    "kind AS step, "
    + _columns(
        **_same("", "session", "login", "server", "terminal_id", "currency", "leverage", "trade_allowed"),
        **_same("", "server_offset_s", "magic", "adopted", "resolved", "flagged"),
    ),
)

_EVENT: Final = (
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, terminal TEXT NOT NULL,"
    " kind TEXT NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL)"
)
_META: Final = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"

MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration(1, "the events, each chained to the one before", (_EVENT, _META)),
    Migration(
        2,
        "views for people",
        (_DEALS, _INTENTS, _INTENT_STEPS, _POSITION_CHANGES, _POSITIONS, _FLAGS, _EQUITY, _SESSIONS),
    ),
)
SCHEMA_VERSION: Final = MIGRATIONS[-1].version
"""The newest schema this version writes and reads."""
