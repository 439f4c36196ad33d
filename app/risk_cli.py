"""`companion risk`: where the account stands, and what a person may impose on it."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.console import output, reported

if TYPE_CHECKING:
    from wire.control import Order

risk = typer.Typer(help="Show where the account stands; pause, resume, set limits, or halt.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; goes into the journal.")]
Author = Annotated[str, typer.Option(help="Who; goes into the journal. Default: the user of this shell.")]
Valid = Annotated[str, typer.Option("--for", help="How long, such as 30m, 2h or 3d. Default: until taken back.")]
Symbol = Annotated[str, typer.Option(help="Only this symbol. Default: all.")]
Login = Annotated[str, typer.Option("--terminal", help="Login, where more than one account is known.")]
Data = Annotated[str | None, typer.Option(help="Whose: live, demo, replay, or a folder. Default: live.")]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON, for other programs.")]


def _give(order: "Order", data: str | None, *, as_json: bool) -> None:
    from app.risk_command import give

    give(order, data, output(), as_json=as_json)


@risk.command()
@reported
def show(*, terminal: Login = "", data: Data = None, as_json: AsJson = False) -> None:
    """Regime, what refuses entries now, the distance to each guard, and overrides in force."""
    from wire.control import Show

    _give(Show(account=terminal), data, as_json=as_json)


@risk.command()
@reported
def pause(
    *,
    symbol: Symbol = "",
    valid: Valid = "",
    reason: Reason = "",
    author: Author = "",
    terminal: Login = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Enter nothing. Open positions are looked after as ever."""
    from app.risk_command import author_of, seconds_in
    from wire.control import Pause

    order = Pause(account=terminal, reason=reason, author=author_of(author), symbol=symbol, valid_s=seconds_in(valid))
    _give(order, data, as_json=as_json)


@risk.command()
@reported
def resume(
    *,
    symbol: Symbol = "",
    reason: Reason = "",
    author: Author = "",
    terminal: Login = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Go on after a pause; without a symbol also after a halt."""
    from app.risk_command import author_of
    from wire.control import Resume

    _give(Resume(account=terminal, reason=reason, author=author_of(author), symbol=symbol), data, as_json=as_json)


@risk.command("set")
@reported
def set_limit(  # noqa: PLR0913 - as above
    name: Annotated[str, typer.Argument(help="Limit, such as entry.risk_fraction.", show_default=False)],
    value: Annotated[str, typer.Argument(help='Its value; "default" takes the override back.', show_default=False)],
    *,
    symbol: Symbol = "",
    valid: Valid = "",
    reason: Reason = "",
    author: Author = "",
    terminal: Login = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Lower or raise a limit within its hard bounds (docs/risk/overrides.md lists them)."""
    from app.risk_command import author_of, number_in, seconds_in
    from wire.control import ClearLimit, SetLimit

    who = author_of(author)
    if value == "default":
        order: Order = ClearLimit(account=terminal, reason=reason, author=who, name=name, symbol=symbol)
    else:
        order = SetLimit(
            account=terminal,
            reason=reason,
            author=who,
            name=name,
            value=number_in(name, value),
            symbol=symbol,
            valid_s=seconds_in(valid),
        )
    _give(order, data, as_json=as_json)


@risk.command()
@reported
def halt(
    *, reason: Reason = "", author: Author = "", terminal: Login = "", data: Data = None, as_json: AsJson = False
) -> None:
    """Kill switch: close all our positions and open nothing until `companion risk resume`."""
    from app.risk_command import author_of
    from wire.control import Halt

    _give(Halt(account=terminal, reason=reason, author=author_of(author)), data, as_json=as_json)
