"""EODHD's endpoints: what they cost, how they page, and the check of a batch before anybody sees it."""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import Final

from newsfilter.budget import CallBudget
from newsfilter.eodhd import SOURCE, anchor_problems, articles_from_answer, days_from_answer, events_from_answer
from newsfilter.events import EconomicEvent, NewsError
from newsfilter.http import HttpClient
from newsfilter.sentiment import Article
from newsfilter.setup import EODHD

_PAGE: Final = 1000
_LAST_OFFSET: Final = 1000  # EODHD pages no further: a longer span is asked for in halves
_CALLS_FOR_EVENTS: Final = 1
_CALLS_FOR_ARTICLES: Final = 10  # five, and five a ticker
_SHOWN: Final = 3


class QuarantineError(Exception):
    """A batch whose times cannot be trusted: what speaks against it, and the batch itself."""

    def __init__(self, source: str, problems: Sequence[str], events: Sequence[EconomicEvent]) -> None:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        shown = "; ".join(problems[:_SHOWN]) + more
        super().__init__(f"{source}: the batch is not used, its times are shifted: {shown}")
        self.source = source
        self.problems = tuple(problems)
        self.events = tuple(events)


class EodhdApi:
    """The account of one `token`."""

    def __init__(
        self,
        http: HttpClient,
        token: str,
        budget: CallBudget,
        *,
        address: str = EODHD,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._http = http
        self._token = token
        self._budget = budget
        self._address = address
        self._now_ns = now_ns

    def economic_events(self, first: dt.date, last: dt.date) -> list[EconomicEvent]:
        """Events of all countries from `first` to `last` (UTC days, both included), in the order of time.

        Raises:
            FetchError: where EODHD does not give them.
            NewsError: where it gives something else.
            QuarantineError: where anchors show that the times are wrong.
        """
        events = self._span(first, last)
        problems = anchor_problems(events)
        if problems:
            raise QuarantineError(SOURCE, problems, events)
        return events

    def articles(self, ticker: str, first: dt.date, last: dt.date) -> list[Article]:
        """The newest articles about `ticker` (EURUSD.FOREX) of these UTC days, at most 1,000, oldest first.

        Raises:
            FetchError: where EODHD does not give them.
            NewsError: where it gives something else.
        """
        params: dict[str, str | int] = {"s": ticker, "from": f"{first}", "to": f"{last}", "limit": _PAGE}
        return articles_from_answer(self._body("news", params, _CALLS_FOR_ARTICLES), ticker)

    def daily_tones(self, ticker: str, first: dt.date, last: dt.date) -> list[Article]:
        """EODHD's own daily figures of the tone about `ticker`, of these UTC days, oldest first; days may be missing.

        Raises:
            FetchError: where EODHD does not give them.
            NewsError: where it gives something else.
        """
        params: dict[str, str | int] = {"s": ticker, "from": f"{first}", "to": f"{last}"}
        return days_from_answer(self._body("sentiments", params, _CALLS_FOR_ARTICLES), ticker)

    def _span(self, first: dt.date, last: dt.date) -> list[EconomicEvent]:
        events: list[EconomicEvent] = []
        for offset in range(0, _LAST_OFFSET + 1, _PAGE):
            page = self._page(first, last, offset)
            events += page
            if len(page) < _PAGE:
                return sorted(set(events), key=lambda event: event.time_ns)
        if first == last:
            raise NewsError(SOURCE, f"{first}", f"has more than {len(events)} events, and EODHD gives no more of a day")
        middle = first + (last - first) // 2
        return self._span(first, middle) + self._span(middle + dt.timedelta(days=1), last)

    def _page(self, first: dt.date, last: dt.date, offset: int) -> list[EconomicEvent]:
        params: dict[str, str | int] = {"from": f"{first}", "to": f"{last}", "offset": offset, "limit": _PAGE}
        return events_from_answer(self._body("economic-events", params, _CALLS_FOR_EVENTS))

    def _body(self, endpoint: str, params: dict[str, str | int], calls: int) -> bytes:
        self._budget.check(SOURCE, calls, self._now_ns())
        everything = {**params, "fmt": "json", "api_token": self._token}
        body = self._http.fetched(SOURCE, f"{self._address}/{endpoint}", everything, (self._token,))
        self._budget.spend(calls, self._now_ns())
        return body


class DailyTones:
    """The tone about a ticker day by day, for whoever asks for articles."""

    def __init__(self, api: EodhdApi) -> None:
        self.articles = api.daily_tones
