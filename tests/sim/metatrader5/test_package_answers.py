"""The real package and the drop-in, asked the same: what needs no terminal must be answered alike, to the letter.

COMPANION_MT5_PYTHON names a command that runs a Python with the package: `python` on Windows, or one under Wine.
"""

import json
import os
import runpy
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

import sim.metatrader5 as mt5

QUESTIONS = Path(__file__).with_name("questions.py")
COMMAND = "COMPANION_MT5_PYTHON"

Answers = dict[str, list[Any]]


def _read(lines: str) -> Answers:
    rows = [json.loads(line) for line in lines.splitlines() if line.startswith("[")]
    return {f"{at}: {row[0]}": row[1:] for at, row in enumerate(rows)}


@pytest.fixture(scope="module")
def theirs() -> Answers:
    command = os.environ.get(COMMAND)
    if not command:
        pytest.skip(f"needs the real package: name a command in {COMMAND} that runs a Python which has it")
    done = subprocess.run([*shlex.split(command), str(QUESTIONS)], capture_output=True, text=True, check=False)
    answers = _read(done.stdout)
    if not answers:
        pytest.fail(f"{command}: no answers: {done.stdout[-500:]}{done.stderr[-500:]}")
    return answers


@pytest.fixture
def ours(capsys: pytest.CaptureFixture[str]) -> Answers:
    with mt5.installed():
        runpy.run_path(str(QUESTIONS))
    return _read(capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.integration
def test_both_answer_alike(theirs: Answers, ours: Answers) -> None:
    assert len(theirs) > 400
    assert {question: answer for question, answer in ours.items() if answer != theirs[question]} == {}
    assert ours.keys() == theirs.keys()


def test_without_the_package_the_drop_in_still_answers_every_question(ours: Answers) -> None:
    assert len(ours) > 400
    unconnected = [-10004, "No IPC connection"]
    assert sum(answer[2] == unconnected for answer in ours.values()) > 100
