"""Deposits, withdrawals, credit and what else a broker books on an account."""

import msgspec
import pytest

from domain.retcodes import Retcode
from domain.trading import Deal, DealType
from sim.ledger import CREDITS
from sim.profiles import LeverageTier
from tests.sim.venues import PROFILE, Venue


@pytest.mark.parametrize("kind", [DealType.CREDIT, DealType.BONUS])
def test_credit_is_no_balance_but_funds(kind: DealType) -> None:
    venue = Venue()
    venue.quote(1.1, 1.1)
    deal = venue.terminal.operate(kind, 500.0, "welcome")
    assert isinstance(deal, Deal)
    assert (deal.type, deal.profit, deal.symbol, deal.comment) == (kind, 500.0, "", "welcome")
    account = venue.terminal.account()
    assert (account.balance, account.credit, account.equity, account.margin_free) == (
        10_000.0,
        500.0,
        10_500.0,
        10_500.0,
    )


@pytest.mark.parametrize(
    "kind", [kind for kind in DealType if kind not in CREDITS and "BUY" not in kind.name and "SELL" not in kind.name]
)
def test_every_other_operation_changes_the_balance(kind: DealType) -> None:
    venue = Venue()
    venue.terminal.operate(kind, -12.5)
    assert venue.terminal.money().balance == 9_987.5
    update = venue.terminal.take_changes()
    assert update is not None
    assert [deal.type for deal in update.deals] == [DealType.BALANCE, kind]


def test_no_more_can_be_taken_out_than_is_free() -> None:
    venue = Venue()
    venue.quote(1.1, 1.1)
    venue.open(1, 10.0)
    assert venue.terminal.operate(DealType.BALANCE, -7_800.01) == Retcode.NO_MONEY
    assert venue.terminal.operate(DealType.BALANCE, -7_800.0) == venue.terminal.deals[-1]
    assert venue.terminal.money().margin_free == 0.0


def test_a_trade_is_no_operation() -> None:
    with pytest.raises(ValueError, match="kind BUY is a trade"):
        Venue().terminal.operate(DealType.BUY, 1.0)


def test_a_deposit_can_change_the_leverage() -> None:
    tiers = (LeverageTier(equity_from=0.0, leverage=1000), LeverageTier(equity_from=20_000.0, leverage=500))
    venue = Venue(profile=msgspec.structs.replace(PROFILE, tiers=tiers))
    venue.quote(1.1, 1.1)
    venue.open(1, 1.0)
    assert venue.terminal.money().margin == 110.0
    venue.terminal.operate(DealType.BALANCE, 10_000.0)
    assert (venue.terminal.account().leverage, venue.terminal.money().margin) == (500, 220.0)
