"""How a record lies in a frame: packed little-endian fields, declared once for Python, MQL5 and the documentation."""

import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from wire.enums import ErrorCode
from wire.errors import WireError

Frame: TypeAlias = bytes | memoryview


class Kind(NamedTuple):
    """What a field is.

    `code` is its `struct` code (one value), `mql` its MQL5 element type, `length` its number of elements (0: no array),
    `meaning` a word for the documentation. `read` and `write` convert and check one value and raise ValueError; None
    where every bit pattern is a value.
    """

    code: str
    mql: str
    length: int
    meaning: str
    read: Callable[[Any], Any] | None = None
    write: Callable[[Any], Any] | None = None


class Field(NamedTuple):
    """One field of a record."""

    name: str
    kind: Kind


class Record:
    """Fields without gaps, in this order.

    `name` is the structure's name in MQL5, `purpose` one line of documentation.
    """

    def __init__(self, name: str, purpose: str, /, **kinds: Kind) -> None:
        self.name = name
        self.purpose = purpose
        self.fields = tuple(Field(field, kind) for field, kind in kinds.items())
        self.struct = struct.Struct("<" + "".join(kind.code for kind in kinds.values()))
        self.size = self.struct.size
        self._names = tuple(kinds)
        self._readers = tuple((field, kind.read) for field, kind in kinds.items() if kind.read is not None)
        self._writers = tuple((field, kind.write) for field, kind in kinds.items() if kind.write is not None)

    def offsets(self) -> dict[str, int]:
        """Where each field begins [bytes from the record's start]."""
        sizes = [struct.calcsize("<" + field.kind.code) for field in self.fields]
        return {field.name: sum(sizes[:index]) for index, field in enumerate(self.fields)}

    def read(self, frame: Frame, offset: int) -> dict[str, Any]:
        """Values by field name of the record at `offset`.

        Raises:
            WireError: for a value that is not of its field's kind. The caller has checked the frame's length.
        """
        values = dict(zip(self._names, self.struct.unpack_from(frame, offset), strict=True))
        for name, reader in self._readers:
            try:
                values[name] = reader(values[name])
            except ValueError as problem:
                raise self.error(name, str(problem)) from problem
        return values

    def write(self, values: Mapping[str, Any]) -> bytes:
        """The record's bytes; `values` may hold more than its fields.

        Raises:
            WireError: for a value that is not of its field's kind.
        """
        raw = {name: values[name] for name in self._names}
        for name, writer in self._writers:
            try:
                raw[name] = writer(raw[name])
            except (ValueError, TypeError) as problem:
                raise self.error(name, str(problem)) from problem
        try:
            return self.struct.pack(*raw.values())
        except struct.error as problem:
            raise self._named(raw, problem) from problem

    def error(self, field: str, detail: str) -> WireError:
        """The error that blames `field` of this record."""
        return WireError(ErrorCode.BAD_FRAME, f"{self.name}.{field}", detail)

    def _named(self, raw: Mapping[str, Any], problem: struct.error) -> WireError:
        for field in self.fields:
            try:
                struct.pack("<" + field.kind.code, raw[field.name])
            except struct.error as cause:
                return self.error(field.name, f"is {raw[field.name]!r}: {cause}")
        return self.error("", str(problem))
