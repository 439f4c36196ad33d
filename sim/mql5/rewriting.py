"""MQL5 becomes C++, token by token and every line in its place: only what differs between the two is rewritten."""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from sim.mql5.expansion import Expansion
from sim.mql5.tokens import Token, spelling

HANDLERS: Final = ("OnInit", "OnDeinit", "OnTick", "OnTimer", "OnTrade", "OnTradeTransaction", "OnBookEvent")
_FOREIGN_HANDLERS: Final = frozenset({"OnStart", "OnCalculate", "OnTester", "OnChartEvent"})
BUILT_IN_TYPES: Final = frozenset(
    re.split(r"\s+", "void bool char uchar short ushort int uint long ulong float double string datetime color")
)
_AGGREGATES: Final = frozenset({"class", "struct", "union"})
_MODIFIERS: Final = frozenset({"const", "static"})
_OPENING: Final = {"(": ")", "{": "}", "[": "]"}


class Types(NamedTuple):
    """Names known as types, those of them that are enumerations, and those that hold strings or dynamic arrays."""

    names: frozenset[str] = BUILT_IN_TYPES
    enums: frozenset[str] = frozenset()
    rich: frozenset[str] = frozenset({"string"})


class Input(NamedTuple):
    """One input as it is declared."""

    type: str
    name: str


class Translation(NamedTuple):
    """The C++ text and what a host must know of it; `enums` are member lists as written."""

    code: str
    inputs: tuple[Input, ...]
    handlers: tuple[str, ...]
    types: Types
    enums: dict[str, tuple[str, ...]]


class _Declarator(NamedTuple):
    name: str
    dimensions: list[str]
    start: str  # what follows it: an initialiser, or nothing


