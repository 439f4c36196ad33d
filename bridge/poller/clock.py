"""How far the broker's clock is ahead of UTC, measured on quotes that arrive while we look.

The package tells no server time, and the time of the latest quote is old where a market is closed. Two quotes that both
arrived under our eyes, as far apart on the broker's clock as on ours, are quotes of now: the difference of the clocks
is then the offset. One alone may be a stale quote that a terminal fetched when it connected.
"""

from typing import Final, NamedTuple

from domain.servertime import NS_PER_MS, NS_PER_S, measured_offset_s

_APART_MS: Final = 2_000
_TOLERANCE_MS: Final = 1_000


class _Quote(NamedTuple):
    server_msc: int
    utc_msc: int


class OffsetMeter:
    """Follows the newest quote of all symbols; `offset_s` is None until it is measured.

    It is measured again and again: a change of daylight saving is noticed with the first quotes after it.
    """

    def __init__(self) -> None:
        self.offset_s: int | None = None
        self.problem = "no two fresh quotes yet to measure the broker's clock by; is the market open?"
        self._newest_msc: int | None = None
        self._earlier: _Quote | None = None

    def see(self, server_msc: int, utc_ns: int) -> None:
        """Take in the newest quote's time [ms, broker's clock], read at `utc_ns`."""
        if self._newest_msc is None:
            self._newest_msc = server_msc
        if server_msc <= self._newest_msc:
            return
        self._newest_msc = server_msc
        quote = _Quote(server_msc, utc_ns // NS_PER_MS)
        earlier = self._earlier
        if earlier is None or abs(_drift_ms(earlier, quote)) > _TOLERANCE_MS:
            self._earlier = quote
        elif quote.utc_msc - earlier.utc_msc >= _APART_MS:
            self._earlier = quote
            self._measure(server_msc // 1000, utc_ns // NS_PER_S)

    def _measure(self, server_s: int, utc_s: int) -> None:
        offset_s = measured_offset_s(server_s, utc_s)
        if offset_s is None:
            self.problem = (
                f"the broker's clock is {server_s - utc_s:+d} s from this computer's, which is no time zone; "
                "set this computer's clock"
            )
        else:
            self.offset_s, self.problem = offset_s, ""


def _drift_ms(earlier: _Quote, later: _Quote) -> int:
    return (later.server_msc - earlier.server_msc) - (later.utc_msc - earlier.utc_msc)
