"""Event handlers and MQL5's own functions: names that a program may not use as it likes."""

import re
from functools import cache
from pathlib import Path

from tree_sitter import Node

from sim.mql5.linting.rule import Scope
from sim.mql5.linting.source import declared_name, nodes, text

_TRANSACTION = "void(const MqlTradeTransaction&,const MqlTradeRequest&,const MqlTradeResult&)"
_CALCULATE = (
    "int(const int,const int,const int,const double&[])",
    f"int(const int,const int,const datetime&[]{',const double&[]' * 4}{',const long&[]' * 2},const int&[])",
)
EVENTS: dict[str, tuple[str, ...]] = {
    "OnStart": ("void()", "int()"),
    "OnInit": ("int()", "void()"),
    "OnDeinit": ("void(const int)",),
    "OnTick": ("void()",),
    "OnTimer": ("void()",),
    "OnTrade": ("void()",),
    "OnTradeTransaction": (_TRANSACTION,),
    "OnBookEvent": ("void(const string&)",),
    "OnChartEvent": ("void(const int,const long&,const double&,const string&)",),
    "OnCalculate": _CALCULATE,
    "OnTester": ("double()",),
    "OnTesterInit": ("int()", "void()"),
    "OnTesterDeinit": ("void()",),
    "OnTesterPass": ("void()",),
}
_EVENT_OF = {name.lower(): name for name in EVENTS}
_TOP_LEVEL = {"translation_unit", "preproc_ifdef", "preproc_else"}


@cache
def built_in_functions() -> frozenset[str]:
    """Names of the functions of the MQL5 reference."""
    return frozenset(Path(__file__).with_name("built_in_functions.txt").read_text(encoding="utf-8").split())


def _is_function_of_the_file(node: Node) -> bool:
    return node.parent is not None and node.parent.type in _TOP_LEVEL and "::" not in declared_name(node)


def has_wrong_signature(node: Node, _scope: Scope) -> bool:
    """Whether a function has an event handler's name with other parameters or another result."""
    name = declared_name(node)
    return _is_function_of_the_file(node) and name in EVENTS and _signature(node) not in EVENTS[name]


def is_misspelled_event(node: Node, _scope: Scope) -> bool:
    """Whether a function's name differs from an event handler's in case alone."""
    name = declared_name(node)
    return _is_function_of_the_file(node) and _EVENT_OF.get(name.lower(), name) != name


def redefines_built_in(node: Node, _scope: Scope) -> bool:
    """Whether a function outside classes has the name of one of MQL5's functions."""
    return _is_function_of_the_file(node) and declared_name(node) in built_in_functions()


def _signature(definition: Node) -> str:
    """A function's result and the types of its parameters, such as `void(const int,const string&)`."""
    parameters = next((part for part in nodes(definition) if part.type == "parameter_list"), None)
    listed = [] if parameters is None else [part for part in parameters.named_children if part.type != "comment"]
    types = [_parameter_type(parameter) for parameter in listed]
    return f"{text(definition.child_by_field_name('type'))}({','.join(kind for kind in types if kind != 'void')})"


def _parameter_type(parameter: Node) -> str:
    kind = re.sub(r"\s+", " ", text(parameter))
    name = declared_name(parameter)
    if name:
        kind = re.sub(rf"\b{re.escape(name)}\b(?!.*\b{re.escape(name)}\b)", "", kind)
    return re.sub(r"\s*([&\[\]])\s*", r"\1", kind).strip()
