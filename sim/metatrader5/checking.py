"""What `order_check` finds wrong with a request that is not sent: the server's checks, in the server's order."""

from domain.retcodes import Retcode
from domain.symbols import ExecutionMode, SymbolSpec
from domain.trading import Order, OrderType, Position
from sim import checks
from sim.pending import BUYS, PENDING_TYPES, STOP_LIMITS, expiry_msc
from sim.requests import TradeAction, TradeRequest
from sim.terminal import SimTerminal


def order_refusal(terminal: SimTerminal, request: TradeRequest, extra_margin: float) -> Retcode | None:
    """The first thing wrong; `extra_margin` [account money] is what a new position or order would need by itself."""
    match request.action:
        case TradeAction.DEAL:
            refusal = _deal_refusal(terminal, request)
        case TradeAction.PENDING:
            refusal = _placing_refusal(terminal, request)
        case TradeAction.SLTP:
            return _levels_refusal(terminal, request)
        case TradeAction.MODIFY | TradeAction.REMOVE:
            return _standing_refusal(terminal, request)
        case _:
            return Retcode.INVALID
    return refusal or (Retcode.NO_MONEY if extra_margin > max(terminal.money().margin_free, 0.0) else None)


def _deal_refusal(terminal: SimTerminal, request: TradeRequest) -> Retcode | None:
    spec, side = terminal.spec(request.symbol), checks.side_of(request)
    if spec is None or side == 0:
        return Retcode.INVALID
    refusal = checks.volume_refusal(request.volume, spec) or checks.filling_refusal(request.filling, spec)
    refusal = refusal or _closed(terminal, spec)
    if refusal is not None:
        return refusal
    if spec.execution_mode == ExecutionMode.INSTANT and not checks.is_on_grid(request.price, spec):
        return Retcode.INVALID_PRICE
    if request.position_ticket:
        return _closing_refusal(terminal, request, spec)
    bid, ask, _ = terminal.quote(spec.name)
    refusal = checks.mode_refusal(side, spec)
    return refusal or checks.stops_refusal(side, bid, ask, request.sl, request.tp, spec)


def _closing_refusal(terminal: SimTerminal, request: TradeRequest, spec: SymbolSpec) -> Retcode | None:
    held = terminal.position(request.position_ticket)
    if held is None:
        return Retcode.POSITION_CLOSED
    if held.symbol != spec.name or checks.side_of(request) != -held.side:
        return Retcode.INVALID
    if request.volume > held.volume + spec.volume_step / 2.0:
        return Retcode.INVALID_CLOSE_VOLUME
    return _frozen(terminal, held, spec)


def _levels_refusal(terminal: SimTerminal, request: TradeRequest) -> Retcode | None:
    held = terminal.position(request.position_ticket)
    spec = terminal.spec(held.symbol) if held is not None else None
    if held is None or spec is None:
        return Retcode.POSITION_CLOSED
    if not _in_session(terminal, spec):
        return Retcode.MARKET_CLOSED
    if (held.sl, held.tp) == (request.sl, request.tp):
        return Retcode.NO_CHANGES
    bid, ask, _ = terminal.quote(spec.name)
    refusal = _frozen(terminal, held, spec)
    return refusal or checks.stops_refusal(held.side, bid, ask, request.sl, request.tp, spec)


def _placing_refusal(terminal: SimTerminal, request: TradeRequest) -> Retcode | None:
    spec = terminal.spec(request.symbol)
    if spec is None or request.type not in PENDING_TYPES:
        return Retcode.INVALID
    refusal = checks.volume_refusal(request.volume, spec)
    refusal = refusal or checks.pending_filling_refusal(request.filling, request.type, spec)
    refusal = refusal or _closed(terminal, spec) or checks.mode_refusal(_side(request.type), spec)
    return refusal or _terms_refusal(terminal, request, request.type, spec, terminal.now_msc)


def _standing_refusal(terminal: SimTerminal, request: TradeRequest) -> Retcode | None:
    order = terminal.order(request.order_ticket)
    spec = terminal.spec(order.symbol) if order is not None else None
    if order is None or spec is None:
        return Retcode.INVALID
    if not _in_session(terminal, spec):
        return Retcode.MARKET_CLOSED
    bid, ask, _ = terminal.quote(spec.name)
    if checks.is_frozen(ask if _side(order.type) > 0 else bid, (order.price_open,), spec):
        return Retcode.FROZEN
    if request.action == TradeAction.REMOVE:
        return None
    if _is_as_before(terminal, order, request):
        return Retcode.NO_CHANGES
    return _terms_refusal(terminal, request, order.type, spec, order.time_setup_msc)


def _terms_refusal(
    terminal: SimTerminal, request: TradeRequest, kind: OrderType, spec: SymbolSpec, placed_msc: int
) -> Retcode | None:
    if expiry_msc(request.time_type, request.expiration_s, placed_msc) <= terminal.now_msc:
        return Retcode.INVALID_EXPIRATION
    bid, ask, _ = terminal.quote(spec.name)
    opens_at = request.stop_limit if kind in STOP_LIMITS else request.price
    refusal = checks.price_refusal(kind, request.price, request.stop_limit, bid, ask, spec)
    return refusal or checks.stops_refusal(_side(kind), opens_at, opens_at, request.sl, request.tp, spec)


def _is_as_before(terminal: SimTerminal, order: Order, request: TradeRequest) -> bool:
    detail = terminal.order_detail(order.order_ticket)
    if detail is None:
        return False
    expires = request.expiration_s if request.time_type.name.startswith("SPECIFIED") else 0
    before = (order.price_open, order.sl, order.tp, order.time_expiration_s, detail.time_type, detail.stop_limit)
    return before == (request.price, request.sl, request.tp, expires, request.time_type, request.stop_limit)


def _closed(terminal: SimTerminal, spec: SymbolSpec) -> Retcode | None:
    if not _in_session(terminal, spec):
        return Retcode.MARKET_CLOSED
    return None if terminal.quote(spec.name)[2] else Retcode.PRICE_OFF


def _frozen(terminal: SimTerminal, held: Position, spec: SymbolSpec) -> Retcode | None:
    bid, ask, _ = terminal.quote(spec.name)
    levels = [level for level in (held.sl, held.tp) if level > 0.0]
    return Retcode.FROZEN if checks.is_frozen(bid if held.side > 0 else ask, levels, spec) else None


def _in_session(terminal: SimTerminal, spec: SymbolSpec) -> bool:
    return spec.in_session(terminal.now_msc // 1000)


def _side(kind: OrderType) -> int:
    return 1 if kind in BUYS else -1
