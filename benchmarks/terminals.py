"""A terminal in as little code as possible: one DEALER socket, a real handshake, then frames made beforehand.

What is measured is the bridge, so its client does nothing but send and wait. The same client drives the bare echo.
"""

import os
import time
from collections.abc import Iterator
from typing import Final, Self

import numpy as np
import zmq

from domain.dtypes import RATES_DTYPE
from domain.intents import comment_of
from domain.symbols import SymbolSpec
from domain.trading import AccountSnapshot, AccountTradeMode, MarginMode, Position, PositionType
from domain.updates import Money, TradeUpdate
from signals.fold import closed_capacity, fold_ticks, new_fold
from strategy.params import EngineSettings
from strategy.tables import Table
from wire import codec, records
from wire.enums import MessageType
from wire.messages import Challenge, Heartbeat, Hello, History, Message, Snapshot, Symbols, Ticks, Welcome
from wire.session import TerminalSession
from wire.states import SessionState

TYPE_AT: Final = records.HEADER.offsets()["type"]
BATCH_AT: Final = codec.HEADER_BYTES + records.DECISION.offsets()["batch"]
HEARTBEAT: Final = int(MessageType.HEARTBEAT)
DECISION: Final = int(MessageType.DECISION)
ANSWERS: Final = (DECISION, int(MessageType.TICKS))  # of the bridge, of the echo
MONEY: Final = Money(balance=10_000.0, equity=10_000.0, margin=0.0, margin_free=10_000.0)
_LOGIN: Final = 5_000_001
_LEVERAGE: Final = 500
_PATIENCE_MS: Final = 20_000
_FAR_FRACTION: Final = 0.5  # the stop of the open position is so far away that nothing ever happens to it


