"""What MQL5 lets a declaration be."""

import re

from tree_sitter import Node

from sim.mql5.linting.events import has_wrong_signature, is_misspelled_event, redefines_built_in
from sim.mql5.linting.rule import Rule, Scope, on
from sim.mql5.linting.source import (
    ancestors,
    called_name,
    declarator_kinds,
    enclosing,
    enclosing_class,
    nodes,
    text,
)
from sim.mql5.linting.symbols import TYPES, declared_names, declared_type, is_array_parameter

_REFERENCES = on("reference_declarator", "abstract_reference_declarator")
_POINTERS = on("pointer_declarator", "abstract_pointer_declarator")
_PARAMETERS = on("parameter_declaration", "optional_parameter_declaration")
_THROUGH = _REFERENCES | _POINTERS | on("array_declarator", "init_declarator", "parenthesized_declarator")


def _outermost(node: Node) -> Node | None:
    """The declaration a declarator belongs to."""
    return next((parent for parent in ancestors(node) if parent.type not in _THROUGH), None)


def _refers_outside_parameters(node: Node, _scope: Scope) -> bool:
    owner = _outermost(node)
    return owner is not None and owner.type not in _PARAMETERS


def _is_rvalue(node: Node, _scope: Scope) -> bool:
    return any(part.type == "&&" for part in node.children)


def _has_reference(node: Node, _scope: Scope) -> bool:
    return bool(_REFERENCES & set(declarator_kinds(node)))


def _is_value_array(node: Node, _scope: Scope) -> bool:
    return is_array_parameter(node) and not _REFERENCES & set(declarator_kinds(node))


def _is_value_object(node: Node, scope: Scope) -> bool:
    if node.parent is None or node.parent.type != "parameter_list" or enclosing(node, "type_definition") is not None:
        return False
    passed_by = set(declarator_kinds(node)) | {part.type for part in node.children}
    return scope.symbols.is_object(text(node.child_by_field_name("type"))) and not passed_by & (_REFERENCES | _POINTERS)


def _is_pointer(node: Node, _scope: Scope) -> bool:
    owner = _outermost(node)
    return owner is not None and enclosing(node, "type_definition") is None and node.type in _POINTERS


def _takes_address(node: Node, _scope: Scope) -> bool:
    return text(node)[:1] in {"*", "&"}


def _has_two_bases(node: Node, _scope: Scope) -> bool:
    bases = [
        part
        for part in node.named_children
        if part.type in {"type_identifier", "qualified_identifier", "template_type"}
    ]
    return len(bases) > 1


def _mixes_class_and_struct(node: Node, scope: Scope) -> bool:
    if node.parent is None or node.parent.type not in TYPES:
        return False
    own = TYPES[node.parent.type]
    return any(scope.symbols.types.get(text(part), own) != own for part in node.named_children)


def _in_struct(node: Node, scope: Scope) -> bool:
    owner = enclosing_class(node)
    return (
        owner is not None
        and owner.type == "struct_specifier"
        and owner.start_byte not in scope.source.masked.interfaces
    )


def _has_member_value(node: Node, _scope: Scope) -> bool:
    value = node.child_by_field_name("default_value")
    if value is None:
        return False
    pure = any(part.type == "function_declarator" for part in node.children) and text(value) in {"0", "NULL"}
    return not pure


def _outside_class(node: Node, _scope: Scope) -> bool:
    declarator = node.parent
    return declarator is not None and declarator.type == "function_declarator" and enclosing_class(node) is None


def _is_announced_struct(node: Node, _scope: Scope) -> bool:
    bare = node.child_by_field_name("body") is None
    return (
        bare and node.parent is not None and node.parent.type in {"translation_unit", "preproc_ifdef", "preproc_else"}
    )


def _is_input(node: Node, scope: Scope) -> bool:
    before = scope.source.content[max(0, node.start_byte - 80) : node.start_byte]
    return re.search(rb"\bs?input\s*$", before) is not None


def _is_deep_input(node: Node, scope: Scope) -> bool:
    if not _is_input(node, scope):
        return False
    compound = text(node.child_by_field_name("type")) in scope.symbols.types
    return compound or any(part.type == "array_declarator" for part in nodes(node))


def _changes_input(node: Node, scope: Scope) -> bool:
    target = node.child_by_field_name("left") or node.child_by_field_name("argument")
    name = text(target)
    if name not in scope.symbols.inputs:
        return False
    declaration = declared_type(name, node)
    return declaration is None or enclosing(declaration, "function_definition") is None


def _hides_global(node: Node, scope: Scope) -> bool:
    if enclosing(node, "function_definition") is None:
        return False
    return bool(scope.symbols.variables & set(declared_names(node)))


