"""Which of the broker's symbols are wanted, and what each is."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from bridge.poller.link import Link, PackageError
from bridge.poller.reading import spec_of
from domain.pricing import required_margin, symbol_money
from domain.symbols import SymbolSpec
from strategy.naming import broker_symbol

_BUY: Final = 0
_SELL: Final = 1
_SIGNIFICANT: Final = 3


class SymbolsError(RuntimeError):
    """Symbols that the broker does not have, or that cannot be shown; names them and the remedy."""


def chosen_symbols(link: Link, wanted: Iterable[str]) -> tuple[str, ...]:
    """The broker's names of the `wanted` symbols, all of them in Market Watch.

    Raises:
        SymbolsError: where none is found, or one cannot be shown.
        TerminalLostError: the terminal is gone.
    """
    offered = [info.name for info in link.asked("symbols_get")]
    names = tuple(wanted)
    found = tuple(dict.fromkeys(name for name in (broker_symbol(one, offered) for one in names) if name is not None))
    if not found:
        raise SymbolsError(f"the broker has none of {', '.join(names)}; set COMPANION_SYMBOLS to names it has")
    for name in found:
        if not link.tried("symbol_select", name, True):  # noqa: FBT003 - the package's signature
            code, text = link.last_error()
            raise SymbolsError(f"symbol {name} cannot be shown in Market Watch: {code} {text}")
    return found


def specs_of(link: Link, symbols: Sequence[str], account: Any) -> tuple[SymbolSpec, ...]:  # noqa: ANN401 - AccountInfo
    """The specifications of `symbols`, with margin rates as the terminal's own margins show them.

    Raises:
        SymbolSpecError: for one that cannot be traded on.
        TerminalLostError: the terminal is gone.
        PackageError: for a symbol the terminal does not tell about.
    """
    return tuple(_spec_of(link, symbol, account) for symbol in symbols)


def _spec_of(link: Link, symbol: str, account: Any) -> SymbolSpec:  # noqa: ANN401 - AccountInfo
    info = link.asked("symbol_info", symbol)
    plain = spec_of(info)
    rates = (
        _margin_rate(link, plain, account, _BUY, float(info.ask)),
        _margin_rate(link, plain, account, _SELL, float(info.bid)),
    )
    return msgspec.structs.replace(plain, margin_rate_buy=rates[0], margin_rate_sell=rates[1])


def _margin_rate(link: Link, spec: SymbolSpec, account: Any, action: int, price: float) -> float:  # noqa: ANN401 - AccountInfo
    """What the terminal's margin is of the one by the formula with the rate 1; the package does not tell the rate.

    Rounded to three significant digits: cents and the moving conversion are noise. 1 where it cannot be had.
    """
    if price <= 0.0:
        return 1.0
    volume, side = spec.volume_max, 1 if action == _BUY else -1
    try:
        asked = float(link.asked("order_calc_margin", action, spec.name, volume, price))
    except PackageError:
        return 1.0
    money = symbol_money(spec, account.currency, account.currency_digits, account.leverage)
    by_formula = float(required_margin(side, volume, price, money))
    return float(f"{asked / by_formula:.{_SIGNIFICANT}g}") if by_formula > 0.0 else 1.0
