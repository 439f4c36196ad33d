"""Every number a decision depends on, with unit, range and default. The settings of the service are read into these."""

import re
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from domain.timeframes import Timeframe
from risk.kelly import KellyRules
from risk.limits import LimitRules
from risk.portfolio import StakeRules, StreakRules
from strategy.entry_rules import EntryRules, HoldingRules, LevelRules, MarketRules, SizingRules, ToneRules
from strategy.params.care import CareSettings
from strategy.params.entry import EntrySettings
from strategy.params.guards import GuardSettings
from strategy.params.kelly import KellySettings
from strategy.params.leverage import LeverageSettings
from strategy.params.portfolio import PortfolioSettings
from strategy.params.slippage import SlippageSettings
from strategy.params.tone import ToneSettings
from strategy.params.volatility import VolatilitySettings
from strategy.refusals import SettingsError
from strategy.tables import MAX_TIERS

Positive = Annotated[float, Meta(gt=0.0)]
NonNegative = Annotated[float, Meta(ge=0.0)]

MAX_CHARTS: Final = 64
JUSTMARKETS_TIERS: Final = {"0": 3000.0, "1000": 2000.0, "5000": 1000.0, "40000": 500.0}
"""JustMarkets, help center, "What is leverage": the same for all account types [dollars]."""


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the engine trades and by which rules.

    `symbols` are the broker's names or base names (EURUSD finds EURUSD.m where that is the only candidate);
    `commission_per_lot` is a round turn by base name [account money], "*" for all others; so is `slippage_points`, what
    the fills of a round trip may lose. `leverage_tiers` is what the broker grants: equity from [account money] -> 1:n.
    """

    symbols: Annotated[tuple[str, ...], Meta(min_length=1)] = ("EURUSD",)
    timeframes: Annotated[tuple[Timeframe, ...], Meta(min_length=1)] = (Timeframe.M15,)
    model: str = "confluence"
    model_parameters: dict[str, float] = {}
    entry: EntrySettings = EntrySettings()
    leverage: LeverageSettings = LeverageSettings()
    volatility: VolatilitySettings = VolatilitySettings()
    portfolio: PortfolioSettings = PortfolioSettings()
    guards: GuardSettings = GuardSettings()
    kelly: KellySettings = KellySettings()
    sentiment: ToneSettings = ToneSettings()
    care: CareSettings = CareSettings()
    slippage: SlippageSettings = SlippageSettings()
    commission_per_lot: dict[str, NonNegative] = {}
    slippage_points: dict[str, NonNegative] = msgspec.field(default_factory=lambda: {"*": 5.0})
    leverage_tiers: dict[str, Positive] = msgspec.field(default_factory=JUSTMARKETS_TIERS.copy)
    magic: Annotated[int, Meta(gt=0, lt=2**62, description="magic number of all our orders")] = 770_001
    intent_valid_ms: Annotated[int, Meta(ge=100, le=60_000, description="an intent expires after [ms]")] = 3000
    deviation_points: Annotated[int, Meta(ge=0, le=10_000, description="slippage a request may accept [points]")] = 20

    def __post_init__(self) -> None:
        """Refuse doubled or too many charts."""
        if len(set(self.symbols)) != len(self.symbols):
            raise SettingsError("symbols", "names a symbol twice")
        if len(set(self.timeframes)) != len(self.timeframes):
            raise SettingsError("timeframes", "names a timeframe twice")
        if Timeframe.MN1 in self.timeframes:
            raise SettingsError("timeframes", "MN1 bars have no fixed length; use M1 to W1")
        charts = len(self.symbols) * len(self.timeframes)
        if charts > MAX_CHARTS:
            raise SettingsError("symbols", f"and timeframes make {charts} charts; at most {MAX_CHARTS}")
        self._refuse_tiers()

    def _refuse_tiers(self) -> None:
        if len(self.leverage_tiers) > MAX_TIERS:
            raise SettingsError("leverage_tiers", f"has {len(self.leverage_tiers)} rows; at most {MAX_TIERS}")
        if not all(re.fullmatch(r"\d{1,12}(\.\d{1,8})?", key) for key in self.leverage_tiers):
            raise SettingsError("leverage_tiers", 'has a row that begins at no amount; write it like {"0": 3000}')

    def on_made_ticks(self) -> "EngineSettings":
        """These settings for quotes made of bars: slippage is not measured on them.

        Four quotes a bar leave gaps no market has; what is lost in them would be expected of every later fill, and no
        entry would be worth its risk any more.
        """
        slippage = msgspec.structs.replace(self.slippage, measured=False)
        return msgspec.structs.replace(self, slippage=slippage)

    @property
    def tiers(self) -> list[tuple[float, float]]:
        """The broker's tiers, rising: equity from, leverage."""
        return sorted((float(equity), leverage) for equity, leverage in self.leverage_tiers.items())

    def entry_rules(self) -> EntryRules:
        """The numbers of an entry as the kernel takes them."""
        return EntryRules(
            MarketRules(*_numbers(MarketRules, self.entry, self.volatility)),
            LevelRules(*_numbers(LevelRules, self.entry, self.volatility)),
            HoldingRules(*_numbers(HoldingRules, self.entry)),
            self._limit_rules(),
            SizingRules(*_numbers(SizingRules, self.entry)),
            StakeRules(*_numbers(StakeRules, self.portfolio)),
            StreakRules(*_numbers(StreakRules, self.portfolio)),
            ToneRules(*_numbers(ToneRules, self.sentiment)),
        )

    def kelly_rules(self) -> KellyRules:
        """The numbers of Half-Kelly as the kernel takes them."""
        return self.kelly.rules(self.entry.min_reward_to_risk)

    def _limit_rules(self) -> LimitRules:
        caps = self.leverage
        return LimitRules(
            risk_fraction=self.entry.risk_fraction,
            max_leverage=caps.normal,
            proven_leverage=caps.proven,
            stressed_leverage=caps.stressed,
            stress_drawdown=caps.stress_drawdown,
            stress_losses=float(caps.stress_losses),
            proof_trips=float(caps.proof_trips),
            news_leverage=caps.news,
        )


def _numbers(rules: type[Any], *settings: msgspec.Struct) -> list[float]:
    """The fields of `rules` in their order, each from the settings that declare it."""
    found = {name: getattr(part, name) for part in settings for name in part.__struct_fields__}
    return [float(found[name]) for name in rules._fields]
