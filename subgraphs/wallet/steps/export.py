"""Everything the wallet holds of its holder, in one readable document (R81).

What others and she herself signed comes with its proofs, so that the copy needs no server to be
checked. No time stands in it: as long as nothing changed, the digest is the same. Bounded:
`complete` tells when a list was longer. Over the whole stands the seal of the wallet's provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger_adapter.crypto.keystore import KeyId
from subgraphs.kit.ids import HolderId
from subgraphs.kit.keystore import NoKey
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.did import Did
from subgraphs.vc.encoding import Hash, sm3_hash, to_time
from subgraphs.vc.export_seal import prepare_seal
from subgraphs.vc.proofs import attach
from subgraphs.vc.strict_json import JsonObject, JsonValue, canonical
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import Consent, CustodyObject, RootDid, SignedAgreement, WalletItem

MOST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    document: JsonObject
    digest: Hash
    complete: bool


async def export_my_data(parts: Parts, viewer: Viewer) -> Export:
    """The document, its digest, and whether it is all there is."""
    holder = viewer.require_holder()
    consents = await parts.store.consents_of(holder, MOST + 1)
    items = await parts.store.items_of_holder(holder, MOST + 1)
    root = await parts.store.root_did(holder)
    document: JsonObject = {
        "type": "WalletExport",
        "holder": holder,
        "rootDid": None if root is None else _root(root),
        "consents": [_consent(row) for row in consents[:MOST]],
        "items": [_item(row) for row in items[:MOST]],
        "agreements": [_agreed(row) for row in await parts.store.agreements(holder)],
        **await _given_up(parts, holder, items[:MOST]),
    }
    return Export(
        document=document,
        digest=sm3_hash(canonical(document)),
        complete=max(len(consents), len(items)) <= MOST,
    )


async def sealed(parts: Parts, made: Export) -> JsonObject | None:
    """The provider's seal on a copy; None where it has no key here: the copy is hers without it."""
    provider = await parts.institutions.get(parts.terms.provider)
    method = None if provider is None else provider.method
    if provider is None or method is None:
        return None
    body, ready = prepare_seal(
        made.digest,
        complete=made.complete,
        issuer=Did(provider.did),
        method=method,
        at=parts.clock(),
    )
    try:
        raw = await parts.keys.sign(provider.id, KeyId(method.partition("#")[2]), ready.payload)
    except NoKey:
        return None
    return attach(body, ready, raw)


async def _given_up(parts: Parts, holder: HolderId, items: list[WalletItem]) -> JsonObject:
    copies = await parts.copies.custody([str(one.custody) for one in items if one.custody])
    deletions = await parts.copies.deletions_of(holder, MOST)
    cancellations = await parts.copies.cancellations_of(holder, MOST)
    closure = await parts.copies.closure(holder)
    kept: list[JsonValue] = [_copy(row) for row in copies.values()]
    gone: list[JsonValue] = [row.document for row in deletions]
    ended: list[JsonValue] = [row.document for row in cancellations]
    return {
        "custody": kept,
        "deletionReceipts": gone,
        "cancellations": ended,
        "closure": None if closure is None else closure.document,
    }


def _root(row: RootDid) -> JsonObject:
    later: list[JsonValue] = [one.as_json() for one in row.later]
    return {
        "did": row.did,
        "state": row.state.value,
        "receipt": row.receipt,
        "later": later,
        "proofing": row.proofing,
        "recovery": None if row.recovery is None else row.recovery.document,
    }


def _consent(row: Consent) -> JsonObject:
    withdrawn = None if row.withdrawn_at is None else to_time(row.withdrawn_at)
    return {
        "id": row.id,
        "state": row.state.value,
        "grantedTo": row.granted_to,
        "grantedAt": to_time(row.granted_at),
        "withdrawnAt": withdrawn,
        "document": row.document,
    }


def _agreed(row: SignedAgreement) -> JsonObject:
    return {
        "stage": row.stage.value,
        "kind": row.kind.value,
        "version": row.version,
        "textDigest": row.text_digest,
        "signedAt": to_time(row.signed_at),
        "document": row.document,
    }


def _item(row: WalletItem) -> JsonObject:
    return {
        "id": row.id,
        "credential": row.credential,
        "issuer": row.issuer,
        "vcHash": row.vc_hash,
        "state": row.state.value,
        "addedAt": to_time(row.added_at),
    }


def _copy(row: CustodyObject) -> JsonObject:
    return {
        "id": row.id,
        "state": row.state.value,
        "ciphertextHash": row.ciphertext_hash,
        "keyId": row.key_id,
        "wrappedKey": row.wrapped_key,
        "depositedAt": to_time(row.deposited_at),
    }
