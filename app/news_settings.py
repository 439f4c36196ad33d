"""The settings of the news filter: where calendars come from, and when nothing is opened because of them."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from app.fields import Group
from app.written import json_object, split
from bridge.config import NewsRules
from newsfilter.setup import EODHD, FOREX_FACTORY_WEEK, NewsSetup
from newsfilter.windows import Margins, NamedMargins, WindowSettings

_LONGEST_S: Final = 172_800


def _web_address(address: str) -> str:
    if not address.startswith(("https://", "http://")):
        raise ValueError("must be an address that begins with https://")
    return address.rstrip("/")


def _expanded(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(Path(path).expanduser().absolute()) for path in paths)


def _margin(default_s: float, meaning: str) -> Any:  # noqa: ANN401 - what pydantic makes of a field
    return Field(default=default_s, ge=0, le=_LONGEST_S, allow_inf_nan=False, description=meaning)


def _checked_margins(margins: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    for words, pair in margins.items():
        if not _named(words, *pair).words:
            raise ValueError(f"has margins for {words!r}, which names no event")
        if not all(0.0 <= reach <= _LONGEST_S for reach in pair):
            raise ValueError(f"has margins for {words!r} that are not at least 0, at most {_LONGEST_S:_} seconds")
    return margins


class NewsGroup(Group):
    """The news filter."""

    required: bool = Field(
        default=True, description="no entries while there is no calendar that can be relied on; false trades without"
    )
    eodhd_token: SecretStr | None = Field(
        default=None, description="token of an EODHD account whose plan has economic events; empty: EODHD is not asked"
    )
    daily_calls: int = Field(
        default=100_000, ge=0, le=10_000_000, description="calls that EODHD may be asked for between two UTC midnights"
    )
    terminals: bool = Field(
        default=False, description="use MetaTrader's own calendar, as the terminals that are connected tell it"
    )
    forex_factory: bool = Field(default=False, description="use Forex Factory's free calendar of the week")
    files: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split), AfterValidator(_expanded)] = Field(
        default=(), description="calendars of your own, CSV or JSON, comma-separated"
    )
    files_offset_s: int | None = Field(
        default=None, ge=-50_400, le=50_400, description="their clock ahead of UTC where times name no offset [s]"
    )
    tickers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = Field(
        default=(), description="pairs whose articles EODHD is asked for, such as EURUSD.FOREX"
    )
    daily_tones: bool = Field(
        default=False, description="ask for EODHD's daily figure of their tone in place of single articles"
    )
    high_before_s: float = _margin(1800, "no entries this long before an event of high impact [s]")
    high_after_s: float = _margin(3600, "and after it [s]")
    medium_before_s: float = _margin(0, "the same before one of medium impact [s]; both 0: no window")
    medium_after_s: float = _margin(0, "and after it [s]")
    low_before_s: float = _margin(0, "the same before one of low impact [s]; both 0: no window")
    low_after_s: float = _margin(0, "and after it [s]")
    named: Annotated[
        dict[str, tuple[float, float]], NoDecode, BeforeValidator(json_object), AfterValidator(_checked_margins)
    ] = Field(
        default={},
        description='margins before and after named events [s] as JSON: {"USD:Nonfarm Payrolls": [3600, 7200]}',
    )
    whole_days: bool = Field(default=True, description="an event without an hour that has a window closes its day")
    holidays: bool = Field(default=False, description="a holiday closes its day")
    stale_s: float = Field(
        default=21_600, gt=0, le=604_800, allow_inf_nan=False, description="the oldest calendar that is relied on [s]"
    )
    calendar_s: float = Field(
        default=3600, ge=60, le=86_400, allow_inf_nan=False, description="how often calendars are asked [s]"
    )
    news_s: float = Field(
        default=60, ge=10, le=86_400, allow_inf_nan=False, description="how often articles are asked for [s]"
    )
    articles_stale_s: float = Field(
        default=3600, gt=0, le=604_800, allow_inf_nan=False, description="the oldest articles that are relied on [s]"
    )
    currencies: Annotated[dict[str, tuple[str, ...]], NoDecode, BeforeValidator(json_object)] = Field(
        default={}, description='whose events concern a symbol, by base name as JSON: {"DE40": ["EUR", "USD"]}'
    )
    impact_table: str = Field(
        default="", description="a table of impacts in place of newsfilter/data/impact.toml; empty: that one"
    )
    eodhd_address: Annotated[str, AfterValidator(_web_address)] = Field(
        default=EODHD, description="where EODHD is, for a proxy or a test"
    )
    forex_factory_address: Annotated[str, AfterValidator(_web_address)] = Field(
        default=FOREX_FACTORY_WEEK, description="where Forex Factory's file is"
    )

    @property
    def token(self) -> str:
        """EODHD's token; empty where there is none."""
        return self.eodhd_token.get_secret_value() if self.eodhd_token is not None else ""

    @property
    def has_calendar(self) -> bool:
        """Whether there is a source of events."""
        return bool(self.token or self.terminals or self.forex_factory or self.files)

    def rules(self) -> NewsRules:
        """What the bridge makes of a bulletin."""
        return NewsRules(required=self.required, currencies=self.currencies)

    def windows(self) -> WindowSettings:
        """Margins around events."""
        return WindowSettings(
            high=Margins(self.high_before_s, self.high_after_s),
            medium=Margins(self.medium_before_s, self.medium_after_s),
            low=Margins(self.low_before_s, self.low_after_s),
            named=tuple(_named(words, *pair) for words, pair in self.named.items()),
            whole_days=self.whole_days,
            holidays=self.holidays,
        )

    def setup(self) -> NewsSetup:
        """Everything but the token."""
        same = {name: getattr(self, name) for name in NewsSetup.__struct_fields__ if name != "windows"}
        return NewsSetup(windows=self.windows(), **same)


def _named(words: str, before_s: float, after_s: float) -> NamedMargins:
    """Margins of `USD:Nonfarm Payrolls`, or of `Rate Decision` in every currency."""
    currency, colon, name = words.partition(":")
    if not colon:
        currency, name = "", words
    return NamedMargins(words=name.strip(), currency=currency.strip().upper(), before_s=before_s, after_s=after_s)
