"""What a run of a simulated terminal came to."""

import msgspec


class TerminalStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of a terminal came to. `round_trip_*_us` from a batch to its decision [microseconds].

    `stops_moved` and `ticks_dropped` while the bridge was silent.
    """

    ticks: int
    batches: int
    batches_resent: int
    decisions: int
    decisions_late: int
    intents: int
    reports: int
    sessions: int
    deals: int
    balance: float
    equity: float
    order_list_hash: str
    seconds: float
    round_trip_p50_us: float
    round_trip_p90_us: float
    round_trip_p99_us: float
    round_trip_max_us: float
    ticks_dropped: int = 0
    stops_moved: int = 0
