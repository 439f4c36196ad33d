"""The grid that prices lie on: how many digits, and whether they are prices at all."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from marketdata.quotes import Floats, ImportLog, Mask, NoteKind
from marketdata.raw import RawQuotes

MAX_DIGITS: Final = 8  # MT5's own limit
_NOISE_ULPS: Final = 64.0
_FEW_PRICES: Final = 16
_LARGEST_PRICE: Final = 1e9  # keeps price * 10**digits an exact integer


def unpriced(columns: Iterable[Floats]) -> Mask:
    """Where one of the prices is missing, not positive or absurd."""
    with np.errstate(invalid="ignore"):
        bad = [~((values > 0.0) & (values < _LARGEST_PRICE)) for values in columns]
    return np.asarray(np.logical_or.reduce(bad), dtype=np.bool_)


def without_unpriced(raw: RawQuotes, prices: Sequence[str], log: ImportLog) -> RawQuotes:
    """Drop the rows without a usable price.

    Raises:
        QuoteFileError: where more than half of the rows have none.
    """
    bad = unpriced(raw.fields[name] for name in prices)
    if not bad.any():
        return raw
    rows = raw.rows[bad]
    if 2 * rows.size > raw.rows.size:
        problem = f"is missing, zero or negative in {rows.size} of {raw.rows.size} rows"
        raise log.refusal(prices[0], problem, "check which column holds the price", int(rows[0]), "no-price")
    log.note(NoteKind.NO_PRICE, f"{' or '.join(prices)} missing, zero or negative; dropped", rows)
    return raw.kept(~bad)


def digits_of(raw: RawQuotes, prices: Sequence[str], given: int | None, log: ImportLog) -> int:
    """Decimals of the price grid: `given`, else the fewest (0 to 8) that hold every price, or what the text shows.

    Raises:
        QuoteFileError: for prices without a grid, and for prices that look multiplied by 1/point.
    """
    if given is not None and not 0 <= given <= MAX_DIGITS:
        raise log.refusal("digits", f"is {given}", f"pass 0 to {MAX_DIGITS}")
    columns = [raw.fields[name] for name in prices]
    found = _fewest_digits(columns)
    shown = raw.decimals if raw.decimals is not None and raw.decimals <= MAX_DIGITS else 0
    if found == 0 and _looks_scaled(columns[0], shown, given):
        remedy = "divide them by 10**digits, or pass digits=0 if the symbol is really quoted without decimals"
        raise log.refusal(
            "price", "is a whole number in every row, as prices multiplied by 1/point are", remedy, rule="scaled-prices"
        )
    if given is not None:
        return given
    if found is None:
        raise log.refusal("price", f"has more than {MAX_DIGITS} decimals", "pass digits= to round to the symbol's grid")
    return max(found, shown)


def on_grid(raw: RawQuotes, prices: Sequence[str], digits: int, log: ImportLog) -> RawQuotes:
    """Prices as the nearest float to their decimal value, so that equal prices have equal bits.

    Raises:
        QuoteFileError: where a price is less than half a point.
    """
    scale = 10.0**digits
    gridded: dict[str, Floats] = {}
    moved = np.zeros(raw.rows.size, dtype=np.bool_)
    for name in prices:
        points = raw.fields[name] * scale
        gridded[name] = np.rint(points) / scale
        moved |= ~near_whole(points)
        if not gridded[name].all():
            row = int(raw.rows[np.argmin(gridded[name])])
            raise log.refusal(name, f"is less than half a point of {digits} digits", "pass more digits=", row)
    log.note(NoteKind.ROUNDED, f"had more decimals than {digits}; rounded to the nearest point", raw.rows[moved])
    return raw.with_fields(**gridded)


def _looks_scaled(whole: Floats, shown: int, given: int | None) -> bool:
    """Against it speak decimals in the text ("100.000"), digits=0, too few prices, or prices too small to be scaled."""
    if given is None:
        return shown <= 1
    return given > 0 and whole.size >= _FEW_PRICES and bool(whole.min() >= 10.0 ** (given - 1))


def _fewest_digits(columns: Sequence[Floats]) -> int | None:
    fitting = (digits for digits in range(MAX_DIGITS + 1) if all(_fits(values, digits) for values in columns))
    return next(fitting, None)


def _fits(values: Floats, digits: int) -> bool:
    return bool(near_whole(values * 10.0**digits).all())


def near_whole(points: Floats) -> Mask:
    """Whether values are whole numbers but for the noise of decimals in binary."""
    noise = np.maximum(np.abs(points), 1.0) * (_NOISE_ULPS * np.finfo(np.float64).eps)
    return np.asarray(np.abs(points - np.rint(points)) <= noise, dtype=np.bool_)
