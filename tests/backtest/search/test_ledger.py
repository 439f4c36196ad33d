"""Whatever moment a search is killed at, its results go on from there."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.search.ledger import Head, Ledger, LedgerError, Result

HEAD = Head(quotes="q1", settings="s1", code="c1")
RESULTS = [
    Result(point=(("entry.stop_atr", 1.5),), figures={"sharpe": 0.25}, returns=b"\0\x01" * 8, first_day=18_000),
    Result(point=(("entry.stop_atr", 9.0),), refused="entry.min_reward_to_risk: is above"),
    Result(point=(("entry.stop_atr", 2.0), ("model", "donchian")), figures={"sharpe": -1e-17}),
]


def written(path: Path) -> bytes:
    with Ledger(path, HEAD) as ledger:
        for result in RESULTS:
            ledger.add(result)
    return path.read_bytes()


def test_results_are_there_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.jsonl"
    written(path)
    with Ledger(path, HEAD) as ledger:
        assert list(ledger.results.values()) == RESULTS
        other = (("entry.stop_atr", 3.0),)
        assert ledger.missing([RESULTS[1].point, other, RESULTS[0].point]) == [other]


@settings(max_examples=60)
@given(st.data())
def test_a_file_cut_off_anywhere_goes_on(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("cut") / "results.jsonl"
    content = written(path)
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with Ledger(path, HEAD) as ledger:
        kept = len(ledger.results)
        assert list(ledger.results.values()) == RESULTS[:kept]
        for result in RESULTS[kept:]:
            ledger.add(result)
    assert path.read_bytes() == content


@pytest.mark.parametrize("field", ["quotes", "settings", "code", "format"])
def test_results_of_another_search_are_not_mixed_in(tmp_path: Path, field: str) -> None:
    path = tmp_path / "results.jsonl"
    content = written(path)
    other = {"quotes": "q1", "settings": "s1", "code": "c1", field: 9 if field == "format" else "x"}
    with pytest.raises(LedgerError, match=f"other {field}"):
        Ledger(path, Head(**other))  # type: ignore[arg-type]
    assert path.read_bytes() == content


@pytest.mark.parametrize(("content", "problem"), [(b"time,price\n", "no results"), (None, "line 3")])
def test_a_file_that_is_none_is_left_alone(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "results.jsonl"
    lines = written(path).splitlines(keepends=True)
    lines[2] = b"{}\n"
    content = content or b"".join(lines)
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=problem):
        Ledger(path, HEAD)
    assert path.read_bytes() == content
