"""What a run came to: ticks, decisions and what refused them, deals, money, latency, and the proofs that it adds up."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from account.events import AccountEvent
from account.state import AccountState
from app.moments import typed
from app.story import Story, results, stories
from bridge.config import Places
from bridge.inputs import Booked, InputReader
from bridge.recordings import entries_of, files_of, segments_done
from bridge.records import Entry, EntryKind
from bridge.segments import entries_in
from domain.intents import IntentKind

_ACTIONS: Final = ("buy", "sell", "modify", "partial close", "close", "hold")
_REFUSED: Final = "refused: "
_MOST_GATES: Final = 4


class Proof(msgspec.Struct, frozen=True):
    """Something that must be so, and whether it is."""

    claim: str
    holds: bool
    detail: str = ""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """A round trip from ticks to the decision on them, seen by the terminal [microseconds]."""

    p50: float
    p90: float
    p99: float
    longest: float


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a run. Money in the account's currency; `refused` by gate, most frequent first."""

    folder: Path
    account: str
    currency: str
    symbols: tuple[str, ...]
    first: str
    last: str
    ticks: int
    seconds: float
    decisions: dict[str, int]
    refused: dict[str, int]
    intents: dict[str, int]
    deals: int
    positions_closed: int
    positions_won: int
    positions_open: int
    balance_start: float
    balance: float
    equity: float
    deepest_drawdown_fraction: float
    round_trip_us: Latency
    bridge_us: dict[str, float]
    proofs: tuple[Proof, ...]
    look_at: tuple[str, ...]

    @property
    def adds_up(self) -> bool:
        """Whether every proof holds."""
        return all(proof.holds for proof in self.proofs)


def summary_of(folder: Path, loaded: dict[str, Any], statistics: dict[str, Any], status: dict[str, Any]) -> Summary:
    """Put together what the terminal, the bridge and the journal say of a run in `folder` with one account."""
    (story,) = stories(folder)
    terminal = next(one for one in status["terminals"] if one["account"] == story.account)
    verdicts = {name: count for name, count in terminal["decisions"].items() if not name.startswith(_REFUSED)}
    refused = {n.removeprefix(_REFUSED): c for n, c in terminal["decisions"].items() if n.startswith(_REFUSED)}
    outcome = results(story.trades)
    first_msc, last_msc = (time_msc - story.offset_s * 1000 for time_msc in loaded["span_msc"])
    return Summary(
        folder=folder,
        account=story.account,
        currency=story.state.currency,
        symbols=tuple(loaded["symbols"]),
        first=typed(first_msc * 1_000_000),
        last=typed(last_msc * 1_000_000),
        ticks=statistics["ticks"],
        seconds=statistics["seconds"],
        decisions={name: verdicts[name] for name in _ACTIONS if name in verdicts},
        refused=dict(sorted(refused.items(), key=lambda item: (-item[1], item[0]))),
        intents=terminal["intents_by_state"],
        deals=len(story.trades),
        positions_closed=len(outcome),
        positions_won=sum(1 for profit in outcome if profit > 0.0),
        positions_open=len(story.state.positions),
        balance_start=story.start_balance,
        balance=statistics["balance"],
        equity=statistics["equity"],
        deepest_drawdown_fraction=story.deepest_drawdown,
        round_trip_us=_latency(statistics),
        bridge_us=status["latency_us"],
        proofs=proofs_of(folder, story, statistics, terminal),
        look_at=_worth_a_look(folder, story),
    )


def _latency(statistics: dict[str, Any]) -> Latency:
    p50, p90, p99, longest = (statistics[f"round_trip_{name}_us"] for name in ("p50", "p90", "p99", "max"))
    return Latency(p50=p50, p90=p90, p99=p99, longest=longest)


# -- proofs ----------------------------------------------------------------------------------------------------------


def proofs_of(folder: Path, story: Story, statistics: dict[str, Any], terminal: dict[str, Any]) -> tuple[Proof, ...]:
    """Journal, bridge and terminal must tell the same story."""
    journal, engine = story.state.digest(), engine_digest(folder, story.account)
    bridge = terminal["balance"], terminal["equity"]
    told = statistics["balance"], statistics["equity"]
    deals = len(story.state.deals), statistics["deals"]
    unsettled = len(story.state.open_intents())
    return (
        Proof(
            "the journal replays to the account the bridge had", journal == engine, f"{journal[:12]} / {engine[:12]}"
        ),
        Proof("bridge and terminal agree on the money", bridge == told, f"{_pair(bridge)} / {_pair(told)}"),
        Proof("every deal of the terminal is in the journal", deals[0] == deals[1], f"{deals[0]} / {deals[1]}"),
        Proof("every order has a known end", unsettled == 0, f"{unsettled} open"),
    )


