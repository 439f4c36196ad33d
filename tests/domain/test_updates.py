"""What a terminal reports, and what a report leaves out."""

import msgspec
import pytest

from domain.updates import IntentResult, Money, ResultPhase, TradeUpdate

MONEY = Money(balance=1000.0, equity=990.5, margin=20.0, margin_free=970.5)


def test_an_update_says_nothing_it_was_not_told() -> None:
    update = TradeUpdate(money=MONEY)
    assert (update.results, update.deals, update.positions, update.orders) == ((), (), (), ())
    assert (update.positions_gone, update.orders_gone) == ((), ())
    assert not update.complete


def test_phases_keep_their_numbers() -> None:
    assert [(phase.name, phase.value) for phase in ResultPhase] == [("RECEIVED", 1), ("EXECUTING", 2), ("FINAL", 3)]


def test_records_cannot_be_changed() -> None:
    result = IntentResult(
        intent_id=1,
        phase=ResultPhase.FINAL,
        retcode=10009,
        order_ticket=2,
        deal_ticket=3,
        position_ticket=2,
        volume=0.1,
        price=0.0,
        time_msc=0,
    )
    assert result.text == ""
    with pytest.raises(AttributeError):
        result.retcode = 10004  # type: ignore[misc] # that it is refused is what is tested


def test_an_update_survives_encoding() -> None:
    update = TradeUpdate(money=MONEY, positions_gone=(7, 8), complete=True)
    assert msgspec.json.decode(msgspec.json.encode(update), type=TradeUpdate) == update
