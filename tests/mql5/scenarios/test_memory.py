"""The file in which the EA keeps what it did: damaged, cut off, made shorter, or left by another release."""

import hashlib
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from domain.intents import Intent, IntentKind, LocalCare
from domain.retcodes import Retcode
from tests.crash.market import PROFILE, START_MSC
from tests.mql5.scenarios.conftest import MakeStage
from tests.mql5.scenarios.scripted import PRICE, Quotes, Stage, quotes
from tests.sim.bridge_double import WELCOME
from wire import items, records
from wire.enums import MessageType
from wire.kinds import SYMBOL_BYTES

pytestmark = pytest.mark.integration

CHECK_BYTES: Final = 8
DAY_MSC: Final = 86_400_000
INTENT: Final = records.BODIES[MessageType.INTENT]
RESULT: Final = next(item for item in items.ITEMS if item.name == "WireResult")
HAS_RESULT: Final = INTENT.size + SYMBOL_BYTES + 8
RESULT_AT: Final = HAS_RESULT + 1
RECORD_BYTES: Final = RESULT_AT + RESULT.size + CHECK_BYTES
WATERMARKED: Final = msgspec.structs.replace(WELCOME, deal_watermark_msc=START_MSC - DAY_MSC)


def file_of(stage: Stage) -> Path:
    (path,) = stage.chart.files.joinpath("Companion").glob("intents-*")
    return path


