import numpy as np

from marketdata.raw import RawQuotes


def _raw() -> RawQuotes:
    return RawQuotes(np.array([10, 20, 30]), {"bid": np.array([1.0, 2.0, 3.0])}, np.array([2, 3, 4]), decimals=1)


def test_kept_takes_the_same_rows_of_everything() -> None:
    kept = _raw().kept(np.array([True, False, True]))
    assert kept.time_msc.tolist() == [10, 30]
    assert kept.fields["bid"].tolist() == [1.0, 3.0]
    assert kept.rows.tolist() == [2, 4]
    assert kept.decimals == 1


def test_kept_takes_an_order_too() -> None:
    assert _raw().kept(np.array([2, 0])).rows.tolist() == [4, 2]


def test_with_fields_replaces_some() -> None:
    raw = _raw()
    assert raw.with_fields(ask=np.zeros(3)).fields.keys() == {"bid", "ask"}
    assert raw.fields.keys() == {"bid"}
