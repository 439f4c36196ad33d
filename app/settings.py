"""The service's settings: environment variables COMPANION_*, a `.env` file, and what a command overrides.

Ranges and meanings of trading and wire settings are declared in `strategy.params` and `bridge.config` and read here.
A setting that nobody knows, or a value out of range, is refused by name; a secret is never shown.
"""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from annotated_types import MinLen
from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, create_model
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from app.fields import FieldDefinition, Group, fields_of, group_of, leaves
from app.news_settings import NewsGroup
from app.problems import (
    PREFIX,
    SettingProblem,
    SettingsRefusedError,
    explained,
    setting_name,
    unknown_setting,
    unreadable,
)
from app.written import json_object, split
from bridge.config import BridgeConfig, DeskRules
from domain.timeframes import Timeframe
from strategy.params import CareSettings, EngineSettings
from strategy.refusals import SettingsError

ENV_FILE: Final = Path(".env")
SECRET_VARIABLE: Final = f"{PREFIX}SECRET"
HOW_TO_MAKE_ONE: Final = 'python3 -c "import secrets; print(secrets.token_hex(32))"'
SECRET_CHARACTERS: Final = 16
SECRET_CHARACTERS_OVER_NETWORK: Final = 32
# read by others than the service, before there are settings
FOREIGN_NAMES: Final = frozenset({"COMPANION_KERNEL_CACHE", "COMPANION_REFERENCE_DATA", "COMPANION_SIM"})
_OPEN_GROUP: Final = "COMPANION_MODEL_PARAMETERS__"
_TCP: Final = re.compile(r"tcp://(?P<host>\[[0-9a-fA-F:]+\]|[^:/\s]+):(?P<port>\d{1,5}|\*)")
_HIGHEST_PORT: Final = 65_535


def default_data_dir() -> Path:
    """`mt5-companion` in the user's state folder: the same from whatever folder a command is started."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "mt5-companion"


def _named_timeframes(value: object) -> object:
    parts = split(value)
    return [_timeframe(part) for part in parts] if isinstance(parts, list | tuple) else parts


def _timeframe(part: object) -> object:
    if not isinstance(part, str):
        return part
    if part.upper() not in Timeframe.__members__:
        raise ValueError(f"names {part!r}; MT5 has {', '.join(Timeframe.__members__)}")
    return Timeframe[part.upper()]


def _bindable(endpoint: str) -> str:
    found = _TCP.fullmatch(endpoint)
    if found is None or (found["port"] != "*" and not 0 < int(found["port"]) <= _HIGHEST_PORT):
        raise ValueError("must be tcp://ADDRESS:PORT, such as tcp://127.0.0.1:5555")
    return endpoint


def is_loopback(endpoint: str) -> bool:
    """Whether only this machine can reach `endpoint`."""
    found = _TCP.fullmatch(endpoint)
    host = found["host"].strip("[]") if found else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


ENGINE_GROUPS: Final[dict[str, type[msgspec.Struct]]] = {
    field.name: field.type
    for field in msgspec.structs.fields(EngineSettings)
    if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
}
"""Groups of the engine's settings by name: each is declared in its own file of `strategy.params`."""

_MEANINGS: Final = {
    "symbols": "what is traded: the broker's names, or base names (EURUSD finds EURUSD.m where that is the only one)",
    "timeframes": "charts that are watched for each symbol (M1 to W1)",
    "model": "what scores a bar: confluence, donchian, or a file of your own",
    "model_parameters": "parameters of the model as JSON, or one by one: COMPANION_MODEL_PARAMETERS__ADX_THRESHOLD=30",
    "slippage_points": 'what the fills of a round trip may lose, by base name [points] as JSON; "*": all others',
    "leverage_tiers": "the broker's highest leverage by equity from [account currency] as JSON; {}: the account's own",
    "commission_per_lot": 'commission of a round turn and lot by base name [account currency] as JSON; "*": all others',
}
_LISTS: Final[dict[str, Any]] = {
    "symbols": Annotated[tuple[str, ...], NoDecode, BeforeValidator(split), MinLen(1)],
    "timeframes": Annotated[tuple[Timeframe, ...], NoDecode, BeforeValidator(_named_timeframes), MinLen(1)],
    "model_parameters": Annotated[dict[str, float], BeforeValidator(json_object)],
    "slippage_points": Annotated[dict[str, float], NoDecode, BeforeValidator(json_object)],
    "leverage_tiers": Annotated[dict[str, float], NoDecode, BeforeValidator(json_object)],
    "commission_per_lot": Annotated[dict[str, float], NoDecode, BeforeValidator(json_object)],
}


