"""What the checks of `companion bias` came to, as one value."""

import msgspec

from app.model_knowledge import Knowledge
from backtest.bias import CostEffect, LookAhead, NullTest, WarmUpEffect


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What every check came to. `model` is what a person's own model brings along, `luck` None where not asked for."""

    look_ahead: tuple[LookAhead, ...]
    model: Knowledge
    model_is_trusted: bool
    warm_up: tuple[WarmUpEffect, ...]
    costs: tuple[CostEffect, ...]
    luck: NullTest | None

    @property
    def is_clean(self) -> bool:
        """Whether no decision can have known what came after it."""
        return all(cut.is_clean for cut in self.look_ahead) and (self.model.is_none or self.model_is_trusted)
