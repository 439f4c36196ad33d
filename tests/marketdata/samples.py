"""Small files and arrays that several tests of this room start from. The rows are in the formats MT5 5.0 writes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.serverclock import ServerClock
from domain.timeframes import Timeframe
from marketdata import QuoteFile, QuoteFileError, load_quotes
from marketdata.sessions import holidays, local_times, weekend

MT5_BARS = (
    "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
    "2025.01.02\t00:00:00\t2624.81\t2634.42\t2621.57\t2632.99\t16434\t0\t15\r\n"
    "2025.01.02\t04:00:00\t2632.99\t2636.49\t2631.06\t2634.05\t29644\t0\t15\r\n"
    "2025.01.02\t08:00:00\t2634.05\t2644.10\t2633.80\t2640.70\t31002\t0\t14\r\n"
)
MT5_DAYS = (
    "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n"
    "2025.01.02\t1.03515\t1.03756\t1.02243\t1.02670\t66106\t0\t0\r\n"
    "2025.01.03\t1.02572\t1.03099\t1.02529\t1.03080\t48141\t0\t0\r\n"
    "2025.01.06\t1.03010\t1.04370\t1.02950\t1.03900\t70112\t0\t0\r\n"
)
MT5_TICKS = (
    "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\r\n"
    "2022.11.10\t15:00:00.017\t0.86682\t0.86712\t\t\t6\r\n"
    "2022.11.10\t15:00:00.228\t0.86681\t\t\t\t2\r\n"
    "2022.11.10\t15:00:00.525\t\t0.86707\t\t\t4\r\n"
    "2022.11.10\t15:00:00.525\t0.86679\t0.86709\t\t\t6\r\n"
)
PLAIN_TICKS = (
    "timestamp,bid,ask\n"
    "2013-01-01 22:00:00.295000+00:00,86.655,86.728\n"
    "2013-01-01 22:02:35.907000+00:00,86.657,86.728\n"
    "2013-01-01 22:02:35.913000+00:00,86.655,86.729\n"
)
PLAIN_BARS = (
    "time,open,high,low,close,tick_volume,spread\n"
    "2020-10-14 05:31,1.1742,1.17421,1.1741,1.17417,805,3\n"
    "2020-10-14 05:32,1.17416,1.17425,1.17415,1.17425,644,3\n"
    "2020-10-14 05:33,1.17424,1.17442,1.17424,1.17441,709,4\n"
)


def stored(folder: Path, name: str, content: str | bytes) -> Path:
    """`content` as the file `name`; text keeps the line ends it has."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def ticks_at(times_msc: Sequence[int], bids: Sequence[float] | None = None) -> npt.NDArray[np.void]:
    ticks = np.zeros(len(times_msc), dtype=TICK_DTYPE)
    ticks["time_msc"] = times_msc
    ticks["time"] = ticks["time_msc"] // 1000
    ticks["bid"] = 1.1 if bids is None else bids
    ticks["ask"] = ticks["bid"] + 0.0002
    ticks["flags"] = 6
    return ticks


def bars_of(points: Sequence[tuple[int, int, int, int]], period_s: int = 60, digits: int = 5) -> npt.NDArray[np.void]:
    """Bars one after another from (open, high, low, close) in points, with a spread that differs from bar to bar."""
    bars = np.zeros(len(points), dtype=RATES_DTYPE)
    bars["time"] = 1_735_776_000 + period_s * np.arange(len(points))
    for column, name in enumerate(("open", "high", "low", "close")):
        bars[name] = np.array([row[column] for row in points], dtype=np.int64) / 10.0**digits
    bars["tick_volume"] = 4
    bars["spread"] = 1 + np.arange(len(points)) % 7
    return bars


@st.composite
def candles(draw: st.DrawFn, least: int = 1, most: int = 40) -> list[tuple[int, int, int, int]]:
    """Bars in points, dojis and bars of one price among them."""
    found = []
    for _ in range(draw(st.integers(least, most))):
        opens, closes = draw(st.integers(100_000, 100_400)), draw(st.integers(100_000, 100_400))
        if draw(st.booleans()):
            closes = opens
        top, bottom = draw(st.integers(0, 50)), draw(st.integers(0, 50))
        found.append((opens, max(opens, closes) + top, min(opens, closes) - bottom, closes))
    return found


