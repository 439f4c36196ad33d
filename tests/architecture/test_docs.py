"""The documentation keeps up: links lead somewhere, commands and settings are all described."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.architecture.tree import ROOT, project_files

PAGES = [path for path in project_files() if path.suffix == ".md"]
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)
SETTING = re.compile(r"^(?:# ?)?(COMPANION_[A-Z0-9_]+)=", re.MULTILINE)


def _prose(page: Path) -> str:
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """Anchors of the headings, as code hosts make them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(_prose(page))}


def _is_dead(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return False
    name, _, anchor = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    return not path.exists() or bool(anchor and path.suffix == ".md" and anchor not in _anchors(path))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert [target for target in LINK.findall(_prose(page)) if _is_dead(page, target)] == []


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `b` heading\n[a](page.md#one-b-heading) [b](#two) [c](gone.md) [d](https://example.com)\n")
    assert [target for target in LINK.findall(_prose(page)) if _is_dead(page, target)] == ["#two", "gone.md"]


def test_every_page_is_reachable_from_the_index() -> None:
    docs, index = ROOT / "docs", ROOT / "docs" / "index.md"
    reached, waiting = {index}, [index]
    while waiting:
        page = waiting.pop()
        targets = {
            (page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(_prose(page)) if ":" not in link
        }
        found = {target for target in targets if target.suffix == ".md" and target.is_file()} - reached
        reached |= found
        waiting += found
    assert sorted(str(page.relative_to(ROOT)) for page in PAGES if docs in page.parents and page not in reached) == []


def test_every_command_is_described() -> None:
    import typer.main

    from app.cli import cli

    described = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    commands = getattr(typer.main.get_command(cli), "commands", {})
    assert commands
    assert [name for name in commands if f"companion {name}" not in described] == []


def _settings(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Environment names of all settings, groups included."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _settings(kind, f"{prefix}{name}__")
        else:
            yield f"{prefix}{name}".upper()


def test_the_example_holds_every_setting_and_no_other() -> None:
    from app.settings import Settings

    prefix = str(Settings.model_config.get("env_prefix"))
    assert prefix == "COMPANION_"
    assert Settings.model_config.get("env_nested_delimiter") == "__"
    described = SETTING.findall((ROOT / ".env.example").read_text(encoding="utf-8"))
    assert sorted(described) == sorted(_settings(Settings, prefix))
