"""Words and constructs of C++ that MQL5 does not have."""

import re

from tree_sitter import Node

from sim.mql5.linting.rule import Rule, Scope, on
from sim.mql5.linting.source import declared_name, enclosing, text
from sim.mql5.linting.symbols import declared_type

_ALLOWED_DIRECTIVES = {"#undef", "#property", "#resource"}


def _unreadable(node: Node, _scope: Scope) -> bool:
    return node.is_error or node.is_missing


def _other_directive(node: Node, _scope: Scope) -> bool:
    directive = text(node.child_by_field_name("directive")).replace(" ", "").replace("\t", "")
    return directive not in _ALLOWED_DIRECTIVES


def _from_std(node: Node, _scope: Scope) -> bool:
    return text(node.child_by_field_name("scope")) == "std"


def _not_long_or_short(node: Node, _scope: Scope) -> bool:
    return text(node) not in {"long", "short"}


def _braced_without_sign(node: Node, _scope: Scope) -> bool:
    value = node.child_by_field_name("value")
    if value is None:
        return node.type == "compound_literal_expression"
    return value.type == "initializer_list" and not any(part.type == "=" for part in node.children)


def _not_a_function_type(node: Node, _scope: Scope) -> bool:
    declarator = node.child_by_field_name("declarator")
    return declarator is None or declarator.type != "function_declarator"


def _not_a_type_name(node: Node, _scope: Scope) -> bool:
    return any(part.type not in {"type_parameter_declaration", "comment"} for part in node.named_children)


def _has_base_or_class(node: Node, _scope: Scope) -> bool:
    scoped = any(part.type in {"class", "struct"} for part in node.children)
    return scoped or node.child_by_field_name("base") is not None


def _declares(node: Node, _scope: Scope) -> bool:
    return any(part.type in {"declaration", "init_statement"} for part in node.children)


def _not_between_for_clauses(node: Node, _scope: Scope) -> bool:
    return node.parent is not None and node.parent.type not in {"for_statement", "comma_expression"}


def _assigns_to_choice(node: Node, _scope: Scope) -> bool:
    left = node.child_by_field_name("left")
    while left is not None and left.type == "parenthesized_expression" and left.named_children:
        left = left.named_children[0]
    return left is not None and left.type == "conditional_expression"


def _not_an_mql_number(node: Node, _scope: Scope) -> bool:
    number = text(node).lstrip("+-").lstrip()
    if number[:2].lower() == "0x":
        return re.fullmatch(r"0[xX][0-9a-fA-F]+", number) is None
    return (
        re.fullmatch(r"(\d+|\d*\.\d+|\d+\.)([eE][+-]?\d+)?[fF]?", number) is None
        or re.match(r"0\d+$", number) is not None
    )


def _prefixed(node: Node, _scope: Scope) -> bool:
    return text(node)[:1] not in {'"', "'"}


def _of_string(node: Node, scope: Scope) -> bool:
    operand = re.fullmatch(r"sizeof\s*\(?\s*(\w+)\s*\)?", text(node))
    if operand is None:
        return False
    name = operand.group(1)
    if name == "string":
        return True
    declaration = declared_type(name, node)
    kind = "" if declaration is None else text(declaration.child_by_field_name("type"))
    return kind == "string" or kind in scope.symbols.not_flat


def _variable_length(node: Node, _scope: Scope) -> bool:
    size = node.child_by_field_name("size")
    if size is None or size.type != "identifier" or enclosing(node, "parameter_list") is not None:
        return False
    declaration = declared_type(text(size), node)
    return declaration is not None and not any(text(part) == "const" for part in declaration.children)


def _unnamed_rest(node: Node, _scope: Scope) -> bool:
    return node.parent is not None and node.parent.type not in {"preproc_params", "string_literal"}


def _restates_its_class(node: Node, _scope: Scope) -> bool:
    owner = enclosing(node, "function_definition")
    return (
        owner is not None and bool(node.children) and text(node.children[0]) == declared_name(owner).rpartition("::")[2]
    )


