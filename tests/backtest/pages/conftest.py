import pytest

from backtest.exact import Outcome
from backtest.facts import Origin
from backtest.folder import write_report
from backtest.pages.content import Page
from backtest.pages.run_page import page_of
from backtest.recorded import Recorded, read_recorded
from backtest.report import report_of
from tests.backtest.informed import informed

HOSTILE = Origin(version="1.0", quotes=("<img src=x onerror=alert(1)>.csv",), calendars=("a|b`c`.csv",))


@pytest.fixture(scope="session")
def recorded(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("recorded")
    run = informed(outcome)
    write_report(run, report_of(run, HOSTILE), folder)
    return read_recorded(folder)


@pytest.fixture(scope="session")
def page(recorded: Recorded) -> Page:
    return page_of(recorded)
