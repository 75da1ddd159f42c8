"""What is public gives no way to test a guess, even where there are few things to guess."""

from ledger_adapter.crypto import sm3
from ledger_adapter.log.checkpoint import body_digest
from ledger_adapter.log.commitment import canonical, commit, decode_entry, envelope_json
from ledger_adapter.port import EntryIndex
from tests.ledger_adapter.kit import memory_room

BANDS = [f"{band}00000.00" for band in range(500)]


async def test_a_few_hundred_amounts_cannot_be_tried_without_the_salt() -> None:
    """The guesser knows the whole event but one word, and everything that anybody may read."""
    room = memory_room()
    await room.write(6)
    (logged,) = await room.reader.read(EntryIndex(3), 1)
    proof = await room.reader.prove(EntryIndex(3))
    head = await room.reader.latest_checkpoint()
    assert head is not None
    closed = proof.bundle(opening=False)
    public = [b"", bytes(32), head.root, body_digest(head.body), logged.leaf_hash, room.log.id]
    public += [*proof.path, *(line.value[:32] for line in head.signatures), sm3.digest(closed)]
    entry = decode_entry(logged.entry)
    one = logged.envelope

    def guessed(band: str) -> bytes:
        return canonical(
            envelope_json(
                event_id=one.event_id,
                kind=one.kind,
                subjects=one.subjects,
                institutions=one.institutions,
                at="2026-11-22T10:00:00Z",
                body={**one.body, "note": band},
            )
        )

    def commits(band: str, salt: bytes) -> bytes:
        return commit(log_id=room.log.id, kind=one.kind, envelope=guessed(band), salt=salt)

    found = {
        band for band in ["", *BANDS] for salt in public if commits(band, salt) == entry.commit
    }
    assert found == set()
    assert logged.salt not in closed
    assert [band for band in ["", *BANDS] if commits(band, logged.salt) == entry.commit] == [""]


async def test_equal_events_leave_unequal_entries() -> None:
    room, other = memory_room(), memory_room()
    await room.write(1)
    await other.write(1)
    (first,) = await room.reader.read(EntryIndex(0), 1)
    (second,) = await other.reader.read(EntryIndex(0), 1)
    assert first.envelope == second.envelope
    assert first.entry != second.entry