def _copies_deep_struct(node: Node, scope: Scope) -> bool:
    if called_name(node) not in {"StructToCharArray", "CharArrayToStruct", "FileWriteStruct", "FileReadStruct"}:
        return False
    return any(
        _is_deep(name, node, scope)
        for name in re.findall(r"\b[A-Za-z_]\w*", text(node.child_by_field_name("arguments")))
    )


def _is_deep(name: str, node: Node, scope: Scope) -> bool:
    declaration = declared_type(name, node)
    return declaration is not None and text(declaration.child_by_field_name("type")) in scope.symbols.not_flat


RULES = (
    Rule(
        "reference",
        "a reference can only be a parameter",
        "pass it as a parameter, or copy the value",
        _REFERENCES,
        _refers_outside_parameters,
    ),
    Rule("rvalue-reference", "MQL5 has no && in declarations", "write one &", _REFERENCES, _is_rvalue),
    Rule(
        "reference-default",
        "a reference parameter has no default",
        "overload the function",
        on("optional_parameter_declaration"),
        _has_reference,
    ),
    Rule(
        "array-by-value",
        "an array is passed by reference alone",
        "write `type &name[]`, const if it is only read",
        _PARAMETERS,
        _is_value_array,
    ),
    Rule(
        "object-by-value",
        "a struct or object is passed by reference alone",
        "write `const Type &name`",
        _PARAMETERS,
        _is_value_object,
    ),
    Rule("pointer", "this project uses no pointers", "use an object, an array or an index", _POINTERS, _is_pointer),
    Rule(
        "new-delete",
        "this project allocates nothing by hand",
        "declare the object, or an array of them",
        on("new_expression", "delete_expression"),
        words=on("new", "delete"),
    ),
    Rule(
        "address",
        "this project uses no pointers",
        "pass by reference",
        on("pointer_expression"),
        _takes_address,
        words=on("GetPointer", "CheckPointer", "POINTER_DYNAMIC", "POINTER_AUTOMATIC"),
    ),
    Rule("arrow", "MQL5 has no ->", "write a dot", on("trailing_return_type"), words=on("->")),
    Rule(
        "inheritance",
        "a class has one base at most",
        "hold the other as a member",
        on("base_class_clause"),
        _has_two_bases,
    ),
    Rule(
        "class-of-struct",
        "a class cannot inherit from a struct, nor a struct from a class",
        "make both the same",
        on("base_class_clause"),
        _mixes_class_and_struct,
    ),
    Rule(
        "struct-virtual",
        "a struct has no virtual methods",
        "make it a class or an interface",
        on("virtual", "virtual_function_specifier", "virtual_specifier"),
        _in_struct,
    ),
    Rule(
        "member-value",
        "a member gets its value in the constructor",
        "use the constructor's list, or #define for a constant",
        on("field_declaration"),
        _has_member_value,
    ),
    Rule(
        "global-operator",
        "an operator can only be a method",
        "move it into the class",
        on("operator_name"),
        _outside_class,
    ),
    Rule(
        "struct-announced",
        "a struct cannot be announced before it is defined",
        "define it first",
        on("struct_specifier"),
        _is_announced_struct,
    ),
    Rule(
        "default-method",
        "MQL5 has no `= default` and no `= delete`",
        "write an empty body, or make it private",
        on("default_method_clause", "delete_method_clause"),
    ),
    Rule(
        "input-type",
        "an input is a number, a string, a time, a color or an enum",
        "use one input for each value",
        on("declaration"),
        _is_deep_input,
    ),
    Rule(
        "input-assigned",
        "an input is a constant for the program",
        "copy it into a variable",
        on("assignment_expression", "update_expression"),
        _changes_input,
    ),
    Rule(
        "hides-global",
        "this variable hides one of the whole file",
        "choose another name",
        on("declaration"),
        _hides_global,
    ),
    Rule(
        "struct-bytes",
        "a struct with a string or a dynamic array has no bytes to copy",
        "use uchar arrays of fixed size",
        on("call_expression"),
        _copies_deep_struct,
    ),
    Rule(
        "event-signature",
        "the terminal never calls this event handler",
        "declare it exactly as the reference does",
        on("function_definition"),
        has_wrong_signature,
    ),
    Rule(
        "event-name",
        "this is almost the name of an event handler, and is never called",
        "spell it as the reference does",
        on("function_definition"),
        is_misspelled_event,
    ),
    Rule(
        "built-in-redefined",
        "this function has the name of one of MQL5's own",
        "choose another name",
        on("function_definition"),
        redefines_built_in,
    ),
)
