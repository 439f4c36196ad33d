"""What `order_check` finds wrong with a request that is not sent."""

from domain.retcodes import Retcode
from domain.symbols import SymbolSpec
from sim import checks
from sim.requests import TradeAction, TradeRequest
from sim.terminal import SimTerminal


def order_refusal(terminal: SimTerminal, request: TradeRequest, extra_margin: float) -> Retcode | None:
    """The first thing wrong, in the server's order; `extra_margin` [account money] is a new position's own."""
    if request.action == TradeAction.SLTP:
        return None if terminal.position(request.position_ticket) else Retcode.POSITION_CLOSED
    spec = terminal.spec(request.symbol)
    if spec is None or request.action != TradeAction.DEAL or checks.side_of(request) == 0:
        return Retcode.INVALID
    refusal = checks.volume_refusal(request.volume, spec) or checks.filling_refusal(request.filling, spec)
    return refusal or _market_refusal(terminal, request, spec, extra_margin)


def _market_refusal(
    terminal: SimTerminal, request: TradeRequest, spec: SymbolSpec, extra_margin: float
) -> Retcode | None:
    bid, ask, time_msc = terminal.quote(spec.name)
    if not spec.in_session(terminal.now_msc // 1000):
        return Retcode.MARKET_CLOSED
    if not time_msc:
        return Retcode.PRICE_OFF
    if request.position_ticket:
        return _closing_refusal(terminal, request, spec)
    side = checks.side_of(request)
    refusal = checks.mode_refusal(side, spec)
    refusal = refusal or checks.stops_refusal(side, bid, ask, request.sl, request.tp, spec)
    return refusal or (Retcode.NO_MONEY if extra_margin > max(terminal.money().margin_free, 0.0) else None)


def _closing_refusal(terminal: SimTerminal, request: TradeRequest, spec: SymbolSpec) -> Retcode | None:
    held = terminal.position(request.position_ticket)
    if held is None:
        return Retcode.POSITION_CLOSED
    if held.symbol != spec.name or checks.side_of(request) != -held.side:
        return Retcode.INVALID
    return Retcode.INVALID_CLOSE_VOLUME if request.volume > held.volume + spec.volume_step / 2.0 else None
