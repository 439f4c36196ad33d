"""The summary: figures in order, and proofs that fail when they should."""

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from app.performance import present
from app.story import Story, story_of
from app.summary import Latency, Proof, Summary, engine_digest, proofs_of, show

pytestmark = pytest.mark.integration


def a_summary(**changes: Any) -> Summary:  # noqa: ANN401 - any field
    summary = Summary(
        folder=Path("somewhere") / "demo",
        account="S:7",
        currency="USD",
        symbols=("EURUSD", "XAUUSD"),
        first="2025-06-02T00:00",
        last="2025-06-08T23:59",
        ticks=70_359,
        seconds=10.0,
        decisions={"buy": 12, "hold": 290},
        refused={"confluence": 1019, "spread": 326, "session": 9, "warm up": 8, "max symbols": 7, "leverage": 6},
        intents={"filled": 69},
        deals=54,
        positions_closed=22,
        positions_won=10,
        positions_open=1,
        balance_start=10_000.0,
        balance=10_000.29,
        equity=10_030.72,
        deepest_drawdown_fraction=0.0607,
        round_trip_us=Latency(p50=110.0, p90=160.0, p99=390.0, longest=7068.0),
        bridge_us={"p50": 60.0},
        proofs=(Proof("journal and bridge agree", holds=True), Proof("money agrees", holds=True)),
        look_at=("companion why EURUSD 2025-06-02T07:00 --data demo",),
    )
    return msgspec.structs.replace(summary, **changes)


def shown(summary: Summary) -> str:
    console = Console(file=io.StringIO(), width=120, highlight=False)
    show(summary, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        "70,359 ticks of EURUSD, XAUUSD, 2025-06-02T00:00 to 2025-06-08T23:59 UTC",
        "10.0 s, 7,036 ticks/s",
        "buy 12 · hold 290",
        "confluence 1,019 · spread 326 · session 9 · warm up 8 · others 13",
        "54; positions closed 22, with a gain 10",
        "10,000.00 → 10,000.29 USD",
        "10,030.72 (+30.72), 1 open positions",
        "6.07 % at its deepest",
        "p50 110 µs, p90 160, p99 390, longest 7068",
        "✓ money agrees",
        "companion why EURUSD 2025-06-02T07:00 --data demo",
    ],
)
def test_it_shows(words: str) -> None:
    assert words in shown(a_summary())


def test_a_run_in_which_nothing_happened_can_be_shown() -> None:
    told = shown(a_summary(decisions={}, refused={}, intents={}, look_at=(), seconds=0.0))
    assert told.count("none") == 2
    assert "next" not in told


def test_what_does_not_add_up_is_said_loudly() -> None:
    summary = a_summary(proofs=(Proof("money agrees", holds=False, detail="1.00 / 2.00"),))
    assert not summary.adds_up
    assert "✗ NOT SO: money agrees (1.00 / 2.00)" in shown(summary)


def test_json_is_one_document() -> None:
    console = Console(file=io.StringIO(), width=40)
    present(a_summary(), console, as_json=True)
    assert isinstance(console.file, io.StringIO)
    told = json.loads(console.file.getvalue())
    assert told["folder"] == "somewhere/demo"
    assert told["refused"]["spread"] == 326
    assert told["proofs"][0] == {"claim": "journal and bridge agree", "holds": True, "detail": ""}


# -- proofs ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(demo_folder: Path) -> Story:
    return story_of(demo_folder, None)


def sides(story: Story, **changes: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """What terminal and bridge say where they agree; `changes` are those of the terminal."""
    money = {"balance": story.state.balance, "equity": story.state.last_equity}
    return {**money, "deals": len(story.state.deals), **changes}, money


def failing(folder: Path, story: Story, **changes: float) -> list[str]:
    told, bridge = sides(story, **changes)
    return [proof.claim for proof in proofs_of(folder, story, told, bridge) if not proof.holds]


def test_the_proofs_hold_for_a_real_run(demo_folder: Path, story: Story) -> None:
    assert failing(demo_folder, story) == []


def test_a_cent_too_many_is_noticed(demo_folder: Path, story: Story) -> None:
    assert failing(demo_folder, story, balance=story.state.balance + 0.01) == ["bridge and terminal agree on the money"]


def test_a_deal_too_few_is_noticed(demo_folder: Path, story: Story) -> None:
    deals = len(story.state.deals) + 1
    assert failing(demo_folder, story, deals=deals) == ["every deal of the terminal is in the journal"]


def test_a_journal_that_tells_something_else_is_noticed(demo_folder: Path) -> None:
    story = story_of(demo_folder, None)
    story.state.balance += 1.0
    assert "the journal replays to the account the bridge had" in failing(demo_folder, story)


def test_the_engines_account_is_rebuilt_from_what_it_was_told(demo_folder: Path, story: Story) -> None:
    assert engine_digest(demo_folder, story.account) == story.state.digest()
    assert engine_digest(demo_folder, "nobody:1") != story.state.digest()
