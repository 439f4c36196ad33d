"""Small programs do here what the MQL5 reference says they do in MetaTrader; `semantics.mq5` holds both."""

import re
from pathlib import Path

import pytest

from tests.mql5.programs import built, loaded, printed_by, program_of

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).with_name("semantics.mq5")
DECLARATIONS, *PIECES = re.split(r"^//=== ", SOURCE.read_text(encoding="utf-8"), flags=re.MULTILINE)
BODIES = {piece.partition("\n")[0]: piece.partition("\n")[2] for piece in PIECES}
DEFINED_LAST = "int Later(const int value) { return(2*value+1); }"


def expected(name: str) -> list[str]:
    return re.findall(r"^//> (.*)$", BODIES[name], flags=re.MULTILINE)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("semantics")
    ea = loaded(built(program_of(BODIES, DECLARATIONS) + DEFINED_LAST, folder), folder)
    ea.start()
    return printed_by(BODIES, ea.logged)


@pytest.mark.parametrize("name", BODIES)
def test_as_the_reference_says(printed: dict[str, list[str]], name: str) -> None:
    assert printed[name] == expected(name)
