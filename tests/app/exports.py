"""Files as MetaTrader exports them, for commands that read history."""

from datetime import UTC, datetime
from pathlib import Path

from marketdata.drifting import TRENDING, drifting_bars


def an_export(folder: Path, weeks: int = 20) -> Path:
    """Hourly bars as MetaTrader exports them."""
    bars = drifting_bars(2, weeks, TRENDING)
    lines = ["<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"]
    for bar in bars:
        moment = f"{datetime.fromtimestamp(int(bar['time']), tz=UTC):%Y.%m.%d\t%H:%M:%S}"
        prices = "\t".join(f"{bar[name]:.5f}" for name in ("open", "high", "low", "close"))
        lines.append(f"{moment}\t{prices}\t{bar['tick_volume']}\t0\t{bar['spread']}")
    path = folder / "EURUSD_H1_202001060000_202005222300.csv"
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return path
