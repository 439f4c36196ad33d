"""What the EA fills structures with: `ea/Include/Companion/WireFill.mqh`, as text.

A field is MT5's property of the same name, unless `names` gives another or `values` an expression of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from domain.trading import DealReason, DealType
from wire import items, records
from wire import kinds as k
from wire.enums import MessageType
from wire.layout import Field, Record

FILLING_PATH: Final = "ea/Include/Companion/WireFill.mqh"

_SAID_BY_THE_BRIDGE: Final = (
    MessageType.CHALLENGE,
    MessageType.WELCOME,
    MessageType.HISTORY,
    MessageType.DECISION,
    MessageType.INTENT,
    MessageType.HEARTBEAT,
    MessageType.ERROR,
    MessageType.BYE,
)
_RULE: Final = "//+------------------------------------------------------------------+"
_PREAMBLE: Final = """//| MT5's properties in the structures of the wire. Generated: do not |
//| edit. Declared in wire/, written by scripts/generate-wire-header. |"""


class _Filling(msgspec.Struct, frozen=True, kw_only=True):
    """How a structure is filled: `getter` with {kind} (Integer, Double, String) and {name} of the property."""

    function: str
    record: Record
    getter: str
    parameters: str = ""
    chosen: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    names: Mapping[str, str] = {}
    values: Mapping[str, str] = {}
    most: Mapping[str, int] = {}
    is_shared: bool = False
    """For every structure that has these fields, which is not blanked before."""

    def fields(self) -> Iterator[Field]:
        """Those it fills."""
        for field in self.record.fields:
            if (not self.chosen or field.name in self.chosen) and field.name not in self.left:
                yield field


_MONEY: Final = ("balance", "equity", "margin", "margin_free")
_IDENTITY: Final = ("login", "server", "currency", "currency_digits", "leverage", "margin_mode", "trade_mode")
_FILLINGS: Final = (
    _Filling(
        function="WireFillMoney",
        record=records.HEARTBEAT,
        getter="AccountInfo{kind}(ACCOUNT_{name})",
        chosen=_MONEY,
        names={"margin_free": "MARGIN_FREE"},
        is_shared=True,
    ),
    _Filling(
        function="WireFillIdentity",
        record=records.HELLO,
        getter="AccountInfo{kind}(ACCOUNT_{name})",
        chosen=_IDENTITY,
        is_shared=True,
    ),
    _Filling(
        function="WireFill",
        record=items.SYMBOL,
        getter="SymbolInfo{kind}(symbol,SYMBOL_{name})",
        parameters="const string symbol",
        left=("margin_rate_buy", "margin_rate_sell", "sessions"),
        names={
            "tick_size": "TRADE_TICK_SIZE",
            "tick_value": "TRADE_TICK_VALUE",
            "tick_value_profit": "TRADE_TICK_VALUE_PROFIT",
            "tick_value_loss": "TRADE_TICK_VALUE_LOSS",
            "contract_size": "TRADE_CONTRACT_SIZE",
            "stops_level_points": "TRADE_STOPS_LEVEL",
            "freeze_level_points": "TRADE_FREEZE_LEVEL",
            "calc_mode": "TRADE_CALC_MODE",
            "execution_mode": "TRADE_EXEMODE",
        },
        values={"name": "symbol", "filling_flags": "(SymbolInfoInteger(symbol,SYMBOL_FILLING_MODE)&7)"},
    ),
    _Filling(
        function="WireFill",
        record=items.DEAL,
        getter="HistoryDealGet{kind}(ticket,DEAL_{name})",
        parameters="const ulong ticket",
        names={"order_ticket": "ORDER"},
        values={"deal_ticket": "ticket"},
        most={"type": max(DealType), "reason": max(DealReason)},
    ),
    _Filling(
        function="WireFill",
        record=items.POSITION,
        getter="PositionGet{kind}(POSITION_{name})",
        names={"position_ticket": "TICKET", "position_id": "IDENTIFIER"},
    ),
    _Filling(
        function="WireFill",
        record=items.ORDER,
        getter="OrderGet{kind}(ORDER_{name})",
        names={"order_ticket": "TICKET", "time_expiration_s": "TIME_EXPIRATION"},
    ),
    _Filling(
        function="WireFill",
        record=items.CALENDAR_VALUE,
        getter="event.{field}",
        parameters="const MqlCalendarValue &value,const MqlCalendarEvent &event,const MqlCalendarCountry &place",
        values={
            "value_id": "value.id",
            "event_id": "value.event_id",
            "time_s": "value.time",
            "period_s": "value.period",
            "actual": "value.actual_value",
            "forecast": "value.forecast_value",
            "previous": "value.prev_value",
            "revised": "value.revised_prev_value",
            "revision": "value.revision",
            "impact": "value.impact_type",
            "event_type": "event.type",
            "country": "place.code",
            "currency": "place.currency",
        },
    ),
)
_AMOUNTS: Final = (k.PRICE, k.DISTANCE, k.VOLUME)


