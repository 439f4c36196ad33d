"""The answer of `companion why`, for people and as JSON."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.engine_on_record import settings_at
from app.explain import as_json, duration, features_of, gate_lines, headline, refusal, size_words
from app.folders import recorded_folder
from app.moments import iso, shown, typed
from app.settings import load_settings
from app.sizing_words import limit_words, record_words
from app.story import Story
from app.why import Answer, Question, answered
from bridge.lookup import ExplainedDecision
from domain.intents import IntentState
from domain.servertime import NS_PER_S
from signals.models import SignalModelError, signal_model
from strategy.gates import NO_GATE, Action, DecisionKind

_MARKS: Final = {
    "passed": "[green]✓[/]",
    "refused": "[bold red]✗[/]",
    "unknown": "[bold yellow]?[/]",
    "absent": "[dim]-[/]",
    "fired": "[bold cyan]▶[/]",
}


def feature_names(model: str) -> tuple[str, ...]:
    """What the model calls what it saw; numbers where the model's file is gone."""
    try:
        return signal_model(model).features
    except SignalModelError:
        return ()


def explain_minute(question: Question, data: str | None, console: Console, *, as_json_wanted: bool) -> None:
    """Answer the question from the record of the run that `data` names, and print it."""
    folder = recorded_folder(load_settings().data_dir, data)
    answer = answered(folder, question)
    shown_ones = (*answer.decisions, *answer.cared)
    settings = settings_at(folder, answer.story.account, shown_ones[0].seq) if shown_ones else None
    features = feature_names(settings.model) if settings else ()
    if as_json_wanted:
        console.print(json.dumps(answer_as_json(answer, folder, features), indent=2), markup=False, soft_wrap=True)
    else:
        show_answer(answer, folder, features, console)


# -- for people ------------------------------------------------------------------------------------------------------


def show_answer(answer: Answer, folder: Path, features: tuple[str, ...], console: Console) -> None:
    """Print the answer."""
    story = answer.story
    asked = shown(answer.span.start_ns, seconds=False)
    server = f", {shown(answer.span.start_ns, story.offset_s, seconds=False)[-5:]} server" if story.offset_s else ""
    console.print(
        f"[bold]{answer.symbol}[/] at [bold]{asked} UTC[/]{server}   [dim]{story.account}, {escape(folder.name)}[/]"
    )
    if answer.reason:
        console.print(f"\n[yellow]No decision in this minute:[/] {escape(answer.reason)}.")
        console.print(_neighbors(answer))
    for one in answer.decisions if answer.stand else ():
        show_decision(one, story, features, console, news=answer.news.get(one.seq, ""))
    for one in answer.cared:
        show_decision(one, story, features, console)


def _neighbors(answer: Answer) -> Table:
    table = Table.grid(padding=(0, 2))
    before, after = answer.decisions[-1:], answer.following[:1]
    for name, found in (("decision before", before), ("decision after", after)):
        words = f"{shown(found[0].time_ns)} UTC  {headline(found[0].row)}" if found else "none within four days"
        table.add_row(name, escape(words))
    return table


def show_decision(
    one: ExplainedDecision, story: Story, features: tuple[str, ...], console: Console, *, news: str = ""
) -> None:
    """Print one decision with its gates and what followed."""
    color = "cyan" if one.action != Action.HOLD else "yellow" if one.decided_by else "default"
    title = f"{shown(one.time_ns)} UTC  {one.timeframe.name}"
    console.print(f"\n[dim]{title}[/]  [bold {color}]{escape(headline(one.row))}[/]")
    console.print(f"  {escape(_quote_words(one.row, story, one.symbol))}")
    console.print(_gate_table(one.row))
    if news:
        console.print(f"  news    {escape(news)}")
    if one.kind == DecisionKind.ENTRY:
        console.print(f"  score   {escape(_score_words(one.row, features))}")
        console.print(f"  size    {escape(size_words(one.row))}")
        console.print(f"  limits  {escape(limit_words(one.row))}")
        console.print(f"  record  {escape(record_words(one.row))}")
    for line in followed(one, story):
        console.print(f"  {escape(line)}")


def _quote_words(row: np.void, story: Story, symbol: str) -> str:
    digits = story.state.specs[symbol].digits
    parts = [f"bid {row['bid']:.{digits}f}  ask {row['ask']:.{digits}f}"]
    if np.isfinite(row["atr"]):
        parts.append(f"ATR {row['atr']:.{digits}f}")
    parts += [f"equity {row['equity']:,.2f}", f"balance {row['balance']:,.2f}"]
    return "  ".join(parts)


def _gate_table(row: np.void) -> Table:
    table = Table.grid(padding=(0, 2))
    for line in gate_lines(row):
        table.add_row("", _MARKS[line.verdict], line.name, escape(line.words))
    return table


def _score_words(row: np.void, features: tuple[str, ...]) -> str:
    if not np.isfinite(row["score"]):
        return "none while the indicators warm up"
    seen = features_of(row, features)
    shown_features = ", ".join(f"{name} {value:.6g}" for name, value in seen.items() if value is not None)
    return f"{row['score']:+.2f}  ({shown_features})"


def followed(one: ExplainedDecision, story: Story) -> list[str]:
    """What became of a decision, step by step."""
    intent_id = int(one.row["intent_id"])
    record = story.record_of(intent_id)
    if one.action == Action.HOLD:
        return []
    if record is None:
        return ["then    nothing is known of its order: it was never written to the journal"]
    steps = story.steps.get(intent_id, [])
    lines = [f"order   {intent_id:016x}, {record.state.name.lower().replace('_', ' ')}"]
    lines += [f"        {_after(step.time_ns - one.time_ns)}  {step.words}" for step in steps]
    if record.state == IntentState.UNKNOWN:
        lines.append("        its outcome is not known: the bridge asks the terminal, and trades on once it is")
    return lines


def _after(later_ns: int) -> str:
    if later_ns < NS_PER_S:
        return "at once".ljust(10)
    return f"+{duration(later_ns / NS_PER_S)}".ljust(10)


# -- as JSON ---------------------------------------------------------------------------------------------------------


def answer_as_json(answer: Answer, folder: Path, features: tuple[str, ...]) -> dict[str, Any]:
    """The answer for other programs."""
    return {
        "asked": iso(answer.span.start_ns),
        "symbol": answer.symbol,
        "account": answer.story.account,
        "server_offset_s": answer.story.offset_s,
        "data": str(folder),
        "reason_for_none": answer.reason or None,
        "decisions": [
            {**_decision_as_json(one, answer.story, features), "news": answer.news.get(one.seq) or None}
            for one in answer.decisions
        ],
        "positions": [_decision_as_json(one, answer.story, features) for one in answer.cared],
        "next": typed(answer.following[0].time_ns) if answer.following else None,
    }


def _decision_as_json(one: ExplainedDecision, story: Story, features: tuple[str, ...]) -> dict[str, Any]:
    record = story.record_of(int(one.row["intent_id"]))
    refused = one.action == Action.HOLD and one.kind == DecisionKind.ENTRY and int(one.row["decided_by"]) != NO_GATE
    return {
        **as_json(one.row, one.symbol, features),
        "time": iso(one.time_ns),
        "refused_by": refusal(one.row) if refused else None,
        "order": msgspec.to_builtins(record) if record else None,
        "then": [{"time": iso(step.time_ns), "words": step.words} for step in story.steps.get(_intent_of(one), [])],
    }


def _intent_of(one: ExplainedDecision) -> int:
    return int(one.row["intent_id"])
