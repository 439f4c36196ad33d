import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.symbols import FillingFlag
from domain.timeframes import WEEK_S, Timeframe
from domain.trading import DealType, OrderFilling
from tests.wire.strategies import FINITE, NONCES, PRICES, TIMEFRAMES, printable, words
from wire import kinds as k
from wire.enums import ErrorCode
from wire.layout import Kind

READ_AND_WRITTEN: list[tuple[Kind, st.SearchStrategy[Any]]] = [
    (k.NUMBER, FINITE),
    (k.PRICE, PRICES),
    (k.VOLUME, PRICES),
    (k.TIME_MSC, st.integers(0, k.MAX_TIME_MSC)),
    (k.UTC_NS, st.integers(0, k.MAX_TIME_NS)),
    (k.OFFSET_S, st.integers(-86_400, 86_400)),
    (k.SIDE, st.sampled_from((-1, 0, 1))),
    (k.FLAG, st.booleans()),
    (k.TIMEFRAME, TIMEFRAMES),
    (k.TIMEFRAME_OR_NONE, TIMEFRAMES.map(int) | st.just(0)),
    (k.one_of(ErrorCode, "H"), st.sampled_from(ErrorCode)),
    (k.bits_of(FillingFlag), st.integers(0, 7).map(FillingFlag)),
    (k.name(12), printable(12)),
    (k.text(12), words(12)),
    (k.NONCE, NONCES),
    (k.PROOF, st.binary(min_size=32, max_size=32)),
    (k.SCALED, st.none() | st.integers(-(2**63) + 1, 2**63 - 1)),
    (k.TIMEFRAMES, st.lists(TIMEFRAMES, max_size=8).map(tuple)),
]


def packed(kind: Kind, value: object) -> bytes:
    written = kind.write(value) if kind.write else value
    return struct.pack("<" + kind.code, written)


def unpacked(kind: Kind, raw: bytes) -> Any:  # noqa: ANN401 - whatever the kind holds
    (value,) = struct.unpack("<" + kind.code, raw)
    return kind.read(value) if kind.read else value


@pytest.mark.parametrize(("kind", "values"), READ_AND_WRITTEN, ids=lambda value: getattr(value, "meaning", ""))
@given(data=st.data())
def test_a_value_is_written_and_read_again(kind: Kind, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    value = data.draw(values)
    raw = packed(kind, value)
    assert unpacked(kind, raw) == value
    assert type(unpacked(kind, raw)) is type(value)
    assert packed(kind, unpacked(kind, raw)) == raw


@pytest.mark.parametrize("kind", [kind for kind, _ in READ_AND_WRITTEN], ids=lambda kind: kind.meaning)
@given(data=st.data())
def test_any_bytes_are_read_or_refused(kind: Kind, data: st.DataObject) -> None:
    size = struct.calcsize("<" + kind.code)
    raw = data.draw(st.binary(min_size=size, max_size=size))
    try:
        value = unpacked(kind, raw)
    except ValueError:
        return
    assert packed(kind, value) == raw or "\ufffd" in str(value)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (k.NUMBER.read, NAN),
        (k.NUMBER.read, INF),
        (k.MONEY.read, -INF),
        (k.PRICE.read, -1e-300),
        (k.PRICE.read, 1.1e12),
        (k.PRICE.read, NAN),
        (k.VOLUME.read, INF),
        (k.TIME_S.read, -1),
        (k.TIME_S.read, 4_102_444_801),
        (k.UTC_S.read, 2**62),
        (k.UTC_NS.read, k.MAX_TIME_NS + 1),
        (k.OFFSET_S.read, 86_401),
        (k.SIDE.read, 2),
        (k.FLAG.read, 2),
        (k.FLAG.write, None),
        (k.one_of(DealType).read, 18),
        (k.one_of(OrderFilling).write, 4),
        (k.bits_of(FillingFlag).read, 8),
        (k.TIMEFRAME.read, 0),
        (k.TIMEFRAME.read, 7),
        (k.TIMEFRAME_OR_NONE.read, 7),
        (k.name(3).write, "abcd"),
        (k.name(3).write, "\u00e4\u00e4"),
        (k.name(3).write, "a\0b"),
        (k.name(3).write, "a\n"),
        (k.name(3).read, b"a\0b"),
        (k.name(3).read, b"a\x07\0"),
        (k.name(3).read, b"\xc3\0\0"),
        (k.text(3).read, b"a\0b"),
        (k.NONCE.read, bytes(16)),
        (k.NONCE.write, b"1" * 15),
        (k.PROOF.write, b"1" * 33),
        (k.SESSIONS.write, ((0, 1),) * 17),
        (k.SESSIONS.write, ((-1, 1),)),
        (k.SESSIONS.read, struct.pack("<32I", 0, 0, 5, 6, *[0] * 28)),
        (k.TIMEFRAMES.write, (Timeframe.M1,) * 9),
        (k.TIMEFRAMES.read, struct.pack("<8i", 0, 1, 0, 0, 0, 0, 0, 0)),
        (k.TIMEFRAMES.read, struct.pack("<8i", 7, 0, 0, 0, 0, 0, 0, 0)),
    ],
)
def test_what_cannot_be_is_refused(check: Callable[[Any], Any], value: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        check(value)


def test_an_enumeration_comes_back_as_its_member() -> None:
    assert unpacked(k.TIMEFRAME, struct.pack("<i", 0x4004)) is Timeframe.H4
    assert unpacked(k.one_of(DealType), b"\x02") is DealType.BALANCE
    assert isinstance(unpacked(k.bits_of(FillingFlag), b"\x03"), FillingFlag)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ok", b"ok"),
        ("", b""),
        ("abcdef", b"abcd"),
        ("abc\u00e4", b"abc"),
        ("\u20ac\u20ac", b"\xe2\x82\xac"),
        ("a\0b", b"ab"),
        ("\ud800", b"?"),
    ],
)
def test_words_are_cut_between_characters(text: str, expected: bytes) -> None:
    assert k.cut_text(text, 4) == expected


