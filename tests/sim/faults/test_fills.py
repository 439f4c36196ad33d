"""What a plan does to requests at the server."""

from collections import Counter

import msgspec
import pytest

from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Retcode
from sim.faults.distributions import Empirical, Fixed, Normal
from sim.faults.fills import SeededFills
from sim.faults.plan import Acknowledgements, Execution, FaultPlan
from sim.faults.presets import PRESETS
from sim.requests import Disturbance
from tests.sim.venues import Venue

REQUEST = TradeRequest(action=TradeAction.DEAL, symbol="EURUSD", volume=0.1)
MANY = 4_000
FLAT = (1.1, 1.1002)


def drawn(plan: FaultPlan, count: int = MANY) -> list[Disturbance]:
    fills = SeededFills(plan)
    return [fills.disturbance(REQUEST) for _ in range(count)]


def test_a_plan_without_faults_disturbs_nothing() -> None:
    assert {
        (one.retcode, one.lost_answer, one.late_ms, one.fill_fraction, one.slippage_points)
        for one in drawn(FaultPlan(), 50)
    } == {(0, False, 0.0, 1.0, 0.0)}


def test_rates_are_kept() -> None:
    execution = Execution(requote_rate=0.1, rejects={"NO_MONEY": 0.2, "10018": 0.05}, partial_rate=0.3)
    late = Acknowledgements(lost_rate=0.15, late_rate=0.25, late_ms=Fixed(value=700.0), lost_as="CONNECTION")
    found = drawn(FaultPlan(execution=execution, acknowledgements=late))
    codes = Counter(one.retcode for one in found)
    wanted = {0: 0.65, Retcode.REQUOTE: 0.1, Retcode.NO_MONEY: 0.2, Retcode.MARKET_CLOSED: 0.05}
    assert {code: count / MANY for code, count in codes.items()} == pytest.approx(wanted, abs=0.02)
    assert sum(one.lost_answer for one in found) / MANY == pytest.approx(0.15, abs=0.02)
    assert sum(one.late_ms == 700.0 for one in found) / MANY == pytest.approx(0.25, abs=0.02)
    assert sum(one.fill_fraction == 0.5 for one in found) / MANY == pytest.approx(0.3, abs=0.02)
    assert {one.lost_as for one in found} == {Retcode.CONNECTION}


def test_the_seed_alone_decides() -> None:
    rough = PRESETS["rough"]
    assert drawn(rough) == drawn(rough)
    assert drawn(rough) != drawn(msgspec.structs.replace(rough, seed=2))


def test_one_fault_does_not_move_the_others() -> None:
    rough = PRESETS["rough"]
    gentler = msgspec.structs.replace(
        rough, execution=msgspec.structs.replace(rough.execution, requote_rate=0.0, rejects={}, partial_rate=0.9)
    )
    pairs = list(zip(drawn(rough), drawn(gentler), strict=True))
    assert all(one.slippage_points == other.slippage_points for one, other in pairs)
    assert all((one.lost_answer, one.late_ms) == (other.lost_answer, other.late_ms) for one, other in pairs)


@pytest.mark.parametrize(("points", "bought", "sold"), [(3.0, 1.10023, 1.09997), (-3.0, 1.10017, 1.10003)])
def test_slippage_may_be_good(points: float, bought: float, sold: float) -> None:
    plan = FaultPlan(execution=Execution(slippage_points=Fixed(value=points)))
    venue = Venue(fills=SeededFills(plan))
    venue.quote(*FLAT)
    ticket = venue.open(1, 0.1).order_ticket
    venue.close(ticket)
    assert [deal.price for deal in venue.terminal.deals[1:]] == [bought, sold]


def test_stops_slip_and_targets_do_not() -> None:
    plan = FaultPlan(execution=Execution(slippage_points=Empirical(values=(7.0,))))
    venue = Venue(fills=SeededFills(plan))
    venue.quote(*FLAT)
    venue.open(1, 0.1, sl=1.09, tp=1.2)
    venue.open(-1, 0.1, sl=1.2, tp=1.09)
    venue.quote(1.0895, 1.0897)
    stopped, taken = venue.terminal.deals[-2:]
    assert (stopped.price, taken.price) == (1.08943, 1.0897)


def test_stops_have_random_numbers_of_their_own() -> None:
    plan = FaultPlan(execution=Execution(slippage_points=Normal(sigma=5.0)))
    plain, stopped = SeededFills(plan), SeededFills(plan)
    first = plain.disturbance(REQUEST), plain.disturbance(REQUEST)
    between = stopped.disturbance(REQUEST), stopped.stop_slippage_points(), stopped.disturbance(REQUEST)
    assert first == (between[0], between[2])


def test_a_lost_answer_is_heard_as_the_plan_says() -> None:
    plan = FaultPlan(acknowledgements=Acknowledgements(lost_rate=1.0, lost_as="CONNECTION"))
    venue = Venue(fills=SeededFills(plan))
    venue.quote(*FLAT)
    assert venue.open(1, 0.1).retcode == Retcode.CONNECTION
    assert len(venue.terminal.positions()) == 1
