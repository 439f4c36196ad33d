"""Arguments and results of the package's functions as bytes, for two processes of one machine.

MessagePack of plain values; what is not plain is a list whose first item names its kind. Nothing that comes in is
executed or imported: kinds and structs are looked up in tables.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from sim.metatrader5.structs import TerminalStruct

MOST_BYTES: Final = 1 << 30
_TUPLE: Final = "tuple"
_STRUCT: Final = "struct"
_ARRAY: Final = "array"
_FOREIGN: Final = "foreign"
_DTYPES: Final = {"ticks": TICK_DTYPE, "rates": RATES_DTYPE}


class ParcelError(ValueError):
    """Bytes that are no parcel."""


class Foreign:
    """Stands for an argument of a type that does not travel; every function refuses it as it refuses the original."""


def packed(value: object) -> bytes:
    """`value` as bytes: plain values, tuples, dictionaries, structs of the package, its arrays."""
    return msgspec.msgpack.encode(_plain(value))


def unpacked(parcel: bytes) -> Any:  # noqa: ANN401 - whatever was packed
    """What was packed.

    Raises:
        ParcelError: for bytes that are no parcel.
    """
    try:
        return _value(msgspec.msgpack.decode(parcel))
    except (msgspec.DecodeError, KeyError, IndexError, TypeError, ValueError) as problem:
        raise ParcelError(f"no parcel: {problem}") from problem


def _plain(value: object) -> object:
    pack = next((pack for kind, pack in _PACKERS if isinstance(value, kind)), None)
    return [_FOREIGN] if pack is None else pack(value)


def _whole(value: int) -> object:
    return int(value) if -(1 << 63) <= value < 1 << 64 else [_FOREIGN]


def _packed_struct(value: TerminalStruct) -> object:
    return [_STRUCT, type(value).__name__, [_plain(item) for item in value]]


def _packed_array(value: npt.NDArray[Any]) -> object:
    name = next((name for name, dtype in _DTYPES.items() if dtype == value.dtype), None)
    return [_FOREIGN] if name is None else [_ARRAY, name, value.tobytes()]


_PACKERS: Final[tuple[tuple[type, Callable[[Any], object]], ...]] = (
    (type(None), lambda value: value),
    (bool, lambda value: value),
    (int, _whole),
    # numpy's numbers and texts are of Python's types by inheritance alone
    (float, float),
    (str, str),
    (TerminalStruct, _packed_struct),
    (tuple, lambda value: [_TUPLE, [_plain(item) for item in value]]),
    (dict, lambda value: {str(name): _plain(item) for name, item in value.items()}),
    (np.ndarray, _packed_array),
    # as the package reads one: without a time zone it is local time here, which need not be local time there
    (datetime, lambda value: int(value.timestamp())),
)


def _value(plain: Any) -> Any:  # noqa: ANN401 - whatever was packed
    if isinstance(plain, dict):
        return {name: _value(item) for name, item in plain.items()}
    return _KINDS[plain[0]](plain) if isinstance(plain, list) else plain


def _tuple(plain: list[Any]) -> tuple[Any, ...]:
    return tuple(_value(item) for item in plain[1])


def _struct(plain: list[Any]) -> TerminalStruct:
    return _structs()[plain[1]](_value(item) for item in plain[2])


def _array(plain: list[Any]) -> Any:  # noqa: ANN401 - an array of the package
    return np.frombuffer(plain[2], _DTYPES[plain[1]]).copy()


def _foreign(_plain: list[Any]) -> Foreign:
    return Foreign()


def _structs() -> dict[str, type[TerminalStruct]]:
    return {kind.__name__: kind for kind in TerminalStruct.__subclasses__()}


_KINDS: Final[dict[str, Callable[[list[Any]], Any]]] = {
    _TUPLE: _tuple,
    _STRUCT: _struct,
    _ARRAY: _array,
    _FOREIGN: _foreign,
}
