"""Settings of the news filter: as people write them, refused by name, and the token never shown."""

from pathlib import Path

import pytest

from app.news_settings import NewsGroup
from app.problems import SettingsRefusedError
from app.settings import load_settings
from bridge.config import NewsRules
from newsfilter.setup import NewsSetup
from newsfilter.windows import Margins, NamedMargins, WindowSettings

TOKEN = "0123456789abcdef.token"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def written(monkeypatch: pytest.MonkeyPatch, **values: str) -> NewsGroup:
    for name, value in values.items():
        monkeypatch.setenv(f"COMPANION_NEWS__{name.upper()}", value)
    return load_settings().news


def test_the_defaults_are_those_of_the_room() -> None:
    news = NewsGroup()
    assert news.windows() == WindowSettings()
    assert news.setup() == NewsSetup()
    assert news.rules() == NewsRules(required=True)
    assert news.token == ""


def test_windows_by_impact_and_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    named = '{"usd: Nonfarm Payrolls": [3600, 7200.5], "Rate Decision": [60, 0]}'
    news = written(monkeypatch, high_before_s="60", medium_after_s="5", named=named, whole_days="false")
    assert news.windows() == WindowSettings(
        high=Margins(60.0, 3600.0),
        medium=Margins(0.0, 5.0),
        named=(
            NamedMargins(words="Nonfarm Payrolls", currency="USD", before_s=3600.0, after_s=7200.5),
            NamedMargins(words="Rate Decision", before_s=60.0, after_s=0.0),
        ),
        whole_days=False,
    )


def test_lists_and_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    news = written(
        monkeypatch,
        files="mine.csv, /srv/calendar.json",
        tickers="EURUSD.FOREX,XAUUSD.FOREX",
        currencies='{"DE40": ["EUR", "USD"]}',
        required="false",
    )
    assert news.setup().files == (str(tmp_path / "mine.csv"), "/srv/calendar.json")
    assert news.setup().tickers == ("EURUSD.FOREX", "XAUUSD.FOREX")
    assert load_settings().bridge_config(tmp_path, b"").news == NewsRules(
        required=False, currencies={"DE40": ("EUR", "USD")}
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HIGH_BEFORE_S", "-1", "at least 0, at most 172_800"),
        ("HIGH_BEFORE_S", "nan", "at least 0, at most 172_800"),
        ("STALE_S", "0", "above 0"),
        ("CALENDAR_S", "5", "at least 60"),
        ("DAILY_CALLS", "-1", "at least 0"),
        ("FILES_OFFSET_S", "90000", "at most 50_400"),
        ("NAMED", "payrolls", "is no JSON"),
        ("NAMED", '{"USD:": [1, 2]}', "names no event"),
        ("NAMED", '{"Payrolls": [1, -2]}', "at least 0, at most 172_800 seconds"),
        ("NAMED", '{"Payrolls": [1]}', "must"),
        ("CURRENCIES", '{"DE40": "EUR"}', "must"),
        ("EODHD_ADDRESS", "eodhd.com", "begins with https://"),
        ("REQUIRED", "perhaps", "must be true or false"),
    ],
)
def test_a_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(f"COMPANION_NEWS__{name}", value)
    with pytest.raises(SettingsRefusedError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"COMPANION_NEWS__{name} ")
    assert words in str(refused.value)


def test_the_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    news = written(monkeypatch, eodhd_token=TOKEN)
    assert news.token == TOKEN
    settings = load_settings()
    assert TOKEN not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json() + repr(news.setup())
