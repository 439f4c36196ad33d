import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.wire.samples import ACCOUNT, DEAL, MONEY, ORDER, POSITION, RESULT, SAMPLES, SNAPSHOT, rates_array
from wire import codec
from wire.errors import WireError
from wire.messages import History, Snapshot
from wire.parts import history_parts, joined_snapshot, snapshot_parts
from wire.states import Trigger

COUNTS = st.integers(0, 25)


def snapshot_of(results: int, deals: int, positions: int, orders: int) -> Snapshot:
    update = replace(
        SNAPSHOT.update,
        results=tuple(replace(RESULT, intent_id=number) for number in range(results)),
        deals=tuple(replace(DEAL, deal_ticket=number) for number in range(deals)),
        positions=tuple(replace(POSITION, position_ticket=number) for number in range(positions)),
        orders=tuple(replace(ORDER, order_ticket=number) for number in range(orders)),
    )
    return replace(SNAPSHOT, update=update)


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.integers(1, 30))
def test_a_snapshot_in_parts_is_the_same_snapshot(a: int, b: int, c: int, d: int, items_per_part: int) -> None:
    whole = snapshot_of(a, b, c, d)
    parts = snapshot_parts(whole, items_per_part)
    assert len(parts) == max(-(-(a + b + c + d) // items_per_part), 1)
    heard = [codec.decode(codec.encode(part))[1] for part in parts]
    assert joined_snapshot([part for part in heard if isinstance(part, Snapshot)]) == whole


@given(COUNTS, COUNTS, st.integers(1, 9))
def test_no_part_is_longer_than_wanted_and_only_the_last_completes(a: int, b: int, items_per_part: int) -> None:
    parts = snapshot_parts(snapshot_of(a, b, 0, 0), items_per_part)
    sizes = [len(part.update.results) + len(part.update.deals) for part in parts]
    assert max(sizes) <= items_per_part
    assert [part.trigger for part in parts] == [Trigger.SNAPSHOT_PART] * (len(parts) - 1) + [Trigger.SNAPSHOT]
    assert {part.account for part in parts} == {ACCOUNT}
    assert {part.update.money for part in parts} == {MONEY}


@pytest.mark.parametrize("order", [[0, 1], [1, 0, 2], [0, 0, 1, 2], [0, 2], []])
def test_parts_that_are_not_all_there_in_order_are_refused(order: list[int]) -> None:
    parts = snapshot_parts(snapshot_of(3, 0, 0, 0), 1)
    with pytest.raises(WireError, match="parts are needed"):
        joined_snapshot([parts[number] for number in order])


@given(st.integers(0, 40), st.integers(1, 12))
def test_bars_in_parts_are_the_same_bars(bars: int, bars_per_part: int) -> None:
    whole = replace(SAMPLES[Trigger.HISTORY], rates=rates_array(bars))
    assert isinstance(whole, History)
    parts = history_parts(whole, bars_per_part)
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert {part.parts for part in parts} == {len(parts)}
    assert max(len(part.rates) for part in parts) <= bars_per_part
    assert np.array_equal(np.concatenate([part.rates for part in parts]), whole.rates)


def test_account_and_money_are_those_of_the_last_part() -> None:
    first, last = snapshot_parts(snapshot_of(2, 0, 0, 0), 1)
    later = replace(
        last, account=replace(ACCOUNT, balance=1.0), update=replace(last.update, money=replace(MONEY, balance=1.0))
    )
    whole = joined_snapshot([first, later])
    assert whole.account.balance == whole.update.money.balance == 1.0
    assert len(whole.update.results) == 2
