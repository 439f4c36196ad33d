"""The newsroom of the live service: what `companion run` starts beside the bridge and `companion news` looks into."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from app.child import MODULE, TOKEN_VARIABLE
from app.settings import ServiceSettings
from app.supervision import ChildSpec
from bridge.config import Places

if TYPE_CHECKING:
    from newsfilter.newsroom import Newsroom

HOW_TO_SET_ONE: Final = (
    "set COMPANION_NEWS__TERMINALS=true, COMPANION_NEWS__EODHD_TOKEN, COMPANION_NEWS__FOREX_FACTORY=true or "
    "COMPANION_NEWS__FILES (docs/news.md), "
    "or COMPANION_NEWS__REQUIRED=false to trade without"
)


def newsroom_of(settings: ServiceSettings, folder: Path) -> "Newsroom":
    """The newsroom whose files lie in the data directory `folder`.

    Raises:
        NewsError: for an impact table that cannot be read, or a ticker that is no pair.
    """
    from newsfilter.http import HttpClient
    from newsfilter.newsroom import Newsroom

    return Newsroom(Places(folder).news, settings.news.setup(), settings.news.token, HttpClient())


def news_process(settings: ServiceSettings, folder: Path) -> ChildSpec:
    """How the process is started that keeps news fresh."""
    return ChildSpec(
        name="news",
        module=MODULE,
        job={
            "role": "news",
            "log_level": settings.log_level,
            "folder": str(Places(folder).news),
            "setup": msgspec.to_builtins(settings.news.setup()),
        },
        log=folder / "logs" / "news.log",
        environment={TOKEN_VARIABLE: settings.news.token},
    )
