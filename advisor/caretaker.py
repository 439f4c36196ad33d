"""Looks after the EA's own positions while it hears nothing: stops move by the last instructions, nothing is opened."""

from typing import Final

from advisor.local_care import tended_stop
from advisor.memory import IntentMemory
from advisor.terminal import Terminal
from domain.intents import NO_CARE, IntentKind, LocalCare, intent_id_in
from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Outcome, outcome_of
from domain.trading import Position

_ASK_AGAIN_MSC: Final = 1_000


class Caretaker:
    """Moves stops of positions with `magic` on `terminal`, by the intents in `memory`."""

    def __init__(self, terminal: Terminal, memory: IntentMemory, magic: int) -> None:
        self._terminal = terminal
        self._memory = memory
        self._magic = magic
        self._modified: dict[int, LocalCare] = {}
        self._refused_msc: dict[int, int] = {}

    def begin(self) -> None:
        """Read the instructions: of each position its last MODIFY, else the OPEN that its comment names."""
        self._modified = {
            entry.intent.position_ticket: entry.intent.care
            for entry in self._memory.entries()
            if entry.intent.kind == IntentKind.MODIFY
        }
        self._refused_msc.clear()

    def care_of(self, position: Position) -> LocalCare:
        """The instructions that hold for `position`; all 0 for one that is not ours."""
        if position.magic != self._magic:
            return NO_CARE
        modified = self._modified.get(position.position_ticket)
        if modified is not None:
            return modified
        intent_id = intent_id_in(position.comment)
        opening = self._memory.known(intent_id) if intent_id is not None else None
        return opening.intent.care if opening is not None else NO_CARE

    @property
    def has_charges(self) -> bool:
        """Whether a position stands that has instructions."""
        return any(not self.care_of(position).is_off for position in self._terminal.positions())

    def look_after(self, now_msc: int) -> int:
        """Move the stops that are due at the present quotes; how many moved. `now_msc` is the server's time [ms].

        A request that was refused is made again at a later quote, once a second at most.
        """
        return sum(self._tend(position, now_msc) for position in self._terminal.positions())

    def _tend(self, position: Position, now_msc: int) -> bool:
        spec = self._terminal.spec(position.symbol)
        refused_msc = self._refused_msc.get(position.position_ticket)
        if spec is None or (refused_msc is not None and now_msc - refused_msc < _ASK_AGAIN_MSC):
            return False
        bid, ask, _ = self._terminal.quote(position.symbol)
        stop = tended_stop(position, bid, ask, spec, self.care_of(position))
        if stop is None:
            return False
        request = TradeRequest(
            action=TradeAction.SLTP,
            symbol=position.symbol,
            magic=self._magic,
            sl=stop,
            tp=position.tp,
            position_ticket=position.position_ticket,
        )
        if outcome_of(self._terminal.send(request).retcode) is Outcome.DONE:
            return True
        self._refused_msc[position.position_ticket] = now_msc
        return False
