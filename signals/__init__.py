"""From ticks to bars, from bars to a score in -1..1 and a volatility. Kernels on plain numbers and arrays."""
