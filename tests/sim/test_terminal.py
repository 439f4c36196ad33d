import msgspec
import pytest

from domain.retcodes import Retcode
from domain.trading import DealEntry, DealReason, DealType, MarginMode
from sim.profiles import AccountProfile
from sim.terminal import SimTerminal
from tests.sim.venues import DAY_MSC, EURUSD, MONDAY_MSC, PROFILE, USDJPY, Venue, order, ticks_of

WITH_SWAP = msgspec.structs.replace(EURUSD, swap_long=-7.51)
MIDNIGHT_MSC = MONDAY_MSC + DAY_MSC // 2


def test_accounts_of_an_exchange_are_refused_clearly() -> None:
    profile = msgspec.structs.replace(PROFILE, margin_mode=MarginMode.EXCHANGE)
    with pytest.raises(ValueError, match="margin_mode EXCHANGE is not simulated; use RETAIL_HEDGING"):
        SimTerminal(profile, (EURUSD,))


def test_the_account_is_shown_as_mt5_does() -> None:
    venue = Venue(server_offset_s=7200)
    venue.quote(1.1, 1.1002)
    venue.open(1, 1.0)
    account = venue.terminal.account()
    assert (account.login, account.server, account.currency, account.leverage) == (5, "Sim-Demo", "USD", 500)
    assert (account.balance, account.equity, account.margin) == (10_000.0, 9_980.0, 220.04)
    assert account.margin_free == 9_759.96
    assert account.time_msc == venue.terminal.now_msc == MONDAY_MSC + 1000
    assert account.trade_allowed


def test_specifications_are_found_by_name() -> None:
    terminal = SimTerminal(PROFILE, (EURUSD, USDJPY))
    assert (terminal.spec("USDJPY"), terminal.spec("nope")) == (USDJPY, None)
    assert (terminal.specs, terminal.symbols) == ((EURUSD, USDJPY), ("EURUSD", "USDJPY"))
    with pytest.raises(KeyError):
        terminal.quote("nope")


def test_autotrading_off_stops_the_ea_but_not_the_person() -> None:
    venue = Venue()
    venue.quote(1.1, 1.1002)
    venue.terminal.autotrading = False
    assert venue.open(1, 0.1).retcode == Retcode.CLIENT_DISABLES_AT
    assert not venue.terminal.account().trade_allowed
    assert venue.by_hand(1, 0.1).retcode == Retcode.DONE
    assert venue.terminal.deals[-1].reason == DealReason.CLIENT


def test_without_a_connection_nothing_is_sent() -> None:
    venue = Venue()
    venue.quote(1.1, 1.1002)
    venue.terminal.connected = False
    assert venue.open(1, 0.1).retcode == Retcode.CONNECTION
    assert venue.by_hand(1, 0.1).retcode == Retcode.CONNECTION
    assert venue.terminal.positions() == ()


# -- stops and targets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "sl", "tp", "quote", "reason", "price", "comment"),
    [
        (1, 1.099, 1.101, (1.099, 1.0992), DealReason.SL, 1.099, "[sl 1.09900]"),
        (1, 1.099, 1.101, (1.0985, 1.0987), DealReason.SL, 1.0985, "[sl 1.09900]"),
        (1, 1.099, 1.101, (1.101, 1.1012), DealReason.TP, 1.101, "[tp 1.10100]"),
        (1, 1.099, 1.101, (1.1015, 1.1017), DealReason.TP, 1.1015, "[tp 1.10100]"),
        (-1, 1.1012, 1.099, (1.101, 1.1012), DealReason.SL, 1.1012, "[sl 1.10120]"),
        (-1, 1.1012, 1.099, (1.1018, 1.102), DealReason.SL, 1.102, "[sl 1.10120]"),
        (-1, 1.1012, 1.099, (1.0988, 1.099), DealReason.TP, 1.099, "[tp 1.09900]"),
    ],
)
def test_a_level_closes_at_the_quote_that_reached_it(
    side: int, sl: float, tp: float, quote: tuple[float, float], reason: DealReason, price: float, comment: str
) -> None:
    venue = Venue()
    venue.quote(1.1, 1.1002)
    ticket = venue.open(side, 0.1, sl=sl, tp=tp, comment="mine").order_ticket
    venue.quote(*quote)
    deal = venue.terminal.deals[-1]
    assert (deal.entry, deal.reason, deal.price, deal.comment) == (DealEntry.OUT, reason, price, comment)
    assert (deal.position_id, deal.magic, deal.volume) == (ticket, 770_001, 0.1)
    assert venue.terminal.positions() == ()


