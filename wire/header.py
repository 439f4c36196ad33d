"""The MQL5 side of the declaration: `ea/Include/Companion/Wire.mqh`, as text."""

import textwrap
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from domain.intents import IntentKind
from domain.updates import ResultPhase
from wire import enums, items, kinds, records
from wire.layout import Field, Record

HEADER_PATH: Final = "ea/Include/Companion/Wire.mqh"

_COMMENT_WIDTH: Final = 100
_RULE: Final = "//+------------------------------------------------------------------+"
_PREAMBLE: Final = """//| The wire between the EA and the bridge. Generated: do not edit.  |
//| Declared in wire/, written by scripts/generate-wire-header.      |"""
_ENUMS: Final[dict[str, type[IntEnum]]] = {
    "MESSAGE": enums.MessageType,
    "ERROR": enums.ErrorCode,
    "BYE": enums.ByeReason,
    "INTENT": IntentKind,
    "PHASE": ResultPhase,
}
_CONSTANTS: Final = {
    "MAGIC": f"0x{enums.MAGIC:04X}",
    "VERSION": str(enums.PROTOCOL_VERSION),
    "NO_GATE": f"0x{enums.NO_GATE:04X}",
    "NONCE_BYTES": str(enums.NONCE_BYTES),
    "PROOF_BYTES": str(enums.PROOF_BYTES),
    "SYMBOL_BYTES": str(kinds.SYMBOL_BYTES),
    "TEXT_BYTES": str(kinds.TEXT_BYTES),
    "MAX_TIMEFRAMES": str(enums.MAX_TIMEFRAMES),
    "MAX_ITEMS": str(enums.MAX_ITEMS),
    "HANDSHAKE_FRAME_BYTES": str(enums.HANDSHAKE_FRAME_BYTES),
    "LABEL_BRIDGE": f'"{enums.BRIDGE_LABEL}"',
    "LABEL_TERMINAL": f'"{enums.TERMINAL_LABEL}"',
}
_NATIVE_SIZES: Final = {"MqlTick": items.TICK_BYTES, "MqlRates": items.RATES_BYTES}


def declared() -> tuple[Record, ...]:
    """Every record with fields, in the order of the header file."""
    bodies = (body for body in records.BODIES.values() if body.fields)
    return (records.HEADER, *bodies, *items.ITEMS, *records.SIGNED)


def mql5_header() -> str:
    """The header file: limits, enumerations, packed structures and `WireSizesOk()`."""
    sections = [
        f"{_RULE}\n{_PREAMBLE}\n{_RULE}",
        "#ifndef COMPANION_WIRE_MQH\n#define COMPANION_WIRE_MQH",
        _defines(_CONSTANTS.items()),
        _defines((f"FLAG_{flag.name}", str(int(flag))) for flag in enums.FrameFlag),
        *(_enumeration(name, numbers) for name, numbers in _ENUMS.items()),
        *(_structure(record) for record in declared()),
        _size_check(),
        "#endif",
    ]
    return "\n\n".join(sections) + "\n"


def _defines(constants: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"#define WIRE_{name} {value}" for name, value in constants)


def _enumeration(name: str, numbers: type[IntEnum]) -> str:
    members = ",\n".join(f"   WIRE_{name}_{member.name}={int(member)}" for member in numbers)
    return f"enum ENUM_WIRE_{name}\n  {{\n{members}\n  }};"


def _structure(record: Record) -> str:
    offsets = record.offsets()
    lines = "\n".join(_member(field, offsets[field.name]) for field in record.fields)
    return f"{_comment(record)}\nstruct {record.name} pack(1)\n  {{\n{lines}\n  }};"


def _comment(record: Record) -> str:
    return "\n".join(f"// {line}" for line in textwrap.wrap(f"{record.purpose} {record.size} bytes.", _COMMENT_WIDTH))


def _member(field: Field, offset: int) -> str:
    array = f"[{field.kind.length}]" if field.kind.length else ""
    declaration = f"   {field.kind.mql:<7}{field.name}{array};"
    note = f"{offset:>4}  {field.kind.meaning}".rstrip()
    return f"{declaration:<40}// {note}"


def _size_check() -> str:
    sizes = _NATIVE_SIZES | {record.name: record.size for record in declared()}
    checks = "\n          && ".join(f"sizeof({name})=={size}" for name, size in sizes.items())
    remark = "// Whether this compiler lays the structures out as the bridge does."
    return f"{remark}\nbool WireSizesOk()\n  {{\n   return {checks};\n  }}"
