"""The generated MQL5 header, read by a C++ compiler through a few stand-ins for MQL5's types."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.wire.samples import NAMES, SAMPLES
from wire import codec, enums, header, items, records
from wire.layout import Record
from wire.states import Trigger

COMMITTED = (ROOT / header.HEADER_PATH).read_text(encoding="utf-8")
COMPILER = shutil.which("g++") or shutil.which("clang++")

MQL5_IN_CPP = """
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
typedef uint8_t uchar; typedef uint16_t ushort; typedef uint32_t uint; typedef uint64_t ulong;
#define long int64_t
#pragma pack(push, 1)
struct MqlTick { long time; double bid, ask, last; ulong volume; long time_msc; uint flags; double volume_real; };
struct MqlRates { long time; double open, high, low, close; long tick_volume; int spread; long real_volume; };
#pragma pack(pop)
"""


def as_cpp(mql5: str) -> str:
    return MQL5_IN_CPP + re.sub(r"struct (\w+) pack\(1\)", r"struct __attribute__((packed)) \1", mql5)


def layout_checks() -> Iterator[str]:
    for record in header.declared():
        yield f'static_assert(sizeof({record.name}) == {record.size}, "{record.name}");'
        for field, offset in record.offsets().items():
            yield f'static_assert(offsetof({record.name}, {field}) == {offset}, "{record.name}.{field}");'
        yield from element_checks(record)


def element_checks(record: Record) -> Iterator[str]:
    for field in record.fields:
        if field.kind.length:
            count = f"sizeof({record.name}::{field.name}) / sizeof({record.name}::{field.name}[0])"
            yield f'static_assert({count} == {field.kind.length}, "{record.name}.{field.name}");'


def number_checks() -> Iterator[str]:
    for message in enums.MessageType:
        yield f'static_assert(WIRE_MESSAGE_{message.name} == {int(message)}, "{message.name}");'
    yield f'static_assert(WIRE_MAGIC == {enums.MAGIC} && WIRE_VERSION == {enums.PROTOCOL_VERSION}, "");'
    yield f'static_assert(sizeof(WIRE_LABEL_TERMINAL) - 1 == {len(enums.TERMINAL_LABEL)}, "");'


def compiled(folder: Path, program: str) -> Path:
    assert COMPILER
    source = folder / "wire.cpp"
    source.write_text(program, encoding="utf-8")
    options = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-o", str(folder / "wire")]
    done = subprocess.run([COMPILER, *options, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "wire"


def test_the_committed_header_is_current() -> None:
    assert header.mql5_header() == COMMITTED, "run scripts/generate-wire-header"


@pytest.mark.skipif(COMPILER is None, reason="needs a C++ compiler (g++ or clang++) to read the header")
def test_a_compiler_lays_the_structures_out_as_declared(tmp_path: Path) -> None:
    checks = "\n".join([*layout_checks(), *number_checks()])
    program = f"{as_cpp(COMMITTED)}\n{checks}\nint main() {{ return WireSizesOk() ? 0 : 1; }}\n"
    assert subprocess.run([str(compiled(tmp_path, program))], check=False).returncode == 0


@pytest.mark.skipif(COMPILER is None, reason="needs a C++ compiler (g++ or clang++) to read the header")
def test_a_structure_of_another_size_is_noticed(tmp_path: Path) -> None:
    grown = COMMITTED.replace("   uint   seq;", "   uint   seq; uchar extra;", 1)
    program = f"{as_cpp(grown)}\nint main() {{ return WireSizesOk() ? 0 : 1; }}\n"
    assert subprocess.run([str(compiled(tmp_path, program))], check=False).returncode == 1


PRINTED = """
static void show(const char *name, const uchar *bytes, size_t size) {
    printf("%s ", name); for (size_t i = 0; i < size; ++i) printf("%02x", bytes[i]); printf("\\n");
}
static void show_number(const char *name, double value) { printf("%s %.17g\\n", name, value); }
"""


def bodies() -> dict[str, bytes]:
    """Bytes of a believable record of each kind, taken from frames that the codec wrote."""
    frames = {trigger: codec.encode(sample, symbols=NAMES) for trigger, sample in SAMPLES.items()}
    found = {records.BODIES[SAMPLES[trigger].type].name: frame[32:] for trigger, frame in frames.items()}
    found["WireHeader"] = frames[Trigger.HEARTBEAT]
    found["WireSymbol"] = frames[Trigger.SYMBOLS][32:]
    report = frames[Trigger.REPORT][32 + records.REPORT.size :]
    found["WireResult"] = report
    found["WireDeal"] = report[items.RESULT.size :]
    found["WirePosition"] = report[items.RESULT.size + items.DEAL.size :]
    found["WireCalendarValue"] = frames[Trigger.CALENDAR][32 + records.CALENDAR.size :]
    return {record.name: found[record.name][: record.size] for record in header.declared() if record.name in found}


def reading(record: Record, raw: bytes) -> Iterator[str]:
    """C++ that reads `raw` as the structure and prints every field."""
    array = ",".join(str(byte) for byte in raw)
    yield f"{{ const uchar raw[] = {{{array}}}; {record.name} it; memcpy(&it, raw, sizeof(it));"
    for field in record.fields:
        name = f"{record.name}.{field.name}"
        if field.kind.length:
            yield f'show("{name}", (const uchar *)it.{field.name}, sizeof(it.{field.name}));'
        else:
            yield f'show_number("{name}", (double)it.{field.name});'
    yield "}"


def expected_lines(record: Record, raw: bytes) -> Iterator[str]:
    for field, value in zip(record.fields, record.struct.unpack(raw), strict=True):
        shown = value.hex() if isinstance(value, bytes) else f"{float(value):.17g}"
        yield f"{record.name}.{field.name} {shown}"


@pytest.mark.skipif(COMPILER is None, reason="needs a C++ compiler (g++ or clang++) to read the header")
def test_a_compiled_client_reads_what_the_codec_writes(tmp_path: Path) -> None:
    by_name = {record.name: record for record in header.declared()}
    samples = {by_name[name]: raw for name, raw in bodies().items()}
    assert len(samples) >= 20
    statements = "\n".join(line for record, raw in samples.items() for line in reading(record, raw))
    program = f"{as_cpp(COMMITTED)}\n{PRINTED}\nint main() {{\n{statements}\nreturn 0; }}\n"
    done = subprocess.run([str(compiled(tmp_path, program))], capture_output=True, text=True, check=True)
    expected = [line for record, raw in samples.items() for line in expected_lines(record, raw)]
    assert done.stdout.splitlines() == expected


def test_the_header_uses_only_what_mql5_has() -> None:
    code = re.sub(r"//[^\n]*", "", COMMITTED)
    directives = set(re.findall(r"^#\s*(\w+)", code, re.MULTILINE))
    assert directives == {"define", "endif", "ifndef"}
    types = set(re.findall(r"^   (\w+)\s+\w+(?:\[\d+\])?;", code, re.MULTILINE))
    assert types <= {"uchar", "char", "ushort", "uint", "int", "ulong", "long", "double"}
    for foreign in ("static_assert", "constexpr", "nullptr", "uint8_t", "std::", "#pragma", "#import", "*"):
        assert foreign not in code


def test_every_name_is_ours_and_there_once() -> None:
    code = re.sub(r"//[^\n]*", "", COMMITTED)
    enumerators = re.findall(r"^   (WIRE_\w+)=", code, re.MULTILINE)
    defines = re.findall(r"^#define (\w+)", code, re.MULTILINE)
    structures = re.findall(r"^struct (\w+)", code, re.MULTILINE)
    names = [*enumerators, *defines, *structures]
    assert len(names) == len(set(names)) > 60
    assert all(name.startswith(("WIRE_", "Wire", "COMPANION_")) for name in names)


def test_an_empty_body_makes_no_structure() -> None:
    assert "struct WireSymbols " not in COMMITTED
    assert "struct WireSymbol " in COMMITTED


def test_comments_fit_an_editor() -> None:
    assert max(len(line) for line in COMMITTED.splitlines()) <= 120