def test_several_positions_close_in_the_order_of_their_tickets() -> None:
    """As three stops at one tick in a Vantage account history: oldest position first, one order and deal each."""
    venue = Venue()
    venue.quote(1.1, 1.1002)
    tickets = [venue.open(1, volume, sl=1.099).order_ticket for volume in (0.1, 0.2, 0.3)]
    venue.quote(1.0989, 1.0991)
    exits = venue.terminal.deals[-3:]
    assert [deal.position_id for deal in exits] == tickets
    assert len({deal.order_ticket for deal in exits}) == 3


def test_slippage_worsens_a_stop_and_leaves_a_target() -> None:
    slippery = msgspec.structs.replace(PROFILE, slippage_points=3.0)
    for levels, quote, price in (((1.099, 0.0), (1.099, 1.0992), 1.09897), ((0.0, 1.101), (1.101, 1.1012), 1.101)):
        venue = Venue(profile=slippery)
        venue.quote(1.1, 1.1002)
        venue.open(1, 0.1, sl=levels[0], tp=levels[1])
        venue.quote(*quote)
        assert venue.terminal.deals[-1].price == price


def test_a_tick_of_another_symbol_triggers_nothing_here() -> None:
    venue = Venue(EURUSD, USDJPY)
    venue.quote(1.1, 1.1002)
    venue.open(1, 0.1, sl=1.099)
    venue.quote(0.5, 0.6, symbol_index=1)
    assert len(venue.terminal.positions()) == 1


def test_outside_its_sessions_a_stop_waits_for_the_opening() -> None:
    friday_night = MONDAY_MSC + 4 * DAY_MSC + 11 * 3_600_000 + 59 * 60_000 - 30_000  # Friday 23:58:30
    venue = Venue(start_msc=friday_night)
    venue.quote(1.1, 1.1002)
    venue.open(1, 0.1, sl=1.099)
    venue.quote(1.09, 1.0902, after_msc=60_000)  # 23:59:31, the session is over
    assert len(venue.terminal.positions()) == 1
    venue.quote(1.095, 1.0952, after_msc=2 * DAY_MSC + 180_000)  # Monday 00:02:31
    assert venue.terminal.deals[-1].price == 1.095


# -- scan --------------------------------------------------------------------------------------------------------------


def test_without_positions_there_is_nothing_to_look_for() -> None:
    terminal = SimTerminal(PROFILE, (EURUSD,), start_msc=MONDAY_MSC)
    ticks = ticks_of([(1.1, 1.1002)] * 5, step_msc=DAY_MSC)
    assert terminal.scan(0, ticks, 0, 5) == 5


def test_the_scan_stops_at_a_level_and_at_midnight() -> None:
    venue = Venue(WITH_SWAP)
    venue.quote(1.1, 1.1002)
    venue.open(1, 0.1, sl=1.099)
    level = ticks_of([(1.1, 1.1002), (1.0995, 1.0997), (1.0988, 1.099)], start_msc=venue.clock_msc + 1)
    assert venue.terminal.scan(0, level, 0, 3) == 2
    assert venue.terminal.scan(0, level, 0, 2) == 2
    night = ticks_of([(1.1, 1.1002)] * 3, start_msc=MIDNIGHT_MSC - 1, step_msc=1)
    assert venue.terminal.scan(0, night, 0, 3) == 1


def test_the_scan_passes_over_a_closed_session() -> None:
    thursday_msc = MONDAY_MSC + 3 * DAY_MSC
    closed_noon = msgspec.structs.replace(EURUSD, sessions=((345_600, 388_000), (390_000, 432_000)))
    venue = Venue(closed_noon, start_msc=thursday_msc - 3_600_000)
    venue.quote(1.1, 1.1002)
    venue.open(1, 0.1, sl=1.099)
    prices = [(1.1, 1.1002), (1.0985, 1.0987), (1.0985, 1.0987), (1.0985, 1.0987)]
    ticks = ticks_of(prices, start_msc=thursday_msc - 900_000, step_msc=900_000)  # 11:45, 12:00, 12:15, 12:30
    assert venue.terminal.scan(0, ticks, 0, 4) == 3


# -- nights ------------------------------------------------------------------------------------------------------------