@given(st.text(), st.integers(1, 70))
def test_words_always_fit_and_keep_their_beginning(text: str, length: int) -> None:
    raw = k.cut_text(text, length)
    assert len(raw) <= length
    assert text.replace("\0", "").encode(errors="replace").startswith(raw)
    assert k.text_of(raw) == raw.decode()


def test_a_comment_that_a_broker_cut_in_half_is_still_read() -> None:
    assert k.text_of("Überprüfung".encode()[:7] + b"\0") == "Überpr"
    assert k.text_of("Überprüfung".encode()[:8] + b"\0") == "Überpr\ufffd"


def test_a_calendar_figure_that_is_missing_is_long_min() -> None:
    assert packed(k.SCALED, None) == b"\0" * 7 + b"\x80"
    assert unpacked(k.SCALED, b"\0" * 7 + b"\x80") is None
    assert unpacked(k.SCALED, packed(k.SCALED, 0)) == 0


@given(st.lists(st.integers(1, WEEK_S), min_size=2, max_size=32, unique=True).map(sorted))
def test_sessions_are_pairs_and_the_rest_is_zero(edges: list[int]) -> None:
    sessions = tuple(zip(edges[::2], edges[1::2], strict=False))
    raw = packed(k.SESSIONS, sessions)
    assert struct.unpack("<32I", raw) == (*edges[: 2 * len(sessions)], *[0] * (32 - 2 * len(sessions)))
    assert unpacked(k.SESSIONS, raw) == sessions


def test_every_kind_names_an_mql5_type_of_its_size() -> None:
    sizes = {"uchar": 1, "char": 1, "ushort": 2, "uint": 4, "int": 4, "ulong": 8, "long": 8, "double": 8}
    for kind in [
        *[kind for kind, _ in READ_AND_WRITTEN],
        k.SESSIONS,
        k.U8,
        k.U16,
        k.U32,
        k.U64,
        k.I32,
        k.I64,
        k.TICKET,
    ]:
        assert struct.calcsize("<" + kind.code) == sizes[kind.mql] * max(kind.length, 1)
