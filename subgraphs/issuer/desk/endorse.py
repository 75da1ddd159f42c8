"""Change endorsements on a live credential, signed by the issuer (R26, R27)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ledger_adapter.crypto.multikey import multibase58
from subgraphs.issuer import lifecycle, outgoing
from subgraphs.issuer.band import parse_band
from subgraphs.issuer.desk.change import for_desk, put
from subgraphs.issuer.desk.issue import checked_reason
from subgraphs.issuer.desk.keys import SigningKey, signing_key
from subgraphs.issuer.parts import Parts
from subgraphs.issuer.recheck import Change
from subgraphs.issuer.records import Credential, Endorsement, InForce
from subgraphs.kit.errors import Invalid
from subgraphs.kit.idempotent import Call
from subgraphs.kit.ids import EndorsementId, new_id
from subgraphs.kit.mongo import Session
from subgraphs.kit.viewer import Viewer
from subgraphs.kit.vocabulary import EndorsementEffect, member
from subgraphs.vc.encoding import to_time
from subgraphs.vc.strict_json import JsonObject, canonical

_WITH_BAND: Final = frozenset({EndorsementEffect.REDUCED, EndorsementEffect.RESTORED})


async def endorse(
    parts: Parts,
    viewer: Viewer,
    *,
    credential: str,
    effect: str,
    reason_code: str,
    new_total_band: str | None,
    client_id: str | None,
) -> EndorsementId:
    """Sign one change; SUSPEND, REVOKE and RESTORED move the credential in the same write."""
    asked = checked_change(effect, reason_code, new_total_band)
    wanted = [credential, effect, asked.reason, band_text(asked)]
    call = Call.of(viewer, "endorseCredential", client_id, wanted)

    async def work(session: Session) -> dict[str, str]:
        row = await for_desk(parts, viewer, credential, session)
        told = row.told_total if asked.band is None else asked.band.low
        row = replace(row, told_total=told)
        return {"endorsement": await written(parts, row, asked, session)}

    return EndorsementId((await parts.idempotent.once(call, work))["endorsement"])


def checked_change(effect: str, reason_code: str, new_total_band: str | None) -> Change:
    """A caller's change endorsement, or Invalid."""
    kind = member(EndorsementEffect, effect, field="effect", code="EFFECT_UNKNOWN")
    if new_total_band is not None and kind not in _WITH_BAND:
        raise Invalid("only REDUCED and RESTORED tell a band", field="newTotalBand")
    band = None if new_total_band is None else parse_band(new_total_band)
    return Change(effect=kind, reason=checked_reason(reason_code), band=band)


async def written(parts: Parts, row: Credential, asked: Change, session: Session) -> EndorsementId:
    """The signed endorsement, the credential's new state and the one event, within the session."""
    state = lifecycle.endorse(row.state, asked.effect)
    after = replace(row, state=state, version=row.version + 1)
    key = await signing_key(parts, row.issuer)
    endorsement = await signed(parts, after, asked, key)
    await parts.store.add_endorsement(endorsement, session)
    await put(parts, after, outgoing.endorsed(after, endorsement), session)
    return endorsement.id


def band_text(asked: Change) -> str | None:
    return None if asked.band is None else str(asked.band)


async def signed(
    parts: Parts, row: Credential | InForce, asked: Change, key: SigningKey
) -> Endorsement:
    """The endorsement of a row as it will be, with the issuer's signature."""
    now = parts.clock().replace(microsecond=0)
    unsigned = Endorsement(
        id=EndorsementId(new_id("endo")),
        credential=row.id,
        issuer=row.issuer,
        holder=row.holder,
        effect=asked.effect,
        reason_code=asked.reason,
        new_total_band=band_text(asked),
        state=row.state,
        at=now,
        signature="",
    )
    signature = await parts.keys.sign(row.issuer, key.id, signed_bytes(unsigned, row))
    return replace(unsigned, signature=multibase58(signature))


def signed_bytes(endorsement: Endorsement, row: Credential | InForce) -> bytes:
    """What the issuer's signature covers, so that anybody with its key can check it."""
    body: JsonObject = {
        "type": "CredentialEndorsement",
        "id": endorsement.id,
        "credential": endorsement.credential,
        "vcHash": row.vc_hash,
        "effect": endorsement.effect.value,
        "reasonCode": endorsement.reason_code,
        "newTotalBand": endorsement.new_total_band,
        "state": endorsement.state.value,
        "at": to_time(endorsement.at),
    }
    return canonical(body)
