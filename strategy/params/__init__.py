"""Settings of the decision core, one file for each concern."""

from strategy.params.care import CareSettings
from strategy.params.engine import MAX_CHARTS, EngineSettings
from strategy.params.entry import EntrySettings
from strategy.params.guards import GuardSettings
from strategy.params.kelly import KellySettings
from strategy.params.leverage import LeverageSettings
from strategy.params.portfolio import PortfolioSettings
from strategy.params.slippage import SlippageSettings
from strategy.params.tone import ToneSettings
from strategy.params.volatility import VolatilitySettings

__all__ = [
    "MAX_CHARTS",
    "CareSettings",
    "EngineSettings",
    "EntrySettings",
    "GuardSettings",
    "KellySettings",
    "LeverageSettings",
    "PortfolioSettings",
    "SlippageSettings",
    "ToneSettings",
    "VolatilitySettings",
]
