"""What changed at a polled terminal is told once, with its deals, whoever did it."""

import pytest

import sim.metatrader5 as mt5
from bridge.poller.terminal import AccountChangedError, Clocks, PolledTerminal
from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Retcode
from domain.trading import DealReason, DealType, OrderType
from sim.requests import Disturbance, ScriptedFills
from tests.bridge.poller.world import STOPPED, Failing, World
from tests.sim.venues import EURUSD, MAGIC, order, ticks_of

FLAT = [(1.1, 1.1002)] * 20


def a_world(**options: object) -> World:
    world = World({"EURUSD": ticks_of(FLAT)}, (EURUSD,), **options)  # type: ignore[arg-type]  # options of World
    world.play()
    return world


def a_terminal(world: World, package: object = mt5, clocks: Clocks = STOPPED) -> PolledTerminal:
    terminal = PolledTerminal(world.link(package), ("EURUSD",), clocks)
    terminal.snapshot()
    return terminal


def test_nothing_changed_is_nothing_told() -> None:
    world = a_world()
    terminal = a_terminal(world)
    world.play()
    assert not terminal.look()
    assert terminal.take_changes() is None


def test_a_position_by_hand_is_told_once_with_its_deal_and_its_end() -> None:
    world = a_world()
    terminal = a_terminal(world)
    opened = world.terminal.send(order(1, 0.1), DealReason.CLIENT)
    assert terminal.look()
    told = terminal.take_changes()
    assert told is not None
    assert [deal.deal_ticket for deal in told.deals] == [opened.deal_ticket]
    assert told.deals[0].reason == DealReason.CLIENT
    assert [held.position_ticket for held in told.positions] == [opened.order_ticket]
    assert terminal.take_changes() is None
    world.play(3)  # profit moves, nothing else
    assert not terminal.look()
    closing = order(-1, 0.1)
    world.terminal.send(
        TradeRequest(
            **{name: getattr(closing, name) for name in closing.__struct_fields__}
            | {"position_ticket": opened.order_ticket}
        )
    )
    assert terminal.look()
    told = terminal.take_changes()
    assert told is not None
    assert told.positions_gone == (opened.order_ticket,)
    assert len(told.deals) == 1
    assert told.money.balance == world.terminal.money().balance


def test_levels_moved_and_orders_placed_are_told() -> None:
    world = a_world()
    terminal = a_terminal(world)
    opened = world.terminal.send(order(1, 0.1))
    terminal.look()
    terminal.take_changes()
    world.terminal.send(TradeRequest(action=TradeAction.SLTP, sl=1.09, position_ticket=opened.order_ticket))
    waiting = world.terminal.send(
        TradeRequest(
            action=TradeAction.PENDING, symbol="EURUSD", type=OrderType.BUY_LIMIT, volume=0.1, price=1.05, magic=MAGIC
        )
    )
    assert terminal.look()
    told = terminal.take_changes()
    assert told is not None
    assert [held.sl for held in told.positions] == [1.09]
    assert [one.order_ticket for one in told.orders] == [waiting.order_ticket]
    world.terminal.send(TradeRequest(action=TradeAction.REMOVE, order_ticket=waiting.order_ticket))
    terminal.look()
    told = terminal.take_changes()
    assert told is not None
    assert told.orders_gone == (waiting.order_ticket,)
    assert terminal.finished_order(waiting.order_ticket) is not None


def test_a_deal_that_the_terminal_lists_late_is_told_late() -> None:
    world = a_world()
    package = Failing()
    terminal = a_terminal(world, package)
    package.history_deals_get = lambda *_: ()
    world.terminal.send(order(1, 0.1))
    terminal.look()
    told = terminal.take_changes()
    assert told is not None
    assert (len(told.positions), told.deals) == (1, ())
    del package.history_deals_get
    assert terminal.look()
    told = terminal.take_changes()
    assert told is not None
    assert (told.positions, len(told.deals)) == ((), 1)


