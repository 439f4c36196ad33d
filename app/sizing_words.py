"""Why an entry was as large as it was, in plain words: limits that held, and the record they were drawn from."""

import math

import numpy as np

from app.moments import shown
from risk.limits import Regime


def limit_words(record: np.void) -> str:
    """Which limits held: the part of equity at risk, the leverage cap and the account's regime."""
    if not math.isfinite(record["max_leverage"]):
        return "not known"
    regime = Regime(int(record["regime"]))
    why = regime.name.lower() + (_stress_words(record) if regime is Regime.STRESSED else "")
    tone = f", of which the tone of articles left {record['tone_scale']:.0%}" if record["tone_scale"] < 1.0 else ""
    return f"risk {record['risk_fraction']:.2%} of equity{tone}, leverage up to 1:{record['max_leverage']:g} ({why})"


def _stress_words(record: np.void) -> str:
    news = ", negative news" if record["news_negative"] > 0.0 else ""
    return f": drawdown {record['drawdown']:.1%}, {record['losing_streak']:.0f} lost in a row{news}"


def record_words(record: np.void) -> str:
    """What the round trips of the set-up say, and until when they keep it from entering."""
    allowed = float(record["kelly_fraction"])
    if math.isinf(allowed):
        return "not asked: Half-Kelly is off"
    seen = f"{record['trips']:.0f} round trips of this set-up"
    odds = f"{record['win_rate']:.0%} won, mean gain {record['win_r']:.2f} R, mean loss {record['loss_r']:.2f} R"
    if allowed > 0.0:
        return f"{seen}; {odds}: Half-Kelly allows {allowed:.2%} of equity"
    until = int(record["kelly_reopens_ns"])
    back = f"; old enough to be forgotten from {shown(until)} UTC" if until else ""
    return f"{seen}; {odds}: no edge, nothing is entered{back}"
