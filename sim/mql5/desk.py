"""The simulated terminal as an EA sees it: properties, quotes, bars, history, and orders that make transactions."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from domain.dtypes import RATES_DTYPE, TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID
from domain.pricing import position_profit, required_margin
from domain.requests import TradeAnswer, TradeRequest
from domain.retcodes import Retcode
from domain.timeframes import DAY_S, Timeframe
from domain.trading import AccountSnapshot, Deal, DealReason, Order, OrderType, Position
from domain.updates import TradeUpdate
from marketdata.tape import Tape
from sim import checks
from sim.feed import Feed
from sim.matching import Rows
from sim.mql5 import properties
from sim.mql5.abi import Domain, HostRequest, HostResult, HostTransaction, Pool, RatesBy, TradeMode
from sim.mql5.constants import constants
from sim.mql5.orders import fill_in, request_in
from sim.mql5.transactions import Messenger
from sim.pending import BUYS, OrderDetail
from sim.terminal import SimTerminal

LATEST_QUOTE: Final = -2
ALL_TICKS: Final = 0xFFFFFFFF
_INFO_TICKS: Final = 1
_UNKNOWN_SYMBOL: Final = 4301
_WRONG_PARAMETER: Final = 4003
_NOT_FOUND: Final = {
    Domain.POSITION: 4753,
    Domain.ORDER: 4754,
    Domain.PAST_ORDER: 4754,
    Domain.DEAL: 4755,
    Domain.SYMBOL: _UNKNOWN_SYMBOL,
}
_WRONG_PROPERTY: Final = {
    Domain.ACCOUNT: 4701,
    Domain.SYMBOL: 4303,
    Domain.TERMINAL: _WRONG_PARAMETER,
    Domain.MQL: _WRONG_PARAMETER,
}
_TRADE_WRONG_PROPERTY: Final = 4751
_SENT: Final = frozenset({Retcode.PLACED, Retcode.DONE, Retcode.DONE_PARTIAL})

Transaction = tuple[HostTransaction, HostRequest, HostResult]


class PropertyError(LookupError):
    """There is no such property, or nothing it could belong to; `code` is MetaTrader's number for that."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Desk:
    """Answers one EA about `terminal`, whose quotes come from `feed`, which plays `tape`.

    `changes` are transactions that no handler has been told of yet, in groups that belong together. With
    `history_lags` a deal is not in the history before the handler that brought it about has returned: a terminal does
    not promise more after a retcode of DONE. Ticks before `ticks_from_msc` [broker's clock] are no longer there.
    """

    def __init__(self, terminal: SimTerminal, feed: Feed, tape: Tape) -> None:
        self.terminal = terminal
        terminal.take_changes()  # what was there before the EA, such as the deposit, is no news
        self.history_lags = False
        self.ticks_from_msc = 0
        self.changes: list[list[Transaction]] = []
        self._feed = feed
        self._ticks = dict(zip(tape.symbols, tape.ticks, strict=True))
        self._times = {name: np.ascontiguousarray(rows["time_msc"]) for name, rows in self._ticks.items()}
        self._start_msc = tape.span_msc[0] if tape.span_msc else 0
        self._later: list[tuple[int, HostRequest]] = []
        self._requests = 0
        self._posted: dict[int, tuple[int, HostRequest]] = {}
        self._answers: dict[int, TradeAnswer] = {}
        self.has_new_ticks = False
        self._account: AccountSnapshot | None = None
        self._positions: tuple[Position, ...] | None = None
        self._seen_deals = self._seen_orders = 0
        self._messenger = Messenger(terminal)
        self._deals: Sequence[Deal] = ()
        self._orders: Sequence[Order] = ()
        self._getters = {
            Domain.ACCOUNT: properties.account_getters(),
            Domain.TERMINAL: properties.terminal_getters(),
            Domain.MQL: properties.program_getters(),
            Domain.SYMBOL: properties.symbol_getters(),
            Domain.POSITION: properties.position_getters(),
            Domain.ORDER: properties.order_getters(),
            Domain.PAST_ORDER: properties.order_getters(),
            Domain.DEAL: properties.deal_getters(),
        }
        self._quote_getters = properties.quote_getters()
        self._price_current = constants()["POSITION_PRICE_CURRENT"]

    def touch(self) -> None:
        """Quotes or the account have changed: nothing that was worked out before holds."""
        self._account = None
        self._positions = None

    def reveal(self) -> None:
        """No handler runs: the history shows everything."""
        self._seen_deals, self._seen_orders = len(self.terminal.deals), len(self.terminal.order_history)

    @property
    def deals(self) -> Sequence[Deal]:
        """The history of deals as it shows."""
        return self.terminal.deals[: self._seen_deals] if self.history_lags else self.terminal.deals

    @property
    def past_orders(self) -> Sequence[Order]:
        """The history of orders as it shows."""
        return self.terminal.order_history[: self._seen_orders] if self.history_lags else self.terminal.order_history

    # -- properties ----------------------------------------------------------------------------------------------------

    def answer(self, domain: int, name: str, ticket: int, which: int) -> properties.Answer:
        """One property.

        Raises:
            PropertyError: with MetaTrader's error.
        """
        if domain == Domain.SYMBOL:
            return self._symbol_property(name, ticket, which)
        owner = self._owner(Domain(domain), ticket)
        getter = self._getters[Domain(domain)].get(which)
        if getter is not None:
            return getter(owner)
        if domain == Domain.POSITION and which == self._price_current:
            bid, ask, _ = self.quote(owner.symbol)
            return bid if owner.side > 0 else ask
        raise PropertyError(_WRONG_PROPERTY.get(Domain(domain), _TRADE_WRONG_PROPERTY))

    def _symbol_property(self, name: str, index: int, which: int) -> properties.Answer:
        if which < 0:
            names = self.terminal.symbols
            return names[index] if index < len(names) else ""
        spec = self.terminal.spec(name)
        if spec is None:
            raise PropertyError(_UNKNOWN_SYMBOL)
        quoted = self._quote_getters.get(which)
        if quoted is not None:
            return quoted(spec, self.quote(name))
        getter = self._getters[Domain.SYMBOL].get(which)
        if getter is None:
            raise PropertyError(_WRONG_PROPERTY[Domain.SYMBOL])
        return getter(spec)

    def _owner(self, domain: Domain, ticket: int) -> Any:  # noqa: ANN401 - what the domain's getters take
        if domain == Domain.ACCOUNT:
            return self.account
        if domain in (Domain.TERMINAL, Domain.MQL):
            return self.terminal
        found = next((one for number, one in self._pool(domain) if number == ticket), None)
        if found is None:
            raise PropertyError(_NOT_FOUND[domain])
        return self._view_of(found) if isinstance(found, Order) else found

    def _view_of(self, order: Order) -> properties.OrderView:
        bid, ask, _ = self.quote(order.symbol)
        detail = self.terminal.order_detail(order.order_ticket) or OrderDetail(reason=DealReason.CLIENT)
        return properties.OrderView(order, detail, ask if order.type in BUYS else bid)

    @property
    def account(self) -> AccountSnapshot:
        """The account at the latest quotes."""
        if self._account is None:
            self._account = self.terminal.account()
        return self._account

    @property
    def positions(self) -> tuple[Position, ...]:
        """Open positions at the latest quotes, oldest first."""
        if self._positions is None:
            self._positions = self.terminal.positions()
        return self._positions

    def _pool(self, domain: Domain) -> Iterable[tuple[int, Position | Order | Deal]]:
        if domain == Domain.POSITION:
            return ((one.position_ticket, one) for one in self.positions)
        if domain == Domain.PAST_ORDER:
            return ((one.order_ticket, one) for one in reversed(self.past_orders))
        if domain == Domain.DEAL:
            return ((one.deal_ticket, one) for one in reversed(self.deals))
        return ((one.order_ticket, one) for one in self.terminal.orders())

    def pool(self, domain: int, question: int, first: int, second: int) -> int:
        """How many, which ticket, is it there; and what HistorySelect chooses."""
        match question:
            case Pool.SELECT_RANGE:
                self._deals = [one for one in self.deals if first <= one.time_msc // 1000 <= second]
                self._orders = [one for one in self.past_orders if first <= one.time_setup_msc // 1000 <= second]
                return 1
            case Pool.SELECT_POSITION:
                self._deals = [one for one in self.deals if one.position_id == first]
                self._orders = [one for one in self.past_orders if one.position_id == first]
                return int(bool(self._deals))
            case Pool.IS_THERE:
                return int(any(number == first for number, _ in self._pool(Domain(domain))))
            case _:
                tickets = self._chosen(Domain(domain))
                if question == Pool.HOW_MANY:
                    return len(tickets)
                return tickets[first] if 0 <= first < len(tickets) else 0

    def _chosen(self, domain: Domain) -> Sequence[int]:
        """Tickets an index counts through."""
        if domain == Domain.DEAL:
            return [one.deal_ticket for one in self._deals]
        if domain == Domain.PAST_ORDER:
            return [one.order_ticket for one in self._orders]
        if domain == Domain.SYMBOL:
            return range(len(self.terminal.symbols))
        return [number for number, _ in self._pool(domain)]

    # -- quotes and bars -----------------------------------------------------------------------------------------------

    def quote(self, symbol: str) -> tuple[float, float, int]:
        """Bid, ask and time [ms]; before the first tick played, what the terminal kept from before it was started."""
        bid, ask, time_msc = self.terminal.quote(symbol)
        rows = self._ticks.get(symbol)
        if time_msc or rows is None or not len(rows):
            return bid, ask, time_msc
        return float(rows[0]["bid"]), float(rows[0]["ask"]), self._start_msc

    def ticks(self, symbol: str, flags: int, from_msc: int, to_msc: int, count: int) -> Rows | None:
        """What CopyTicks (`to_msc` -1), CopyTicksRange or SymbolInfoTick (-2) gives; None for an unknown symbol."""
        if self.terminal.spec(symbol) is None:
            return None
        if to_msc == LATEST_QUOTE:
            return self._latest(symbol)
        rows, times = self._ticks.get(symbol), self._times.get(symbol)
        if rows is None or times is None:
            return np.zeros(0, TICK_DTYPE)
        played = self._feed.reached(symbol)
        start = int(np.searchsorted(times[:played], from_msc)) if from_msc else max(0, played - count)
        start = max(start, int(np.searchsorted(times[:played], self.ticks_from_msc)))
        stop = min(start + count, played) if to_msc < 0 else int(np.searchsorted(times[:played], to_msc, "right"))
        chosen = rows[start:stop]
        if flags != ALL_TICKS:
            quotes = TICK_FLAG_BID | TICK_FLAG_ASK
            wanted = (quotes if flags & _INFO_TICKS else 0) | (~quotes if flags & ~_INFO_TICKS else 0)
            chosen = chosen[(chosen["flags"].astype(np.int64) & wanted) != 0]
        return np.ascontiguousarray(chosen)

    def _latest(self, symbol: str) -> Rows:
        played, rows = self._feed.reached(symbol), self._ticks.get(symbol)
        if rows is None or not len(rows):
            return np.zeros(0, TICK_DTYPE)
        if played:
            return rows[played - 1 : played]
        kept = rows[:1].copy()
        kept["time_msc"], kept["time"] = self._start_msc, self._start_msc // 1000
        return kept

    def rates(self, symbol: str, timeframe: int, by: int, first: int, second: int) -> Rows | None:
        """What CopyRates gives; None for an unknown symbol or timeframe."""
        if self.terminal.spec(symbol) is None or timeframe not in list(Timeframe) or symbol not in self._ticks:
            return None
        played = self._feed.reached(symbol)
        wanted = first + second if by == RatesBy.POSITION else 2**31
        bars = self._feed.bars(symbol, Timeframe(timeframe), wanted, played)
        if by == RatesBy.POSITION:
            end = len(bars) - first
            chosen = bars[max(0, end - second) : max(0, end)]
        elif by == RatesBy.TIME_AND_COUNT:
            until = bars[bars["time"] <= first]
            chosen = until[max(0, len(until) - second) :]
        else:
            chosen = bars[(bars["time"] >= first) & (bars["time"] <= second)]
        return np.ascontiguousarray(chosen, RATES_DTYPE)

    def session(self, symbol: str, day: int, index: int) -> tuple[int, int] | None:
        """Trade session number `index` of a day of the week [s since its midnight]; None where there is none."""
        spec = self.terminal.spec(symbol)
        if spec is None:
            return None
        start = day * DAY_S
        whole = ((0, 7 * DAY_S),) if not spec.sessions else spec.sessions
        cut = [(max(opens, start) - start, min(closes, start + DAY_S) - start) for opens, closes in whole]
        found = [(opens, closes) for opens, closes in cut if opens < closes]
        return found[index] if index < len(found) else None

    # -- money ---------------------------------------------------------------------------------------------------------

    def estimate(self, what: int, kind: int, symbol: str, volume: float, price: float, close: float) -> float:
        """Margin (0) or profit (1) of a deal [account money], or the symbol's margin rate (2); NaN where unknown."""
        spec = self.terminal.spec(symbol)
        if spec is None or kind not in (OrderType.BUY, OrderType.SELL):
            return math.nan
        side = 1 if kind == OrderType.BUY else -1
        if what == 0:
            return float(required_margin(side, volume, price, self.terminal.pricing(spec.name)))
        if what == 1:
            return float(position_profit(side, volume, price, close, self.terminal.pricing(spec.name)))
        return spec.margin_rate_buy if side > 0 else spec.margin_rate_sell

    # -- requests ------------------------------------------------------------------------------------------------------

    def trade(self, mode: int, given: HostRequest, result: HostResult) -> bool:
        """OrderSend, OrderSendAsync or OrderCheck: fills in `result`; whether the function returns true."""
        request = request_in(given)
        if mode == TradeMode.CHECK_ONLY:
            return self._check(request, result)
        self._requests += 1
        result.request_id = self._requests
        if mode == TradeMode.SEND_LATER:
            self._later.append((self._requests, HostRequest.from_buffer_copy(given)))
            result.retcode = Retcode.PLACED
            return True
        fill_in(result, self._answer_now(request))
        self._tell_answer(given, result)
        return result.retcode in _SENT

    def execute_later(self) -> bool:
        """Do what OrderSendAsync left, now that the handler has returned; whether there was anything."""
        waiting, self._later = self._later, []
        for number, given in waiting:
            if self.terminal.answers_later:
                self._posted[self.terminal.post(request_in(given), self.terminal.now_msc)] = number, given
            else:
                self._tell_answer_to(number, given, self.terminal.send(request_in(given)))
        self._take_answers()
        return bool(waiting)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is still on its way."""
        return bool(self._posted)

    def wait_on(self) -> None:
        """Let time pass until something happens on the line or a tick comes; what that changed is told."""
        due_msc = self._feed.next_msc
        if due_msc is not None and due_msc <= self.terminal.due_msc:
            self.server_acted(self._feed.play_unheard()[0])
            self.has_new_ticks = True
        else:
            self.terminal.pass_on()
            self.server_acted(self.terminal.take_changes())
        self.touch()

    def _answer_now(self, request: TradeRequest) -> TradeAnswer:
        """The server's answer to an EA that waits for it, while the market goes on."""
        terminal = self.terminal
        if not terminal.answers_later:
            return terminal.send(request)
        number = terminal.post(request, terminal.now_msc)
        self._take_answers()
        while number not in self._answers:
            self.wait_on()
        return self._answers.pop(number)

    def _take_answers(self) -> None:
        """Answers that have come: those to OrderSendAsync are told, those to OrderSend are waited for."""
        if not self.terminal.answers_later:
            return
        for number, answer in self.terminal.take_answers():
            posted = self._posted.pop(number, None)
            if posted is None:
                self._answers[number] = answer
            else:
                self._tell_answer_to(*posted, answer)

    def _tell_answer_to(self, number: int, given: HostRequest, answer: TradeAnswer) -> None:
        result = HostResult(request_id=number)
        fill_in(result, answer)
        self._tell_answer(given, result)

    def _tell_answer(self, given: HostRequest, result: HostResult) -> None:
        """What changed with it, then the answer itself."""
        self.touch()
        told = self.transactions_of(self.terminal.take_changes())
        reply = HostTransaction(type=constants()["TRADE_TRANSACTION_REQUEST"])
        copies = HostRequest.from_buffer_copy(given), HostResult.from_buffer_copy(result)
        self.changes.append([*told, (reply, *copies)])

    def _check(self, request: TradeRequest, result: HostResult) -> bool:
        """OrderCheck: volume, filling, session, levels and margin; not whether a position by that ticket is there."""
        spec, account = self.terminal.spec(request.symbol), self.account
        side = checks.side_of(request)
        if spec is None or side == 0:
            result.retcode = Retcode.INVALID
            return False
        bid, ask, _ = self.quote(request.symbol)
        refusal = (
            checks.volume_refusal(request.volume, spec)
            or checks.filling_refusal(request.filling, spec)
            or (None if self.terminal.is_open(spec.name) else Retcode.MARKET_CLOSED)
            or checks.stops_refusal(side, bid, ask, request.sl, request.tp, spec)
        )
        margin = self.estimate(0, request.type, spec.name, request.volume, ask if side > 0 else bid, 0.0)
        if refusal is None and not request.position_ticket and margin > account.margin_free:
            refusal = Retcode.NO_MONEY
        result.balance, result.equity, result.margin = account.balance, account.equity, account.margin + margin
        result.margin_free = account.equity - result.margin
        result.retcode = refusal or 0
        return refusal is None

    # -- transactions --------------------------------------------------------------------------------------------------

    def server_acted(self, update: TradeUpdate | None) -> None:
        """The server did something by itself."""
        told = self.transactions_of(update)
        if told:
            self.changes.append(told)
        self._take_answers()

    def transactions_of(self, update: TradeUpdate | None) -> list[Transaction]:
        """What the terminal tells its EA of a change, in the order of a real server."""
        return [(one, HostRequest(), HostResult()) for one in self._messenger.told(update)]
