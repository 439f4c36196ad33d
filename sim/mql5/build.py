"""Builds an EA for this machine: rewritten to C++, compiled with what stands in for MetaEditor's warnings, cached."""

import contextlib
import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from sim.mql5.errors import BuildError
from sim.mql5.expansion import Expansion, expanded
from sim.mql5.rewriting import HANDLERS, Input, Translation, Types, translated

RUNTIME: Final = Path(__file__).resolve().parent / "runtime"
PRELUDE: Final = RUNTIME / "builtin.mqh"

_LANGUAGE: Final = ("-std=c++20", "-fsigned-char", "-fwrapv", "-fno-strict-aliasing", "-fPIC", "-shared", "-pthread")
_SHAPE: Final = ("-fvisibility=hidden", "-ftrivial-auto-var-init=pattern", "-g1")
# MetaEditor: possible loss of data, sign mismatch, declaration hides another, check operator precedence, empty
# controlled statement, expression has no effect, not all paths return a value, check the result, variable not used
_WARNINGS: Final = tuple(
    f"-Werror={name}"
    for name in (
        "conversion",
        "float-conversion",
        "sign-compare",
        "shadow",
        "parentheses",
        "empty-body",
        "unused-value",
        "return-type",
        "unused-result",
        "unused-variable",
        "uninitialized",
    )
)
# clang counts a change of sign among the conversions, g++ and MetaEditor do not; what g++'s optimizer suspects differs
# from version to version, and clang does not know that warning
_NO_WARNINGS: Final = ("-Wno-sign-conversion", "-Wno-unknown-warning-option", "-Wno-maybe-uninitialized")
# without them the optimizer turns 1/x into comparisons, and nothing happens where MetaTrader stops the EA
_DIVISIONS: Final = ("-fsanitize=integer-divide-by-zero", "-fsanitize-undefined-trap-on-error")
_SANITIZE: Final = (
    "-fsanitize=address,undefined",
    "-fno-sanitize=alignment,vptr",  # packed structs are unaligned on purpose
    "-fno-sanitize-recover=undefined",
    "-fno-omit-frame-pointer",
)
_LONGEST_S: Final = 900
_MAKERS: Final = ("tokens", "expansion", "rewriting", "build")
_KEPT: Final = 16
_SCREEN: Final = 40


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled EA: its library, what a host may set and call, and the #property lines of its source."""

    library: Path
    inputs: tuple[Input, ...]
    handlers: tuple[str, ...]
    properties: tuple[str, ...]

    def copied(self, library: Path) -> "Built":
        """The same EA in a file of its own: a process can run a file once, because an EA has global variables."""
        shutil.copy(self.library, library)
        return msgspec.structs.replace(self, library=library)


class _Facts(msgspec.Struct, frozen=True):
    inputs: tuple[tuple[str, str], ...]
    handlers: tuple[str, ...]


def cache_directory() -> Path:
    """Where built EAs are kept: `COMPANION_MQL5_CACHE`, else the user's cache folder."""
    chosen = os.environ.get("COMPANION_MQL5_CACHE")
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(chosen) if chosen else Path(cache) / "mt5-companion" / "mql5"


@functools.cache
def compiler() -> tuple[str, ...]:
    """Command of the C++ compiler: `CXX`, this machine's g++ or clang++, or the one in PyPI's ziglang.

    Raises:
        BuildError: there is none.
    """
    for name in filter(None, (os.environ.get("CXX"), "g++", "clang++")):
        found = shutil.which(name)
        if found:
            return (found,)
    if importlib.util.find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang", "c++")
    raise BuildError(
        "no C++ compiler for the EA: install g++ or clang++, or the compiler from PyPI: "
        "pip install 'mt5-companion[mql5]'"
    )


@functools.cache
def _compiler_version(command: tuple[str, ...]) -> str:
    return subprocess.run([*command, "--version"], check=True, capture_output=True, text=True).stdout


@functools.cache
def prelude() -> Translation:
    """What MQL5 declares by itself, in C++.

    Raises:
        SourceError: for a mistake in the runtime's declarations.
    """
    return translated(expanded(PRELUDE, RUNTIME), Types())


