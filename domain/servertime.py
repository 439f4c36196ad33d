"""Between the broker's clock and UTC. The offset is measured and handed in, never assumed."""

from typing import Final

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
OFFSET_STEP_S: Final = 900  # every civil time zone is a multiple of a quarter of an hour
MAX_OFFSET_S: Final = 14 * 3600


def utc_ns_from_server_msc(time_msc: int, server_offset_s: int) -> int:
    """UTC [ns] of a broker time stamp `time_msc` [ms] when the broker's clock is `server_offset_s` [s] ahead of UTC."""
    return (time_msc - server_offset_s * 1000) * NS_PER_MS


def server_s_from_utc_ns(time_ns: int, server_offset_s: int) -> int:
    """Broker's clock [s] at UTC `time_ns` [ns]."""
    return time_ns // NS_PER_S + server_offset_s


def server_msc_from_utc_ns(time_ns: int, server_offset_s: int) -> int:
    """Broker's clock [ms] at UTC `time_ns` [ns]."""
    return time_ns // NS_PER_MS + server_offset_s * 1000


def measured_offset_s(server_s: int, utc_s: int) -> int | None:
    """Offset of the broker's clock from UTC [s], a multiple of 15 minutes; None where the two clocks cannot be paired.

    The two readings may be up to 5 minutes apart (a quiet symbol, a slow PC clock); beyond that the answer would be a
    guess.
    """
    difference = server_s - utc_s
    offset = round(difference / OFFSET_STEP_S) * OFFSET_STEP_S
    if abs(difference - offset) > OFFSET_STEP_S // 3 or abs(offset) > MAX_OFFSET_S:
        return None
    return offset


def broker_day(time_ns: int, server_offset_s: int) -> int:
    """Number of the broker's calendar day at UTC `time_ns` [days since 1970-01-01 on the broker's clock]."""
    return server_s_from_utc_ns(time_ns, server_offset_s) // 86_400
