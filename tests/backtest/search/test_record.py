"""A search is read back as it was written, and what cannot be read says what to do."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from backtest.document import json_of
from backtest.recorded import RecordError
from backtest.search.ledger import Head, Ledger, Result
from backtest.search.record import (
    RECORD,
    RESULTS,
    SearchRecord,
    daily_of,
    read_record,
    read_results,
    write_record,
)
from backtest.search.sweep import judgment
from tests.backtest.search.records import AIM, AXES, DAYS, a_grid, a_sweep, a_walk

HEAD = Head(quotes="a", settings="b", code="c")


@pytest.mark.parametrize("record", [a_sweep(), a_sweep("optimize"), a_walk()], ids=lambda record: record.kind)
def test_a_record_comes_back_the_same(record: SearchRecord, tmp_path: Path) -> None:
    write_record(record, tmp_path / "new")
    found = read_record(tmp_path / "new")
    assert json_of(found) == json_of(record)
    if found.walked is not None and record.walked is not None:
        assert found.walked.found.steps == record.walked.found.steps
        assert found.walked.odds == record.walked.odds


def test_what_was_judged_can_be_told_again() -> None:
    wanted = judgment(a_grid(), AIM, AXES)
    record = a_sweep()
    assert record.judged is not None
    found = record.judged.judgment()
    assert (found.best, found.trials, found.refused) == (wanted.best, wanted.trials, wanted.refused)
    assert (found.luck, found.deflated_sharpe) == (wanted.luck, wanted.deflated_sharpe)
    assert found.neighborhood == wanted.neighborhood
    assert found.overfitting is not None
    assert wanted.overfitting is not None
    assert found.overfitting.probability == wanted.overfitting.probability
    assert len(found.overfitting.in_sample) <= 2000 < len(wanted.overfitting.in_sample)


def written(folder: Path, results: tuple[Result, ...]) -> None:
    with Ledger(folder / RESULTS, HEAD) as ledger:
        for result in results:
            ledger.add(result)


def test_results_stand_in_the_order_of_the_grid(tmp_path: Path) -> None:
    results = a_grid()
    written(tmp_path, (Result(point=(("of.another", 1.0),), refused="sweep"), *reversed(results)))
    assert read_results(tmp_path, a_sweep()) == results
    assert read_results(tmp_path, a_sweep("optimize")) == results


def test_results_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"results.jsonl is not there; run the search again"):
        read_results(tmp_path, a_sweep())
    written(tmp_path, a_grid()[:-1])
    with pytest.raises(
        RecordError, match=r"lacks entry.stop_atr=2.0, model=donchian, care.a=2.0; run the search again"
    ):
        read_results(tmp_path, a_sweep())
    (tmp_path / RESULTS).write_bytes(b"{}\n[1, 2]\n")
    with pytest.raises(RecordError, match=r"results.jsonl is damaged: .*; delete it"):
        read_results(tmp_path, a_sweep())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "is not there"),
        (b"{}", "is damaged, or no record"),
        (b"\xff\x00", "is damaged, or no record"),
        (json_of(msgspec.structs.replace(a_sweep(), format=9)), "is of format 9, this version reads 1"),
        (json_of(msgspec.structs.replace(a_sweep(), judged=None)), "is damaged: it holds no findings"),
    ],
)
def test_a_record_that_cannot_be_read_is_named(content: bytes | None, problem: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / RECORD).write_bytes(content)
    with pytest.raises(RecordError, match=f"{RECORD} {problem}.*run the search again"):
        read_record(tmp_path)


def test_days_are_those_with_quotes() -> None:
    result = a_grid()[0]
    found = daily_of(result, DAYS)
    assert found.day.astype(np.int64).tolist() == list(DAYS)
    untold = daily_of(result, DAYS[:50])
    assert len(untold.day) == len(untold.returns) == len(DAYS)
    assert np.all(np.diff(untold.day.astype(np.int64)) >= 0)