def in_it(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return [data[at : at + RECORD_BYTES] for at in range(0, len(data), RECORD_BYTES)]


def ids_in(path: Path) -> set[int]:
    return {struct.unpack_from("<Q", record)[0] for record in in_it(path)}


def like(record: bytes, intent_id: int, *, settled_msc: int, ticket: int = 0, has_result: bool = True) -> bytes:
    """The record of another intent with the same order, about the position `ticket`."""
    body = bytearray(record[:-CHECK_BYTES])
    result = RESULT.offsets()
    struct.pack_into("<Q", body, INTENT.offsets()["intent_id"], intent_id)
    struct.pack_into("<Q", body, RESULT_AT + result["intent_id"], intent_id)
    struct.pack_into("<q", body, RESULT_AT + result["time_msc"], settled_msc)
    struct.pack_into("<Q", body, RESULT_AT + result["position_ticket"], ticket)
    body[HAS_RESULT] = has_result
    return bytes(body) + hashlib.sha256(body).digest()[:CHECK_BYTES]


def comment(stage: Stage) -> str:
    return stage.chart.ea.comment


def nothing_is_traded(stage: Stage, words: str) -> None:
    """The EA says why, and a minute later it has still not begun a session."""
    sessions, requests = len(stage.doubles), len(stage.requests)
    stage.chart.until(lambda: words in comment(stage), words)
    stage.chart.pass_ms(60_000)
    assert words in comment(stage)
    assert any(words in line for line in stage.chart.logged), "nothing in the log"
    assert (len(stage.doubles), len(stage.requests)) == (sessions, requests)


def traded(stage: Stage, count: int) -> list[Intent]:
    intents = [stage.intent() for _ in range(count)]
    stage.say(*intents)
    stage.chart.until(lambda: all(stage.final_words(intent) for intent in intents), "all results")
    return intents


def said_again(stage: Stage, intents: Iterable[Intent]) -> None:
    """Every intent is known: it is answered, and nothing is sent."""
    requests = len(stage.requests)
    for intent in intents:
        stage.say(intent)
        assert stage.last_word(intent).retcode == Retcode.DONE
    assert len(stage.requests) == requests


# -- damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("byte", [0, RESULT_AT, RECORD_BYTES - 1], ids=["id", "result", "checksum"])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_damage_before_the_end_stops_all_trading(stage: Stage, place: int, byte: int) -> None:
    traded(stage, 3)
    stage.chart.leave()
    path = file_of(stage)
    data = bytearray(path.read_bytes())
    data[place * RECORD_BYTES + byte] ^= 0x10
    path.write_bytes(data)
    stage.chart.start()
    nothing_is_traded(stage, f"is damaged at record {place + 1}")
    assert path.read_bytes() == bytes(data), "the evidence is gone"


def test_it_trades_again_when_the_damaged_file_was_put_right(stage: Stage) -> None:
    intents = traded(stage, 2)
    stage.chart.leave()
    path = file_of(stage)
    sound = path.read_bytes()
    path.write_bytes(b"x" + sound[1:])
    stage.chart.start()
    nothing_is_traded(stage, "is damaged at record 1")
    path.write_bytes(sound)
    said_again(stage, intents)


def test_with_a_damaged_file_no_stop_moves_either(make_stage: MakeStage) -> None:
    """What is behind the damage may be newer instructions."""
    market = Quotes(quotes([round(PRICE + step * 1e-4, 5) for step in range(40)]))
    stage = make_stage(market).live()
    stage.cared_for(1, LocalCare(trailing_gain=0.0002, trailing_distance=0.0005))
    traded(stage, 1)
    stage.chart.leave()
    path = file_of(stage)
    data = bytearray(path.read_bytes())
    data[2 * RECORD_BYTES] ^= 0x10
    path.write_bytes(data)
    stage.chart.start()
    for _ in range(30):
        stage.chart.tick()
        stage.chart.pass_ms(950)
    assert "is damaged at record 3" in comment(stage)
    assert stage.own_requests == []


@pytest.mark.parametrize("left", [1, CHECK_BYTES, RECORD_BYTES // 2, RECORD_BYTES - 1])
def test_a_record_that_was_cut_off_is_written_over(stage: Stage, left: int) -> None:
    intents = traded(stage, 2)
    stage.chart.leave()
    path = file_of(stage)
    path.write_bytes(path.read_bytes()[: 3 * RECORD_BYTES + left])
    stage.play()
    said_again(stage, intents)
    stage.chart.leave()
    assert len(path.read_bytes()) % RECORD_BYTES == 0
    assert ids_in(path) == {intent.intent_id for intent in intents}
    stage.play()
    said_again(stage, intents)


def test_a_last_record_that_is_not_what_was_written_is_written_over(stage: Stage) -> None:
    intents = traded(stage, 2)
    stage.chart.leave()
    path = file_of(stage)
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    stage.play()
    said_again(stage, intents)
    stage.chart.leave()
    stage.play()
    said_again(stage, intents)


# -- made shorter ------------------------------------------------------------------------------------------------------


def grown(stage: Stage, old: int) -> tuple[Path, dict[str, int], list[Intent]]:
    """A file in which `old` intents may be forgotten and those named may not; the two last are real."""
    intents = traded(stage, 2)
    standing = stage.chart.terminal.positions()[0].position_ticket
    stage.chart.leave()
    path = file_of(stage)
    real = in_it(path)
    long_ago = START_MSC - 30 * DAY_MSC
    needed = {"open question": 0xA1, "its position stands": 0xA2, "after the watermark": 0xA3, "within a week": 0xA4}
    kept = [
        like(real[-1], 0xA1, settled_msc=0, has_result=False),
        like(real[-1], 0xA2, settled_msc=long_ago, ticket=standing),
        like(real[-1], 0xA3, settled_msc=START_MSC - DAY_MSC + 1),
        like(real[-1], 0xA4, settled_msc=START_MSC - 2),
    ]
    dropped = [like(real[-1], 0xB000 + number, settled_msc=long_ago) for number in range(old)]
    path.write_bytes(b"".join([*dropped, *kept, *real]))
    return path, needed, intents


def test_what_nobody_asks_for_any_more_is_left_out(make_stage: MakeStage) -> None:
    stage = make_stage(welcome=WATERMARKED).live()
    path, needed, intents = grown(stage, 300)
    before = path.stat().st_size
    stage.play()
    stage.chart.leave()
    assert path.stat().st_size < before / 10
    assert ids_in(path) == {*needed.values(), *(intent.intent_id for intent in intents)}
    stage.play()
    said_again(stage, intents)
    assert file_of(stage) == path, "a copy was left behind"


@pytest.mark.parametrize("watermark_msc", [0, START_MSC - 40 * DAY_MSC], ids=["none", "before all of them"])
def test_before_the_watermark_of_the_bridge_nothing_is_forgotten(make_stage: MakeStage, watermark_msc: int) -> None:
    stage = make_stage(welcome=msgspec.structs.replace(WELCOME, deal_watermark_msc=watermark_msc)).live()
    path, _, _ = grown(stage, 300)
    known = ids_in(path)
    stage.play()
    stage.chart.leave()
    assert ids_in(path) == known


def test_a_short_file_is_left_alone(make_stage: MakeStage) -> None:
    stage = make_stage(welcome=WATERMARKED).live()
    path, _, _ = grown(stage, 20)
    known = ids_in(path)
    stage.play()
    stage.chart.leave()
    assert ids_in(path) == known


def test_it_goes_on_writing_to_the_shorter_file(make_stage: MakeStage) -> None:
    stage = make_stage(welcome=WATERMARKED).live()
    path, _, intents = grown(stage, 300)
    stage.play()
    more = traded(stage, 2)
    stage.chart.leave()
    assert {intent.intent_id for intent in more} <= ids_in(path)
    stage.play()
    said_again(stage, [*intents, *more])


def test_a_death_while_the_shorter_file_was_being_written(stage: Stage) -> None:
    intents = traded(stage, 2)
    stage.chart.leave()
    path = file_of(stage)
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(path.read_bytes()[:100])
    stage.play()
    said_again(stage, intents)
    assert not draft.exists()


def test_a_death_after_the_old_file_went_and_before_the_new_one_came(stage: Stage) -> None:
    """Where the system cannot replace a file in one step."""
    intents = traded(stage, 2)
    stage.chart.leave()
    path = file_of(stage)
    path.rename(path.with_name(path.name + ".new"))
    stage.play()
    said_again(stage, intents)
    assert file_of(stage) == path


# -- another release ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", ".new"])
def test_the_file_of_a_release_with_other_records_is_not_passed_over(stage: Stage, suffix: str) -> None:
    intents = traded(stage, 1)
    stage.chart.leave()
    path = file_of(stage)
    other = path.with_name(f"intents-{PROFILE.login}-{RECORD_BYTES - 8}.bin{suffix}")
    path.rename(other)
    stage.chart.start()
    nothing_is_traded(stage, f"{other.name} is of another release of this EA")
    assert other.exists()
    assert not path.exists(), "a second memory was begun"
    other.rename(path)
    said_again(stage, intents)


def test_the_file_of_another_account_is_none_of_its_business(stage: Stage) -> None:
    stage.chart.leave()
    folder = stage.chart.files / "Companion"
    folder.joinpath(f"intents-{PROFILE.login}0-100.bin").write_bytes(b"of somebody else")
    stage.play()
    assert stage.chart.is_live


def test_instructions_for_a_position_survive_being_made_shorter(make_stage: MakeStage) -> None:
    """A MODIFY of long ago whose position stands says how its stop is to move."""
    stage = make_stage(welcome=WATERMARKED).live()
    position = stage.opened()
    modify = stage.intent(IntentKind.MODIFY, position_ticket=position.position_ticket, sl=1.09)
    stage.say(modify)
    stage.chart.until(lambda: stage.final_words(modify), "new levels")
    stage.chart.leave()
    path = file_of(stage)
    *_, last = in_it(path)
    old = like(last, modify.intent_id, settled_msc=START_MSC - 30 * DAY_MSC)  # refused, so without a ticket of its own
    dropped = [like(in_it(path)[0], 0xB000 + number, settled_msc=START_MSC - 30 * DAY_MSC) for number in range(300)]
    path.write_bytes(b"".join([*dropped, old]))
    stage.play()
    stage.chart.leave()
    assert ids_in(path) == {modify.intent_id}
