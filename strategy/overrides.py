"""What a person may impose on the rules: which limits, within which bounds, and the rules they make."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec

from account.safety import Override
from risk.limits import HARDEST_LEVERAGE
from strategy.params import EngineSettings
from strategy.refusals import SettingsError

LIMITS: Final = {
    "entry": ("risk_fraction", "min_reward_to_risk", "max_spread_points", "max_symbol_positions", "max_symbols"),
    "leverage": ("normal",),
    "portfolio": (
        "max_currency_exposure",
        "max_open_risk_fraction",
        "cool_down_s",
        "max_losing_streak",
        "losing_streak_pause_s",
    ),
    "guards": ("floating_loss_fraction", "day_loss_fraction", "drawdown_fraction", "reduce_fraction", "halt_fraction"),
}
"""Limits that may be overridden, by group of the settings. The hard bounds are the ranges of the settings."""

GLOBAL_ONLY: Final = frozenset({"guards"})
RISK: Final = "entry.risk_fraction"
LEVERAGE: Final = "leverage.normal"


class OverrideError(ValueError):
    """A limit that cannot be imposed; names the limit, its range and the remedy."""


def limit_names() -> tuple[str, ...]:
    """Names of all limits that may be overridden."""
    return tuple(f"{group}.{field}" for group, fields in LIMITS.items() for field in fields)


def checked_limit(settings: EngineSettings, name: str, symbol: str, value: float) -> float:
    """`value` for the limit `name` on `symbol` ("": all), if it lies within the hard bounds.

    Raises:
        OverrideError: for a limit nobody knows, a value out of range, or one that contradicts the others.
    """
    if name not in limit_names():
        raise OverrideError(f"{name}: is no limit that can be set; there are {', '.join(limit_names())}")
    group = name.partition(".")[0]
    if symbol and group in GLOBAL_ONLY:
        raise OverrideError(f"{name}: guards the whole account; leave out the symbol")
    try:
        with_limit(settings, name, value)
    except SettingsError as refused:
        raise OverrideError(f"{name}: {value:g} contradicts another limit: {refused}") from None
    except (msgspec.ValidationError, ValueError):
        raise OverrideError(f"{name}: {value:g} is out of range; it must be {range_of(settings, name)}") from None
    return value


def with_limit(settings: EngineSettings, name: str, value: float) -> EngineSettings:
    """`settings` with another value for one limit.

    Raises:
        msgspec.ValidationError, SettingsError, ValueError: for a value that the settings would not take.
    """
    if name == LEVERAGE:  # it replaces the caps of all regimes at once, see `effective_limits`
        if not 0.0 < value <= HARDEST_LEVERAGE:
            raise ValueError(value)
        return settings
    group, _, field = name.partition(".")
    part = getattr(settings, group)
    plain = msgspec.structs.asdict(part)
    whole = isinstance(plain[field], int)
    if whole and not value.is_integer():
        raise ValueError(value)
    changed = _converted(plain | {field: int(value) if whole else value}, type(part))
    return msgspec.structs.replace(settings, **{group: changed})


def _converted(plain: dict[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as refused:
        if isinstance(refused.__cause__, SettingsError):
            raise refused.__cause__ from None
        raise


def range_of(settings: EngineSettings, name: str) -> str:
    """The hard bounds of a limit, in words."""
    group, _, field = name.partition(".")
    declared = next(it.type for it in msgspec.structs.fields(type(getattr(settings, group))) if it.name == field)
    metas = get_args(declared)[1:] if get_origin(declared) is Annotated else ()
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    found = [f"{said} {getattr(meta, key):g}" for meta in metas for key, said in words.items() if _has(meta, key)]
    return " and ".join(found)


def _has(meta: object, key: str) -> bool:
    return getattr(meta, key, None) is not None


def imposed_settings(settings: EngineSettings, overrides: Iterable[Override], symbol: str) -> EngineSettings:
    """The settings in force on `symbol`: those for all symbols first, then its own, each in the order they were set.

    What has come to contradict another limit is left out.
    """
    limits = [override for override in overrides if not override.is_pause and override.symbol in ("", symbol)]
    for override in sorted(limits, key=lambda limit: limit.symbol != ""):
        try:
            settings = with_limit(settings, override.name, override.value)
        except (msgspec.ValidationError, ValueError, AttributeError, KeyError):
            continue
    return settings
