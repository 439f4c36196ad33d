"""What goes wrong between a simulated terminal and its broker: one plan, checked, written down, and repeatable.

Every field, what MetaTrader shows of it and what Companion does about it: docs/simulated-faults.md.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.retcodes import Outcome, Retcode, outcome_of
from domain.serverclock import ServerClock
from sim.faults.distributions import NOTHING, Distribution, Fixed
from sim.faults.problems import FaultPlanError

Rate = Annotated[float, Meta(ge=0.0, le=1.0)]


def retcode_of(name: str) -> Retcode:
    """The retcode that a plan calls `name`: "REJECT" or "10006".

    Raises:
        FaultPlanError: for one that MetaTrader does not have, or that says that the request was carried out.
    """
    known = {code.name: code for code in Retcode} | {str(int(code)): code for code in Retcode}
    found = known.get(name.upper())
    if found is None:
        raise FaultPlanError("execution.rejects", f"names {name}; use a name or number of TRADE_RETCODE_*")
    if outcome_of(found) not in (Outcome.REFUSED, Outcome.UNKNOWN):
        raise FaultPlanError("execution.rejects", f"names {name}, which says that the request was carried out")
    return found


def utc_msc_of(field: str, text: str) -> int:
    """A time as a plan writes it [UTC ms].

    Raises:
        FaultPlanError: for what is no time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FaultPlanError(field, f"is {text!r}; write it like 2014-05-02T12:30") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000.0)


def _at_least_zero(field: str, amount: Distribution) -> None:
    if not amount.least >= 0.0:
        raise FaultPlanError(field, f"can be below 0 ({amount.least:g})")


class Latency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long messages travel. One direction keeps its order: what was sent first arrives first."""

    to_server: Annotated[
        Distribution, Meta(description="request on its way to the server [ms]; put the delay of quotes in here, too")
    ] = NOTHING
    to_terminal: Annotated[Distribution, Meta(description="answer or transaction on its way back [ms]")] = NOTHING

    def __post_init__(self) -> None:
        """Refuse messages that arrive before they leave."""
        _at_least_zero("latency.to_server", self.to_server)
        _at_least_zero("latency.to_terminal", self.to_terminal)


class Execution(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server makes of a request that has arrived."""

    requote_rate: Annotated[float, Meta(ge=0.0, le=1.0, description="part answered REQUOTE with the new quote")] = 0.0
    rejects: Annotated[
        dict[str, Rate], Meta(description="retcode by name or number -> part of the requests answered with it")
    ] = {}
    slippage_points: Annotated[
        Distribution, Meta(description="added to deals at the market, stops included; above 0 is worse [points]")
    ] = NOTHING
    partial_rate: Annotated[
        float, Meta(ge=0.0, le=1.0, description="part of the deals for which there is not enough volume")
    ] = 0.0
    partial_fraction: Annotated[Distribution, Meta(description="what there is then, of the volume [0..1]")] = Fixed(
        value=0.5
    )

    def __post_init__(self) -> None:
        """Refuse codes that are none, that say that something was done, or come more often than always."""
        for name in self.rejects:
            retcode_of(name)
        if self.requote_rate + sum(self.rejects.values()) > 1.0 + 1e-9:
            raise FaultPlanError("execution.rejects", "and requote_rate add up to more than 1")
        _at_least_zero("execution.partial_fraction", self.partial_fraction)

    @property
    def refusals(self) -> tuple[tuple[int, float], ...]:
        """Retcodes with their rates, requotes among them."""
        named = [(int(retcode_of(name)), rate) for name, rate in self.rejects.items()]
        return ((int(Retcode.REQUOTE), self.requote_rate), *named)


