"""Break-even and trailing without the bridge: where a stop goes, by the last instructions alone.

What the core would decide with the ATR of those instructions (`strategy.positions.decide_position`), to the bit; the
protocol states the same rules for the MQL5 EA (docs/wire-protocol.md, "When the bridge is silent").
"""

from domain.intents import LocalCare
from domain.pricing import rounded_price
from domain.symbols import SymbolSpec
from domain.trading import Position


def tended_stop(position: Position, bid: float, ask: float, spec: SymbolSpec, care: LocalCare) -> float | None:
    """The stop `position` should have at this quote; None where it stays.

    A stop only ever tightens, keeps the symbol's stops level and one tick, and stays while the market is within the
    freeze level of a present stop or target. A price of 0 is one the terminal does not know.
    """
    close_price = bid if position.side > 0 else ask
    if care.is_off or min(close_price, position.price_open) <= 0.0:
        return None
    gain = (close_price - position.price_open) * position.side
    stop = position.sl
    level = _on_grid(position.price_open + position.side * care.break_even_offset, spec)
    better = stop == 0.0 or (level - stop) * position.side >= care.trailing_step
    if 0.0 < care.break_even_gain <= gain and better and _has_room(position, close_price, level, spec):
        stop = level
    level = _on_grid(close_price - position.side * care.trailing_distance, spec)
    better = level > 0.0 and (stop == 0.0 or (level - stop) * position.side >= care.trailing_step)
    trails = care.trailing_distance > 0.0 and gain >= care.trailing_gain
    if trails and better and _has_room(position, close_price, level, spec):
        stop = level
    return None if stop == position.sl or _is_frozen(position, close_price, spec) else stop


def _on_grid(price: float, spec: SymbolSpec) -> float:
    return float(rounded_price(price, spec.tick_size, spec.digits))


def _has_room(position: Position, close_price: float, level: float, spec: SymbolSpec) -> bool:
    return (close_price - level) * position.side >= spec.stops_level_points * spec.point + spec.tick_size


def _is_frozen(position: Position, close_price: float, spec: SymbolSpec) -> bool:
    if not spec.freeze_level_points:
        return False
    levels = [level for level in (position.sl, position.tp) if level > 0.0]
    return any(round(abs(close_price - level) / spec.point) <= spec.freeze_level_points for level in levels)