class _Rewriter:
    """Walks the tokens that mean something (`code`), and notes in `new` what stands for them instead."""

    def __init__(self, expansion: Expansion, types: Types) -> None:
        self.all = expansion.tokens
        self.places = [index for index, token in enumerate(self.all) if token.is_code]
        self.code = [self.all[index] for index in self.places]
        self.text = [token.text for token in self.code] + [""] * 8
        self.new: dict[int, str] = {}
        self.types = set(types.names)
        self.enum_names = set(types.enums)
        self.rich = set(types.rich)
        self.forward: list[str] = []
        self.inputs: list[Input] = []
        self.enums: dict[str, tuple[str, ...]] = {}
        self.functions: list[tuple[int, int]] = []
        self.handlers: list[str] = []
        self.scopes: list[str] = []  # what each open brace belongs to: an aggregate's name, or ""
        self._rules: dict[str, Callable[[int], int]] = {
            "input": self._input,
            "sinput": self._input,
            "enum": self._enum,
            "class": self._aggregate,
            "struct": self._aggregate,
            "union": self._aggregate,
            "{": self._open,
            "}": self._close,
            "this": self._this,
            "::": self._global,
            "&": self._reference,
            "*": self._star,
        }

    # -- looking around ------------------------------------------------------------------------------------------------

    def _learn_types(self) -> None:
        for at, token in enumerate(self.code):
            if token.text in _AGGREGATES | {"enum"} and self.code[at + 1 : at + 2] and self._is_name(at + 1):
                (self.enum_names if token.text == "enum" else self.types).add(self.text[at + 1])
            elif token.text in {"typename", "class"} and self.text[at - 1] in {"<", ","}:
                self.types.add(self.text[at + 1])
            elif token.text == "typedef":
                named = next((i for i in range(at, len(self.code)) if self.text[i] == "*"), at)
                self.types.add(self.text[named + 1])
        self.types |= self.enum_names

    def _is_name(self, at: int) -> bool:
        return at < len(self.code) and self.code[at].kind == "name"

    def _match(self, at: int) -> int:
        """Place of the bracket that closes the one at `at`."""
        opening = self.text[at]
        closing, depth = _OPENING[opening], 0
        for place in range(at, len(self.code)):
            depth += (self.text[place] == opening) - (self.text[place] == closing)
            if depth == 0:
                return place
        raise self.code[at].refused(f"{opening} is never closed")

    def _find(self, at: int, wanted: str) -> int:
        """The next `wanted` outside brackets."""
        place = at
        while place < len(self.code):
            if self.text[place] and self.text[place] in wanted:
                return place
            place = self._match(place) + 1 if self.text[place] in _OPENING else place + 1
        raise self.code[min(at, len(self.code) - 1)].refused(f"{' or '.join(wanted)} expected")

    def _spelled(self, begin: int, end: int) -> str:
        """What stands for code tokens [begin, end) in C++."""
        parts = (self.new.get(place, spelling(self.code[place])) for place in range(begin, end))
        return " ".join(part for part in parts if part)

    def _replace(self, begin: int, end: int, text: str) -> int:
        """`text` for code tokens [begin, end); the lines between them stay."""
        self.new.update(dict.fromkeys(range(begin, end), ""))
        self.new[begin] = text
        return end

    # -- declarations --------------------------------------------------------------------------------------------------

    def _input(self, at: int) -> int:
        """`input T name=value;` is a constant that the host may set before anything else is made."""
        if self.text[at + 1] == "group":
            end = at + 3 + (self.text[at + 3] == ";")
            return self._replace(at, end, "")
        end = self._find(at, ";")
        equals = next((place for place in range(at, end) if self.text[place] == "="), 0)
        if not equals:
            raise self.code[at].refused("an input needs a value: input int InpName=1;")
        kind, name = self._spelled(at + 1, equals - 1), self.text[equals - 1]
        self.inputs.append(Input("".join(self.text[at + 1 : equals - 1]), name))
        return self._replace(at, end + 1, f"MQL_INPUT({kind}, {name}, ({self._spelled(equals + 1, end)}));")

    def _enum(self, at: int) -> int:
        named = self._is_name(at + 1)
        brace = at + 1 + named
        if self.text[brace] != "{":
            return at + 1
        end, name = self._match(brace), self.text[at + 1] if named else ""
        self.new[at] = f"enum {name} : int"
        if named:
            self.new[at + 1] = ""
        members = [
            place for place in range(brace + 1, end) if self._is_name(place) and self.text[place - 1] in {"{", ","}
        ]
        if not named:
            return brace
        self.enums[name] = tuple(self._member(place, end) for place in members)
        if not self.scopes or self.scopes[-1]:
            cases = " ".join(f"MQL_CASE({self.text[place]})" for place in members)
            self.new[end + 1] = f"; MQL_NAMES({'friend' if self.scopes else 'inline'}, {name}, {cases})"
        if not self.scopes:
            self.forward.append(f"enum {name} : int;")
        return brace

    def _member(self, place: int, end: int) -> str:
        stop = next((i for i in range(place, end) if self.text[i] == ","), end)
        return " ".join(self.text[place:stop])

    def _aggregate(self, at: int) -> int:
        """Structures are packed, unless they hold what only the harness has (MQL5 could not send those either)."""
        if self.text[at - 1] in {"<", ","} or not self._is_name(at + 1):
            return at + 1
        name, brace = self.text[at + 1], at + 2
        if self.text[brace] == "pack":
            if self.text[brace + 1 : brace + 4] != ["(", "1", ")"]:
                raise self.code[brace].refused("only pack(1) is supported by this harness")
            brace = self._replace(brace, brace + 4, "")
        brace = self._find(brace, "{;")
        if self.text[brace] == ";":
            return brace
        end = self._match(brace)
        body = self.text[brace:end]
        if not self.scopes and self.text[at - 1] != ">":
            self.forward.append(f"{self.text[at]} {name};")
        if self.rich & {*body, *self.text[at + 2 : brace]} or ("[" in body and re.search(r"\[ \]", " ".join(body))):
            self.rich.add(name)
        elif self.text[at] != "class":
            self.new[at] = f"MQL_PACKED {self.text[at]}"
            self.new[end + 1] = "; MQL_UNPACKED"
        self.new[brace] = "{ "
        self.scopes.append(name)
        return brace + 1

    def _open(self, at: int) -> int:
        self.scopes.append("")
        return at + 1

    def _close(self, at: int) -> int:
        if not self.scopes:
            raise self.code[at].refused("} without {")
        self.scopes.pop()
        return at + 1

    # -- references, arrays --------------------------------------------------------------------------------------------

    def _reference(self, at: int) -> int:
        """`[const] T &name[]` as a parameter is a view of an array."""
        if not (self._is_name(at + 1) and self.text[at + 2] == "[" and self.text[at - 1] in self.types):
            return at + 1
        end, dimensions = self._dimensions(at + 2)
        begin = at - 1
        while self.text[begin - 1] == "::":
            begin -= 2
        element = _nested(self._spelled(begin, at), dimensions[1:])
        is_const = self.text[begin - 1] == "const"
        kind = f"mql::{'Const' if is_const else ''}View<{element}>"
        return self._replace(begin - is_const, end, f"{kind} {self.text[at + 1]}")

    def _dimensions(self, at: int) -> tuple[int, list[str]]:
        """What stands between the brackets from `at` on, and where they end."""
        dimensions = []
        while self.text[at] == "[":
            end = self._match(at)
            dimensions.append(self._spelled(at + 1, end))
            at = end + 1
        return at, dimensions

    def _declares_array(self, at: int) -> bool:
        """Whether a type at `at` begins a statement with an array in it."""
        if self.text[at] not in self.types or self.text[at - 1] in {".", "::", "<"} or not self._is_name(at + 1):
            return False
        place = at + 1
        while self._is_name(place) and self.text[place] != "operator":
            if self.text[place + 1] == "[":
                return True
            place += 1
            if self.text[place] == "(":
                return False
            if self.text[place] == "=":
                place = self._find(place, ",;)")
            if self.text[place] != ",":
                return False
            place += 1
        return False

    def _array(self, at: int) -> int:
        """`T a[3], b[], c;`: one declaration for each name."""
        end = self._find(at, ";")
        begin = at
        while self.text[begin - 1] in _MODIFIERS:
            begin -= 1
        modifiers = "".join(f"{self.text[place]} " for place in range(begin, at))
        element, declared, place = self._spelled(at, at + 1), "", at + 1
        while place < end:
            one, place = self._declarator(place, end)
            kind = _array_type(element, one.dimensions) if one.dimensions else element
            declared += f"{modifiers}{kind} {one.name}{one.start}; "
            place += 1
        return self._replace(begin, end + 1, declared)

    def _declarator(self, at: int, end: int) -> tuple[_Declarator, int]:
        name = self.text[at]
        if not self._is_name(at):
            raise self.code[at].refused("a name expected")
        place, dimensions = self._dimensions(at + 1)
        stop = self._find(place, ",;")
        self._double_braces(place, stop, len(dimensions))
        start = self._spelled(place, stop)
        if dimensions and not dimensions[0] and self.text[place : place + 2] == ["=", "{"]:
            dimensions[0] = str(self._count(place + 1))
        if stop > end:
            raise self.code[at].refused("; expected")
        return _Declarator(name, dimensions, f" {start}" if start else ""), stop

    def _double_braces(self, begin: int, end: int, dimensions: int) -> None:
        """An array is a struct around a plain array here: its initialiser takes two braces a dimension."""
        depth = 0
        for place in range(begin, end):
            if self.text[place] == "{":
                depth += 1
                self.new[place] = "{{" if depth <= dimensions else "{"
            elif self.text[place] == "}":
                self.new[place] = "}}" if depth <= dimensions else "}"
                depth -= 1

    def _count(self, brace: int) -> int:
        """How many elements an initialiser gives."""
        end, place, count = self._match(brace), brace + 1, 0
        while place < end:
            place = self._find(place, ",}") + 1
            count += 1
        return count

    # -- the rest ------------------------------------------------------------------------------------------------------

    def _this(self, at: int) -> int:
        if self.text[at + 1] != ".":
            raise self.code[at].refused("this: only this.member is supported by this harness, no pointers")
        self.new[at + 1] = "->"
        return at + 2

    def _global(self, at: int) -> int:
        if at and not self._is_name(at - 1) and self.text[at - 1] != ">":
            self.new[at] = "ea::"
        if not self.scopes and self._is_name(at + 1) and self.text[at + 2] == "(":
            self._drop_defaults(at + 2)
        return at + 1

    def _drop_defaults(self, opening: int) -> None:
        """A method's body may repeat the defaults of its declaration; C++ has them once."""
        end = self._match(opening)
        place = opening + 1
        while place < end:
            stop = self._find(place, ",)")
            equals = next((i for i in range(place, stop) if self.text[i] == "="), stop)
            self.new.update(dict.fromkeys(range(equals, stop), ""))
            place = stop + 1

    def _star(self, at: int) -> int:
        declares = self.text[at - 1] in self.types - BUILT_IN_TYPES and self._is_name(at + 1)
        if declares and self.text[at - 2] in {";", "{", "}", "(", ",", "const", "static", ":"}:
            raise self.code[at].refused("pointers are not supported by this harness")
        return at + 1

    def _function(self, at: int) -> int | None:
        """A function of the file: noted, for it may be called further up."""
        if self.scopes or self.text[at] not in self.types or not self._is_name(at + 1) or self.text[at + 2] != "(":
            return None
        end = self._match(at + 2)
        if self.text[end + 1] != "{" or self.text[at - 1] == ">":
            return None
        if self.text[at + 1] in _FOREIGN_HANDLERS:
            raise self.code[at + 1].refused(f"{self.text[at + 1]} is never called by this harness")
        if self.text[at + 1] in HANDLERS:
            self.handlers.append(self.text[at + 1])
        self.functions.append((at, end + 1))
        return at + 2

    def _prototypes(self) -> Iterable[str]:
        for begin, end in self.functions:
            if any(self.text[place] == "::" for place in range(begin, end)):
                continue
            yield re.sub(r" = (?:[^,()]|\([^()]*\))+", "", self._spelled(begin, end)) + ";"

    def translated(self) -> Translation:
        self._learn_types()
        at = 0
        while at < len(self.code):
            at = self._step(at)
        if self.scopes:
            raise self.code[-1].refused("{ is never closed")
        places = dict(zip(self.places, range(len(self.places)), strict=True))
        body = "".join(
            self.new.get(places[index], spelling(token)) if index in places else _between(token)
            for index, token in enumerate(self.all)
        )
        head = "".join(f"{line}\n" for line in (*dict.fromkeys(self.forward), *dict.fromkeys(self._prototypes())))
        types = Types(frozenset(self.types), frozenset(self.enum_names), frozenset(self.rich))
        return Translation(head + body, tuple(self.inputs), tuple(self.handlers), types, self.enums)

    def _step(self, at: int) -> int:
        rule = self._rules.get(self.text[at])
        if rule is not None:
            return rule(at)
        if self._declares_array(at):
            return self._array(at)
        return self._function(at) or at + 1


def _between(token: Token) -> str:
    return spelling(token) if token.kind == "comment" else token.text


def _nested(element: str, dimensions: list[str]) -> str:
    for size in reversed(dimensions):
        element = f"mql::Fixed<{element}, ({size})>"
    return element


def _array_type(element: str, dimensions: list[str]) -> str:
    inner = _nested(element, dimensions[1:])
    return f"mql::Fixed<{inner}, ({dimensions[0]})>" if dimensions[0] else f"mql::Array<{inner}>"


def translated(expansion: Expansion, types: Types | None = None) -> Translation:
    """The C++ of an EA, or of the runtime's own declarations; `types` are those declared before it.

    Raises:
        SourceError: for what is no MQL5, or MQL5 that this harness leaves out.
    """
    return _Rewriter(expansion, types or Types()).translated()
