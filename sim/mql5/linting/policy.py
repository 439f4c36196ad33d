"""What this project asks of a program that trades with real money, beyond what the compiler asks."""

import re
from functools import cache
from pathlib import Path

from tree_sitter import Node

from sim.mql5.linting.rule import Rule, Scope, on
from sim.mql5.linting.source import (
    arguments,
    called_name,
    declared_name,
    enclosing,
    function_name,
    nodes,
    text,
    unwrapped,
)
from sim.mql5.linting.symbols import declared_names

LONGEST_ORDER_COMMENT = 27
"""Brokers cut or refuse longer ones, and the intent's number in it would be lost."""


@cache
def _checked_functions() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("checked_functions.txt").read_text(encoding="utf-8").split())


_REQUESTS = {"MqlTradeRequest", "MqlTradeResult", "MqlTradeCheckResult"}
_WAITING_PLACE = {"SocketRead": 3, "SocketTlsRead": 3, "SocketConnect": 3}
_WHOLE = {"-1", "WHOLE_ARRAY"}


def _is_dropped(node: Node, _scope: Scope) -> bool:
    if called_name(node) not in _checked_functions():
        return False
    whole = node
    while whole.parent is not None and whole.parent.type in {
        "parenthesized_expression",
        "cast_expression",
        "comma_expression",
    }:
        whole = whole.parent
    if whole.parent is None:
        return False
    return whole.parent.type == "expression_statement" or _is_stored_and_forgotten(whole)


def _is_stored_and_forgotten(call: Node) -> bool:
    """Whether the call's result goes to a local variable that is read nowhere."""
    declarator, function = call.parent, enclosing(call, "function_definition")
    if declarator is None or declarator.type != "init_declarator" or function is None:
        return False
    name = declared_name(declarator)
    return sum(node.type == "identifier" and text(node) == name for node in nodes(function)) == 1


def _waits_for_ever(node: Node, scope: Scope) -> bool:
    place = _WAITING_PLACE.get(called_name(node))
    given = arguments(node)
    if place is None or place >= len(given):
        return False
    return text(unwrapped(given[place])) in {"0", *scope.symbols.zeros}


def _other_code_page(node: Node, _scope: Scope) -> bool:
    place = {"StringToCharArray": 4, "CharArrayToString": 3}.get(called_name(node))
    given = arguments(node)
    return place is not None and (len(given) <= place or text(unwrapped(given[place])) != "CP_UTF8")


def _leaves_length_open(node: Node, _scope: Scope) -> bool:
    name, given = called_name(node), arguments(node)
    place = {"StringToCharArray": 3, "CharArrayToString": 2}.get(name)
    if place is None or (len(given) > place and text(given[place]).replace(" ", "") not in _WHOLE):
        return False
    counts = name == "StringToCharArray" and node.parent is not None and node.parent.type != "expression_statement"
    return not counts


def _starts_with_list(node: Node, _scope: Scope) -> bool:
    declaration, value = node.parent, node.child_by_field_name("value")
    if declaration is None or value is None or value.type != "initializer_list":
        return False
    return text(declaration.child_by_field_name("type")).startswith("Mql")


def _is_not_zeroed(node: Node, _scope: Scope) -> bool:
    function = enclosing(node, "function_definition")
    if function is None or text(node.child_by_field_name("type")) not in _REQUESTS:
        return False
    calls = (part for part in nodes(function) if part.type == "call_expression" and called_name(part) == "ZeroMemory")
    zeroed = {text(argument) for call in calls for argument in arguments(call)}
    return not set(declared_names(node)) <= zeroed


def _sleeps(node: Node, _scope: Scope) -> bool:
    return called_name(node) == "Sleep" and function_name(node) != "OnStart"


def _is_long_comment(node: Node, _scope: Scope) -> bool:
    target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
    if target is None or value is None or text(target.child_by_field_name("field")) != "comment":
        return False
    if value.type != "string_literal":
        return False
    literal = text(value)[1:-1]
    return len(re.sub(r"\\.", " ", literal)) > LONGEST_ORDER_COMMENT or not literal.isascii()


RULES = (
    Rule(
        "unchecked",
        "the result of this call is not looked at",
        "test it, and say what failed with GetLastError",
        on("call_expression"),
        _is_dropped,
    ),
    Rule(
        "no-timeout",
        "a timeout of 0 means two minutes or for ever",
        "give a timeout in milliseconds, at least 1",
        on("call_expression"),
        _waits_for_ever,
    ),
    Rule(
        "code-page",
        "text turns into bytes by the machine's own code page",
        "give CP_UTF8 as the last argument",
        on("call_expression"),
        _other_code_page,
    ),
    Rule(
        "text-length",
        "the length is left open, and a terminating zero comes along",
        "give the number of bytes, or use the number that StringToCharArray returns",
        on("call_expression"),
        _leaves_length_open,
    ),
    Rule(
        "request-list",
        "a list of values leaves the rest of a request to chance on some builds",
        "declare it without a value and call ZeroMemory",
        on("init_declarator"),
        _starts_with_list,
    ),
    Rule(
        "request-zero",
        "a request holds what the stack held before",
        "call ZeroMemory on it before its first field is set",
        on("declaration"),
        _is_not_zeroed,
    ),
    Rule(
        "sleep",
        "Sleep stops every event of the program",
        "remember the time and go on at a later timer event",
        on("call_expression"),
        _sleeps,
    ),
    Rule(
        "order-comment",
        "an order's comment is longer than 27 ASCII characters, and would be cut or refused",
        "shorten it",
        on("assignment_expression"),
        _is_long_comment,
    ),
)
