"""Runs over history: the live decision core on a simulated account, and what such a run came to."""