def build(source: Path, include_dir: Path, *, sanitize: bool = False, optimize: bool = True) -> Built:
    """The EA in `source`, whose <...> includes lie below `include_dir`; from the cache where nothing has changed.

    Not optimized it is compiled in a third of the time, for one that lives only for a moment.

    Raises:
        SourceError: for what is no MQL5, or MQL5 that this harness leaves out.
        BuildError: where the compiler objects, or there is no compiler.
    """
    expansion = expanded(source, include_dir)
    command = (*compiler(), *_flags(sanitize=sanitize, optimize=optimize))
    library = cache_directory() / f"{source.stem}-{_fingerprint(expansion, command)}.so"
    facts = library.with_suffix(".json")
    if not (library.exists() and facts.exists()):
        translation = translated(expansion, prelude().types)
        _compile(command, translation, library, source)
        known = _Facts(tuple(translation.inputs), translation.handlers)
        _put(facts, msgspec.json.encode(known))
        _clear_out(library.parent, source.stem)
    told = msgspec.json.decode(facts.read_bytes(), type=_Facts)
    inputs = tuple(Input(*one) for one in told.inputs)
    return Built(library=library, inputs=inputs, handlers=told.handlers, properties=expansion.properties)


def _flags(*, sanitize: bool, optimize: bool = True) -> tuple[str, ...]:
    checks = ("-O1", *_SANITIZE) if sanitize else ("-O2" if optimize else "-O0", *_DIVISIONS)
    return (*_LANGUAGE, *_SHAPE, *_WARNINGS, *_NO_WARNINGS, *checks)


def _fingerprint(expansion: Expansion, command: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join([*command, _compiler_version(compiler())]).encode())
    own = [*sorted(RUNTIME.iterdir()), *(RUNTIME.parent / f"{name}.py" for name in _MAKERS)]
    for path in [*own, *expansion.files]:
        digest.update(f"\0{path}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def code_of(translation: Translation) -> str:
    """The whole file that is compiled."""
    exports = [f"MQL_HANDLER_{name}" for name in HANDLERS if name in translation.handlers]
    end = "\n".join(["", "}", '#line 1 "exports"', *exports, "MQL_EXPORTS", ""])
    return f'#include "runtime.hpp"\nnamespace ea {{\nusing namespace mql;\n{translation.code}{end}'


def prelude_code() -> str:
    """The C++ header with MQL5's own declarations."""
    return f'#pragma once\n#include "text.hpp"\nnamespace mql {{\n{prelude().code}\n}}\n'


def _compile(command: tuple[str, ...], translation: Translation, library: Path, source: Path) -> None:
    library.parent.mkdir(parents=True, exist_ok=True)
    with _workshop(library.parent) as folder:
        (folder / "prelude.hpp").write_text(prelude_code(), encoding="utf-8")
        (folder / "ea.cpp").write_text(code_of(translation), encoding="utf-8")
        places = ["-isystem", str(RUNTIME), "-isystem", str(folder)]
        made = folder / "ea.so"
        done = subprocess.run(
            [*command, *places, str(folder / "ea.cpp"), "-o", str(made)],
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
        if done.returncode:
            raise BuildError(f"{source} does not compile:\n{_first_lines(done.stderr)}")
        made.replace(library)


@contextlib.contextmanager
def _workshop(parent: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="build-", dir=parent) as name:
        yield Path(name)


def _put(path: Path, content: bytes) -> None:
    """Write a file that others see whole or not at all."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _clear_out(folder: Path, name: str) -> None:
    """Only the newest builds of an EA stay."""
    for library in sorted(folder.glob(f"{name}-*.so"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        library.unlink(missing_ok=True)
        library.with_suffix(".json").unlink(missing_ok=True)


def sanitizer_environment() -> dict[str, str]:
    """What a Python process needs in its environment to load an EA that was built with `sanitize`.

    Raises:
        BuildError: the compiler brings no such library.
    """
    command = [*compiler(), "-print-file-name=libasan.so"]
    told = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    if not Path(told).is_absolute():
        raise BuildError(f"{command[0]} has no library of the address sanitizer; use g++")
    # Python itself keeps memory to its end
    return {"LD_PRELOAD": told, "ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}


def _first_lines(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(lines[:_SCREEN] + (["..."] if len(lines) > _SCREEN else []))
