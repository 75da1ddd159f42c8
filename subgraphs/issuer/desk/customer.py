"""A bound customer's key of today: her receipt, the later versions she showed, and the log's word.

An institution asks nobody for a DID: the holder brings the versions, the log says whether they are
all. A key that was rotated out signs nothing here, even before its owner has shown the next one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from subgraphs.issuer.parts import Parts
from subgraphs.issuer.records import Binding, Credential
from subgraphs.kit.errors import Busy, Invalid, NotFound
from subgraphs.kit.matching import authority_of
from subgraphs.kit.signing import HeldKey, held_key
from subgraphs.vc.did_versions import history_of, salted_digest
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import read_salted_versions
from subgraphs.vc.receipt import parse_receipt
from subgraphs.vc.shape import shaped
from subgraphs.vc.strict_json import check_object
from subgraphs.vc.tags import TagKey

FIELD = "didVersions"


async def current_key(parts: Parts, binding: Binding) -> HeldKey:
    """The key to sign with now; Invalid while the log knows of versions that were not shown."""
    newest = await parts.roots.newest(binding.holder)
    if newest is None or newest.number != 1 + len(binding.later):
        raise Invalid(
            "the root DID has another key by now: show its versions",
            field=FIELD,
            code="DID_VERSIONS_NEEDED",
        )
    return held_key(binding.history)


async def shown_versions(parts: Parts, binding: Binding, given: Any) -> Binding:
    """The binding with the versions a holder shows, if they are those of the log; kept."""
    if given is None:
        return binding
    try:
        later = read_salted_versions(shaped(check_object({FIELD: given})), FIELD)
        raw = [one.version for one in later]
        receipt = parse_receipt(binding.receipt)
        history_of(receipt, raw, await authority_of(parts.institutions, receipt))
    except VcError as fault:
        raise Invalid(str(fault), field=FIELD, code=fault.code) from fault
    newest = await parts.roots.newest(binding.holder)
    last = salted_digest(later[-1].salt, later[-1].version) if later else None
    if newest is None or (
        last is not None
        and (1 + len(later), last)
        != (
            newest.number,
            newest.digest,
        )
    ):
        raise Invalid(
            "not the newest version that the log knows", field=FIELD, code="DID_NOT_CURRENT"
        )
    after = replace(binding, later=tuple(raw))
    await parts.store.keep_versions(after)
    return after


async def binding_of(parts: Parts, row: Credential) -> Binding:
    """The match of account and root DID that a credential rests on."""
    binding = await parts.store.binding_of_holder(row.issuer, row.holder)
    if binding is None:
        raise NotFound("customer binding", field="credentialId")
    return binding


async def tag_key_of(parts: Parts, row: Credential) -> TagKey:
    """The key of the customer's tags; asked of the identity provider once, then kept."""
    binding = await binding_of(parts, row)
    if binding.tag_key is not None:
        return binding.tag_key
    document = await parts.core_system.identity_document(row.issuer, row.account_no)
    key = document and await parts.identity.tag_key(row.did, document)
    if not key:
        raise Busy("the identity provider knows this customer no more", code="ROOT_DID_UNKNOWN")
    await parts.store.keep_tag_key(binding, key)
    return key
