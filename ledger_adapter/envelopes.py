"""Envelopes between their record and their canonical bytes, and the bounds of what may enter."""

import re
from typing import Final, cast

from ledger_adapter.errors import BadEnvelope
from ledger_adapter.log.checkpoint import format_time, parse_time
from ledger_adapter.log.commitment import MAX_KIND, canonical, envelope_json, parse_envelope
from ledger_adapter.port import Envelope, EventId, JsonValue

MAX_BODY: Final = 2048
MAX_IDS: Final = 64
_KIND: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_EVENT_ID: Final = re.compile(r"[\x21-\x7e]{1,160}")
_ID: Final = re.compile(r"[\x21-\x7e]{1,64}")


def encode(envelope: Envelope) -> bytes:
    """Canonical bytes; BadEnvelope for anything that may not lie beside the log."""
    _check_names(envelope)
    if envelope.at.tzinfo is None or envelope.at.microsecond:
        raise BadEnvelope("an event's time is UTC and has whole seconds")
    if len(canonical(envelope.body)) > MAX_BODY:
        raise BadEnvelope(f"the body of {envelope.kind} is longer than {MAX_BODY} bytes")
    return canonical(
        envelope_json(
            event_id=envelope.event_id,
            kind=envelope.kind,
            subjects=envelope.subjects,
            institutions=envelope.institutions,
            at=format_time(envelope.at),
            body=envelope.body,
        )
    )


def decode(raw: bytes) -> Envelope:
    """The record of stored bytes."""
    value = parse_envelope(raw)
    return Envelope(
        event_id=EventId(cast("str", value["eventId"])),
        kind=cast("str", value["kind"]),
        subjects=tuple(cast("list[str]", value["subjects"])),
        institutions=tuple(cast("list[str]", value["institutions"])),
        at=parse_time(cast("str", value["at"])),
        body=cast("dict[str, JsonValue]", value["body"]),
    )


def _check_names(envelope: Envelope) -> None:
    if len(envelope.kind) > MAX_KIND or not _KIND.fullmatch(envelope.kind):
        raise BadEnvelope(f"kind {envelope.kind[:80]!r} is not a short word in capitals")
    if not _EVENT_ID.fullmatch(envelope.event_id):
        raise BadEnvelope("event id is not 1 to 160 printable characters")
    ids = envelope.subjects + envelope.institutions
    if len(ids) > MAX_IDS or not all(_ID.fullmatch(id_) for id_ in ids):
        raise BadEnvelope(f"an event names at most {MAX_IDS} ids of at most 64 characters")