RULES = (
    Rule(
        "syntax",
        "this is no MQL5 that can be read",
        "look for a bracket, a semicolon or a word of another language",
        on("ERROR"),
        _unreadable,
    ),
    Rule(
        "lambda",
        "MQL5 has no lambda",
        "write a function, and a typedef of its type to hand it on",
        on("lambda_expression"),
    ),
    Rule("auto", "MQL5 has no auto", "name the type", on(), words=on("auto", "decltype", "typeof")),
    Rule("range-for", "MQL5 has no for over a range", "count an index up to ArraySize", on("for_range_loop")),
    Rule(
        "goto",
        "MQL5 has no goto and no label",
        "use a loop, break or return",
        on("labeled_statement"),
        words=on("goto"),
    ),
    Rule(
        "exception",
        "MQL5 has no exceptions",
        "return whether it worked",
        on(),
        words=on("try", "catch", "throw", "noexcept"),
    ),
    Rule("friend", "MQL5 has no friend", "give the class a public method", on(), words=on("friend")),
    Rule("nullptr", "MQL5 has no nullptr", "use objects, not pointers", on(), words=on("nullptr")),
    Rule(
        "compile-time",
        "MQL5 computes nothing at compile time",
        "use #define, const or a check in OnInit",
        on(),
        words=on("constexpr", "consteval", "constinit", "static_assert", "concept", "requires"),
    ),
    Rule(
        "specifier",
        "MQL5 has no such specifier",
        "leave it out",
        on(),
        words=on("mutable", "volatile", "explicit", "register", "thread_local", "alignas", "alignof"),
    ),
    Rule(
        "keyword-cast",
        "MQL5 has no cast by keyword",
        "write (type)value, or dynamic_cast for objects",
        on(),
        words=on("static_cast", "const_cast", "reinterpret_cast"),
    ),
    Rule(
        "foreign-word",
        "MQL5 has no such word",
        "use what the MQL5 reference has",
        on(),
        words=on(
            "typeid",
            "asm",
            "__asm__",
            "namespace",
            "co_await",
            "co_return",
            "co_yield",
            "wchar_t",
            "char8_t",
            "char16_t",
        ),
    ),
    Rule(
        "signedness",
        "MQL5 has no signed and unsigned",
        "use uchar, ushort, uint, ulong",
        on("sized_type_specifier"),
        _not_long_or_short,
        on("unsigned", "signed"),
    ),
    Rule("std", "MQL5 has no std", "use what the MQL5 reference has", on("qualified_identifier"), _from_std),
    Rule(
        "using",
        "MQL5 has no using",
        "use #define or the type itself",
        on("alias_declaration", "using_declaration", "namespace_alias_definition"),
        words=on("using"),
    ),
    Rule(
        "typedef",
        "MQL5 has typedef for types of functions alone",
        "use the type itself, or a #define",
        on("type_definition"),
        _not_a_function_type,
    ),
    Rule(
        "brace-init",
        "MQL5 has no initialization by braces alone",
        "write `= {...}`, or a constructor's arguments",
        on("init_declarator", "compound_literal_expression"),
        _braced_without_sign,
    ),
    Rule("designated-init", "MQL5 names no member in a list of values", "assign the members", on("initializer_pair")),
    Rule(
        "structured-binding",
        "MQL5 binds one name at a time",
        "declare each variable",
        on("structured_binding_declarator"),
    ),
    Rule(
        "attribute",
        "MQL5 has no attributes",
        "leave it out",
        on("attribute_declaration", "attribute_specifier", "ms_declspec_modifier"),
    ),
    Rule(
        "enum-type",
        "an MQL5 enum has no underlying type and no scope of its own",
        "write `enum NAME { ... }`",
        on("enum_specifier"),
        _has_base_or_class,
    ),
    Rule(
        "template-parameter",
        "a template's parameters are types without defaults",
        "pass values as arguments",
        on("template_parameter_list"),
        _not_a_type_name,
    ),
    Rule(
        "directive",
        "MQL5 knows #include, #define, #undef, #ifdef, #ifndef, #else, #endif, #property, #resource and #import",
        "use #ifdef, or leave it out",
        on("preproc_call"),
        _other_directive,
    ),
    Rule(
        "conditional-directive",
        "MQL5 has no #if, #elif and #elifdef",
        "use #ifdef",
        on("preproc_if", "preproc_elif", "preproc_elifdef"),
    ),
    Rule(
        "condition-declares", "a condition declares no variable", "declare it before", on("condition_clause"), _declares
    ),
    Rule(
        "ellipsis",
        "MQL5 functions have a fixed number of parameters",
        "pass an array, or overload",
        on("..."),
        _unnamed_rest,
    ),
    Rule(
        "ternary-target",
        "the choice of ?: is a value, not a variable",
        "use if",
        on("assignment_expression"),
        _assigns_to_choice,
    ),
    Rule(
        "number",
        "MQL5 has no such number: no suffix, no octal, no digit separator",
        "write it in decimal or with 0x",
        on("number_literal"),
        _not_an_mql_number,
    ),
    Rule(
        "literal-prefix",
        "MQL5 has one kind of string",
        "leave the prefix out, and escape what needs it",
        on("raw_string_literal", "string_literal", "char_literal"),
        _prefixed,
    ),
    Rule(
        "comma",
        "a comma joins expressions in a for alone",
        "write two statements",
        on("comma_expression"),
        _not_between_for_clauses,
    ),
    Rule("sizeof-string", "a string has no fixed size", "use StringLen", on("sizeof_expression"), _of_string),
    Rule(
        "array-size",
        "a fixed array's size is a constant",
        "declare a dynamic array and call ArrayResize",
        on("array_declarator"),
        _variable_length,
    ),
    Rule(
        "delegating-constructor",
        "a constructor cannot call another of its class",
        "share an Init method",
        on("field_initializer"),
        _restates_its_class,
    ),
)
