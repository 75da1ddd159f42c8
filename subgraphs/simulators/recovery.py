"""The simulated identity provider's part in a recovery: who asks is looked at anew, a key that is
reported is stopped, the wait is signed and kept to, and the next version carries its signature.

One recovery a person at a time: a newer one, for which she was looked at again, takes the place of
an older one and waits from its own beginning. What was signed before is answered again for the same
question, so that a wallet that broke off between comes to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ledger_adapter.crypto.sm2 import PrivateKey
from subgraphs.kit.mongo import Collection, Document
from subgraphs.kit.offload import offload
from subgraphs.simulators.refused import Refused
from subgraphs.vc import proofs
from subgraphs.vc.did import Did, method_id
from subgraphs.vc.did_versions import (
    Authority,
    DidHistory,
    history_of,
    keyless_document,
    prepare_version,
    recovered_document,
)
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Expectation, Purpose
from subgraphs.vc.receipt import parse_receipt
from subgraphs.vc.recovery import (
    RecoveryNotice,
    RecoveryWish,
    build_notice,
    cancels,
    from_when,
    parse_notice,
)
from subgraphs.vc.strict_json import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The notice, and the version that stops a reported key; None where none was to be stopped."""

    notice: JsonObject
    stopped: JsonObject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """The provider's key and what it signs as."""

    did: Did
    key: PrivateKey

    @property
    def authority(self) -> Authority:
        """What this provider says of its own signatures."""
        return Authority(did=self.did, key_at=self._key_at)

    def _key_at(self, method: str, at: datetime) -> VerificationKey | None:
        del at
        return self.key.public_key if method == method_id(self.did) else None

    def version(
        self,
        history: DidHistory,
        document: JsonObject,
        *,
        at: datetime,
        signed_at: datetime,
    ) -> JsonObject:
        """The next version in place of a key that is lost."""
        did, method = history.latest.did, method_id(self.did)
        body, ready = prepare_version(
            did, document, after=history.latest, at=at, method=method, signed_at=signed_at
        )
        return proofs.attach(body, ready, self.key.sign(ready.payload))


