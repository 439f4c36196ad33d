"""An intent as the request MT5 wants: filling mode of the symbol, prices on its grid, volume down to its step."""

from advisor.terminal import Terminal
from domain.intents import Intent, IntentKind, comment_of
from domain.pricing import rounded_price
from domain.requests import TradeAction, TradeRequest
from domain.symbols import FillingFlag, SymbolSpec
from domain.trading import OrderFilling, OrderType
from domain.volumes import floored


def request_for(intent: Intent, terminal: Terminal) -> TradeRequest:
    """The request that carries out `intent` as the terminal stands now."""
    if intent.kind == IntentKind.MODIFY:
        return _modify(intent, terminal.spec(intent.symbol))
    if intent.kind == IntentKind.CANCEL:
        return TradeRequest(action=TradeAction.REMOVE, symbol=intent.symbol, order_ticket=intent.order_ticket)
    if intent.kind == IntentKind.OPEN:
        return _deal(intent, terminal, side=intent.side, volume=intent.volume)
    return _closing(intent, terminal)


def filling_of(spec: SymbolSpec) -> OrderFilling:
    """The filling mode an order on this symbol may have: all or nothing where the symbol lists it."""
    if FillingFlag.FOK in spec.filling_flags:
        return OrderFilling.FOK
    return OrderFilling.IOC if FillingFlag.IOC in spec.filling_flags else OrderFilling.RETURN


def levels_of(intent: Intent, spec: SymbolSpec | None) -> tuple[float, float]:
    """Stop loss and take profit of `intent` on the symbol's grid; 0 stays none."""
    if spec is None:
        return intent.sl, intent.tp
    sl, tp = (float(rounded_price(level, spec.tick_size, spec.digits)) for level in (intent.sl, intent.tp))
    return sl, tp


def _closing(intent: Intent, terminal: Terminal) -> TradeRequest:
    """A CLOSE means all that is left, whatever has been closed by hand since it was decided."""
    position = terminal.position(intent.position_ticket)
    if position is None:
        return _deal(intent, terminal, side=-1, volume=intent.volume)
    volume = position.volume if intent.kind == IntentKind.CLOSE else intent.volume
    return _deal(intent, terminal, side=-position.side, volume=volume)


def _deal(intent: Intent, terminal: Terminal, *, side: int, volume: float) -> TradeRequest:
    spec = terminal.spec(intent.symbol)
    bid, ask, _ = terminal.quote(intent.symbol) if spec else (0.0, 0.0, 0)
    opens = intent.kind == IntentKind.OPEN
    sl, tp = levels_of(intent, spec) if opens else (0.0, 0.0)
    return TradeRequest(
        action=TradeAction.DEAL,
        symbol=intent.symbol,
        magic=intent.magic,
        volume=floored(volume, spec.volume_step) if spec else volume,
        price=ask if side > 0 else bid,
        sl=sl,
        tp=tp,
        deviation_points=intent.deviation_points,
        type=OrderType.BUY if side > 0 else OrderType.SELL,
        filling=filling_of(spec) if spec else OrderFilling.FOK,
        comment=comment_of(intent.intent_id),
        position_ticket=0 if opens else intent.position_ticket,
    )


def _modify(intent: Intent, spec: SymbolSpec | None) -> TradeRequest:
    sl, tp = levels_of(intent, spec)
    return TradeRequest(
        action=TradeAction.SLTP,
        symbol=intent.symbol,
        magic=intent.magic,
        sl=sl,
        tp=tp,
        position_ticket=intent.position_ticket,
    )
