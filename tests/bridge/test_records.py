"""An entry reads back as it was written; damage anywhere is never taken for data."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.records import (
    HEADER_BYTES,
    SEGMENT_HEAD_BYTES,
    Entry,
    EntryFlag,
    EntryKind,
    entry_head,
    first_seq_of,
    scanned,
    segment_head,
)

_ENTRIES = st.lists(
    st.builds(
        Entry,
        kind=st.sampled_from(EntryKind).map(int),
        flags=st.sampled_from(EntryFlag).map(int),
        terminal=st.integers(0, 65_535),
        seq=st.integers(0, 2**64 - 1),
        mono_ns=st.integers(-(2**63), 2**63 - 1),
        wall_ns=st.integers(-(2**63), 2**63 - 1),
        payload=st.binary(max_size=64),
    ),
    min_size=1,
    max_size=8,
)


def written(entries: list[Entry]) -> bytes:
    return b"".join(
        entry_head(e.payload, e.kind, e.flags, e.terminal, e.seq, e.mono_ns, e.wall_ns) + e.payload for e in entries
    )


@given(_ENTRIES)
def test_entries_read_back_as_written(entries: list[Entry]) -> None:
    scan = scanned(written(entries))
    assert scan.entries == entries
    assert scan.rest == 0


@given(_ENTRIES, st.data())
def test_a_cut_keeps_every_whole_entry_and_reports_the_rest(entries: list[Entry], data: st.DataObject) -> None:
    whole = written(entries)
    cut = data.draw(st.integers(0, len(whole)))
    scan = scanned(whole[:cut])
    sizes = [HEADER_BYTES + len(entry.payload) for entry in entries]
    kept = [sum(sizes[: n + 1]) for n in range(len(sizes)) if sum(sizes[: n + 1]) <= cut]
    assert scan.entries == entries[: len(kept)]
    assert scan.end == (kept[-1] if kept else 0)
    assert scan.end + scan.rest == cut


@given(_ENTRIES, st.data())
def test_a_flipped_bit_ends_the_reading_before_the_damaged_entry(entries: list[Entry], data: st.DataObject) -> None:
    whole = bytearray(written(entries))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    scan = scanned(bytes(whole))
    assert scan.entries == entries[: len(scan.entries)]
    assert scan.end <= place


@given(st.binary(max_size=400))
def test_noise_is_no_entry(noise: bytes) -> None:
    scan = scanned(noise)
    assert scan.end + scan.rest == len(noise)
    assert written(scan.entries) == noise[: scan.end]


def test_the_consumed_flag_is_read() -> None:
    entry = Entry(EntryKind.INBOUND, EntryFlag.CONSUMED, 1, 2, 3, 4, b"")
    assert entry.is_consumed
    assert not entry._replace(flags=0).is_consumed


@given(st.integers(0, 2**64 - 1))
def test_a_segment_head_names_its_first_seq(seq: int) -> None:
    head = segment_head(seq)
    assert len(head) == SEGMENT_HEAD_BYTES
    assert first_seq_of(head) == seq


def test_another_file_is_not_a_segment() -> None:
    assert first_seq_of(b"SQLite format 3\0") is None
    assert first_seq_of(b"CMPCAP01") is None
