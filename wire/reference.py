"""The tables of `docs/wire-protocol.md`: offsets, numbers and states, written from the declaration."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import groupby
from operator import itemgetter
from typing import Final

from domain.trading import AccountTradeMode, MarginMode
from wire import enums, header
from wire.authentication import challenge_for, terminal_proof
from wire.layout import Record
from wire.messages import Hello
from wire.states import ENDS, OVER, TRANSITIONS, SessionState

DOCUMENT_PATH: Final = "docs/wire-protocol.md"

EXAMPLE_SECRET: Final = b"an example secret"
EXAMPLE_BRIDGE_NONCE: Final = bytes(range(0x20, 0x30))
EXAMPLE_HELLO: Final = Hello(
    ea_build=1,
    terminal_build=5000,
    login=2_000_123,
    server="Example-Demo",
    company="Example",
    currency="USD",
    currency_digits=2,
    leverage=500,
    margin_mode=MarginMode.RETAIL_HEDGING,
    trade_mode=AccountTradeMode.DEMO,
    trade_allowed=True,
    terminal_id=123_456_789,
    client_nonce=bytes(range(0x10, 0x20)),
    server_offset_s=7200,
    magic=77,
)
"""A client can check its own HMAC against the proofs for this, before it has met a bridge."""


def with_tables(document: str) -> str:
    """`document` with each generated table between its marks brought up to date.

    Raises:
        ValueError: where the marks of a table are missing.
    """
    for name, table in _TABLES.items():
        head, begin, rest = document.partition(f"<!-- generated: {name} -->\n")
        _, end, tail = rest.partition("<!-- end -->")
        if not (begin and end):
            raise ValueError(f"{DOCUMENT_PATH} must hold the marks of the table {name!r}")
        document = f"{head}{begin}\n{table()}\n\n{end}{tail}"
    return document


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _numbers(enumeration: type[IntEnum]) -> str:
    return _table(("number", "name"), ((int(member), f"`{member.name}`") for member in enumeration))


def _states() -> str:
    rows = [row for state in SessionState if state not in OVER for row in _state_rows(state)]
    return _table(("state", "who", "says", "then"), rows)


def _state_rows(state: SessionState) -> Iterator[tuple[str, str, str, str]]:
    table = TRANSITIONS[state]
    steps = sorted((sender, target, trigger) for (sender, trigger), target in table.items() if trigger not in ENDS)
    for (sender, target), group in groupby(steps, key=itemgetter(0, 1)):
        says = ", ".join(f"`{trigger.name}`" for _, _, trigger in group)
        yield f"`{state.name}`", sender.name.lower(), says, f"`{target.name}`"


def _layouts() -> str:
    return "\n\n".join(_layout(record) for record in header.declared())


def _layout(record: Record) -> str:
    offsets = record.offsets()
    rows = (
        (offsets[field.name], f"`{field.name}`", _type(field.kind.mql, field.kind.length), field.kind.meaning)
        for field in record.fields
    )
    table = _table(("offset", "field", "type", "holds"), rows)
    return f"#### {record.name}, {record.size} bytes\n\n{record.purpose}\n\n{table}"


def _type(mql: str, length: int) -> str:
    return f"{mql}[{length}]" if length else mql


def _example() -> str:
    challenge = challenge_for(EXAMPLE_SECRET, EXAMPLE_HELLO, EXAMPLE_BRIDGE_NONCE)
    rows = {
        "secret": f'"{EXAMPLE_SECRET.decode()}"',
        "`login`": EXAMPLE_HELLO.login,
        "`server`": f'"{EXAMPLE_HELLO.server}"',
        "`terminal_id`": EXAMPLE_HELLO.terminal_id,
        "`trade_mode`": f"{int(EXAMPLE_HELLO.trade_mode)} (demo)",
        "`client_nonce`": EXAMPLE_HELLO.client_nonce.hex(),
        "`bridge_nonce`": challenge.bridge_nonce.hex(),
        "proof of the bridge": challenge.proof.hex(),
        "proof of the terminal": terminal_proof(EXAMPLE_SECRET, EXAMPLE_HELLO, challenge).hex(),
    }
    return _table(("what", "value"), rows.items())


_TABLES: Final[dict[str, Callable[[], str]]] = {
    "types": lambda: _numbers(enums.MessageType),
    "errors": lambda: _numbers(enums.ErrorCode),
    "example": _example,
    "states": _states,
    "layouts": _layouts,
}
