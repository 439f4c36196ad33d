"""What a person chooses about news, in one value that can be handed to another process. No secret is in it."""

from typing import Final

import msgspec

from newsfilter.windows import WindowSettings

EODHD: Final = "https://eodhd.com/api"
FOREX_FACTORY_WEEK: Final = "https://nfs.faireconomy.media/ff_calendar_thisweek.json"


class NewsSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where calendars come from and what is made of them.

    `terminals`: MetaTrader's own calendar, as connected terminals tell it. `files` are the user's own calendars;
    `files_offset_s` [s ahead of UTC] is for those whose times name no offset. `tickers` are pairs (EURUSD.FOREX) whose
    articles are weighed, or with `daily_tones` EODHD's own figure of each day. `stale_s` and `articles_stale_s` [s]:
    the oldest calendar and the oldest articles that are relied on; `calendar_s` and `news_s` [s]: how often each is
    asked for. `impact_table` is a file that replaces our own table.
    """

    eodhd_address: str = EODHD
    daily_calls: int = 100_000
    terminals: bool = False
    forex_factory: bool = False
    forex_factory_address: str = FOREX_FACTORY_WEEK
    files: tuple[str, ...] = ()
    files_offset_s: int | None = None
    tickers: tuple[str, ...] = ()
    daily_tones: bool = False
    windows: WindowSettings = WindowSettings()
    stale_s: float = 21_600.0
    calendar_s: float = 3600.0
    news_s: float = 60.0
    articles_stale_s: float = 3600.0
    impact_table: str = ""
