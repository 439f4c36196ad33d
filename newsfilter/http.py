"""Fetching over HTTP from sources that fail in every way: timeouts, retries where they help, and no secret in any text.

Retried are answers that may be better in a moment (429, 500, 502, 503, 504) and failures to connect or to read.
Redirects are not followed: the token would go along.
"""

import datetime as dt
import email.utils
import random
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

import msgspec
import requests
import urllib3

_RETRIED: Final = frozenset({429, 500, 502, 503, 504})
_REDIRECTS: Final = range(300, 400)
_OK: Final = 200
_CHUNK_BYTES: Final = 65_536
_QUOTED_CHARACTERS: Final = 200
_MARKUP: Final = re.compile(r"<[^>]*>")
_AGENT: Final = "mt5-companion"


class Problem(StrEnum):
    """Why nothing could be fetched."""

    REFUSED = "refused"
    """The token or the subscription does not allow it (401, 403)."""
    BUDGET = "budget"
    """The calls of the day are used up (402, or our own count)."""
    NOT_FOUND = "not found"
    BAD_REQUEST = "bad request"
    TOO_FAST = "too fast"
    SERVER = "server error"
    REDIRECTED = "redirected"
    UNREACHABLE = "unreachable"
    TOO_LARGE = "too large"


_BY_STATUS: Final = {
    401: Problem.REFUSED,
    402: Problem.BUDGET,
    403: Problem.REFUSED,
    404: Problem.NOT_FOUND,
    429: Problem.TOO_FAST,
}


class FetchError(Exception):
    """Nothing could be fetched: what for, why, and when to ask again at the earliest [s], 0 where nobody said."""

    def __init__(self, source: str, problem: Problem, detail: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(f"{source}: {problem}: {detail}")
        self.source = source
        self.problem = problem
        self.detail = detail
        self.retry_after_s = retry_after_s


class HttpPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How long is waited and how often is asked. `answer_s` is for a whole answer, however slowly it drips [s]."""

    attempts: int = 4
    connect_s: float = 5.0
    read_s: float = 15.0
    answer_s: float = 60.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    spacing_s: float = 0.06  # EODHD allows 1,000 requests a minute
    max_bytes: int = 32 * 1024 * 1024


class _Retry(Exception):  # noqa: N818 - a signal between two functions, no error that anybody sees
    def __init__(self, error: FetchError) -> None:
        super().__init__(str(error))
        self.error = error


class HttpClient:
    """Fetches for one process; threads may share it. `stop` ends every pause at once, `chance` spreads the pauses."""

    def __init__(
        self,
        policy: HttpPolicy | None = None,
        *,
        stop: threading.Event | None = None,
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy or HttpPolicy()
        self._stop = stop or threading.Event()
        self._chance = chance or random.Random()  # noqa: S311 - pauses need no cryptography
        self._clock = clock
        self._turn = threading.Lock()
        self._free_at = 0.0
        self._session = requests.Session()
        self._session.headers["User-Agent"] = _AGENT

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def fetched(self, source: str, url: str, params: Mapping[str, str | int], secrets: Collection[str] = ()) -> bytes:
        """Body of the answer to GET `url`.

        Raises:
            FetchError: where there is none after all attempts, or another attempt would be no use.
        """
        for attempt in range(1, self._policy.attempts + 1):
            try:
                return self._tried(source, url, params, secrets)
            except _Retry as retry:
                pause_s = max(self._backoff_s(attempt), retry.error.retry_after_s)
                last = attempt == self._policy.attempts or pause_s > self._policy.longest_pause_s
                if last or self._stop.wait(pause_s):
                    raise retry.error from None
        raise AssertionError("unreachable")

    def _backoff_s(self, attempt: int) -> float:
        longest = min(self._policy.longest_pause_s, self._policy.first_pause_s * 2.0 ** (attempt - 1))
        return longest * self._chance.uniform(0.5, 1.0)

    def _tried(self, source: str, url: str, params: Mapping[str, str | int], secrets: Collection[str]) -> bytes:
        with self._turn:
            self._stop.wait(max(0.0, self._free_at - self._clock()))
            self._free_at = self._clock() + self._policy.spacing_s
        timeouts = (self._policy.connect_s, self._policy.read_s)
        try:
            with self._session.get(
                url, params=dict(params), timeout=timeouts, allow_redirects=False, stream=True
            ) as answer:
                body = self._body(source, answer)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as problem:
            detail = redacted(f"{urlsplit(url).netloc}: {_innermost(problem)}", secrets)
            raise _Retry(FetchError(source, Problem.UNREACHABLE, detail)) from None
        if answer.status_code == _OK:
            return body
        error = _error_of(source, answer, redacted(_words_of(body), secrets))
        if answer.status_code in _RETRIED:
            raise _Retry(error)
        raise error

    def _body(self, source: str, answer: requests.Response) -> bytes:
        until, parts, size = self._clock() + self._policy.answer_s, [], 0
        # not iter_content: it waits until a chunk is full, however slowly the bytes drip
        while part := answer.raw.read1(_CHUNK_BYTES, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self._policy.max_bytes:
                raise FetchError(source, Problem.TOO_LARGE, f"the answer is longer than {self._policy.max_bytes} bytes")
            if self._clock() > until or self._stop.is_set():
                detail = f"the answer was not whole after {self._policy.answer_s:g} s"
                raise _Retry(FetchError(source, Problem.UNREACHABLE, detail))
        return b"".join(parts)


def _error_of(source: str, answer: requests.Response, words: str) -> FetchError:
    status = answer.status_code
    if status in _REDIRECTS:
        return FetchError(source, Problem.REDIRECTED, f"status {status}; redirects are not followed")
    other = Problem.SERVER if status >= 500 else Problem.BAD_REQUEST  # noqa: PLR2004 - RFC 9110: 5xx
    detail = f"status {status}" + (f", {words}" if words else "")
    return FetchError(
        source, _BY_STATUS.get(status, other), detail, retry_after_s=retry_after_s(answer.headers.get("Retry-After"))
    )


def _innermost(problem: BaseException) -> str:
    """What the last of a chain of errors says, without the addresses that libraries put before it."""
    inner = getattr(problem, "reason", None) or next((one for one in problem.args if isinstance(one, Exception)), None)
    if isinstance(inner, Exception):
        return _innermost(inner)
    text = next((one for one in problem.args if isinstance(one, str)), str(problem))
    return text.rpartition("): ")[2] or type(problem).__name__


def _words_of(body: bytes) -> str:
    """What an error's body says to a person: JSON as it is, HTML without its tags, cut to a line."""
    text = _MARKUP.sub(" ", body.decode("utf-8", "replace"))
    return " ".join(text.split())[:_QUOTED_CHARACTERS]


def retry_after_s(header: str | None, now: dt.datetime | None = None) -> float:
    """Seconds that a Retry-After asks for: a number or a date (RFC 9110); 0 for none or one that cannot be read."""
    if header is None:
        return 0.0
    if header.strip().isdecimal():
        return float(header)
    try:
        until = email.utils.parsedate_to_datetime(header)
        return max(0.0, (until - (now or dt.datetime.now(dt.UTC))).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def redacted(text: str, secrets: Collection[str]) -> str:
    """`text` without any of `secrets`, as they are and as they stand in an address."""
    for secret in filter(None, secrets):
        for form in {secret, quote(secret, safe=""), quote_plus(secret)}:
            text = text.replace(form, "REDACTED")
    return text
