"""Opaque cursors: a position sealed with SM4-GCM, bound to what it may be used for.

A cursor names a feed or list, the filter's text and the viewer's scope key (never a person). The
nonce is a keyed digest of the content: equal positions give equal cursors, which lets one frame be
formed once for all who share a scope, and a nonce can only repeat with its own plaintext.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final, NewType

from ledger_adapter.crypto import sm3, sm4
from ledger_adapter.errors import DecryptionFailed
from subgraphs.kit.errors import Refusal
from subgraphs.kit.scalars import CURSOR_FORM, Cursor

Position = NewType("Position", int)
CursorPart = int | str | None

_VERSION: Final = b"\x01"


class CursorInvalid(Refusal):
    """Not a cursor of ours, or one for another list, filter or viewer."""

    code = "CURSOR_INVALID"

    def __init__(self) -> None:
        super().__init__("this cursor does not belong here")


class CursorExpired(Refusal):
    """A true cursor, too far behind to be replayed to. `snapshot` and `pages` are root fields: what
    stands now, and the same events page by page."""

    code = "CURSOR_EXPIRED"

    def __init__(self, *, snapshot: str, pages: str) -> None:
        super().__init__(
            f"this cursor lies before what is replayed: read on by {pages}, or subscribe without a"
            f" cursor and read {snapshot} after the first frame"
        )
        self.snapshot, self.pages = snapshot, pages

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, "snapshot": self.snapshot, "pages": self.pages}


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorScope:
    """What a cursor is bound to. `source`: log id and feed, or the name of a list field."""

    source: str
    filter: str = ""
    scope_key: str = ""

    def aad(self) -> bytes:
        return json.dumps([self.source, self.filter, self.scope_key]).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """The root fields that stand beside a feed: what stands now, and the feed page by page."""

    snapshot: str
    pages: str


class CursorSealer:
    """Seals and opens cursors with one SM4 key (`cursor_key` of the settings). Subscriptions replay
    at most `replay` log entries (`replay_entries`; 0: all of them)."""

    def __init__(self, key: bytes, *, replay: int = 0) -> None:
        self._key, self._replay = key, replay
        self._nonce_key = sm3.hmac(key, b"cursor nonce")

    def seal(self, parts: tuple[CursorPart, ...], scope: CursorScope) -> Cursor:
        text = json.dumps(parts, separators=(",", ":")).encode()
        aad = _VERSION + scope.aad()
        nonce = sm3.hmac(self._nonce_key, aad + b"\x00" + text)[: sm4.NONCE_SIZE]
        sealed = _VERSION + nonce + sm4.seal(self._key, nonce, text, aad)
        return Cursor(urlsafe_b64encode(sealed).rstrip(b"=").decode())

    def open(self, cursor: str, scope: CursorScope) -> tuple[CursorPart, ...]:
        """The parts sealed for this very scope; anything else is CursorInvalid."""
        raw = _raw(cursor)
        nonce, sealed = raw[1 : 1 + sm4.NONCE_SIZE], raw[1 + sm4.NONCE_SIZE :]
        try:
            text = sm4.open_(self._key, nonce, sealed, _VERSION + scope.aad())
        except DecryptionFailed as fault:
            raise CursorInvalid from fault
        parts: list[CursorPart] = json.loads(text)
        return tuple(parts)

    def position(self, cursor: str, scope: CursorScope) -> Position:
        """The log position a feed's cursor stands for."""
        match self.open(cursor, scope):
            case (int(index),):
                return Position(index)
        raise CursorInvalid

    def replayed(self, cursor: str, scope: CursorScope, *, head: int, twins: Twins) -> Position:
        """The position to begin a subscription after; CursorExpired where the log's `head` is too
        far ahead of it."""
        position = self.position(cursor, scope)
        if self._replay and head - position > self._replay:
            raise CursorExpired(snapshot=twins.snapshot, pages=twins.pages)
        return position


def _raw(cursor: str) -> bytes:
    if not CURSOR_FORM.fullmatch(cursor):
        raise CursorInvalid
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except binascii.Error as fault:
        raise CursorInvalid from fault
    # a second spelling of the same bytes would be a second cursor
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor or raw[:1] != _VERSION:
        raise CursorInvalid
    return raw
