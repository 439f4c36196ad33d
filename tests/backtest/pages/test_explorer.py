"""The price of a page: candles at every scale within a budget, and the round trips as they were."""

import base64
import json
from typing import Any

import msgspec
import numpy as np
import pytest

from backtest.candles import Candles
from backtest.curve import Curve
from backtest.pages import explorer, html
from backtest.pages.content import Explorer
from backtest.pages.explorer import MARGIN_BARS, explorer_of, layers_of
from backtest.pages.html import html_of
from backtest.pages.run_page import page_of
from backtest.recorded import Recorded
from backtest.trips import Trip
from domain.timeframes import Timeframe
from tests.backtest.test_trip_figures import a_trip

NS = 1_000_000_000
MINUTE_NS = 60 * NS


def minutes(count: int) -> Candles:
    times = 1_577_836_800 * NS + np.arange(count, dtype=np.int64) * MINUTE_NS
    price = 1.1 + np.random.default_rng(1).normal(size=count).cumsum() * 1e-5
    return Candles(times, price, price + 1e-4, price - 1e-4, price + 2e-5)


def trips_in(candles: Candles, places: list[int], profits: list[float]) -> list[Trip]:
    return [
        msgspec.structs.replace(
            a_trip(number, profit),
            position_id=number,
            opened_ns=int(candles.time_ns[place]),
            closed_ns=int(candles.time_ns[place + 30]),
            profit=profit,
        )
        for number, (place, profit) in enumerate(zip(places, profits, strict=True), start=1)
    ]


def numbers(packed: dict[str, str]) -> list[float]:
    found: list[float] = np.frombuffer(base64.b64decode(packed["bdata"]), f"<{packed['dtype']}").tolist()
    return found


def test_every_scale_is_whole_while_there_is_room() -> None:
    layers = layers_of(minutes(10_000), Timeframe.M1, [], 20_000)
    assert [layer.timeframe.name for layer in layers] == ["W1", "D1", "H4", "H1", "M15", "M5", "M1"]
    assert [len(layer.candles.time_ns) for layer in layers] == [2, 7, 42, 167, 667, 2000, 10_000]
    assert all(layer.spans == () for layer in layers)


def test_without_room_the_finest_are_those_around_the_largest_round_trips() -> None:
    candles = minutes(10_000)
    trips = trips_in(candles, [1000, 5000, 8000], [5.0, -50.0, 20.0])
    layers = layers_of(candles, Timeframe.M1, trips, 1300)
    assert [layer.timeframe.name for layer in layers] == ["W1", "D1", "H4", "H1", "M15", "M1"]
    finest = layers[-1]
    assert len(finest.candles.time_ns) == 2 * (30 + 1 + 2 * MARGIN_BARS)
    assert sum(len(layer.candles.time_ns) for layer in layers) <= 1300
    kept = {trip.position_id for trip in trips if covers(finest.spans, trip)}
    assert kept == {2, 3}, "the largest results"
    for first, last in finest.spans:
        inside = (candles.time_ns // NS >= first) & (candles.time_ns // NS < last)
        assert np.isin(candles.time_ns[inside], finest.candles.time_ns).all(), "a span has no hole"


def covers(spans: tuple[tuple[int, int], ...], trip: Trip) -> bool:
    return any(first <= trip.opened_ns // NS and trip.closed_ns // NS <= last for first, last in spans)


def test_a_chart_that_no_scale_divides_stands_alone() -> None:
    candles = minutes(700)
    fives = candles.at(slice(None, None, 7))
    assert [layer.timeframe.name for layer in layers_of(fives, Timeframe.M12, [], 1000)] == [
        "W1",
        "D1",
        "H4",
        "H1",
        "M12",
    ]
    assert layers_of(candles, Timeframe.W1, [], 1000)[0].timeframe is Timeframe.W1
    assert [layer.timeframe.name for layer in layers_of(candles, Timeframe.M1, [], 200)] == [
        "W1",
        "D1",
        "H4",
        "H1",
        "M15",
        "M5",
    ][:5]


@pytest.fixture(scope="module")
def plain(recorded: Recorded) -> dict[str, Any]:
    found = explorer_of(recorded)
    assert found is not None
    return found.data


def test_round_trips_are_those_of_the_run(recorded: Recorded, plain: dict[str, Any]) -> None:
    trips = plain["trips"]
    assert trips["profit"] == [round(trip.profit, 2) for trip in recorded.trips]
    assert [trips["exits"][place] for place in trips["exit"]] == [trip.exit for trip in recorded.trips]
    assert trips["opened"] == [trip.opened_ns // NS for trip in recorded.trips]
    levels = plain["levels"]
    assert len(numbers(levels["sl"])) == len(recorded.levels)
    assert numbers(levels["sl"]) == [level.sl for level in recorded.levels]
    of = [recorded.trips[int(place)].position_id for place in numbers(levels["trip"])]
    assert of == [level.position_id for level in recorded.levels]


def test_prices_and_blackouts_are_those_of_the_run(recorded: Recorded, plain: dict[str, Any]) -> None:
    (symbol,) = plain["symbols"]
    assert (symbol["name"], symbol["digits"]) == ("EURUSD", 5)
    finest = symbol["layers"][-1]
    candles = recorded.candles["EURUSD"]
    assert numbers(finest["time"]) == (candles.time_ns // NS).tolist()
    for name in ("open", "high", "low", "close"):
        assert np.allclose(np.array(numbers(finest[name])) * 1e-5, getattr(candles, name), atol=1e-9)
    windows = symbol["blackouts"]
    assert numbers(windows["from"]) == [one.start_ns // NS for one in recorded.blackouts]
    assert [windows["names"][int(place)] for place in numbers(windows["events"])] == [
        one.events for one in recorded.blackouts
    ]


def test_without_prices_there_is_no_explorer(recorded: Recorded) -> None:
    assert explorer_of(recorded._replace(candles={})) is None
    page = page_of(recorded._replace(candles={}))
    assert not any(isinstance(part, Explorer) for section in page.sections for part in section.parts)


def test_levels_have_a_budget_too(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "MOST_LEVELS", 5)
    found = explorer_of(recorded)
    assert found is not None
    places = {int(place) for place in numbers(found.data["levels"]["trip"])}
    largest = max(range(len(recorded.trips)), key=lambda place: abs(recorded.trips[place].profit))
    assert largest in places
    assert len(numbers(found.data["levels"]["sl"])) <= 5


def test_a_million_bars_make_a_small_page(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "_plotly", str)
    candles = minutes(1_000_000)
    equity = 10_000.0 + np.random.default_rng(2).normal(size=1_000_000).cumsum()
    places = list(range(100, 990_000, 90))
    trips = trips_in(candles, places, [float(place % 173) - 80.0 for place in places])
    big = recorded._replace(
        candles={"EURUSD": candles},
        chart=Timeframe.M1,
        curve=Curve(candles.time_ns, equity, equity),
        trips=tuple(trips),
    )
    page = page_of(big)
    document = html_of(page)
    assert len(document) < 8_000_000
    price = next(part for section in page.sections for part in section.parts if isinstance(part, Explorer))
    assert "the 5,000 largest of 10,999 round trips" in price.told
    kept = sum(len(numbers(layer["time"])) for layer in price.data["symbols"][0]["layers"])
    assert kept <= explorer.MOST_CANDLES
    drawn = json.loads(json.dumps(page.sections[0].parts[0].figure))  # type: ignore[union-attr]
    values = numbers(drawn["data"][1]["y"])
    assert len(values) < 15_000
    assert (max(values), min(values)) == (equity.max(), equity.min())