@st.composite
def minutes(draw: st.DrawFn, least: int = 1, most: int = 8) -> npt.NDArray[np.void]:
    """Bars of M1, some minutes left out, with every tick volume their prices allow, small ones above all."""
    shapes = draw(candles(least, most))
    bars = bars_of(shapes)
    rows = st.tuples(st.integers(1, 3), st.integers(0, 10) | st.integers(0, 300), st.integers(0, 300))
    for bar, (opens, high, low, closes) in zip(bars, shapes, strict=True):
        gap, ticks, spread = draw(rows)
        fewest = 1 if high == low else 2 + (low < min(opens, closes)) + (high > max(opens, closes))
        bar["time"], bar["tick_volume"], bar["spread"] = 60 * gap, fewest + ticks, spread
    bars["time"] = 1_735_776_000 + np.cumsum(bars["time"])
    return bars


def market_bars(
    weeks: int, clock: ServerClock, *, first: str = "2024-01-08", daily_break: bool = False, period_s: int = 3600
) -> npt.NDArray[np.void]:
    """Bars as a market makes them: closed at 17:00 New York for the week, loud and quiet hours, moves with fat tails.

    Stamps are on `clock`. With `daily_break` there is none from 17:00 to 18:00 New York either, as for metals.
    """
    start_s = int(np.datetime64(first, "s").astype(np.int64))
    utc_s = np.arange(start_s, start_s + weeks * 604_800, period_s)
    local_s = local_times(utc_s)
    open_now = ~weekend(local_s, 3600) & ~holidays(local_s)
    if daily_break:
        open_now &= local_s // 3600 % 24 != 17
    utc_s, local_s = utc_s[open_now], local_s[open_now]
    random = np.random.default_rng(7)
    loudness = 1.0 + 3.0 * (np.abs(local_s // 3600 % 24 - 9) < 4)
    closes = np.rint(110_000 + np.cumsum(random.standard_t(3, utc_s.size) * loudness * 4)).astype(np.int64)
    opens = np.concatenate(([110_000], closes[:-1]))
    shadows = 1 + np.rint(random.exponential(6.0 * loudness, (2, utc_s.size))).astype(np.int64)
    bars = np.zeros(utc_s.size, dtype=RATES_DTYPE)
    bars["time"] = utc_s + clock.offsets_at_utc(utc_s)
    bars["open"], bars["close"] = opens / 1e5, closes / 1e5
    bars["high"] = (np.maximum(opens, closes) + shadows[0]) / 1e5
    bars["low"] = (np.minimum(opens, closes) - shadows[1]) / 1e5
    bars["tick_volume"] = np.rint(500 * loudness * random.uniform(0.8, 1.2, utc_s.size))
    bars["spread"] = 8
    return bars


def quote_file(bars: npt.NDArray[np.void], *, symbol: str = "EURUSD", timeframe: Timeframe = Timeframe.H1) -> QuoteFile:
    """Bars as if they had been read from a file, from its second line on."""
    return QuoteFile(
        path=Path("x.csv"),
        symbol=symbol,
        digits=5,
        timeframe=timeframe,
        server_offset_s=None,
        notes=(),
        bars=bars,
        row_numbers=np.arange(2, bars.size + 2),
    )


def outcome_of(path: Path) -> QuoteFile | QuoteFileError:
    """What comes of reading a file: its quotes, or why there are none."""
    try:
        return load_quotes(path)
    except QuoteFileError as error:
        return error


def mt5_text(bars: npt.NDArray[np.void]) -> str:
    """Bars as MT5 exports them."""
    lines = ["<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"]
    for bar in bars:
        date, clock = str(np.datetime64(int(bar["time"]), "s")).split("T")
        prices = "\t".join(f"{bar[name]:.5f}" for name in ("open", "high", "low", "close"))
        lines.append(f"{date.replace('-', '.')}\t{clock}\t{prices}\t{bar['tick_volume']}\t0\t{bar['spread']}")
    return "\r\n".join(lines) + "\r\n"
