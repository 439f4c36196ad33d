from domain.requests import TradeAction, TradeRequest, refused
from domain.retcodes import Retcode
from domain.trading import OrderFilling, OrderType
from sim.requests import UNDISTURBED, Disturbance, FairFills, ScriptedFills

REQUEST = TradeRequest(action=TradeAction.DEAL)


def test_actions_have_mt5_s_numbers() -> None:
    assert {action.name: int(action) for action in TradeAction} == {
        "DEAL": 1,
        "PENDING": 5,
        "SLTP": 6,
        "MODIFY": 7,
        "REMOVE": 8,
        "CLOSE_BY": 10,
    }


def test_a_bare_request_is_mt5_s_zeroed_structure() -> None:
    assert (REQUEST.type, REQUEST.filling) == (OrderType.BUY, OrderFilling.FOK)
    assert (REQUEST.volume, REQUEST.price, REQUEST.sl, REQUEST.tp, REQUEST.position_ticket) == (0.0, 0.0, 0.0, 0.0, 0)


def test_nothing_goes_wrong_by_default() -> None:
    assert FairFills().disturbance(REQUEST) == UNDISTURBED == Disturbance()


def test_a_script_is_played_in_order_and_then_over() -> None:
    first, second = Disturbance(retcode=Retcode.REQUOTE), Disturbance(lost_answer=True)
    fills = ScriptedFills([first, second])
    assert [fills.disturbance(REQUEST) for _ in range(3)] == [first, second, UNDISTURBED]


def test_a_refusal_names_itself() -> None:
    assert (refused(Retcode.NO_MONEY).retcode, refused(Retcode.NO_MONEY).comment) == (10019, "no money")
    assert refused(Retcode.INVALID, "because").comment == "because"
