"""The market that `initialize` finds where nothing is attached: invented quotes, real pace, play money."""

import time
from typing import Final

from marketdata.synthetic import DEMO_START_UTC_S, DEMO_SYMBOLS, synthetic_market
from marketdata.tape import Tape
from sim.feed import Feed
from sim.metatrader5.station import Station
from sim.profiles import JustMarketsAccount, justmarkets_account, justmarkets_symbol
from sim.terminal import SimTerminal

_SEED: Final = 1
_MS_PER_S: Final = 1000
_DAYS: Final = 5
_OFFSET_S: Final = 10_800  # summer time of most brokers, and of this market's June
_PLAYED_BEFORE_S: Final = 2 * 86_400 + 15 * 3600  # Wednesday afternoon: two days of history, a lively market
DEPOSIT: Final = 10_000.0


def demo_station() -> Station:
    """EURUSD, USDJPY and XAUUSD of the synthetic market on a JustMarkets Standard account of 10,000 USD.

    The same quotes each time; the clock begins on a Wednesday at 15:00 UTC and runs as fast as the wall clock.
    """
    names = tuple(symbol.name for symbol in DEMO_SYMBOLS)
    tape = Tape(names, synthetic_market(_SEED, DEMO_SYMBOLS, days=_DAYS, server_offset_s=_OFFSET_S))
    profile = justmarkets_account(JustMarketsAccount.STANDARD, deposit=DEPOSIT)
    specs = [justmarkets_symbol(name) for name in names]
    began_msc = (DEMO_START_UTC_S + _OFFSET_S) * _MS_PER_S
    terminal = SimTerminal(profile, specs, server_offset_s=_OFFSET_S, start_msc=began_msc)
    feed = Feed(terminal, tape)
    feed.play_to(began_msc + _PLAYED_BEFORE_S * _MS_PER_S)
    return Station(terminal, feed, 0, time.monotonic)