def test_the_first_tick_of_a_day_brings_the_swap() -> None:
    venue = Venue(WITH_SWAP)
    venue.quote(1.1, 1.1002)
    ticket = venue.open(1, 0.39).order_ticket
    venue.terminal.take_changes()
    ticks = ticks_of([(1.1, 1.1002)], start_msc=MIDNIGHT_MSC)
    update = venue.terminal.on_tick(0, ticks, 0)
    assert update is not None
    assert [(one.position_ticket, one.swap) for one in update.positions] == [(ticket, -2.93)]
    assert update.deals == ()
    assert update.money.balance == 10_000.0
    assert update.money.equity == 9_989.27  # 7.80 for the spread, 2.93 for the night


def test_a_stop_at_the_first_tick_of_the_day_books_the_night_too() -> None:
    venue = Venue(WITH_SWAP)
    venue.quote(1.1, 1.1002)
    venue.open(1, 0.39, sl=1.099)
    venue.quote(1.0985, 1.0987, after_msc=DAY_MSC)
    assert venue.terminal.deals[-1].swap == -2.93


def test_a_weekend_costs_one_night() -> None:
    venue = Venue(WITH_SWAP, start_msc=MONDAY_MSC + 4 * DAY_MSC)
    venue.quote(1.1, 1.1002)
    venue.open(1, 0.39)
    venue.quote(1.1, 1.1002, after_msc=3 * DAY_MSC)
    assert [position.swap for position in venue.terminal.positions()] == [-2.93]


# -- what is told ------------------------------------------------------------------------------------------------------


def test_a_quiet_tick_tells_nothing() -> None:
    venue = Venue()
    venue.terminal.take_changes()
    assert venue.terminal.on_tick(0, ticks_of([(1.1, 1.1002)], start_msc=MONDAY_MSC + 1), 0) is None


def test_a_change_by_hand_is_told_with_the_next_tick() -> None:
    venue = Venue()
    venue.quote(1.1, 1.1002)
    venue.by_hand(1, 0.1)
    update = venue.terminal.on_tick(0, ticks_of([(1.1, 1.1002)], start_msc=venue.clock_msc + 1), 0)
    assert update is not None
    assert [deal.reason for deal in update.deals] == [DealReason.CLIENT]
    assert [position.magic for position in update.positions] == [0]


def test_a_snapshot_is_complete_and_nothing_in_it_is_told_again() -> None:
    venue = Venue()
    venue.quote(1.1, 1.1002)
    tickets = [venue.open(1, 0.1).order_ticket for _ in range(2)]
    venue.close(tickets[0])
    snapshot = venue.terminal.snapshot()
    assert snapshot.complete
    assert snapshot.deals == venue.terminal.deals
    assert [position.position_ticket for position in snapshot.positions] == [tickets[1]]
    assert snapshot.money == venue.terminal.money()
    assert venue.terminal.take_changes() is None


def test_a_snapshot_can_begin_at_a_watermark() -> None:
    venue = Venue()
    for _ in range(3):
        venue.quote(1.1, 1.1002)
        venue.open(1, 0.1)
    deals = venue.terminal.deals
    assert venue.terminal.snapshot(since_msc=deals[2].time_msc).deals == deals[2:]
    assert venue.terminal.snapshot(deals[2].time_msc, deals[2].deal_ticket).deals == deals[3:]
    assert venue.terminal.snapshot(since_msc=deals[-1].time_msc + 1).deals == ()


def test_the_deposit_is_the_first_deal() -> None:
    terminal = SimTerminal(PROFILE, (EURUSD,), start_msc=MONDAY_MSC)
    (deposit,) = terminal.deals
    assert (deposit.type, deposit.profit, deposit.time_msc) == (DealType.BALANCE, 10_000.0, MONDAY_MSC)


def test_two_terminals_with_the_same_past_are_the_same() -> None:
    def played(profile: AccountProfile) -> tuple[object, ...]:
        venue = Venue(WITH_SWAP, profile=profile)
        venue.quote(1.1, 1.1002)
        venue.open(1, 0.2, sl=1.09)
        venue.terminal.send(order(-1, 0.1))
        venue.quote(1.12, 1.1202, after_msc=DAY_MSC)
        venue.quote(1.08, 1.0802, after_msc=DAY_MSC)
        return venue.terminal.deals, venue.terminal.positions(), venue.terminal.order_history

    assert played(PROFILE) == played(PROFILE)
