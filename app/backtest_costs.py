"""What a backtest's broker charges: swap as it was typed, commission as the settings say."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import msgspec

from app.console import CommandError, ExitCode
from backtest.job import Job
from domain.symbols import SwapMode
from sim.profiles import CommissionRule
from strategy.symbol_rows import by_base

_HOW: Final = (
    "write --swap EURUSD=-10,3.9: points a lot and night for buys and sells, as the symbol's Specification says"
)


def with_costs(job: Job, swaps: Iterable[str] = ()) -> Job:
    """`job` at a broker that charges swap as in `swaps` ("EURUSD=-10,3.9") and the settings' `commission_per_lot`.

    Commission is that of a round turn, charged when a position is opened. Symbols that `swaps` does not name keep the
    swap that the simulated broker is known to charge, which is none for most of them.

    Raises:
        CommandError: for words that are no swap, or of a symbol that is not traded.
    """
    nights = dict(map(_swap, swaps))
    for symbol in nights:
        if symbol not in job.ticks:
            raise CommandError(f"--swap {symbol}: traded are {', '.join(job.ticks)}", _HOW, ExitCode.USAGE)
    specs = tuple(
        msgspec.structs.replace(
            spec, swap_mode=SwapMode.POINTS, swap_long=nights[spec.name][0], swap_short=nights[spec.name][1]
        )
        if spec.name in nights
        else spec
        for spec in job.specs
    )
    charged = {spec.name: by_base(spec.name, job.settings.commission_per_lot) for spec in job.specs}
    rules = {name: CommissionRule(per_lot=amount) for name, amount in charged.items() if amount}
    profile = msgspec.structs.replace(job.profile, commission_by_symbol={**job.profile.commission_by_symbol, **rules})
    return replace(job, specs=specs, profile=profile)


def _swap(text: str) -> tuple[str, tuple[float, float]]:
    symbol, _, figures = text.partition("=")
    try:
        long, short = (float(figure) for figure in figures.split(","))
    except ValueError:
        raise CommandError(f"--swap {text} is no swap", _HOW, ExitCode.USAGE) from None
    if not (symbol and math.isfinite(long) and math.isfinite(short)):
        raise CommandError(f"--swap {text} is no swap", _HOW, ExitCode.USAGE)
    return symbol, (long, short)
