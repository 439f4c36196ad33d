"""What keeps an account safe, as its events leave it: latched guards, a halt, overrides, losses in a row."""

from typing import Final, Self

import msgspec

from account.events import GuardChanged, GuardKind, Halted, OverrideKind, OverrideLifted, OverrideSet, Resumed

SafetyEvent = GuardChanged | Halted | Resumed | OverrideSet | OverrideLifted

_MONEY_DIGITS: Final = 8  # sums of cents carry binary noise


class Latch(msgspec.Struct, frozen=True, kw_only=True):
    """A guard that is latched at `level` since `since_ns` [UTC ns]; `value` reached `threshold` [fractions].

    `since_ns` is when it left level 0, `value` the worst it was told with.
    """

    level: int
    since_ns: int
    value: float
    threshold: float

    @classmethod
    def of(cls, event: GuardChanged, before: Self | None) -> Self:
        """The latch after `event`."""
        since_ns = before.since_ns if before is not None else event.time_ns
        value = max(before.value, event.value) if before is not None else event.value
        return cls(level=event.level, since_ns=since_ns, value=value, threshold=event.threshold)


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """Trading is halted since `since_ns` [UTC ns], by a person or by the drawdown guard.

    `by_guard`: the guard has halted it, or would have while a person already had.
    """

    since_ns: int
    reason: str
    author: str
    is_on: bool = True
    by_guard: bool = False


NOT_HALTED: Final = Halt(since_ns=0, reason="", author="", is_on=False)


def halted_by_guard(event: GuardChanged) -> Halt:
    """The halt a guard brings about."""
    reason = f"{event.guard.replace('_', ' ')} of {event.value:.2%} reached {event.threshold:.2%}"
    return Halt(since_ns=event.time_ns, reason=reason, author="guard", by_guard=True)


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person imposed at `since_ns` on `symbol` ("": all) until `expires_ns` (0: for good) [UTC ns]."""

    kind: OverrideKind
    name: str
    symbol: str
    value: float
    reason: str
    author: str
    since_ns: int
    expires_ns: int

    @classmethod
    def of(cls, event: OverrideSet) -> Self:
        """The override that `event` sets."""
        return cls(
            kind=event.kind,
            name=event.name,
            symbol=event.symbol,
            value=event.value,
            reason=event.reason,
            author=event.author,
            since_ns=event.time_ns,
            expires_ns=event.expires_ns,
        )

    @property
    def is_pause(self) -> bool:
        """Whether it keeps entries from being made."""
        return self.kind == OverrideKind.PAUSE

    def is_on(self, now_ns: int) -> bool:
        """Whether it has not expired at `now_ns` [UTC ns]."""
        return self.expires_ns == 0 or now_ns < self.expires_ns


def override_key(event: OverrideSet | OverrideLifted) -> str:
    """What an override replaces: one limit has one override a symbol."""
    return f"{event.kind}:{event.name}:{event.symbol}"


class LossStreak(msgspec.Struct, frozen=True, kw_only=True):
    """How many own positions in a row were closed with a loss, and when the last of them [UTC ns; 0 never]."""

    count: int = 0
    last_loss_ns: int = 0

    def after(self, result: float, time_ns: int) -> Self:
        """The streak once a position was closed with `result` [account money, all costs]; 0 changes nothing."""
        if result < 0.0:
            return type(self)(count=self.count + 1, last_loss_ns=time_ns)
        if result > 0.0:
            return type(self)(last_loss_ns=self.last_loss_ns)
        return self


class Safety(msgspec.Struct, kw_only=True):
    """What keeps one account from trading as it would. `apply` and `book_result` are the only ways to change it.

    `guards` is what is latched, by GuardKind; `overrides` holds expired ones, too, until they are replaced; `results`
    is what own open positions have cost or brought so far by position_id [account money].
    """

    guards: dict[str, Latch] = msgspec.field(default_factory=dict)
    halt: Halt = NOT_HALTED
    overrides: dict[str, Override] = msgspec.field(default_factory=dict)
    streak: LossStreak = LossStreak()
    results: dict[int, float] = msgspec.field(default_factory=dict)

    def level_of(self, guard: GuardKind) -> int:
        """Level at which `guard` is latched; 0 where it is not."""
        latch = self.guards.get(guard)
        return latch.level if latch is not None else 0

    def active_overrides(self, now_ns: int) -> tuple[Override, ...]:
        """Overrides that have not expired at `now_ns` [UTC ns], in the order they were imposed."""
        found = [override for override in self.overrides.values() if override.is_on(now_ns)]
        return tuple(sorted(found, key=lambda override: override.since_ns))

    def apply(self, event: SafetyEvent) -> bool:
        """Fold one event; whether the drawdown is to be measured from here on."""
        match event:
            case GuardChanged():
                self._change_guard(event)
            case Halted():
                self._halt(Halt(since_ns=event.time_ns, reason=event.reason, author=event.author))
            case Resumed():
                return self._resume(event)
            case OverrideSet():
                self.overrides[override_key(event)] = Override.of(event)
            case OverrideLifted():
                self.overrides.pop(override_key(event), None)
        return False

    def _change_guard(self, event: GuardChanged) -> None:
        if event.level:
            self.guards[event.guard] = Latch.of(event, self.guards.get(event.guard))
        else:
            self.guards.pop(event.guard, None)
        if event.halts:
            self._halt(halted_by_guard(event))

    def _halt(self, halt: Halt) -> None:
        if not self.halt.is_on:
            self.halt = halt
        elif halt.by_guard:  # else the guard would halt at once again when a person resumes
            self.halt = msgspec.structs.replace(self.halt, by_guard=True)

    def _resume(self, event: Resumed) -> bool:
        for key, override in list(self.overrides.items()):
            if override.is_pause and event.symbol in ("", override.symbol):
                del self.overrides[key]
        if event.symbol or not self.halt.is_on:
            return False
        from_here = self.halt.by_guard
        if from_here:
            self.guards.pop(GuardKind.DRAWDOWN, None)
        self.halt = NOT_HALTED
        return from_here

    def book_result(self, position_id: int, change: float, closed_ns: int | None) -> None:
        """Add what a deal of an own position changed in the balance; `closed_ns` where it closed the last of it."""
        result = self.results.pop(position_id, 0.0) + change
        if closed_ns is None:
            self.results[position_id] = result
        else:
            self.streak = self.streak.after(round(result, _MONEY_DIGITS), closed_ns)
