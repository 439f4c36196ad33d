"""Settings: every bad value is named with its range, nothing unknown passes, no secret is ever shown."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fields import leaves
from app.problems import SettingsRefusedError, setting_name
from app.settings import ENGINE_GROUPS, Settings, default_data_dir, is_loopback, load_settings, setting_names
from bridge.config import DeskRules
from domain.timeframes import Timeframe
from strategy.params import EngineSettings

SECRET = "hush-hush-hush-hush-hush-hush-hush"


def refusal(**overrides: object) -> str:
    with pytest.raises(SettingsRefusedError) as refused:
        load_settings(**overrides)
    return str(refused.value)


def test_without_any_setting_the_defaults_of_the_engine_and_the_wire_hold() -> None:
    settings = load_settings()
    assert settings.engine() == EngineSettings()
    assert settings.rules() == DeskRules()
    assert settings.data_dir == default_data_dir()


@pytest.mark.parametrize(
    ("written", "legs"),
    [
        ("0.4:0.25, 0.8:0.5", ((0.4, 0.25), (0.8, 0.5))),
        ("[[0.4, 0.25]]", ((0.4, 0.25),)),
        ("[]", ()),
    ],
)
def test_legs_are_written_as_pairs(
    monkeypatch: pytest.MonkeyPatch, written: str, legs: tuple[tuple[float, float], ...]
) -> None:
    monkeypatch.setenv("COMPANION_CARE__PARTIAL_LEGS", written)
    assert load_settings().engine().care.partial_legs == legs


@pytest.mark.parametrize("written", ["0.4", "half:half", "0.5:0.6, 0.7:0.6", "0.4:0.2:0.1", "0.8:0.2, 0.4:0.2"])
def test_legs_that_are_none_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("COMPANION_CARE__PARTIAL_LEGS", written)
    assert refusal().startswith("COMPANION_CARE__PARTIAL_LEGS")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ENTRY__RISK_FRACTION", "0.5", "above 0, at most 0.02"),
        ("ENTRY__RISK_FRACTION", "0", "above 0, at most 0.02"),
        ("ENTRY__RISK_FRACTION", "one", "must be a number, above 0, at most 0.02"),
        ("ENTRY__RISK_FRACTION", "nan", "above 0, at most 0.02"),
        ("ENTRY__MAX_SYMBOLS", "0", "at least 1, at most 50"),
        ("ENTRY__MAX_SYMBOLS", "1.5", "must be a whole number"),
        ("CARE__TRAILING_ATR", "inf", "at least 0, at most 20"),
        ("CARE__WEEKEND_STOP_ATR", "21", "at least 0, at most 20"),
        ("BRIDGE__HEARTBEAT_MS", "1", "at least 50, at most 60_000"),
        ("BRIDGE__CLOCK_CHECK", "perhaps", "must be true or false"),
        ("BRIDGE__ENDPOINT", "127.0.0.1:5555", "tcp://ADDRESS:PORT"),
        ("BRIDGE__ENDPOINT", "tcp://127.0.0.1", "tcp://ADDRESS:PORT"),
        ("BRIDGE__ENDPOINT", "tcp://127.0.0.1:65536", "tcp://ADDRESS:PORT"),
        ("JOURNAL_DURABLE", "maybe", "must be true or false"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("RETENTION_DAYS", "-1", "at least 0"),
        ("TIMEFRAMES", "M15,H9", "names 'H9'; MT5 has M1"),
        ("SYMBOLS", ",", "at least 1"),
        ("MAGIC", "-7", "above 0"),
        ("ACCOUNT__LOGINS", "12,x", "must be a whole number"),
        ("ACCOUNT__ALLOW_REAL", "2", "must be true or false"),
        ("MODEL_PARAMETERS__ADX_THRESHOLD", "high", "must be a number"),
        ("MODEL_PARAMETERS", "adx=3", "is no JSON"),
        ("COMMISSION_PER_LOT", "7", "must"),
        ("COMMISSION_PER_LOT", "seven", "is no JSON"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"COMPANION_{name}", value)
    told = refusal()
    assert told.startswith("COMPANION_" + name.removesuffix("__ADX_THRESHOLD"))
    assert words in told


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_ENTRY__RISK_FRACTION", "2")
    monkeypatch.setenv("COMPANION_MAGIC", "x")
    monkeypatch.setenv("COMPANION_SYMBLS", "EURUSD")
    with pytest.raises(SettingsRefusedError) as refused:
        load_settings()
    assert [problem.name for problem in refused.value.problems] == [
        "COMPANION_SYMBLS",
        "COMPANION_MAGIC",
        "COMPANION_ENTRY__RISK_FRACTION",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("COMPANION_SYMBLS", "did you mean COMPANION_SYMBOLS?"),
        ("COMPANION_ENTRY__RISK_FRACTON", "did you mean COMPANION_ENTRY__RISK_FRACTION?"),
        ("companion_care__trailing_at", "did you mean COMPANION_CARE__TRAILING_ATR?"),
        ("COMPANION_ENTRY", "is a group of settings; name one of them, such as COMPANION_ENTRY__"),
        ("COMPANION_XYZ", "docs/configuration.md"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_an_unknown_name_is_refused_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch, name: str, words: str, place: str
) -> None:
    if place == "environment":
        monkeypatch.setenv(name, "1")
    else:
        Path(".env").write_text(f"{name}=1\n")
    told = refusal()
    assert told.startswith(name.upper())
    assert words in told


def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_KERNEL_CACHE", "somewhere")
    monkeypatch.setenv("COMPANION_REFERENCE_DATA", "elsewhere")
    monkeypatch.setenv("COMPANIONS", "5")
    Path(".env").write_text("EDITOR=vi\n")
    assert load_settings().engine() == EngineSettings()


def test_an_option_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("COMPANION_MAGIC=1\nCOMPANION_ENTRY__MAX_SYMBOLS=2\nCOMPANION_ENTRY__STOP_ATR=1.25\n")
    monkeypatch.setenv("COMPANION_ENTRY__MAX_SYMBOLS", "3")
    monkeypatch.setenv("COMPANION_ENTRY__STOP_ATR", "1.5")
    engine = load_settings(entry={"stop_atr": 1.0}).engine()
    assert (engine.magic, engine.entry.max_symbols, engine.entry.stop_atr) == (1, 3, 1.0)


@pytest.mark.parametrize(
    ("text", "symbols"),
    [("EURUSD", ("EURUSD",)), (" EURUSD , XAUUSD.m,", ("EURUSD", "XAUUSD.m")), ('["EURUSD"]', ("EURUSD",))],
)
def test_lists_are_written_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch, text: str, symbols: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COMPANION_SYMBOLS", text)
    monkeypatch.setenv("COMPANION_TIMEFRAMES", "m5, H1")
    engine = load_settings().engine()
    assert engine.symbols == symbols
    assert engine.timeframes == (Timeframe.M5, Timeframe.H1)


def test_parameters_come_as_json_and_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_MODEL_PARAMETERS", '{"fast_period": 10, "slow_period": 30}')
    monkeypatch.setenv("COMPANION_MODEL_PARAMETERS__SLOW_PERIOD", "40")
    monkeypatch.setenv("COMPANION_COMMISSION_PER_LOT", '{"XAUUSD": 7, "*": 6}')
    engine = load_settings().engine()
    assert engine.model_parameters == {"fast_period": 10.0, "slow_period": 40.0}
    assert engine.commission_per_lot == {"XAUUSD": 7.0, "*": 6.0}


@pytest.mark.parametrize(
    ("values", "name", "words"),
    [
        ({"entry": {"target_atr": 1.0}}, "COMPANION_ENTRY__MIN_REWARD_TO_RISK", "raise entry.target_atr"),
        ({"entry": {"score_threshold": 0.95}}, "COMPANION_ENTRY__SCORE_THRESHOLD_MAX", "must not be below"),
        ({"symbols": "EURUSD,EURUSD"}, "COMPANION_SYMBOLS", "names a symbol twice"),
        ({"timeframes": "MN1"}, "COMPANION_TIMEFRAMES", "MN1"),
        ({"commission_per_lot": {"EURUSD": -1.0}}, "COMPANION_COMMISSION_PER_LOT", "at least 0"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values: dict[str, Any], name: str, words: str) -> None:
    told = refusal(**values)
    assert told.startswith(name)
    assert words in told


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_SECRET", SECRET)
    monkeypatch.setenv("COMPANION_SECRTE", SECRET)
    monkeypatch.setenv("COMPANION_MAGIC", "x")
    assert SECRET not in refusal()
    monkeypatch.delenv("COMPANION_SECRTE")
    monkeypatch.delenv("COMPANION_MAGIC")
    settings = load_settings()
    assert SECRET not in repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()
    assert settings.secret_bytes() == SECRET.encode()


def test_a_secret_is_not_shown_by_what_the_bridge_is_started_with(tmp_path: Path) -> None:
    config = load_settings(secret=SECRET).bridge_config(tmp_path, SECRET.encode())
    assert SECRET not in repr(config) + str(config)


@pytest.mark.parametrize(
    ("secret", "endpoint", "words"),
    [
        (None, "tcp://127.0.0.1:5555", "is not set"),
        ("", "tcp://127.0.0.1:5555", "is not set"),
        ("short", "tcp://127.0.0.1:5555", "has 5 characters; at least 16"),
        ("x" * 31, "tcp://0.0.0.0:5555", "has 31 characters; at least 32 are needed to listen on tcp://0.0.0.0:5555"),
        ("x" * 31, "tcp://*:5555", "at least 32"),
        ("x" * 31, "tcp://192.168.1.5:5555", "at least 32"),
        ("x" * 31, "tcp://vps.example.com:5555", "at least 32"),
    ],
)
def test_a_missing_or_short_secret_is_refused_with_a_way_to_make_one(
    monkeypatch: pytest.MonkeyPatch, secret: str | None, endpoint: str, words: str
) -> None:
    if secret is not None:
        monkeypatch.setenv("COMPANION_SECRET", secret)
    settings = load_settings(bridge={"endpoint": endpoint})
    with pytest.raises(SettingsRefusedError, match="COMPANION_SECRET") as refused:
        settings.secret_bytes()
    assert words in str(refused.value)
    assert "secrets.token_hex(32)" in str(refused.value)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        ("tcp://127.0.0.1:1", True),
        ("tcp://127.8.8.8:1", True),
        ("tcp://[::1]:1", True),
        ("tcp://localhost:*", True),
        ("tcp://0.0.0.0:1", False),
        ("tcp://[::]:1", False),
        ("tcp://*:1", False),
        ("tcp://10.0.0.1:1", False),
        ("nonsense", False),
    ],
)
def test_loopback_is_told_from_the_network(endpoint: str, local: bool) -> None:
    assert is_loopback(endpoint) is local


# -- what the bridge gets --------------------------------------------------------------------------------------------


def test_the_bridge_is_started_with_what_was_set(tmp_path: Path) -> None:
    settings = load_settings(
        journal_durable=False,
        busy_poll=True,
        symbols="XAUUSD",
        account={"logins": "5,6", "allow_real": True},
        bridge={"silence_ms": 900, "endpoint": "tcp://127.0.0.1:5999"},
    )
    config = settings.bridge_config(tmp_path, b"s", max_terminals=1)
    assert config.endpoint == "tcp://127.0.0.1:5999"
    assert (config.data_dir, config.secret, config.max_terminals) == (tmp_path, b"s", 1)
    assert (config.journal_durable, config.busy_poll, config.rules.silence_ms) == (False, True, 900)
    assert (config.allowed_logins, config.allow_real) == ((5, 6), True)
    assert config.engine.symbols == ("XAUUSD",)


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_DATA_DIR", "~/companion-data")
    assert load_settings().data_dir == Path.home() / "companion-data"


def test_the_state_folder_does_not_depend_on_where_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    assert default_data_dir() == Path.home() / ".local" / "state" / "mt5-companion"


# -- the declaration -------------------------------------------------------------------------------------------------


def test_every_setting_says_what_it_means() -> None:
    assert [setting_name(path) for path, field in leaves(Settings) if not field.description] == []


def test_every_default_is_allowed() -> None:
    load_settings()


def test_what_the_engine_can_be_told_can_be_set() -> None:
    plain = {f"COMPANION_{name.upper()}" for name in EngineSettings.__struct_fields__ if name not in ENGINE_GROUPS}
    assert plain <= setting_names()


@given(st.floats(allow_nan=False, min_value=1e-6, max_value=0.02, exclude_min=True))
def test_a_value_in_range_arrives_as_it_was_written(fraction: float) -> None:
    assert load_settings(entry={"risk_fraction": repr(fraction)}).engine().entry.risk_fraction == fraction


@given(st.floats(min_value=0.02, exclude_min=True) | st.floats(max_value=0.0) | st.just(float("nan")))
def test_no_risk_out_of_range_is_accepted(fraction: float) -> None:
    with pytest.raises(SettingsRefusedError, match="COMPANION_ENTRY__RISK_FRACTION"):
        load_settings(entry={"risk_fraction": fraction})