class Recoveries:
    """The recoveries of one register."""

    def __init__(self, rows: Collection, signer: Signer, cooling: timedelta) -> None:
        """`cooling`: how long each waits, so that the holder of a key that is not lost sees it and
        has time to act."""
        self._rows, self._signer, self._cooling = rows, signer, cooling

    async def begin(
        self, digest: str, wish: RecoveryWish, later: Sequence[JsonObject], now: datetime
    ) -> Begun:
        """A recovery of whom the document's digest stands for; Refused when the DID is not hers."""
        row = await self._rows.find_one({"_id": digest})
        if row is None or row["did"] != wish.did:
            raise Refused(
                "ROOT_DID_NOT_MATCHED", "this root DID is not hers", field="identityDocument"
            )
        history = await offload(self._history, row, later)
        if history.latest.document is None:
            raise Refused("ROOT_DID_ENDED", "this root DID was given up", field="payload")
        _unused(history, wish)
        pending, asked = row.get("recovery"), _asked(history, wish)
        if pending and pending["asked"] == asked:
            return Begun(notice=pending["notice"], stopped=pending["stopped"])
        begun = await offload(self._begun, history, wish, now)
        kept = {
            "notice": begun.notice,
            "stopped": begun.stopped,
            "asked": asked,
            "version": None,
        }
        await self._keep(row, kept)
        return begun

    async def complete(
        self, notice_digest: str, did: str, later: Sequence[JsonObject], now: datetime
    ) -> JsonObject:
        """The version that puts the new key in force; Refused before the wait is over."""
        row, pending, notice = await self._pending(did, notice_digest)
        if now < notice.not_before:
            raise Refused("RECOVERY_COOLING", "the wait is not over", field="")
        history = await offload(self._history, row, later)
        made = pending["version"]
        if made is not None and made["previous"] == history.latest.digest:
            version: JsonObject = made
            return version
        version = await offload(self._recovered, history, notice, now)
        await self._keep(row, {**pending, "version": version})
        return version

    async def cancel(
        self, did: str, document: JsonObject, later: Sequence[JsonObject], now: datetime
    ) -> None:
        """Nothing is pending afterwards; Refused unless the key in force signed for it."""
        row = await self._rows.find_one({"did": did})
        if row is None or not row.get("recovery"):
            return
        notice = parse_notice(row["recovery"]["notice"])
        history = await offload(self._history, row, later)
        signed = cancels(document, notice) and await offload(_signed, document, history, now)
        if notice.compromised or not signed:
            raise Refused("RECOVERY_NOT_CANCELLABLE", "this takes no recovery back", field="")
        await self._keep(row, None)

    async def _pending(self, did: str, digest: str) -> tuple[Document, Any, RecoveryNotice]:
        row = await self._rows.find_one({"did": did})
        pending = row.get("recovery") if row else None
        notice = parse_notice(pending["notice"]) if pending else None
        if row is None or notice is None or notice.digest != digest:
            raise Refused("RECOVERY_UNKNOWN", "no such recovery is under way", field="")
        return row, pending, notice

    async def _keep(self, row: Document, recovery: Any) -> None:
        """Compare-and-set: of two at once the second is told to ask again."""
        count = row.get("recoveries", 0)
        where = {"_id": row["_id"], "recoveries": count if count else {"$in": [None, 0]}}
        change = {"$set": {"recovery": recovery, "recoveries": count + 1}}
        done = await self._rows.update_one(where, change)
        if not done.matched_count:
            raise Refused("TRY_AGAIN", "another recovery came between", field="", status=503)

    def _history(self, row: Document, later: Sequence[JsonObject]) -> DidHistory:
        return history_of(parse_receipt(row["receipt"]), later, self._signer.authority)

    def _begun(self, history: DidHistory, wish: RecoveryWish, now: datetime) -> Begun:
        since = wish.compromised_since
        stopped = None if since is None else self._stopped(history, since, now)
        keyless = history.method is None
        notice = build_notice(
            wish,
            compromised=keyless or stopped is not None,
            cooling=self._cooling,
            issuer=self._signer.did,
            method=method_id(self._signer.did),
            sign=self._signer.key.sign,
            at=now,
        )
        return Begun(notice=notice, stopped=stopped)

    def _stopped(self, history: DidHistory, since: datetime, now: datetime) -> JsonObject | None:
        if history.method is None:
            return None  # stopped already
        at = from_when(since, after=history.latest.at, now=now)
        if at is None:
            raise Refused("TRY_AGAIN", "one version of a DID a second", field="", status=503)
        document = keyless_document(history.latest.did)
        return self._signer.version(history, document, at=at, signed_at=now)

    def _recovered(self, history: DidHistory, notice: RecoveryNotice, now: datetime) -> JsonObject:
        at = from_when(now, after=history.latest.at, now=now)
        if at is None or history.latest.document is None:
            raise Refused("TRY_AGAIN", "one version of a DID a second", field="", status=503)
        document = recovered_document(history, notice.public_key_multibase)
        return self._signer.version(history, document, at=at, signed_at=at)


def _asked(history: DidHistory, wish: RecoveryWish) -> list[Any]:
    """What makes two wishes the same one."""
    reported = wish.compromised_since is not None
    return [history.latest.digest, wish.public_key_multibase, reported]


def _unused(history: DidHistory, wish: RecoveryWish) -> None:
    documents = [one.document for one in history.versions if one.document is not None]
    if any(wish.key == key for one in documents for key in one.keys.values()):
        raise Refused("KEY_INVALID", "a new key is expected", field="publicKeyMultibase")


def _signed(document: JsonObject, history: DidHistory, now: datetime) -> bool:
    method = history.method
    key = None if method is None else history.key_for(method, Purpose.ASSERTION, now)
    if method is None or key is None:
        return False
    return proofs.verify_by(document, method, key, Expectation(purpose=Purpose.ASSERTION)).ok