class Acknowledgements(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers of requests that were carried out, and that do not come, or come too late."""

    lost_rate: Annotated[float, Meta(ge=0.0, le=1.0, description="part of the answers that never arrive")] = 0.0
    lost_as: Annotated[
        Literal["TIMEOUT", "CONNECTION"], Meta(description="what OrderSend returns then, after `timeout_ms`")
    ] = "TIMEOUT"
    late_rate: Annotated[float, Meta(ge=0.0, le=1.0, description="part of the answers that are held up")] = 0.0
    late_ms: Annotated[Distribution, Meta(description="how much longer those take [ms]")] = Fixed(value=1_000.0)
    timeout_ms: Annotated[
        int, Meta(ge=1, le=600_000, description="the terminal gives a request up after [ms]; the answer is then lost")
    ] = 10_000

    def __post_init__(self) -> None:
        """Refuse answers before their question."""
        _at_least_zero("acknowledgements.late_ms", self.late_ms)


class Transactions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the news that an order, a deal or a position has changed."""

    duplicate_rate: Annotated[float, Meta(ge=0.0, le=1.0, description="part that is told twice")] = 0.0
    reorder_rate: Annotated[float, Meta(ge=0.0, le=1.0, description="part that others overtake")] = 0.0
    delay_ms: Annotated[
        Distribution, Meta(description="how much later the second telling, or what is overtaken, comes [ms]")
    ] = Fixed(value=500.0)

    def __post_init__(self) -> None:
        """Refuse news from the future."""
        _at_least_zero("transactions.delay_ms", self.delay_ms)


class Outage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One time without a connection."""

    start: Annotated[str, Meta(description="when the connection breaks, UTC, such as 2025-06-02T14:00")]
    seconds: Annotated[float, Meta(gt=0.0, le=604_800.0, description="how long it stays broken [s]")]

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        utc_msc_of("connection.outages.start", self.start)

    @property
    def span_utc_msc(self) -> tuple[int, int]:
        """Beginning and end [UTC ms], half-open."""
        start_msc = utc_msc_of("connection.outages.start", self.start)
        return start_msc, start_msc + max(1, round(self.seconds * 1000.0))


class Connection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When terminal and server do not hear each other. The server goes on; its quotes arrive when it is over."""

    outages: Annotated[tuple[Outage, ...], Meta(description="known times without a connection")] = ()
    outages_per_day: Annotated[
        float, Meta(ge=0.0, le=1_000.0, description="further ones at random times, on the average")
    ] = 0.0
    outage_s: Annotated[Distribution, Meta(description="how long those last [s]")] = Fixed(value=10.0)

    def __post_init__(self) -> None:
        """Refuse outages of a negative length."""
        _at_least_zero("connection.outage_s", self.outage_s)


class News(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When spreads widen, and how."""

    releases: Annotated[
        tuple[str, ...], Meta(description="times of releases, UTC, such as 2014-05-02T12:30; must be in the quotes")
    ] = ()
    fridays_at_0830_new_york: Annotated[
        bool, Meta(description="also at 08:30 New York of every Friday, when payrolls would come")
    ] = False
    strength: Annotated[
        float, Meta(ge=0.0, le=10.0, description="1: as measured on 2014-05-02; 0: not at all; 2: twice the excess")
    ] = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        for text in self.releases:
            utc_msc_of("news.releases", text)

    @property
    def releases_utc_msc(self) -> tuple[int, ...]:
        """The listed releases [UTC ms]."""
        return tuple(utc_msc_of("news.releases", text) for text in self.releases)


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that goes wrong in one run. The same plan on the same quotes is the same run."""

    seed: Annotated[
        int, Meta(ge=0, le=2**62, description="another seed, other faults; the same seed, the same ones")
    ] = 1
    latency: Annotated[Latency, Meta(description="how long messages travel")] = Latency()
    execution: Annotated[Execution, Meta(description="refusals, slippage, partial fills")] = Execution()
    acknowledgements: Annotated[Acknowledgements, Meta(description="answers that are lost or late")] = (
        Acknowledgements()
    )
    transactions: Annotated[Transactions, Meta(description="news told twice or in another order")] = Transactions()
    connection: Annotated[Connection, Meta(description="times without a connection")] = Connection()
    news: Annotated[News, Meta(description="spreads around releases")] = News()
    clock: Annotated[
        ServerClock | None, Meta(description="the broker's clock with its daylight saving; none: one offset throughout")
    ] = None

    @property
    def is_on_the_line(self) -> bool:
        """Whether messages are delayed, lost, repeated or reordered; else requests are answered at once."""
        quiet = Latency(), Acknowledgements(), Transactions(), Connection()
        return (self.latency, self.acknowledgements, self.transactions, self.connection) != quiet


def plan_in(given: object) -> FaultPlan:
    """The plan that `given` (dicts, lists, numbers, as a TOML or JSON file has them) describes.

    Raises:
        FaultPlanError: for a field that is unknown, missing or out of its range.
    """
    try:
        return msgspec.convert(given, FaultPlan)
    except msgspec.ValidationError as problem:
        words, _, place = str(problem).partition(" - at `$")
        field, cause = place.strip("`."), problem.__cause__
        if isinstance(cause, FaultPlanError):
            is_whole = not field or cause.field.startswith(field)
            raise FaultPlanError(cause.field if is_whole else f"{field}.{cause.field}", cause.problem) from None
        raise FaultPlanError(field or "fault plan", words.strip()) from None