def _legs(value: object) -> object:
    """Pairs as people write them ("0.5:0.5, 0.8:0.25"); JSON lists are understood, too."""
    parts = split(value)
    if not isinstance(parts, list | tuple):
        return parts
    return [part.split(":") if isinstance(part, str) else part for part in parts]


_LEGS, _LEGS_DEFAULT = fields_of(CareSettings)["partial_legs"]
_OWN_FORM: Final[dict[str, dict[str, FieldDefinition]]] = {
    "care": {"partial_legs": (Annotated[_LEGS, NoDecode, BeforeValidator(_legs)], _LEGS_DEFAULT)}
}
"""Settings of the engine's groups that people write in a form of their own."""


def _trading_fields() -> dict[str, FieldDefinition]:
    """The plain fields of EngineSettings; what people write as lists or JSON is read as such."""
    fields = fields_of(EngineSettings, leave_out=ENGINE_GROUPS)
    defaults = EngineSettings()
    for name, meaning in _MEANINGS.items():
        kind = _LISTS.get(name, fields[name][0])
        fields[name] = (Annotated[kind, Field(description=meaning)], getattr(defaults, name))
    return fields


Endpoint = Annotated[
    str,
    AfterValidator(_bindable),
    Field(description="where the bridge listens for EAs; 127.0.0.1 is this machine alone"),
]


class AccountGroup(Group):
    """Which accounts may be traded."""

    logins: Annotated[tuple[int, ...], NoDecode, BeforeValidator(split)] = Field(
        default=(), description="logins that may be traded, comma-separated; none named: any"
    )
    allow_real: bool = Field(default=False, description="trade accounts with real money, not only demo accounts")


class PollerGroup(Group):
    """How `companion poll` finds its terminal and bridge, and its own hard limits."""

    bridge: str = Field(
        default="", description="where the bridge is, such as tcp://192.0.2.1:5555; empty: COMPANION_BRIDGE__ENDPOINT"
    )
    interval_ms: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="how often the terminal is looked at; a tick waits half of that on average",
    )
    terminal_path: str = Field(
        default="", description="terminal64.exe of the terminal to use; empty: the one that runs, or was installed last"
    )
    login: int = Field(default=0, ge=0, description="account to log in to; 0: the one the terminal has")
    password: SecretStr | None = Field(default=None, description="its password; empty: the one the terminal has saved")
    server: str = Field(default="", description="its trade server's name")
    timeout_ms: int = Field(
        default=60_000, ge=1_000, le=600_000, description="how long a terminal may take to start and answer"
    )
    max_lots: float = Field(
        default=100.0, gt=0, allow_inf_nan=False, description="most lots of one entry, whatever the bridge says"
    )
    orders_per_minute: int = Field(
        default=60, ge=1, le=10_000, description="most requests a minute before entries are refused"
    )
    max_spread_points: float = Field(
        default=1_000_000.0, gt=0, allow_inf_nan=False, description="widest spread of an entry [points]"
    )


