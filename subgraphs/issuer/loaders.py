"""Batches: as many answers as ids, in their order, gaps as None."""

from __future__ import annotations

from collections.abc import Sequence

from subgraphs.issuer.records import Credential, Endorsement
from subgraphs.issuer.store import Store
from subgraphs.kit.nodes import Representation


async def load_credentials(
    store: Store, references: Sequence[Representation]
) -> list[Credential | None]:
    """By `id` or by `vcHash`, whichever a representation carries."""
    ids = {text for one in references if isinstance(text := one.get("id"), str)}
    hashes = {
        text for one in references if "id" not in one and isinstance(text := one.get("vcHash"), str)
    }
    by_id = await store.credentials(list(ids)) if ids else {}
    by_hash = await store.by_hash(list(hashes)) if hashes else {}
    return [
        by_id.get(str(one.get("id"))) or by_hash.get(str(one.get("vcHash"))) for one in references
    ]


async def load_endorsements(
    store: Store, references: Sequence[Representation]
) -> list[Endorsement | None]:
    found = await store.endorsements([str(one.get("id")) for one in references])
    return [found.get(str(one.get("id"))) for one in references]
