"""Batches: as many answers as ids, in their order, gaps as None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subgraphs.issuer import policy
from subgraphs.issuer.records import Credential, Endorsement
from subgraphs.issuer.store import Store
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId
from subgraphs.kit.nodes import Representation
from subgraphs.kit.passes import CasePass
from subgraphs.kit.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parties:
    """Of a stored row."""

    issuer: InstitutionId
    holder: HolderId


async def load_credentials(
    store: Store, viewer: Viewer, references: Sequence[Representation]
) -> list[Credential | None]:
    """By `id` or by `vcHash`, whichever a representation carries; those the viewer may see."""

    def seen(row: Mapping[str, Any]) -> bool:
        return policy.sees(viewer, _Parties(issuer=row["issuer"], holder=row["holder"]))

    ids = {text for one in references if isinstance(text := one.get("id"), str)}
    hashes = {
        text for one in references if "id" not in one and isinstance(text := one.get("vcHash"), str)
    }
    by_id = await store.credentials(list(ids), seen) if ids else {}
    by_hash = await store.by_hash(list(hashes), seen) if hashes else {}
    return [
        by_id.get(str(one.get("id"))) or by_hash.get(str(one.get("vcHash"))) for one in references
    ]


async def load_cases(
    store: Store, viewer: Viewer, cases: Sequence[CasePass]
) -> list[list[Credential | None]]:
    """The credentials of each case, in the order of its pass, in one query; those of the person
    alone: of another's there is nothing."""
    ids = dict.fromkeys(one for case in cases for one in case.credentials)
    rows = await load_credentials(store, viewer, [{"id": one} for one in ids])
    found = {row.id: row for row in rows if row is not None}

    def of(case: CasePass, id_: CredentialId) -> Credential | None:
        row = found.get(id_)
        return row if row is not None and row.holder == case.person else None

    return [[of(case, id_) for id_ in case.credentials] for case in cases]


async def load_endorsements(
    store: Store, references: Sequence[Representation]
) -> list[Endorsement | None]:
    found = await store.endorsements([str(one.get("id")) for one in references])
    return [found.get(str(one.get("id"))) for one in references]
