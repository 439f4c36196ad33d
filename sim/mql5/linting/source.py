"""A parsed MQL5 source and the questions that rules ask about its syntax tree."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import tree_sitter_cpp
from tree_sitter import Language, Node, Parser

from sim.mql5.linting.masking import Masked, masked, utf8_source

NAMES = (
    "identifier",
    "field_identifier",
    "type_identifier",
    "operator_name",
    "qualified_identifier",
    "destructor_name",
)

DEEPEST = 500
"""Levels of nesting that rules look into. Finding a node's parent takes time in proportion to its depth."""


class Source(NamedTuple):
    """One file: its text, the masked text and the syntax tree of the latter."""

    path: Path
    content: bytes
    masked: Masked
    root: Node


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_cpp.language()))


def parsed(path: Path, content: bytes) -> Source:
    """Parse `content`, the bytes of a source file. Never fails: what cannot be read becomes an error node."""
    text = utf8_source(content)
    mask = masked(text)
    return Source(path, text, mask, _parser().parse(mask.text).root_node)


def text(node: Node | None) -> str:
    """The node's source, an empty string for no node."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", errors="replace")


def nodes(root: Node) -> Iterator[Node]:
    """`root` and every node at most DEEPEST levels below it, in source order."""
    return (node for node, _ in nodes_with_depth(root))


def nodes_with_depth(root: Node) -> Iterator[tuple[Node, int]]:
    """`root` and what is below it, each with its depth from 0 to DEEPEST."""
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if depth < DEEPEST:
            waiting.extend((child, depth + 1) for child in reversed(node.children))


def top_level(root: Node) -> Iterator[Node]:
    """What stands outside functions and classes, that inside #ifdef included."""
    waiting = list(reversed(root.named_children))
    while waiting:
        node = waiting.pop()
        if node.type in {"preproc_ifdef", "preproc_else"}:
            waiting.extend(reversed(node.named_children))
        else:
            yield node


def ancestors(node: Node) -> Iterator[Node]:
    """What encloses `node`, innermost first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def enclosing(node: Node, *kinds: str) -> Node | None:
    """The innermost node around `node` that is one of `kinds`."""
    return next((parent for parent in ancestors(node) if parent.type in kinds), None)


def enclosing_class(node: Node) -> Node | None:
    """The class, struct or union whose member `node` is a part of, unless it stands in a function's body."""
    for parent in ancestors(node):
        if parent.type == "compound_statement":
            return None
        if parent.type == "field_declaration_list":
            return parent.parent
    return None


def function_name(node: Node | None) -> str:
    """Name of the function that contains `node`, without its class; empty outside functions."""
    if node is None:
        return ""
    definition = node if node.type == "function_definition" else enclosing(node, "function_definition")
    return "" if definition is None else declared_name(definition).rpartition("::")[2]


def declarator_kinds(node: Node) -> list[str]:
    """Kinds of the declarators from `node` inward: `&a[]` gives reference_declarator, array_declarator, identifier."""
    return [declarator.type for declarator in _declarators(node)]


def declared_name(node: Node) -> str:
    """The name a declaration, parameter or declarator declares; empty if it has none."""
    return next((text(part) for part in _declarators(node) if part.type in NAMES), "")


def _declarators(node: Node) -> Iterator[Node]:
    inner = _inner_declarator(node)
    while inner is not None:
        yield inner
        inner = None if inner.type in NAMES else _inner_declarator(inner)


def _inner_declarator(node: Node) -> Node | None:
    field = node.child_by_field_name("declarator")
    if field is not None:
        return field
    return next(
        (part for part in node.named_children if part.type.endswith("declarator") or part.type in NAMES[:2]), None
    )


def called_name(call: Node) -> str:
    """Name of the global function that a call expression calls; empty for methods and computed callees."""
    function = call.child_by_field_name("function")
    if function is None or function.type not in {"identifier", "qualified_identifier"}:
        return ""
    name = text(function).replace(" ", "")
    return name.removeprefix("::")


def arguments(call: Node) -> list[Node]:
    """The call's arguments, comments not counted."""
    listed = call.child_by_field_name("arguments")
    return [] if listed is None else [part for part in listed.named_children if part.type != "comment"]


def unwrapped(node: Node) -> Node:
    """`node` without the parentheses and casts around it."""
    while node.type in {"parenthesized_expression", "cast_expression"}:
        inner = node.child_by_field_name("value") or next(iter(node.named_children), None)
        if inner is None:
            break
        node = inner
    return node