def test_the_snapshot_holds_everything_after_the_watermark() -> None:
    world = a_world()
    world.terminal.send(order(1, 0.1))
    terminal = a_terminal(world)
    whole = terminal.snapshot()
    assert [deal.type for deal in whole.deals] == [DealType.BALANCE, DealType.BUY]
    assert len(whole.positions) == 1
    last = whole.deals[-1]
    assert terminal.snapshot(last.time_msc, last.deal_ticket).deals == ()
    assert not terminal.look()


def test_the_deposit_is_in_the_first_snapshot_before_any_quote() -> None:
    """Told later it would be counted twice: the balance of the snapshot holds it."""
    terminal = PolledTerminal(World({"EURUSD": ticks_of(FLAT)}, (EURUSD,)).link(), ("EURUSD",), STOPPED)
    assert len(terminal.snapshot().deals) == 1
    terminal.look()
    assert terminal.take_changes() is None


def test_an_account_that_changed_ends_everything_and_gets_no_order() -> None:
    world = a_world()
    package = Failing()
    terminal = a_terminal(world, package)
    account = mt5.account_info()
    assert account is not None
    package.account_info = lambda: mt5.AccountInfo([77, *account[1:]])
    answer = terminal.send(order(1, 0.1))
    assert answer.retcode == Retcode.REJECT
    assert "nothing was sent" in answer.comment
    assert not world.terminal.positions()
    with pytest.raises(AccountChangedError, match=r"from account .* to 77"):
        terminal.look()


def _may_trade(terminal: PolledTerminal) -> bool:
    return terminal.autotrading


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("terminal_info", {"trade_allowed": False}),
        ("terminal_info", {"tradeapi_disabled": True}),
        ("account_info", {"trade_allowed": False}),
        ("account_info", {"trade_expert": False}),
    ],
)
def test_each_switch_that_stops_programs_is_seen(name: str, fields: dict[str, bool]) -> None:
    world = a_world()
    package = Failing()
    terminal = a_terminal(world, package)
    assert _may_trade(terminal)
    info = getattr(mt5, name)()
    values = {field: fields.get(field, value) for field, value in info._asdict().items()}
    setattr(package, name, lambda: type(info)(values.values()))
    terminal.look()
    assert not _may_trade(terminal)
    assert not terminal.account().trade_allowed


def test_autotrading_off_is_a_refusal_not_a_doubt() -> None:
    world = a_world()
    terminal = a_terminal(world)
    world.terminal.autotrading = False
    terminal.look()
    assert not terminal.autotrading
    assert terminal.send(order(1, 0.1)).retcode == Retcode.CLIENT_DISABLES_AT


def test_the_brokers_clock_goes_on_between_quotes() -> None:
    monotonic = [0]
    world = a_world()
    terminal = a_terminal(world, clocks=Clocks(lambda: monotonic[0], lambda: 0))
    quoted = world.terminal.now_msc
    monotonic[0] += 1_500_000_000
    assert terminal.now_msc == quoted + 1_500
    world.play()
    terminal.look()
    assert terminal.now_msc == world.terminal.now_msc


def test_the_offset_is_never_guessed() -> None:
    terminal = a_terminal(a_world())
    with pytest.raises(RuntimeError, match="no two fresh quotes"):
        _ = terminal.server_offset_s


def test_a_lost_answer_is_a_doubt_and_the_deal_is_found() -> None:
    world = a_world(fills=ScriptedFills([Disturbance(lost_answer=True)]))
    terminal = a_terminal(world)
    assert terminal.send(order(1, 0.1, comment="CMP0000000000000001")).retcode == Retcode.TIMEOUT
    assert [deal.comment for deal in terminal.deals_since(world.terminal.now_msc)][-1] == "CMP0000000000000001"


def test_specs_are_the_simulators_own() -> None:
    world = a_world()
    (spec,) = a_terminal(world).specs
    told = {name: getattr(EURUSD, name) for name in EURUSD.__struct_fields__}
    found = {name: getattr(spec, name) for name in spec.__struct_fields__}
    for name in ("sessions", "tick_value", "tick_value_profit", "tick_value_loss"):
        told.pop(name)
        found.pop(name)
    assert found == told
    assert spec.sessions == ()
    assert spec.tick_value == pytest.approx(EURUSD.tick_value)
