"""Statements that compile and do not do what they seem to."""

import re

from tree_sitter import Node

from sim.mql5.linting.rule import Rule, Scope, on
from sim.mql5.linting.source import enclosing, nodes, text, unwrapped
from sim.mql5.linting.symbols import declared_names, declared_type

_WITHOUT_EFFECT = on(
    "binary_expression",
    "identifier",
    "number_literal",
    "field_expression",
    "subscript_expression",
    "conditional_expression",
)
_NUMBERS = {"bool", "char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "float", "double", "datetime"}
_ARITHMETIC = {"+", "-", "*", "/", "%"}


def _is_empty_body(node: Node, _scope: Scope) -> bool:
    body = node.child_by_field_name("consequence") or node.child_by_field_name("body")
    return body is not None and body.type == "expression_statement" and not body.named_children


def _has_no_effect(node: Node, _scope: Scope) -> bool:
    whole = [part for part in node.named_children if part.type != "comment"]
    if not whole or node.has_error:
        return False
    value = unwrapped(whole[0])
    is_macro = value.type == "identifier" and text(value).isupper()
    return value.type in _WITHOUT_EFFECT and not is_macro


def _mixes_and_with_or(node: Node, _scope: Scope) -> bool:
    if text(node.child_by_field_name("operator")) != "||":
        return False
    sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
    return any(
        text(side.child_by_field_name("operator")) == "&&"
        for side in sides
        if side and side.type == "binary_expression"
    )


def _repeats_a_case(node: Node, _scope: Scope) -> bool:
    body = node.child_by_field_name("body")
    cases = [] if body is None else [part for part in body.named_children if part.type == "case_statement"]
    values = [text(value) for case in cases if (value := case.child_by_field_name("value")) is not None]
    return len(values) != len(set(values))


def _chooses_by_string(node: Node, _scope: Scope) -> bool:
    name = re.sub(r"[\s()]", "", text(node.child_by_field_name("condition")))
    declaration = declared_type(name, node) if name.isidentifier() else None
    return declaration is not None and text(declaration.child_by_field_name("type")) == "string"


def _divides_by_zero(node: Node, _scope: Scope) -> bool:
    right = node.child_by_field_name("right")
    zero = right is not None and right.type == "number_literal" and re.fullmatch(r"0+(\.0*)?", text(right)) is not None
    return zero and text(node.child_by_field_name("operator")) in {"/", "%", "/=", "%="}


def _is_outside_array(node: Node, _scope: Scope) -> bool:
    index = re.fullmatch(r"\[\s*(-?\s*\d+)\s*\]", text(node.child_by_field_name("indices")))
    argument = node.child_by_field_name("argument")
    if index is None or argument is None or argument.type != "identifier":
        return False
    place = int(index.group(1).replace(" ", ""))
    size = _literal_size(text(argument), node)
    return place < 0 or (size is not None and place >= size)


def _literal_size(name: str, node: Node) -> int | None:
    declaration = declared_type(name, node)
    if declaration is None or declaration.type != "declaration":
        return None
    sized = re.search(rf"\b{re.escape(name)}\s*\[\s*(\d+)\s*\](?!\s*\[)", text(declaration))
    return int(sized.group(1)) if sized else None


def _has_too_many_values(node: Node, _scope: Scope) -> bool:
    declarator, value = node.child_by_field_name("declarator"), node.child_by_field_name("value")
    if declarator is None or value is None or value.type != "initializer_list":
        return False
    size = re.fullmatch(r"\w+\s*\[\s*(\d+)\s*\]", text(declarator))
    return size is not None and len([part for part in value.named_children if part.type != "comment"]) > int(
        size.group(1)
    )


def _joins_string_and_number(node: Node, _scope: Scope) -> bool:
    sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
    kinds = {side.type for side in sides if side is not None}
    return text(node.child_by_field_name("operator")) in _ARITHMETIC and kinds == {"string_literal", "number_literal"}


def _turns_string_into_number(node: Node, _scope: Scope) -> bool:
    value, declaration = node.child_by_field_name("value"), node.parent
    if value is None or value.type != "identifier" or declaration is None or declaration.type != "declaration":
        return False
    given = declared_type(text(value), node)
    target, source = (text(part.child_by_field_name("type")) if part else "" for part in (declaration, given))
    return source == "string" and target not in {"string", ""}


def _declared_again(node: Node, _scope: Scope) -> bool:
    """A second variable of the same name in an inner block: MetaEditor warns, and the reader is misled."""
    names = set(declared_names(node))
    block = enclosing(node, "compound_statement", "for_statement")
    outer = (
        enclosing(block, "compound_statement", "for_statement", "function_definition") if block is not None else None
    )
    while outer is not None:
        if names & _declared_in(outer, before=node):
            return True
        outer = enclosing(outer, "compound_statement", "for_statement", "function_definition")
    return False


def _declared_in(block: Node, before: Node) -> set[str]:
    if block.type == "function_definition":
        return set()
    direct = [
        part for part in block.named_children if part.type == "declaration" and part.end_byte <= before.start_byte
    ]
    return {name for part in direct for name in declared_names(part)}


def _skips_default(node: Node, _scope: Scope) -> bool:
    kinds = [part.type for part in node.named_children]
    first = next((place for place, kind in enumerate(kinds) if kind == "optional_parameter_declaration"), len(kinds))
    return "parameter_declaration" in kinds[first:]


def _ends_without_return(node: Node, _scope: Scope) -> bool:
    body = node.child_by_field_name("body")
    kind = text(node.child_by_field_name("type"))
    if body is None or kind in {"void", ""} or node.has_error:
        return False
    return not any(part.type == "return_statement" for part in nodes(body))


def _may_be_read_unset(node: Node, _scope: Scope) -> bool:
    function = enclosing(node, "function_definition")
    plain = text(node.child_by_field_name("type")) in _NUMBERS and not any(
        text(part) == "static" for part in node.children
    )
    if function is None or not plain:
        return False
    unset = {text(part) for part in node.children_by_field_name("declarator") if part.type == "identifier"}
    for used in (part for part in nodes(function) if part.type == "identifier" and part.start_byte > node.end_byte):
        if text(used) in unset:
            unset.discard(text(used))
            if _is_read(used) or _is_set_on_one_way(used, node, function):
                return True
    return False


def _is_read(used: Node) -> bool:
    """Whether this first use takes the value. An argument may be one that is handed back."""
    parent = used.parent
    if parent is None or parent.type in {"argument_list", "for_range_loop", "field_expression"}:
        return False
    return not (
        parent.type == "assignment_expression"
        and text(parent.child_by_field_name("operator")) == "="
        and _is_left(used)
    )


def _is_left(used: Node) -> bool:
    left = used.parent.child_by_field_name("left") if used.parent is not None else None
    return left is not None and left.start_byte == used.start_byte


def _is_set_on_one_way(used: Node, declaration: Node, function: Node) -> bool:
    """Whether the first value is given in an `if` without `else`, and the variable is used after it."""
    branch = enclosing(used, "if_statement")
    parent = used.parent
    if branch is None or branch.start_byte < declaration.start_byte or parent is None or parent.type == "argument_list":
        return False
    if branch.child_by_field_name("alternative") is not None or _is_in_condition(used, branch):
        return False
    later = (part for part in nodes(function) if part.type == "identifier" and part.start_byte > branch.end_byte)
    outer = enclosing(branch, "if_statement", "switch_statement")
    is_inner = outer is not None and outer.start_byte > declaration.start_byte
    return not is_inner and any(text(part) == text(used) for part in later)


def _is_in_condition(used: Node, branch: Node) -> bool:
    condition = branch.child_by_field_name("condition")
    return condition is not None and condition.start_byte <= used.start_byte < condition.end_byte


RULES = (
    Rule(
        "empty-body",
        "a semicolon ends this statement before its body",
        "remove it, or write {}",
        on("if_statement", "while_statement", "for_statement"),
        _is_empty_body,
    ),
    Rule(
        "no-effect",
        "this statement does nothing",
        "assign or return the value",
        on("expression_statement"),
        _has_no_effect,
    ),
    Rule(
        "and-or",
        "&& and || stand side by side",
        "put parentheses around what belongs together",
        on("binary_expression"),
        _mixes_and_with_or,
    ),
    Rule("case-twice", "one case occurs twice", "remove one", on("switch_statement"), _repeats_a_case),
    Rule("switch-string", "a switch chooses by whole numbers", "use if", on("switch_statement"), _chooses_by_string),
    Rule(
        "zero-divide",
        "a division by zero ends the program",
        "check the divisor",
        on("binary_expression", "assignment_expression"),
        _divides_by_zero,
    ),
    Rule(
        "index",
        "this index is outside the array",
        "stay below the declared size",
        on("subscript_expression"),
        _is_outside_array,
    ),
    Rule(
        "too-many-values",
        "more values than the array has room for",
        "enlarge the array",
        on("init_declarator"),
        _has_too_many_values,
    ),
    Rule(
        "string-number",
        "a number turns into a string without a word",
        "use IntegerToString, DoubleToString or StringFormat",
        on("binary_expression"),
        _joins_string_and_number,
    ),
    Rule(
        "number-string",
        "a string turns into a number without a word",
        "use StringToInteger or StringToDouble",
        on("init_declarator"),
        _turns_string_into_number,
    ),
    Rule(
        "hides-local",
        "this variable hides one of an outer block",
        "choose another name",
        on("declaration"),
        _declared_again,
    ),
    Rule(
        "default-gap",
        "a parameter without default follows one with a default",
        "move it to the front",
        on("parameter_list"),
        _skips_default,
    ),
    Rule(
        "no-return",
        "a function with a result never returns one",
        "return it",
        on("function_definition"),
        _ends_without_return,
    ),
    Rule(
        "first-value",
        "this variable may be read before it has a value",
        "give it one where it is declared",
        on("declaration"),
        _may_be_read_unset,
    ),
)
