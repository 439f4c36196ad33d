"""Random amounts a fault plan can ask for: delays [ms], durations [s], slippage [points]."""

import math
import random
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from sim.faults.problems import FaultPlanError


class _Amount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all have in common: their numbers are finite."""

    def __post_init__(self) -> None:
        """Refuse infinities and what is no number."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not all(math.isfinite(one) for one in (value if isinstance(value, tuple) else (value,))):
                raise FaultPlanError(name, f"is {value}; use finite numbers")


class Fixed(_Amount, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="fixed"):
    """Always the same."""

    value: Annotated[float, Meta(description="the amount")]

    @property
    def least(self) -> float:
        """The smallest amount that can come."""
        return self.value

    def sample(self, _chance: random.Random) -> float:
        """The next amount."""
        return self.value


class Uniform(_Amount, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="uniform"):
    """Any amount between two, all equally likely."""

    low: Annotated[float, Meta(description="the smallest amount")]
    high: Annotated[float, Meta(description="the largest amount")]

    def __post_init__(self) -> None:
        """Refuse ends in the wrong order."""
        super().__post_init__()
        if not self.low <= self.high:
            raise FaultPlanError("low", f"is {self.low}, above high, {self.high}")

    @property
    def least(self) -> float:
        """The smallest amount that can come."""
        return self.low

    def sample(self, chance: random.Random) -> float:
        """The next amount."""
        return self.low + (self.high - self.low) * chance.random()


class Lognormal(_Amount, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="lognormal"):
    """`shift` and a lognormal amount above it: the usual shape of network delays, with a floor and a long tail."""

    median: Annotated[float, Meta(gt=0.0, description="half of the amounts above `shift` are below this")]
    sigma: Annotated[float, Meta(ge=0.0, le=5.0, description="spread: standard deviation of the logarithm")] = 0.5
    shift: Annotated[float, Meta(description="added to every amount")] = 0.0

    @property
    def least(self) -> float:
        """The smallest amount that can come."""
        return self.shift

    def sample(self, chance: random.Random) -> float:
        """The next amount."""
        return self.shift + self.median * math.exp(self.sigma * chance.gauss(0.0, 1.0))


class Normal(_Amount, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="normal"):
    """A bell around `mean`: for slippage, which may go either way."""

    mean: Annotated[float, Meta(description="the average amount")] = 0.0
    sigma: Annotated[float, Meta(ge=0.0, description="standard deviation")] = 1.0

    @property
    def least(self) -> float:
        """The smallest amount that can come."""
        return -math.inf if self.sigma else self.mean

    def sample(self, chance: random.Random) -> float:
        """The next amount."""
        return self.mean + self.sigma * chance.gauss(0.0, 1.0)


class Empirical(_Amount, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="empirical"):
    """One of the `values` that were measured, all equally likely."""

    values: Annotated[tuple[float, ...], Meta(min_length=1, description="what was measured")]

    @property
    def least(self) -> float:
        """The smallest amount that can come."""
        return min(self.values)

    def sample(self, chance: random.Random) -> float:
        """The next amount."""
        return chance.choice(self.values)


Distribution: TypeAlias = Fixed | Uniform | Lognormal | Normal | Empirical

NOTHING = Fixed(value=0.0)
"""No delay, no slippage."""
