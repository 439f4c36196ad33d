"""Commission of the simulated server's deals."""

from domain.pricing import rounded_money
from domain.trading import DealEntry
from sim.profiles import CommissionCharge, CommissionRule


def commission_of(
    rule: CommissionRule, entry: DealEntry, volume: float, currency_digits: int, opened: float = 0.0
) -> float:
    """Commission booked on a deal of `volume` [lots]: negative, or 0 where the deal pays none; rounded per deal.

    Of a reversal (INOUT) a rule that charges entries takes the `opened` volume.
    """
    if rule.charge is CommissionCharge.ENTRY:
        if entry not in (DealEntry.IN, DealEntry.INOUT):
            return 0.0
        volume = opened if entry == DealEntry.INOUT else volume
    return float(rounded_money(-(rule.per_lot * volume + rule.per_deal), currency_digits))
