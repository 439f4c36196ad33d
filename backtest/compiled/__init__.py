"""A backtest that is compiled from its first tick to its last deal: `backtest.exact`, without Python in between."""
