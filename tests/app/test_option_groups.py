"""Options declared as fields of a struct: typed as any other, and handed over as one value."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from typer.testing import CliRunner

from app.option_groups import listed, with_groups


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Shared by two commands."""

    files: Annotated[list[Path], typer.Argument()] = []
    depth: Annotated[int, typer.Option("--deep", min=1, help="How deep.")] = 3
    names: Annotated[list[str], typer.Option("--name")]


cli = typer.Typer()


@cli.command()
@with_groups
def search(where: Where, *, loudly: bool = False) -> None:
    """Search there."""
    typer.echo(f"{where} {loudly}")


@cli.command()
@with_groups
def other(where: Where) -> None:
    """Something else there."""
    typer.echo(f"{where.depth}")


def said(*words: str) -> str:
    return CliRunner().invoke(cli, words).output


def test_what_was_typed_is_one_value() -> None:
    expected = Where(files=[Path("a"), Path("b")], depth=7, names=["x", "y"])
    assert (
        said("search", "a", "--name", "x", "b", "--deep", "7", "--name", "y", "--loudly").strip() == f"{expected} True"
    )


def test_defaults_and_what_is_required() -> None:
    assert said("search", "--name", "x").strip() == f"{Where(names=['x'])} False"
    assert said("other", "--name", "x").strip() == "3"
    assert "Missing option '--name'" in said("other")


def test_bounds_hold() -> None:
    assert "greater than or equal to 1" in said("other", "--name", "x", "--deep", "0")


def test_the_help_is_that_of_the_command_and_the_fields() -> None:
    told = said("search", "--help")
    assert "Search there." in told
    assert "How deep." in told
    assert "where" not in told.lower()


def test_names_between_commas() -> None:
    assert listed(" EURUSD, ,USDJPY ") == ("EURUSD", "USDJPY")
    assert listed("") == ()
