"""Batches over one request: as many answers as keys, in their order, gaps as None.

Nothing is cached: a subscription is one long request, and proofs grow while it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from strawberry.dataloader import DataLoader

from ledger_adapter.port import ChainProof
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.kit.context import Info
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.kit.mongo import Document
from subgraphs.kit.paging import Order
from subgraphs.kit.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Anchoring:
    """The event of a kind that anchors a subject."""

    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class TimelineEnd:
    """One end of a subject's timeline, `limit` rows long."""

    subject: str
    order: Order
    limit: int


async def proof(info: Info[Parts], row: EventRow) -> ChainProof:
    """The chain proof of an event; all of a request against one checkpoint."""

    async def load(rows: list[EventRow]) -> list[ChainProof]:
        parts = info.context.parts
        return list(await parts.ledger.attest([one.logged(parts.shard) for one in rows]))

    found: ChainProof = await _loader(info, "proofs", load).load(row)
    return found


async def anchoring(info: Info[Parts], kind: str, subject: str) -> EventRow | None:
    """The event that put a subject's hash on the log; None while there is none."""

    async def load(keys: list[Anchoring]) -> list[EventRow | None]:
        found: dict[Anchoring, EventRow] = {}
        for one in sorted({key.kind for key in keys}):
            subjects = [key.subject for key in keys if key.kind == one]
            rows = await info.context.parts.store.anchoring(one, subjects)
            found |= {Anchoring(one, subject): row for subject, row in rows.items()}
        return [found.get(key) for key in keys]

    row: EventRow | None = await _loader(info, "anchoring", load).load(Anchoring(kind, subject))
    return row


async def timeline_end(
    info: Info[Parts], viewer: Viewer, subject: str, order: Order, limit: int
) -> list[Document]:
    """Rows of one end of a timeline that the viewer may see."""

    async def load(keys: list[TimelineEnd]) -> list[list[Document]]:
        found: dict[TimelineEnd, list[Document]] = {}
        for end in dict.fromkeys((key.order, key.limit) for key in keys):
            subjects = [key.subject for key in keys if (key.order, key.limit) == end]
            rows = await info.context.parts.store.ends_of_timelines(
                viewer, list(dict.fromkeys(subjects)), *end
            )
            found |= {TimelineEnd(one, *end): rows[one] for one in rows}
        return [found.get(key, []) for key in keys]

    rows: list[Document] = await _loader(info, "timelines", load).load(
        TimelineEnd(subject, order, limit)
    )
    return rows


async def institution(info: Info[Parts], institution_id: str) -> InstitutionRow | None:
    """An institution of the trust register."""

    async def load(ids: list[InstitutionId]) -> list[InstitutionRow | None]:
        found = await info.context.parts.institutions.find(ids)
        return [found.get(one) for one in ids]

    row: InstitutionRow | None = await _loader(info, "institutions", load).load(
        InstitutionId(institution_id)
    )
    return row


async def load_events(
    info: Info[Parts], ids: Sequence[str], sequences: Sequence[int]
) -> tuple[dict[str, EventRow], dict[int, EventRow]]:
    """Events by either key, each with one read."""
    store = info.context.parts.store
    by_id = await store.by_id(ids) if ids else {}
    by_index = await store.by_index(sequences) if sequences else {}
    return by_id, by_index


def _loader(info: Info[Parts], name: str, load: Any) -> DataLoader[Any, Any]:
    loader = info.context.loaders.get(name)
    if loader is None:
        loader = info.context.loaders[name] = DataLoader(load_fn=load, cache=False)
    return loader
