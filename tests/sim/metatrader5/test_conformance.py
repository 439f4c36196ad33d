"""The drop-in beside the real package's wheel: names, numbers, fields and texts, read and not run."""

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from domain.dtypes import RATES_DTYPE
from sim.metatrader5 import arguments, constants, failures, installing, shortcuts, structs
from tests.sim.metatrader5.wheel import VERSION, Wheel, downloaded

PACKAGE = installing.package()
STRUCTS = structs.TerminalStruct.__subclasses__()
RATES_DTYPE_NAMES = RATES_DTYPE.names or ()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    return downloaded(tmp_path_factory.mktemp("wheel"))


def test_the_version_is_the_one_compared_with() -> None:
    assert installing.PACKAGE_VERSION == VERSION


def test_every_constant_has_the_packages_name_and_value(wheel: Wheel) -> None:
    ours = {name: value for name, value in vars(constants).items() if isinstance(value, int)}
    assert len(ours) == 223
    assert ours == wheel.constants()


def test_the_module_has_the_packages_names_and_no_others(wheel: Wheel) -> None:
    names = {name for name in vars(PACKAGE) if not name.startswith("_")}
    assert names == wheel.constants().keys() | wheel.functions().keys() | {kind.__name__ for kind in STRUCTS}


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_a_struct_has_the_packages_fields_in_their_order(kind: type[structs.TerminalStruct], wheel: Wheel) -> None:
    assert kind.__match_args__ == wheel.struct_fields(kind.__name__)


def test_a_function_takes_as_many_arguments_as_the_binary_says(wheel: Wheel) -> None:
    for name, signature in wheel.functions().items():
        if name in vars(shortcuts) or "[" in signature or name in {"order_check", "order_send"}:
            continue  # written in Python, or with named arguments: compared below and by the package's own answers
        places = [place for place in signature.split(",") if place.strip()]
        assert len(inspect.signature(vars(PACKAGE)[name]).parameters) == len(places), name


@pytest.mark.parametrize("name", ["Buy", "Sell", "Close"])
def test_the_conveniences_take_what_the_packages_do(name: str, wheel: Wheel) -> None:
    wanted = ast.parse(f"def f({wheel.functions()[name]}): ...").body[0]
    assert isinstance(wanted, ast.FunctionDef)
    ours = inspect.signature(vars(shortcuts)[name]).parameters
    assert list(ours) == [part.arg for part in (*wanted.args.args, *wanted.args.kwonlyargs)]
    by_name = {part.arg for part in wanted.args.kwonlyargs}
    assert {key for key, part in ours.items() if part.kind is inspect.Parameter.KEYWORD_ONLY} == by_name


def test_every_text_of_last_error_is_in_the_binary(wheel: Wheel) -> None:
    told = [value.text for value in vars(failures).values() if isinstance(value, failures.Failure) and value.text]
    told += [failures.invalid(name).text for name in (*arguments.REQUEST_FIELDS, "ticket", "group", "login", "timeout")]
    told += [failures.invalid_unnamed(place).text for place in (1, 2, 3)]
    assert len(told) > 30
    assert set(told) - wheel.texts() == set()


def test_every_code_of_last_error_is_one_of_the_packages(wheel: Wheel) -> None:
    codes = {value for name, value in wheel.constants().items() if name.startswith("RES_")}
    told = {value.code for value in vars(failures).values() if isinstance(value, failures.Failure)}
    assert told - codes == {failures.UNASKED.code}


def test_bars_have_the_fields_the_binary_names_one_after_the_other(wheel: Wheel) -> None:
    names = re.search(rb"open\x00+high\x00+low\x00+close\x00+tick_volume\x00+real_volume\x00", wheel.binary)
    assert names is not None
    listed = [part.decode() for part in re.split(rb"\x00+", names.group()) if part]
    # time and spread stand elsewhere in the binary: it keeps each text once
    assert [name for name in RATES_DTYPE_NAMES if name not in {"time", "spread"}] == listed


def test_fields_of_a_request_are_looked_at_in_the_structs_order() -> None:
    assert tuple(arguments.REQUEST_FIELDS) == structs.TradeRequest.__match_args__


def test_the_table_of_constants_is_no_copy_of_the_wheel() -> None:
    assert "ENUM_" not in Path(constants.__file__).read_text(encoding="utf-8")


def test_dtypes_take_sixty_bytes_a_row() -> None:
    assert RATES_DTYPE.itemsize == 60
    assert all(isinstance(RATES_DTYPE[name], np.dtype) for name in RATES_DTYPE_NAMES)