def mql5_filling() -> str:
    """The file: a function for each structure, the sizes of what the bridge says, the check of an intent's amounts."""
    sections = [
        f"{_RULE}\n{_PREAMBLE}\n{_RULE}",
        "#ifndef COMPANION_WIRE_FILL_MQH\n#define COMPANION_WIRE_FILL_MQH",
        '#include "Text.mqh"\n#include "Wire.mqh"',
        *(_function(filling) for filling in _FILLINGS),
        _body_sizes(),
        _amounts(),
        "#endif",
    ]
    return "\n\n".join(sections) + "\n"


def _function(filling: _Filling) -> str:
    parameters = f",{filling.parameters}" if filling.parameters else ""
    if filling.is_shared:
        start = f"template<typename T>\nvoid {filling.function}(T &body{parameters})\n  {{"
    else:
        start = f"void {filling.function}({filling.record.name} &body{parameters})\n  {{\n   ZeroMemory(body);"
    lines = "\n".join(_line(filling, field) for field in filling.fields())
    return f"{start}\n{lines}\n  }}"


def _line(filling: _Filling, field: Field) -> str:
    value = _value(filling, field)
    if field.kind.length:
        return f"   CText::Put(body.{field.name},{value});"
    if field.name in filling.most:
        value = f"MathMin({value},{filling.most[field.name]})"
    cast = "" if field.kind.mql == "double" else f"({field.kind.mql})"
    return f"   body.{field.name}={cast}{value};"


def _value(filling: _Filling, field: Field) -> str:
    if field.name in filling.values:
        return filling.values[field.name]
    name = filling.names.get(field.name, field.name.upper())
    kind = "String" if field.kind.length else "Double" if field.kind.mql == "double" else "Integer"
    return filling.getter.format(kind=kind, name=name, field=field.name)


def _body_sizes() -> str:
    cases = "\n".join(
        f"      case WIRE_MESSAGE_{message.name}: return((int)sizeof({records.BODIES[message].name}));"
        for message in _SAID_BY_THE_BRIDGE
    )
    remark = "// The size of the body of what the bridge may say; -1 for anything else."
    return f"{remark}\nint WireBodySize(const int type)\n  {{\n   switch(type) {{\n{cases}\n   }}\n   return(-1);\n  }}"


def _amounts() -> str:
    fields = [field.name for field in records.INTENT.fields if field.kind in _AMOUNTS]
    checks = "\n          && ".join(f"WireIsAmount(body.{name})" for name in fields)
    remark = "// Whether prices, distances and lots are numbers that can be."
    single = f"bool WireIsAmount(const double value) {{ return(value>=0.0 && value<={k.MAX_PRICE:.0f}.0); }}"
    return f"{remark}\n{single}\n\nbool WireIsSound(const WireIntent &body)\n  {{\n   return({checks});\n  }}"