class RawTerminal:
    """One connection. `live` does the handshake; then `frames` are sent and answered as the caller likes.

    Trading is switched off in this terminal: every gate is judged at every bar, and one of them refuses the entry, so
    that no intent disturbs the measurement. With `holding` an own position is open, which is looked after at each tick.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, *, batch: int = 0) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndhwm = self.socket.rcvhwm = 0
        self.socket.connect(endpoint)
        self.batch = batch
        self._session: TerminalSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def live(
        self, secret: bytes, settings: EngineSettings, spec: SymbolSpec, history: Table, *, holding: bool = False
    ) -> None:
        """Say hello, prove the secret, tell symbols, positions and bars (made of the ticks in `history`), be ready."""
        now_ns, last_msc = time.monotonic_ns(), int(history["time_msc"][-1])
        session = self._session = TerminalSession(secret, now_ns)
        self._say(_hello(settings.magic))
        self._hear(Challenge)
        self.socket.send(session.authenticate(now_ns))
        welcome = self._hear(Welcome)
        assert isinstance(welcome, Welcome)
        self._say(Symbols(specs=(spec,)))
        positions = (_position(settings.magic, spec.name, history[0]),) if holding else ()
        self._say(_snapshot(last_msc, positions))
        for timeframe in welcome.timeframes:
            bars = _closed_bars(history, timeframe.seconds, spec.point)[-welcome.history_bars :]
            self._say(History(symbol_index=0, timeframe=timeframe, rates=bars))
        self._say(Heartbeat(ready=True, connected=True, money=MONEY, server_time_s=last_msc // 1000))
        assert session.state is SessionState.LIVE

    def frames(self, ticks: Table, ticks_a_frame: int = 1) -> list[bytes]:
        """TICKS frames of `ticks`, all of which want a decision, to be sent in this order."""
        session, made = self._session, []
        assert session is not None
        for start in range(0, len(ticks), ticks_a_frame):
            self.batch += 1
            message = Ticks(
                symbol_index=0,
                batch=self.batch,
                server_offset_s=0,
                wants_decision=True,
                money=MONEY,
                ticks=ticks[start : start + ticks_a_frame],
            )
            made.append(session.send(message, 0))
        return made

    def alive(self) -> bytes:
        """A heartbeat that says that the terminal is still there."""
        assert self._session is not None
        return self._session.send(Heartbeat(connected=True, money=MONEY), 0)

    def _say(self, message: Message) -> None:
        assert self._session is not None
        self.socket.send(self._session.send(message, time.monotonic_ns()))

    def _hear(self, kind: type[Message]) -> Message:
        assert self._session is not None
        while self.socket.poll(_PATIENCE_MS):
            for message in self._session.receive(self.socket.recv(), time.monotonic_ns()):
                if isinstance(message, kind):
                    return message
                assert isinstance(message, Heartbeat), message
        raise TimeoutError(f"the bridge did not say {kind.__name__}")


def round_trip_ns(socket: "zmq.Socket[bytes]", frame: bytes) -> int:
    """Send `frame` and wait for its answer. Heartbeats may come in between, and nothing else."""
    begun_ns = time.perf_counter_ns()
    socket.send(frame)
    answer = socket.recv()
    while answer[TYPE_AT] == HEARTBEAT:
        answer = socket.recv()
    duration_ns = time.perf_counter_ns() - begun_ns
    assert answer[TYPE_AT] in ANSWERS, f"message {answer[TYPE_AT]} is no answer: what follows would be timed wrongly"
    return duration_ns


def batches_answered(socket: "zmq.Socket[bytes]") -> Iterator[int]:
    """Numbers of the batches whose DECISION lies in the socket now."""
    while True:
        try:
            answer = socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            return
        if answer[TYPE_AT] == DECISION:
            yield int.from_bytes(answer[BATCH_AT : BATCH_AT + 4], "little")


def _hello(magic: int) -> Hello:
    return Hello(
        ea_build=1,
        terminal_build=1,
        login=_LOGIN,
        server="Benchmark-Demo",
        company="benchmark",
        currency="USD",
        currency_digits=2,
        leverage=_LEVERAGE,
        margin_mode=MarginMode.RETAIL_HEDGING,
        trade_mode=AccountTradeMode.DEMO,
        trade_allowed=False,
        terminal_id=7,
        client_nonce=os.urandom(16),
        server_offset_s=0,
        magic=magic,
    )


def _snapshot(time_msc: int, positions: tuple[Position, ...]) -> Snapshot:
    account = AccountSnapshot(
        login=_LOGIN,
        server="Benchmark-Demo",
        currency="USD",
        currency_digits=2,
        leverage=_LEVERAGE,
        margin_mode=MarginMode.RETAIL_HEDGING,
        trade_mode=AccountTradeMode.DEMO,
        trade_allowed=False,
        balance=MONEY.balance,
        credit=0.0,
        equity=MONEY.equity,
        margin=MONEY.margin,
        margin_free=MONEY.margin_free,
        time_msc=time_msc,
    )
    return Snapshot(account=account, update=TradeUpdate(money=MONEY, positions=positions, complete=True))


def _position(magic: int, symbol: str, quote: np.void) -> Position:
    price, time_msc = float(quote["ask"]), int(quote["time_msc"])
    return Position(
        position_ticket=1001,
        position_id=1001,
        symbol=symbol,
        type=PositionType.BUY,
        magic=magic,
        volume=0.1,
        price_open=price,
        sl=price * (1.0 - _FAR_FRACTION),
        tp=price * (1.0 + _FAR_FRACTION),
        swap=0.0,
        profit=0.0,
        time_msc=time_msc,
        time_update_msc=time_msc,
        comment=comment_of(1),
    )


def _closed_bars(ticks: Table, period_s: int, point: float) -> Table:
    fold = new_fold()
    capacity = int(closed_capacity(fold, period_s, ticks, 0, len(ticks)))
    bars, at = np.zeros(capacity, RATES_DTYPE), np.zeros(capacity, np.int64)
    return bars[: int(fold_ticks(fold, period_s, point, ticks, 0, len(ticks), bars, at))]
