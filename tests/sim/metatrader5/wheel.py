"""The real package's wheel for Windows, fetched from PyPI: text to read, nothing of it is run."""

import ast
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

VERSION = "5.0.6231"


class Wheel:
    """The wheel's Python source and the bytes of its binary."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            self.source = archive.read("MetaTrader5/__init__.py").decode("utf-8")
            self.binary = archive.read(next(name for name in names if name.endswith(".pyd")))

    def constants(self) -> dict[str, int]:
        """Upper-case names the source assigns, as Python computes them."""
        found: dict[str, int] = {}
        for node in ast.parse(self.source).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
                found[node.targets[0].id] = int(eval(ast.unparse(node.value), {"__builtins__": {}}))  # noqa: S307 - numbers
        return found

    def functions(self) -> dict[str, str]:
        """Signature of every function, written in Python or in the binary's documentation, by name."""
        written = {
            node.name: ast.unparse(node.args)
            for node in ast.parse(self.source).body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        }
        signatures = re.findall(rb"\x00([a-z_]+)\(([^()\x00]*)\)\n\n", self.binary)
        return written | {name.decode(): places.decode() for name, places in signatures}

    def struct_fields(self, name: str) -> tuple[str, ...]:
        """Fields of a struct type in order, from the table that the binary hands to CPython."""
        image = _Image(self.binary)
        title = image.address_of(name.encode() + b"\x00")
        place = self.binary.index(struct.pack("<Q", title))
        _, _, fields, count = struct.unpack_from("<QQQi", self.binary, place)
        start = image.place_of(fields)
        names = (struct.unpack_from("<Q", self.binary, start + 16 * row)[0] for row in range(count))
        return tuple(image.text_at(address) for address in names)

    def texts(self) -> set[str]:
        """Every run of printable characters that ends with a zero."""
        return {found.decode() for found in re.findall(rb"([ -~]{2,})\x00", self.binary)}


class _Image:
    """Where the parts of a 64-bit Windows binary lie in its file and in memory (Microsoft's PE format)."""

    def __init__(self, binary: bytes) -> None:
        self._binary = binary
        header = struct.unpack_from("<I", binary, 0x3C)[0] + 4
        count, optional = (
            struct.unpack_from("<H", binary, header + 2)[0],
            struct.unpack_from("<H", binary, header + 16)[0],
        )
        self._origin: int = struct.unpack_from("<Q", binary, header + 20 + 24)[0]
        table = header + 20 + optional
        rows = (struct.unpack_from("<8xIIII", binary, table + 40 * row) for row in range(count))
        self._sections: list[tuple[int, int, int]] = [(address, place, size) for _, address, size, place in rows]

    def address_of(self, text: bytes) -> int:
        place = self._binary.index(b"\x00" + text) + 1
        return next(
            self._origin + address + place - start
            for address, start, size in self._sections
            if start <= place < start + size
        )

    def place_of(self, address: int) -> int:
        distance = address - self._origin
        return next(
            place + distance - start for start, place, size in self._sections if start <= distance < start + size
        )

    def text_at(self, address: int) -> str:
        place = self.place_of(address)
        return self._binary[place : self._binary.index(b"\x00", place)].decode()


def downloaded(folder: Path) -> Wheel:
    """The wheel, or a visible skip where PyPI cannot be reached."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp"]
    done = subprocess.run(
        [*command, "--dest", str(folder), f"MetaTrader5=={VERSION}"], capture_output=True, text=True, check=False
    )
    found = sorted(folder.glob("*.whl"))
    if not found:
        pytest.skip(f"the MetaTrader5 wheel could not be fetched: {done.stderr.strip()[-200:]}")
    return Wheel(found[0])
