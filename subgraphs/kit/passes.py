"""Passes: audit's word to the issuer that a case was told of, and which credentials belong to it.

Laws: a pass is made after the person concerned was told of the case (`reads.py`); it opens for the
one viewer it was made for, within GOOD_FOR, whole or not at all; no client ever gets one. It says
what belongs to the case, and frees nobody from telling what is read by it.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger_adapter.crypto import sm3, sm4
from ledger_adapter.errors import DecryptionFailed
from subgraphs.kit.errors import Refusal
from subgraphs.kit.ids import CredentialId, HolderId, is_id, type_of
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.encoding import from_base64url, to_base64url
from subgraphs.vc.errors import MalformedDocument

CASE_WORDS: Final = "Everything that is known of one matter (案卷)."
KEY_WORDS: Final = "What the gateway brings from audit to the issuer (通行凭据)."
"""Descriptions of the type both have and of its key, alike in both."""
GOOD_FOR: Final = timedelta(minutes=5)
MOST: Final = 100
"""So many credentials of one case."""
_VERSION: Final = b"\x01"
_PURPOSE: Final = b"credgraph case pass"
# a hundred ids take 4700 characters
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{40,5000}")


class PassInvalid(Refusal):
    """No pass of ours, or one that was made for somebody else."""

    code = "PASS_INVALID"

    def __init__(self) -> None:
        super().__init__("this pass does not open anything here")


class PassExpired(Refusal):
    """It was good for a few minutes: ask for the case again."""

    code = "PASS_EXPIRED"

    def __init__(self) -> None:
        super().__init__("this pass is over: ask for the case again")


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePass:
    """What a case is about, whom it concerns, and at most MOST credentials of hers."""

    case: str
    person: HolderId
    credentials: tuple[CredentialId, ...]


class CasePasses:
    """Seals and opens passes with a key made of `key`, which audit and issuer share."""

    def __init__(self, key: bytes, *, clock: Callable[[], datetime]) -> None:
        self._key, self._clock = sm3.hmac(key, _PURPOSE)[: sm4.KEY_SIZE], clock

    def seal(self, given: CasePass, viewer: Viewer) -> str:
        """The text for this viewer; ValueError for more than MOST credentials."""
        if len(given.credentials) > MOST:
            raise ValueError(f"a pass names at most {MOST} credentials")
        until = int((self._clock() + GOOD_FOR).timestamp())
        parts = [until, given.case, given.person, given.credentials]
        text = json.dumps(parts, separators=(",", ":")).encode()
        nonce = secrets.token_bytes(sm4.NONCE_SIZE)
        return to_base64url(_VERSION + nonce + sm4.seal(self._key, nonce, text, _beside(viewer)))

    def open(self, text: str, viewer: Viewer) -> CasePass:
        """What was sealed for this very viewer; PassInvalid, or PassExpired for a true one."""
        match self._parts(text, viewer):
            case [int(until), str(case), str(person), [*credentials]]:
                pass
            case _:
                raise PassInvalid
        known = type_of(case) and is_id(person, "hold") and len(credentials) <= MOST
        if not known or not all(is_id(one, "cred") for one in credentials):
            raise PassInvalid
        if until <= self._clock().timestamp():
            raise PassExpired
        ids = tuple(CredentialId(str(one)) for one in credentials)
        return CasePass(case=case, person=HolderId(person), credentials=ids)

    def _parts(self, text: str, viewer: Viewer) -> object:
        if not _FORM.fullmatch(text):
            raise PassInvalid
        try:
            raw = from_base64url(text)
            version, nonce = raw[:1], raw[1 : 1 + sm4.NONCE_SIZE]
            sealed = raw[1 + sm4.NONCE_SIZE :]
            if version != _VERSION:
                raise PassInvalid
            return json.loads(sm4.open_(self._key, nonce, sealed, _beside(viewer)))
        except (MalformedDocument, DecryptionFailed, ValueError) as fault:
            raise PassInvalid from fault


def _beside(viewer: Viewer) -> bytes:
    return _VERSION + json.dumps([viewer.known_as, viewer.subject]).encode()
