from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.prices import digits_of, on_grid, unpriced, without_unpriced
from marketdata.quotes import ImportLog, NoteKind, QuoteFileError
from marketdata.raw import RawQuotes


def _log() -> ImportLog:
    return ImportLog(Path("EURUSD.csv"))


def _raw(*bids: float, decimals: int | None = None) -> RawQuotes:
    count = len(bids)
    return RawQuotes(np.arange(count), {"bid": np.array(bids, dtype=np.float64)}, np.arange(2, count + 2), decimals)


@given(points=st.lists(st.integers(1, 10**9), min_size=1, max_size=50), digits=st.integers(1, 8))
def test_the_fewest_digits_that_hold_every_price(points: list[int], digits: int) -> None:
    prices = [point / 10**digits for point in [*points, 10**digits + 1]]
    assert digits_of(_raw(*prices), ["bid"], None, _log()) == digits


@given(points=st.lists(st.integers(1, 10**7), min_size=1, max_size=50), digits=st.integers(1, 5))
def test_binary_noise_adds_no_digits(points: list[int], digits: int) -> None:
    exact = np.array([*points, 1]) / 10.0**digits
    noisy = np.nextafter(exact, np.inf)
    log = _log()
    assert digits_of(_raw(*noisy), ["bid"], None, log) == digits
    gridded = on_grid(_raw(*noisy), ["bid"], digits, log).fields["bid"]
    assert gridded.tobytes() == exact.tobytes()
    assert log.notes == []


def test_what_the_text_shows_counts_where_the_numbers_need_less() -> None:
    assert digits_of(_raw(41571.4, 41572.6, decimals=2), ["bid"], None, _log()) == 2
    assert digits_of(_raw(100.0, decimals=3), ["bid"], None, _log()) == 3


def test_absurd_text_decimals_do_not_count() -> None:
    assert digits_of(_raw(1.09597, decimals=16), ["bid"], None, _log()) == 5


def test_given_digits_go_first() -> None:
    assert digits_of(_raw(1.1, 1.2), ["bid"], 5, _log()) == 5


@pytest.mark.parametrize("digits", [-1, 9])
def test_digits_mt5_does_not_have_are_refused(digits: int) -> None:
    with pytest.raises(QuoteFileError, match="pass 0 to 8") as caught:
        digits_of(_raw(1.1), ["bid"], digits, _log())
    assert caught.value.field == "digits"


def test_prices_without_a_grid_are_refused_until_digits_are_given() -> None:
    thirds = _raw(1 / 3, 2 / 3)
    with pytest.raises(QuoteFileError, match="digits="):
        digits_of(thirds, ["bid"], None, _log())
    log = _log()
    assert on_grid(thirds, ["bid"], digits_of(thirds, ["bid"], 5, log), log).fields["bid"].tolist() == [
        0.33333,
        0.66667,
    ]
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.ROUNDED, 2, 2)]


def test_small_whole_numbers_are_prices() -> None:
    assert digits_of(_raw(*[1.0] * 50), ["bid"], 5, _log()) == 5


@pytest.mark.parametrize(
    ("count", "decimals", "given_digits", "refused"),
    [
        (50, None, None, True),
        (50, 1, None, True),  # Python writes 129613.0
        (1, None, None, True),
        (50, 3, None, False),  # 100.000 shows its decimals
        (50, None, 0, False),
        (50, None, 5, True),
        (3, None, 5, False),  # three whole prices prove nothing
    ],
)
def test_whole_numbers_are_taken_for_scaled_prices(
    count: int, decimals: int | None, given_digits: int | None, refused: bool
) -> None:
    raw = _raw(*(129_613.0 + place for place in range(count)), decimals=decimals)
    if refused:
        with pytest.raises(QuoteFileError, match="pass digits=0"):
            digits_of(raw, ["bid"], given_digits, _log())
    else:
        assert digits_of(raw, ["bid"], given_digits, _log()) == (given_digits if decimals is None else decimals)


def test_unusable_prices_are_found() -> None:
    values = np.array([1.0, 0.0, -1.0, np.nan, np.inf, 1e12])
    assert unpriced([values]).tolist() == [False, True, True, True, True, True]
    assert unpriced([np.ones(6), values])[1:].all()


def test_rows_without_a_price_are_dropped_and_noted() -> None:
    log = _log()
    kept = without_unpriced(_raw(1.1, 0.0, 1.2, -1.0), ["bid"], log)
    assert kept.rows.tolist() == [2, 4]
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.NO_PRICE, 2, 3)]


def test_a_file_mostly_without_prices_is_refused() -> None:
    with pytest.raises(QuoteFileError, match="which column") as caught:
        without_unpriced(_raw(1.1, 0.0, 0.0), ["bid"], _log())
    assert caught.value.row == 3


def test_a_price_below_the_grid_is_refused() -> None:
    with pytest.raises(QuoteFileError, match="more digits=") as caught:
        on_grid(_raw(0.5, 0.001), ["bid"], 2, _log())
    assert caught.value.row == 3


def test_prices_that_are_all_there_are_left_alone() -> None:
    raw = _raw(1.1, 1.2)
    assert without_unpriced(raw, ["bid"], _log()) is raw
