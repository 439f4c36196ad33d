"""Lint for MQL5: `python -m sim.mql5.lint FILE|DIR...` prints what MetaEditor or this project would refuse.

Valid C++ is not valid MQL5, and the compiler that builds the EA for tests is one for C++. A finding is one line on
standard output, `file:line: rule: what is wrong; remedy`. Exit status: 0 nothing found, 1 findings, 2 a file cannot be
read.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from tree_sitter import Node

from sim.mql5.linting import declarations, grammar, policy, statements
from sim.mql5.linting.rule import Finding, Rule, Scope
from sim.mql5.linting.source import DEEPEST, Source, nodes_with_depth, parsed
from sim.mql5.linting.symbols import gathered

NO_IMPORT = Rule("import", "this project imports no DLL and no library", "write it in MQL5", frozenset())
NOT_UTF8 = Rule("encoding", "the file is not UTF-8", "save it as UTF-8", frozenset())
TOO_DEEP = Rule("nesting", "this is nested too deep to be checked", "split it into functions", frozenset())
RULES = (NOT_UTF8, NO_IMPORT, TOO_DEEP, *grammar.RULES, *declarations.RULES, *statements.RULES, *policy.RULES)
SUFFIXES = (".mq5", ".mqh")
_SILENT = ("comment", "string_content", "preproc_arg", "system_lib_string")


def findings(sources: Iterable[Source]) -> list[Finding]:
    """Every place in `sources` that breaks a rule, by file and line. Names of one file are known in the others."""
    listed = list(sources)
    symbols = gathered(listed)
    found = {finding for source in listed for finding in _in_source(Scope(source, symbols))}
    return sorted(found)


def findings_in_text(content: bytes, path: Path = Path("source.mq5")) -> list[Finding]:
    """Findings in one source given as the bytes of its file."""
    return findings([parsed(path, content)])


def source_files(arguments: Iterable[Path]) -> Iterator[Path]:
    """The files named, and all sources below the folders named."""
    for argument in arguments:
        if argument.is_dir():
            yield from sorted(path for path in argument.rglob("*") if path.suffix.lower() in SUFFIXES)
        else:
            yield argument


def _in_source(scope: Scope) -> Iterator[Finding]:
    source = scope.source
    try:
        source.content.decode("utf-8")
    except UnicodeDecodeError as error:
        yield _finding(source, error.start, NOT_UTF8)
    for offset in source.masked.imports:
        yield _finding(source, offset, NO_IMPORT)
    for node, depth in nodes_with_depth(source.root):
        if depth == DEEPEST and node.child_count:
            yield _finding(source, node.start_byte, TOO_DEEP)
        for rule in _rules_for(node):
            if rule.breaks(node, scope):
                yield _finding(source, node.start_byte, rule)
        for rule in _rules_on_word(node):
            yield _finding(source, node.start_byte, rule)


@cache
def _by_kind() -> dict[str, list[Rule]]:
    kinds = {kind for rule in RULES for kind in rule.kinds}
    return {kind: [rule for rule in RULES if kind in rule.kinds] for kind in kinds}


@cache
def _by_word() -> dict[bytes, list[Rule]]:
    words = {word for rule in RULES for word in rule.words}
    return {word.encode(): [rule for rule in RULES if word in rule.words] for word in words}


def _rules_for(node: Node) -> Sequence[Rule]:
    # a missing bracket is a node of the bracket's own kind
    return _by_kind()["ERROR"] if node.is_missing else _by_kind().get(node.type, ())


def _rules_on_word(node: Node) -> Sequence[Rule]:
    if node.child_count or node.type in _SILENT:
        return ()
    return _by_word().get(node.text or b"", ())


def _finding(source: Source, offset: int, rule: Rule) -> Finding:
    line = source.content.count(b"\n", 0, offset) + 1
    return Finding(source.path, line, rule.name, rule.wrong, rule.remedy)


def main(arguments: Sequence[str]) -> int:
    """Lint the files and folders named in `arguments`; the exit status as in the module's description."""
    if not arguments:
        sys.stderr.write("usage: python -m sim.mql5.lint FILE|DIR...\n")
        return 2
    try:
        sources = [parsed(path, path.read_bytes()) for path in source_files(map(Path, arguments))]
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return 2
    found = findings(sources)
    sys.stdout.writelines(f"{finding}\n" for finding in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
