"""Names declared in the sources, gathered before the rules run: a type and its use often stand in different files."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tree_sitter import Node

from sim.mql5.linting.source import Source, declarator_kinds, declared_name, enclosing, nodes, text, top_level

TYPES = {"class_specifier": "class", "struct_specifier": "struct", "union_specifier": "union"}
_BUILT_IN_STRUCT = re.compile(r"Mql[A-Z]\w+")


class Symbols(NamedTuple):
    """Names across all checked files."""

    types: dict[str, str]
    """Name of each defined type -> class, struct or union."""
    inputs: frozenset[str]
    variables: frozenset[str]
    """Variables and constants outside functions, inputs among them."""
    not_flat: frozenset[str]
    """Structs that hold a string or a dynamic array, directly or through a member."""
    zeros: frozenset[str]
    """Names of macros and constants whose value is the literal 0."""

    def is_object(self, type_name: str) -> bool:
        """Whether variables of this type are structs, unions or objects of classes."""
        return type_name in self.types or _BUILT_IN_STRUCT.fullmatch(type_name) is not None


def gathered(sources: Iterable[Source]) -> Symbols:
    """Names of all `sources` together."""
    types: dict[str, str] = {}
    inputs: set[str] = set()
    variables: set[str] = set()
    zeros: set[str] = set()
    fields: dict[str, set[str]] = {}
    for source in sources:
        for node in nodes(source.root):
            if node.type in TYPES and node.child_by_field_name("body") is not None:
                name = text(node.child_by_field_name("name"))
                # an interface, which the mask calls a struct, is a class
                types[name] = "class" if node.start_byte in source.masked.interfaces else TYPES[node.type]
                fields[name] = set(_field_types(node))
            zeros |= set(_zero(node))
        inputs |= set(_inputs(source))
        outside = (node for node in top_level(source.root) if node.type == "declaration")
        variables |= {name for node in outside for name in declared_names(node)}
    return Symbols(
        types, frozenset(inputs), frozenset(variables | inputs), frozenset(_not_flat(fields)), frozenset(zeros)
    )


def _field_types(specifier: Node) -> Iterator[str]:
    """Types of the members; a dynamic array's is `[]`."""
    body = specifier.child_by_field_name("body")
    for field in body.named_children if body is not None else []:
        if field.type != "field_declaration":
            continue
        yield text(field.child_by_field_name("type"))
        if any(part.type == "array_declarator" and part.child_by_field_name("size") is None for part in field.children):
            yield "[]"


def _not_flat(fields: dict[str, set[str]]) -> set[str]:
    deep = {"string", "[]"}
    while True:
        more = {name for name, types in fields.items() if types & deep} - deep
        if not more:
            return deep & set(fields)
        deep |= more


def _inputs(source: Source) -> Iterator[str]:
    for offset in source.masked.inputs:
        word = re.compile(rb"\s*(?:const\s+)?[\w:]+\s+(\w+)").match(source.masked.text, offset)
        if word is not None:
            yield word.group(1).decode()


def _zero(node: Node) -> Iterator[str]:
    if node.type == "preproc_def" and text(node.child_by_field_name("value")).strip(" ()") == "0":
        yield text(node.child_by_field_name("name"))
    elif node.type == "init_declarator" and text(node.child_by_field_name("value")) == "0":
        declaration = node.parent
        if declaration is not None and any(text(part) == "const" for part in declaration.children):
            yield declared_name(node)


def declared_type(name: str, place: Node) -> Node | None:
    """The declaration or parameter of `name` that `place` sees in its own function or at the top of its file."""
    function = enclosing(place, "function_definition")
    root = place
    while root.parent is not None:
        root = root.parent
    local = _declaration_of(name, nodes(function)) if function is not None else None
    return local or _declaration_of(name, top_level(root))


def _declaration_of(name: str, among: Iterable[Node]) -> Node | None:
    for node in among:
        if node.type in {"parameter_declaration", "optional_parameter_declaration"} and declared_name(node) == name:
            return node
        if node.type == "declaration" and name in declared_names(node):
            return node
    return None


def declared_names(declaration: Node) -> list[str]:
    """Names of the variables in a declaration such as `int a=1,b[2];`; a function's prototype declares none."""
    parts = [part for part in declaration.children_by_field_name("declarator") if part.type != "function_declarator"]
    return [text(part) if part.type == "identifier" else declared_name(part) for part in parts]


def is_array_parameter(parameter: Node) -> bool:
    """Whether a parameter is declared with `[]`."""
    return "array_declarator" in declarator_kinds(parameter)