class ServiceSettings(BaseSettings):
    """What is declared here and nowhere else; `Settings` adds what other rooms declare."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    secret: SecretStr | None = Field(
        default=None,
        description=f"shared with the EA, which proves by it who it is; make one with {HOW_TO_MAKE_ONE}",
    )
    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default_factory=default_data_dir, description="where journal, recordings and logs are kept"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="what the log files hold"
    )
    journal_durable: bool = Field(
        default=True,
        description="an intent is on the disk (fsync) before it is sent; off survives a crash, not a power cut",
    )
    busy_poll: bool = Field(default=False, description="the bridge never sleeps: faster answers for one whole core")
    retention_days: int = Field(
        default=0, ge=0, le=36_500, description="recordings older than this are deleted [days]; 0 keeps all"
    )
    account: AccountGroup = AccountGroup()
    poller: PollerGroup = PollerGroup()
    news: NewsGroup = NewsGroup()

    @property
    def endpoint(self) -> str:
        """Where the bridge listens."""
        return str(self._group("bridge")["endpoint"])

    def engine(self) -> EngineSettings:
        """What the engine trades and by which rules.

        Raises:
            SettingsRefusedError: for values that contradict each other.
        """
        given = {name: self._plain(name) for name in EngineSettings.__struct_fields__}
        try:
            return msgspec.convert(given, EngineSettings)
        except msgspec.ValidationError as refused:
            raise SettingsRefusedError(_contradiction(refused)) from None

    def rules(self) -> DeskRules:
        """How terminals are spoken with."""
        known = self._group("bridge")
        return msgspec.convert({name: known[name] for name in DeskRules.__struct_fields__}, DeskRules)

    def _plain(self, name: str) -> Any:  # noqa: ANN401 - a setting of any kind
        value = getattr(self, name)
        return value.model_dump() if isinstance(value, Group) else value

    def _group(self, name: str) -> dict[str, Any]:
        return dict(self._plain(name))

    def secret_bytes(self) -> bytes:
        """The shared secret.

        Raises:
            SettingsRefusedError: where there is none, or one too short for where the bridge listens.
        """
        text = self.secret.get_secret_value() if self.secret is not None else ""
        local = is_loopback(self.endpoint)
        least = SECRET_CHARACTERS if local else SECRET_CHARACTERS_OVER_NETWORK
        if len(text) < least:
            raise SettingsRefusedError(self._secret_problem(len(text), least))
        return text.encode()

    def _secret_problem(self, found: int, least: int) -> SettingProblem:
        remedy = (
            f"make one with: {HOW_TO_MAKE_ONE}   put it into .env as {SECRET_VARIABLE}=... and into the EA's inputs"
        )
        if not found:
            return SettingProblem(SECRET_VARIABLE, "is not set; the bridge talks to nobody without it", remedy)
        place = "" if is_loopback(self.endpoint) else f" to listen on {self.endpoint}, which other machines can reach"
        return SettingProblem(SECRET_VARIABLE, f"has {found} characters; at least {least} are needed{place}", remedy)

    def bridge_config(self, data_dir: Path, secret: bytes, **changes: Any) -> BridgeConfig:  # noqa: ANN401 - any field
        """What the bridge is started with; `changes` replace single fields of BridgeConfig."""
        fields: dict[str, Any] = {
            "data_dir": data_dir,
            "secret": secret,
            "engine": self.engine(),
            "endpoint": self.endpoint,
            "rules": self.rules(),
            "journal_durable": self.journal_durable,
            "busy_poll": self.busy_poll,
            "allowed_logins": self.account.logins,
            "allow_real": self.account.allow_real,
            "news": self.news.rules(),
        }
        return BridgeConfig(**{**fields, **changes})


def _all_fields() -> dict[str, Any]:
    groups: dict[str, type[Group]] = {
        **{
            name: group_of(f"{name.title()}Group", kind, **_OWN_FORM.get(name, {}))
            for name, kind in ENGINE_GROUPS.items()
        },
        "bridge": group_of("BridgeGroup", DeskRules, endpoint=(Endpoint, "tcp://127.0.0.1:5555")),
    }
    return {**_trading_fields(), **{name: (group, group()) for name, group in groups.items()}}


Settings: Final[type[ServiceSettings]] = create_model("Settings", __base__=ServiceSettings, **_all_fields())
"""All settings there are."""


def setting_names() -> frozenset[str]:
    """Environment variables of all settings."""
    return frozenset(setting_name(path) for path, _ in leaves(Settings))


def load_settings(**overrides: Any) -> ServiceSettings:  # noqa: ANN401 - any setting
    """Settings from the environment and `.env` here; `overrides` (nested as the settings are) win over both.

    Raises:
        SettingsRefusedError: for unknown names and unusable values, all of them at once.
    """
    unknown = _unknown_settings()
    try:
        settings = Settings(**overrides)
    except ValidationError as refused:
        fields = dict(leaves(Settings))
        found = [explained(error, fields, SECRET_VARIABLE) for error in refused.errors()]
        raise SettingsRefusedError(*unknown, *found) from None
    except SourceError as refused:
        raise SettingsRefusedError(*unknown, unreadable(str(refused))) from None
    if unknown:
        raise SettingsRefusedError(*unknown)
    settings.engine()
    return settings


def _contradiction(refused: msgspec.ValidationError) -> SettingProblem:
    """What only the engine's own settings could tell, by the name of the setting."""
    cause = refused.__cause__
    if isinstance(cause, SettingsError):
        return SettingProblem(setting_name(tuple(cause.setting.split("."))), str(cause).partition(": ")[2])
    problem, _, place = str(refused).partition(" - at `$.")
    path = tuple(re.findall(r"\w+", place.partition("[")[0]))
    wanted = problem.replace("`float` >=", "numbers of at least").replace("Expected", "must hold")
    return SettingProblem(setting_name(path), wanted)


def _unknown_settings() -> list[SettingProblem]:
    """A misspelt limit would silently stay at its default, so every name with our prefix must be one of ours."""
    known = setting_names()
    in_file = dotenv_values(ENV_FILE)
    ours = sorted({name.upper() for name in (*os.environ, *in_file) if name.upper().startswith(PREFIX)})
    accepted = known | FOREIGN_NAMES
    return [unknown_setting(name, known) for name in ours if name not in accepted and not name.startswith(_OPEN_GROUP)]
