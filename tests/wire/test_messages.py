from inspect import Parameter, signature
from typing import get_args

import msgspec
import pytest
from msgspec.structs import replace

from tests.wire.samples import HEARTBEAT, SAMPLES, SNAPSHOT, UPDATE
from wire.enums import NO_GATE, PROTOCOL_VERSION, ErrorCode, MessageType
from wire.messages import ErrorMessage, Heartbeat, Hello, HistoryRequest, Message, Welcome
from wire.states import Trigger

CLASSES: tuple[type[Message], ...] = get_args(Message)


@pytest.mark.parametrize("trigger", SAMPLES, ids=lambda trigger: trigger.name)
def test_each_message_means_one_step_of_the_table(trigger: Trigger) -> None:
    assert SAMPLES[trigger].trigger is trigger


def test_every_trigger_and_every_type_has_a_message() -> None:
    assert set(SAMPLES) == set(Trigger)
    assert {sample.type for sample in SAMPLES.values()} == set(MessageType)


def test_only_a_request_for_history_shares_its_type() -> None:
    types = [message.type for message in CLASSES if message is not HistoryRequest]
    assert sorted(types) == sorted(MessageType)


@pytest.mark.parametrize("message", CLASSES, ids=lambda message: message.__name__)
def test_messages_are_values(message: type[Message]) -> None:
    config = message.__struct_config__
    assert config.frozen
    assert all(field.name not in ("type", "trigger") for field in msgspec.structs.fields(message))
    assert message.__doc__
    assert {parameter.kind for parameter in signature(message).parameters.values()} == {Parameter.KEYWORD_ONLY}


def test_a_message_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        HEARTBEAT.ready = True  # type: ignore[misc]  # that is the test


def test_a_heartbeat_is_a_step_only_when_ready() -> None:
    assert Heartbeat().trigger is Trigger.HEARTBEAT
    assert Heartbeat(ready=True, snapshot_wanted=True).trigger is Trigger.READY


def test_an_error_is_the_end_only_when_fatal() -> None:
    error = ErrorMessage(code=ErrorCode.NOT_READY, fatal=False, ref_seq=0, text="")
    assert error.trigger is Trigger.ERROR
    assert replace(error, fatal=True).trigger is Trigger.FATAL


@pytest.mark.parametrize(
    ("part", "parts", "trigger"), [(1, 1, "SNAPSHOT"), (1, 2, "SNAPSHOT_PART"), (2, 2, "SNAPSHOT")]
)
def test_a_snapshot_is_a_step_when_its_last_part_is_there(part: int, parts: int, trigger: str) -> None:
    assert replace(SNAPSHOT, update=UPDATE, part=part, parts=parts).trigger is Trigger[trigger]


def test_defaults_are_those_of_the_protocol_document() -> None:
    defaults = {field.name: field.default for field in msgspec.structs.fields(Welcome) if not field.required}
    assert defaults == {
        "deal_watermark_msc": 0,
        "deal_watermark_ticket": 0,
        "timeframes": (),
        "history_bars": 0,
        "heartbeat_ms": 1000,
        "silence_ms": 5000,
        "max_frame_bytes": 1_048_576,
        "max_ticks": 4096,
        "frames_per_second": 20_000,
        "decision_wait_ms": 200,
    }
    versions = {field.name: field.default for field in msgspec.structs.fields(Hello) if not field.required}
    assert versions == {"version_min": PROTOCOL_VERSION, "version_max": PROTOCOL_VERSION}
    assert NO_GATE == 0xFFFF