def _pair(money: tuple[float, float]) -> str:
    return f"balance {money[0]:.2f}, equity {money[1]:.2f}"


def engine_digest(folder: Path, account: str) -> str:
    """Digest of the account as the bridge's engine had it, from the record of what the engine was told."""
    return AccountState.replayed(_events_told(folder, account)).digest()


def _events_told(folder: Path, account: str) -> Iterator[AccountEvent]:
    places = Places(folder)
    for segment in segments_done(places.recordings):
        files = files_of(places.recordings, "inputs", account, segment.first_seq)
        entries = sorted((entry for path in files for entry in entries_of(path)), key=lambda entry: entry.seq)
        yield from _events_in(entries, account)
    yield from _events_in(entries_in(places.capture), account)


def _events_in(entries: Iterable[Entry], account: str) -> Iterator[AccountEvent]:
    reader = InputReader()
    for one in reader.read(entry for entry in entries if entry.kind in (EntryKind.TERMINAL, EntryKind.EVENTS)):
        if isinstance(one, Booked) and one.account == account:
            yield from one.events


def _worth_a_look(folder: Path, story: Story) -> tuple[str, ...]:
    """What to type next: the first entry, and the first entry whose order did not end as meant."""
    entries = [intent for intent in story.entries() if intent.kind == IntentKind.OPEN]
    failed = [intent for intent in entries if story.state.intents[intent.intent_id].state.name != "FILLED"]
    chosen = [*entries[:1], *failed[:1]]
    return tuple(
        f"companion why {intent.symbol} {typed(intent.decided_ns)} --data {folder.name}"
        for intent in dict.fromkeys(chosen)
    )


# -- for people ------------------------------------------------------------------------------------------------------


def show(summary: Summary, console: Console) -> None:
    """Print a summary."""
    console.print(Panel(Group(_figures(summary), _proof_lines(summary)), title="summary", title_align="left"))
    console.print(f"data   {escape(str(summary.folder))}", soft_wrap=True)
    for line in summary.look_at[:1]:
        console.print(f"next   [bold]{escape(line)}[/]")
    for line in summary.look_at[1:]:
        console.print(f"       [bold]{escape(line)}[/]")


def _figures(summary: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for name, words in _rows(summary):
        table.add_row(name, words)
    return table


def _rows(summary: Summary) -> list[tuple[str, str]]:
    rate = summary.ticks / summary.seconds if summary.seconds else 0.0
    change = summary.equity - summary.balance_start
    trip = summary.round_trip_us
    return [
        ("quotes", f"{summary.ticks:,} ticks of {', '.join(summary.symbols)}, {summary.first} to {summary.last} UTC"),
        ("time", f"{summary.seconds:.1f} s, {rate:,.0f} ticks/s"),
        ("decisions", _counted(summary.decisions) or "none"),
        ("refused by", _counted(summary.refused, _MOST_GATES) or "nothing"),
        ("orders", _counted(summary.intents) or "none"),
        ("deals", f"{summary.deals}; positions closed {summary.positions_closed}, with a gain {summary.positions_won}"),
        ("balance", f"{summary.balance_start:,.2f} → {summary.balance:,.2f} {summary.currency}"),
        ("equity", f"{summary.equity:,.2f} ({change:+,.2f}), {summary.positions_open} open positions"),
        ("drawdown", f"{summary.deepest_drawdown_fraction * 100:.2f} % at its deepest"),
        ("round trip", f"p50 {trip.p50:.0f} µs, p90 {trip.p90:.0f}, p99 {trip.p99:.0f}, longest {trip.longest:.0f}"),
    ]


def _counted(counts: dict[str, int], most: int = 99) -> str:
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:most]]
    rest = sum(list(counts.values())[most:])
    return " · ".join([*shown, f"others {rest:,}"] if rest else shown)


def _proof_lines(summary: Summary) -> Text:
    lines = Text()
    for proof in summary.proofs:
        lines.append("\n✓ " if proof.holds else "\n✗ ", style="green" if proof.holds else "bold red")
        lines.append(proof.claim if proof.holds else f"NOT SO: {proof.claim} ({proof.detail})")
    return lines
