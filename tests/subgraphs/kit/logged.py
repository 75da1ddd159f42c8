"""Entries of a log that was never written: for what reads them and asks for no proof."""

from ledger_adapter.port import EntryIndex, Envelope, LoggedEvent, Position, Shard


def at_place(index: int, envelope: Envelope) -> LoggedEvent:
    """With its place, and without what proves it."""
    place = Position(Shard("test"), EntryIndex(index))
    return LoggedEvent(position=place, envelope=envelope, entry=b"", leaf_hash=b"", salt=b"")
