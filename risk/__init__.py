"""Stops, sizes and limits: what an order may cost. Kernels on plain numbers."""
