"""One change on many credentials in one call, each with its own signature and its own event.

Laws: where none is the issuer's own nothing is found; what can not be endorsed is told with its
code and hinders none of the others; the rest is one write. Rows are read without their content:
nothing of it is needed, and opening it is what costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ledger_adapter.port import Envelope
from subgraphs.issuer import lifecycle, outgoing
from subgraphs.issuer.desk.endorse import band_text, checked_change, signed
from subgraphs.issuer.desk.keys import signing_key
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.recheck import Change
from subgraphs.issuer.records import Endorsement, InForce
from subgraphs.kit.errors import Busy, Invalid, InvalidTransition, NotFound
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import Role, Viewer

MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """How many were endorsed, and the code for each that was not."""

    endorsed: int
    refused: Mapping[str, str]


async def endorse_many(
    parts: Parts,
    viewer: Viewer,
    *,
    credentials: Sequence[str],
    effect: str,
    reason_code: str,
    new_total_band: str | None,
    client_id: str | None,
) -> BulkOutcome:
    """Endorse the same change on each of the issuer's own live credentials among them."""
    issuer = viewer.require_institution(Role.ISSUER)
    asked = checked_change(effect, reason_code, new_total_band)
    ids = list(dict.fromkeys(credentials))
    if not 0 < len(ids) <= MOST:
        raise Invalid(f"1 to {MOST} credentials", field="credentialIds")
    wanted = [ids, effect, asked.reason, band_text(asked)]
    call = Call.of(viewer, "endorseCredentials", client_id, wanted)

    async def work(session: Session) -> dict[str, object]:
        rows, refused = await _sorted_out(parts, issuer, ids, asked, session)
        if rows:
            await _write(parts, issuer, rows, asked, session)
        return {"endorsed": len(rows), "refused": refused}

    done = await parts.idempotent.once(call, work)
    return BulkOutcome(endorsed=done["endorsed"], refused=done["refused"])


async def _sorted_out(
    parts: Parts, issuer: InstitutionId, ids: Sequence[str], asked: Change, session: Session
) -> tuple[list[InForce], dict[str, str]]:
    """The rows as they will be, and the refusals."""
    found = await parts.store.in_short(issuer, ids, session)
    if not found:  # foreign and unknown ones answer alike
        raise NotFound("credential", field="credentialIds")
    rows, refused = [], dict[str, str]()
    for id_ in ids:
        row = found.get(id_)
        try:
            rows.append(_after(parts, row, asked))
        except (NotFound, InvalidTransition) as refusal:
            refused[id_] = refusal.code
    return rows, refused


def _after(parts: Parts, row: InForce | None, asked: Change) -> InForce:
    if row is None:
        raise NotFound("credential")
    now = lifecycle.state_at(
        row.state, parts.clock(), offered_until=None, valid_until=row.valid_until
    )
    return replace(row, state=lifecycle.endorse(now, asked.effect), version=row.version + 1)


async def _write(
    parts: Parts,
    issuer: InstitutionId,
    rows: Sequence[InForce],
    asked: Change,
    session: Session,
) -> None:
    key = await signing_key(parts, issuer)
    made = await asyncio.gather(*(signed(parts, row, asked, key) for row in rows))
    await parts.store.add_endorsements(made, session)
    changed = await parts.store.move_all(rows, asked.band, session)
    if changed != len(rows):
        raise Busy("credentials changed meanwhile")
    await parts.outbox.put(session, *_told(rows, made))


def _told(rows: Sequence[InForce], made: Sequence[Endorsement]) -> list[Envelope]:
    return [outgoing.endorsed(row, one) for row, one in zip(rows, made, strict=True)]
