"""After a change of key: the data keys of her copies in custody, wrapped for the key in force.

Her own software unwraps with the key she had and wraps for the one she has: no private key is ever
here, so nobody else can do it. A key that is lost opens nothing more: its copies stay closed, she
takes them out (or lets the next copy take their place) and gets the content from where she has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from subgraphs.kit.errors import Busy, Invalid, InvalidTransition, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.mongo import Session
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.signing import held_key
from subgraphs.kit.viewer import Viewer
from subgraphs.vc.consent import CONTEXT
from subgraphs.vc.encoding import from_base64url, sm3_hash, to_time
from subgraphs.vc.model import URN
from subgraphs.vc.strict_json import JsonObject, JsonValue
from subgraphs.wallet.parts import Parts
from subgraphs.wallet.records import CustodyId, CustodyObject, RootDid
from subgraphs.wallet.states import CustodyState
from subgraphs.wallet.steps.deposit import check_wrapped
from subgraphs.wallet.steps.signed import Submitted, prepare_document, root_of, signed_document

REWRAP: Final = "custody-rewrap"
TYPE: Final = "CustodyKeysRewrapped"
MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """A copy, and its data key as her software wrapped it anew, in base64url."""

    custody_id: str
    wrapped_key: str


async def prepare_rewrap(parts: Parts, viewer: Viewer, keys: Sequence[Rewrapped]) -> PreparedRow:
    """What puts the newly wrapped keys in place, to be signed by the key in force."""
    root = await root_of(parts, viewer.require_holder())
    if not 0 < len({one.custody_id for one in keys}) == len(keys) <= MOST:
        raise Invalid(f"1 to {MOST} different copies", field="keys")
    named: list[JsonValue] = []
    for place, one in enumerate(keys):
        field = f"keys[{place}]"
        check_wrapped(one.wrapped_key, f"{field}.wrappedKey")
        row = await _stored(parts, root, one.custody_id, f"{field}.custodyId")
        digest = sm3_hash(from_base64url(one.wrapped_key))
        named.append({"object": f"{URN}{row.id}", "wrappedKeyDigest": digest})
    document: JsonObject = {
        "@context": [CONTEXT],
        "type": TYPE,
        "holder": root.did,
        "key": held_key(root.history).method,
        "copies": named,
        "rewrappedAt": to_time(parts.clock()),
    }
    facts = {"keys": [[one.custody_id, one.wrapped_key] for one in keys]}
    return await prepare_document(parts, root, REWRAP, document, facts)


async def rewrap(
    parts: Parts, viewer: Viewer, given: Submitted, *, client_id: str | None
) -> list[CustodyId]:
    """The copies whose keys are wrapped anew: all of them, or none."""
    holder = viewer.require_holder()
    root = await root_of(parts, holder)

    async def work(session: Session) -> dict[str, list[str]]:
        signed = await signed_document(parts, root, given, session, parts.clock())
        key_id = held_key(root.history).method.rpartition("#")[2]
        keys: list[tuple[str, str]] = [(one, wrapped) for one, wrapped in signed.facts["keys"]]
        for custody_id, wrapped in keys:
            row = await _stored(parts, root, custody_id, "preparedId", session)
            after = replace(row, wrapped_key=wrapped, key_id=key_id, version=row.version + 1)
            if not await parts.copies.replace(after, session):
                raise Busy("a copy was changed meanwhile")
        return {"copies": [one for one, _ in keys]}

    call = Call.of(viewer, "rewrapCustodyKeys", client_id, [given.prepared_id])
    done = await parts.idempotent.once(call, work)
    return [CustodyId(one) for one in done["copies"]]


async def _stored(
    parts: Parts, root: RootDid, custody_id: str, field: str, session: Session | None = None
) -> CustodyObject:
    row = await parts.copies.one(CustodyId(custody_id), session=session)
    if row is None or row.holder != root.holder:
        raise NotFound("custody object", field=field)
    if row.state is not CustodyState.STORED:
        raise InvalidTransition(
            source=row.state.value,
            target=CustodyState.STORED.value,
            allowed=(),
            message=f"the key of a copy that is {row.state.value} is not wrapped anew",
        )
    return row
